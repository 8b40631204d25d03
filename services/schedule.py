"""Which rounds of a task come: what opens rounds and what looks ahead ask here, so that they cannot disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Row, and_, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Round, Task
from domain.calendar import OfficeHours
from domain.rounds import Ahead, Issued, Schedule, ahead

_SCHEDULE = TypeAdapter(Schedule)


def schedule_to_json(schedule: Schedule) -> dict[str, object]:
    dumped: dict[str, object] = _SCHEDULE.dump_python(schedule, mode="json")
    return dumped


def schedule_from_json(raw: Mapping[str, object]) -> Schedule:
    return _SCHEDULE.validate_python(raw)


def schedule_of(task: Task) -> Schedule:
    return schedule_from_json(task.schedule)


async def last_rounds(session: AsyncSession, bureau_id: int, task_ids: Sequence[int]) -> dict[int, Issued]:
    """By task what its last round was for: one statement for all of them, without their questionnaires."""
    mine = and_(col(Round.bureau_id) == bureau_id, col(Round.task_id).in_(task_ids))
    newest = select(col(Round.task_id), func.max(col(Round.nominal_due)).label("day")).where(mine)
    newest_of = newest.group_by(col(Round.task_id)).subquery()
    columns = (col(Round.task_id), col(Round.nominal_due), col(Round.occurrence), col(Round.period_to))
    joined = and_(col(Round.task_id) == newest_of.c.task_id, col(Round.nominal_due) == newest_of.c.day)
    rows: Sequence[Row[tuple[int, object, str, object]]] = (
        await session.execute(select(*columns).join(newest_of, joined).where(mine))
    ).all()
    return {row.task_id: Issued(row.nominal_due, row.occurrence, row.period_to) for row in rows}


def rounds_ahead(task: Task, last: Issued | None, hours: OfficeHours, now: datetime, until: datetime) -> Ahead:
    """Those that should be open by `until` and are not issued yet; ValueError for a schedule that will not do."""
    return ahead(schedule_of(task), hours, last, task.starts_on, now, until)
