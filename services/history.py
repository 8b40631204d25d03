"""已报: what a person's units have reported, page by page, and every version of a report."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Outbox
from domain.messages import History, ReportKey, Versions
from services.corrections import Version, versions_of
from services.outbox import show_card
from services.people_content import actor_to
from services.reporting import Outcome, sheet_for
from services.sheets import Sheet, count_reported, reported_sheets, sheet_of
from services.turn import Turn

PAGE = 5
FEW = 200
"""Reports among which those of a task that was handed over are looked for."""

CARD = "history"


@dataclass(frozen=True, slots=True)
class HistoryContent:
    """`page` of `pages`, counted from 0."""

    address: str
    sheets: tuple[Sheet, ...]
    several_units: bool
    page: int = 0
    pages: int = 1


@dataclass(frozen=True, slots=True)
class VersionsContent:
    """`number`: the version that is shown, 0 the present values."""

    sheet: Sheet
    versions: tuple[Version, ...]
    number: int
    page: int


async def show_history(turn: Turn, page: int = 0) -> None:
    """The list; a page turned edits it in place."""
    below = turn.callback_id is None
    await show_card(turn.session, turn.to, History(page=page), turn.now, below=below, key=CARD)


async def show_version(turn: Turn, key: ReportKey, number: int, page: int) -> Outcome:
    """One report of the list: its present values (0), its first ones (1), or a correction."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None:
        return allowed
    if sheet.report.first_received_at is None or number > sheet.report.versions:
        return Outcome.OUT_OF_DATE
    message = Versions(report=key, number=number, page=page)
    await show_card(turn.session, turn.to, message, turn.now, key=CARD)
    return Outcome.DONE


async def history(session: AsyncSession, row: Outbox, message: History) -> HistoryContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    several = len(actor.known_units) > 1
    if actor.known_units - actor.reporting_units:
        found = await reported_sheets(session, row.bureau_id, actor.known_units, most=FEW)
        mine = [sheet for sheet in found if actor.may_report(sheet)]
        pages = _pages(len(mine))
        page = min(message.page, pages - 1)
        return HistoryContent(actor.address, tuple(mine[page * PAGE :][:PAGE]), several, page, pages)
    pages = _pages(await count_reported(session, row.bureau_id, actor.reporting_units))
    page = min(message.page, pages - 1)
    sheets = await reported_sheets(session, row.bureau_id, actor.reporting_units, most=PAGE, after=page * PAGE)
    return HistoryContent(actor.address, tuple(sheets), several, page, pages)


def _pages(count: int) -> int:
    return max(1, -(-count // PAGE))


async def versions(session: AsyncSession, row: Outbox, message: Versions) -> VersionsContent | None:
    sheet = await sheet_of(session, row.bureau_id, message.report)
    actor = await actor_to(session, row)
    if sheet is None or actor is None or not actor.may_report(sheet):
        return None
    return VersionsContent(sheet, tuple(await versions_of(session, sheet)), message.number, message.page)
