"""The number pad: digits tapped one after the other, for whom words have failed twice. The digits are kept with the
chat, so that fast taps on a keyboard that is still the old one lose nothing."""

from __future__ import annotations

from db.tables import Chat
from domain.indicators import Indicator, Kind
from domain.messages import ReportCard, ReportKey, Unread
from services.asking import focused_report, set_focus, show_after
from services.outbox import show_card
from services.people import chat_row
from services.reading import read_words
from services.reporting import Given, Outcome, enter, sheet_for
from services.sheets import Sheet
from services.turn import Turn

NUMERIC = frozenset({Kind.INT, Kind.NUMBER, Kind.PERCENT, Kind.RATIO})
DOT, SLASH, BACK, ENTER, OPEN = 10, 11, 12, 13, 14
"""What a key says besides the digits 0 to 9."""
LONGEST = 12


async def pressed(turn: Turn, key: ReportKey, revision: int, position: int, code: int) -> Outcome:
    """One key of the pad, or [数字键盘] itself; every press edits the card in place."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = sheet.indicators[position] if position < len(sheet.indicators) else None
    if indicator is None or indicator.kind not in NUMERIC or revision != sheet.revision:
        return Outcome.OUT_OF_DATE
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if code == OPEN:
        await set_focus(turn, key, indicator.key)
        return await _show(turn, chat, sheet, "")
    if chat.pad is None or chat.focus_key != indicator.key or focused_report(turn, chat) != key:
        return Outcome.OUT_OF_DATE
    if code == ENTER:
        return await _enter(turn, chat, sheet, indicator)
    return await _show(turn, chat, sheet, typed(chat.pad, code, indicator))


def typed(before: str, code: int, indicator: Indicator) -> str:
    """What stands there after this key; a key that makes no number changes nothing."""
    if code == BACK:
        return before[:-1]
    sign = mark_of(indicator)
    if code in (DOT, SLASH):
        after = f"{before}{'.' if code == DOT else '/'}"
        return after if before and after[-1] == sign and sign not in before else before
    return f"{before}{code}" if 0 <= code <= 9 and len(before) < LONGEST else before


def mark_of(indicator: Indicator) -> str:
    """The sign that a number of this question may hold besides its digits."""
    if indicator.kind is Kind.RATIO:
        return "/"
    return "." if indicator.kind is not Kind.INT and indicator.scale else ""


async def _show(turn: Turn, chat: Chat, sheet: Sheet, pad: str) -> Outcome:
    chat.pad = pad
    await turn.session.flush()
    await show_card(turn.session, turn.to, ReportCard(report=sheet.key), turn.now)
    return Outcome.DONE


async def _enter(turn: Turn, chat: Chat, sheet: Sheet, indicator: Indicator) -> Outcome:
    """确定: read like words, with the same limits; what cannot be leaves the pad open and empty."""
    said = (chat.pad or "").strip("./")
    if not said:
        return Outcome.INCOMPLETE
    unit = "%" if indicator.kind is Kind.PERCENT else indicator.unit
    words = said if indicator.kind is Kind.RATIO else f"{said}{unit}"
    understood = read_words(turn, sheet, words, indicator.key)
    readings = [reading for reading in understood.readings if reading.key == indicator.key]
    if readings:
        chat.failures = 0
        outcome = await enter(turn, sheet, Given(readings, sheet.revision))
        await show_after(turn, sheet, below=False)
        return outcome
    doubts = [doubt for doubt in understood.doubts if doubt.key == indicator.key]
    unread = tuple(Unread(key=one.key, why=one.why, words=one.words) for one in doubts[:1])
    chat.failures += 1
    await show_after(turn, sheet, below=False, unread=unread, failures=chat.failures, stay=indicator.key)
    chat.pad = ""
    await turn.session.flush()
    return Outcome.DONE
