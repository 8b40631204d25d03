"""Where a report stands, and the counts that always sum to the roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from fractions import Fraction


class State(StrEnum):
    PENDING = "pending"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    EXEMPT = "exempt"


class Timeliness(StrEnum):
    AWAITED = "awaited"
    ON_TIME = "on_time"
    GRACE = "grace"
    LATE = "late"
    MISSING = "missing"
    EXEMPT = "exempt"

    @property
    def chinese(self) -> str:
        return _CHINESE[self]


_CHINESE = {
    Timeliness.AWAITED: "待报",
    Timeliness.ON_TIME: "按时",
    Timeliness.GRACE: "宽限",
    Timeliness.LATE: "迟报",
    Timeliness.MISSING: "未报",
    Timeliness.EXEMPT: "豁免",
}


def timeliness(
    state: State, first_received_at: datetime | None, due_at: datetime, grace_until: datetime, now: datetime
) -> Timeliness:
    """Exactly one of six, by the unit's effective due and grace (design 1).

    A report received at the due instant is on time; nothing at the due instant is still awaited. The first receipt
    decides whatever happened since, so a returned report keeps its timeliness. ValueError for a report that is
    submitted, accepted or returned without ever having been received.
    """
    if state is State.EXEMPT:
        return Timeliness.EXEMPT
    if first_received_at is None:
        if state is not State.PENDING:
            raise ValueError(f"a report cannot be {state} without having been received")
        return Timeliness.AWAITED if now <= due_at else Timeliness.MISSING
    return received_timeliness(first_received_at, due_at, grace_until)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A due time and the end of its grace."""

    due_at: datetime
    grace_until: datetime

    def or_later(self, due_at: datetime | None, grace_until: datetime | None) -> Bounds:
        """Against what a report is judged that came while these others were in force: a deadline moved earlier
        afterwards makes nobody late, one moved later is good for all. None for a report that has not come."""
        return Bounds(max(self.due_at, due_at or self.due_at), max(self.grace_until, grace_until or self.grace_until))


def received_timeliness(first_received_at: datetime, due_at: datetime, grace_until: datetime) -> Timeliness:
    """On time, grace or late, for what has come."""
    if first_received_at <= due_at:
        return Timeliness.ON_TIME
    return Timeliness.GRACE if first_received_at <= grace_until else Timeliness.LATE


@dataclass(frozen=True, slots=True)
class Counts:
    """How many reports stand where. The six sum to the roster; `returned_open` 退回待改 is a part of the received."""

    awaited: int = 0
    on_time: int = 0
    grace: int = 0
    late: int = 0
    missing: int = 0
    exempt: int = 0
    returned_open: int = 0

    def __post_init__(self) -> None:
        if min(getattr(self, field.name) for field in fields(self)) < 0:
            raise ValueError("a count cannot be negative")
        if self.returned_open > self.received:
            raise ValueError("only what was received can have been returned")

    @classmethod
    def of(cls, standing: Timeliness, *, returned: bool = False) -> Counts:
        """The counts of one report."""
        return cls(**{standing.value: 1}, returned_open=int(returned))

    @classmethod
    def tally(cls, reports: Iterable[tuple[Timeliness, bool]]) -> Counts:
        """The counts of many: each its timeliness, and whether it is returned and not yet resubmitted."""
        found = Counter(reports)
        standing = {one.value: found[one, False] + found[one, True] for one in Timeliness}
        return cls(**standing, returned_open=sum(n for (_, returned), n in found.items() if returned))

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def get(self, standing: Timeliness) -> int:
        return int(getattr(self, standing.value))

    @property
    def roster(self) -> int:
        """应报: everyone who was asked, the exempt included."""
        return self.expected + self.exempt

    @property
    def expected(self) -> int:
        """The roster without the exempt: the denominator of every rate."""
        return self.received + self.outstanding

    @property
    def received(self) -> int:
        """已报: whatever has come, also what was returned since."""
        return self.on_time + self.grace + self.late

    @property
    def standing(self) -> int:
        """What counts as reported now: the received without those returned and not yet resubmitted."""
        return self.received - self.returned_open

    @property
    def outstanding(self) -> int:
        """Nothing has come yet: awaited and missing."""
        return self.awaited + self.missing

    @property
    def received_rate(self) -> Fraction | None:
        """Received of expected; None when nobody is expected."""
        return self._of_expected(self.received)

    @property
    def standing_rate(self) -> Fraction | None:
        return self._of_expected(self.standing)

    @property
    def on_time_rate(self) -> Fraction | None:
        return self._of_expected(self.on_time)

    def _of_expected(self, part: int) -> Fraction | None:
        return Fraction(part, self.expected) if self.expected else None


def total(parts: Iterable[Counts]) -> Counts:
    """The sum; all zero for none."""
    return sum(parts, Counts())
