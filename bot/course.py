"""Buttons of changes to running rounds, and of who is away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.buttons import Press, Verb
from services import absences, course
from services.reporting import Outcome
from services.turn import Turn

Answer = Callable[[Turn, Press], Awaitable[Outcome]]


def _by_id(service: Callable[[Turn, int], Awaitable[Outcome]]) -> Answer:
    async def pressed(here: Turn, press: Press) -> Outcome:
        if press.report is not None or len(press.numbers) != 1:
            return Outcome.OUT_OF_DATE
        return await service(here, press.numbers[0])

    return pressed


async def _guide(here: Turn, _press: Press) -> Outcome:
    return await course.guide(here)


PRESSED: dict[Verb, Answer] = {
    Verb.COURSE: _guide,
    Verb.COURSE_DO: _by_id(course.confirm),
    Verb.COURSE_DROP: _by_id(course.drop),
    Verb.AWAY: _by_id(absences.confirm),
    Verb.AWAY_DROP: _by_id(absences.end),
}
