"""The digest 汇总: an as-of snapshot from which every rendering takes its numbers.

`build` turns plain rows into a `Digest` and proves that every sum holds; `Digest.to_json` is what is stored. A
snapshot never changes after it was sent, so renderings take only the `Digest` and no clock. Text is plain: a view
escapes it for its own markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from statistics import median
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, PlainSerializer, TypeAdapter

from domain import wording
from domain.groups import rows_of
from domain.indicators import Indicator, Kind, Ratio, Value
from domain.progress import Counts, State, Timeliness, timeliness, total

VERSION: Literal[1] = 1

Id = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""64 bits: a string in JSON (design 5)."""

_MEASURES = frozenset({"秒", "分", "分钟", "小时", "学时"})  # durations: a sum of them over schools means nothing
_NAMED = 12  # units named per kind of outstanding before a list says 等


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


class Audience(StrEnum):
    DIRECTOR = "director"
    OFFICE = "office"
    SECTION = "section"


# --- what goes in -------------------------------------------------------------------------------------------------


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
    """One report. `due_at` and `grace_until` only where an extension overrides the round's; `person` is the 称呼."""

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


@dataclass(frozen=True, slots=True)
class AnswerRow:
    round_id: int
    unit_id: int
    key: str
    value: Value


# --- what comes out -----------------------------------------------------------------------------------------------


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
        """Being out of reach comes first: a reminder would not arrive, whatever the draft holds."""
        return _CHASE_BY_REACH.get(self.reach) or _CHASE_BY_DRAFT[self.draft]


@dataclass(frozen=True, slots=True)
class Township:
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class TaskDigest:
    """One round of one task. `accepted` of the received were checked by the section."""

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


@dataclass(frozen=True, slots=True)
class Digest:
    """`counts` are reports (份) over all tasks, not units."""

    serial: int
    as_of: datetime
    zone: str
    bureau: str
    campaign: str
    counts: Counts
    tasks: tuple[TaskDigest, ...]
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


# --- building -----------------------------------------------------------------------------------------------------


def build(head: Head, tasks: Iterable[TaskRow], reports: Iterable[ReportRow], answers: Iterable[AnswerRow]) -> Digest:
    """The snapshot as of `head.as_of`, in the order of the rows.

    Answers count while their report stands: not when it is pending, exempt, or returned and not yet resubmitted.
    SumMismatch when a task's reports are not exactly its roster, or a report belongs to none of the tasks.
    """
    by_round = _grouped(reports)
    values = _values(answers)
    built = tuple(_task(head, task, by_round.pop(task.round_id, []), values) for task in tasks)
    if by_round:
        raise SumMismatch(f"reports of rounds that are not in this digest: {sorted(by_round)}")
    return Digest(
        serial=head.serial,
        as_of=head.as_of,
        zone=head.zone,
        bureau=head.bureau,
        campaign=head.campaign,
        counts=total(task.counts for task in built),
        tasks=built,
    )


def _grouped(reports: Iterable[ReportRow]) -> dict[int, list[ReportRow]]:
    by_round: dict[int, list[ReportRow]] = {}
    for report in reports:
        by_round.setdefault(report.round_id, []).append(report)
    return by_round


def _values(answers: Iterable[AnswerRow]) -> dict[tuple[int, int], dict[str, Value]]:
    by_report: dict[tuple[int, int], dict[str, Value]] = {}
    for answer in answers:
        by_report.setdefault((answer.round_id, answer.unit_id), {})[answer.key] = answer.value
    return by_report


def _task(
    head: Head, row: TaskRow, reports: Sequence[ReportRow], values: Mapping[tuple[int, int], dict[str, Value]]
) -> TaskDigest:
    judged = [(report, _timeliness(report, row, head.as_of)) for report in reports]
    townships = _townships(judged)
    counts = total(township.counts for township in townships)
    _prove(row, reports, counts)
    standing = [report for report in reports if report.state in (State.SUBMITTED, State.ACCEPTED)]
    given = [(report, values.get((row.round_id, report.unit_id), {})) for report in standing]
    return TaskDigest(
        round_id=row.round_id,
        task_id=row.task_id,
        name=row.name,
        label=row.label,
        period_from=row.period_from,
        period_to=row.period_to,
        due_at=row.due_at,
        grace_until=row.grace_until,
        section_id=row.section_id,
        section=row.section,
        counts=counts,
        accepted=sum(report.state is State.ACCEPTED for report in reports),
        townships=townships,
        totals=_totals(row.indicators, [answers for _, answers in given]),
        undone=_undone(row.indicators, given),
        outstanding=_outstanding(judged),
    )


def _timeliness(report: ReportRow, task: TaskRow, now: datetime) -> Timeliness:
    due_at = report.due_at or task.due_at
    grace_until = max(report.grace_until or task.grace_until, due_at)
    return timeliness(report.state, report.first_received_at, due_at, grace_until, now)


def _townships(judged: Sequence[tuple[ReportRow, Timeliness]]) -> tuple[Township, ...]:
    grouped: dict[str, list[tuple[Timeliness, bool]]] = {}
    for report, standing in judged:
        grouped.setdefault(report.township, []).append((standing, report.state is State.RETURNED))
    return tuple(Township(name, Counts.tally(reports)) for name, reports in grouped.items())


def _prove(row: TaskRow, reports: Sequence[ReportRow], counts: Counts) -> None:
    units = {report.unit_id for report in reports}
    if not row.roster == counts.roster == len(units):
        raise SumMismatch(
            f"{row.name} {row.label}: the roster has {row.roster} units, "
            f"but there are {len(reports)} reports of {len(units)} units, counted {counts.roster}"
        )


def _outstanding(judged: Sequence[tuple[ReportRow, Timeliness]]) -> tuple[Outstanding, ...]:
    """In the order of what is to be done."""
    found = [
        Outstanding(r.unit_id, r.unit, r.township, r.person, r.phone, r.draft, r.reach, standing)
        for r, standing in judged
        if standing in (Timeliness.AWAITED, Timeliness.MISSING)
    ]
    order = list(Chase)
    return tuple(sorted(found, key=lambda one: order.index(one.chase)))


def _totals(indicators: Sequence[Indicator], given: Sequence[Mapping[str, Value]]) -> tuple[Total, ...]:
    found = (one for i in indicators for one in _totals_of(i, given))
    return tuple(one for one in found if one is not None)


def _totals_of(indicator: Indicator, given: Sequence[Mapping[str, Value]]) -> Iterator[Total | None]:
    if indicator.kind is not Kind.ROWS:
        yield _total(indicator, [answers[indicator.key] for answers in given if indicator.key in answers])
        return
    by_unit = [rows_of(indicator, answers) for answers in given]
    rows = [row for unit in by_unit for row in unit]
    yield Sum(indicator.key, indicator.name, "次", Decimal(len(rows)), sum(bool(unit) for unit in by_unit))
    for column in indicator.columns:
        yield _total(column, [row[column.key] for row in rows if column.key in row])


def _total(indicator: Indicator, values: Sequence[Value]) -> Total | None:
    """None for kinds that have no total: days, texts, photos."""
    match indicator.kind:
        case Kind.BOOL:
            yes = sum(value is True for value in values)
            return YesNo(indicator.key, indicator.name, yes, len(values) - yes)
        case Kind.RATIO:
            return _share(indicator, [value for value in values if isinstance(value, Ratio)])
        case Kind.CHOICE | Kind.CHOICES:
            return _tally(indicator, values)
        case Kind.INT | Kind.NUMBER | Kind.PERCENT:
            numbers = [Decimal(value) for value in values if isinstance(value, int | Decimal)]
            never_added = indicator.kind is Kind.PERCENT or indicator.unit in _MEASURES
            return _spread(indicator, numbers) if never_added else _sum(indicator, numbers)
        case _:
            return None


def _share(indicator: Indicator, values: Sequence[Ratio]) -> Share:
    done, whole = sum(value.done for value in values), sum(value.total for value in values)
    return Share(indicator.key, indicator.name, indicator.unit, done, whole, len(values))


def _tally(indicator: Indicator, values: Sequence[Value]) -> Tally:
    found = Counter(str(choice) for value in values for choice in (value if isinstance(value, tuple) else (value,)))
    choices = (*indicator.choices, *(choice for choice in found if choice not in indicator.choices))
    return Tally(indicator.key, indicator.name, tuple((choice, found[choice]) for choice in choices), len(values))


def _spread(indicator: Indicator, values: Sequence[Decimal]) -> Spread:
    unit = "%" if indicator.kind is Kind.PERCENT else indicator.unit
    middle, low, high = (median(values), min(values), max(values)) if values else (None, None, None)
    return Spread(indicator.key, indicator.name, unit, middle, low, high, len(values))


def _sum(indicator: Indicator, values: Sequence[Decimal]) -> Sum:
    return Sum(indicator.key, indicator.name, indicator.unit, sum(values, Decimal()), len(values))


def _undone(
    indicators: Sequence[Indicator], given: Sequence[tuple[ReportRow, Mapping[str, Value]]]
) -> tuple[Undone, ...]:
    """For each yes-or-no question whose 否 asks for a planned day: who answered 否."""
    plans = {
        i.only_if.key: i.key for i in indicators if i.kind is Kind.DATE and i.only_if and i.only_if.equals is False
    }
    return tuple(
        Undone(head, report.unit_id, report.unit, report.township, _day(answers.get(plan)))
        for head, plan in plans.items()
        for report, answers in given
        if answers.get(head) is False
    )


def _day(value: Value | None) -> date | None:
    return value if isinstance(value, date) else None


# --- as text ------------------------------------------------------------------------------------------------------


def digest_lines(digest: Digest, audience: Audience, section_id: int | None = None) -> list[str]:
    """The digest as lines of a chat message: short for the director, with who is missing for office and section.

    A section sees only the tasks it leads. No telephones here; they are in `missing_lines`.
    """
    tasks = _seen(digest, audience, section_id)
    lines = [_title(digest, tasks)]
    if not tasks:
        return [*lines, "目前没有由您牵头的报告期。"]
    if audience is Audience.DIRECTOR or len(tasks) > 1:
        lines.append(_overall(tasks))
    for task in tasks:
        lines += [_result(task)] if audience is Audience.DIRECTOR else _detail(task)
    if audience is Audience.DIRECTOR:
        lines += _outstanding_line([one for task in tasks for one in task.outstanding], _measure(tasks))
    return lines


def missing_lines(digest: Digest, section_id: int | None = None) -> list[str]:
    """Who has not reported, with person and telephone, sorted by what to do: for office and lead section only."""
    audience = Audience.OFFICE if section_id is None else Audience.SECTION
    as_of = wording.moment(digest.as_of, ZoneInfo(digest.zone))
    lines: list[str] = []
    for task in _seen(digest, audience, section_id):
        if task.outstanding:
            lines += [f"【{_task_name(task)}】{_word(task.outstanding)}{len(task.outstanding)}家,截至{as_of}"]
            lines += _called(task.outstanding)
    return lines or [f"截至{as_of},没有未报的单位。"]


def _called(outstanding: Sequence[Outstanding]) -> list[str]:
    lines: list[str] = []
    for chase, units in _by_chase(outstanding).items():
        lines.append(f"{chase.value}{len(units)}家:")
        lines += [" ".join(filter(None, (f"{n}.", u.unit, u.person, u.phone))) for n, u in enumerate(units, 1)]
    return lines


def _seen(digest: Digest, audience: Audience, section_id: int | None) -> list[TaskDigest]:
    if audience is not Audience.SECTION:
        return list(digest.tasks)
    return [task for task in digest.tasks if section_id is not None and task.section_id == section_id]


def _title(digest: Digest, tasks: Sequence[TaskDigest]) -> str:
    labels = {task.label for task in tasks}
    label = wording.short_label(labels.pop()) if len(labels) == 1 else ""
    as_of = wording.moment(digest.as_of, ZoneInfo(digest.zone))
    return f"【{digest.campaign}{label}情况】截至{as_of},第{digest.serial}期"


def _measure(tasks: Sequence[TaskDigest]) -> str:
    """Units of one task are 家; reports of several are 份."""
    return "家" if len(tasks) == 1 else "份"


def _overall(tasks: Sequence[TaskDigest]) -> str:
    counts = total(task.counts for task in tasks)
    return f"报送:{_standing(counts, sum(task.accepted for task in tasks), _measure(tasks))}。"


def _standing(counts: Counts, accepted: int, measure: str) -> str:
    """The six, those at zero left out where they say nothing; what is listed always sums to 应报."""
    listed = "、".join(f"{one.chinese}{counts.get(one)}" for one in _ORDER if counts.get(one) or _always(one, counts))
    text = f"应报{counts.roster}{measure},{listed}"
    if counts.received:
        text += f";已报{counts.received}{measure}中已审核{accepted}{measure}"
    return f"{text},退回待改{counts.returned_open}{measure}" if counts.returned_open else text


_ORDER = (
    Timeliness.ON_TIME,
    Timeliness.GRACE,
    Timeliness.LATE,
    Timeliness.AWAITED,
    Timeliness.MISSING,
    Timeliness.EXEMPT,
)


def _always(one: Timeliness, counts: Counts) -> bool:
    return one is Timeliness.ON_TIME or (one is Timeliness.MISSING and not counts.awaited)


def _task_name(task: TaskDigest) -> str:
    return wording.short_label(task.label) + task.name


def _result(task: TaskDigest) -> str:
    """A task in one line: how many reports its numbers come from, and what they say."""
    counts = task.counts
    counted = f",计入{counts.standing}家" if counts.returned_open else ""
    return f"{task.name}(已报{counts.received}家{counted}):{_results(task) or '还没有数'}。"


def _results(task: TaskDigest) -> str:
    return ";".join(phrase for one in task.totals if (phrase := _phrase(one, task)))


def _phrase(one: Total, task: TaskDigest) -> str:
    """Empty when nobody answered: no number is shown that is not there."""
    if not one.answered:
        return ""
    text = _numbers(one, task)
    partial = one.answered < task.counts.standing and not isinstance(one, YesNo)
    return f"{text}({one.answered}家)" if partial else text


def _numbers(one: Total, task: TaskDigest) -> str:
    match one:
        case YesNo():
            return _yes_no(one, task)
        case Sum():
            return f"{one.name}{wording.amount(one.amount)}{one.unit}"
        case Share():
            rate = f",{wording.percent(one.rate)}" if one.total else ""
            return f"{one.name}{one.done}/{one.total}{one.unit}{rate}"
        case Tally():
            return f"{one.name}:" + "、".join(f"{choice}{n}" for choice, n in one.choices if n)
        case Spread():
            return _range(one)


def _range(one: Spread) -> str:
    if one.median is None or one.low is None or one.high is None:
        return ""
    middle, low, high = (wording.amount(number) for number in (one.median, one.low, one.high))
    return f"{one.name}中位{middle}{one.unit},最低{low}、最高{high}"


def _yes_no(one: YesNo, task: TaskDigest) -> str:
    undone = [unit for unit in task.undone if unit.key == one.key]
    if not undone:
        return f"{one.name}:是{one.yes}家、否{one.no}家"
    planned = sum(unit.planned is not None for unit in undone)
    dates = "均定补做日期" if planned == len(undone) else f"已定补做日期{planned}家"
    return f"{one.name}{one.yes}家,如实报未开展{len(undone)}家({dates})"


def _detail(task: TaskDigest) -> list[str]:
    """A task for those who act on it: counts, results, who is missing by name, and the townships."""
    lines = [f"{_task_name(task)}({task.section}):{_standing(task.counts, task.accepted, '家')}。"]
    if results := _results(task):
        lines.append(f"合计:{results}。")
    lines += _outstanding_line(task.outstanding, "家")
    lines += [f"{chase.value}:{_names(units)}" for chase, units in _by_chase(task.outstanding).items()]
    if len(task.townships) > 1:
        lines.append(f"各乡镇已报/应报:{'、'.join(map(_township, task.townships))}")
    return lines


def _township(township: Township) -> str:
    counts = township.counts
    exempt = f"(豁免{counts.exempt})" if counts.exempt else ""
    return f"{township.name}{counts.received}/{counts.roster}{exempt}"


def _names(units: Sequence[Outstanding]) -> str:
    """All of a few; the whole of a long list is in `missing_lines`."""
    named = "、".join(unit.unit for unit in units[:_NAMED])
    return named if len(units) <= _NAMED else f"{named}等{len(units)}家"


def _outstanding_line(outstanding: Sequence[Outstanding], measure: str) -> list[str]:
    """未报9家:已填未提交2、填了一半3 …; nothing when all has come."""
    if not outstanding:
        return []
    found = "、".join(f"{chase.value}{len(units)}" for chase, units in _by_chase(outstanding).items())
    return [f"{_word(outstanding)}{len(outstanding)}{measure}:{found}。"]


def _word(outstanding: Sequence[Outstanding]) -> str:
    """未报 once it is due, 待报 before; both where some have an extension."""
    return "和".join(one.chinese for one in _ORDER if any(unit.timeliness is one for unit in outstanding))


def _by_chase(outstanding: Iterable[Outstanding]) -> dict[Chase, list[Outstanding]]:
    grouped: dict[Chase, list[Outstanding]] = {chase: [] for chase in Chase}
    for unit in outstanding:
        grouped[unit.chase].append(unit)
    return {chase: units for chase, units in grouped.items() if units}
