"""What messages about sent reports and about requests show at the moment they are sent."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Outbox, Person, Request
from domain.messages import (
    Corrected,
    DeadlinesMoved,
    Decision,
    ExtensionForm,
    History,
    HowTo,
    Message,
    OutageCard,
    Photos,
    ReportKey,
    RequestCard,
    ReviewList,
    Versions,
    WhichExtension,
)
from services import corrections, extensions, history, howto, line_content, requests, showing
from services.corrections import CorrectedContent
from services.extensions import ExtensionContent, WhichExtensionContent
from services.history import HistoryContent, VersionsContent
from services.howto import HowToContent
from services.line_content import LineLive
from services.people_content import actor_to
from services.sheets import Sheet, sheet_of
from services.showing import PhotosContent


@dataclass(frozen=True, slots=True)
class RequestContent:
    """One request; `asker` and `decider` as people call them."""

    request: Request
    sheet: Sheet
    asker: str
    decider: str
    refusing: bool = False


@dataclass(frozen=True, slots=True)
class ReviewContent:
    requests: tuple[RequestContent, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DecisionContent:
    request: Request
    sheet: Sheet
    address: str


LaterLive = (
    HistoryContent | VersionsContent | CorrectedContent | HowToContent | ExtensionContent | WhichExtensionContent
    | RequestContent | ReviewContent | DecisionContent | LineLive
)  # fmt: skip

SHOWN = 4
"""So many requests in one list, that it fits on a phone."""


async def load(session: AsyncSession, row: Outbox, message: Message) -> LaterLive | PhotosContent | None:
    """None: there is nothing to say any more, or this person may not see it any more."""
    match message:
        case History():
            return await history.history(session, row, message)
        case Versions():
            return await history.versions(session, row, message)
        case Photos():
            return await showing.photos(session, row, message)
        case Corrected():
            return await corrections.corrected(session, row.bureau_id, message)
        case HowTo():
            return await howto.content(session, row.bureau_id, message)
        case ExtensionForm():
            return await extensions.form(session, row.bureau_id, message)
        case WhichExtension():
            return await extensions.which(session, row.bureau_id, message)
        case DeadlinesMoved():
            return await line_content.moved(session, row, message)
        case OutageCard():
            return await line_content.card(session, row, message)
        case _:
            return await _about_requests(session, row, message)


async def _about_requests(session: AsyncSession, row: Outbox, message: Message) -> LaterLive | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    if isinstance(message, ReviewList):
        waiting = await requests.pending_for(session, row.bureau_id, actor)
        shown = [await _content(session, request, sheet) for request, sheet in waiting[:SHOWN]]
        return ReviewContent(tuple(shown), len(waiting))
    if not isinstance(message, RequestCard | Decision):
        return None
    request = await session.get(Request, (row.bureau_id, message.request_id))
    key = ReportKey(request.round_id, request.unit_id) if request else None
    sheet = await sheet_of(session, row.bureau_id, key) if key else None
    if request is None or sheet is None:
        return None
    if isinstance(message, Decision):
        return DecisionContent(request, sheet, actor.address)
    if not requests.may_decide(actor, sheet):
        return None
    return await _content(session, request, sheet, refusing=message.refusing)


async def _content(session: AsyncSession, request: Request, sheet: Sheet, *, refusing: bool = False) -> RequestContent:
    asker = await _called(session, request.bureau_id, request.person_id)
    return RequestContent(
        request, sheet, asker, await _called(session, request.bureau_id, request.decided_by), refusing
    )


async def _called(session: AsyncSession, bureau_id: int, person_id: int | None) -> str:
    person = await session.get(Person, (bureau_id, person_id)) if person_id is not None else None
    return (person.salutation or person.name) if person else ""
