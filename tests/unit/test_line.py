"""Which deadlines an outage hits, where they move, and when people hear of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.line import Gap, is_hit, lost, moved_due, tell_at, undone_due
from tests.cast import HOURS, at

DUE = at("2026-11-25 17:00")
SATURDAY, MONDAY = "2026-11-28", "2026-11-30"


def gaps(*spans: str) -> list[Gap]:
    return [Gap(*(at(f"2026-11-25 {wall}") for wall in span.split("-"))) for span in spans]


@pytest.mark.parametrize(
    ("spans", "minutes", "hit"),
    [
        (("15:00-15:15",), 15, False),
        (("15:00-15:16",), 16, True),
        (("13:00-14:10",), 10, False),  # the last three hours begin at 14:00
        (("13:00-14:16",), 16, True),
        (("16:50-17:30",), 10, False),
        (("16:40-23:00",), 20, True),
        (("17:00-18:00",), 0, False),
        (("14:10-14:18", "15:00-15:05", "16:00-16:03"), 16, True),  # short ones add up
    ],
)
def test_more_than_fifteen_minutes_of_the_last_three_hours(spans: tuple[str, ...], minutes: int, hit: bool) -> None:
    assert lost(gaps(*spans), DUE) == timedelta(minutes=minutes)
    assert is_hit(gaps(*spans), DUE) is hit


@pytest.mark.parametrize(
    ("due", "back", "moved"),
    [
        ("2026-11-25 17:00", "2026-11-25 17:20", "2026-11-26 12:00"),
        ("2026-11-25 17:00", "2026-11-26 09:00", "2026-11-26 12:00"),  # three hours are left
        ("2026-11-25 17:00", "2026-11-26 09:01", "2026-11-27 12:00"),
        ("2026-11-27 17:00", "2026-11-27 18:00", "2026-11-30 12:00"),  # a Friday
        ("2026-09-30 17:00", "2026-09-30 17:40", "2026-10-08 12:00"),  # the week of the national day
        ("2026-11-27 17:00", "2026-12-07 08:00", "2026-12-07 12:00"),
    ],
)
def test_the_next_working_day_at_noon(due: str, back: str, moved: str) -> None:
    assert moved_due(at(due), at(back), HOURS) == at(moved)


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ("2026-11-25 16:00", "2026-11-25 17:00"),
        ("2026-11-25 17:05", "2026-11-25 17:30"),
        ("2026-11-25 20:00", None),  # the end of the next working day is later than noon
        ("2026-11-26 09:00", None),
    ],
)
def test_taken_back_nobody_becomes_late(now: str, holds: str | None) -> None:
    assert undone_due(DUE, at("2026-11-26 12:00"), at(now), HOURS) == (at(holds) if holds else None)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-25 16:00", None),
        ("2026-11-25 20:59", None),
        ("2026-11-25 21:00", "2026-11-26 08:30"),
        ("2026-11-25 23:00", "2026-11-26 08:30"),
        ("2026-11-26 03:00", "2026-11-26 08:30"),
        (f"{SATURDAY} 10:00", f"{MONDAY} 08:30"),
    ],
)
def test_told_by_day_on_working_days(now: str, told: str | None) -> None:
    assert tell_at(at(now), HOURS) == (at(told) if told else None)
