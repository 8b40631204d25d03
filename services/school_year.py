"""校历 in the chat: the bureau sees the coming weeks, the office sets days."""

from __future__ import annotations

import logging

from db.tables import Bureau, Role
from domain.calendar_words import Unclear, carried_out, done, order, weeks_ahead
from domain.phrases import Phrase
from services.asking import say
from services.calendars import calendar_of, change
from services.turn import Turn

_log = logging.getLogger(__name__)


async def told(turn: Turn, words: str) -> bool:
    """False for somebody who is not of the bureau, and for a section that would set days."""
    if not turn.person.is_bureau:
        return False
    try:
        said = order(words, turn.today)
    except Unclear as problem:
        await say(turn, Phrase.CALENDAR, lines=str(problem))
        return True
    bureau = await turn.session.get_one(Bureau, turn.bureau.id, with_for_update=True)
    calendar = calendar_of(bureau)
    if said is None:
        await say(turn, Phrase.CALENDAR, lines="\n".join(weeks_ahead(calendar, turn.today)))
        return True
    if not turn.person.has(Role.OFFICE, Role.ADMIN):
        await say(turn, Phrase.CALENDAR, lines="校历由领导小组办公室改;要改请告诉办公室。")
        return True
    change(turn.session, bureau, carried_out(calendar, said), turn.now, turn.person.person_id)
    await turn.session.flush()
    facts = {"action": "calendar_set", "person": turn.to.person_id, "what": said.what.value, "from": str(said.days[0])}
    _log.info("calendar set", extra=facts)
    await say(turn, Phrase.CALENDAR, lines=done(said))
    return True
