"""When a round opens, is due, ends its grace and locks, and of which days it speaks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import OfficeHours, Override, WorkCalendar
from domain.rounds import (
    Frequency,
    Month,
    RoundPlan,
    Schedule,
    Shift,
    month_of_round,
    months_between,
    plan,
    round_months,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(SHANGHAI, WorkCalendar())
MONTHLY = Schedule(Frequency.MONTHLY)

MONTHS = st.builds(Month, st.integers(2004, 2031), st.integers(1, 12))
SCHEDULES = st.builds(
    Schedule,
    frequency=st.sampled_from(Frequency),
    day=st.integers(1, 31),
    at=st.times(time(9), time(17, 30)),
    shift=st.sampled_from(Shift),
    opens_before=st.integers(0, 15),
    lock_after=st.integers(1, 15),
)


def local(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def shape(round_plan: RoundPlan) -> tuple[str, ...]:
    return tuple(
        local(instant)
        for instant in (round_plan.open_at, round_plan.due_at, round_plan.grace_until, round_plan.lock_at)
    )


def test_september_2026_moves_before_the_mid_autumn_festival() -> None:
    found = plan(MONTHLY, Month(2026, 9), HOURS)
    assert found.label == "2026年9月"
    assert (found.period_from, found.period_to) == (date(2026, 8, 26), date(2026, 9, 24))
    assert (found.nominal_due, found.due_day) == (date(2026, 9, 25), date(2026, 9, 24))
    assert found.moved_because == "25日中秋放假"
    assert shape(found) == ("09-18 08:30", "09-24 17:00", "09-28 12:00", "10-09 17:00")
    assert found.due_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("schedule", "month", "due", "because"),
    [
        (MONTHLY, (2026, 8), "2026-08-25", None),
        (MONTHLY, (2026, 10), "2026-10-23", "25日是星期日"),
        (MONTHLY, (2026, 4), "2026-04-24", "25日是星期六"),
        (Schedule(Frequency.MONTHLY, shift=Shift.LATER), (2026, 9), "2026-09-28", "25日中秋放假"),
        (Schedule(Frequency.MONTHLY, day=20), (2026, 9), "2026-09-20", None),  # a worked Sunday
        (Schedule(Frequency.MONTHLY, day=3), (2026, 10), "2026-09-30", "3日国庆放假"),
        (Schedule(Frequency.MONTHLY, day=3, shift=Shift.LATER), (2026, 10), "2026-10-08", "3日国庆放假"),
        (Schedule(Frequency.MONTHLY, day=31), (2026, 2), "2026-02-28", None),  # a worked Saturday
        (Schedule(Frequency.MONTHLY, day=31), (2028, 2), "2028-02-29", None),
        (Schedule(Frequency.MONTHLY, day=31), (2026, 6), "2026-06-30", None),
        (Schedule(Frequency.MONTHLY, day=31), (2026, 12), "2026-12-31", None),
        (Schedule(Frequency.MONTHLY, day=1), (2027, 1), "2026-12-31", "1日元旦放假"),
        (Schedule(Frequency.MONTHLY, day=1), (2026, 5), "2026-04-30", "1日劳动节放假"),
        (Schedule(Frequency.MONTHLY, day=20), (2026, 2), "2026-02-14", "20日春节放假"),
    ],
)
def test_due_days(schedule: Schedule, month: tuple[int, int], due: str, because: str | None) -> None:
    found = plan(schedule, Month(*month), HOURS)
    assert found.due_day.isoformat() == due
    assert found.moved_because == because
    assert found.due_at == HOURS.at(found.due_day, time(17))


def test_the_bureaus_own_reason_is_said() -> None:
    own = OfficeHours(SHANGHAI, WorkCalendar(Override({date(2026, 8, 25): "台风停课"})))
    assert plan(MONTHLY, Month(2026, 8), own).moved_because == "25日台风停课"


def test_grace_and_lock_skip_a_holiday_and_count_its_make_up_saturday() -> None:
    found = plan(Schedule(Frequency.MONTHLY, day=30), Month(2026, 9), HOURS)
    assert shape(found) == ("09-22 08:30", "09-30 17:00", "10-08 12:00", "10-13 17:00")


def test_a_year_edge_into_an_uncovered_year() -> None:
    found = plan(Schedule(Frequency.MONTHLY, day=31), Month(2026, 12), HOURS)
    assert shape(found) == ("12-24 08:30", "12-31 17:00", "01-04 12:00", "01-08 17:00")
    assert plan(MONTHLY, Month(2027, 1), HOURS).period_from == date(2026, 12, 26)


def test_the_period_starts_after_the_last_rounds_real_due_day() -> None:
    found = plan(MONTHLY, Month(2026, 9), HOURS, previous_due=date(2026, 8, 27))
    assert found.period_from == date(2026, 8, 28)


def test_a_round_cannot_be_due_before_the_last_one() -> None:
    with pytest.raises(ValueError, match="last round"):
        plan(MONTHLY, Month(2026, 9), HOURS, previous_due=date(2026, 9, 24))


def test_a_round_must_open_before_it_is_due() -> None:
    with pytest.raises(ValueError, match="due before it opens"):
        plan(Schedule(Frequency.ONCE, at=time(8, 30), opens_before=0), Month(2026, 9), HOURS)


def test_quarters_and_one_offs() -> None:
    quarter = plan(Schedule(Frequency.QUARTERLY), Month(2026, 9), HOURS)
    assert (quarter.label, quarter.period_from) == ("2026年第三季度", date(2026, 6, 26))
    once = plan(Schedule(Frequency.ONCE), Month(2026, 9), HOURS)
    assert (once.label, once.period_from, once.period_to) == ("2026年9月", date(2026, 9, 1), date(2026, 9, 24))


@pytest.mark.parametrize("wrong", [{"day": 0}, {"day": 32}, {"opens_before": -1}, {"lock_after": 0}])
def test_impossible_schedules_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Schedule(Frequency.MONTHLY, **wrong)


@given(SCHEDULES, MONTHS)
def test_the_five_instants_stay_in_order(schedule: Schedule, month: Month) -> None:
    found = plan(schedule, month, HOURS)
    assert found.open_at < found.due_at < found.grace_until <= found.lock_at
    assert found.period_from <= found.period_to == found.due_at.astimezone(SHANGHAI).date()
    for instant in (found.open_at, found.due_at, found.grace_until, found.lock_at):
        assert HOURS.calendar.is_working_day(instant.astimezone(SHANGHAI).date())
    assert (found.moved_because is None) is (found.due_day == found.nominal_due)


@given(SCHEDULES.filter(lambda s: s.frequency is not Frequency.ONCE), MONTHS)
def test_periods_follow_each_other_without_gap_or_overlap(schedule: Schedule, month: Month) -> None:
    first = plan(schedule, month, HOURS)
    second = plan(schedule, month.plus(schedule.step), HOURS)
    assert second.period_from == first.period_to + timedelta(days=1)
    assert second == plan(schedule, month.plus(schedule.step), HOURS, previous_due=first.due_day)


def test_months() -> None:
    assert Month(2026, 12).plus(1) == Month(2027, 1)
    assert Month(2026, 1).plus(-1) == Month(2025, 12)
    assert Month.of(date(2026, 9, 24)) == Month(2026, 9)
    assert Month(2026, 2).day(31) == date(2026, 2, 28)
    assert months_between(Month(2026, 11), Month(2027, 1)) == (Month(2026, 11), Month(2026, 12), Month(2027, 1))
    assert months_between(Month(2027, 1), Month(2026, 11)) == ()
    with pytest.raises(ValueError, match="month 13"):
        Month(2026, 13)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_rounds_that_should_be_open() -> None:
    before, opening = at("2026-09-18T08:29:59"), at("2026-09-18T08:30:00")
    assert round_months(MONTHLY, Month(2026, 8), before, HOURS) == ()
    assert round_months(MONTHLY, Month(2026, 8), opening, HOURS) == (Month(2026, 9),)
    assert round_months(MONTHLY, Month(2026, 6), opening, HOURS) == (Month(2026, 7), Month(2026, 8), Month(2026, 9))
    assert round_months(MONTHLY, Month(2026, 9), opening, HOURS) == ()


def test_a_round_may_open_in_the_month_before() -> None:
    early = Schedule(Frequency.MONTHLY, day=3)
    assert round_months(early, Month(2026, 9), at("2026-09-23T09:00:00"), HOURS) == (Month(2026, 10),)


def test_quarterly_and_single_rounds_that_should_be_open() -> None:
    late = at("2027-01-10T12:00:00")
    quarterly = Schedule(Frequency.QUARTERLY)
    assert round_months(quarterly, Month(2026, 8), late, HOURS) == (Month(2026, 9), Month(2026, 12))
    assert round_months(quarterly, Month(2026, 9), late, HOURS) == (Month(2026, 12),)
    assert round_months(Schedule(Frequency.ONCE), Month(2026, 8), late, HOURS) == (Month(2026, 9),)


@given(SCHEDULES, MONTHS)
def test_a_due_day_tells_its_rounds_month(schedule: Schedule, month: Month) -> None:
    found = plan(schedule, month, HOURS)
    assert month_of_round(schedule, found.due_day, HOURS) == month


def test_a_round_moved_into_the_month_before_is_not_planned_twice() -> None:
    early = Schedule(Frequency.MONTHLY, day=1)
    october = plan(early, Month(2026, 10), HOURS)
    assert october.due_day == date(2026, 9, 30)
    last = month_of_round(early, october.due_day, HOURS)
    assert round_months(early, last, at("2026-10-12T12:00:00"), HOURS) == ()


def test_a_term_round_is_due_in_the_same_month_of_every_term() -> None:
    schedule = Schedule(Frequency.TERM, term_month=2)
    now = datetime(2027, 11, 1, 9, tzinfo=SHANGHAI)
    months = round_months(schedule, Month(2026, 8), now, HOURS)
    assert months == (Month(2026, 10), Month(2027, 4), Month(2027, 10))
    assert plan(schedule, Month(2027, 4), HOURS).period_from == date(2026, 10, 24)
