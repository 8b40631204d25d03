"""What is shown of a change to a running round, at the moment it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import CourseChange, Outbox, Person, Role, Round, Task, Unit
from domain.course import CourseKind, Told
from domain.messages import AbsenceCard, CourseCard, CourseGuide, CourseNote, CourseTold
from services.absences import AbsenceContent, absence_card
from services.course import may_change
from services.noted import told_of
from services.people_content import actor_to
from services.sheets import OPEN_STATES, Sheet, sheets_of
from services.turn import Actor

LATEST = 6


@dataclass(frozen=True, slots=True)
class Change:
    """`section` asks for the round; `by` is how the person is called who said it."""

    row: CourseChange
    told: Told
    section: Unit
    by: str


@dataclass(frozen=True, slots=True)
class CourseContent:
    """The card; `units` are some of those it concerns, where it names them."""

    change: Change
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldContent:
    change: Change
    address: str
    sheets: tuple[Sheet, ...]
    several_units: bool


@dataclass(frozen=True, slots=True)
class NoteContent:
    change: Change


@dataclass(frozen=True, slots=True)
class GuideContent:
    latest: tuple[Change, ...]


CourseLive = CourseContent | ToldContent | NoteContent | GuideContent | AbsenceContent
CourseMessage = CourseCard | CourseTold | CourseNote | CourseGuide | AbsenceCard


async def load(session: AsyncSession, row: Outbox, message: CourseMessage) -> CourseLive | None:
    """None: it is not for this person any more, or there is nothing left to say."""
    actor = await actor_to(session, row)
    if actor is None:
        return None
    if isinstance(message, AbsenceCard):
        return await absence_card(session, row.bureau_id, message.absence_id, actor)
    if isinstance(message, CourseGuide):
        return await _guide(session, row.bureau_id, actor)
    change, task = await _change(session, row.bureau_id, message.change_id)
    if isinstance(message, CourseTold):
        return await _told(session, row.bureau_id, change, message, actor)
    if not may_change(actor, task):
        return None
    if isinstance(message, CourseNote):
        return NoteContent(change)
    named = select(col(Unit.name)).where(col(Unit.bureau_id) == row.bureau_id, col(Unit.id).in_(change.row.units))
    units = tuple((await session.execute(named.order_by(col(Unit.code)))).scalars()) if change.row.units else ()
    return CourseContent(change, units)


async def _change(session: AsyncSession, bureau_id: int, change_id: int) -> tuple[Change, Task]:
    row = await session.get_one(CourseChange, (bureau_id, change_id))
    return await _of_row(session, row)


async def _of_row(session: AsyncSession, row: CourseChange) -> tuple[Change, Task]:
    round_ = await session.get_one(Round, (row.bureau_id, row.round_id))
    task = await session.get_one(Task, (row.bureau_id, round_.task_id))
    section = await session.get_one(Unit, (row.bureau_id, task.lead_unit_id))
    person = await session.get_one(Person, (row.bureau_id, row.proposed_by))
    return Change(row, told_of(row, round_, task), section, person.salutation or person.name), task


async def _told(
    session: AsyncSession, bureau_id: int, change: Change, message: CourseTold, actor: Actor
) -> ToldContent | None:
    """What has been reported meanwhile, and what is no longer this person's, drops out."""
    sheets = [sheet for sheet in await sheets_of(session, bureau_id, message.reports) if actor.may_report(sheet)]
    if change.told.kind not in (CourseKind.EXEMPT, CourseKind.WITHDRAW):
        sheets = [sheet for sheet in sheets if sheet.report.state in OPEN_STATES]
    if not sheets:
        return None
    return ToldContent(change, actor.address, tuple(sheets), len({sheet.unit.id for sheet in sheets}) > 1)


async def _guide(session: AsyncSession, bureau_id: int, actor: Actor) -> GuideContent | None:
    if not actor.has(Role.OFFICE, Role.ADMIN, Role.SECTION):
        return None
    done = select(CourseChange).where(col(CourseChange.bureau_id) == bureau_id, col(CourseChange.done_at).is_not(None))
    newest = done.order_by(col(CourseChange.done_at).desc()).limit(10 * LATEST)
    rows = (await session.execute(newest)).scalars().all()
    found = [await _of_row(session, row) for row in rows]
    mine = [change for change, task in found if may_change(actor, task)]
    return GuideContent(tuple(mine[:LATEST]))
