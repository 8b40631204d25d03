"""Working days and office hours of one bureau.

Three layers, the first that knows a day decides: the bureau's own file (`Override`), the published holidays and
make-up days 调休 (the chinesecalendar package, which ends with the last published year), and plain weekdays with the
public holidays of fixed date. `WorkCalendar.uncovered` tells when only the last layer speaks, so callers can warn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

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
    """The bureau's calendar file says something that cannot be meant; the message names the key."""


@dataclass(frozen=True, slots=True)
class Override:
    """The bureau's own days off (with their reason) and working days; `years` are those the file covers wholly."""

    holidays: Mapping[date, str] = field(default_factory=dict, hash=False)
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    @classmethod
    def from_mapping(cls, raw: object) -> Override:
        """From parsed YAML: `holidays` (day, or "day..day" for a range → reason), `workdays` and `years` (lists).

        Raises CalendarError naming the key that is wrong.
        """
        if raw is None:
            return cls()
        if not isinstance(raw, Mapping):
            raise CalendarError("the calendar must be a mapping with the keys holidays, workdays, years")
        if unknown := sorted(str(key) for key in raw if key not in {"holidays", "workdays", "years"}):
            raise CalendarError(f"unknown key {unknown[0]!r} (known: holidays, workdays, years)")
        override = cls(
            holidays=_holidays(raw.get("holidays")),
            workdays=frozenset(_workdays(raw.get("workdays"))),
            years=frozenset(_years(raw.get("years"))),
        )
        if both := sorted(override.workdays & override.holidays.keys()):
            raise CalendarError(f"{both[0]} stands under both holidays and workdays")
        return override


def _holidays(raw: object) -> dict[date, str]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise CalendarError("holidays must be a mapping of day (or day..day) to its reason")
    return {day: _reason(key, name) for key, name in raw.items() for day in _span(key)}


def _reason(key: object, name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise CalendarError(f"holidays[{key}]: a reason is needed, such as 中秋节")
    return name.strip()


def _span(key: object) -> Iterator[date]:
    first, _, last = str(key).partition("..") if isinstance(key, str) else (key, "", "")
    where = f"holidays[{key}]"
    start = _date(first, where)
    end = _date(last, where) if last else start
    if not start <= end <= start + 366 * _DAY:
        raise CalendarError(f"{where}: the range must run forward and span a year at most")
    return (start + i * _DAY for i in range((end - start).days + 1))


def _date(raw: object, where: str) -> date:
    if isinstance(raw, datetime) or not isinstance(raw, date | str):
        raise CalendarError(f"{where}: {raw!r} is not a day like 2027-02-06")
    try:
        return date.fromisoformat(raw.strip()) if isinstance(raw, str) else raw
    except ValueError as error:
        raise CalendarError(f"{where}: {raw!r} is not a day like 2027-02-06") from error


def _workdays(raw: object) -> Iterator[date]:
    if not isinstance(raw, list | tuple | None):
        raise CalendarError("workdays must be a list of days")
    return (_date(day, f"workdays[{i}]") for i, day in enumerate(raw or ()))


def _years(raw: object) -> list[int]:
    if not isinstance(raw, list | tuple | None):
        raise CalendarError("years must be a list of years such as [2027]")
    for i, year in enumerate(raw or ()):
        if not isinstance(year, int) or isinstance(year, bool) or not date.min.year <= year <= date.max.year:
            raise CalendarError(f"years[{i}]: {year!r} is not a year")
    return list(raw or ())


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
    opens: time = time(8, 30)
    closes: time = time(17, 30)

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
