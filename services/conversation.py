"""What a principal's taps and words do: open, answer, change, confirm, cancel. One call per handler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import col, select

from db.tables import Chat, Inbox, Outbox
from domain import messages
from domain.indicators import Indicator, Kind, Question, Value, Values
from domain.messages import History, Phrase, ReportCard, ReportKey, Say, Strip, Todo, Unread, WhichReport
from domain.understanding import understand
from domain.understanding.result import Intent, Reading, Understanding, Why
from services.outbox import queue, show_card
from services.people import chat_row, office_facts
from services.reporting import Given, Outcome, enter, owed, sheet_for, show_everywhere, submit
from services.sheets import Sheet, sheet_of
from services.turn import Turn

FOCUS_LASTS = timedelta(hours=24)
SEND_WORDS = ("提交", "报送")
"""Said of a report that is not filled yet, they show what is still wanting."""


async def open_report(turn: Turn, key: ReportKey, *, below: bool = True) -> Outcome:
    """开始填报 / 接着填: show the card (below) and put the focus on the first open question."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await _ask_next(turn, sheet)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=below)
    return Outcome.DONE


async def choose(turn: Turn, key: ReportKey, revision: int, position: int, option: int) -> Outcome:
    """A tapped answer: yes or no, or one of the choices, by its place in the questionnaire."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    value = _tapped(indicator, option, sheet.values)
    if indicator is None or value is None:
        return Outcome.OUT_OF_DATE
    reading = Reading(indicator.key, value, words="", rule="tap")
    (await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)).failures = 0
    outcome = await enter(turn, sheet, Given([reading], revision))
    await show_after(turn, key, below=False, stay=indicator.key if indicator.kind is Kind.CHOICES else None)
    return outcome


def _at(indicators: Sequence[Indicator], position: int) -> Indicator | None:
    return indicators[position] if 0 <= position < len(indicators) else None


def _tapped(indicator: Indicator | None, option: int, values: Values) -> Value | None:
    if indicator is None:
        return None
    if indicator.kind is Kind.BOOL:
        return bool(option)
    choice = indicator.choices[option] if 0 <= option < len(indicator.choices) else None
    return _toggled(indicator, choice, values) if choice and indicator.kind is Kind.CHOICES else choice


def _toggled(indicator: Indicator, choice: str, values: Values) -> Value:
    """Several choices: a tap adds one or takes it back, but never the last."""
    chosen = values.get(indicator.key)
    before = set(chosen) if isinstance(chosen, tuple) else set()
    after = before ^ {choice} or before
    return tuple(one for one in indicator.choices if one in after)


async def list_changes(turn: Turn, key: ReportKey, *, below: bool = False) -> Outcome:
    """修改: the card lists its answers as buttons; a read-back is no longer open."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await _focus(turn, key, None)
    await show_card(turn.session, turn.to, ReportCard(report=key, choosing=True), turn.now, below=below)
    return Outcome.DONE


async def change(turn: Turn) -> None:
    """修改, typed: of the report at hand, else of the only one that was begun."""
    begun = [sheet for sheet in await owed(turn) if sheet.values]
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    here = [sheet for sheet in begun if sheet.key == _focused(turn, chat)] or begun
    if len(here) == 1:
        await list_changes(turn, here[0].key, below=True)
    elif here:
        await todo(turn)
    else:
        await say(turn, Phrase.NOTHING_TO_CANCEL)


async def ask_again(turn: Turn, key: ReportKey, position: int) -> Outcome:
    """One of the listed answers was tapped: ask for it anew."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    if indicator is None:
        return Outcome.OUT_OF_DATE
    await _focus(turn, key, indicator.key)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now)
    return Outcome.DONE


async def confirm(turn: Turn, key: ReportKey, revision: int | None) -> Outcome:
    """提交, tapped or typed."""
    outcome = await submit(turn, key, revision)
    if outcome is Outcome.DONE:
        await _focus(turn, None, None)
    elif outcome in (Outcome.OUT_OF_DATE, Outcome.INCOMPLETE):
        await open_report(turn, key)
    return outcome


async def put_off(turn: Turn, key: ReportKey) -> Outcome:
    """稍后填: everything stays as it is, the focus ends."""
    _, allowed = await sheet_for(turn, key)
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if allowed is not Outcome.NOT_YOURS and _focused(turn, chat) == key:
        await _focus(turn, None, None)
    return allowed


async def later(turn: Turn) -> None:
    """稍后, typed."""
    await _focus(turn, None, None)
    await say(turn, Phrase.LATER)


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


@dataclass(frozen=True, slots=True)
class _Told:
    """Typed words with what they say about themselves: the units they name, the message they reply to."""

    words: str
    units: frozenset[int]
    replied: Outbox | None = None

    @property
    def reports(self) -> tuple[ReportKey, ...]:
        """What the message replied to speaks of."""
        if self.replied is None:
            return ()
        return _reports_of(messages.from_json(self.replied.kind, dict(self.replied.payload)))


async def reply(turn: Turn, words: str, reply_to: int | None = None) -> None:
    """Typed words: routed to the one report they belong to (design 3), understood, read back."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    told = _Told(words, _named_units(turn, words), await _delivered(turn, reply_to))
    sheets = [sheet for sheet in await owed(turn) if not told.units or sheet.unit.id in told.units]
    if await _too_late(turn, chat, sheets, told):
        return
    if not sheets:
        await say(turn, Phrase.NOTHING_OWED, units=_unit_names(turn, told.units))
        return
    if await _confirmed(turn, chat, sheets, told):
        return
    route = _route(turn, chat, sheets, told)
    if route is None:
        await _ask_which(turn, sheets, words)
        return
    await _take(turn, chat, route, words)


def _names(turn: Turn) -> dict[str, int]:
    """The units this person reports for, by name."""
    units = turn.person.reporting_units
    return {h.unit_name: h.unit_id for h in turn.person.holdings if h.unit_id in units and h.unit_name}


def _named_units(turn: Turn, words: str) -> frozenset[int]:
    """The person's units named in the words; 桥头小学 is not, where 石桥头小学 was said."""
    names = _names(turn)
    said = [name for name in names if name in words]
    return frozenset(names[name] for name in said if not any(name != other and name in other for other in said))


def _unit_names(turn: Turn, units: frozenset[int]) -> str:
    return "、".join(name for name, unit_id in _names(turn).items() if unit_id in units)


def _unnamed(turn: Turn, words: str) -> str:
    """The words without the unit's name, which may hold numerals (九年一贯制)."""
    for name in sorted(_names(turn), key=len, reverse=True):
        words = words.replace(name, " ")
    return words.lstrip(" ,,::")  # noqa: B005 - a set of separators


async def reply_for(turn: Turn, update_id: int, key: ReportKey) -> Outcome:
    """The person chose which report the words of an earlier update were for: take them, typed once and taken once."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    if earlier is None or earlier.chat_id != turn.to.chat_id:
        return Outcome.NOT_YOURS
    if not await _close_question(turn, update_id):
        return Outcome.OUT_OF_DATE
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    turn.received_at = earlier.received_at
    message = earlier.raw.get("message")
    words = str(message.get("text", "")) if isinstance(message, dict) else ""
    await _take(turn, chat, _first_open(sheet), words)
    return Outcome.DONE


async def _close_question(turn: Turn, update_id: int) -> bool:
    """Take the buttons off the question; False when one of them was tapped before."""
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id)
    kinds = col(Outbox.kind).in_(["which_report", "strip"])
    statement = select(Outbox).where(*mine, kinds, col(Outbox.queued_at) >= turn.now - FOCUS_LASTS)
    rows = (await turn.session.exec(statement)).all()
    asked = [row.message_id for row in rows if row.payload.get("update_id") == update_id and row.message_id]
    closed = {row.payload.get("message_id") for row in rows}
    for message_id in asked:
        if message_id in closed:
            return False
        await queue(turn.session, turn.to, Strip(message_id=message_id), turn.now)
    return True


async def _too_late(turn: Turn, chat: Chat, sheets: list[Sheet], told: _Told) -> bool:
    """Words for a report that is sent or closed are not given to another one; the person is told."""
    focused = _focused(turn, chat)
    meant = told.reports if told.replied is not None and told.reports else ((focused,) if focused else ())
    if len(meant) != 1 or any(sheet.key == meant[0] for sheet in sheets):
        return False
    sheet, allowed = await sheet_for(turn, meant[0])
    phrase = {Outcome.ALREADY_SUBMITTED: Phrase.ALREADY_SUBMITTED, Outcome.LOCKED: Phrase.LOCKED}.get(allowed)
    if sheet is None or phrase is None or (told.units and sheet.unit.id not in told.units):
        return False
    if focused == sheet.key:
        await _focus(turn, None, None)
    await say(turn, phrase, title=f"{sheet.unit.name} {sheet.title}")
    return True


async def _confirmed(turn: Turn, chat: Chat, sheets: list[Sheet], told: _Told) -> bool:
    """对 / 好 / 提交 … as a whole message while a read-back is open confirms it exactly like the button.

    Where none is open but one report waits for its 提交 only, it is read back first: nothing is sent unseen.
    """
    if understand(told.words, (), now=turn.now, read_back_open=True).intent is not Intent.CONFIRM:
        return False
    focused = _focused(turn, chat)
    meant = [sheet for sheet in sheets if sheet.key in (told.reports or ((focused,) if focused else ()))]
    waiting = [sheet for sheet in meant or ([] if focused else sheets) if sheet.is_complete]
    asked = chat.focus_key is not None and [sheet.key for sheet in meant] == [focused]
    if not waiting and told.words.strip() in SEND_WORDS and len(meant or sheets) == 1:
        await open_report(turn, (meant or sheets)[0].key)
        return True
    if len(waiting) != 1 or asked:
        return False
    [sheet] = waiting
    if sheet.key == focused and chat.read_back is not None:
        await confirm(turn, sheet.key, chat.read_back)
    else:
        await open_report(turn, sheet.key)
    return True


def _route(turn: Turn, chat: Chat, sheets: list[Sheet], told: _Told) -> _Route | None:
    focused = _focused(turn, chat)
    replied = [sheet for sheet in sheets if sheet.key in told.reports]
    if len(replied) == 1:
        return _Route(replied[0], chat.focus_key) if focused == replied[0].key else _first_open(replied[0])
    at_hand = next((sheet for sheet in sheets if sheet.key == focused), None)
    if at_hand is not None:
        return _Route(at_hand, chat.focus_key)
    if len({sheet.unit.id for sheet in sheets}) > 1:
        return None
    if len(sheets) == 1:
        return _first_open(sheets[0])
    fitting = _fitting(turn, sheets, told.words)
    return _Route(fitting[0]) if len(fitting) == 1 else None


_ANY = Question("any", "", Kind.BOOL)
"""Asked beside the others, it keeps a bare 已完成 or 没有 from fitting the only yes-or-no question there is."""


def _fitting(turn: Turn, sheets: list[Sheet], words: str) -> list[Sheet]:
    """The reports that the words speak of, when all their questions are asked at once."""
    asked = [
        replace(question, key=f"{number}:{question.key}")
        for number, sheet in enumerate(sheets)
        for question in sheet.questions(turn.today)
    ]
    understood = understand(_unnamed(turn, words), [*asked, _ANY], now=turn.hours.local(turn.now))
    found = {reading.key.partition(":")[0] for reading in understood.readings}
    return [sheet for number, sheet in enumerate(sheets) if str(number) in found]


def _first_open(sheet: Sheet) -> _Route:
    """Where only the report is known, a bare value answers its first open question."""
    return _Route(sheet, next((indicator.key for indicator in sheet.missing), None))


async def _delivered(turn: Turn, message_id: int | None) -> Outbox | None:
    """The message of ours that stands under this id in the chat, as it was last shown."""
    if message_id is None:
        return None
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id, Outbox.message_id == message_id)
    statement = select(Outbox).where(*mine, col(Outbox.kind) != "strip").order_by(col(Outbox.id).desc())
    return (await turn.session.exec(statement)).first()


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


_BAD = {Why.FUTURE, Why.PAST, Why.NO_SUCH_DATE, Why.NO_SUCH_CHOICE, Why.OUT_OF_RANGE, Why.DONE_OVER_TOTAL, Why.FUZZY}
"""The right kind of answer, but one that cannot be."""


def _read(turn: Turn, sheet: Sheet, words: str, focus: str | None = None) -> Understanding:
    """What is said about all questions; but a bare value that the question at hand must refuse is not handed to another
    (a day that is over is no planned day, and does not turn 未开展 into 已开展)."""
    now = turn.hours.local(turn.now)
    asked = sheet.question(focus, turn.today) if focus else None
    if asked is None or asked.kind is not Kind.TEXT:
        words = _unnamed(turn, words)
    understood = understand(words, sheet.questions(turn.today), now=now, focus=focus)
    if asked is None or asked.key in understood.values:
        return understood
    alone = understand(words, [asked], now=now, focus=focus)
    refused = " ".join(doubt.words for doubt in alone.doubts if doubt.why in _BAD)
    taken = refused and all(reading.words in refused for reading in understood.readings)
    return alone if taken else understood


async def _take(turn: Turn, chat: Chat, route: _Route, words: str) -> None:
    """Enter what was understood; show the card below with what was not."""
    understood = _read(turn, route.sheet, words, route.focus)
    readings = [reading for reading in understood.readings if route.sheet.indicator(reading.key) is not None]
    chat.failures = 0 if readings else chat.failures + 1
    if readings:
        await enter(turn, route.sheet, Given(readings))
    taken = {reading.words for reading in readings}
    doubts = [doubt for doubt in understood.doubts if doubt.why is not Why.AMBIGUOUS or doubt.words not in taken]
    unread = tuple(Unread(key=doubt.key, why=doubt.why, words=doubt.words) for doubt in doubts)
    if not readings and not unread:
        unread = (Unread(key=None, why=Why.NOT_UNDERSTOOD, words=words[:40]),)
    await show_after(turn, route.sheet.key, below=True, unread=unread, failures=chat.failures)


async def show_after(
    turn: Turn,
    key: ReportKey,
    *,
    below: bool,
    unread: tuple[Unread, ...] = (),
    failures: int = 0,
    stay: str | None = None,
) -> None:
    """Show the card after an answer and ask the next question; `stay` keeps asking this one (several choices)."""
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    if sheet is None:
        return
    if stay is not None:
        await _focus(turn, key, stay)
    else:
        await _ask_next(turn, sheet, unread)
    card = ReportCard(report=key, unread=unread, failures=failures)
    await show_card(turn.session, turn.to, card, turn.now, below=below)
    await show_everywhere(turn, key, but_here=True)


async def _ask_next(turn: Turn, sheet: Sheet, unread: tuple[Unread, ...] = ()) -> None:
    """The focus moves to what could not be read, else to the first question without an answer; when nothing is left
    to ask, the read-back is open."""
    doubted = [item.key for item in unread if item.key is not None and item.why is not Why.AMBIGUOUS]
    open_keys = [indicator.key for indicator in sheet.missing]
    asked = next(iter(doubted + open_keys), None)
    await _focus(turn, sheet.key, asked, sheet.revision if asked is None else None)


async def _focus(turn: Turn, report: ReportKey | None, key: str | None, read_back: int | None = None) -> None:
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    chat.focus_round_id, chat.focus_unit_id = report or (None, None)
    chat.focus_key, chat.read_back = key, read_back
    chat.focus_at = turn.now if report else None
    if report is None:
        chat.failures = 0
    await turn.session.flush()
