"""What goes into a digest and what comes out: plain rows, and the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, TypeAdapter

from domain.indicators import Indicator, Value
from domain.moved import Moved
from domain.progress import Counts, State, Timeliness

VERSION: Literal[1] = 1

Id = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""64 bits: a string in JSON (design 5)."""


class SumMismatch(ValueError):
    """The counts do not add up to the frozen roster: rows are missing, doubled or of another round."""


class DraftState(StrEnum):
    UNTOUCHED = "untouched"
    HALF = "half"
    COMPLETE = "complete"


class Reach(StrEnum):
    """Whether the bot can reach the unit: someone bound, someone bound but unreachable, nobody bound."""

    ONLINE = "online"
    UNREACHABLE = "unreachable"
    UNBOUND = "unbound"


class Chase(StrEnum):
    """What there is to do about an outstanding report; each is in exactly one, in the order of doing."""

    UNSENT = "已填未提交"
    HALF = "填了一半"
    UNOPENED = "没打开"
    UNREACHABLE = "联系不上"
    UNBOUND = "未开通"


_CHASE_BY_REACH = {Reach.UNREACHABLE: Chase.UNREACHABLE, Reach.UNBOUND: Chase.UNBOUND}
_CHASE_BY_DRAFT = {
    DraftState.COMPLETE: Chase.UNSENT,
    DraftState.HALF: Chase.HALF,
    DraftState.UNTOUCHED: Chase.UNOPENED,
}


def chase_of(draft: DraftState, reach: Reach) -> Chase:
    """Being out of reach comes first: a reminder would not arrive, whatever the draft holds."""
    return _CHASE_BY_REACH.get(reach) or _CHASE_BY_DRAFT[draft]


class Audience(StrEnum):
    DIRECTOR = "director"
    OFFICE = "office"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Head:
    """`zone` is the bureau's, as an IANA name."""

    serial: int
    as_of: datetime
    zone: str
    bureau: str
    campaign: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One round of one task; `roster` is how many reports were made when it was issued, `section_id` who leads."""

    round_id: int
    task_id: int
    name: str
    label: str
    period_from: date
    period_to: date
    due_at: datetime
    grace_until: datetime
    section_id: int | None
    section: str
    roster: int
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report. `due_at` and `grace_until` only where an extension overrides the round's, `due_then` and `grace_then`
    those in force when it came; `person` is the 称呼."""

    round_id: int
    unit_id: int
    unit: str
    township: str
    state: State
    first_received_at: datetime | None
    person: str = ""
    phone: str = ""
    draft: DraftState = DraftState.UNTOUCHED
    reach: Reach = Reach.ONLINE
    due_at: datetime | None = None
    grace_until: datetime | None = None
    in_backlog: bool = False
    due_then: datetime | None = None
    grace_then: datetime | None = None
    nil: bool = False


@dataclass(frozen=True, slots=True)
class AnswerRow:
    round_id: int
    unit_id: int
    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class YesNo:
    key: str
    name: str
    yes: int
    no: int
    kind: Literal["yes_no"] = "yes_no"

    @property
    def answered(self) -> int:
        return self.yes + self.no


@dataclass(frozen=True, slots=True)
class Sum:
    key: str
    name: str
    unit: str
    amount: Decimal
    answered: int
    kind: Literal["sum"] = "sum"


@dataclass(frozen=True, slots=True)
class Share:
    """done of total over all who answered."""

    key: str
    name: str
    unit: str
    done: int
    total: int
    answered: int
    kind: Literal["share"] = "share"

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.done, self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each choice was given, in the questionnaire's order; several choices of one unit count each."""

    key: str
    name: str
    choices: tuple[tuple[str, int], ...]
    answered: int
    kind: Literal["tally"] = "tally"


@dataclass(frozen=True, slots=True)
class Spread:
    """For percentages and durations, which are never added up; None when nobody answered."""

    key: str
    name: str
    unit: str
    median: Decimal | None
    low: Decimal | None
    high: Decimal | None
    answered: int
    kind: Literal["spread"] = "spread"


Total = Annotated[YesNo | Sum | Share | Tally | Spread, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Undone:
    """A unit that honestly reported 未开展, and the day it plans to make up for it."""

    key: str
    unit_id: Id
    unit: str
    township: str
    planned: date | None


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A unit from which nothing has come: `timeliness` is awaited or missing."""

    unit_id: Id
    unit: str
    township: str
    person: str
    phone: str
    draft: DraftState
    reach: Reach
    timeliness: Timeliness

    @property
    def chase(self) -> Chase:
        return chase_of(self.draft, self.reach)


@dataclass(frozen=True, slots=True)
class Township:
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class TaskDigest:
    """One round of one task. `accepted` of the received were checked by the section; `in_backlog` of them waited while
    our line was down. `nil` are 零报告 said on purpose, `noughts` units whose numbers are all 0 without it."""

    round_id: Id
    task_id: Id
    name: str
    label: str
    period_from: date
    period_to: date
    due_at: datetime
    grace_until: datetime
    section_id: Id | None
    section: str
    counts: Counts
    accepted: int
    townships: tuple[Township, ...]
    totals: tuple[Total, ...]
    undone: tuple[Undone, ...]
    outstanding: tuple[Outstanding, ...]
    in_backlog: int = 0
    nil: int = 0
    noughts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interruption:
    """线路中断: an outage of ours that moved the deadline of a task for so many reports; `undone` by the office."""

    since: datetime
    until: datetime
    task: str
    section_id: Id | None
    reports: int
    due_at: datetime
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """改动: what the bureau changed about a round, in words."""

    section_id: Id | None
    text: str


@dataclass(frozen=True, slots=True)
class ForBulletin:
    """拟列入通报: the units of a task that the ladder has noted for the draft of the next 通报, still owed."""

    section_id: Id | None
    task: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """`counts` are reports (份) over all tasks, not units; `moved` is what was corrected since the last one."""

    serial: int
    as_of: datetime
    zone: str
    bureau: str
    campaign: str
    counts: Counts
    tasks: tuple[TaskDigest, ...]
    moved: tuple[Moved, ...] = ()
    interruptions: tuple[Interruption, ...] = ()
    changed: tuple[Changed, ...] = ()
    bulletin: tuple[ForBulletin, ...] = ()
    v: Literal[1] = VERSION

    def to_json(self) -> dict[str, object]:
        stored: dict[str, object] = _adapter().dump_python(self, mode="json")
        return stored

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> Digest:
        """ValueError (pydantic's ValidationError) for a shape or version this release does not know."""
        return _adapter().validate_python(stored)


@cache
def _adapter() -> TypeAdapter[Digest]:
    return TypeAdapter(Digest)
