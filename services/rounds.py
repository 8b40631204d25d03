"""Opening reporting rounds: the roster and the questionnaire are frozen, reports exist because they are owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert
from db.tables import Report, Round, Task, TaskIndicator, Unit, UnitKind
from domain import wording
from domain.calendar import OfficeHours
from domain.codec import questionnaire_from_json, questionnaire_to_json
from domain.indicators import Indicator
from domain.messages import ReportKey
from domain.progress import State
from domain.rounds import Frequency, Month, RoundPlan, Schedule, month_of_round, plan, round_months
from services.merging import PROMPT, whom
from services.nagging import Nag, nag
from services.troubles import Guard

_SCHEDULE = TypeAdapter(Schedule)


def schedule_to_json(schedule: Schedule) -> dict[str, object]:
    dumped: dict[str, object] = _SCHEDULE.dump_python(schedule, mode="json")
    return dumped


def schedule_of(task: Task) -> Schedule:
    return _SCHEDULE.validate_python(task.schedule)


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
    issued: list[Issued] = []
    for task in (await session.execute(statement.order_by(col(Task.position)))).scalars().all():
        what = f"“{task.short_name or task.name}”的报告期没能开启"
        issued += await guard.attempt(f"open:{task.id}", what, partial(_open, session, task, hours, now)) or []
    await prompt(guard, issued, hours)
    return issued


async def _open(session: AsyncSession, task: Task, hours: OfficeHours, now: datetime) -> list[Issued]:
    plans = await _due_plans(session, task, hours, now)
    made = [await issue(session, task, round_plan, now) for round_plan in plans]
    return [one for one in made if one is not None]


async def _due_plans(session: AsyncSession, task: Task, hours: OfficeHours, now: datetime) -> list[RoundPlan]:
    """The rounds of the task that are to be opened now; one that is already locked is not asked any more."""
    schedule = schedule_of(task)
    statement = select(Round).where(col(Round.bureau_id) == task.bureau_id, col(Round.task_id) == task.id)
    last = (await session.execute(statement.order_by(col(Round.due_at).desc()).limit(1))).scalars().first()
    if last is not None and schedule.frequency is Frequency.ONCE:
        return []
    after = month_of_round(schedule, last.period_to, hours) if last else Month.of(task.starts_on).plus(-1)
    previous = last.period_to if last else None
    plans: list[RoundPlan] = []
    for month in round_months(schedule, after, now, hours):
        round_plan = plan(schedule, month, hours, previous)
        previous = round_plan.due_day
        if round_plan.lock_at > now and round_plan.due_at > now:
            plans.append(round_plan)
    return plans


async def issue(session: AsyncSession, task: Task, round_plan: RoundPlan, now: datetime) -> Issued | None:
    """Make the round and, set-wise, a pending report for every unit it asks; None when another process has made it."""
    values: dict[str, Any] = {
        "bureau_id": task.bureau_id, "id": new_id(), "task_id": task.id, "label": round_plan.label,
        "period_from": round_plan.period_from, "period_to": round_plan.period_to, "open_at": round_plan.open_at,
        "due_at": round_plan.due_at, "grace_until": round_plan.grace_until, "lock_at": round_plan.lock_at,
        "moved_because": wording.moved_reason(round_plan), "issued_at": now,
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
    """The units a task asks: schools of its stages that are open on the due day."""
    wanted = [stage for stage in task.stages.split(",") if stage]
    listed = literal(",") + col(Unit.stages) + literal(",")
    staged = or_(*(listed.contains(f",{stage},") for stage in wanted)) if wanted else literal(value=True)
    return and_(
        col(Unit.bureau_id) == task.bureau_id,
        col(Unit.kind) == UnitKind.SCHOOL.value,
        or_(col(Unit.opened_on).is_(None), col(Unit.opened_on) <= round_plan.due_day),
        or_(col(Unit.closed_on).is_(None), col(Unit.closed_on) > round_plan.due_day),
        staged,
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
