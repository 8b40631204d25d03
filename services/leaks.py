"""Invitation codes shown where others read them: they are void at once, and who gave them out is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from db.tables import Delegation, Invitation, Person, Role
from domain.messages import ReportKey, Say
from domain.phrases import Phrase
from services import guessing, invitations
from services.outbox import Recipient, queue
from services.people import chats_of, recipients_with_role
from services.sheets import sheet_of
from services.turn import Turn

_MOST_DIGITS = 3
"""So many numbers of one message are looked up: each costs a slow hash."""
_EIGHT = re.compile(r"(?<![\d-])(\d{4})[\s-]?(\d{4})(?![\d-])")


async def void_shown(turn: Turn, words: str, links: Iterable[str]) -> bool:
    """Void every good code among these; False: there was none. Nothing is said of whose it was."""
    shown = [await invitations.of_link(turn, link) for link in links]
    shown += await _by_digits(turn, words)
    good = {one.id: one for one in shown if one is not None}
    for invitation in good.values():
        invitations.end(invitation, turn.now)
        await _tell(turn, invitation)
    await turn.session.flush()
    return bool(good)


async def _by_digits(turn: Turn, words: str) -> list[Invitation | None]:
    """Eight digits may be anything here: what fits nothing is counted for this group, not for the bureau."""
    plain = unicodedata.normalize("NFKC", words)
    found: list[Invitation | None] = []
    for first, second in _EIGHT.findall(plain)[:_MOST_DIGITS]:
        if first.startswith(("19", "20")) or await guessing.rests_here(turn):
            continue
        invitation = await invitations.of_digits(turn, first + second)
        if invitation is None:
            await guessing.note_aside(turn)
        found.append(invitation)
    return found


async def _tell(turn: Turn, invitation: Invitation) -> None:
    """The office gives out a new code; for a task that was handed over, the principal does."""
    if invitation.delegation_id is not None:
        await _tell_head(turn, invitation.delegation_id)
        return
    person = await turn.session.get(Person, (turn.bureau.id, invitation.person_id))
    name = person.name if person else ""
    offices = await recipients_with_role(turn.session, turn.bureau.id, [Role.OFFICE, Role.ADMIN])
    await _say(turn, offices, Phrase.CODE_SHOWN, name=name)


async def _tell_head(turn: Turn, delegation_id: int) -> None:
    delegation = await turn.session.get(Delegation, (turn.bureau.id, delegation_id))
    if delegation is None:
        return
    sheet = await sheet_of(turn.session, turn.bureau.id, ReportKey(delegation.round_id, delegation.unit_id))
    heads = await chats_of(turn.session, turn.bureau.id, delegation.given_by)
    await _say(turn, heads, Phrase.HANDOVER_CODE_SHOWN, task=f"{sheet.unit.name} {sheet.title}" if sheet else "")


async def _say(turn: Turn, to: Iterable[Recipient], phrase: Phrase, **facts: str) -> None:
    for one in to:
        await queue(turn.session, one, Say(phrase=phrase, facts=facts), turn.now)
