"""What a digest notes besides the numbers: what the bureau changed, and who is noted for the next 通报."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import CourseChange, Reminder, ReminderState, Report, Round, Task, Unit
from domain.course import CourseKind, Told
from domain.digest import Changed, ForBulletin
from domain.ladder import Audience
from services.sheets import OPEN_STATES


def told_of(row: CourseChange, round_: Round, task: Task) -> Told:
    title = f"{round_.period_to.month}月{task.short_name or task.name}"
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
    """By round the units that the last rung of the ladder has noted and that still owe it."""
    statement = (
        select(col(Round.id), Task, col(Unit.name))
        .select_from(Reminder)
        .join(
            Report,
            and_(
                col(Report.bureau_id) == Reminder.bureau_id, col(Report.round_id) == Reminder.round_id,
                col(Report.unit_id) == Reminder.unit_id,
            ),
        )
        .join(Round, and_(col(Round.bureau_id) == Reminder.bureau_id, col(Round.id) == Reminder.round_id))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .join(Unit, and_(col(Unit.bureau_id) == Reminder.bureau_id, col(Unit.id) == Reminder.unit_id))
        .where(
            col(Reminder.bureau_id) == bureau_id, col(Reminder.round_id).in_(list(round_ids)),
            col(Reminder.audience) == Audience.BULLETIN.value, col(Reminder.state) == ReminderState.PLANNED.value,
            col(Report.state).in_(OPEN_STATES),
        )
        .order_by(col(Task.position), col(Unit.code))
    )  # fmt: skip
    found: dict[int, tuple[Task, dict[str, None]]] = {}
    for round_id, task, unit in (await session.execute(statement)).all():
        found.setdefault(round_id, (task, {}))[1][unit] = None
    return [
        ForBulletin(task.lead_unit_id, task.short_name or task.name, tuple(units)) for task, units in found.values()
    ]
