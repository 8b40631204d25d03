"""Evidence shown back: to the unit's own people, and to those of the bureau whom the task concerns."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Evidence, Outbox, Role, TaskSupport
from domain.messages import Photos, ReportKey
from domain.phrases import Phrase
from services.asking import say
from services.naming import schools_called
from services.outbox import queue
from services.people_content import actor_to
from services.pictures import kept_photos
from services.rendering import File
from services.reporting import Outcome
from services.sheets import Sheet, reported_sheets, sheet_of
from services.turn import Actor, Turn

NEWEST = 3
"""Reports whose photos are shown at once when the bureau asks for a school's."""
_LOOKED_AT = 30


@dataclass(frozen=True, slots=True)
class PhotosContent:
    sheet: Sheet
    files: tuple[File, ...]


async def show_photos(turn: Turn, key: ReportKey) -> Outcome:
    """[看照片]."""
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    if sheet is None or not await _may_see(turn.session, turn.person, sheet):
        return Outcome.NOT_YOURS
    if not kept_photos(sheet):
        return Outcome.OUT_OF_DATE
    await queue(turn.session, turn.to, Photos(report=key), turn.now)
    return Outcome.DONE


async def photos_of(turn: Turn, name: str) -> bool:
    """照片 清河小学, for people of the bureau: those of that school's newest reports. False: not for this person."""
    if not turn.person.is_bureau:
        return False
    units = await schools_called(turn.session, turn.bureau.id, name)
    found = await reported_sheets(turn.session, turn.bureau.id, units, most=_LOOKED_AT) if len(units) == 1 else []
    shown = [one for one in found if kept_photos(one) and await _may_see(turn.session, turn.person, one)]
    for sheet in shown[:NEWEST]:
        await queue(turn.session, turn.to, Photos(report=sheet.key), turn.now)
    if not shown:
        await say(turn, Phrase.WHICH_UNIT if len(units) != 1 else Phrase.NO_PHOTOS, name=name[:20])
    return True


async def _may_see(session: AsyncSession, actor: Actor, sheet: Sheet) -> bool:
    """The unit's own people, the office and the leaders, and the sections that lead or support the task."""
    if actor.may_report(sheet) or actor.has(Role.OFFICE, Role.DIRECTOR, Role.ADMIN):
        return True
    if sheet.task.lead_unit_id in actor.sections:
        return True
    supports = select(TaskSupport.unit_id).where(
        TaskSupport.bureau_id == sheet.task.bureau_id, TaskSupport.task_id == sheet.task.id
    )
    return bool(actor.sections & set((await session.exec(supports)).all()))


async def photos(session: AsyncSession, row: Outbox, message: Photos) -> PhotosContent | None:
    """None: they are gone, or the person may not see them any more."""
    sheet = await sheet_of(session, row.bureau_id, message.report)
    actor = await actor_to(session, row)
    if sheet is None or actor is None or not await _may_see(session, actor, sheet):
        return None
    wanted = kept_photos(sheet)
    statement = select(Evidence).where(
        Evidence.bureau_id == row.bureau_id, Evidence.round_id == message.report.round_id,
        Evidence.unit_id == message.report.unit_id, col(Evidence.unique_id).in_(wanted),
    )  # fmt: skip
    known = {one.unique_id: one for one in (await session.exec(statement)).all()}
    files = tuple(_shown(known[one]) for one in wanted if one in known)
    return PhotosContent(sheet, files) if files else None


def _shown(row: Evidence) -> File:
    return File(row.file_id, row.is_document, row.name, row.sha256, row.mime)
