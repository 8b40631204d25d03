"""Campaigns in the store: read from a file, compared with what runs, applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Campaign, Round, Task, TaskChange, TaskIndicator, TaskSupport, Unit, UnitKind
from domain.campaign import (
    CampaignForm,
    CampaignPlan,
    Change,
    ChangeKind,
    Problem,
    Reading,
    TaskPlan,
    changes,
    read_sheets,
    read_yaml,
    sheets,
)
from domain.campaign.frozen import mended
from domain.codec import questionnaire_from_json, questionnaire_to_json
from domain.indicators import Indicator
from services.reasking import Reask, ask_again, reasks_of
from services.schedule import schedule_of, schedule_to_json
from services.spreadsheets import Unreadable, tables_of, write_workbook


class UnknownSection(LookupError):
    """A task names a section that the roster does not have."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did to one task. `meant` are changes of meaning; `reasks` what they would mean for open rounds,
    which are left as they are unless the questions are asked again."""

    task_id: int
    task: str
    what: str
    changes: tuple[Change, ...] = ()
    reasks: tuple[Reask, ...] = ()

    @property
    def meant(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind is ChangeKind.MEANING)

    @property
    def units(self) -> frozenset[int]:
        """Who answered already what would be asked again."""
        return frozenset(unit for reask in self.reasks for unit in reask.units)


def read_campaign(path: Path) -> Reading:
    """A campaign from .yaml or .xlsx; what cannot be read at all is a problem like any other."""
    try:
        raw = path.read_bytes()
        if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            return read_sheets(tables_of(raw))
        return read_yaml(raw.decode("utf-8-sig"))
    except OSError as problem:
        return _unreadable(path, f"打不开文件:{problem.strerror or problem}")
    except UnicodeDecodeError:
        return _unreadable(path, "不是 .xlsx,文字编码也不是 UTF-8;请另存为 .xlsx 或 UTF-8 的 .yaml")
    except Unreadable as problem:
        return _unreadable(path, str(problem))


def _unreadable(path: Path, reason: str) -> Reading:
    return Reading(None, (Problem((), reason, where=path.name),))


def workbook(form: CampaignForm) -> bytes:
    """The same content as an .xlsx to edit and import."""
    return write_workbook(sheets.to_sheets(form), sheets.CHOICES)


def template() -> bytes:
    """An empty workbook: headings and lists to pick from."""
    empty = {"活动": [["项", "内容"], *([title, ""] for title in sheets.CAMPAIGN.values())]}
    columns = {"任务": sheets.TASK, "频次": sheets.OTHER, "指标": sheets.INDICATOR}
    return write_workbook(empty | {name: [list(one.values())] for name, one in columns.items()}, sheets.CHOICES)


async def missing_sections(session: AsyncSession, bureau_id: int, plan: CampaignPlan) -> list[str]:
    """The lead and supporting sections that the roster does not have."""
    known = await _sections(session, bureau_id)
    named = (name for task in plan.tasks for name in (task.lead, *task.supports))
    return [name for name in dict.fromkeys(named) if name not in known]


async def _sections(session: AsyncSession, bureau_id: int) -> dict[str, int]:
    """Ids by name and by code."""
    statement = select(Unit).where(col(Unit.bureau_id) == bureau_id, col(Unit.kind) == UnitKind.SECTION.value)
    units = (await session.execute(statement)).scalars().all()
    return {key: unit.id for unit in units for key in (unit.code, unit.name)}


async def apply(
    session: AsyncSession, bureau_id: int, plan: CampaignPlan, now: datetime, *, reask: bool = False
) -> list[Applied]:
    """Bring the store to the plan; repeated, it changes nothing. UnknownSection before anything is written.

    Wording and loosened limits go into open rounds at once and into the log; a change of meaning waits for the next
    round, unless `reask` asks that question again, now or with a later import. Tasks no longer in the plan are
    withdrawn.
    """
    if missing := await missing_sections(session, bureau_id, plan):
        raise UnknownSection("、".join(missing))
    campaign = await _campaign(session, bureau_id, plan)
    present = await _tasks(session, campaign)
    sections = await _sections(session, bureau_id)
    applied = []
    for position, task_plan in enumerate(plan.tasks):
        task, what = await _task(session, campaign, present.get(task_plan.key), task_plan, sections, position)
        applied.append(await _questions(session, task, task_plan, what, now))
    applied += _withdraw([task for key, task in present.items() if key not in {t.key for t in plan.tasks}], now)
    await session.flush()
    if reask:
        await ask_again(session, bureau_id, [found for one in applied for found in one.reasks], now)
    return [one for one in applied if one.what or one.changes or (reask and one.reasks)]


async def _campaign(session: AsyncSession, bureau_id: int, plan: CampaignPlan) -> Campaign:
    statement = select(Campaign).where(col(Campaign.bureau_id) == bureau_id, col(Campaign.key) == plan.key)
    campaign = (await session.execute(statement)).scalars().first()
    if campaign is None:
        campaign = Campaign(bureau_id=bureau_id, id=new_id(), key=plan.key, name=plan.name)
        session.add(campaign)
    campaign.name, campaign.short_name, campaign.document = plan.name, plan.short, plan.document
    await session.flush()
    return campaign


async def _tasks(session: AsyncSession, campaign: Campaign) -> dict[str, Task]:
    statement = select(Task).where(
        col(Task.bureau_id) == campaign.bureau_id, col(Task.campaign_id) == campaign.id
    )  # fmt: skip
    return {task.key: task for task in (await session.execute(statement)).scalars().all()}


async def _task(
    session: AsyncSession, campaign: Campaign, task: Task | None, plan: TaskPlan, sections: dict[str, int],
    position: int,
) -> tuple[Task, str]:  # fmt: skip
    """The stored task and what happened to it (新增, 变更, or nothing)."""
    values = _values(plan, sections, position)
    if task is None:
        task = Task(bureau_id=campaign.bureau_id, id=new_id(), campaign_id=campaign.id, key=plan.key, **values)
        session.add(task)
        await session.flush()
        await _support(session, task, {sections[name] for name in plan.supports})
        return task, "新增"
    differing = [name for name, value in values.items() if _now(task, name) != value]
    for name in differing:
        setattr(task, name, values[name])
    resumed, task.withdrawn_at = task.withdrawn_at is not None, None
    supported = await _support(session, task, {sections[name] for name in plan.supports})
    return task, "恢复" if resumed else "变更" if supported or set(differing) - {"position"} else ""


def _now(task: Task, name: str) -> object:
    """A schedule stored by an earlier release says less than one stored today, and means the same."""
    return schedule_to_json(schedule_of(task)) if name == "schedule" else getattr(task, name)


def _values(plan: TaskPlan, sections: dict[str, int], position: int) -> dict[str, Any]:
    return {
        "lead_unit_id": sections[plan.lead], "position": position, "name": plan.name, "short_name": plan.short,
        "document": plan.document, "example": plan.example, "stages": ",".join(plan.stages),
        "schedule": schedule_to_json(plan.schedule), "starts_on": plan.starts_on,
        "ladder": plan.ladder, "asks": ",".join(one.kind for one in plan.asks),
    }  # fmt: skip


async def _support(session: AsyncSession, task: Task, wanted: set[int]) -> bool:
    """Whether the supporting sections became others."""
    mine = (col(TaskSupport.bureau_id) == task.bureau_id, col(TaskSupport.task_id) == task.id)
    present = set((await session.execute(select(col(TaskSupport.unit_id)).where(*mine))).scalars().all())
    if gone := present - wanted:
        await session.execute(delete(TaskSupport).where(*mine, col(TaskSupport.unit_id).in_(gone)))
    session.add_all(
        TaskSupport(bureau_id=task.bureau_id, task_id=task.id, unit_id=unit_id) for unit_id in wanted - present
    )
    return present != wanted


async def _questions(session: AsyncSession, task: Task, plan: TaskPlan, what: str, now: datetime) -> Applied:
    rows = await _rows(session, task)
    before = questionnaire_from_json([row.definition for row in rows.values()])
    found = changes(before, plan.indicators) if rows else []
    await _write(session, task, plan, rows)
    if found:
        session.add_all(_logged(task, change, now) for change in found)
        await _mend_rounds(session, task, plan.indicators, now)
    reasks = await reasks_of(session, task, plan.indicators, now) if before else []
    return Applied(task.id, plan.name, what, tuple(found), tuple(reasks))


async def _rows(session: AsyncSession, task: Task) -> dict[str, TaskIndicator]:
    statement = select(TaskIndicator).where(
        col(TaskIndicator.bureau_id) == task.bureau_id, col(TaskIndicator.task_id) == task.id
    )
    found = (await session.execute(statement.order_by(col(TaskIndicator.position)))).scalars().all()
    return {row.key: row for row in found}


async def _write(session: AsyncSession, task: Task, plan: TaskPlan, rows: dict[str, TaskIndicator]) -> None:
    definitions = questionnaire_to_json(plan.indicators)
    for position, (indicator, definition) in enumerate(zip(plan.indicators, definitions, strict=True)):
        row = rows.pop(indicator.key, None)
        if row is None:
            row = TaskIndicator(bureau_id=task.bureau_id, id=new_id(), task_id=task.id, position=0, key=indicator.key)
            session.add(row)
        note = plan.notes.get(indicator.key)
        row.position, row.definition = position, definition
        row.why, row.target = (note.why, note.target) if note else ("", "")
    for row in rows.values():
        await session.delete(row)


def _logged(task: Task, change: Change, now: datetime) -> TaskChange:
    return TaskChange(
        bureau_id=task.bureau_id, id=new_id(), task_id=task.id, key=change.key, kind=change.kind.value,
        field=change.field, before=change.before, after=change.after, at=now,
    )  # fmt: skip


async def _mend_rounds(session: AsyncSession, task: Task, new: tuple[Indicator, ...], now: datetime) -> None:
    """Put the new wording and looser limits of questions whose meaning stayed into rounds not yet locked."""
    statement = select(Round).where(
        col(Round.bureau_id) == task.bureau_id, col(Round.task_id) == task.id, col(Round.lock_at) > now
    )
    for round_ in (await session.execute(statement)).scalars().all():
        frozen = questionnaire_from_json(round_.questionnaire)
        asked = mended(frozen, new)
        if asked != frozen:
            round_.questionnaire = questionnaire_to_json(asked)


def _withdraw(tasks: Sequence[Task], now: datetime) -> list[Applied]:
    running = [task for task in tasks if task.withdrawn_at is None]
    for task in running:
        task.withdrawn_at = now
    return [Applied(task.id, task.name, "撤下") for task in running]
