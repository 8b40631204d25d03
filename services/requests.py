"""What a unit asks of the office: 补报 after the lock, 延期 before the deadline; and how the office answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Card, Draft, Extension, Lane, Request, Role
from domain.messages import Decision, Message, ReportKey, RequestCard, ReviewList
from domain.phrases import Phrase
from domain.progress import State
from domain.requests import RequestKind, RequestState
from services.asking import focused_report, say, set_focus
from services.corrections import tell_section
from services.outbox import Recipient, queue_all, show_card
from services.people import chat_row, recipients_of_units, recipients_with_role
from services.reporting import Outcome, next_receipt_number, received_at, sheet_for, show_everywhere
from services.sheets import Sheet, hold, sheet_of
from services.stopping import stop_nagging
from services.storing import Sending, store_answers
from services.turn import REPORTERS, Actor, Turn

REVIEW_CARD = "review"
REFUSAL = "?refusal:"
"""The focus of a chat that is asked why it refuses a request, with the request's id."""

REFUSALS = {
    RequestKind.LATE: ("本期数字已上报", "请先打电话说明"),
    RequestKind.EXTENSION: ("上级时限不能改", "请先打电话说明"),
}
LATE_REASON = "补报"
LONGEST = 100


def card_of(request_id: int) -> str:
    return f"request:{request_id}"


# ---- asking


async def file_late(turn: Turn, key: ReportKey, reason: str) -> None:
    """What was confirmed after the lock is kept whole and passed to the office; the draft stays as well."""
    sheet, _ = await sheet_for(turn, key, sent=True)
    if sheet is None:
        return
    draft = sheet.draft or Draft(bureau_id=turn.bureau.id, round_id=key.round_id, unit_id=key.unit_id)
    received = received_at(turn, draft)
    request = sheet.standing.asked.get(RequestKind.LATE)
    if request is None:
        request = await _ask(turn, sheet, RequestKind.LATE, reason=reason, received_at=received)
    request.entries = {name: dict(entry) for name, entry in sheet.entries.items()}
    request.received_at, request.reason = received, reason
    await turn.session.flush()
    await set_focus(turn, None, None)
    await show_everywhere(turn, key)
    facts = {"title": f"{sheet.unit.name} {sheet.title}", "lock": sheet.lock_at.isoformat(), "at": received.isoformat()}
    await say(turn, Phrase.LATE_FILED, **facts)


async def _ask(turn: Turn, sheet: Sheet, kind: RequestKind, **more: Any) -> Request:
    """Enter a request and tell the office."""
    request = Request(
        bureau_id=turn.bureau.id, id=new_id(), kind=kind.value, round_id=sheet.key.round_id,
        unit_id=sheet.key.unit_id, person_id=turn.person.person_id, **more,
    )  # fmt: skip
    turn.session.add(request)
    await turn.session.flush()
    for to in await recipients_with_role(turn.session, turn.bureau.id, [Role.OFFICE]):
        await show_card(turn.session, to, RequestCard(request_id=request.id), turn.now, key=card_of(request.id))
    return request


async def ask_extension(turn: Turn, sheet: Sheet, **more: Any) -> None:
    await _ask(turn, sheet, RequestKind.EXTENSION, received_at=turn.received_at, **more)
    await stop_nagging(turn.session, turn.bureau.id, [sheet.key])  # it rests until it is decided
    await set_focus(turn, None, None)
    await show_everywhere(turn, sheet.key)


# ---- deciding


def may_decide(actor: Actor | None, sheet: Sheet) -> bool:
    """The office decides; so does the lead section about its own tasks."""
    return actor is not None and (actor.has(Role.OFFICE, Role.ADMIN) or sheet.section.id in actor.sections)


async def review(turn: Turn) -> bool:
    """/review: the requests that wait. False for somebody who decides none."""
    if not turn.person.has(Role.OFFICE, Role.ADMIN, Role.SECTION):
        return False
    await show_card(turn.session, turn.to, ReviewList(), turn.now, below=True, key=REVIEW_CARD)
    return True


async def _held(turn: Turn, request_id: int) -> tuple[Request | None, Sheet | None, Outcome]:
    """The request with its report, locked, if this person may decide it and it still waits."""
    request = await turn.session.get(Request, (turn.bureau.id, request_id), with_for_update=True)
    if request is None:
        return None, None, Outcome.NOT_YOURS
    sheet = await hold(turn.session, turn.bureau.id, ReportKey(request.round_id, request.unit_id))
    if sheet is None or not may_decide(turn.actor, sheet):
        return None, None, Outcome.NOT_YOURS
    waits = request.state == RequestState.PENDING.value
    return request, sheet, Outcome.DONE if waits else Outcome.OUT_OF_DATE


async def grant(turn: Turn, request_id: int) -> Outcome:
    """同意."""
    request, sheet, allowed = await _held(turn, request_id)
    if request is None or sheet is None or allowed is not Outcome.DONE:
        return allowed
    if request.kind == RequestKind.LATE.value:
        await _take_late(turn, sheet, request)
    elif not await _extend(turn, sheet, request):
        return Outcome.OUT_OF_DATE
    await _decide(turn, sheet, request, RequestState.GRANTED)
    return Outcome.DONE


async def _take_late(turn: Turn, sheet: Sheet, request: Request) -> None:
    """The values become answers, marked as late; the first receipt is when they came, whoever was to look at them."""
    report, was_sent = sheet.report, sheet.is_sent
    key = sheet.key
    kept = Draft(bureau_id=turn.bureau.id, round_id=key.round_id, unit_id=key.unit_id, entries=request.entries)
    sending = Sending(request.person_id, turn.now, request.reason or LATE_REASON)
    await store_answers(turn.session, replace(sheet, draft=kept), sending)
    if not was_sent:
        report.submitted_at, report.submitted_by = turn.now, request.person_id
    if report.first_received_at is None:
        sheet.receive(request.received_at)
    report.receipt_number = report.receipt_number or await next_receipt_number(turn)
    report.state = State.SUBMITTED.value
    await stop_nagging(turn.session, turn.bureau.id, [key])
    if sheet.draft is not None and sheet.draft.entries == request.entries:
        sheet.draft.entries, sheet.draft.stood_at = {}, None
        sheet.draft.revision += 1
    await turn.session.flush()
    await tell_section(turn, sheet)


async def _extend(turn: Turn, sheet: Sheet, request: Request) -> bool:
    """This unit's own due time; False when it would be over already."""
    if request.until is None or request.until <= turn.now or not sheet.is_open:
        return False
    key = (turn.bureau.id, request.round_id, request.unit_id)
    extension = await turn.session.get(Extension, key)
    if extension is None:
        extension = Extension(
            bureau_id=key[0], round_id=key[1], unit_id=key[2], due_at=request.until, granted_at=turn.now
        )
        turn.session.add(extension)
    extension.due_at, extension.reason = request.until, request.reason
    extension.granted_by, extension.granted_at = turn.to.person_id, turn.now
    await stop_nagging(turn.session, turn.bureau.id, [sheet.key])
    return True


async def ask_refusal(turn: Turn, request_id: int) -> Outcome:
    """不同意: the reason is asked, because the unit is told."""
    request, sheet, allowed = await _held(turn, request_id)
    if request is None or sheet is None or allowed is not Outcome.DONE:
        return allowed
    await set_focus(turn, sheet.key, f"{REFUSAL}{request_id}")
    message = RequestCard(request_id=request_id, refusing=True)
    await show_card(turn.session, turn.to, message, turn.now, below=True, key=card_of(request_id))
    return Outcome.DONE


async def refuse(turn: Turn, request_id: int, choice: int) -> Outcome:
    """One of the reasons was tapped."""
    request, _, allowed = await _held(turn, request_id)
    if request is None or allowed is not Outcome.DONE:
        return allowed
    reasons = REFUSALS[RequestKind(request.kind)]
    return await refuse_because(turn, request_id, reasons[choice]) if choice < len(reasons) else Outcome.OUT_OF_DATE


async def refuse_because(turn: Turn, request_id: int, why: str) -> Outcome:
    request, sheet, allowed = await _held(turn, request_id)
    if request is None or sheet is None or allowed is not Outcome.DONE:
        return allowed
    request.answer = why.strip()[:LONGEST]
    await set_focus(turn, None, None)
    await _decide(turn, sheet, request, RequestState.REFUSED)
    return Outcome.DONE


async def _decide(turn: Turn, sheet: Sheet, request: Request, state: RequestState) -> None:
    """Close the request, tell the unit, and bring every card of it and of the report up to date."""
    request.state = state.value
    request.decided_by, request.decided_at = turn.to.person_id, turn.now
    await turn.session.flush()
    message: Message = Decision(request_id=request.id)
    await queue_all(turn.session, [(to, message) for to in await _askers(turn, request)], turn.now, Lane.REPLY)
    await show_everywhere(turn, sheet.key)
    await _show_decided(turn, request)


async def _askers(turn: Turn, request: Request) -> list[Recipient]:
    """Who asked; where that person is gone, the unit's people."""
    found = await recipients_of_units(turn.session, turn.bureau.id, [request.unit_id], REPORTERS)
    people = found.get(request.unit_id, [])
    return [to for to in people if to.person_id == request.person_id] or people


async def _show_decided(turn: Turn, request: Request) -> None:
    for key, message in ((card_of(request.id), RequestCard(request_id=request.id)), (REVIEW_CARD, ReviewList())):
        statement = select(Card.chat_id).where(
            Card.bureau_id == turn.bureau.id, Card.key == key, col(Card.message_id).is_not(None)
        )
        for chat_id in (await turn.session.exec(statement)).all():
            await show_card(turn.session, Recipient(turn.bureau.id, chat_id), message, turn.now, key=key)


async def answered(turn: Turn, words: str) -> bool:
    """Typed words of somebody who was asked why he refuses. False where nothing was asked."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    key = chat.focus_key or ""
    if not key.startswith(REFUSAL) or focused_report(turn, chat) is None:
        return False
    outcome = await refuse_because(turn, int(key.removeprefix(REFUSAL)), words)
    if outcome is not Outcome.DONE:
        await set_focus(turn, None, None)
    return outcome is Outcome.DONE


async def pending_for(session: AsyncSession, bureau_id: int, actor: Actor) -> list[tuple[Request, Sheet]]:
    """The requests that wait for this person's decision, the oldest first."""
    statement = select(Request).where(Request.bureau_id == bureau_id, Request.state == RequestState.PENDING.value)
    rows = (await session.exec(statement.order_by(col(Request.id)))).all()
    found = [(row, await sheet_of(session, bureau_id, ReportKey(row.round_id, row.unit_id))) for row in rows]
    return [(row, sheet) for row, sheet in found if sheet is not None and may_decide(actor, sheet)]
