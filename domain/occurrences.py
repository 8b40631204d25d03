"""Schedules: how often a task is due, and on which days, before any of them is moved for a day off."""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from itertools import takewhile

from domain import defaults
from domain.calendar import WorkCalendar
from domain.school import weeks_of

TERM_BEGINS = 3  # and six months later, in September
_QUARTERS = "一二三四"
_DAY = timedelta(days=1)


class Frequency(StrEnum):
    ONCE = "once"
    WEEKLY = "weekly"
    TEACHING_WEEK = "teaching_week"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    TERM = "term"
    EVENT = "event"


class Shift(StrEnum):
    """What a deadline on a day off does: 提前 or 顺延."""

    EARLIER = "earlier"
    LATER = "later"


class Vacation(StrEnum):
    """What a task does in 寒暑假: its rounds are not issued, issued all the same, or joined with the next one."""

    SKIP = "skip"
    KEEP = "keep"
    MERGE = "merge"

    @property
    def chinese(self) -> str:
        return {"skip": "不开", "keep": "照开", "merge": "并入下期"}[self.value]


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:
            raise ValueError(f"month {self.month} is not within 1 to 12")

    @classmethod
    def of(cls, day: date) -> Month:
        return cls(day.year, day.month)

    def plus(self, months: int) -> Month:
        years, month0 = divmod(self.month - 1 + months, 12)
        return Month(self.year + years, month0 + 1)

    def day(self, number: int) -> date:
        """That day of the month, or the last one where the month is shorter (31 in February)."""
        return date(self.year, self.month, min(number, gregorian.monthrange(self.year, self.month)[1]))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often and when a task is due. `opens_before`, `lock_after` and `offset` count working days.

    By the month: on `day` (31: the last one), or on its last working day (`last_working`); a `term` round in the
    `term_month`-th month of each term, terms beginning in September and March. By the week: on `weekday` (1 is
    Monday), of every teaching week or of the `weeks` with these numbers. By `event`: `offset` days from the event of
    that name in the bureau's calendar.
    """

    frequency: Frequency
    day: int = field(default_factory=lambda: defaults.DUE_DAY)
    at: time = field(default_factory=lambda: defaults.DUE_AT)
    shift: Shift = Shift.EARLIER
    opens_before: int = field(default_factory=lambda: defaults.OPENS_BEFORE)
    lock_after: int = field(default_factory=lambda: defaults.LOCK_AFTER)
    term_month: int = 2
    last_working: bool = False
    weekday: int = 5
    weeks: tuple[int, ...] = ()
    event: str = ""
    offset: int = 0
    vacation: Vacation = Vacation.SKIP

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 31:
            raise ValueError(f"day {self.day} is not a day of a month")
        if not 1 <= self.weekday <= 7:
            raise ValueError(f"weekday {self.weekday} is not within 1 to 7")
        if self.opens_before < 0:
            raise ValueError("opens_before must be 0 or more working days")
        if self.lock_after < 1:
            raise ValueError("lock_after must be at least 1 working day: the grace ends on the next one")
        if self.frequency is Frequency.EVENT and not self.event:
            raise ValueError("a schedule by event must name the event")

    @property
    def step(self) -> int:
        """Months from one round to the next; 1 for `once`, where it only bounds the period."""
        return {Frequency.QUARTERLY: 3, Frequency.TERM: 6}.get(self.frequency, 1)

    @property
    def goes_by_month(self) -> bool:
        return self.frequency in _BY_MONTH

    @property
    def rests_in_vacations(self) -> bool:
        """What the office asks once, or around an event, it wants whenever that is."""
        return self.vacation is not Vacation.KEEP and self.frequency not in (Frequency.ONCE, Frequency.EVENT)

    def needs(self, calendar: WorkCalendar) -> str:
        """What the bureau's calendar must have for this schedule and has not; empty when nothing is wanting."""
        if self.frequency is Frequency.TEACHING_WEEK and not calendar.school.terms:
            return "学期"
        if self.frequency is Frequency.EVENT and self.event not in calendar.school.events:
            return f"“{self.event}”的日期"
        return ""


_BY_MONTH = (Frequency.ONCE, Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.TERM)


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One time a task is due: its day before any is moved, a key that stays when days are moved, and its name."""

    nominal: date
    key: str
    label: str


def occurrences(schedule: Schedule, calendar: WorkCalendar, after: date) -> Iterator[Occurrence]:
    """Those with a nominal day later than `after`, in order. What goes by the calendar of school ends with it."""
    match schedule.frequency:
        case Frequency.WEEKLY:
            return _weekly(schedule, after)
        case Frequency.TEACHING_WEEK:
            return (one for one in _taught(schedule, calendar) if one.nominal > after)
        case Frequency.EVENT:
            return (one for one in _around(schedule, calendar) if one.nominal > after)
        case _:
            return _by_month(schedule, calendar, after)


def previous(schedule: Schedule, one: Occurrence, calendar: WorkCalendar) -> Occurrence | None:
    """The one before; None before the first that is known, and for a one-off."""
    match schedule.frequency:
        case Frequency.ONCE:
            return None
        case Frequency.WEEKLY:
            return _of_week(one.nominal - 7 * _DAY)
        case Frequency.TEACHING_WEEK | Frequency.EVENT:
            earlier = takewhile(lambda other: other < one, occurrences(schedule, calendar, date.min))
            return max(earlier, default=None)
        case _:
            return in_month(schedule, _month_of(one).plus(-schedule.step), calendar)


def anchor(schedule: Schedule, one: Occurrence, calendar: WorkCalendar) -> date | None:
    """The day before which its period never begins: of the month for a one-off, of the term for teaching weeks and
    events. None where the period before is the only bound."""
    if schedule.frequency is Frequency.ONCE:
        return one.nominal.replace(day=1)
    if schedule.frequency not in (Frequency.TEACHING_WEEK, Frequency.EVENT):
        return None
    term = calendar.school.term(one.nominal)
    if term is None or term.begins == one.nominal:
        return one.nominal.replace(day=1) if schedule.frequency is Frequency.EVENT else None
    return term.begins


# ---- by the month


def in_month(schedule: Schedule, month: Month, calendar: WorkCalendar) -> Occurrence:
    """The occurrence of that month; its key is the month's, however often the task is due."""
    nominal = calendar.on_or_before(month.day(31)) if schedule.last_working else month.day(schedule.day)
    return Occurrence(nominal, f"{month.year}-{month.month:02}", _label(schedule.frequency, month))


def _month_of(one: Occurrence) -> Month:
    year, _, month = one.key.partition("-")
    return Month(int(year), int(month))


def _by_month(schedule: Schedule, calendar: WorkCalendar, after: date) -> Iterator[Occurrence]:
    month = Month.of(after).plus(-1)
    while True:
        month = _next(schedule, month)
        one = in_month(schedule, month, calendar)
        if one.nominal > after:
            yield one


def _next(schedule: Schedule, after: Month) -> Month:
    """A quarter's round is due in its last month, a term's in the same month of every term."""
    month = after.plus(1)
    match schedule.frequency:
        case Frequency.QUARTERLY:
            return month.plus(-month.month % 3)
        case Frequency.TERM:
            return month.plus((TERM_BEGINS + schedule.term_month - 1 - month.month) % 6)
        case _:
            return month


def _label(frequency: Frequency, month: Month) -> str:
    if frequency is Frequency.QUARTERLY:
        return f"{month.year}年第{_QUARTERS[(month.month - 1) // 3]}季度"
    return f"{month.year}年{month.month}月"


# ---- by the week


def _weekly(schedule: Schedule, after: date) -> Iterator[Occurrence]:
    day = after + _DAY
    day += timedelta(days=(schedule.weekday - 1 - day.weekday()) % 7)
    while True:
        yield _of_week(day)
        day += 7 * _DAY


def _of_week(day: date) -> Occurrence:
    return Occurrence(day, _week_key(day), f"{day.year}年{day.month}月第{(day.day - 1) // 7 + 1}周")


def _week_key(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _taught(schedule: Schedule, calendar: WorkCalendar) -> Iterator[Occurrence]:
    for term in sorted(calendar.school.terms, key=lambda term: term.begins):
        for week in weeks_of(term, calendar.is_off):
            day = week.monday + (schedule.weekday - 1) * _DAY
            if term.begins <= day <= term.ends and (not schedule.weeks or week.number in schedule.weeks):
                season = "秋" if term.begins.month > 6 else "春"
                label = f"{term.begins.year}年{season}季{week.chinese}"
                yield Occurrence(day, _week_key(day), label)


# ---- around an event


def _around(schedule: Schedule, calendar: WorkCalendar) -> Iterator[Occurrence]:
    """The key counts the events of that name within a half year, so that one that is put off is the same one."""
    counted: dict[str, int] = {}
    for day in calendar.school.events.get(schedule.event, ()):
        half = _half(day)
        counted[half] = counted.get(half, 0) + 1
        label = f"{day.year}年{day.month}月{schedule.event}"
        nominal = calendar.add(day, schedule.offset)
        yield Occurrence(nominal, f"{schedule.event}-{half}-{counted[half]}", label)


def _half(day: date) -> str:
    """Of the school year, which begins in August."""
    year = day.year if day.month >= 8 else day.year - 1
    return f"{year}-{1 if day.month >= 8 or day.month == 1 else 2}"
