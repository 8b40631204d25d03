"""Buttons of issuing: 预览, 发我看看, 现在下发. A round is named by its task and the ordinal of its due day."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from bot.buttons import Press, Verb
from services import issuing
from services.reporting import Outcome
from services.turn import Turn


async def _pressed(here: Turn, press: Press) -> Outcome:
    if press.report is not None or len(press.numbers) != 2 or not 1 <= press.numbers[1] <= date.max.toordinal():
        return Outcome.OUT_OF_DATE
    task_id, due = press.numbers[0], date.fromordinal(press.numbers[1])
    match press.verb:
        case Verb.ISSUE_SAMPLE:
            return await issuing.sample(here, task_id, due)
        case Verb.ISSUE_SUBMIT:
            return await issuing.issue_now(here, task_id, due)
        case _:
            return await issuing.show(here, task_id, due, confirming=press.verb is Verb.ISSUE_NOW)


PRESSED: dict[Verb, Callable[[Turn, Press], Awaitable[Outcome]]] = dict.fromkeys(
    (Verb.ISSUE, Verb.ISSUE_SAMPLE, Verb.ISSUE_NOW, Verb.ISSUE_SUBMIT), _pressed
)
