"""The sweeps of one tick, each in a transaction of its own, so that one that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from sqlmodel.ext.asyncio.session import AsyncSession

from services.chasing import remind
from services.crashing import Point, passed
from services.digests import publish_due
from services.rounds import open_due_rounds
from services.settling import settle_day
from services.workplace import Workplace

_log = logging.getLogger(__name__)

Sweep = Callable[[AsyncSession, Workplace], Awaitable[object]]


async def settle_roster(session: AsyncSession, workplace: Workplace) -> object:
    """Before rounds open: a school that is closed from today on is asked for nothing."""
    bureau = await workplace.bureau(session)
    return await settle_day(session, bureau, workplace.hours, workplace.clock.now())


async def open_rounds(session: AsyncSession, workplace: Workplace) -> object:
    """Rounds open within office hours, so that the prompt is not held back from its round."""
    now = workplace.clock.now()
    if not workplace.hours.within(now):
        return None
    return await open_due_rounds(session, workplace.bureau_id, workplace.hours, now)


async def send_reminders(session: AsyncSession, workplace: Workplace) -> object:
    return await remind(session, workplace.bureau_id, workplace.hours, workplace.clock.now())


async def publish_digests(session: AsyncSession, workplace: Workplace) -> object:
    """Not while what waited during an outage of ours is being fetched: it would be counted as missing."""
    if workplace.heartbeat.catching_up:
        return None
    bureau = await workplace.bureau(session)
    return await publish_due(session, bureau, workplace.hours, workplace.clock.now())


SWEEPS: tuple[Sweep, ...] = (settle_roster, open_rounds, send_reminders, publish_digests)


async def tick(workplace: Workplace, sweeps: tuple[Sweep, ...] = SWEEPS) -> None:
    for sweep in sweeps:
        try:
            async with workplace.database.write() as session:
                await sweep(session, workplace)
                passed(Point.SWEEPING)
            passed(Point.SWEPT)
        except Exception:
            _log.exception("sweep failed: %s", sweep.__name__, extra={"action": "sweep_failed"})
