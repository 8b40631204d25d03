"""Working days and office hours: published years, the bureau's own file, years nobody covers, other zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import CalendarError, OfficeHours, Override, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = WorkCalendar()
HOURS = OfficeHours(SHANGHAI, CALENDAR)
DAYS = st.dates(date(2003, 1, 1), date(2032, 12, 31))
FIRST, LAST = datetime.fromisoformat("2025-12-01"), datetime.fromisoformat("2027-03-01")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-09-24", None),
        ("2026-09-25", "中秋节"),
        ("2026-09-27", "中秋节"),
        ("2026-09-20", None),  # a Sunday worked for National Day
        ("2026-10-01", "国庆节"),
        ("2026-10-07", "国庆节"),
        ("2026-10-10", None),  # a Saturday worked for National Day
        ("2026-10-11", "周末"),
        ("2026-02-14", None),  # a Saturday worked for the Spring Festival
        ("2026-02-17", "春节"),
        ("2026-01-01", "元旦"),
        ("2027-01-01", "元旦"),  # no published year: the fixed dates
        ("2027-02-06", "周末"),
        ("2027-02-08", None),  # the Spring Festival is not known
        ("2003-10-01", "国庆节"),
    ],
)
def test_why_a_day_is_off(day: str, why: str | None) -> None:
    assert CALENDAR.why_off(date.fromisoformat(day)) == why
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is (why is None)


def test_the_bureaus_file_decides_first() -> None:
    own = WorkCalendar(Override({date(2026, 9, 24): "停课"}, frozenset({date(2026, 9, 26)})))
    assert own.why_off(date(2026, 9, 24)) == "停课"
    assert own.is_working_day(date(2026, 9, 26))
    assert own.why_off(date(2026, 9, 25)) == "中秋节"


def test_uncovered_years_are_told_and_crossed_without_a_crash() -> None:
    assert not CALENDAR.uncovered(2026)
    assert CALENDAR.uncovered(2027)
    assert CALENDAR.uncovered(2003)
    assert CALENDAR.add(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert CALENDAR.previous_working_day(date(2027, 1, 4)) == date(2026, 12, 31)
    assert CALENDAR.working_days_between(date(2026, 12, 28), date(2027, 1, 8)) == 8


def test_a_calendar_without_working_days_is_an_error_not_a_hang() -> None:
    off = Override({date(2028, 1, 1) + timedelta(days=n): "x" for n in range(731)})
    with pytest.raises(CalendarError, match="look at the calendar file"):
        WorkCalendar(off).next_working_day(date(2028, 1, 1))


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("2026-09-25", "2026-09-24", "2026-09-28"),
        ("2026-09-24", "2026-09-23", "2026-09-28"),
        ("2026-10-08", "2026-09-30", "2026-10-09"),
        ("2026-10-09", "2026-10-08", "2026-10-10"),
    ],
)
def test_neighbouring_working_days(day: str, before: str, after: str) -> None:
    assert CALENDAR.previous_working_day(date.fromisoformat(day)).isoformat() == before
    assert CALENDAR.next_working_day(date.fromisoformat(day)).isoformat() == after


def test_on_or_before_and_after_keep_a_working_day() -> None:
    assert CALENDAR.on_or_before(date(2026, 9, 20)) == date(2026, 9, 20) == CALENDAR.on_or_after(date(2026, 9, 20))
    assert CALENDAR.on_or_before(date(2026, 10, 3)) == date(2026, 9, 30)
    assert CALENDAR.on_or_after(date(2026, 10, 3)) == date(2026, 10, 8)


def test_adding_nothing_keeps_even_a_day_off() -> None:
    assert CALENDAR.add(date(2026, 9, 25), 0) == date(2026, 9, 25)


@given(DAYS, st.integers(-40, 40).filter(bool))
def test_adding_and_counting_agree(day: date, n: int) -> None:
    there = CALENDAR.add(day, n)
    assert CALENDAR.is_working_day(there)
    assert CALENDAR.working_days_between(day, there) == n


@given(DAYS)
def test_neighbours_are_worked_and_strict(day: date) -> None:
    before, after = CALENDAR.previous_working_day(day), CALENDAR.next_working_day(day)
    assert before < day < after
    assert CALENDAR.is_working_day(before)
    assert CALENDAR.is_working_day(after)


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2026-09-24T08:29:59", False),
        ("2026-09-24T08:30:00", True),
        ("2026-09-24T17:29:59", True),
        ("2026-09-24T17:30:00", False),
        ("2026-09-25T10:00:00", False),
        ("2026-09-20T10:00:00", True),
    ],
)
def test_office_hours_edges(instant: str, inside: bool) -> None:
    assert HOURS.within(at(instant)) is inside


@pytest.mark.parametrize(
    ("instant", "opening"),
    [
        ("2026-09-24T12:00:00", "2026-09-24T12:00:00"),
        ("2026-09-24T07:00:00", "2026-09-24T08:30:00"),
        ("2026-09-24T17:30:00", "2026-09-28T08:30:00"),
        ("2026-09-25T07:00:00", "2026-09-28T08:30:00"),
        ("2026-12-31T18:00:00", "2027-01-04T08:30:00"),
    ],
)
def test_the_next_instant_within_hours(instant: str, opening: str) -> None:
    found = HOURS.next_within(at(instant))
    assert found == at(opening)
    assert found.tzinfo is UTC


def test_the_servers_zone_does_not_matter() -> None:
    """23:00 in New York, across its change of clocks, is noon or eleven in Shanghai."""
    new_york = ZoneInfo("America/New_York")
    for day, hour in ((date(2026, 10, 30), 11), (date(2026, 11, 3), 12)):
        instant = datetime.combine(day - timedelta(days=1), time(23), new_york)
        assert HOURS.local(instant).hour == hour
        assert HOURS.within(instant) is HOURS.calendar.is_working_day(HOURS.local(instant).date())


def test_wall_time_becomes_utc() -> None:
    assert HOURS.at(date(2026, 9, 24), time(17)) == datetime(2026, 9, 24, 9, tzinfo=UTC)
    assert HOURS.at(date(2026, 9, 24), time(17)).tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        HOURS.within(datetime.fromisoformat("2026-09-24T12:00"))


def test_hours_must_run_forward() -> None:
    with pytest.raises(ValueError, match="open before it closes"):
        OfficeHours(SHANGHAI, CALENDAR, time(17), time(8))


@pytest.mark.parametrize(
    ("a", "b", "hours"),
    [
        ("2026-09-24T10:00:00", "2026-09-24T12:00:00", 2),
        ("2026-09-24T16:30:00", "2026-09-28T09:30:00", 2),
        ("2026-09-25T00:00:00", "2026-09-28T00:00:00", 0),
        ("2026-09-24T00:00:00", "2026-09-25T00:00:00", 9),
        ("2026-09-24T12:00:00", "2026-09-24T10:00:00", 0),
        ("2026-09-28T10:00:00", "2026-09-24T10:00:00", 0),
    ],
)
def test_working_time(a: str, b: str, hours: int) -> None:
    assert HOURS.working_time_between(at(a), at(b)) == timedelta(hours=hours)


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_the_next_instant_is_within_and_never_earlier(instant: datetime) -> None:
    found = HOURS.next_within(instant)
    assert HOURS.within(found)
    assert found >= instant
    assert HOURS.working_time_between(instant, found) == timedelta()
