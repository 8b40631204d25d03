"""Who sits at the chat: codes shown, bindings confirmed, tasks handed over, and the office's look at its people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.buttons import Press, Verb
from domain.messages import ReportKey, Takeover
from domain.phrases import Phrase
from services import binding, conversation, directory, handover, invitations, reporting
from services.asking import say
from services.handover import how_of
from services.outbox import queue
from services.reporting import Outcome
from services.turn import Turn

NO_LONGER = "此按钮不再有效。"


async def welcome(here: Turn) -> None:
    """What a person sees who has just been bound, or who begins once more."""
    if not here.person.known_units:
        await say(here, Phrase.WELCOME_BUREAU)
        return
    owed = await reporting.owed(here)
    await say(here, Phrase.WELCOME, standing=f"现在有{len(owed)}项待报。" if owed else "现在没有待报事项。")
    if owed:
        await conversation.todo(here)


async def code_shown(here: Turn, words: str) -> bool:
    """Eight digits, where they are or may be a code, were answered as one."""
    digits = invitations.digits_in(words, alone=here.actor is not None)
    if digits is None:
        return False
    if here.actor is not None:
        return await invitations.try_digits(here, digits)
    await invitations.present_digits(here, digits)
    return True


async def this_is_me(here: Turn, press: Press, name: str) -> None:
    """`name` is what the person is called in the chat."""
    number = press.numbers[0] if press.numbers else 0
    if await invitations.is_used_here(here, number):
        here.toast = "已经开通了。"
    elif await binding.delegation_of(here, number) is not None:
        key = await handover.accept(here, number, name)
        if key is not None:
            await conversation.open_report(here, key)
    elif await binding.confirm(here, number):
        await _greet(here)
    else:
        await say(here, Phrase.BAD_CODE)


async def _greet(here: Turn) -> None:
    if here.person.headed_units and await binding.succeeds(here):
        await say(here, Phrase.WELCOME, standing="")
        await queue(here.session, here.to, Takeover(), here.now)
    else:
        await welcome(here)


async def not_me(here: Turn, press: Press, _name: str) -> None:
    number = press.numbers[0] if press.numbers else 0
    if await binding.delegation_of(here, number) is not None:
        known = await handover.refuse(here, number)
    else:
        known = await invitations.refuse(here, number)
    await say(here, Phrase.WRONG_PERSON if known else Phrase.BAD_CODE)


async def no_longer(here: Turn, report: ReportKey | None) -> None:
    """A tap of somebody who reported for this unit once is answered by whom to ask now, not by a refusal."""
    former = await binding.former(here, report.unit_id if report else None)
    if former is not None:
        here.toast = NO_LONGER
        await say(here, Phrase.FORMER, **former.facts)
    elif here.actor is None:
        here.toast = "您的账号尚未登记。"


# ---- buttons of the principal


async def _hand_over(here: Turn, press: Press) -> Outcome:
    how = how_of(press.numbers[0]) if press.numbers else None
    return await handover.offer(here, press.report, how)


async def _hand_to(here: Turn, press: Press) -> Outcome:
    how = how_of(press.numbers[0]) if press.numbers else None
    if press.report is None or how is None:
        return Outcome.OUT_OF_DATE
    return await handover.give(here, press.report, how)


async def _take_back(here: Turn, press: Press) -> Outcome:
    if not press.numbers:
        return Outcome.OUT_OF_DATE
    outcome = await handover.take_back(here, press.numbers[0])
    here.toast = "已经收回了。" if outcome is Outcome.OUT_OF_DATE else ""
    return outcome


# ---- the office


async def find(here: Turn, query: str) -> bool:
    """False: this person may not look at people."""
    return await directory.find(here, query)


async def _person(here: Turn, press: Press) -> Outcome:
    return await directory.show(here, press.numbers[0]) if press.numbers else Outcome.OUT_OF_DATE


async def _reinvite(here: Turn, press: Press) -> Outcome:
    return await directory.reinvite(here, press.numbers[0]) if press.numbers else Outcome.OUT_OF_DATE


async def _cut_off(here: Turn, press: Press) -> Outcome:
    outcome = await directory.cut_off(here, press.numbers[0]) if press.numbers else Outcome.OUT_OF_DATE
    here.toast = "已停用。" if outcome is Outcome.DONE else ""
    return outcome


PRESSED: dict[Verb, Callable[[Turn, Press], Awaitable[Outcome]]] = {
    Verb.HAND_OVER: _hand_over,
    Verb.HAND_TO: _hand_to,
    Verb.TAKE_BACK: _take_back,
    Verb.PERSON: _person,
    Verb.REINVITE: _reinvite,
    Verb.CUT_OFF: _cut_off,
}
