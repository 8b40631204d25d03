"""What a unit may ask for: days for an extension, timeliness by it; corrections as lines of a digest."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import OfficeHours
from domain.moved import Moved, moved_lines
from domain.progress import State, Timeliness, timeliness
from domain.requests import days_to_choose, extended_due
from tests.cast import ZONE, at

HOURS = OfficeHours(ZONE)
DUE, LOCK = at("2026-11-25 17:00"), at("2026-12-02 17:00")


@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("2026-11-24", None),
        ("2026-11-25", None),
        ("2026-11-26", "2026-11-26 17:00"),
        ("2026-11-28", "2026-11-28 17:00"),
        ("2026-12-01", "2026-12-01 17:00"),
        ("2026-12-02", None),
        ("2027-11-26", None),
    ],
)
def test_after_the_due_and_before_the_lock(day: str, until: str | None) -> None:
    assert extended_due(date.fromisoformat(day), DUE, LOCK, HOURS) == (at(until) if until else None)


def test_only_working_days_are_offered() -> None:
    days = [day.isoformat() for day in days_to_choose(DUE, LOCK, HOURS, DUE)]
    assert days == ["2026-11-26", "2026-11-27", "2026-11-30", "2026-12-01"]
    assert days_to_choose(DUE, DUE + timedelta(hours=1), HOURS, DUE) == ()
    late = [day.isoformat() for day in days_to_choose(DUE, LOCK, HOURS, at("2026-11-27 17:00"))]
    assert late == ["2026-11-30", "2026-12-01"]


@given(st.integers(-40, 40), st.integers(0, 30))
def test_what_is_offered_may_be_asked_for(offset: int, length: int) -> None:
    due, lock = DUE + timedelta(days=offset), DUE + timedelta(days=offset + length)
    for day in days_to_choose(due, lock, HOURS, due):
        until = extended_due(day, due, lock, HOURS)
        assert until is not None
        assert due < until < lock


@pytest.mark.parametrize(
    ("received", "standing"),
    [
        ("2026-11-27 16:59:59", Timeliness.ON_TIME),
        ("2026-11-27 17:00:00", Timeliness.ON_TIME),
        ("2026-11-27 17:00:01", Timeliness.LATE),
    ],
)
def test_timeliness_by_the_extended_due(received: str, standing: Timeliness) -> None:
    """The grace of the round is over by then: an extension leaves none of its own."""
    until, grace = at("2026-11-27 17:00"), max(at("2026-11-26 12:00"), at("2026-11-27 17:00"))
    assert timeliness(State.SUBMITTED, at(received), until, grace, LOCK) is standing


def test_an_extended_report_is_awaited_until_its_own_due() -> None:
    until = at("2026-11-27 17:00")
    judge = lambda now: timeliness(State.PENDING, None, until, until, now)  # noqa: E731
    assert judge(DUE + timedelta(seconds=1)) is Timeliness.AWAITED
    assert judge(until) is Timeliness.AWAITED
    assert judge(until + timedelta(seconds=1)) is Timeliness.MISSING
    assert isinstance(until, datetime)


def _moved(number: int, *, late: bool = False) -> Moved:
    return Moved("11月演练", 1, f"学校{number}", ("学生520人→518人", "用时110秒→120秒"), "录入有误", late)


def test_corrections_as_lines() -> None:
    assert moved_lines([], 2) == []
    assert moved_lines([_moved(1), _moved(2, late=True)], 2) == [
        "上期以来更正2份:",
        "1. 学校1 11月演练:学生520人→518人,用时110秒→120秒(录入有误)",
        "2. 学校2 11月演练补报:学生520人→518人,用时110秒→120秒",
    ]
    assert moved_lines([_moved(n) for n in range(5)], 2)[-1] == "等5份。"
