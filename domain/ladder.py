"""The ladder of reminders: which rungs of a report are due, which are skipped and why, and who gets one message.

A rung stands so many working days before or after the due day. The sweep asks at any moment; what it is told depends
only on its arguments, so an outage is caught up by asking again: the newest rung fires, older ones are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import StrEnum

from domain.calendar import OfficeHours


class Audience(StrEnum):
    UNIT = "unit"
    CENTRAL = "central"
    SECTION = "section"
    OFFICE = "office"


class Skip(StrEnum):
    """Why a rung does not fire; the ledger keeps the word."""

    PAST_AT_OPENING = "past_at_opening"
    SUPERSEDED = "superseded"
    AFTER_DUE = "after_due"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Rung:
    """`offset` in working days from the due day (negative: before), `at` on the bureau's clock."""

    key: str
    offset: int
    at: time
    audience: Audience


LADDER: tuple[Rung, ...] = (Rung("t-1", -1, time(9, 0), Audience.UNIT),)


@dataclass(frozen=True, slots=True)
class DueRung:
    """A rung whose hour has come. `send_at` is None when it is skipped; later than `now` when it is held."""

    rung: Rung
    fires_at: datetime
    send_at: datetime | None
    skip: Skip | None = None


def fires_at(rung: Rung, due_at: datetime, hours: OfficeHours) -> datetime:
    """The UTC instant of a rung for this effective due."""
    due_day = hours.local(due_at).date()
    return hours.at(hours.calendar.add(due_day, rung.offset), rung.at)


def due_rungs(
    rungs: Iterable[Rung], open_at: datetime, due_at: datetime, lock_at: datetime, now: datetime, hours: OfficeHours
) -> list[DueRung]:
    """What the ladder says of one report at `now`, in the order of firing; rungs still to come are left out.

    `open_at` is when this due came into force: the issue of the round, or the moment the deadline was moved. Whether
    anything is still owed, and what the ledger already holds, is the caller's question.
    """
    judged = [
        _judge(rung, instant, open_at, due_at, lock_at, now, hours)
        for rung in rungs
        if (instant := fires_at(rung, due_at, hours)) <= now
    ]
    return _only_newest(sorted(judged, key=lambda due: due.fires_at))


def _judge(
    rung: Rung,
    instant: datetime,
    open_at: datetime,
    due_at: datetime,
    lock_at: datetime,
    now: datetime,
    hours: OfficeHours,
) -> DueRung:
    send_at = hours.next_within(now)
    if instant <= open_at:
        return DueRung(rung, instant, None, Skip.PAST_AT_OPENING)
    if instant < due_at <= send_at:
        return DueRung(rung, instant, None, Skip.AFTER_DUE)
    if send_at >= lock_at:
        return DueRung(rung, instant, None, Skip.LOCKED)
    return DueRung(rung, instant, send_at)


def _only_newest(judged: Sequence[DueRung]) -> list[DueRung]:
    """Per audience, only the last of those that may fire does."""
    newest = {due.rung.audience: due for due in judged if due.skip is None}
    return [
        due if due.skip or due is newest[due.rung.audience] else replace(due, send_at=None, skip=Skip.SUPERSEDED)
        for due in judged
    ]


@dataclass(frozen=True, slots=True)
class Nudge:
    """One rung of one report for one person."""

    person_id: int
    round_id: int
    unit_id: int
    rung: str
    due_at: datetime
    send_at: datetime


@dataclass(frozen=True, slots=True)
class Merged:
    """One message for one person, the report due first in front."""

    person_id: int
    send_at: datetime
    nudges: tuple[Nudge, ...]


def merge(nudges: Iterable[Nudge]) -> list[Merged]:
    """One message per person, at the earliest of the instants; a report named twice is named once."""
    people: dict[int, dict[tuple[int, int], Nudge]] = {}
    for nudge in sorted(nudges, key=_order):
        people.setdefault(nudge.person_id, {}).setdefault((nudge.round_id, nudge.unit_id), nudge)
    return list(_messages(people))


def _messages(people: dict[int, dict[tuple[int, int], Nudge]]) -> Iterator[Merged]:
    for person_id, reports in people.items():
        nudges = tuple(reports.values())
        yield Merged(person_id, min(nudge.send_at for nudge in nudges), nudges)


def _order(nudge: Nudge) -> tuple[int, datetime, int, int, str]:
    return (nudge.person_id, nudge.due_at, nudge.round_id, nudge.unit_id, nudge.rung)
