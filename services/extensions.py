"""延期, asked for in a few taps or in one sentence: until when and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Chat, Inbox
from domain.indicators import Kind, Question
from domain.messages import ExtensionForm, ReportKey, WhichExtension
from domain.phrases import Phrase
from domain.requests import RequestKind, days_to_choose, extended_due
from domain.understanding import understand
from services.asking import focused_report, say, set_focus
from services.outbox import queue
from services.reporting import Outcome, owed, sheet_for
from services.requests import LONGEST, ask_extension
from services.routing import Told, names_task
from services.sheets import Sheet, sheets_of
from services.turn import Turn

UNTIL = "?until"
WHY = "?why:"
"""The focus of a chat that is asked until when, or (with the day) why."""

REASONS = ("停电停网", "设备故障", "数据还在核实")

_ASKED = re.compile(
    r"^\s*(?:我们?|学校)?(?:想|要|请|需要)?(?:申请)?延(?:期|后)(?:报送|上报|填报|提交)?"
    r"|申请延(?:期|后)(?:报送|上报|填报|提交)?|延(?:期|后)(?:报送|上报|填报|提交)"
)
_LINKS = re.compile(r"^[\s,,。;;::、]*(?:到|至|因为|由于|原因(?:是|:|:)?|因)?[\s,,::]*|[\s,,。;;、]+$")


def asks_for_extension(words: str) -> bool:
    """延期, 班班通申请延期到…, but not 演练延期到27日, which is about the drill."""
    return _ASKED.search(words) is not None


# ---- asking


async def begin(turn: Turn, key: ReportKey, update_id: int | None = None) -> Outcome:
    """[申请延期]; `update_id` names the words that asked for it before it was clear of which report."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    refused = _refused(turn, sheet)
    if refused is not None:
        return refused
    words = await _earlier_words(turn, update_id) if update_id is not None else ""
    if words is None:
        return Outcome.NOT_YOURS
    await _go_on(turn, sheet, _ASKED.sub(" ", words), None)
    return Outcome.DONE


def _refused(turn: Turn, sheet: Sheet) -> Outcome | None:
    if RequestKind.EXTENSION in sheet.standing.asked:
        return Outcome.ALREADY_ASKED
    may = days_to_choose(sheet.due_at, sheet.lock_at, turn.hours, turn.now)
    return None if may else Outcome.TOO_LATE


def _until(turn: Turn, sheet: Sheet, day: date) -> datetime | None:
    until = extended_due(day, sheet.due_at, sheet.lock_at, turn.hours)
    return until if until is not None and until > turn.now else None


async def _earlier_words(turn: Turn, update_id: int) -> str | None:
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    if earlier is None or earlier.chat_id != turn.to.chat_id:
        return None
    turn.received_at, turn.in_backlog = earlier.counts_from, earlier.stood_at is not None
    message = earlier.raw.get("message")
    return str(message.get("text", "")) if isinstance(message, dict) else ""


async def pick_day(turn: Turn, key: ReportKey, ordinal: int) -> Outcome:
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    day = _day(ordinal)
    refused = _refused(turn, sheet)
    if refused is not None or day is None or _until(turn, sheet, day) is None:
        return refused or Outcome.OUT_OF_DATE
    await _go_on(turn, sheet, "", day)
    return Outcome.DONE


async def pick_reason(turn: Turn, key: ReportKey, ordinal: int, choice: int) -> Outcome:
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    day = _day(ordinal)
    refused = _refused(turn, sheet)
    if refused is not None or day is None or choice >= len(REASONS):
        return refused or Outcome.OUT_OF_DATE
    await _go_on(turn, sheet, REASONS[choice], day)
    return Outcome.DONE


def _day(ordinal: int) -> date | None:
    return date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None


async def _go_on(turn: Turn, sheet: Sheet, words: str, day: date | None) -> None:
    """Ask for what is still wanting, the day first; with both, the request goes to the office."""
    said, reason = (day, _tidy(words)) if day else _read(turn, sheet, words)
    until = _until(turn, sheet, said) if said else None
    if said is None or until is None:
        unclear = bool(_tidy(words))
        await set_focus(turn, sheet.key, UNTIL)
        await queue(turn.session, turn.to, ExtensionForm(report=sheet.key, unclear=unclear), turn.now)
    elif not reason:
        await set_focus(turn, sheet.key, f"{WHY}{said.isoformat()}")
        await queue(turn.session, turn.to, ExtensionForm(report=sheet.key, until=said), turn.now)
    else:
        reason = reason[:LONGEST]
        await ask_extension(turn, sheet, until=until, reason=reason)
        facts = {"title": f"{sheet.unit.name} {sheet.title}", "until": until.isoformat(), "reason": reason}
        await say(turn, Phrase.EXTENSION_ASKED, **facts)


def _read(turn: Turn, sheet: Sheet, words: str) -> tuple[date | None, str]:
    """The day that the words name, looking ahead, and what else they say."""
    asked = Question("until", "延期到", Kind.DATE, earliest=turn.today)
    for name in (sheet.unit.name, sheet.title, sheet.task.name, sheet.task.short_name):
        words = words.replace(name, " ") if name else words
    found = understand(words, [asked], now=turn.hours.local(turn.now), focus="until").readings
    if not found or not isinstance(found[0].value, date):
        return None, _tidy(words)
    return found[0].value, _tidy(" ".join(_tidy(part) for part in words.split(found[0].words, 1)))


def _tidy(words: str) -> str:
    before = None
    while before != words:
        before, words = words, _LINKS.sub("", words).strip()
    return words


# ---- typed


async def answered(turn: Turn, chat: Chat, told: Told) -> bool:
    """延期…, typed, or what was asked about it. False where the words are about something else."""
    focused = focused_report(turn, chat)
    key = chat.focus_key or ""
    if focused is not None and (key == UNTIL or key.startswith(WHY)):
        sheet, allowed = await sheet_for(turn, focused)
        if sheet is None or allowed is not Outcome.DONE or _refused(turn, sheet):
            await set_focus(turn, None, None)
            return False
        day = date.fromisoformat(key.removeprefix(WHY)) if key.startswith(WHY) else None
        await _go_on(turn, sheet, _ASKED.sub(" ", told.words), day)
        return True
    return asks_for_extension(told.words) and await _begun_in_words(turn, chat, told)


async def _begun_in_words(turn: Turn, chat: Chat, told: Told) -> bool:
    sheets = [sheet for sheet in await owed(turn) if not told.units or sheet.unit.id in told.units]
    meant = [sheet for sheet in sheets if sheet.key in told.reports] if len(told.reports) == 1 else []
    meant = meant or [sheet for sheet in sheets if names_task(sheet, told.words)]
    meant = meant or [sheet for sheet in sheets if sheet.key == focused_report(turn, chat)]
    may = [sheet for sheet in meant or sheets if _refused(turn, sheet) is None]
    if len(may) == 1:
        await _go_on(turn, may[0], _ASKED.sub(" ", told.words), None)
    elif may:
        reports = tuple(sheet.key for sheet in may)
        await queue(turn.session, turn.to, WhichExtension(update_id=turn.update_id, reports=reports), turn.now)
    elif meant or sheets:
        await say(turn, Phrase.EXTENSION_OVER, title=(meant or sheets)[0].title)
    return bool(sheets)


# ---- shown


@dataclass(frozen=True, slots=True)
class ExtensionContent:
    """`until` is None while the day is asked for."""

    sheet: Sheet
    until: date | None
    unclear: bool


@dataclass(frozen=True, slots=True)
class WhichExtensionContent:
    update_id: int
    sheets: tuple[Sheet, ...]


async def form(session: AsyncSession, bureau_id: int, message: ExtensionForm) -> ExtensionContent | None:
    found = await sheets_of(session, bureau_id, [message.report])
    return ExtensionContent(found[0], message.until, message.unclear) if found else None


async def which(session: AsyncSession, bureau_id: int, message: WhichExtension) -> WhichExtensionContent | None:
    found = await sheets_of(session, bureau_id, message.reports)
    return WhichExtensionContent(message.update_id, tuple(found)) if found else None
