"""An edited chat message is a correction of what it said."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from db.tables import AnswerRevision
from domain.messages import ReportKey, Unread
from domain.understanding.result import Intent
from services import joint
from services.asking import show_after
from services.conversation import reply
from services.naming import know_names
from services.people import chat_row
from services.reading import read_words
from services.reporting import Given, Outcome, enter, owed, sheet_for
from services.routing import Told, bare_words, closed_candidates, fitting_closed
from services.sheets import Sheet
from services.turn import Turn


async def edited(turn: Turn, words: str) -> None:
    """Read the words anew: they replace what the message gave, in the draft while it is open, else as a correction.
    What changes nothing is passed over in silence."""
    await know_names(turn)
    said = await _said_in_drafts(turn) or await _said_in_answers(turn)
    for sheet, keys in said:
        await _replace(turn, sheet, keys, words)
    if not said and await _would_be_taken(turn, words):
        await reply(turn, words)


async def _said_in_drafts(turn: Turn) -> list[tuple[Sheet, list[str]]]:
    """The drafts of this person with the answers that came from the message."""
    said_in = [turn.to.chat_id, turn.message_id]
    sheets = [*await owed(turn), *await closed_candidates(turn, Told("", frozenset()))]
    found = {sheet.key: (sheet, _from(sheet, said_in)) for sheet in sheets if sheet.draft is not None}
    return [(sheet, keys) for sheet, keys in found.values() if keys]


def _from(sheet: Sheet, said_in: list[int | None]) -> list[str]:
    entries = sheet.draft.entries if sheet.draft else {}
    return [key for key, entry in entries.items() if entry.get("said_in") == said_in]


async def _said_in_answers(turn: Turn) -> list[tuple[Sheet, list[str]]]:
    """The reports that were sent with answers from the message, where no later word replaced them."""
    statement = select(AnswerRevision).where(
        AnswerRevision.bureau_id == turn.bureau.id,
        AnswerRevision.chat_id == turn.to.chat_id,
        AnswerRevision.message_id == turn.message_id,
    )
    rows = (await turn.session.exec(statement.order_by(col(AnswerRevision.id)))).all()
    keys: dict[ReportKey, list[str]] = {}
    for row in rows:
        if await _is_latest(turn, row):
            keys.setdefault(ReportKey(row.round_id, row.unit_id), []).append(row.key)
    found = [(await sheet_for(turn, key, sent=True), mine) for key, mine in keys.items()]
    return [(sheet, mine) for (sheet, allowed), mine in found if sheet is not None and allowed is Outcome.DONE]


async def _is_latest(turn: Turn, row: AnswerRevision) -> bool:
    later = select(AnswerRevision.id).where(
        AnswerRevision.bureau_id == row.bureau_id,
        AnswerRevision.round_id == row.round_id,
        AnswerRevision.unit_id == row.unit_id,
        AnswerRevision.key == row.key,
        col(AnswerRevision.id) > row.id,
    )
    return (await turn.session.exec(later.limit(1))).first() is None


async def _replace(turn: Turn, sheet: Sheet, keys: list[str], words: str) -> None:
    """The same rules as for a first entry: what cannot be is refused, and what was said before stays."""
    words = joint.own_part(turn, sheet, words)
    is_closed = sheet.is_sent or sheet.is_locked(turn.now)
    focus = keys[0] if len(keys) == 1 else None
    understood = read_words(turn, sheet, bare_words(sheet, words) if is_closed else words, focus)
    readings = [reading for reading in understood.readings if sheet.indicator(reading.key) is not None]
    before = sheet.values
    if readings:
        dropped = () if sheet.is_sent else _dropped(keys, (reading.key for reading in readings))
        await enter(turn, sheet, Given(readings, instead_of=dropped))
    unread = tuple(Unread(key=doubt.key, why=doubt.why, words=doubt.words) for doubt in understood.doubts)
    unread = tuple(one for one in unread if not readings and one.key in keys)
    now, _ = await sheet_for(turn, sheet.key, sent=True)
    if unread or (now is not None and now.values != before):
        chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
        chat.failures = 0
        await show_after(turn, sheet, below=True, unread=unread)


def _dropped(keys: list[str], said: Iterable[str]) -> tuple[str, ...]:
    """Answers that the message gave and that its new words give no more."""
    return tuple(set(keys) - set(said))


async def _would_be_taken(turn: Turn, words: str) -> bool:
    """Does a message that gave nothing now give something?"""
    told = Told(words, frozenset())
    sheets = [*await owed(turn), *await closed_candidates(turn, told)]
    return bool(fitting_closed(turn, sheets, words)) and not await _is_as_it_stands(turn, sheets, words)


async def _is_as_it_stands(turn: Turn, sheets: list[Sheet], words: str) -> bool:
    """The words say only what stands already."""
    for sheet in fitting_closed(turn, sheets, words):
        understood = read_words(turn, sheet, bare_words(sheet, words))
        if understood.intent is Intent.QUESTION:
            return True
        if any(sheet.values.get(reading.key) != reading.value for reading in understood.readings):
            return False
    return True
