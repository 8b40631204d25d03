"""Binding a chat account to a person, and what becomes of those whose time is over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import and_, select, update
from sqlmodel import col

from db.tables import Account, Invitation, Membership, Person, Role, Unit
from services.delegations import heads_of
from services.invitations import cut_off, presented, use
from services.people import CHANNEL, actor_of
from services.turn import REPORTERS, Turn


async def confirm(turn: Turn, invitation_id: int) -> bool:
    """是我: bind this chat to the invited person, cutting off the person's other accounts. False: the code is void."""
    invitation = await presented(turn, invitation_id)
    if invitation is None or invitation.person_id is None:
        return False
    await use(turn, invitation)
    await cut_off(turn.session, turn.bureau.id, invitation.person_id, turn.now, but=turn.to.chat_id)
    await bind(turn, invitation.person_id)
    return True


async def bind(turn: Turn, person_id: int) -> None:
    """This chat speaks for this person from now on."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is None:
        account = Account(
            bureau_id=turn.bureau.id, channel=CHANNEL, external_id=turn.to.chat_id, person_id=person_id,
            bound_at=turn.now,
        )  # fmt: skip
        turn.session.add(account)
    else:
        await _carry_over(turn, account.person_id, person_id)
    account.person_id, account.bound_at = person_id, turn.now
    account.closed_at, account.unreachable = None, None
    await turn.session.flush()
    await refresh(turn, person_id)


async def _carry_over(turn: Turn, before: int, person_id: int) -> None:
    """A colleague known only by what was handed to him is now somebody of the roster: that stays with him."""
    person = await turn.session.get(Person, (turn.bureau.id, before))
    if person is None or not person.is_delegate or before == person_id:
        return
    handed = and_(
        col(Membership.bureau_id) == turn.bureau.id,
        col(Membership.person_id) == before,
        col(Membership.given_by).is_not(None),
        col(Membership.ended_at).is_(None),
    )
    await turn.session.execute(update(Membership).where(handed).values(person_id=person_id))


async def refresh(turn: Turn, person_id: int) -> None:
    """The actor's memberships have just changed."""
    turn.actor = await actor_of(turn.session, turn.bureau.id, person_id)
    turn.to = replace(turn.to, person_id=person_id)


async def delegation_of(turn: Turn, invitation_id: int) -> int | None:
    """What this chat was asked to take over with the invitation it showed; None for a roster's invitation."""
    invitation: Invitation | None = await presented(turn, invitation_id)
    return invitation.delegation_id if invitation else None


async def succeeds(turn: Turn) -> bool:
    """Does the actor head a unit that somebody else headed before (校长交接)?"""
    former = and_(
        col(Membership.bureau_id) == turn.bureau.id,
        col(Membership.unit_id).in_(turn.person.headed_units),
        col(Membership.role) == Role.PRINCIPAL.value,
        col(Membership.ended_at).is_not(None),
        col(Membership.person_id) != turn.person.person_id,
    )
    return (await turn.session.execute(select(col(Membership.id)).where(former).limit(1))).first() is not None


@dataclass(frozen=True, slots=True)
class Former:
    """Who sits at a chat that reported for a unit once. `moved`: the same person now has another account."""

    unit: str
    successor: str
    moved: bool

    @property
    def facts(self) -> dict[str, str]:
        return {"unit": self.unit, "successor": self.successor, "moved": "1" if self.moved else ""}


async def former(turn: Turn, unit_id: int | None) -> Former | None:
    """Whether this chat once reported for the unit (None: for any) and does no more."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is None:
        return None
    statement = (
        select(Unit, Membership)
        .join(Membership, and_(col(Membership.bureau_id) == Unit.bureau_id, col(Membership.unit_id) == Unit.id))
        .where(
            col(Unit.bureau_id) == turn.bureau.id,
            col(Membership.person_id) == account.person_id,
            col(Membership.role).in_([role.value for role in REPORTERS]),
        )
        .order_by(col(Membership.ended_at).is_(None), col(Membership.id).desc())
    )
    rows = (await turn.session.execute(statement)).all()
    held = [(unit, membership) for unit, membership in rows if unit_id in (None, unit.id)]
    if account.closed_at is None:
        held = [(unit, membership) for unit, membership in held if membership.ended_at is not None]
    return await _former(turn, account, *held[0]) if held else None


async def _former(turn: Turn, account: Account, unit: Unit, membership: Membership) -> Former:
    successor = "、".join(await heads_of(turn.session, turn.bureau.id, unit.id))
    if account.closed_at is None or membership.ended_at is not None:
        return Former(unit.name, successor, moved=False)
    person = await turn.session.get(Person, (turn.bureau.id, account.person_id))
    return Former(unit.name, (person.salutation or person.name) if person else "", moved=True)
