"""The ladder of reminders: which rungs of a report are due, and which are skipped and why.

A rung stands so many working days before or after the due day. The sweep asks at any moment; what it is told depends
only on its arguments, so an outage is caught up by asking again: the newest rung fires, older ones are skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain import defaults
from domain.calendar import OfficeHours


class Audience(StrEnum):
    """Whom a rung speaks to. `bulletin`: nobody; it is noted for the draft of the next 通报."""

    UNIT = "unit"
    CENTRAL = "central"
    SECTION = "section"
    OFFICE = "office"
    BULLETIN = "bulletin"

    @property
    def chases(self) -> bool:
        """It nags whoever owes the report; the others are told so that they can act."""
        return self in (Audience.UNIT, Audience.CENTRAL)


class Skip(StrEnum):
    """Why a rung does not fire; the ledger keeps the word."""

    PAST_AT_OPENING = "past_at_opening"
    SUPERSEDED = "superseded"
    AFTER_DUE = "after_due"
    LOCKED = "locked"
    CHASED = "chased"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Rung:
    """`offset` in working days from the due day (negative: before), `at` on the bureau's clock; or `after` so long
    after the due instant itself. `words` stand in front of the message instead of the usual ones."""

    key: str
    offset: int
    at: time
    audience: Audience
    after: timedelta | None = None
    words: str = ""

    @property
    def is_replaced_by_chase(self) -> bool:
        """A person of the bureau who chased that day has said what it would say."""
        return self.audience is Audience.UNIT and self.offset == 0 and self.at >= NOON


NOON = time(12, 0)
MORNING, AFTERNOON = time(9, 0), time(15, 0)
LIST_AFTER = defaults.LIST_AFTER
LIST, CHASE, LATE_COPIED = "list", "chase", "late-1"
"""The bureau's list at the deadline, a person's own chase, and the rung of which the central school gets a copy."""


def chase_on(day: date) -> str:
    """The rung of a person's own chase: one a day."""
    return f"{CHASE}-{day:%m%d}"


def is_for_late(rung: str) -> bool:
    """It still makes sense after the deadline."""
    return not rung.lower().startswith(("t-", "due-"))


LADDER: tuple[Rung, ...] = (
    Rung("t-3", -3, MORNING, Audience.UNIT),
    Rung("t-1", -1, MORNING, Audience.UNIT),
    Rung("due-morning", 0, MORNING, Audience.UNIT),
    Rung("due-afternoon", 0, AFTERNOON, Audience.UNIT),
    Rung(LIST, 0, MORNING, Audience.OFFICE, after=LIST_AFTER),
    Rung(LIST, 0, MORNING, Audience.SECTION, after=LIST_AFTER),
    Rung("late-1", 1, MORNING, Audience.UNIT),
    Rung("late-1", 1, MORNING, Audience.CENTRAL),
    Rung("late-2", 2, MORNING, Audience.OFFICE),
    Rung("late-3", 3, MORNING, Audience.BULLETIN),
)
"""The ladder of a task that has none of its own."""


class LadderError(ValueError):
    """A task's own ladder says what cannot be meant; the message names the rung."""


def ladder_of(own: Mapping[str, object] | None) -> tuple[Rung, ...]:
    """The usual ladder with what a task has of its own: by rung `false`, "14:00", or `{at, audience, words}`.

    Raises LadderError.
    """
    if not own:
        return LADDER
    known = {rung.key for rung in LADDER}
    if strange := sorted(set(own) - known):
        raise LadderError(f"没有“{strange[0]}”这一级,可用:{'、'.join(dict.fromkeys(rung.key for rung in LADDER))}")
    return tuple(changed for rung in LADDER for changed in _own(rung, own.get(rung.key, True)))


def _own(rung: Rung, said: object) -> Iterator[Rung]:
    """None, one, or the rung for each audience that is named."""
    if said is True:
        yield rung
    elif isinstance(said, str):
        yield replace(rung, at=_wall(rung.key, said))
    elif isinstance(said, Mapping):
        if unknown := sorted(set(said) - {"at", "audience", "words"}):
            raise LadderError(f"{rung.key}:没有“{unknown[0]}”这一项,可用 at、audience、words")
        if rung.audience.value in _audiences(rung, said.get("audience")):
            at = _wall(rung.key, str(said["at"])) if "at" in said else rung.at
            yield replace(rung, at=at, words=str(said.get("words", "")))
    elif said is not False:
        raise LadderError(f'{rung.key}:请写 false、时间如 "14:00",或 at、audience、words')


def _audiences(rung: Rung, named: object) -> frozenset[str]:
    if named is None:
        return frozenset({rung.audience.value})
    wanted = frozenset(named if isinstance(named, list | tuple) else [named])
    if not wanted <= (may := {one.audience.value for one in LADDER if one.key == rung.key}):
        raise LadderError(f"{rung.key}:audience 可用 {'、'.join(sorted(may))}")
    return wanted


def _wall(key: str, text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise LadderError(f"{key}:“{text}”不是时间,请写如 14:00") from error


@dataclass(frozen=True, slots=True)
class DueRung:
    """A rung whose hour has come. `send_at` is None when it is skipped; later than `now` when it is held."""

    rung: Rung
    fires_at: datetime
    send_at: datetime | None
    skip: Skip | None = None


def fires_at(rung: Rung, due_at: datetime, hours: OfficeHours) -> datetime:
    """The UTC instant of a rung for this effective due."""
    if rung.after is not None:
        return (due_at + rung.after).astimezone(UTC)
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
    send_at = hours.next_within(now) if rung.audience.chases else _when_told(instant, now, hours)
    if instant <= open_at:
        return DueRung(rung, instant, None, Skip.PAST_AT_OPENING)
    if instant < due_at <= send_at:
        return DueRung(rung, instant, None, Skip.AFTER_DUE)
    if send_at >= lock_at:
        return DueRung(rung, instant, None, Skip.LOCKED)
    return DueRung(rung, instant, send_at)


def _when_told(instant: datetime, now: datetime, hours: OfficeHours) -> datetime:
    """The bureau waits for its list at the deadline: it comes at once, unless we are so late that it is night."""
    return now if now - instant < AT_ONCE else hours.next_within(now)


AT_ONCE = timedelta(hours=1)


def _only_newest(judged: Sequence[DueRung]) -> list[DueRung]:
    """Per audience, only the last of those that may fire does."""
    newest = {due.rung.audience: due for due in judged if due.skip is None}
    return [
        due if due.skip or due is newest[due.rung.audience] else replace(due, send_at=None, skip=Skip.SUPERSEDED)
        for due in judged
    ]
