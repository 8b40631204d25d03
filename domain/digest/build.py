"""From plain rows to the snapshot, with the proof that every sum holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from statistics import median

from domain.digest.model import (
    AnswerRow,
    Changed,
    Chase,
    Digest,
    ForBulletin,
    Head,
    Interruption,
    Outstanding,
    ReportRow,
    Share,
    Spread,
    Sum,
    SumMismatch,
    Tally,
    TaskDigest,
    TaskRow,
    Total,
    Township,
    Undone,
    YesNo,
)
from domain.groups import rows_of
from domain.hints import is_all_nought
from domain.indicators import Indicator, Kind, Ratio, Value
from domain.moved import Moved
from domain.progress import Bounds, Counts, State, Timeliness, timeliness, total

_MEASURES = frozenset({"秒", "分", "分钟", "小时", "学时"})  # durations: a sum of them over schools means nothing


def build(
    head: Head,
    tasks: Iterable[TaskRow],
    reports: Iterable[ReportRow],
    answers: Iterable[AnswerRow],
    moved: Iterable[Moved] = (),
    interruptions: Iterable[Interruption] = (),
    changed: Iterable[Changed] = (),
    bulletin: Iterable[ForBulletin] = (),
) -> Digest:
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
        moved=tuple(moved),
        interruptions=tuple(interruptions),
        changed=tuple(changed),
        bulletin=tuple(bulletin),
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
        in_backlog=sum(report.in_backlog for report in reports),
        nil=sum(report.nil for report in standing),
        noughts=tuple(r.unit for r, answers in given if not r.nil and is_all_nought(row.indicators, answers)),
    )


def _timeliness(report: ReportRow, task: TaskRow, now: datetime) -> Timeliness:
    due_at = report.due_at or task.due_at
    grace_until = max(report.grace_until or task.grace_until, due_at)
    judged = Bounds(due_at, grace_until).or_later(report.due_then, report.grace_then)
    return timeliness(report.state, report.first_received_at, judged.due_at, judged.grace_until, now)


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
