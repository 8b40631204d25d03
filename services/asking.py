"""Saying, showing and asking: the focus of a chat, and the card below what was said."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from db.tables import Chat, Outbox
from domain import defaults
from domain.messages import ReportCard, ReportKey, Say, Strip, Unread
from domain.phrases import Phrase
from domain.understanding.result import Why
from services.outbox import queue, show_card
from services.people import chat_row, office_facts
from services.reporting import show_everywhere
from services.sheets import Sheet, afresh
from services.turn import Turn

_TAPPED_WITHIN = timedelta(days=62)


async def say(turn: Turn, phrase: Phrase, **facts: str) -> None:
    address = {"address": turn.actor.address} if turn.actor else {}
    known = office_facts(turn.bureau) | address | facts
    await queue(turn.session, turn.to, Say(phrase=phrase, facts=known), turn.now)


def focused_report(turn: Turn, chat: Chat) -> ReportKey | None:
    if chat.focus_at is None or turn.now - chat.focus_at > defaults.FOCUS_LASTS:
        return None
    if chat.focus_round_id is None or chat.focus_unit_id is None:
        return None
    return ReportKey(chat.focus_round_id, chat.focus_unit_id)


async def show_after(
    turn: Turn,
    sheet: Sheet,
    *,
    below: bool,
    unread: tuple[Unread, ...] = (),
    failures: int = 0,
    stay: str | None = None,
) -> None:
    """Show the card after an answer and ask the next question; `stay` keeps asking this one (several choices)."""
    key = sheet.key
    if stay is not None:
        await set_focus(turn, key, stay)
    else:
        await ask_next(turn, await afresh(turn.session, sheet), unread)
    card = ReportCard(report=key, unread=unread, failures=failures)
    await show_card(turn.session, turn.to, card, turn.now, below=below, after=turn.card_after)
    await show_everywhere(turn, key, but_here=True)


async def ask_next(turn: Turn, sheet: Sheet, unread: tuple[Unread, ...] = ()) -> None:
    """The focus moves to what could not be read, else to the first question without an answer; when nothing is left
    to ask, the read-back is open."""
    doubted = [item.key for item in unread if item.key is not None and item.why is not Why.AMBIGUOUS]
    open_keys = [indicator.key for indicator in sheet.missing]
    asked = next(iter(doubted + open_keys), None)
    if asked is None and sheet.is_sent and not sheet.is_correcting:
        await set_focus(turn, None, None)  # it is as it was sent: there is nothing to confirm
        return
    await set_focus(turn, sheet.key, asked, sheet.revision if asked is None else None)


async def set_focus(turn: Turn, report: ReportKey | None, key: str | None, read_back: int | None = None) -> None:
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    chat.focus_round_id, chat.focus_unit_id = report or (None, None)
    chat.focus_key, chat.read_back = key, read_back
    chat.focus_at = turn.now if report else None
    chat.pad = None
    if report is None:
        chat.failures = 0


async def close_question(turn: Turn, update_id: int, kind: str) -> Outbox | None:
    """Take the buttons off the message of this kind that keeps the words of `update_id`; None when one of them was
    tapped before, or there is no such message any more."""
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id)
    kinds = col(Outbox.kind).in_([kind, "strip"])
    statement = select(Outbox).where(*mine, kinds, col(Outbox.queued_at) >= turn.now - _TAPPED_WITHIN)
    rows = (await turn.session.exec(statement)).all()
    asked = [row for row in rows if row.payload.get("update_id") == update_id and row.message_id]
    closed = {row.payload.get("message_id") for row in rows}
    if not asked or any(row.message_id in closed for row in asked):
        return None
    for row in asked:
        await queue(turn.session, turn.to, Strip(message_id=row.message_id or 0), turn.now)
    return asked[-1]
