"""From a campaign file to tasks as they are stored.

A task of the file becomes one stored task per audience and frequency: the drill of the schools monthly, of the
kindergartens quarterly; what is asked once or per term apart from what is asked each month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from domain.campaign.form import (
    LAST_WORKING,
    Asks,
    CampaignForm,
    ColumnForm,
    Every,
    IndicatorForm,
    ScheduleForm,
    TaskForm,
)
from domain.campaign.load import months_of
from domain.indicators import Indicator, Kind, Nature, OnlyIf
from domain.rounds import Frequency, Month, Schedule, Vacation
from domain.stages import Stage

WEEKLY_OPENS_BEFORE = 2


@dataclass(frozen=True, slots=True)
class Note:
    """What the office wrote beside an indicator: why it is asked seldom, and the target."""

    why: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task as it is stored. `lead` and `supports` are names or codes of sections; no `stages`: every school."""

    key: str
    name: str
    short: str
    lead: str
    supports: tuple[str, ...]
    document: str
    example: str
    stages: tuple[Stage, ...]
    every: Every
    schedule: Schedule
    starts_on: date
    indicators: tuple[Indicator, ...]
    asks: tuple[Asks, ...] = (Asks.SCHOOLS,)
    ladder: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    key: str
    name: str
    short: str
    document: str
    tasks: tuple[TaskPlan, ...]


_FREQUENCIES = {
    Every.ONCE: Frequency.ONCE,
    Every.TERM: Frequency.TERM,
    Every.QUARTER: Frequency.QUARTERLY,
    Every.MONTH: Frequency.MONTHLY,
    Every.WEEK: Frequency.WEEKLY,
    Every.TEACHING_WEEK: Frequency.TEACHING_WEEK,
    Every.EVENT: Frequency.EVENT,
}
_SUFFIX_NAMES = {
    Every.ONCE: "一次性", Every.TERM: "学期", Every.QUARTER: "季度", Every.MONTH: "每月", Every.WEEK: "每周",
    Every.TEACHING_WEEK: "教学周", Every.EVENT: "按事件",
}  # fmt: skip


def compile_campaign(form: CampaignForm) -> CampaignPlan:
    tasks = tuple(plan for task in form.tasks for plan in _tasks(task, form))
    return CampaignPlan(form.key, form.name, form.short, form.document, tasks)


def _tasks(task: TaskForm, form: CampaignForm) -> Iterable[TaskPlan]:
    apart = tuple(stage for other in task.others for stage in other.stages)
    usual = tuple(task.stages) or tuple(Stage)
    main = tuple(stage for stage in usual if stage not in apart) if apart else tuple(task.stages)
    yield from _frequencies(task, form, main, task.schedule.every, "")
    for other in task.others:
        suffix = "-" + "-".join(stage.value for stage in other.stages)
        yield from _frequencies(task, form, tuple(other.stages), other.every, suffix)


def _frequencies(
    task: TaskForm, form: CampaignForm, stages: tuple[Stage, ...], usual: Every, suffix: str
) -> Iterable[TaskPlan]:
    """First what is asked at the usual frequency, then what is asked more seldom."""
    present = {indicator.every or usual for indicator in task.indicators}
    for every in (usual, *(e for e in Every if e is not usual)):
        if every in present:
            chosen = [i for i in task.indicators if (i.every or usual) is every]
            yield _task(task, form, stages, (every, every is not usual), suffix, chosen)


def _task(
    task: TaskForm, form: CampaignForm, stages: tuple[Stage, ...], frequency: tuple[Every, bool], suffix: str,
    chosen: list[IndicatorForm],
) -> TaskPlan:  # fmt: skip
    every, unusual = frequency
    audience = f"({'、'.join(stage.chinese for stage in stages)})" if suffix else ""
    mark = f"({_SUFFIX_NAMES[every]})" if unusual else ""
    return TaskPlan(
        key=f"{task.key}{suffix}" + (f"-{every.value}" if unusual else ""),
        name=f"{task.name}{audience}{mark}", short=f"{task.short or task.name}{mark}",
        lead=task.lead, supports=tuple(task.support), document=task.document or form.document,
        example="" if unusual else task.example, stages=stages, every=every, schedule=_schedule(task, every),
        starts_on=_starts(task, every), indicators=tuple(indicator(i) for i in chosen), asks=tuple(task.asks),
        ladder=task.ladder,
        notes={i.key: Note(i.why, i.target) for i in chosen if i.why or i.target},
    )  # fmt: skip


def _starts(task: TaskForm, every: Every) -> date:
    """The day the task starts; what is asked per term starts with the first month it is asked in."""
    if every is not Every.TERM:
        return task.starts
    month = Month.of(task.starts)
    months = months_of(task, every)
    return max(task.starts, next(m for i in range(12) if (m := month.plus(i)).month in months).day(1))


def _schedule(task: TaskForm, every: Every) -> Schedule:
    form = task.schedule
    schedule = Schedule(
        _FREQUENCIES[every], form.day if isinstance(form.day, int) else 31, form.at, form.shift,
        _opens_before(form, every), form.lock_after, last_working=form.day == LAST_WORKING, weekday=form.weekday,
        weeks=tuple(sorted(form.weeks)),
        event=form.event, offset=form.offset, vacation=form.vacation or _vacation(task),
    )  # fmt: skip
    return replace(schedule, term_month=form.term_month) if every is Every.TERM else schedule


def _opens_before(form: ScheduleForm, every: Every) -> int:
    """What comes every week opens within that week, unless the file says otherwise."""
    weekly = every is Every.WEEK or (every is Every.TEACHING_WEEK and not form.weeks)
    return WEEKLY_OPENS_BEFORE if weekly and "opens_before" not in form.model_fields_set else form.opens_before


def _vacation(task: TaskForm) -> Vacation:
    """Schools rest in 寒暑假, sections work."""
    return Vacation.SKIP if Asks.SCHOOLS in task.asks else Vacation.KEEP


def indicator(form: IndicatorForm) -> Indicator:
    return replace(
        _column(form), nature=form.nature, maximum=_maximum(form), not_falling=form.not_falling, jump=form.jump,
        sets=form.sets, help=_help(form), used_by=form.used_by, columns=tuple(map(_column, form.columns)),
        boarding_minimum=form.boarding_minimum,
    )  # fmt: skip


def _column(form: ColumnForm) -> Indicator:
    """The entries that a question of a row may have too; what is asked row by row is never carried over."""
    return Indicator(
        key=form.key, label=form.label, kind=form.kind, nature=Nature.FLOW,
        unit=form.unit or ("%" if form.kind is Kind.PERCENT else ""), scale=form.scale, minimum=form.minimum,
        maximum=form.maximum, soft_maximum=form.soft_maximum, soft_minimum=form.soft_minimum,
        limit_from=form.limit_from, total_from=form.total_from, earliest=form.earliest, latest=form.latest,
        choices=tuple(form.choices), words=tuple(form.words), required=form.required, only_if=_only_if(form),
        short=form.short, yes=form.yes, no=form.no, hint=form.hint, help=form.help,
    )  # fmt: skip


def _only_if(form: ColumnForm) -> OnlyIf | None:
    return OnlyIf(form.only_if.key, form.only_if.equals, form.only_if.incomplete) if form.only_if else None


def _maximum(form: IndicatorForm) -> Decimal | None:
    return Decimal(len(form.items)) if form.items else form.maximum


def _help(form: IndicatorForm) -> str:
    if not form.items:
        return form.help
    listed = ";".join(f"{number}.{item}" for number, item in enumerate(form.items, 1))
    return f"{form.help}共{len(form.items)}项:{listed}。"
