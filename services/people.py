"""Who is who: resolving a chat to a person, invitations, binding."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, true
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Account, Bureau, Chat, Invitation, Membership, Person, Role, Unit
from domain.messages import ConfirmBinding, Phrase, Say
from services.outbox import Recipient, queue
from services.turn import Actor, Holding, Turn

CHANNEL = "telegram"
CODE_VALID = timedelta(days=14)


async def the_bureau(session: AsyncSession, bot_id: int | None = None) -> Bureau | None:
    """The bureau of this bot; a single bureau that has no bot yet is given this one. None: there is no such bureau."""
    bureaus = (await session.exec(select(Bureau).order_by(col(Bureau.id)))).all()
    for bureau in bureaus:
        if bot_id is not None and bureau.bot_id == bot_id:
            return bureau
    free = [bureau for bureau in bureaus if bureau.bot_id is None or bot_id is None]
    if len(free) != 1:
        return None
    free[0].bot_id = bot_id or free[0].bot_id
    return free[0]


async def the_bureau_by_id(session: AsyncSession, bureau_id: int) -> Bureau:
    bureau = await session.get(Bureau, bureau_id)
    if bureau is None:
        raise LookupError(f"no bureau {bureau_id}")
    return bureau


async def actor_at(session: AsyncSession, bureau_id: int, chat_id: int) -> Actor | None:
    """The person bound to this private chat with all present memberships; None for a stranger or one cut off."""
    statement = _HOLDINGS.add_columns(col(Account.unreachable).is_(None)).join(
        Account,
        and_(
            col(Account.bureau_id) == Person.bureau_id,
            col(Account.person_id) == Person.id,
            col(Account.channel) == CHANNEL,
            col(Account.external_id) == chat_id,
            col(Account.closed_at).is_(None),
        ),
    )
    return _actor((await session.execute(statement.where(col(Person.bureau_id) == bureau_id))).all())


async def actor_of(session: AsyncSession, bureau_id: int, person_id: int) -> Actor | None:
    """None when the person has no present membership."""
    mine = and_(col(Person.bureau_id) == bureau_id, col(Person.id) == person_id)
    return _actor((await session.execute(_HOLDINGS.add_columns(true()).where(mine))).all())


_HOLDINGS = (
    sa_select(col(Person.id), col(Person.name), col(Person.salutation), col(Membership.role), col(Membership.unit_id))
    .add_columns(func.coalesce(Unit.name, ""))
    .join(Membership, and_(col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id))
    .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
    .where(col(Membership.ended_at).is_(None))
    .order_by(col(Membership.id))
)
"""One row a present membership: the person, the role, the unit."""


def _actor(rows: Sequence[Any]) -> Actor | None:
    if not rows:
        return None
    person_id, name, salutation, *_, is_reachable = rows[0]
    holdings = tuple(Holding(Role(role), unit_id, unit) for _, _, _, role, unit_id, unit, _ in rows)
    return Actor(person_id, name, salutation, holdings, is_reachable)


async def recipients_of_units(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], roles: Iterable[Role]
) -> dict[int, list[Recipient]]:
    """By unit, the chats of the people who hold one of these roles there and can be reached."""
    statement = (
        select(Membership.unit_id, Account.external_id, Account.person_id)
        .join(
            Account,
            (col(Account.person_id) == Membership.person_id) & (col(Account.bureau_id) == Membership.bureau_id),
        )
        .where(
            Membership.bureau_id == bureau_id,
            col(Membership.ended_at).is_(None),
            col(Membership.role).in_([role.value for role in roles]),
            col(Account.closed_at).is_(None),
            col(Account.unreachable).is_(None),
        )
        .order_by(col(Membership.id))
    )
    wanted = set(unit_ids)
    found: dict[int, list[Recipient]] = {}
    for unit_id, chat_id, person_id in (await session.exec(statement)).all():
        if unit_id in wanted:
            found.setdefault(int(unit_id or 0), []).append(Recipient(bureau_id, chat_id, person_id))
    return found


async def recipients_with_role(session: AsyncSession, bureau_id: int, roles: Iterable[Role]) -> list[Recipient]:
    """The chats of everybody who holds one of these roles, each once."""
    statement = (
        select(Account.external_id, Account.person_id)
        .join(
            Membership,
            (col(Account.person_id) == Membership.person_id) & (col(Account.bureau_id) == Membership.bureau_id),
        )
        .where(
            Account.bureau_id == bureau_id,
            col(Membership.role).in_([role.value for role in roles]),
            col(Membership.ended_at).is_(None),
            col(Account.closed_at).is_(None),
            col(Account.unreachable).is_(None),
        )
        .distinct()
    )
    return [Recipient(bureau_id, chat, person) for chat, person in (await session.exec(statement)).all()]


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


async def invite(session: AsyncSession, bureau_id: int, person_id: int, now: datetime) -> str:
    """A fresh one-time code for this person, valid 14 days; earlier unused codes of the person end."""
    unused = select(Invitation).where(
        Invitation.bureau_id == bureau_id, Invitation.person_id == person_id, col(Invitation.used_at).is_(None)
    )
    for invitation in (await session.exec(unused)).all():
        invitation.expires_at = min(invitation.expires_at, now)
    code = secrets.token_urlsafe(16)
    session.add(
        Invitation(
            bureau_id=bureau_id,
            id=new_id(),
            person_id=person_id,
            code_hash=_hashed(code),
            issued_at=now,
            expires_at=now + CODE_VALID,
        )
    )
    return code


async def present_code(turn: Turn, code: str) -> None:
    """Somebody opened a deep link: show whom the code is for and ask 是我 / 不是我."""
    session, bureau_id = turn.session, turn.bureau.id
    found = await session.exec(
        select(Invitation).where(Invitation.bureau_id == bureau_id, Invitation.code_hash == _hashed(code))
    )
    invitation = found.first()
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= turn.now:
        await queue(session, turn.to, _say(turn, Phrase.BAD_CODE), turn.now)
        return
    actor = await actor_of(session, bureau_id, invitation.person_id)
    if actor is None:
        await queue(session, turn.to, _say(turn, Phrase.BAD_CODE), turn.now)
        return
    invitation.presented_by = turn.to.chat_id
    roles = tuple(f"{holding.unit_name}|{holding.role.value}" for holding in actor.holdings)
    await queue(session, turn.to, ConfirmBinding(invitation_id=invitation.id, roles=roles, name=actor.name), turn.now)


async def confirm_binding(turn: Turn, invitation_id: int) -> bool:
    """是我: bind this chat to the invited person, cutting off the person's other accounts. False: the code is void."""
    invitation = await _presented(turn, invitation_id)
    if invitation is None:
        return False
    invitation.used_at, invitation.used_by = turn.now, turn.to.chat_id
    await _close_accounts(turn, invitation.person_id)
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is None:
        account = Account(
            bureau_id=turn.bureau.id, channel=CHANNEL, external_id=turn.to.chat_id, person_id=0, bound_at=turn.now
        )
        turn.session.add(account)
    account.person_id, account.bound_at = invitation.person_id, turn.now
    account.closed_at, account.unreachable = None, None
    await turn.session.flush()
    turn.actor = await actor_of(turn.session, turn.bureau.id, invitation.person_id)
    turn.to = replace(turn.to, person_id=invitation.person_id)
    return True


async def is_bound_by(turn: Turn, invitation_id: int) -> bool:
    """Did this very chat bind itself with this invitation (是我 tapped twice)?"""
    invitation = await turn.session.get(Invitation, (turn.bureau.id, invitation_id))
    bound = invitation is not None and invitation.used_by == turn.to.chat_id
    return bound and invitation is not None and invitation.person_id == turn.to.person_id


async def set_reach(turn: Turn, unreachable: str | None) -> None:
    """The person blocked the bot, or is back."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is not None:
        account.unreachable = unreachable


async def refuse_binding(turn: Turn, invitation_id: int) -> bool:
    """不是我: the code is void from now on, because it reached the wrong person."""
    invitation = await _presented(turn, invitation_id)
    if invitation is None:
        return False
    invitation.expires_at = turn.now
    return True


async def _presented(turn: Turn, invitation_id: int) -> Invitation | None:
    """The invitation, if this very chat showed its code and it is still good."""
    invitation = await turn.session.get(Invitation, (turn.bureau.id, invitation_id))
    if invitation is None or invitation.presented_by != turn.to.chat_id:
        return None
    return invitation if invitation.used_at is None and invitation.expires_at > turn.now else None


async def _close_accounts(turn: Turn, person_id: int) -> None:
    others = select(Account).where(
        Account.bureau_id == turn.bureau.id, Account.person_id == person_id, col(Account.closed_at).is_(None)
    )
    for account in (await turn.session.exec(others)).all():
        if account.external_id != turn.to.chat_id:
            account.closed_at = turn.now


def _say(turn: Turn, phrase: Phrase) -> Say:
    return Say(phrase=phrase, facts=office_facts(turn.bureau))


def office_facts(bureau: Bureau) -> dict[str, str]:
    """Whom to call, in every message where something may have gone wrong."""
    return {
        "bureau": bureau.name,
        "office": bureau.office_name,
        "contact": bureau.office_contact,
        "phone": bureau.office_phone,
        "duty": bureau.duty_phone,
    }


async def chat_row(session: AsyncSession, bureau_id: int, chat_id: int) -> Chat:
    """This chat's row, locked for the transaction (PostgreSQL; on SQLite the write lane does it), made if new."""
    statement = select(Chat).where(Chat.bureau_id == bureau_id, Chat.id == chat_id).with_for_update()
    chat = (await session.exec(statement)).first()
    if chat is None:
        chat = Chat(bureau_id=bureau_id, id=chat_id)
        session.add(chat)
        await session.flush()
    return chat
