"""What may be asked of a unit, and which values answer it.

An `Indicator` is a question as the campaign defines it. A `Question` is the same question put to one unit on one
day: limits resolved to numbers and days, the registered total and last time's value beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    BOOL = "bool"
    INT = "int"
    NUMBER = "number"
    PERCENT = "percent"
    RATIO = "ratio"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXT = "text"
    PHOTO = "photo"
    ROWS = "rows"


class Nature(StrEnum):
    """`stock` 时点数 may be carried over from last time; `flow` 时期数 never is (design 1)."""

    STOCK = "stock"
    FLOW = "flow"


class Basic(StrEnum):
    """A registered basic of a unit (在册数)."""

    STUDENTS = "students"
    STAFF = "staff"
    CLASSES = "classes"


@dataclass(frozen=True, slots=True)
class Ratio:
    """done of total, both counted in the indicator's unit."""

    done: int
    total: int


Value = bool | int | Decimal | Ratio | date | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnlyIf:
    """A dependent question: asked only when the answer to `key` is `equals`, or (`incomplete`) when done < total."""

    key: str
    equals: bool | str | None = None
    incomplete: bool = False

    def holds(self, answer: Value | None) -> bool:
        if answer is None:
            return False
        if self.incomplete:
            return isinstance(answer, Ratio) and answer.done < answer.total
        return answer == self.equals


@dataclass(frozen=True, slots=True)
class Indicator:
    """One question of a task.

    `scale` is the number of decimals kept (0 for counts); `minimum`/`maximum` are in `unit`. `limit_from` caps a
    count at 110 % of that basic; `total_from` names the basic that is a ratio's registered total. `earliest` and
    `latest` are "today", "period_from", "period_to" or an ISO day. `soft_maximum`,
    `soft_minimum`, `not_falling` (a cumulative number) and `jump` (so many times last time's) ask once, refuse nothing.
    `columns` are the questions of one row of a repeating group 逐次 (`rows`), of which boarding schools usually have
    `boarding_minimum`; `row` numbers the questions that `domain.groups.expand` makes of it.
    `sets` is the registered basic that a submitted answer brings up to date 在册数核对.
    `yes` and `no` are the words for a bool (已开展, 未开展); `hint` is a reply to fill in, without figures.
    """

    key: str
    label: str
    kind: Kind
    nature: Nature
    unit: str = ""
    scale: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    soft_maximum: Decimal | None = None
    soft_minimum: Decimal | None = None
    not_falling: bool = False
    jump: Decimal | None = None
    limit_from: Basic | None = None
    total_from: Basic | None = None
    sets: Basic | None = None
    earliest: str | None = None
    latest: str | None = None
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    required: bool = True
    only_if: OnlyIf | None = None
    short: str = ""
    yes: str = "是"
    no: str = "否"
    hint: str = ""
    help: str = ""
    used_by: str = ""
    columns: tuple[Indicator, ...] = ()
    boarding_minimum: Decimal | None = None
    row: int = 0

    @property
    def name(self) -> str:
        """The short label where there is one: for cards and lists."""
        return self.short or self.label


@dataclass(frozen=True, slots=True)
class Question:
    """An indicator as it is put to one unit on one day; what `domain.understanding` reads a reply against.

    `total` is the registered total (a ratio's denominator, or what 全部 means for a count); `previous` is the value
    of the last period, given only where it may be referred to (同上, 无变化). `words` are further names of it.
    `period_to` is the last day of the period asked about: in a late report 本月 is its month, not today's.
    """

    key: str
    label: str
    kind: Kind
    unit: str = ""
    scale: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    earliest: date | None = None
    latest: date | None = None
    total: int | None = None
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    previous: Value | None = None
    period_to: date | None = None


Values = dict[str, Value]
"""Answers by indicator key."""


@dataclass(frozen=True, slots=True)
class Basics:
    """Registered basics (在册数) of a unit; None where the roster does not know."""

    students: int | None = None
    staff: int | None = None
    classes: int | None = None

    def get(self, basic: Basic | None) -> int | None:
        return getattr(self, basic.value) if basic else None


@dataclass(frozen=True, slots=True)
class Setting:
    """What a question depends on besides the indicator: the unit's basics, the period, the day, last time's values."""

    basics: Basics
    period_from: date
    period_to: date
    today: date
    previous: Values = field(default_factory=dict)
    boarding: bool = False


def put(indicator: Indicator, setting: Setting) -> Question:
    """The question as it is put to this unit today."""
    return Question(
        key=indicator.key,
        label=indicator.label,
        kind=indicator.kind,
        unit=indicator.unit,
        scale=indicator.scale,
        minimum=indicator.minimum,
        maximum=_maximum(indicator, setting.basics),
        earliest=_bound(indicator.earliest, setting),
        latest=_bound(indicator.latest, setting),
        total=setting.basics.get(indicator.total_from or indicator.limit_from),
        choices=indicator.choices,
        words=tuple(dict.fromkeys((*indicator.words, *((indicator.short,) if indicator.short else ())))),
        previous=setting.previous.get(indicator.key) if indicator.nature is Nature.STOCK else None,
        period_to=setting.period_to,
    )


def _maximum(indicator: Indicator, basics: Basics) -> Decimal | None:
    registered = basics.get(indicator.limit_from)
    if registered is None:
        return indicator.maximum
    cap = Decimal(registered * 11 // 10)
    return cap if indicator.maximum is None else min(cap, indicator.maximum)


def _bound(bound: str | None, setting: Setting) -> date | None:
    match bound:
        case None:
            return None
        case "today":
            return setting.today
        case "period_from":
            return setting.period_from
        case "period_to":
            return min(setting.period_to, setting.today)
        case _:
            return date.fromisoformat(bound)


def applicable(indicators: tuple[Indicator, ...], values: Values) -> tuple[Indicator, ...]:
    """The indicators that apply given the answers so far; a dependent of an unanswered question does not yet."""
    return tuple(i for i in indicators if i.only_if is None or i.only_if.holds(values.get(i.only_if.key)))


def missing(indicators: tuple[Indicator, ...], values: Values) -> tuple[Indicator, ...]:
    """What is still to be answered, in the task's order."""
    return tuple(i for i in applicable(indicators, values) if i.required and i.key not in values)


def pruned(indicators: tuple[Indicator, ...], values: Values) -> Values:
    """The values without answers to questions that no longer apply (演练 turned from 已 into 未开展)."""
    kept = dict(values)
    while True:
        keys = {i.key for i in applicable(indicators, kept)}
        smaller = {key: value for key, value in kept.items() if key in keys}
        if len(smaller) == len(kept):
            return smaller
        kept = smaller


def fits(question: Question, value: Value) -> bool:
    """May this value stand as the answer today (limits, days, choices)? For values that nobody typed just now."""
    match value:
        case bool():
            return question.kind is Kind.BOOL
        case Ratio(done, total):
            return done <= total
        case int() | Decimal():
            low, high = question.minimum, question.maximum
            return (low is None or value >= low) and (high is None or value <= high)
        case date():
            first, last = question.earliest, question.latest
            return (first is None or value >= first) and (last is None or value <= last)
        case str():
            return not question.choices or value in question.choices
        case tuple():
            return set(value) <= set(question.choices)
