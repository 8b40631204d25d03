"""Who is who: resolving a chat to a person, and who can be reached in which role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, true
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Bureau, Chat, Delegation, Membership, Person, Role, Unit
from services.outbox import Recipient
from services.turn import Actor, Handed, Holding, Turn

CHANNEL = "telegram"


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
    return (await actors_at(session, bureau_id, [chat_id])).get(chat_id)


async def actors_at(session: AsyncSession, bureau_id: int, chat_ids: Iterable[int]) -> dict[int, Actor]:
    """As `actor_at`, for many chats at once; strangers are left out."""
    by_chat: dict[int, list[Any]] = {}
    for *row, chat_id in (await session.execute(_AT_CHATS, {"bureau": bureau_id, "chats": list(chat_ids)})).all():
        by_chat.setdefault(chat_id, []).append(row)
    return {chat_id: actor for chat_id, rows in by_chat.items() if (actor := _actor(rows)) is not None}


async def actor_of(session: AsyncSession, bureau_id: int, person_id: int) -> Actor | None:
    """None when the person has no present membership."""
    return _actor((await session.execute(_OF_PERSON, {"bureau": bureau_id, "person": person_id})).all())


_HOLDINGS = (
    sa_select(col(Person.id), col(Person.name), col(Person.salutation), col(Membership.role), col(Membership.unit_id))
    .add_columns(func.coalesce(Unit.name, ""), col(Delegation.id), col(Delegation.task_id), col(Delegation.round_id))
    .add_columns(col(Delegation.lasting), col(Delegation.may_submit))
    .join(Membership, and_(col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id))
    .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
    .outerjoin(
        Delegation,
        and_(col(Delegation.bureau_id) == Membership.bureau_id, col(Delegation.membership_id) == Membership.id),
    )
    .where(col(Membership.ended_at).is_(None))
    .order_by(col(Membership.id))
)
"""One row a present membership: the person, the role, the unit, and what it is limited to where it was handed over."""


_BOUND = (
    _HOLDINGS.add_columns(col(Account.unreachable).is_(None))
    .join(
        Account,
        and_(
            col(Account.bureau_id) == Person.bureau_id,
            col(Account.person_id) == Person.id,
            col(Account.channel) == CHANNEL,
            col(Account.closed_at).is_(None),
        ),
    )
    .where(col(Person.bureau_id) == bindparam("bureau"))
)
_AT_CHATS = _BOUND.add_columns(col(Account.external_id)).where(
    col(Account.external_id).in_(bindparam("chats", expanding=True))
)
_OF_PERSON = _HOLDINGS.add_columns(true()).where(
    col(Person.bureau_id) == bindparam("bureau"), col(Person.id) == bindparam("person")
)


def _actor(rows: Sequence[Any]) -> Actor | None:
    if not rows:
        return None
    person_id, name, salutation, *_, is_reachable = rows[0]
    return Actor(person_id, name, salutation, tuple(_holding(*row[3:-1]) for row in rows), is_reachable)


def _holding(role: str, unit_id: int | None, unit: str, *handed: Any) -> Holding:
    return Holding(Role(role), unit_id, unit, Handed(*handed) if handed[0] is not None else None)


async def recipients_of_units(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], roles: Iterable[Role]
) -> dict[int, list[Recipient]]:
    """By unit, the chats of the people who hold one of these roles there, not for a single task only, and can be
    reached."""
    statement = (
        select(Membership.unit_id, Account.external_id, Account.person_id)
        .join(
            Account,
            (col(Account.person_id) == Membership.person_id) & (col(Account.bureau_id) == Membership.bureau_id),
        )
        .where(
            Membership.bureau_id == bureau_id,
            col(Membership.ended_at).is_(None),
            col(Membership.given_by).is_(None),
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


async def chats_of(session: AsyncSession, bureau_id: int, person_id: int) -> list[Recipient]:
    """Where this person can be reached."""
    statement = select(Account.external_id).where(
        Account.bureau_id == bureau_id,
        Account.person_id == person_id,
        col(Account.closed_at).is_(None),
        col(Account.unreachable).is_(None),
    )
    return [Recipient(bureau_id, chat_id, person_id) for chat_id in (await session.exec(statement)).all()]


async def set_reach(turn: Turn, unreachable: str | None) -> None:
    """The person blocked the bot, or is back."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is not None:
        account.unreachable = unreachable


def office_facts(bureau: Bureau) -> dict[str, str]:
    """Whom to call, in every message where something may have gone wrong."""
    return {
        "bureau": bureau.name,
        "office": bureau.office_name,
        "contact": bureau.office_contact,
        "phone": bureau.office_phone,
        "duty": bureau.duty_phone,
        "zone": bureau.timezone,
    }


async def lock_chat(session: AsyncSession, bureau_id: int, chat_id: int) -> Chat:
    """This chat's row, locked for the transaction (PostgreSQL; on SQLite the write lane does it), made if new."""
    chat = (await lock_chats(session, bureau_id, [chat_id])).get(chat_id)
    if chat is None:
        chat = Chat(bureau_id=bureau_id, id=chat_id)
        session.add(chat)
        await session.flush()
    _at_hand(session)[bureau_id, chat_id] = chat
    return chat


_CHATS = (
    sa_select(Chat)
    .where(col(Chat.bureau_id) == bindparam("bureau"), col(Chat.id).in_(bindparam("chats", expanding=True)))
    .order_by(col(Chat.id))
    .with_for_update()
)


async def lock_chats(session: AsyncSession, bureau_id: int, chat_ids: Iterable[int]) -> dict[int, Chat]:
    """Those of them that have a row, locked as by `lock_chat`, always in the same order."""
    rows = (await session.execute(_CHATS, {"bureau": bureau_id, "chats": list(chat_ids)})).scalars().all()
    _at_hand(session).update({(bureau_id, chat.id): chat for chat in rows})
    return {chat.id: chat for chat in rows}


async def chat_row(session: AsyncSession, bureau_id: int, chat_id: int) -> Chat:
    """This chat's row; that of a turn's own chat is locked and at hand."""
    return (
        _at_hand(session).get((bureau_id, chat_id))
        or await session.get(Chat, (bureau_id, chat_id))
        or await lock_chat(session, bureau_id, chat_id)
    )


def _at_hand(session: AsyncSession) -> dict[tuple[int, int], Chat]:
    """The chats that this transaction has locked; the session's own memory is weak, and would ask again and again."""
    found: dict[tuple[int, int], Chat] = session.info.setdefault("chats", {})
    return found
