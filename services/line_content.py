"""What is said about an outage at the moment it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import DeadlineMove, Extension, Outage, Outbox, Person, Role, Round, Task
from domain.messages import DeadlinesMoved, OutageCard
from domain.wording import round_title
from services.people_content import actor_to
from services.sheets import Sheet, sheets_of


@dataclass(frozen=True, slots=True)
class MovedContent:
    """Of these reports nothing has come yet."""

    address: str
    outage: Outage
    sheets: tuple[Sheet, ...]
    several_units: bool
    undone: bool


@dataclass(frozen=True, slots=True)
class MovedTask:
    """`due_at` is the last deadline of those that were moved."""

    title: str
    reports: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class OutageContent:
    """`undone_by` is how the person is called who took it back; None while it stands."""

    outage: Outage
    tasks: tuple[MovedTask, ...]
    undone_by: str | None


LineLive = MovedContent | OutageContent


async def moved(session: AsyncSession, row: Outbox, message: DeadlinesMoved) -> MovedContent | None:
    """None where all has come, or the office has decided otherwise before this was said."""
    actor = await actor_to(session, row)
    outage = await session.get(Outage, (row.bureau_id, message.outage_id))
    if actor is None or outage is None:
        return None
    sheets = [
        sheet
        for sheet in await sheets_of(session, row.bureau_id, message.reports)
        if sheet.report.first_received_at is None and sheet.is_open and actor.may_report(sheet)
        and _says_so(sheet.standing.extension, message)
    ]  # fmt: skip
    several = len({sheet.unit.id for sheet in sheets}) > 1
    return MovedContent(actor.address, outage, tuple(sheets), several, message.undone) if sheets else None


def _says_so(extension: Extension | None, message: DeadlinesMoved) -> bool:
    """Is this deadline still what the message says? Taken back, it has somebody who decided it."""
    if extension is None or extension.outage_id != message.outage_id:
        return False
    return (extension.granted_by is not None) == message.undone


async def card(session: AsyncSession, row: Outbox, message: OutageCard) -> OutageContent | None:
    actor = await actor_to(session, row)
    outage = await session.get(Outage, (row.bureau_id, message.outage_id))
    if actor is None or outage is None or not actor.has(Role.OFFICE, Role.ADMIN):
        return None
    moves = await _moves(session, outage)
    if not moves:
        return None
    undone_by = next((move.undone_by for move, *_ in moves if move.undone_at), None)
    person = await session.get(Person, (row.bureau_id, undone_by)) if undone_by is not None else None
    tasks = tuple(
        MovedTask(round_title(round_.label, task.short_name or task.name), move.reports, move.due_at)
        for move, round_, task in moves
    )
    taken_back = any(move.undone_at for move, *_ in moves)
    return OutageContent(outage, tasks, (person.salutation or person.name if person else "") if taken_back else None)


async def _moves(session: AsyncSession, outage: Outage) -> list[tuple[DeadlineMove, Round, Task]]:
    statement = (
        select(DeadlineMove, Round, Task)
        .join(Round, and_(col(Round.bureau_id) == DeadlineMove.bureau_id, col(Round.id) == DeadlineMove.round_id))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .where(col(DeadlineMove.bureau_id) == outage.bureau_id, col(DeadlineMove.outage_id) == outage.id)
        .order_by(col(Task.position))
    )
    return [(move, round_, task) for move, round_, task in (await session.execute(statement)).all()]
