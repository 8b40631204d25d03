"""An outage of our line: which deadlines it moves, to when, and when people are told. Nobody is late because of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.calendar import OfficeHours

NEAR = timedelta(hours=3)
"""The last hours before a deadline: they belong to those who are awaited."""
LONG = timedelta(minutes=15)
"""So much of them may be lost before the deadline moves; several short outages add up."""
SHORTEST = timedelta(minutes=1)
"""A gap between heartbeats that is no outage: a long poll and its pauses."""
NOON = time(12, 0)
EVENING = time(21, 0)


@dataclass(frozen=True, slots=True)
class Gap:
    since: datetime
    until: datetime


def lost(gaps: Iterable[Gap], due_at: datetime) -> timedelta:
    """How much of the last hours before this deadline was lost; the gaps do not overlap."""
    first = due_at - NEAR
    return sum((max(timedelta(), min(gap.until, due_at) - max(gap.since, first)) for gap in gaps), timedelta())


def is_hit(gaps: Iterable[Gap], due_at: datetime) -> bool:
    return lost(gaps, due_at) > LONG


def touches(gap: Gap, due_at: datetime) -> bool:
    return lost([gap], due_at) > timedelta()


def moved_due(due_at: datetime, back_at: datetime, hours: OfficeHours) -> datetime:
    """The next working day at noon; a day later where the line came back less than `NEAR` before that."""
    day = hours.calendar.next_working_day(hours.local(due_at).date())
    while hours.at(day, NOON) < back_at + NEAR:
        day = hours.calendar.next_working_day(day)
    return hours.at(day, NOON)


def undone_due(old_due: datetime, moved_to: datetime, now: datetime, hours: OfficeHours) -> datetime | None:
    """What holds once the office takes the move back: the old deadline, or where that is past the end of this working
    day, because nobody becomes late afterwards. None where that is no earlier than what was promised."""
    if now < old_due:
        return min(old_due, moved_to)
    day = hours.local(hours.next_within(now)).date()
    ends = hours.at(day, hours.closes)
    return ends if ends < moved_to else None


def tell_at(now: datetime, hours: OfficeHours) -> datetime | None:
    """When to say that a deadline moved: at once (None) on a working day until evening, else at the next opening."""
    local = hours.local(now)
    awake = hours.opens <= local.time() < EVENING and hours.calendar.is_working_day(local.date())
    return None if awake else hours.next_within(now)
