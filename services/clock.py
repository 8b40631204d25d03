"""The only place that reads the time. `now()` may be virtual (demo, simulator); `monotonic()` never is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds for limits, time-outs and ownership; never virtual."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def monotonic(self) -> float:
        return time.monotonic()


class VirtualClock:
    """Starts anywhere, runs at any speed (0 stands still), jumps."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._start = start.astimezone(UTC)
        self._anchor = time.monotonic()
        self._speed = speed

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._anchor) * self._speed)

    def monotonic(self) -> float:
        return time.monotonic()

    def set_speed(self, speed: float) -> None:
        self.jump_to(self.now())
        self._speed = speed

    def jump_to(self, instant: datetime) -> None:
        self._start = instant.astimezone(UTC)
        self._anchor = time.monotonic()


def parse_clock(text: str) -> VirtualClock:
    """`START[@xSPEED]`: an ISO instant with its offset, e.g. `2026-11-24T08:50:00+08:00@x60`. Raises ValueError."""
    start, _, speed = text.partition("@x")
    instant = datetime.fromisoformat(start)
    if instant.tzinfo is None:
        raise ValueError("the start needs an offset, for instance 2026-11-24T08:50:00+08:00")
    return VirtualClock(instant, float(speed or 1))
