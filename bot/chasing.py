"""Buttons and words of those who chase, and of those who are chased: 催报, 明早再说."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.buttons import Press, Verb
from services import chase_lists, promises
from services.reporting import Outcome
from services.turn import Turn

Answer = Callable[[Turn, Press], Awaitable[Outcome]]


def _section(press: Press) -> int | None:
    return press.numbers[0] or None


async def show_list(here: Turn, press: Press) -> Outcome:
    if len(press.numbers) != 2:
        return Outcome.OUT_OF_DATE
    shown = await chase_lists.show_list(here, _section(press), plain=bool(press.numbers[1]))
    return Outcome.DONE if shown else Outcome.NOT_YOURS


async def chase(here: Turn, press: Press) -> Outcome:
    if len(press.numbers) != 1:
        return Outcome.OUT_OF_DATE
    return Outcome.DONE if await chase_lists.chase(here, _section(press)) else Outcome.NOT_YOURS


async def snooze(here: Turn, press: Press) -> Outcome:
    """明早再说: all that this person still owes rests until the next opening."""
    if press.numbers or not here.person.known_units:
        return Outcome.NOT_YOURS
    return Outcome.DONE if await promises.until_morning(here) else Outcome.OUT_OF_DATE


PRESSED: dict[Verb, Answer] = {Verb.CHASE_LIST: show_list, Verb.CHASE: chase, Verb.SNOOZE: snooze}
