"""A call to a monitor outside while all is well, so that silence is noticed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.condition import Watch, problems
from services.workplace import Workplace

_log = logging.getLogger(__name__)

EVERY = 60.0  # real seconds
EARLY = 5.0
"""A tick comes so much sooner or later."""

Call = Callable[[], Awaitable[int]]
"""Calls the address; the HTTP status, or raises."""


@dataclass(slots=True)
class DeadMan:
    workplace: Workplace
    watch: Watch
    call: Call
    _called: float | None = None

    async def run(self) -> None:
        """Once a minute at most, beside everything else; a call that fails is only logged."""
        monotonic = self.workplace.clock.monotonic()
        if self._called is not None and monotonic - self._called < EVERY - EARLY:
            return
        if self.workplace.heartbeat.catching_up or problems(self.workplace, await self.watch.look()):
            return
        self._called = monotonic
        self.workplace.nursery.start(self._ping(), "ping")

    async def _ping(self) -> None:
        """The address is not named: whoever knows it can call it too."""
        try:
            status = await self.call()
            said = None if status < 400 else f"HTTP {status}"
        except Exception as problem:
            said = type(problem).__name__
        if said is not None:
            _log.warning("the ping failed: %s", said, extra={"action": "ping_failed"})
