"""Is our line to the chat service good? What a running process knows of it; `services.outages` writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.line import SHORTEST, Gap

EVERY = 30.0
"""Real seconds between two heartbeats that are written down."""


@dataclass(slots=True)
class Heartbeat:
    """`at` is when the line was last good; `catching_up`: since then it was not, and what waited is being fetched.

    A process without a line (a stepped play) never catches up, and holds nothing back.
    """

    at: datetime | None = None
    catching_up: bool = False
    opened: bool = False
    noted: bool = False
    """The outage that is being caught up is written down."""
    _written: float | None = None

    def failed(self) -> None:
        """The chat service did not answer, or what it brought could not be kept."""
        self.catching_up, self.noted = True, False

    def gap(self, now: datetime) -> Gap | None:
        """The outage that ends now, if it was one."""
        if not self.catching_up or self.at is None or now - self.at < SHORTEST:
            return None
        return Gap(self.at, now)

    def stood_at(self, now: datetime) -> datetime | None:
        """From when what is accepted now counts, where that is earlier: the last heartbeat before the outage."""
        return self.at if self.gap(now) else None

    def is_to_write(self, monotonic: float) -> bool:
        """After a failure always: the store may have been it."""
        return self.catching_up or self._written is None or monotonic - self._written >= EVERY

    def written(self, monotonic: float) -> None:
        self._written = monotonic

    def good(self, now: datetime) -> None:
        """Nothing waits any more."""
        self.at, self.catching_up, self.noted = now, False, False
