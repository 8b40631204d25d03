"""What a principal's taps and words do: open, answer, change, confirm, cancel. One call per handler."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from db.tables import Chat, Inbox
from domain.indicators import Indicator, Kind, Value, Values, fits
from domain.messages import ReportCard, ReportKey, Todo, WhichReport
from domain.phrases import Phrase
from domain.understanding import understand
from domain.understanding.promises import promised
from domain.understanding.result import Intent, Reading, Why
from services import corrections, extensions, handover, howto, joint, pictures, promises, requests
from services.asking import ask_next, close_question, focused_report, say, set_focus, show_after
from services.history import show_history
from services.naming import named_units, unnamed
from services.outbox import queue, show_card
from services.people import chat_row
from services.reading import read_words
from services.reporting import Given, Outcome, enter, owed, sheet_for, submit
from services.routing import (
    Route,
    Told,
    bare_words,
    closed_candidates,
    delivered,
    first_open,
    fitting_closed,
    fitting_sheets,
    is_correction,
    is_marked,
    route_of,
    unit_names,
)
from services.sheets import Sheet
from services.taking import applying, cannot_be, meant, unread_of
from services.turn import Turn

_NEAR = timedelta(days=31)
SEND_WORDS = ("提交", "报送")
"""Said of a report that is not filled yet, they show what is still wanting."""


async def open_report(turn: Turn, key: ReportKey, *, below: bool = True, sent: bool = False) -> Outcome:
    """开始填报 / 接着填: show the card (below) and put the focus on the first open question; `sent`: a correction."""
    sheet, allowed = await sheet_for(turn, key, sent=sent)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await ask_next(turn, sheet)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=below)
    return Outcome.DONE


async def choose(turn: Turn, key: ReportKey, revision: int, position: int, option: int) -> Outcome:
    """A tapped answer: yes or no, or one of the choices, by its place in the questionnaire."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    value = _tapped(indicator, option, sheet.values)
    if indicator is None or value is None or not _may_be(turn, sheet, indicator, value):
        return Outcome.OUT_OF_DATE
    reading = Reading(indicator.key, value, words="", rule="tap")
    given = Given([reading], revision) if value != () else Given([], revision, instead_of=[indicator.key])
    (await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)).failures = 0
    outcome = await enter(turn, sheet, given)
    if sheet.is_sent and not sheet.is_correcting and outcome is Outcome.OUT_OF_DATE:
        return Outcome.ALREADY_SUBMITTED
    await show_after(turn, sheet, below=False, stay=indicator.key if indicator.kind is Kind.CHOICES else None)
    return outcome


def _at(indicators: Sequence[Indicator], position: int) -> Indicator | None:
    return indicators[position] if 0 <= position < len(indicators) else None


def _tapped(indicator: Indicator | None, option: int, values: Values) -> Value | None:
    if indicator is None:
        return None
    if indicator.kind is Kind.BOOL:
        return bool(option)
    if indicator.kind is Kind.PHOTO:
        return ()
    if indicator.kind is Kind.DATE:
        return date.fromordinal(option) if 0 < option <= date.max.toordinal() else None
    choice = indicator.choices[option] if 0 <= option < len(indicator.choices) else None
    return _toggled(indicator, choice, values) if choice and indicator.kind is Kind.CHOICES else choice


def _may_be(turn: Turn, sheet: Sheet, indicator: Indicator, value: Value) -> bool:
    """A tapped day is one of the nearest, and still lies within its bounds."""
    if not isinstance(value, date):
        return True
    question = sheet.question(indicator.key, turn.today)
    return question is not None and fits(question, value) and abs(value - turn.today) <= _NEAR


def _toggled(indicator: Indicator, choice: str, values: Values) -> Value:
    """Several choices: a tap adds one or takes it back, but never the last."""
    chosen = values.get(indicator.key)
    before = set(chosen) if isinstance(chosen, tuple) else set()
    after = before ^ {choice} or before
    return tuple(one for one in indicator.choices if one in after)


async def mean(turn: Turn, key: ReportKey, revision: int, position: int, amounts: Sequence[int]) -> Outcome:
    """One of the values was tapped that contradictory words may have meant."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    value = meant(indicator, amounts) if indicator is not None else None
    question = sheet.question(indicator.key, turn.today) if indicator is not None else None
    if indicator is None or value is None or question is None or not fits(question, value):
        return Outcome.OUT_OF_DATE
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    chat.failures = 0
    outcome = await enter(turn, sheet, Given([Reading(indicator.key, value, words="", rule="tap")], revision))
    table = await joint.at_hand(turn, chat)
    if table is not None and key in table.reports:
        await joint.settle(turn, table, key, indicator.key)
    else:
        await show_after(turn, sheet, below=False)
    return outcome


async def list_changes(turn: Turn, key: ReportKey, *, below: bool = False) -> Outcome:
    """修改: the card lists its answers as buttons; a read-back is no longer open."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await set_focus(turn, key, None)
    await show_card(turn.session, turn.to, ReportCard(report=key, choosing=True), turn.now, below=below)
    return Outcome.DONE


async def change(turn: Turn) -> None:
    """修改 or 更正, typed: of the report at hand, else of the only one that was begun, else of what was sent."""
    begun = [sheet for sheet in await owed(turn) if sheet.values]
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    here = [sheet for sheet in begun if sheet.key == focused_report(turn, chat)] or begun
    if len(here) == 1:
        await list_changes(turn, here[0].key, below=True)
    elif here:
        await todo(turn)
    else:
        await _change_sent(turn)


async def _change_sent(turn: Turn) -> None:
    candidates = await closed_candidates(turn, Told("", frozenset()))
    sent = [sheet for sheet in candidates if sheet.is_sent]
    if len(sent) == 1:
        await corrections.correct(turn, sent[0].key)
    elif sent:
        await show_history(turn)
    else:
        await say(turn, Phrase.NOTHING_TO_CANCEL)


async def ask_again(turn: Turn, key: ReportKey, position: int, *, below: bool = False) -> Outcome:
    """One of the listed answers was tapped: ask for it anew."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    indicator = _at(sheet.indicators, position)
    if indicator is None:
        return Outcome.OUT_OF_DATE
    await set_focus(turn, key, indicator.key)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=below)
    return Outcome.DONE


async def confirm(turn: Turn, key: ReportKey, revision: int | None, reason: str = "") -> Outcome:
    """提交, tapped or typed; 送校长看 where the principal wants to see it first. A correction is asked why, and what is
    complete after the lock goes to the office."""
    outcome = await submit(turn, key, revision, reason)
    if outcome is Outcome.TO_CONFIRM:
        outcome = await handover.pass_up(turn, key)
    match outcome:
        case Outcome.DONE:
            await set_focus(turn, None, None)
            if reason:
                await corrections.tell_section_of(turn, key)
        case Outcome.REASON_WANTED:
            await corrections.ask_reason(turn, key)
            return Outcome.DONE
        case Outcome.LOCKED:
            await requests.file_late(turn, key, reason)
        case Outcome.OUT_OF_DATE | Outcome.INCOMPLETE:
            await open_report(turn, key, sent=True)
    return outcome


async def give_reason(turn: Turn, key: ReportKey, revision: int, choice: int) -> Outcome:
    """One of the reasons for a correction was tapped."""
    if choice >= len(corrections.REASONS):
        return Outcome.OUT_OF_DATE
    return await confirm(turn, key, revision, corrections.REASONS[choice])


async def put_off(turn: Turn, key: ReportKey) -> Outcome:
    """稍后填: everything stays as it is, the focus ends."""
    _, allowed = await sheet_for(turn, key, sent=True)
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if allowed is not Outcome.NOT_YOURS and focused_report(turn, chat) == key:
        await set_focus(turn, None, None)
    return allowed


async def later(turn: Turn, words: str) -> None:
    """稍后, typed."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if not await _put_off(turn, chat, await owed(turn), Told(words, frozenset())):
        await set_focus(turn, None, None)
        await say(turn, Phrase.LATER)


async def _put_off(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> bool:
    """稍后, 明早报: a promise, about what was replied to, else what is at hand, else all that is still owed."""
    until = promised(unnamed(turn, told.words), turn.now, turn.hours)
    focused = focused_report(turn, chat)
    meant = told.reports or ((focused,) if focused else ())
    mine = [sheet for sheet in sheets if sheet.key in meant and not told.units] or sheets
    if until is None or not mine or any(_is_said(turn, sheet, told.words) for sheet in mine):
        return False
    await promises.promise(turn, [sheet.key for sheet in mine], until, told.words)
    return True


def _is_said(turn: Turn, sheet: Sheet, words: str) -> bool:
    """Do the words give a value as well (先写500,回头再核), or ask something?"""
    understood = read_words(turn, sheet, words)
    figures = any(doubt.why is Why.PUT_OFF for doubt in understood.doubts) and any(map(str.isdigit, words))
    return understood.intent is not Intent.LATER or figures


async def todo(turn: Turn) -> None:
    await queue(turn.session, turn.to, Todo(), turn.now)


async def cancel(turn: Turn) -> None:
    """/cancel leaves the question at hand; what was filled in stays in the draft."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    phrase = Phrase.CANCELLED if focused_report(turn, chat) else Phrase.NOTHING_TO_CANCEL
    await set_focus(turn, None, None)
    await say(turn, phrase)


# ---- words


async def reply(turn: Turn, words: str, reply_to: int | None = None) -> None:
    """Typed words: routed to the one report they belong to (design 3), understood, read back."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    told = Told(words, await named_units(turn, words), await delivered(turn, reply_to))
    if await extensions.answered(turn, chat, told):
        return
    owing = await owed(turn) if turn.sheets is None else turn.sheets
    sheets = [sheet for sheet in owing if not told.units or sheet.unit.id in told.units]
    if await joint.taken(turn, chat, sheets, told) or await _of_joint(turn, chat, told):
        return
    if await _of_closed(turn, chat, sheets, told):
        return
    if not sheets:
        await say(turn, Phrase.NOTHING_OWED, units=unit_names(turn, told.units))
        return
    if await _confirmed(turn, chat, sheets, told) or await _put_off(turn, chat, sheets, told):
        return
    route = route_of(turn, chat, sheets, told)
    if route is None:
        await _ask_which(turn, sheets, words)
        return
    await _take(turn, chat, route, words)


async def _of_joint(turn: Turn, chat: Chat, told: Told) -> bool:
    """A table of several units waits: 对 sends them all; words that name no unit are asked about, as always."""
    table = await joint.at_hand(turn, chat)
    if table is None or told.units or told.reports:
        return False
    sheets = [sheet for sheet in await owed(turn) if sheet.key in table.reports]
    if understand(told.words, (), now=turn.now, read_back_open=True).intent is Intent.CONFIRM:
        revisions = {sheet.key: sheet.revision for sheet in sheets}
        await send_joint(turn, table.update_id, [revisions.get(key, -1) for key in table.reports])
        return True
    if not sheets or promised(told.words, turn.now, turn.hours) is not None:
        return False
    await _ask_which(turn, sheets, told.words)
    return True


async def send_joint(turn: Turn, update_id: int, revisions: Sequence[int]) -> Outcome:
    """提交 for several units at once, tapped or typed; a table that is no longer as it was shown is shown anew."""
    table = await joint.table_of(turn, update_id)
    if table is None:
        return Outcome.OUT_OF_DATE
    sheets = [(await sheet_for(turn, key))[0] for key in table.reports]
    mine = [sheet for sheet in sheets if sheet is not None]
    if len(mine) < len(table.reports):
        return Outcome.NOT_YOURS
    if [sheet.revision for sheet in mine] != list(revisions) or not all(sheet.is_complete for sheet in mine):
        done = all(sheet.is_sent for sheet in mine)
        await show_card(turn.session, turn.to, table, turn.now, key=joint.CARD)
        return Outcome.ALREADY_SUBMITTED if done else Outcome.OUT_OF_DATE
    for sheet in mine:
        await confirm(turn, sheet.key, sheet.revision)
    await show_card(turn.session, turn.to, table, turn.now, key=joint.CARD)
    return Outcome.DONE


async def _of_closed(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> bool:
    """Words about a report that is sent or closed are not given to another one: they correct it, or hand it in late."""
    meant = await _meant_closed(turn, chat, sheets, told)
    if meant is not None:
        await _amend(turn, chat, meant, told)
        return True
    if not is_marked(told.words) and _fits_open(turn, chat, sheets, told):
        return False
    candidates = await closed_candidates(turn, told)
    fitting = fitting_closed(turn, candidates, told.words)
    if len(fitting) > 1:
        await _ask_which(turn, fitting, told.words)
        return True
    likely = fitting or (candidates if is_marked(told.words) and len(candidates) == 1 else [])
    if likely:
        await _take(turn, chat, Route(likely[0]), told.words)
    return bool(likely)


async def _meant_closed(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> Sheet | None:
    """The one report that the person replied to or is at, where it is not among those still owed."""
    focused = focused_report(turn, chat)
    meant = told.reports or ((focused,) if focused else ())
    if len(meant) != 1 or any(sheet.key == meant[0] for sheet in sheets):
        return None
    sheet, _ = await sheet_for(turn, meant[0], sent=True)
    return sheet if sheet is not None and (not told.units or sheet.unit.id in told.units) else None


def _fits_open(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> bool:
    """Do the words answer (or ask, or confirm) something about what is still owed?"""
    if not sheets:
        return False
    route = route_of(turn, chat, sheets, told)
    if route is None:
        return bool(fitting_sheets(turn, sheets, told.words))
    understood = read_words(turn, route.sheet, told.words, route.focus)
    if understood.readings or understood.intent is Intent.QUESTION:
        return True
    return cannot_be(understood) and not is_correction(turn, sheets, told.words)


async def _amend(turn: Turn, chat: Chat, sheet: Sheet, told: Told) -> None:
    """Take what is said of a report that is sent or whose round is closed."""
    if not sheet.is_open and not sheet.is_sent:
        await _nothing_taken(turn, chat, sheet)
    elif chat.focus_key == corrections.REASON and sheet.is_correcting:
        await _reason_said(turn, chat, sheet, told)
    elif not await _confirmed(turn, chat, [sheet], told):
        here = focused_report(turn, chat) == sheet.key
        await _take(turn, chat, Route(sheet, chat.focus_key) if here else first_open(sheet), told.words)


async def _reason_said(turn: Turn, chat: Chat, sheet: Sheet, told: Told) -> None:
    """The reason in the person's own words; 对 is none, and other values are read back first."""
    if corrections.says_other_values(turn, sheet, told.words):
        await _take(turn, chat, Route(sheet), told.words)
    elif understand(told.words, (), now=turn.now, read_back_open=True).intent is Intent.CONFIRM:
        await corrections.ask_reason(turn, sheet.key)
    else:
        await confirm(turn, sheet.key, chat.read_back, told.words.strip()[: corrections.LONGEST_REASON])


async def _none_given(turn: Turn, chat: Chat, sheet: Sheet, words: str) -> None:
    """更正 without a value shows what there is to correct; other words without one leave what was sent alone."""
    if is_marked(words):
        await corrections.correct(turn, sheet.key)
    else:
        await _nothing_taken(turn, chat, sheet)


async def _nothing_taken(turn: Turn, chat: Chat, sheet: Sheet, phrase: Phrase = Phrase.ALREADY_SUBMITTED) -> None:
    if focused_report(turn, chat) == sheet.key:
        await set_focus(turn, None, None)
    await say(turn, phrase, title=f"{sheet.unit.name} {sheet.title}")


async def reply_for(turn: Turn, update_id: int, key: ReportKey) -> Outcome:
    """The person chose which report the words of an earlier update were for: take them, typed once and taken once."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    if earlier is None or earlier.chat_id != turn.to.chat_id:
        return Outcome.NOT_YOURS
    if not await close_question(turn, update_id, "which_report"):
        return Outcome.OUT_OF_DATE
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    turn.received_at, turn.in_backlog = earlier.counts_from, earlier.stood_at is not None
    message = earlier.raw.get("message")
    if isinstance(message, dict) and pictures.attachment_in(message):
        await pictures.take_for(turn, sheet, earlier)
    words = str(message.get("text") or message.get("caption") or "") if isinstance(message, dict) else ""
    if not words:
        return Outcome.DONE
    turn.message_id = int(message["message_id"]) if isinstance(message, dict) else None
    await named_units(turn, words)  # so that the names in them are not read as values
    await _take(turn, chat, first_open(sheet), words)
    return Outcome.DONE


async def _confirmed(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> bool:
    """对 / 好 / 提交 … as a whole message while a read-back is open confirms it exactly like the button.

    Where none is open but one report waits for its 提交 only, it is read back first: nothing is sent unseen.
    """
    if understand(told.words, (), now=turn.now, read_back_open=True).intent is not Intent.CONFIRM:
        return False
    focused = focused_report(turn, chat)
    meant = [sheet for sheet in sheets if sheet.key in (told.reports or ((focused,) if focused else ()))]
    waiting = [sheet for sheet in meant or ([] if focused else sheets) if sheet.is_complete]
    asked = chat.focus_key is not None and [sheet.key for sheet in meant] == [focused]
    if not waiting and told.words.strip() in SEND_WORDS and len(meant or sheets) == 1:
        await open_report(turn, (meant or sheets)[0].key, sent=(meant or sheets)[0].is_correcting)
        return True
    if len(waiting) != 1 or asked:
        return False
    [sheet] = waiting
    if sheet.key == focused and chat.read_back is not None:
        await confirm(turn, sheet.key, chat.read_back)
    else:
        await open_report(turn, sheet.key, sent=True)
    return True


async def _ask_which(turn: Turn, sheets: list[Sheet], words: str) -> None:
    several = len({sheet.unit.id for sheet in sheets}) > 1
    options = tuple((s.key, f"{s.unit.name} {s.title}" if several else s.title) for s in sheets)
    question = WhichReport(update_id=turn.update_id, words=words[:60], options=options)
    await queue(turn.session, turn.to, question, turn.now)


async def _take(turn: Turn, chat: Chat, route: Route, words: str) -> None:
    """Enter what was understood; show the card below with what was not. A question is answered and stays asked."""
    sheet = route.sheet
    words = joint.own_part(turn, sheet, words)
    is_closed = sheet.is_sent or sheet.is_locked(turn.now)
    said = bare_words(sheet, words) if is_closed else words
    understood = read_words(turn, sheet, said, route.focus)
    if understood.intent is Intent.QUESTION:
        held = [one for one in applying(sheet, understood.held) if sheet.values.get(one.key) != one.value]
        await howto.explain(turn, sheet, howto.asked_about(sheet, understood, route.focus), held)
        return
    readings = applying(sheet, understood.readings)
    at_hand = sheet.indicator(route.focus) is not None or sheet.is_correcting
    if sheet.is_sent and not at_hand and not readings and not cannot_be(understood):
        await _none_given(turn, chat, sheet, words)
        return
    chat.failures = 0 if readings else chat.failures + 1
    if readings:
        outcome = await enter(turn, sheet, Given(readings))
        if outcome is Outcome.UNCHANGED and not sheet.is_correcting:
            await _nothing_taken(turn, chat, sheet, Phrase.UNCHANGED)
            return
    if understood.aside:
        await howto.explain(turn, sheet, howto.asked_about(sheet, understood, route.focus))
    unread = unread_of(sheet, understood, readings, words, is_closed=is_closed)
    await show_after(turn, sheet, below=True, unread=unread, failures=chat.failures)
