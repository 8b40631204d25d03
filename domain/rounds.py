"""Rounds: which month has one, and its five instants.

`open_at < due_at ≤ grace_until ≤ lock_at`; the period it speaks of 统计时段 runs from the day after the last round's
due day to this one's. Everything is computed on the bureau's wall clock and calendar; instants come out in UTC.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.calendar import WEEKEND, OfficeHours

TERM_BEGINS = 3  # and six months later, in September
GRACE_ENDS = time(12, 0)
LOCKS_AT = time(17, 0)

_WEEKDAYS = "一二三四五六日"
_QUARTERS = "一二三四"
_FEASTS = {"中秋节": "中秋", "国庆节": "国庆", "端午节": "端午", "清明节": "清明"}


class Frequency(StrEnum):
    ONCE = "once"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    TERM = "term"


class Shift(StrEnum):
    """What a deadline on a day off does: 提前 or 顺延."""

    EARLIER = "earlier"
    LATER = "later"


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
    """How often and when a task is due. `opens_before` and `lock_after` count working days.

    A `term` round is due in the `term_month`-th month of each term; terms begin in September and March.
    """

    frequency: Frequency
    day: int = 25
    at: time = time(17, 0)
    shift: Shift = Shift.EARLIER
    opens_before: int = 5
    lock_after: int = 5
    term_month: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.day <= 31:
            raise ValueError(f"day {self.day} is not a day of a month")
        if self.opens_before < 0:
            raise ValueError("opens_before must be 0 or more working days")
        if self.lock_after < 1:
            raise ValueError("lock_after must be at least 1 working day: the grace ends on the next one")

    @property
    def step(self) -> int:
        """Months from one round to the next; 1 for `once`, where it only bounds the period."""
        return {Frequency.QUARTERLY: 3, Frequency.TERM: 6}.get(self.frequency, 1)


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One occurrence of a task. `due_day` is the local day of `due_at`.

    `moved_because` says why that is not `nominal_due` ("25日中秋放假"), None when nothing was moved.
    """

    label: str
    period_from: date
    period_to: date
    open_at: datetime
    due_at: datetime
    grace_until: datetime
    lock_at: datetime
    nominal_due: date
    moved_because: str | None

    @property
    def due_day(self) -> date:
        return self.period_to


def plan(schedule: Schedule, month: Month, hours: OfficeHours, previous_due: date | None = None) -> RoundPlan:
    """The round due in that month.

    `previous_due` is the local due day of the task's last round; without it the period starts after the day the
    round before would have been due (for a one-off: on the first of the month). ValueError when the round would not
    open before it is due, or when the last one was due on the same day or later.
    """
    nominal = month.day(schedule.day)
    due_day = _due_day(schedule, month, hours)
    calendar = hours.calendar
    round_plan = RoundPlan(
        label=_label(schedule.frequency, month),
        period_from=_period_from(schedule, month, hours, previous_due),
        period_to=due_day,
        open_at=opens_at(schedule, month, hours),
        due_at=hours.at(due_day, schedule.at),
        grace_until=hours.at(calendar.next_working_day(due_day), GRACE_ENDS),
        lock_at=hours.at(calendar.add(due_day, schedule.lock_after), LOCKS_AT),
        nominal_due=nominal,
        moved_because=_moved_because(nominal, hours) if due_day != nominal else None,
    )
    _check(round_plan)
    return round_plan


def opens_at(schedule: Schedule, month: Month, hours: OfficeHours) -> datetime:
    """When that month's round opens: `opens_before` working days before it is due, at the office's opening."""
    day = hours.calendar.add(_due_day(schedule, month, hours), -schedule.opens_before)
    return hours.at(day, hours.opens)


def _check(round_plan: RoundPlan) -> None:
    if not round_plan.open_at < round_plan.due_at:
        raise ValueError(f"{round_plan.label}: the round would be due before it opens")
    if not round_plan.period_from <= round_plan.period_to:
        raise ValueError(f"{round_plan.label}: the last round was due on {round_plan.period_from} or later")


def _due_day(schedule: Schedule, month: Month, hours: OfficeHours) -> date:
    nominal = month.day(schedule.day)
    earlier = schedule.shift is Shift.EARLIER
    return hours.calendar.on_or_before(nominal) if earlier else hours.calendar.on_or_after(nominal)


def _period_from(schedule: Schedule, month: Month, hours: OfficeHours, previous_due: date | None) -> date:
    if previous_due is not None:
        return previous_due + timedelta(days=1)
    if schedule.frequency is Frequency.ONCE:
        return min(month.day(1), _due_day(schedule, month, hours))
    return _due_day(schedule, month.plus(-schedule.step), hours) + timedelta(days=1)


def _label(frequency: Frequency, month: Month) -> str:
    if frequency is Frequency.QUARTERLY:
        return f"{month.year}年第{_QUARTERS[(month.month - 1) // 3]}季度"
    return f"{month.year}年{month.month}月"


def _moved_because(nominal: date, hours: OfficeHours) -> str:
    reason = hours.calendar.why_off(nominal) or WEEKEND
    if reason == WEEKEND:
        return f"{nominal.day}日是星期{_WEEKDAYS[nominal.weekday()]}"
    name = _FEASTS.get(reason, reason)
    return f"{nominal.day}日{name}" if name.endswith(("假", "课", "休")) else f"{nominal.day}日{name}放假"


def months_between(first: Month, last: Month) -> tuple[Month, ...]:
    """From first to last, both included; empty when last is earlier."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return tuple(first.plus(i) for i in range(count))


def round_months(schedule: Schedule, after: Month, now: datetime, hours: OfficeHours) -> tuple[Month, ...]:
    """The months after `after` whose round should be open by now, oldest first; some may be over already.

    `after` is the month of the last round planned, or the one before the task begins. A one-off gets at most the
    month that follows: do not ask again once its round exists.
    """
    found: list[Month] = []
    month = _next_round(schedule, after)
    while opens_at(schedule, month, hours) <= now:
        found.append(month)
        if schedule.frequency is Frequency.ONCE:
            break
        month = month.plus(schedule.step)
    return tuple(found)


def month_of_round(schedule: Schedule, due_day: date, hours: OfficeHours) -> Month:
    """The month whose round is due on (or nearest to) that local day; `round_months` goes on from there.

    Not always the day's own month: a round due on 1 October moves 提前 into September.
    """
    own = Month.of(due_day)
    near = (own, own.plus(-1), own.plus(1))
    return min(near, key=lambda month: abs(_due_day(schedule, month, hours) - due_day))


def _next_round(schedule: Schedule, after: Month) -> Month:
    """A quarter's round is due in its last month, a term's in the same month of every term."""
    month = after.plus(1)
    match schedule.frequency:
        case Frequency.QUARTERLY:
            return month.plus(-month.month % 3)
        case Frequency.TERM:
            return month.plus((TERM_BEGINS + schedule.term_month - 1 - month.month) % 6)
        case _:
            return month


DIRECTOR_MONDAY = time(8, 30)
DUE_DAY_DIGEST = time(18, 0)


def digest_times(due: Iterable[datetime], now: datetime, hours: OfficeHours) -> list[datetime]:
    """The set times of today that have come: the due day at 18:00, and the week's first working day at 08:30.

    Only today's: after an outage of days nobody wants the digests of the past.
    """
    today = hours.local(now).date()
    times = {hours.at(today, DUE_DAY_DIGEST)} if any(hours.local(d).date() == today for d in due) else set()
    if _starts_week(today, hours):
        times.add(hours.at(today, DIRECTOR_MONDAY))
    return sorted(at for at in times if at <= now)


def _starts_week(today: date, hours: OfficeHours) -> bool:
    monday = today - timedelta(days=today.weekday())
    return today == hours.calendar.on_or_after(monday)
