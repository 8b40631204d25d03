"""The clock. APScheduler only ticks; what is due is asked of the database (facts A6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

_log = logging.getLogger(__name__)


class Ticker:
    """Calls `tick` every `seconds` of real time, never twice at once, and once immediately."""

    def __init__(self, tick: Callable[[], Awaitable[None]], seconds: float, timezone: str) -> None:
        self._tick = tick
        self._running = asyncio.Lock()
        self._scheduler = AsyncIOScheduler(timezone=timezone)
        self._scheduler.add_job(
            self._once, IntervalTrigger(seconds=seconds, timezone=timezone), misfire_grace_time=None, coalesce=True,
            max_instances=1,
        )  # fmt: skip
        self._scheduler.add_listener(_report, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    async def _once(self) -> None:
        async with self._running:
            await self._tick()

    async def start(self) -> None:
        await self._once()
        self._scheduler.start()

    async def stop(self) -> None:
        """Let a running tick finish: APScheduler's own shutdown would cancel it."""
        self._scheduler.pause()
        async with self._running:
            self._scheduler.shutdown(wait=False)


def _report(event: JobExecutionEvent) -> None:
    problem = getattr(event, "exception", None)
    if problem is not None:
        _log.error("tick failed", exc_info=problem, extra={"action": "tick_failed"})
    else:
        _log.warning("a tick was missed", extra={"action": "tick_missed"})
