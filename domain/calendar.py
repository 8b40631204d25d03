"""Working days and office hours of one bureau.

Three layers, the first that knows a day decides: the bureau's own file (`Override`), the published holidays and
make-up days 调休 (the chinesecalendar package, which ends with the last published year), and plain weekdays with the
public holidays of fixed date. `WorkCalendar.uncovered` tells when only the last layer speaks, so callers can warn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from domain import defaults
from domain.school import SchoolYear, TeachingWeek

WEEKEND = "周末"

_DAY = timedelta(days=1)
_SEARCH_LIMIT = 400  # days; a calendar without a working day for that long is a mistake in the file
_FIXED = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}


class CalendarError(ValueError):
    """The bureau's calendar leaves no working day."""


@dataclass(frozen=True, slots=True)
class Override:
    """The bureau's own days off (with their reason) and working days; `years` are those the file covers wholly."""

    holidays: Mapping[date, str] = field(default_factory=dict, hash=False)
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Published:
    """The State Council's yearly arrangement as chinesecalendar carries it."""

    holidays: Mapping[date, str]
    workdays: frozenset[date]
    first: int
    last: int

    def covers(self, year: int) -> bool:
        return self.first <= year <= self.last


@cache
def _published() -> _Published:
    # The package's tables are read directly: its functions raise for years it does not know and scan them each call.
    from chinese_calendar import constants

    tables: Any = constants
    return _Published(
        holidays={day: _NAMES.get(name, "放假") for day, name in tables.holidays.items()},
        workdays=frozenset(tables.workdays),
        first=min(tables.holidays).year,
        last=max(tables.holidays).year,
    )


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked; all arithmetic is in whole days of the bureau's own zone."""

    override: Override = Override()
    school: SchoolYear = field(default_factory=SchoolYear)

    def teaching_week(self, day: date) -> TeachingWeek | None:
        return self.school.week(day, self.is_off)

    def is_off(self, day: date) -> bool:
        return not self.is_working_day(day)

    def uncovered(self, year: int) -> bool:
        """True when make-up days and moving feasts of that year are unknown: results are weekdays with a warning."""
        return year not in self.override.years and not _published().covers(year)

    def why_off(self, day: date) -> str | None:
        """The holiday's name, "周末", or None on a working day."""
        if day in self.override.workdays:
            return None
        if own := self.override.holidays.get(day):
            return own
        return _why_off_published(day) if _published().covers(day.year) else _why_off_plain(day)

    def is_working_day(self, day: date) -> bool:
        return self.why_off(day) is None

    def previous_working_day(self, day: date) -> date:
        """The last working day strictly before."""
        return self.on_or_before(day - _DAY)

    def next_working_day(self, day: date) -> date:
        """The first working day strictly after."""
        return self.on_or_after(day + _DAY)

    def on_or_before(self, day: date) -> date:
        return self._nearest(day, -_DAY)

    def on_or_after(self, day: date) -> date:
        return self._nearest(day, _DAY)

    def _nearest(self, day: date, step: timedelta) -> date:
        for _ in range(_SEARCH_LIMIT):
            if self.is_working_day(day):
                return day
            day += step
        raise CalendarError(f"no working day within {_SEARCH_LIMIT} days before {day}: look at the calendar file")

    def add(self, day: date, n: int) -> date:
        """The n-th working day after (before, when negative); `day` itself for 0, be it worked or not."""
        move = self.next_working_day if n > 0 else self.previous_working_day
        for _ in range(abs(n)):
            day = move(day)
        return day

    def working_days_between(self, a: date, b: date) -> int:
        """Steps of `add` from a to b: worked days in (a, b], or minus those in [b, a) when b is earlier."""
        if b < a:
            return -self._worked(b, a)
        return self._worked(a + _DAY, b + _DAY)

    def _worked(self, first: date, end: date) -> int:
        return sum(self.is_working_day(first + i * _DAY) for i in range((end - first).days))


def _why_off_published(day: date) -> str | None:
    known = _published()
    if day in known.workdays:
        return None
    return known.holidays.get(day) or (WEEKEND if day.weekday() > 4 else None)


def _why_off_plain(day: date) -> str | None:
    return _FIXED.get((day.month, day.day)) or (WEEKEND if day.weekday() > 4 else None)


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The bureau's zone, calendar and hours. Instants go in and come out aware; those that come out are UTC."""

    zone: ZoneInfo
    calendar: WorkCalendar = WorkCalendar()
    opens: time = field(default_factory=lambda: defaults.OFFICE_OPENS)
    closes: time = field(default_factory=lambda: defaults.OFFICE_CLOSES)

    def __post_init__(self) -> None:
        if not self.opens < self.closes:
            raise ValueError("the office must open before it closes")

    def local(self, instant: datetime) -> datetime:
        """The bureau's wall time; ValueError for a naive instant."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone")
        return instant.astimezone(self.zone)

    def at(self, day: date, wall: time) -> datetime:
        """The UTC instant at which the bureau's clock shows that time."""
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def within(self, instant: datetime) -> bool:
        """A working day, from the opening (included) to the close (excluded)."""
        local = self.local(instant)
        return self.opens <= local.time() < self.closes and self.calendar.is_working_day(local.date())

    def next_within(self, instant: datetime) -> datetime:
        """The instant itself (as UTC) if within office hours, else the next opening."""
        if self.within(instant):
            return instant.astimezone(UTC)
        local = self.local(instant)
        before_opening = local.time() < self.opens
        day = local.date() if before_opening else local.date() + _DAY
        return self.at(self.calendar.on_or_after(day), self.opens)

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """How much office time lies in [a, b); zero when b is not later."""
        day, last = self.local(a).date(), self.local(b).date()
        total = timedelta()
        while day <= last:
            if self.calendar.is_working_day(day):
                total += self._overlap(day, a, b)
            day += _DAY
        return total

    def _overlap(self, day: date, a: datetime, b: datetime) -> timedelta:
        return max(timedelta(), min(b, self.at(day, self.closes)) - max(a, self.at(day, self.opens)))
