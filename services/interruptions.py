"""What outages moved, as a digest notes it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import DeadlineMove, Outage, Round, Task
from domain.digest import Interruption
from domain.wording import round_title


async def interruptions(session: AsyncSession, bureau_id: int, rounds: Sequence[Round]) -> list[Interruption]:
    """Of these rounds, the oldest first."""
    statement = (
        select(DeadlineMove, Outage, Round, Task)
        .join(Outage, and_(col(Outage.bureau_id) == bureau_id, col(Outage.id) == DeadlineMove.outage_id))
        .join(Round, and_(col(Round.bureau_id) == bureau_id, col(Round.id) == DeadlineMove.round_id))
        .join(Task, and_(col(Task.bureau_id) == bureau_id, col(Task.id) == Round.task_id))
        .where(
            col(DeadlineMove.bureau_id) == bureau_id,
            col(DeadlineMove.round_id).in_([round_.id for round_ in rounds]),
        )
        .order_by(col(Outage.since), col(Task.position))
    )
    return [
        Interruption(
            outage.since, outage.until, round_title(round_.label, task.short_name or task.name), task.lead_unit_id,
            move.reports, move.due_at, move.undone_at is not None,
        )
        for move, outage, round_, task in (await session.execute(statement)).all()
    ]  # fmt: skip
