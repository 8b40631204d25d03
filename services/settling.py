"""What a day brings to a bureau by itself: names that take effect, closures by date."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial

from sqlalchemy import and_, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import is_down
from db.tables import Bureau, Unit
from domain.calendar import OfficeHours
from services.troubles import Guard

_log = logging.getLogger(__name__)

SETTLE = "settle"


async def settle_day(session: AsyncSession, bureau: Bureau, hours: OfficeHours, now: datetime) -> int | None:
    """Once a day by the bureau's own clock; how much it changed, or None when this day is settled already.

    All at once; where that raises, unit by unit, and the one that does is tried again later. `bureau` may be seconds
    old: it spares the lock on every other tick, the row itself decides.
    """
    today = hours.local(now).date()
    row = bureau
    if row.settled_on != today:
        row = await session.get_one(Bureau, bureau.id, with_for_update=True)
    if row.settled_on == today:
        await _again(session, bureau.id, today, now)
        return None
    changes = await _settle(session, bureau.id, today, now)
    row.settled_on = today
    _log.info("the day is settled", extra={"action": "day_settled", "changes": changes})
    return changes


async def _settle(session: AsyncSession, bureau_id: int, today: date, now: datetime) -> int:
    from services import roster  # it reads spreadsheets too: a start on a day that is settled needs none of that

    try:
        async with session.begin_nested():
            return len(await roster.settle(session, bureau_id, now))
    except Exception as problem:
        if is_down(problem):
            raise
        _log.exception("the day is settled unit by unit", extra={"action": "settle_failed"})
    changing = await _changing(session, bureau_id, today)
    return await _singly(await Guard.of(session, bureau_id, now), changing, changing)


async def _again(session: AsyncSession, bureau_id: int, today: date, now: datetime) -> None:
    """The units that could not be settled and may be tried now."""
    guard = await Guard.of(session, bureau_id, now)
    if any(key.startswith(f"{SETTLE}:") and guard.may(key) for key in guard.rests_until):
        changing = await _changing(session, bureau_id, today)
        waiting = {one: name for one, name in changing.items() if f"{SETTLE}:{one}" in guard.rests_until}
        await _singly(guard, waiting, changing)


async def _singly(guard: Guard, waiting: Mapping[int, str], changing: Mapping[int, str]) -> int:
    from services import roster

    changes = 0
    for unit_id, name in waiting.items():
        work = partial(roster.settle, guard.session, guard.bureau_id, guard.now, changing.keys() - {unit_id})
        done = await guard.attempt(f"{SETTLE}:{unit_id}", f"{name}的更名或停办没能生效", work)
        changes += len(done or ())
    return changes


async def _changing(session: AsyncSession, bureau_id: int, today: date) -> dict[int, str]:
    """The units, by id with their names, that are renamed or closed by today."""
    closed = and_(col(Unit.closed_on).is_not(None), col(Unit.closed_on) <= today)
    renamed = and_(col(Unit.next_name) != "", col(Unit.renamed_on) <= today)
    statement = select(col(Unit.id), col(Unit.name)).where(col(Unit.bureau_id) == bureau_id, or_(closed, renamed))
    return {unit_id: name for unit_id, name in (await session.execute(statement)).all()}
