"""When the clock has next something to do: for who jumps from event to event instead of waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Extension, Fate, Outbox, Round, Trouble
from domain.calendar import OfficeHours
from domain.ladder import LADDER
from domain.rounds import DIRECTOR_MONDAY, DUE_DAY_DIGEST
from services.workplace import Workplace

MIDNIGHT = time(0, 0)


async def next_event(session: AsyncSession, workplace: Workplace, after: datetime) -> datetime:
    """The first instant later than `after` at which a sweep, a held message or another try may fall due; at most a day
    away.

    Set times of the day come whether or not anything is due then: a sweep with nothing to do costs milliseconds.
    """
    instants = [*_set_times(workplace.hours, after), *await _deadlines(session, workplace, after)]
    held = await session.scalar(
        select(func.min(Outbox.not_before)).where(
            col(Outbox.bureau_id) == workplace.bureau_id, col(Outbox.fate) == Fate.PENDING.value,
            col(Outbox.not_before) > after,
        )
    )  # fmt: skip
    again = await session.scalar(
        select(func.min(Trouble.next_try_at)).where(
            col(Trouble.bureau_id) == workplace.bureau_id, col(Trouble.next_try_at) > after
        )
    )
    return min(instant for instant in [*instants, held, again] if instant is not None and instant > after)


def _set_times(hours: OfficeHours, after: datetime) -> Iterator[datetime]:
    """Today's and tomorrow's: the new day, the opening and its morning line, the rungs, the digests."""
    walls = {MIDNIGHT, hours.opens, DIRECTOR_MONDAY, DUE_DAY_DIGEST, *(rung.at for rung in LADDER)}
    today = hours.local(after).date()
    return (hours.at(day, wall) for day in (today, today + timedelta(days=1)) for wall in walls)


async def _deadlines(session: AsyncSession, workplace: Workplace, after: datetime) -> Iterable[datetime]:
    """The instants of the running rounds, and of what was extended."""
    rounds = select(col(Round.due_at), col(Round.grace_until), col(Round.lock_at)).where(
        col(Round.bureau_id) == workplace.bureau_id, col(Round.lock_at) > after
    )
    moved = select(col(Extension.due_at)).where(
        col(Extension.bureau_id) == workplace.bureau_id, col(Extension.due_at) > after
    )
    found = {instant for row in (await session.execute(rounds)).all() for instant in row}
    return found | set((await session.execute(moved)).scalars())
