"""What a principal's taps and words do: open, answer, change, confirm, cancel. One call per handler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from db.tables import Chat, Inbox, Outbox
from domain import messages
from domain.indicators import Indicator, Kind
from domain.messages import History, Phrase, ReportCard, ReportKey, Say, Todo, Unread, WhichReport
from domain.understanding import understand
from domain.understanding.result import Intent, Reading, Understanding
from services.outbox import queue, show_card
from services.people import chat_row, office_facts
from services.reporting import Given, Outcome, enter, owed, sheet_for, show_everywhere, submit
from services.sheets import Sheet, sheet_of
from services.turn import Turn

FOCUS_LASTS = timedelta(hours=24)


async def open_report(turn: Turn, key: ReportKey) -> Outcome:
    """开始填报 / 接着填: show the card below and put the focus on the first open question."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await _ask_next(turn, sheet)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=True)
    return Outcome.DONE


async def choose(turn: Turn, key: ReportKey, revision: int, position: int, option: int) -> Outcome:
    """A tapped answer: yes or no, or one of the choices, by its place in the questionnaire."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    value = _tapped(indicator, option)
    if indicator is None or value is None:
        return Outcome.OUT_OF_DATE
    reading = Reading(indicator.key, value, words="", rule="tap")
    outcome = await enter(turn, sheet, Given([reading], revision))
    await _show_after(turn, key, below=False)
    return outcome


def _at(indicators: Sequence[Indicator], position: int) -> Indicator | None:
    return indicators[position] if 0 <= position < len(indicators) else None


def _tapped(indicator: Indicator | None, option: int) -> bool | str | None:
    if indicator is None:
        return None
    if indicator.kind is Kind.BOOL:
        return bool(option)
    return indicator.choices[option] if 0 <= option < len(indicator.choices) else None


async def list_changes(turn: Turn, key: ReportKey) -> Outcome:
    """修改: the card lists its answers as buttons."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await show_card(turn.session, turn.to, ReportCard(report=key, choosing=True), turn.now)
    return Outcome.DONE


async def ask_again(turn: Turn, key: ReportKey, position: int) -> Outcome:
    """One of the listed answers was tapped: ask for it anew."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    await _focus(turn, key, indicator.key if indicator else None)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now)
    return Outcome.DONE


async def confirm(turn: Turn, key: ReportKey, revision: int | None) -> Outcome:
    """提交, tapped or typed."""
    outcome = await submit(turn, key, revision)
    if outcome is Outcome.DONE:
        await _focus(turn, None, None)
    elif outcome in (Outcome.OUT_OF_DATE, Outcome.INCOMPLETE):
        await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=True)
    return outcome


async def put_off(turn: Turn) -> None:
    """稍后填: everything stays as it is, the focus ends."""
    await _focus(turn, None, None)


async def todo(turn: Turn) -> None:
    await queue(turn.session, turn.to, Todo(), turn.now)


async def history(turn: Turn) -> None:
    await queue(turn.session, turn.to, History(), turn.now)


async def cancel(turn: Turn) -> None:
    """/cancel leaves the question at hand; what was filled in stays in the draft."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    phrase = Phrase.CANCELLED if _focused(turn, chat) else Phrase.NOTHING_TO_CANCEL
    await _focus(turn, None, None)
    await say(turn, phrase)


async def say(turn: Turn, phrase: Phrase, **facts: str) -> None:
    address = {"address": turn.actor.address} if turn.actor else {}
    known = office_facts(turn.bureau) | address | facts
    await queue(turn.session, turn.to, Say(phrase=phrase, facts=known), turn.now)


# ---- words


@dataclass(frozen=True, slots=True)
class _Route:
    """Where a reply belongs; `focus` is the question it answers when it is a bare value."""

    sheet: Sheet
    focus: str | None = None


async def reply(turn: Turn, words: str, reply_to: int | None = None) -> None:
    """Typed words: routed to the one report they belong to (design 3), understood, read back."""
    sheets = await owed(turn)
    if not sheets:
        await say(turn, Phrase.NOTHING_OWED)
        return
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if await _confirmed(turn, chat, sheets, words):
        return
    route = await _route(turn, chat, sheets, words, reply_to)
    if route is None:
        await _ask_which(turn, sheets, words)
        return
    await _take(turn, chat, route, words)


async def reply_for(turn: Turn, update_id: int, key: ReportKey) -> Outcome:
    """The person chose which report the words of an earlier update were for: take them, typed once."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    if earlier is None or earlier.chat_id != turn.to.chat_id:
        return Outcome.NOT_YOURS
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    turn.received_at = earlier.received_at
    message = earlier.raw.get("message")
    words = str(message.get("text", "")) if isinstance(message, dict) else ""
    await _take(turn, chat, _Route(sheet), words)
    return Outcome.DONE


async def _confirmed(turn: Turn, chat: Chat, sheets: list[Sheet], words: str) -> bool:
    """对 / 好 / 提交 … as a whole message while a read-back is open confirms it exactly like the button."""
    complete = [sheet for sheet in sheets if sheet.is_complete]
    focused = _focused(turn, chat)
    here = [sheet for sheet in complete if sheet.key == focused]
    candidates = here or ([] if focused else complete)
    if len(candidates) != 1 or understand(words, (), now=turn.now, read_back_open=True).intent is not Intent.CONFIRM:
        return False
    await confirm(turn, candidates[0].key, None)
    return True


async def _route(turn: Turn, chat: Chat, sheets: list[Sheet], words: str, reply_to: int | None) -> _Route | None:
    named = [sheet for sheet in sheets if sheet.unit.name in words]
    sheets = named or sheets
    several_units = len({sheet.unit.id for sheet in sheets}) > 1
    replied = await _replied_to(turn, sheets, reply_to)
    if replied is not None:
        return _Route(replied, chat.focus_key if _focused(turn, chat) == replied.key else None)
    focused = next((sheet for sheet in sheets if sheet.key == _focused(turn, chat)), None)
    if focused is not None:
        return _Route(focused, chat.focus_key)
    if several_units:
        return None
    fitting = [sheet for sheet in sheets if _read(turn, sheet, words).readings]
    if len(fitting) == 1:
        return _Route(fitting[0])
    return _Route(sheets[0]) if len(sheets) == 1 else None


async def _replied_to(turn: Turn, sheets: list[Sheet], reply_to: int | None) -> Sheet | None:
    """The report of the message that the person replied to, if it speaks of exactly one that is open."""
    if reply_to is None:
        return None
    statement = (
        select(Outbox.kind, Outbox.payload)
        .where(
            Outbox.bureau_id == turn.bureau.id,
            Outbox.chat_id == turn.to.chat_id,
            Outbox.message_id == reply_to,
        )
        .order_by(col(Outbox.id).desc())
    )
    row = (await turn.session.exec(statement)).first()
    spoken_of = _reports_of(messages.from_json(row[0], dict(row[1]))) if row else ()
    found = [sheet for sheet in sheets if sheet.key in spoken_of]
    return found[0] if len(found) == 1 else None


def _reports_of(message: messages.Message) -> tuple[ReportKey, ...]:
    if isinstance(message, messages.Prompt | messages.Reminder):
        return message.reports
    return (message.report,) if isinstance(message, ReportCard | messages.Receipt) else ()


def _focused(turn: Turn, chat: Chat) -> ReportKey | None:
    if chat.focus_at is None or turn.now - chat.focus_at > FOCUS_LASTS:
        return None
    if chat.focus_round_id is None or chat.focus_unit_id is None:
        return None
    return ReportKey(chat.focus_round_id, chat.focus_unit_id)


async def _ask_which(turn: Turn, sheets: list[Sheet], words: str) -> None:
    several = len({sheet.unit.id for sheet in sheets}) > 1
    options = tuple((s.key, f"{s.unit.name} {s.title}" if several else s.title) for s in sheets)
    question = WhichReport(update_id=turn.update_id, words=words[:60], options=options)
    await queue(turn.session, turn.to, question, turn.now)


def _read(turn: Turn, sheet: Sheet, words: str, focus: str | None = None) -> Understanding:
    local_now = turn.hours.local(turn.now)
    return understand(words, sheet.questions(turn.today), now=local_now, focus=focus)


async def _take(turn: Turn, chat: Chat, route: _Route, words: str) -> None:
    """Enter what was understood; show the card below with what was not."""
    understood = _read(turn, route.sheet, words, route.focus)
    readings = _wanted(route.sheet, understood.readings)
    chat.failures = 0 if readings else chat.failures + 1
    if readings:
        await enter(turn, route.sheet, Given(readings))
    unread = tuple(Unread(key=doubt.key, why=doubt.why, words=doubt.words) for doubt in understood.doubts)
    if not readings and not unread:
        await say(turn, Phrase.NOT_UNDERSTOOD, title=route.sheet.title)
    await _show_after(turn, route.sheet.key, below=True, unread=unread, failures=chat.failures)


def _wanted(sheet: Sheet, readings: Sequence[Reading]) -> list[Reading]:
    """The readings for questions of this report (a dependent's answer is pruned when its condition fails)."""
    return [reading for reading in readings if sheet.indicator(reading.key) is not None]


async def _show_after(
    turn: Turn, key: ReportKey, *, below: bool, unread: tuple[Unread, ...] = (), failures: int = 0
) -> None:
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    if sheet is None:
        return
    await _ask_next(turn, sheet, unread)
    card = ReportCard(report=key, unread=unread, failures=failures)
    await show_card(turn.session, turn.to, card, turn.now, below=below)
    await show_everywhere(turn, key, but_here=True)


async def _ask_next(turn: Turn, sheet: Sheet, unread: tuple[Unread, ...] = ()) -> None:
    """The focus moves to what could not be read, else to the first question without an answer."""
    doubted = [item.key for item in unread if item.key is not None]
    open_keys = [indicator.key for indicator in sheet.missing]
    await _focus(turn, sheet.key, next(iter(doubted + open_keys), None))


async def _focus(turn: Turn, report: ReportKey | None, key: str | None) -> None:
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    chat.focus_round_id, chat.focus_unit_id = report or (None, None)
    chat.focus_key = key
    chat.focus_at = turn.now if report else None
    if report is None:
        chat.failures = 0
    await turn.session.flush()
