"""A closed or merged school leaves what is still being asked, from its date on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Report, Round, Unit
from domain.messages import ReportKey
from domain.progress import State
from services.roster.store import Change, Store
from services.stopping import stop_nagging

CLOSED = "停办:"
"""How the reason begins that this module writes, and takes back."""
_UNDONE = (State.PENDING.value, State.RETURNED.value)


async def exempt_closed(store: Store) -> None:
    """Reports of rounds not yet locked, whose unit closed on or before the due day, are owed no more; what was sent
    before stays. A closure that is taken back brings them back."""
    for unit in store.settling():
        if unit.closed_on is not None and store.is_closed(unit):
            reason = f"{CLOSED}{unit.closed_on}起停办或并入他校"
            _say(store, unit, await _exempt(store.session, unit, store.now, reason), "免报")
    await _owe_again(store)


async def _exempt(session: AsyncSession, unit: Unit, now: datetime, reason: str) -> Sequence[int]:
    due = _rounds(unit, now, col(Round.period_to) >= unit.closed_on)
    mine = and_(_of(unit), col(Report.state).in_(_UNDONE), col(Report.round_id).in_(due))
    statement = update(Report).where(mine).values(state=State.EXEMPT.value, state_reason=reason)
    done = await session.execute(statement.returning(col(Report.round_id)), execution_options=_FRESH)
    rounds = done.scalars().all()
    await stop_nagging(session, unit.bureau_id, [ReportKey(round_id, unit.id) for round_id in rounds])
    return rounds


async def _owe_again(store: Store) -> None:
    waiting = (col(Report.state) == State.EXEMPT.value, col(Report.state_reason).startswith(CLOSED))
    statement = select(col(Report.unit_id)).where(col(Report.bureau_id) == store.bureau.id, *waiting).distinct()
    left = set((await store.session.execute(statement)).scalars().all())
    for unit in (unit for unit in store.settling() if unit.id in left and not store.is_closed(unit)):
        mine = and_(_of(unit), *waiting, col(Report.round_id).in_(_rounds(unit, store.now)))
        came = col(Report.first_received_at).is_not(None)
        rows: list[int] = []
        for state, which in ((State.RETURNED, came), (State.PENDING, ~came)):
            back = update(Report).where(mine, which).values(state=state.value, state_reason="")
            done = await store.session.execute(back.returning(col(Report.round_id)), execution_options=_FRESH)
            rows += done.scalars().all()
        _say(store, unit, rows, "重新要报")


_FRESH = {"synchronize_session": "fetch"}
"""Rows that the caller's session holds already are brought up to date."""


def _rounds(unit: Unit, now: datetime, *more: ColumnElement[bool]) -> Select[int]:
    """The ids of the rounds that are not locked yet."""
    running = (col(Round.bureau_id) == unit.bureau_id, col(Round.lock_at) > now)
    return select(col(Round.id)).where(*running, *more)


def _of(unit: Unit) -> ColumnElement[bool]:
    return and_(col(Report.bureau_id) == unit.bureau_id, col(Report.unit_id) == unit.id)


def _say(store: Store, unit: Unit, rows: Sequence[int], what: str) -> None:
    if rows:
        store.say(Change.CHANGED, unit.name, f"在报的{len(rows)}项{what}")
