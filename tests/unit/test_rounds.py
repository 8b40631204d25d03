"""When a round opens, is due, ends its grace and locks, and of which days it speaks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import OfficeHours, Override, WorkCalendar
from domain.rounds import Ahead, Frequency, Issued, Month, RoundPlan, Schedule, Shift, Vacation, ahead, plan
from domain.school import SchoolYear, Term

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(SHANGHAI, WorkCalendar())
MONTHLY = Schedule(Frequency.MONTHLY)

MONTHS = st.builds(Month, st.integers(2004, 2031), st.integers(1, 12))
SCHEDULES = st.builds(
    Schedule,
    frequency=st.sampled_from([Frequency.ONCE, Frequency.MONTHLY, Frequency.QUARTERLY, Frequency.TERM]),
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
    with pytest.raises(ValueError, match="month 13"):
        Month(2026, 13)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def coming(
    schedule: Schedule, now: str, *, last: RoundPlan | None = None, starts: date = date(2026, 9, 1),
    until: str | None = None, hours: OfficeHours = HOURS,
) -> list[str]:  # fmt: skip
    """The due days of what is to be issued."""
    issued = Issued(last.nominal_due, last.occurrence, last.period_to) if last else None
    found = ahead(schedule, hours, issued, starts, at(now), at(until or now))
    return [one.due_day.isoformat() for one in found.plans]


def test_rounds_that_should_be_open() -> None:
    september = plan(MONTHLY, Month(2026, 9), HOURS)
    assert coming(MONTHLY, "2026-09-18T08:29:59") == []
    assert coming(MONTHLY, "2026-09-18T08:30:00") == ["2026-09-24"]
    assert coming(MONTHLY, "2026-09-18T08:30:00", last=september) == []
    assert coming(MONTHLY, "2026-09-24T17:00:00") == []  # nobody is asked for what is over
    assert coming(MONTHLY, "2026-09-18T08:30:00", until="2026-11-30T09:00:00") == [
        "2026-09-24", "2026-10-23", "2026-11-25",
    ]  # fmt: skip


def test_a_round_may_open_in_the_month_before() -> None:
    early = Schedule(Frequency.MONTHLY, day=3)
    assert coming(early, "2026-09-23T09:00:00", starts=date(2026, 9, 10)) == ["2026-09-30"]


def test_quarterly_and_single_rounds_that_should_be_open() -> None:
    quarterly, once = Schedule(Frequency.QUARTERLY), Schedule(Frequency.ONCE)
    year_on = {"now": "2026-09-20T12:00:00", "until": "2027-01-10T12:00:00"}
    assert coming(quarterly, **year_on) == ["2026-09-24", "2026-12-25"]
    assert coming(once, **year_on) == ["2026-09-24"]
    assert coming(once, **year_on, last=plan(once, Month(2026, 9), HOURS)) == []


def test_a_round_moved_into_the_month_before_is_not_planned_twice() -> None:
    early = Schedule(Frequency.MONTHLY, day=1)
    october = plan(early, Month(2026, 10), HOURS)
    assert (october.due_day, october.occurrence) == (date(2026, 9, 30), "2026-10")
    assert coming(early, "2026-09-29T09:00:00", last=october, until="2026-10-12T12:00:00") == []


@given(SCHEDULES.filter(lambda one: one.frequency is Frequency.MONTHLY), st.integers(1, 31), MONTHS)
def test_a_schedule_that_is_changed_asks_no_month_twice(schedule: Schedule, day: int, month: Month) -> None:
    issued = plan(schedule, month, HOURS)
    last = Issued(issued.nominal_due, issued.occurrence, issued.period_to)
    until = HOURS.at(month.plus(1).day(31), time(12))
    found = ahead(replace(schedule, day=day), HOURS, last, date(2000, 1, 1), issued.open_at, until)
    assert issued.occurrence not in [one.occurrence for one in found.plans]
    assert all(one.period_from == issued.period_to + timedelta(days=1) for one in found.plans[:1])


def test_a_term_round_is_due_in_the_same_month_of_every_term() -> None:
    schedule = Schedule(Frequency.TERM, term_month=2)
    found = coming(schedule, "2026-09-01T09:00:00", until="2027-11-01T09:00:00")
    assert found == ["2026-10-23", "2027-04-23", "2027-10-25"]
    assert plan(schedule, Month(2027, 4), HOURS).period_from == date(2026, 10, 24)


def test_looking_ahead_and_opening_are_the_same_question() -> None:
    """What a look ahead promises is what opens on its day, whenever it is asked."""
    promised = ahead(MONTHLY, HOURS, None, date(2026, 9, 1), at("2026-09-01T09:00:00"), at("2027-06-01T09:00:00")).plans
    last = None
    for one in promised:
        assert ahead(MONTHLY, HOURS, last, date(2026, 9, 1), one.open_at, one.open_at).plans == (one,)
        last = Issued(one.nominal_due, one.occurrence, one.period_to)


def test_a_task_set_long_ago_is_not_planned_from_its_beginning() -> None:
    asked: list[date] = []

    class Counting(WorkCalendar):
        def why_off(self, day: date) -> str | None:
            asked.append(day)
            return super().why_off(day)

    hours = OfficeHours(SHANGHAI, Counting())
    assert coming(MONTHLY, "2026-09-18T09:00:00", starts=date(2004, 1, 1), hours=hours) == ["2026-09-24"]
    assert min(asked) > date(2026, 1, 1)
    assert len(asked) < 2000


# ---- weeks, events, the end of the month

SCHOOL = SchoolYear(
    (
        Term("秋季", date(2026, 9, 1), date(2027, 1, 22)),
        Term("春季", date(2027, 2, 25), date(2027, 7, 2)),
        Term("下一年秋季", date(2027, 9, 1), date(2028, 1, 21)),
    ),
    events={"开学": (date(2026, 9, 1), date(2027, 2, 25)), "期末考试": (date(2027, 1, 18),)},
)
FESTIVAL = {date(2027, 2, day): "春节" for day in range(5, 12)}
TAUGHT = OfficeHours(SHANGHAI, WorkCalendar(Override(FESTIVAL, years=frozenset({2027})), SCHOOL))


def test_every_friday() -> None:
    weekly = Schedule(Frequency.WEEKLY, opens_before=2, vacation=Vacation.KEEP)
    found = ahead(weekly, HOURS, None, date(2026, 9, 7), at("2026-09-07T09:00:00"), at("2026-10-08T09:00:00")).plans
    assert [one.due_day.isoformat() for one in found] == [
        "2026-09-11",
        "2026-09-18",
        "2026-09-24",
        "2026-09-30",
        "2026-10-09",
    ]
    assert [one.label for one in found][:3] == ["2026年9月第2周", "2026年9月第3周", "2026年9月第4周"]
    assert found[2].moved_because == "25日中秋放假"
    assert found[3].period_from == date(2026, 9, 25)  # after the period before, which was moved


def test_the_friday_of_teaching_week_six() -> None:
    sixth = Schedule(Frequency.TEACHING_WEEK, weeks=(6,))
    found = ahead(sixth, TAUGHT, None, date(2026, 9, 1), at("2026-09-01T09:00:00"), at("2027-06-30T09:00:00")).plans
    assert [(one.label, one.due_day.isoformat()) for one in found] == [
        ("2026年秋季第6教学周", "2026-10-09"), ("2027年春季第6教学周", "2027-04-02"),
    ]  # fmt: skip
    assert [one.period_from for one in found] == [date(2026, 9, 1), date(2027, 2, 25)]  # each within its term


def test_every_teaching_week_and_none_in_the_holidays() -> None:
    each = Schedule(Frequency.TEACHING_WEEK, opens_before=1)
    days = coming(each, "2027-01-11T09:00:00", until="2027-03-12T18:00:00", hours=TAUGHT)
    assert days == ["2027-01-15", "2027-01-22", "2027-02-26", "2027-03-05", "2027-03-12"]


@pytest.mark.parametrize(
    ("offset", "due", "because"),
    [(-3, "2027-01-13", None), (0, "2027-01-18", None), (2, "2027-01-20", None), (5, "2027-01-25", None)],
)
def test_working_days_before_and_after_an_event(offset: int, due: str, because: str | None) -> None:
    exam = Schedule(Frequency.EVENT, event="期末考试", offset=offset)
    [found] = ahead(exam, TAUGHT, None, date(2026, 9, 1), at("2026-12-01T09:00:00"), at("2027-03-01T09:00:00")).plans
    assert (found.due_day.isoformat(), found.moved_because) == (due, because)
    assert (found.label, found.occurrence) == ("2027年1月期末考试", "期末考试-2026-1-1")


def test_an_event_that_is_put_off_is_still_the_same_one() -> None:
    begin = Schedule(Frequency.EVENT, event="开学", offset=3)
    [first] = ahead(begin, TAUGHT, None, date(2026, 9, 1), at("2026-09-01T09:00:00"), at("2026-09-01T09:00:00")).plans
    moved = replace(SCHOOL, events={"开学": (date(2026, 9, 3), date(2027, 2, 25))})
    hours = OfficeHours(SHANGHAI, WorkCalendar(Override(), moved))
    assert coming(begin, "2026-09-03T09:00:00", last=first, hours=hours) == []


@pytest.mark.parametrize(
    ("schedule", "month", "due", "because"),
    [
        (Schedule(Frequency.MONTHLY, last_working=True), (2026, 10), "2026-10-30", None),
        (Schedule(Frequency.MONTHLY, last_working=True, shift=Shift.LATER), (2026, 10), "2026-10-30", None),
        (Schedule(Frequency.MONTHLY, day=31), (2026, 10), "2026-10-30", "31日是星期六"),
        (Schedule(Frequency.MONTHLY, day=31, shift=Shift.LATER), (2026, 10), "2026-11-02", "31日是星期六"),
    ],
)
def test_the_end_of_the_month(schedule: Schedule, month: tuple[int, int], due: str, because: str | None) -> None:
    found = plan(schedule, Month(*month), HOURS)
    assert (found.due_day.isoformat(), found.moved_because) == (due, because)


@pytest.mark.parametrize(("said", "moved"), [(time(20), "17:30"), (time(7), "08:30"), (time(17, 30), "17:30")])
def test_nothing_is_due_outside_office_hours(said: time, moved: str) -> None:
    assert (
        HOURS.local(plan(Schedule(Frequency.MONTHLY, at=said), Month(2026, 9), HOURS).due_at).strftime("%H:%M") == moved
    )


# ---- 寒暑假

YEAR = {"now": "2026-12-01T09:00:00", "until": "2027-11-01T09:00:00", "hours": TAUGHT}


def held(vacation: Vacation) -> tuple[list[str], list[str], Ahead]:
    schedule = Schedule(Frequency.MONTHLY, vacation=vacation)
    found = ahead(schedule, TAUGHT, None, date(2026, 12, 1), at(YEAR["now"]), at(YEAR["until"]))  # type: ignore[arg-type]
    return [one.occurrence for one in found.plans], [one.plan.occurrence for one in found.skipped], found


def test_a_period_that_is_mostly_holiday_is_not_issued() -> None:
    issued, skipped, found = held(Vacation.SKIP)
    assert issued == ["2026-12", "2027-01", "2027-03", "2027-04", "2027-05", "2027-06", "2027-09", "2027-10"]
    assert skipped == ["2027-02", "2027-07", "2027-08"]
    assert [(one.name, one.merged) for one in found.skipped] == [("寒假", False), ("暑假", False), ("暑假", False)]
    march = next(one for one in found.plans if one.occurrence == "2027-03")
    assert march.period_from == date(2027, 2, 26)


def test_a_period_is_joined_with_the_next_one() -> None:
    issued, skipped, found = held(Vacation.MERGE)
    assert skipped == ["2027-02", "2027-07", "2027-08"]
    begins = {one.occurrence: one.period_from.isoformat() for one in found.plans}
    assert begins["2027-03"] == "2027-01-26"
    assert begins["2027-09"] == "2027-06-26"  # two of them
    assert begins["2027-10"] == "2027-09-25"
    assert "2027-04" in issued


def test_a_joined_period_begins_the_same_when_it_is_opened() -> None:
    schedule = Schedule(Frequency.MONTHLY, vacation=Vacation.MERGE)
    january = plan(schedule, Month(2027, 1), TAUGHT)
    last = Issued(january.nominal_due, january.occurrence, january.period_to)
    [march] = ahead(
        schedule, TAUGHT, last, date(2026, 9, 1), at("2027-03-19T09:00:00"), at("2027-03-19T09:00:00")
    ).plans
    assert march.period_from == date(2027, 1, 26)
    [unmoved] = ahead(
        replace(schedule, vacation=Vacation.SKIP), TAUGHT, last, date(2026, 9, 1),
        at("2027-03-19T09:00:00"), at("2027-03-19T09:00:00"),
    ).plans  # fmt: skip
    assert unmoved.period_from == date(2027, 2, 26)


def test_some_tasks_go_on_in_the_holidays() -> None:
    assert held(Vacation.KEEP)[1] == []
    once = Schedule(Frequency.ONCE)
    assert coming(once, "2027-02-18T09:00:00", starts=date(2027, 2, 1), hours=TAUGHT) == ["2027-02-25"]


def test_without_a_calendar_of_school_nothing_is_left_out() -> None:
    found = ahead(MONTHLY, HOURS, None, date(2027, 1, 1), at("2027-01-04T09:00:00"), at("2027-12-31T09:00:00"))
    assert len(found.plans) == 12
    assert found.skipped == ()
    assert Schedule(Frequency.TEACHING_WEEK).needs(HOURS.calendar) == "学期"
    assert Schedule(Frequency.EVENT, event="开学").needs(HOURS.calendar) == "“开学”的日期"
    assert Schedule(Frequency.EVENT, event="开学").needs(TAUGHT.calendar) == ""
    assert MONTHLY.needs(HOURS.calendar) == ""


# ---- wherever the server stands


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Pacific/Kiritimati", "Europe/Berlin"])
def test_the_servers_zone_changes_nothing(zone: str) -> None:
    """March 2027 crosses the change of the clock in New York and Berlin."""
    script = (
        "from tests.unit.test_rounds import MONTHLY, Month, HOURS, plan\n"
        "for month in (3, 10, 11): print(plan(MONTHLY, Month(2027, month), HOURS))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"TZ": one}, capture_output=True, check=True
        ).stdout
        for one in (zone, "UTC")
    ]
    assert said[0] == said[1] != b""


def test_a_bureau_in_a_zone_that_changes_its_clock() -> None:
    """Berlin turns its clock forward on 28 March 2027: the wall time of the deadline stays."""
    berlin = OfficeHours(ZoneInfo("Europe/Berlin"), WorkCalendar())
    march, april = (plan(Schedule(Frequency.MONTHLY, day=26), Month(2027, month), berlin) for month in (3, 4))
    assert march.due_at == datetime(2027, 3, 26, 16, tzinfo=UTC)
    assert april.due_at == datetime(2027, 4, 26, 15, tzinfo=UTC)
    assert march.lock_at == datetime(2027, 4, 2, 15, tzinfo=UTC)  # already on summer time
