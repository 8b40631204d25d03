"""Buttons under what was said in answer to words: an alarm, values beside a question, the number pad."""

from __future__ import annotations

from bot.afterwards import Answer
from bot.buttons import Press, Verb
from services import conversation, emergencies, howto, pads
from services.reporting import Outcome
from services.turn import Turn


async def _of_emergency(here: Turn, press: Press) -> Outcome:
    match press.verb, press.numbers:
        case Verb.CALLED, (update_id,):
            outcome = await emergencies.called(here, update_id)
            here.toast = "好的,请保持电话畅通。" if outcome is Outcome.DONE else ""
            return outcome
        case Verb.FALSE_ALARM, (update_id,):
            return await emergencies.false_alarm(here, update_id)
        case _:
            return Outcome.OUT_OF_DATE


async def _keep_held(here: Turn, press: Press) -> Outcome:
    if press.report is None or len(press.numbers) != 1:
        return Outcome.OUT_OF_DATE
    return await howto.keep_held(here, press.report, press.numbers[0])


async def _pad(here: Turn, press: Press) -> Outcome:
    if press.report is None or len(press.numbers) != 3:
        return Outcome.OUT_OF_DATE
    revision, position, code = press.numbers
    outcome = await pads.pressed(here, press.report, revision, position, code)
    here.toast = "请先点数字,再点“确定”。" if outcome is Outcome.INCOMPLETE else ""
    return outcome


async def _mean(here: Turn, press: Press) -> Outcome:
    if press.report is None or len(press.numbers) not in (3, 4):
        return Outcome.OUT_OF_DATE
    revision, position, *amounts = press.numbers
    return await conversation.mean(here, press.report, revision, position, amounts)


async def _send_joint(here: Turn, press: Press) -> Outcome:
    if len(press.numbers) < 2:
        return Outcome.OUT_OF_DATE
    return await conversation.send_joint(here, press.numbers[0], press.numbers[1:])


PRESSED: dict[Verb, Answer] = {
    Verb.CALLED: _of_emergency,
    Verb.FALSE_ALARM: _of_emergency,
    Verb.HELD: _keep_held,
    Verb.PAD: _pad,
    Verb.MEAN: _mean,
    Verb.SEND_JOINT: _send_joint,
}
