"""Opening reporting rounds: the roster and the questionnaire are frozen, reports exist because they are owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert
from db.tables import Report, Round, Task, TaskIndicator, Unit, UnitKind
from domain import rounds, wording
from domain.calendar import OfficeHours
from domain.codec import questionnaire_from_json, questionnaire_to_json
from domain.indicators import Indicator
from domain.messages import ReportKey
from domain.progress import State
from domain.rounds import RoundPlan
from services.merging import PROMPT, whom
from services.nagging import Nag, nag
from services.schedule import last_rounds, rounds_ahead, schedule_of, schedule_to_json
from services.troubles import Guard

__all__ = [
    "Issued", "asked_units", "indicator_rows", "issue", "open_due_rounds", "prompt", "schedule_of", "schedule_to_json",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issued:
    """A round that was opened and the units that owe it."""

    round_id: int
    unit_ids: tuple[int, ...]


async def open_due_rounds(session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime) -> list[Issued]:
    """Open every round that should be open by now, and prompt each person once for all of them.

    Each task in a savepoint of its own: one whose schedule or questionnaire is broken stops no other.
    """
    guard = await Guard.of(session, bureau_id, now)
    statement = select(Task).where(
        col(Task.bureau_id) == bureau_id,
        col(Task.withdrawn_at).is_(None),
        col(Task.starts_on) <= hours.local(now).date(),
    )
    tasks = (await session.execute(statement.order_by(col(Task.position)))).scalars().all()
    last = await last_rounds(session, bureau_id, [task.id for task in tasks])
    issued: list[Issued] = []
    for task in tasks:
        what = f"“{task.short_name or task.name}”的报告期没能开启"
        before = last.get(task.id)
        issued += await guard.attempt(f"open:{task.id}", what, partial(_open, session, task, before, hours, now)) or []
    await prompt(guard, issued, hours)
    return issued


async def _open(
    session: AsyncSession, task: Task, last: rounds.Issued | None, hours: OfficeHours, now: datetime
) -> list[Issued]:
    found = rounds_ahead(task, last, hours, now, until=now)
    made = [await issue(session, task, round_plan, now) for round_plan in found.plans]
    return [one for one in made if one is not None]


async def issue(session: AsyncSession, task: Task, round_plan: RoundPlan, now: datetime) -> Issued | None:
    """Make the round and, set-wise, a pending report for every unit it asks; None when another process has made it."""
    values: dict[str, Any] = {
        "bureau_id": task.bureau_id, "id": new_id(), "task_id": task.id, "label": round_plan.label,
        "period_from": round_plan.period_from, "period_to": round_plan.period_to, "open_at": round_plan.open_at,
        "due_at": round_plan.due_at, "grace_until": round_plan.grace_until, "lock_at": round_plan.lock_at,
        "moved_because": wording.moved_reason(round_plan), "issued_at": now,
        "nominal_due": round_plan.nominal_due, "occurrence": round_plan.occurrence,
        "questionnaire": await _questionnaire(session, task),
    }  # fmt: skip
    round_ = insert(session, Round).values(**values).on_conflict_do_nothing().returning(Round.id)
    round_id = (await session.execute(round_)).scalar()
    if round_id is None:
        return None
    pending, not_nil = literal(State.PENDING.value), literal(value=False)
    columns = [Unit.bureau_id, literal(round_id), Unit.id, pending, not_nil, Unit.township]
    chosen = select(*columns, Unit.students, Unit.staff, Unit.classes).where(_asked(task, round_plan))  # type: ignore[call-overload]
    names = ["bureau_id", "round_id", "unit_id", "state", "nil", "township", "students", "staff", "classes"]
    statement = insert(session, Report).from_select(names, chosen)
    made = await session.execute(statement.on_conflict_do_nothing().returning(Report.unit_id))
    return Issued(round_id, tuple(made.scalars().all()))


async def _questionnaire(session: AsyncSession, task: Task) -> list[dict[str, object]]:
    """Raises pydantic.ValidationError for one that could not be read afterwards."""
    statement = select(col(TaskIndicator.definition)).where(
        col(TaskIndicator.bureau_id) == task.bureau_id, col(TaskIndicator.task_id) == task.id
    )
    found = list((await session.execute(statement.order_by(col(TaskIndicator.position)))).scalars().all())
    questionnaire_from_json(found)
    return found


def _asked(task: Task, round_plan: RoundPlan) -> ColumnElement[bool]:
    """The units a task asks that are open on the due day: schools of its stages, sections, or both."""
    wanted = [stage for stage in task.stages.split(",") if stage]
    listed = literal(",") + col(Unit.stages) + literal(",")
    staged = or_(*(listed.contains(f",{stage},") for stage in wanted)) if wanted else literal(value=True)
    kinds = [kind for kind in task.asks.split(",") if kind]
    return and_(
        col(Unit.bureau_id) == task.bureau_id,
        col(Unit.kind).in_(kinds),
        or_(col(Unit.opened_on).is_(None), col(Unit.opened_on) <= round_plan.due_day),
        or_(col(Unit.closed_on).is_(None), col(Unit.closed_on) > round_plan.due_day),
        or_(staged, col(Unit.kind) == UnitKind.SECTION.value),
    )


async def asked_units(session: AsyncSession, task: Task, round_plan: RoundPlan) -> Sequence[Unit]:
    """Whom that round would ask, by township and code."""
    statement = select(Unit).where(_asked(task, round_plan)).order_by(col(Unit.township), col(Unit.code))
    return (await session.execute(statement)).scalars().all()


async def prompt(guard: Guard, issued: Sequence[Issued], hours: OfficeHours) -> None:
    """One prompt per person for all rounds just opened, and for those whose prompt failed before."""
    keys = [ReportKey(one.round_id, unit_id) for one in issued for unit_id in one.unit_ids]
    merged = await whom(guard, PROMPT, [*keys, *await _left(guard)])
    nags = {to: Nag(opened=mine) for to, mine in merged.items()}
    await nag(guard.session, guard.bureau_id, nags, hours, guard.now)


async def _left(guard: Guard) -> list[ReportKey]:
    """The reports whose prompt is still to be tried again, while their round runs."""
    again = [key for key, may in guard.keys(PROMPT).items() if may]
    if not again:
        return []
    statement = select(col(Round.id)).where(
        col(Round.bureau_id) == guard.bureau_id,
        col(Round.id).in_({key.round_id for key in again}),
        col(Round.lock_at) > guard.now,
    )
    running = set((await guard.session.execute(statement)).scalars())
    return [key for key in again if key.round_id in running]


def indicator_rows(task: Task, indicators: Sequence[Indicator]) -> list[TaskIndicator]:
    """The rows that keep a task's questionnaire, in its order."""
    definitions = questionnaire_to_json(tuple(indicators))
    return [
        TaskIndicator(
            bureau_id=task.bureau_id,
            id=new_id(),
            task_id=task.id,
            position=position,
            key=indicator.key,
            definition=definition,
        )
        for position, (indicator, definition) in enumerate(zip(indicators, definitions, strict=True))
    ]
