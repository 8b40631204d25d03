"""手机号开通: a stranger who shares his own number is matched against the roster, where the bureau wants that."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, exists, select
from sqlmodel import col

from db.ids import new_id
from db.tables import Account, Invitation, Membership, Person
from domain import phones
from domain.phrases import Phrase
from services import guessing, invitations
from services.asking import say
from services.invitations import CONTACT_VALID
from services.turn import Turn


@dataclass(frozen=True, slots=True)
class Contact:
    """A card that was sent. The chat service alone says whose account it is: `user_id` cannot be forged (facts A3)."""

    number: str
    user_id: int | None


async def present(turn: Turn, contact: Contact) -> None:
    """Ask 是我 / 不是我 of the one person of the roster with this number; no word of who it is before that fits."""
    if contact.user_id != turn.to.chat_id:
        await say(turn, Phrase.NOT_OWN_CONTACT, share="1")
    elif await guessing.is_paused(turn):
        await say(turn, Phrase.CODES_PAUSED)
    elif not await _ask(turn, await _owners(turn, contact.number)):
        await guessing.note_wrong(turn)
        await say(turn, Phrase.NUMBER_UNKNOWN)


async def _ask(turn: Turn, owners: list[int]) -> bool:
    """Only for somebody who has no account yet: a lost or replaced one is the office's business."""
    if len(owners) != 1 or await _had_account(turn, owners[0]):
        return False
    invitation = Invitation(
        bureau_id=turn.bureau.id, id=new_id(), person_id=owners[0], issued_at=turn.now,
        expires_at=turn.now + CONTACT_VALID,
    )  # fmt: skip
    turn.session.add(invitation)
    await turn.session.flush()
    return await invitations.ask(turn, invitation)


async def _owners(turn: Turn, number: str) -> list[int]:
    """Who of the roster has this number, with a present post."""
    wanted = phones.shared(number)
    if wanted is None:
        return []
    post = exists().where(
        col(Membership.bureau_id) == Person.bureau_id,
        col(Membership.person_id) == Person.id,
        col(Membership.given_by).is_(None),
        col(Membership.ended_at).is_(None),
    )
    statement = select(col(Person.id), col(Person.phone)).where(
        col(Person.bureau_id) == turn.bureau.id,
        col(Person.is_delegate).is_(False),
        col(Person.phone).contains(wanted[-2:], autoescape=True),
        post,
    )
    rows = (await turn.session.execute(statement)).all()
    return [person_id for person_id, phone in rows if wanted in phones.numbers_in(phone)]


async def _had_account(turn: Turn, person_id: int) -> bool:
    """Bound elsewhere, or cut off: then only a code helps, which the office gives out."""
    mine = and_(col(Account.bureau_id) == turn.bureau.id, col(Account.person_id) == person_id)
    return (await turn.session.execute(select(col(Account.external_id)).where(mine).limit(1))).first() is not None
