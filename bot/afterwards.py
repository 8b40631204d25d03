"""Buttons about what was sent, what is asked of the office, and how a question is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.buttons import Press, Verb
from services import conversation, corrections, deadlines, extensions, history, hold, howto, requests, showing
from services.reporting import Outcome
from services.turn import Turn

Answer = Callable[[Turn, Press], Awaitable[Outcome]]

TOASTS = {
    Outcome.TOO_LATE: "报告期快要关闭,不能再申请延期;现在报仍计入本期。",
    Outcome.ALREADY_ASKED: "延期已在申请,等办公室答复。",
    Outcome.UNCHANGED: "和已报的一样,没有改动。",
    Outcome.REASON_WANTED: "请先说更正的原因。",
}


async def _on_report(here: Turn, press: Press) -> Outcome:
    if press.report is None:
        return Outcome.OUT_OF_DATE
    match press.verb, press.numbers:
        case Verb.CORRECT, ():
            return await corrections.correct(here, press.report)
        case Verb.KEEP, ():
            return await corrections.keep(here, press.report)
        case Verb.REASON, (revision, choice):
            return await conversation.give_reason(here, press.report, revision, choice)
        case Verb.PHOTOS, ():
            return await showing.show_photos(here, press.report)
        case Verb.HOW, (position,):
            return await howto.how_to(here, press.report, position)
        case Verb.VERSION, (number, page):
            return await history.show_version(here, press.report, number, page)
        case Verb.EXTEND, numbers if len(numbers) < 2:
            return await extensions.begin(here, press.report, *numbers)
        case Verb.UNTIL, (ordinal,):
            return await extensions.pick_day(here, press.report, ordinal)
        case Verb.WHY, (ordinal, choice):
            return await extensions.pick_reason(here, press.report, ordinal, choice)
        case _:
            return Outcome.OUT_OF_DATE


async def _of_requests(here: Turn, press: Press) -> Outcome:
    match press.verb, press.numbers:
        case Verb.GRANT, (request_id,):
            return await requests.grant(here, request_id)
        case Verb.REFUSE, (request_id,):
            return await requests.ask_refusal(here, request_id)
        case Verb.REFUSE_WHY, (request_id, choice):
            return await requests.refuse(here, request_id, choice)
        case _:
            return Outcome.OUT_OF_DATE


async def _undo_move(here: Turn, press: Press) -> Outcome:
    return await deadlines.take_back(here, press.numbers[0]) if len(press.numbers) == 1 else Outcome.OUT_OF_DATE


async def _page(here: Turn, press: Press) -> Outcome:
    if len(press.numbers) != 1 or not here.person.known_units:
        return Outcome.NOT_YOURS if press.numbers else Outcome.OUT_OF_DATE
    await history.show_history(here, press.numbers[0])
    return Outcome.DONE


async def _release(here: Turn, _press: Press) -> Outcome:
    outcome = await hold.release_by(here)
    here.toast = "已经解除过了。" if outcome is Outcome.OUT_OF_DATE else ""
    return outcome


PRESSED: dict[Verb, Answer] = {
    Verb.CORRECT: _on_report,
    Verb.KEEP: _on_report,
    Verb.REASON: _on_report,
    Verb.HOW: _on_report,
    Verb.PHOTOS: _on_report,
    Verb.VERSION: _on_report,
    Verb.EXTEND: _on_report,
    Verb.UNTIL: _on_report,
    Verb.WHY: _on_report,
    Verb.GRANT: _of_requests,
    Verb.REFUSE: _of_requests,
    Verb.REFUSE_WHY: _of_requests,
    Verb.HISTORY: _page,
    Verb.RELEASE: _release,
    Verb.UNDO_MOVE: _undo_move,
}
