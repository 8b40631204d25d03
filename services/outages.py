"""Heartbeats and outages, written down by whoever receives: long polling or the webhook's watch."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert, is_down
from db.tables import Heartbeat, Outage
from domain.line import Gap
from services.crashing import Point, passed
from services.deadlines import move_deadlines
from services.workplace import Workplace

_log = logging.getLogger(__name__)


async def open_line(workplace: Workplace) -> None:
    """At the start: what waits at the chat service has waited since the last heartbeat of the process before us."""
    beat = workplace.heartbeat
    if beat.opened:
        return
    async with workplace.database.read() as session:
        row = await session.get(Heartbeat, workplace.bureau_id)
    beat.at = row.at if row else None
    beat.opened = True
    beat.failed()


async def back(workplace: Workplace) -> None:
    """The line answers again: note the outage, once, and move the deadlines that it hit, in one transaction."""
    beat = workplace.heartbeat
    if not beat.catching_up or beat.noted:
        return
    gap = beat.gap(workplace.clock.now())
    if gap is not None:
        async with workplace.database.write() as session:
            outage = await _note(session, workplace.bureau_id, gap)
            await _move(session, outage, workplace)
            passed(Point.LAPSED)
        passed(Point.MOVED)
        seconds = round((gap.until - gap.since).total_seconds())
        _log.warning("the line was down for %d s", seconds, extra={"action": "outage", "seconds": seconds})
    beat.noted = True


async def _move(session: AsyncSession, outage: Outage, workplace: Workplace) -> None:
    """What goes wrong here must not keep out what waits at the chat service."""
    try:
        async with session.begin_nested():
            await move_deadlines(session, outage.bureau_id, outage, workplace.hours, outage.until)
    except Exception as problem:
        if is_down(problem):
            raise
        _log.exception("deadlines were not moved", extra={"action": "move_failed"})


async def caught_up(workplace: Workplace) -> None:
    """Nothing waits any more: a heartbeat."""
    await back(workplace)
    beat, now, monotonic = workplace.heartbeat, workplace.clock.now(), workplace.clock.monotonic()
    if beat.is_to_write(monotonic):
        async with workplace.database.write() as session:
            row = insert(session, Heartbeat).values(bureau_id=workplace.bureau_id, at=now)
            await session.execute(row.on_conflict_do_update(index_elements=["bureau_id"], set_={"at": now}))
        passed(Point.BEATEN)
        beat.written(monotonic)
    beat.good(now)


async def _note(session: AsyncSession, bureau_id: int, gap: Gap) -> Outage:
    """One row from the last heartbeat on: who ends while catching up finds the same outage again, and longer."""
    known = select(Outage).where(col(Outage.bureau_id) == bureau_id, col(Outage.since) == gap.since)
    outage = (await session.execute(known)).scalar()
    if outage is None:
        outage = Outage(bureau_id=bureau_id, id=new_id(), since=gap.since, until=gap.until)
        session.add(outage)
    outage.until = max(outage.until, gap.until)
    await session.flush()
    return outage
