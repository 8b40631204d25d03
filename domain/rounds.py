"""Rounds: which occurrences a schedule has, and each one's five instants.

`open_at < due_at ≤ grace_until ≤ lock_at`; the period it speaks of 统计时段 runs from the day after the last period's
end to the due day. Everything is computed on the bureau's wall clock and calendar; instants come out in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from domain import defaults
from domain.calendar import WEEKEND, OfficeHours
from domain.occurrences import (
    Frequency,
    Month,
    Occurrence,
    Schedule,
    Shift,
    Vacation,
    anchor,
    in_month,
    occurrences,
    previous,
)

__all__ = [
    "Ahead", "Frequency", "Issued", "Month", "Occurrence", "RoundPlan", "Schedule", "Shift", "Skipped", "Vacation",
    "ahead", "digest_times", "opens_at", "plan",
]  # fmt: skip

_WEEKDAYS = "一二三四五六日"
_FEASTS = {"中秋节": "中秋", "国庆节": "国庆", "端午节": "端午", "清明节": "清明"}
_DAY = timedelta(days=1)
_LOOKS_BACK = timedelta(days=220)
"""Rounds that should have opened longer ago are not planned again: a summer's skipped ones are within it."""


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
    occurrence: str
    moved_because: str | None

    @property
    def due_day(self) -> date:
        return self.period_to


def plan(schedule: Schedule, at: Occurrence | Month, hours: OfficeHours, previous_due: date | None = None) -> RoundPlan:
    """The round of that occurrence, or the one due in that month.

    `previous_due` is the last day of the task's last period; without it the period starts after the day the round
    before would have been due. ValueError when the round would not open before it is due, or when the last one was due
    on the same day or later.
    """
    one = in_month(schedule, at, hours.calendar) if isinstance(at, Month) else at
    due_day = _due_day(schedule, one, hours)
    calendar = hours.calendar
    round_plan = RoundPlan(
        label=one.label,
        period_from=_period_from(schedule, one, hours, previous_due),
        period_to=due_day,
        open_at=opens_at(schedule, one, hours),
        due_at=hours.at(due_day, _within_hours(schedule.at, hours)),
        grace_until=hours.at(calendar.next_working_day(due_day), defaults.GRACE_ENDS),
        lock_at=hours.at(calendar.add(due_day, schedule.lock_after), defaults.LOCKS_AT),
        nominal_due=one.nominal,
        occurrence=one.key,
        moved_because=_moved_because(one.nominal, hours) if due_day != one.nominal else None,
    )
    _check(round_plan)
    return round_plan


def opens_at(schedule: Schedule, one: Occurrence, hours: OfficeHours) -> datetime:
    """When it opens: `opens_before` working days before it is due, at the office's opening."""
    day = hours.calendar.add(_due_day(schedule, one, hours), -schedule.opens_before)
    return hours.at(day, hours.opens)


def _within_hours(at: time, hours: OfficeHours) -> time:
    """Nothing is due outside office hours; a file that says so is refused, a task stored before is moved."""
    return min(max(at, hours.opens), hours.closes)


def _check(round_plan: RoundPlan) -> None:
    if not round_plan.open_at < round_plan.due_at:
        raise ValueError(f"{round_plan.label}: the round would be due before it opens")
    if not round_plan.period_from <= round_plan.period_to:
        raise ValueError(f"{round_plan.label}: the last round was due on {round_plan.period_from} or later")


def _due_day(schedule: Schedule, one: Occurrence, hours: OfficeHours) -> date:
    earlier = schedule.shift is Shift.EARLIER
    return hours.calendar.on_or_before(one.nominal) if earlier else hours.calendar.on_or_after(one.nominal)


def _period_from(schedule: Schedule, one: Occurrence, hours: OfficeHours, previous_due: date | None) -> date:
    """After the last period; what goes by terms or events never reaches back behind its own term."""
    since = anchor(schedule, one, hours.calendar)
    since = min(since, _due_day(schedule, one, hours)) if since else None
    if previous_due is None and (before := previous(schedule, one, hours.calendar)) is not None:
        previous_due = _due_before(schedule, before, hours, _due_day(schedule, one, hours))
    if previous_due is None:
        return since or one.nominal
    return max(previous_due + _DAY, since) if since else previous_due + _DAY


def _due_before(schedule: Schedule, before: Occurrence, hours: OfficeHours, due_day: date) -> date:
    """When that one was due; a holiday moves both of them to the same day: then as if it had not been moved."""
    due = _due_day(schedule, before, hours)
    return due if due < due_day else min(before.nominal, due_day - _DAY)


def _moved_because(nominal: date, hours: OfficeHours) -> str:
    reason = hours.calendar.why_off(nominal) or WEEKEND
    if reason == WEEKEND:
        return f"{nominal.day}日是星期{_WEEKDAYS[nominal.weekday()]}"
    name = _FEASTS.get(reason, reason)
    return f"{nominal.day}日{name}" if name.endswith(("假", "课", "休")) else f"{nominal.day}日{name}放假"


# ---- the rounds that come


@dataclass(frozen=True, slots=True)
class Issued:
    """What is known of a task's last round."""

    nominal_due: date
    occurrence: str
    period_to: date


@dataclass(frozen=True, slots=True)
class Skipped:
    """A round that is not issued: `off` of the `days` school would be held on fall into the holidays called `name`."""

    plan: RoundPlan
    name: str
    off: int
    days: int
    merged: bool


@dataclass(frozen=True, slots=True)
class Ahead:
    """The rounds still to be issued, and those that are not because of 寒暑假; both oldest first."""

    plans: tuple[RoundPlan, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Walk:
    """Where the next period begins: `own` after the one before, `begins` further back where 并入下期 joins them."""

    own: date | None = None
    begins: date | None = None
    plans: list[RoundPlan] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def ahead(
    schedule: Schedule, hours: OfficeHours, last: Issued | None, starts_on: date, now: datetime, until: datetime
) -> Ahead:
    """What should be open by `until` and is not over by `now`: the only place that asks a schedule what comes.

    Who opens rounds asks it with `until` = now, who looks ahead with a later one: they cannot disagree.
    """
    if last is not None and schedule.frequency is Frequency.ONCE:
        return Ahead()
    walk = _Walk(own=last.period_to + _DAY if last else None)
    since = _since(schedule, last, starts_on, hours.local(now).date())
    if last is not None and since > last.nominal_due:
        walk.own = None
    found = occurrences(schedule, hours.calendar, since)
    for one in islice(found, 1) if schedule.frequency is Frequency.ONCE else found:
        if opens_at(schedule, one, hours) > until:
            break
        if last is None or one.key != last.occurrence:
            _take(schedule, one, hours, walk, now)
    return Ahead(tuple(walk.plans), tuple(walk.skipped))


def _since(schedule: Schedule, last: Issued | None, starts_on: date, today: date) -> date:
    if schedule.frequency is Frequency.ONCE:
        return starts_on.replace(day=1) - _DAY
    begin = starts_on.replace(day=1) if schedule.goes_by_month else starts_on
    return max(last.nominal_due if last else begin - _DAY, today - _LOOKS_BACK)


def _take(schedule: Schedule, one: Occurrence, hours: OfficeHours, walk: _Walk, now: datetime) -> None:
    if walk.own is not None and _due_day(schedule, one, hours) < walk.own:
        return  # the office has moved the last round behind this one's day
    own = plan(schedule, one, hours, walk.own - _DAY if walk.own else None)
    joined = replace(own, period_from=walk.begins) if walk.begins else own
    walk.own = own.period_to + _DAY
    if (skipped := _skipped(schedule, own, hours)) is not None:
        walk.begins = joined.period_from if skipped.merged else None
        if own.lock_at > now:
            walk.skipped.append(replace(skipped, plan=joined))
        return
    walk.begins = None
    if min(joined.due_at, joined.lock_at) > now:
        walk.plans.append(joined)


def _skipped(schedule: Schedule, own: RoundPlan, hours: OfficeHours) -> Skipped | None:
    """A period of which more than half the days of work lie in 寒暑假, where the task does not go on in them."""
    if not schedule.rests_in_vacations:
        return None
    days = [own.period_from + n * _DAY for n in range((own.period_to - own.period_from).days + 1)]
    worked = [day for day in days if hours.calendar.is_working_day(day)]
    names = [name for day in worked if (name := hours.calendar.school.vacation(day))]
    if 2 * len(names) <= len(worked):
        return None
    return Skipped(own, names[-1], len(names), len(worked), schedule.vacation is Vacation.MERGE)


# ---- digests


def digest_times(due: Iterable[datetime], now: datetime, hours: OfficeHours) -> list[datetime]:
    """The set times of today that have come: the due day at 18:00, and the week's first working day at 08:30.

    Only today's: after an outage of days nobody wants the digests of the past.
    """
    today = hours.local(now).date()
    evening, morning = hours.at(today, defaults.DUE_DAY_DIGEST), hours.at(today, defaults.DIRECTOR_MONDAY)
    times = {evening} if any(hours.local(d).date() == today for d in due) else set()
    if _starts_week(today, hours):
        times.add(morning)
    return sorted(at for at in times if at <= now)


def _starts_week(today: date, hours: OfficeHours) -> bool:
    monday = today - timedelta(days=today.weekday())
    return today == hours.calendar.on_or_after(monday)
