"""What a running process knows of its own health; the queues are asked of the store (`services.condition`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from services.clock import Clock


@dataclass(frozen=True, slots=True)
class Moment:
    """When something last happened: the instant, which may be virtual, and the seconds its age is measured with."""

    at: datetime
    monotonic: float

    @classmethod
    def now(cls, clock: Clock) -> Moment:
        return cls(clock.now(), clock.monotonic())

    def age(self, clock: Clock) -> float:
        return max(clock.monotonic() - self.monotonic, 0.0)


@dataclass(slots=True)
class Vitals:
    """`waiting` and `complaint` are what Telegram last said of our webhook: updates it still holds, and its last error
    with the time of it. `backup` is when the newest backup was made, as last seen; `well` are sweeps that went
    well when they last ran in this process."""

    telegram: Moment | None = None
    tick: Moment | None = None
    calls: Counter[str] = field(default_factory=Counter)
    posted: Counter[str] = field(default_factory=Counter)
    waiting: int | None = None
    complaint: tuple[datetime, str] | None = None
    backup: datetime | None = None
    well: set[str] = field(default_factory=set)

    def called(self, clock: Clock, *, well: bool) -> None:
        """A call of the chat service ended."""
        self.calls["ok" if well else "failed"] += 1
        if well:
            self.telegram = Moment.now(clock)

    def ticked(self, clock: Clock) -> None:
        self.tick = Moment.now(clock)
