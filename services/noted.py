"""What a digest notes besides the numbers: what the bureau changed, and who is noted for the next 通报."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import CourseChange, Extension, Reminder, ReminderState, Report, Round, Task, Unit
from domain import wording
from domain.course import CourseKind, Told
from domain.digest import Changed, ForBulletin
from domain.ladder import Audience
from domain.progress import State

_OWN_DUE = (
    select(col(Extension.due_at))
    .where(
        col(Extension.bureau_id) == Report.bureau_id, col(Extension.round_id) == Report.round_id,
        col(Extension.unit_id) == Report.unit_id,
    )
    .correlate(Report)
    .scalar_subquery()
)  # fmt: skip
_DUE = (
    select(col(Round.due_at))
    .where(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id)
    .correlate(Report)
    .scalar_subquery()
)
IS_NOTED = and_(
    col(Report.state) == State.PENDING.value,
    exists().where(
        col(Reminder.bureau_id) == Report.bureau_id, col(Reminder.round_id) == Report.round_id,
        col(Reminder.unit_id) == Report.unit_id, col(Reminder.audience) == Audience.BULLETIN.value,
        col(Reminder.state) == ReminderState.PLANNED.value,
        col(Reminder.effective_due) == func.coalesce(_OWN_DUE, _DUE),
    ),
)  # fmt: skip
"""拟列入通报: three working days after the deadline that is the unit's now, nothing has come."""


def told_of(row: CourseChange, round_: Round, task: Task) -> Told:
    title = wording.round_title(round_.label, task.short_name or task.name)
    return Told(CourseKind(row.kind), title, row.scope, row.reports, row.reason, row.until, row.before)


async def changed(session: AsyncSession, bureau_id: int, round_ids: Sequence[int], zone: ZoneInfo) -> list[Changed]:
    """What was done to these rounds, the oldest first."""
    statement = (
        select(CourseChange, Round, Task)
        .join(Round, and_(col(Round.bureau_id) == CourseChange.bureau_id, col(Round.id) == CourseChange.round_id))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .where(
            col(CourseChange.bureau_id) == bureau_id, col(CourseChange.round_id).in_(list(round_ids)),
            col(CourseChange.done_at).is_not(None),
        )
        .order_by(col(CourseChange.done_at), col(CourseChange.id))
    )  # fmt: skip
    rows = (await session.execute(statement)).all()
    return [Changed(task.lead_unit_id, told_of(row, round_, task).line(zone)) for row, round_, task in rows]


async def for_bulletin(session: AsyncSession, bureau_id: int, round_ids: Sequence[int]) -> list[ForBulletin]:
    """By round the units that the last rung of the ladder has noted and from which nothing has come."""
    statement = (
        select(col(Round.id), Task, col(Unit.name))
        .select_from(Report)
        .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .join(Unit, and_(col(Unit.bureau_id) == Report.bureau_id, col(Unit.id) == Report.unit_id))
        .where(col(Report.bureau_id) == bureau_id, col(Report.round_id).in_(list(round_ids)), IS_NOTED)
        .order_by(col(Task.position), col(Unit.code))
    )
    found: dict[int, tuple[Task, dict[str, None]]] = {}
    for round_id, task, unit in (await session.execute(statement)).all():
        found.setdefault(round_id, (task, {}))[1][unit] = None
    return [
        ForBulletin(task.lead_unit_id, task.short_name or task.name, tuple(units)) for task, units in found.values()
    ]
