"""No date is too far: years whose holidays nobody has published, and any calendar of a bureau, are computed with."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import OfficeHours, Override, WorkCalendar
from domain.calendar_words import Unclear, carried_out, done, order, warnings, weeks_ahead
from domain.ladder import LADDER, due_rungs
from domain.occurrences import Frequency, Month, Schedule, Shift, Vacation, anchor, in_month, occurrences, previous
from domain.rounds import Issued, ahead, digest_times, opens_at
from domain.school import SchoolYear, Term

NEAR, FAR = st.dates(date(2026, 10, 1), date(2028, 3, 1)), st.dates(date(1995, 1, 1), date(2150, 12, 31))
DAYS = NEAR | FAR


def several(day: date, count: int) -> list[date]:
    return [day + timedelta(days=n) for n in range(count)]


SOME = st.builds(several, DAYS, st.integers(1, 40))
TERMS = st.builds(lambda day, long: Term(f"{day.year}学年", day, day + timedelta(days=long)), DAYS, st.integers(1, 150))
EVENTS = st.lists(DAYS, min_size=1, max_size=3, unique=True).map(lambda days: {"期末考试": tuple(sorted(days))})
CALENDARS = st.builds(
    WorkCalendar,
    override=st.builds(
        Override,
        holidays=SOME.map(lambda days: dict.fromkeys(days, "放假")),
        workdays=SOME.map(frozenset),
        years=st.frozensets(st.integers(2026, 2030), max_size=2),
    ),
    school=st.builds(
        SchoolYear,
        terms=TERMS.map(lambda term: (term,)),
        vacations=SOME.map(lambda days: dict.fromkeys(days, "寒假")),
        events=EVENTS,
    ),
) | st.just(WorkCalendar())
HOURS = st.builds(OfficeHours, st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")]), CALENDARS)
SCHEDULES = st.builds(
    Schedule,
    frequency=st.sampled_from(Frequency),
    day=st.integers(1, 31),
    at=st.times(time(9), time(17, 30)),
    shift=st.sampled_from(Shift),
    opens_before=st.integers(0, 15),
    lock_after=st.integers(1, 15),
    term_month=st.integers(1, 6),
    last_working=st.booleans(),
    weekday=st.integers(1, 7),
    weeks=st.just(()) | st.just((1, 6)),
    event=st.just("期末考试"),
    offset=st.integers(-10, 10),
    vacation=st.sampled_from(Vacation),
)


@given(CALENDARS, DAYS, st.integers(-60, 60))
def test_days(calendar: WorkCalendar, day: date, n: int) -> None:
    assert calendar.is_working_day(calendar.add(day, n)) or n == 0
    assert calendar.previous_working_day(day) < day < calendar.next_working_day(day)
    assert calendar.working_days_between(day, calendar.add(day, n)) == n
    calendar.teaching_week(day)
    assert weeks_ahead(calendar, day)
    assert bool(warnings(calendar, [day.year])) == calendar.uncovered(day.year)


@given(HOURS, DAYS, st.timedeltas(timedelta(), timedelta(days=40)), st.times())
def test_instants(hours: OfficeHours, day: date, long: timedelta, wall: time) -> None:
    instant = hours.at(day, wall)
    assert hours.next_within(instant) >= instant
    assert timedelta() <= hours.working_time_between(instant, instant + long) <= long
    digest_times([instant], instant, hours)


@given(HOURS, SCHEDULES, DAYS)
def test_rounds(hours: OfficeHours, schedule: Schedule, after: date) -> None:
    for one in islice(occurrences(schedule, hours.calendar, after), 3):
        before = previous(schedule, one, hours.calendar)
        assert before is None or before < one
        anchor(schedule, one, hours.calendar)
        due = hours.at(one.nominal, schedule.at)
        for now in (due - timedelta(days=5), due, due + timedelta(days=5)):
            due_rungs(LADDER, opens_at(schedule, one, hours), due, due + timedelta(days=9), now, hours)
    in_month(schedule, Month.of(after), hours.calendar)


@given(HOURS, SCHEDULES, DAYS, st.integers(0, 400), st.integers(0, 120), st.none() | st.integers(0, 200))
def test_what_comes(
    hours: OfficeHours, schedule: Schedule, starts_on: date, later: int, further: int, ago: int | None
) -> None:
    now = hours.at(starts_on + timedelta(days=later), time(10))
    last = None
    if ago is not None:
        period_to = starts_on + timedelta(days=later) - timedelta(days=ago)
        last = Issued(period_to, "1900-01", period_to)
    found = ahead(schedule, hours, last, starts_on, now, now + timedelta(days=further))
    for one in found.plans:
        assert one.open_at < one.due_at <= one.grace_until <= one.lock_at
        assert one.period_from <= one.period_to


def test_a_task_that_begins_in_a_holiday_which_moves_two_weeks_to_one_day() -> None:
    hours, tuesday = OfficeHours(ZoneInfo("Asia/Shanghai")), date(2026, 2, 17)
    weekly = Schedule(Frequency.WEEKLY, weekday=1, shift=Shift.LATER)
    found = ahead(weekly, hours, None, tuesday, hours.at(tuesday, time(10)), hours.at(date(2026, 2, 25), time(10)))
    assert (found.plans[0].period_from, found.plans[0].period_to) == (date(2026, 2, 17), date(2026, 2, 24))


@given(CALENDARS, DAYS, DAYS, DAYS, st.sampled_from(["休", "上班", "寒假", "恢复", "休 暴雪"]))
def test_days_are_set(calendar: WorkCalendar, today: date, first: date, last: date, what: str) -> None:
    words = f"校历 {first.year}年{first.month}月{first.day}日至{last.year}年{last.month}月{last.day}日 {what}"
    try:
        said = order(words, today)
    except Unclear:
        return
    assert said is not None
    weeks_ahead(carried_out(calendar, said), first)
    assert done(said)


def test_the_last_day_there_is() -> None:
    said = order("校历 9999年12月31日 休", date(2026, 11, 16))
    assert said is not None
    assert done(said)
