"""When the clock has next something to do: for who jumps from event to event instead of waiting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Extension, Fate, Lane, Outbox, Promise, Round, Task, Trouble
from domain import defaults
from domain.calendar import OfficeHours
from domain.ladder import LADDER, LIST_AFTER, ladder_of
from services.workplace import Workplace

MIDNIGHT = time(0, 0)


async def next_event(session: AsyncSession, workplace: Workplace, after: datetime) -> datetime:
    """The first instant later than `after` at which a sweep, a held message or another try may fall due; at most a day
    away.

    Set times of the day come whether or not anything is due then: a sweep with nothing to do costs milliseconds.
    """
    walls = await _rungs(session, workplace)
    instants = [*_set_times(workplace.hours, after, walls), *await _deadlines(session, workplace, after)]
    held = await session.scalar(
        select(func.min(Outbox.not_before)).where(
            col(Outbox.bureau_id) == workplace.bureau_id, col(Outbox.fate) == Fate.PENDING.value,
            col(Outbox.rank).in_([lane.rank for lane in Lane]), col(Outbox.not_before) > after,
        )
    )  # fmt: skip
    promised = await session.scalar(
        select(func.min(Promise.until)).where(col(Promise.bureau_id) == workplace.bureau_id, col(Promise.until) > after)
    )
    again = await session.scalar(
        select(func.min(Trouble.next_try_at)).where(
            col(Trouble.bureau_id) == workplace.bureau_id, col(Trouble.next_try_at) > after
        )
    )
    return min(instant for instant in [*instants, held, promised, again] if instant is not None and instant > after)


async def _rungs(session: AsyncSession, workplace: Workplace) -> set[time]:
    """The hours of the usual ladder and of those that tasks have of their own."""
    mine = select(col(Task.ladder)).where(col(Task.bureau_id) == workplace.bureau_id)
    own = [ladder for ladder in (await session.execute(mine)).scalars().all() if ladder]
    return {rung.at for ladder in [LADDER, *(ladder_of(one) for one in own)] for rung in ladder}


def _set_times(hours: OfficeHours, after: datetime, rungs: set[time]) -> Iterator[datetime]:
    """Today's and tomorrow's: the new day, the opening and its morning line, the rungs, the digests."""
    walls = {MIDNIGHT, hours.opens, defaults.DIRECTOR_MONDAY, defaults.DUE_DAY_DIGEST, *rungs}
    today = hours.local(after).date()
    return (hours.at(day, wall) for day in (today, today + timedelta(days=1)) for wall in walls)


async def _deadlines(session: AsyncSession, workplace: Workplace, after: datetime) -> Iterable[datetime]:
    """The instants of the running rounds, and of what was extended, each with that of the bureau's list."""
    rounds = select(col(Round.due_at), col(Round.grace_until), col(Round.lock_at)).where(
        col(Round.bureau_id) == workplace.bureau_id, col(Round.lock_at) > after
    )
    moved = select(col(Extension.due_at)).where(
        col(Extension.bureau_id) == workplace.bureau_id, col(Extension.due_at) > after
    )
    found = {instant for row in (await session.execute(rounds)).all() for instant in row}
    found |= set((await session.execute(moved)).scalars())
    return found | {instant + LIST_AFTER for instant in found}
