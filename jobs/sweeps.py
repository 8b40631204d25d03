"""The sweeps of one tick, each in a transaction of its own, so that one that fails stops no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import is_down
from db.tables import TroubleKind
from services import aside, morning
from services.chasing import remind
from services.crashing import Point, passed
from services.digests import publish_due
from services.hold import is_held
from services.rounds import open_due_rounds
from services.settling import settle_day
from services.troubles import SWEEP, mended, tried
from services.upkeep import newest_backup
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
    return await remind(session, workplace.bureau_id, workplace.hours, workplace.clock.now(), workplace.planned)


async def publish_digests(session: AsyncSession, workplace: Workplace) -> object:
    """Not while what waited during an outage of ours is being fetched: it would be counted as missing."""
    if workplace.heartbeat.catching_up:
        return None
    bureau = await workplace.bureau(session)
    return await publish_due(session, bureau, workplace.hours, workplace.clock.now())


async def report_troubles(session: AsyncSession, workplace: Workplace) -> object:
    """The office hears what was set aside; not at night."""
    now = workplace.clock.now()
    await aside.tidy(session, workplace.bureau_id, now)
    if not workplace.hours.within(now):
        return None
    return await aside.tell(session, workplace.bureau_id, now)


async def say_morning(session: AsyncSession, workplace: Workplace) -> object:
    """After the rounds, which nobody may wait for; before the digests of the same instant."""
    return await morning.greet(session, workplace)


WAIT_IN_HOLD = frozenset({send_reminders, publish_digests, say_morning})
"""What the time that was lost may have done already; after the release they catch up as after any outage."""

SWEEPS: tuple[Sweep, ...] = (
    settle_roster, open_rounds, say_morning, send_reminders, publish_digests, report_troubles,
)  # fmt: skip


async def tick(workplace: Workplace, sweeps: tuple[Sweep, ...] = SWEEPS) -> None:
    for sweep in sweeps:
        name = sweep.__name__
        if sweep is say_morning and workplace.backups is not None:  # the disk is looked at outside the transaction
            workplace.vitals.backup = await asyncio.to_thread(newest_backup, workplace.backups)
        try:
            async with workplace.database.write() as session:
                if sweep not in WAIT_IN_HOLD or not await is_held(session, workplace.bureau_id):
                    await sweep(session, workplace)
                if name not in workplace.vitals.well:
                    await mended(session, workplace.bureau_id, name)
                passed(Point.SWEEPING)
            workplace.vitals.well.add(name)
            passed(Point.SWEPT)
        except Exception as problem:
            _log.exception("sweep failed: %s", name, extra={"action": "sweep_failed"})
            await _count(workplace, name, problem)


async def _count(workplace: Workplace, name: str, problem: Exception) -> None:
    """A sweep that failed as a whole runs again with the next tick; whoever looks sees since when it fails."""
    workplace.vitals.well.discard(name)
    if is_down(problem):
        return
    try:
        async with workplace.database.write() as session:
            what = f"{NAMES.get(name, name)}整个没能完成"
            key, now = f"{SWEEP}:{name}", workplace.clock.now()
            await tried(session, workplace.bureau_id, TroubleKind.ITEM, key, problem, now, what)
        passed(Point.UNSWEPT)
    except Exception:
        _log.exception("the failure was not counted", extra={"action": "count_failed"})


NAMES = {
    "settle_roster": "名册每日生效",
    "open_rounds": "开启报告期",
    "send_reminders": "提醒",
    "publish_digests": "汇总",
}
