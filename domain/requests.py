"""What a unit may ask of the office: 延期 before the lock, 补报 after it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.calendar import OfficeHours


class RequestKind(StrEnum):
    LATE = "late"
    EXTENSION = "extension"

    @property
    def chinese(self) -> str:
        return "补报" if self is RequestKind.LATE else "延期"


class RequestState(StrEnum):
    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"


def extended_due(day: date, due_at: datetime, lock_at: datetime, hours: OfficeHours) -> datetime | None:
    """The due time on that day, at the round's own hour; None when it is not after the due or not before the lock."""
    wall: time = hours.local(due_at).time()
    until = hours.at(day, wall)
    return until if due_at < until < lock_at else None


def days_to_choose(due_at: datetime, lock_at: datetime, hours: OfficeHours, now: datetime) -> tuple[date, ...]:
    """The working days until which a report may be extended, also one that is late."""
    day, last = hours.local(due_at).date(), hours.local(lock_at).date()
    days = (day + timedelta(days=n) for n in range((last - day).days + 1))
    return tuple(
        one
        for one in days
        if hours.calendar.is_working_day(one)
        and (until := extended_due(one, due_at, lock_at, hours)) is not None
        and until > now
    )
