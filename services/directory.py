"""人员, for the office: who is registered, whether bound, and what to do about a lost phone or a wrong binding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Alias, Invitation, Membership, Person, Role, Unit
from domain.messages import InvitationText, PeopleList, PersonCard
from services import invitations
from services.outbox import queue, show_card
from services.people import CHANNEL
from services.reporting import Outcome
from services.turn import Actor, Turn

MAY_LOOK = (Role.OFFICE, Role.ADMIN)
UNBOUND = "未开通"
UNREACHABLE = "联系不上"
_NOT_BOUND: tuple[datetime | None, str] = (None, "")
MOST = 12
"""So many people of one answer fit a small screen; more are counted."""


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is, and where; `unit` is empty for the bureau as a whole."""

    unit: str
    role: Role
    handed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody of the bureau. `invited_until`: an unused code is out."""

    person_id: int
    name: str
    address: str
    phone: str
    posts: tuple[Post, ...]
    bound_at: datetime | None = None
    unreachable: str = ""
    invited_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`entries` are at most `MOST` of `total`; without a query, `bound` of `total` and the townships of the others."""

    query: str
    entries: tuple[Entry, ...]
    total: int
    bound: int = 0
    unbound: dict[str, int] = field(default_factory=dict)


def may_look(actor: Actor | None) -> bool:
    return actor is not None and actor.has(*MAY_LOOK)


async def find(turn: Turn, query: str) -> bool:
    """Queue what was looked for; False when this person may not look."""
    if not may_look(turn.actor):
        return False
    await queue(turn.session, turn.to, PeopleList(query=" ".join(query.split())[:40]), turn.now)
    return True


async def show(turn: Turn, person_id: int) -> Outcome:
    if not await _is_theirs(turn, person_id):
        return Outcome.NOT_YOURS
    await _show(turn, person_id, below=True)
    return Outcome.DONE


async def reinvite(turn: Turn, person_id: int) -> Outcome:
    """重发邀请码: whatever account was bound is cut off at once, and a new code is there to be passed on."""
    if not await _is_theirs(turn, person_id):
        return Outcome.NOT_YOURS
    await invitations.cut_off(turn.session, turn.bureau.id, person_id, turn.now)
    invitation = await invitations.prepare(
        turn.session, turn.bureau.id, turn.now, person_id=person_id, by=turn.person.person_id
    )
    await _show(turn, person_id)
    await queue(turn.session, turn.to, InvitationText(invitation_id=invitation.id), turn.now)
    return Outcome.DONE


async def cut_off(turn: Turn, person_id: int) -> Outcome:
    """停用账号: at once; the person is a stranger until a new code is confirmed."""
    if not await _is_theirs(turn, person_id):
        return Outcome.NOT_YOURS
    cut = await invitations.cut_off(turn.session, turn.bureau.id, person_id, turn.now)
    await _show(turn, person_id)
    return Outcome.DONE if cut else Outcome.OUT_OF_DATE


async def _is_theirs(turn: Turn, person_id: int) -> bool:
    return may_look(turn.actor) and await turn.session.get(Person, (turn.bureau.id, person_id)) is not None


async def _show(turn: Turn, person_id: int, *, below: bool = False) -> None:
    card = PersonCard(person_id=person_id)
    await show_card(turn.session, turn.to, card, turn.now, below=below, key=f"person:{person_id}")


# ---- what is shown


async def entry_of(session: AsyncSession, bureau_id: int, person_id: int, now: datetime) -> Entry | None:
    entries = await _entries(session, bureau_id, [person_id], now)
    return entries[0] if entries else None


async def found(session: AsyncSession, bureau_id: int, query: str, now: datetime) -> Found:
    """By unit, alias, township or name; 未开通 lists who is not bound, 联系不上 whom nothing reaches; no word counts
    everybody."""
    if not query:
        return await _summary(session, bureau_id)
    ids = await _matching(session, bureau_id, query)
    entries = await _entries(session, bureau_id, ids[:MOST], now)
    return Found(query, tuple(entries), len(ids))


def _present(bureau_id: int) -> Any:
    """People with a present membership of their own, with the unit; delegates are found by name only."""
    return (
        select(col(Person.id))
        .join(Membership, and_(col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id))
        .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
        .where(col(Person.bureau_id) == bureau_id, col(Membership.ended_at).is_(None))
        .where(col(Membership.role) != Role.CENTRAL.value)
    )


def _bound(*also: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        col(Account.bureau_id) == Person.bureau_id,
        col(Account.person_id) == Person.id,
        col(Account.channel) == CHANNEL,
        col(Account.closed_at).is_(None),
        *also,
    )


def _out_of_reach() -> ColumnElement[bool]:
    return _bound(col(Account.unreachable).is_not(None))


async def unreachable(session: AsyncSession, bureau_id: int, now: datetime) -> list[Entry]:
    """Everybody with a present post whom the last message did not reach."""
    ids = (await session.execute(_present(bureau_id).where(_out_of_reach()))).scalars().all()
    return await _entries(session, bureau_id, list(dict.fromkeys(ids)), now)


async def _matching(session: AsyncSession, bureau_id: int, query: str) -> list[int]:
    statement = _present(bureau_id)
    if query == UNBOUND:
        statement = statement.where(~_bound(), col(Membership.given_by).is_(None))
    elif query == UNREACHABLE:
        statement = statement.where(_out_of_reach())
    else:
        named = col(Unit.id).in_(
            select(col(Alias.unit_id)).where(col(Alias.bureau_id) == bureau_id, col(Alias.text) == query)
        )
        like = col(Unit.name).contains(query, autoescape=True)
        who = col(Person.name).contains(query, autoescape=True)
        statement = statement.where(or_(named, like, who, col(Unit.township) == query))
    statement = statement.order_by(col(Unit.township), col(Unit.code), col(Membership.id))
    return list(dict.fromkeys((await session.execute(statement)).scalars().all()))


async def _summary(session: AsyncSession, bureau_id: int) -> Found:
    statement = _present(bureau_id).where(col(Membership.given_by).is_(None))
    statement = statement.add_columns(func.coalesce(Unit.township, ""), _bound())
    standing: dict[int, tuple[str, bool]] = {}
    for person_id, township, is_bound in (await session.execute(statement)).all():
        standing.setdefault(person_id, (township, is_bound))
    unbound: dict[str, int] = {}
    for township, is_bound in standing.values():
        if not is_bound:
            unbound[township or "机关"] = unbound.get(township or "机关", 0) + 1
    bound = sum(is_bound for _, is_bound in standing.values())
    return Found("", (), len(standing), bound, unbound)


async def _entries(session: AsyncSession, bureau_id: int, ids: Sequence[int], now: datetime) -> list[Entry]:
    """In the order of `ids`."""
    statement = select(Person).where(col(Person.bureau_id) == bureau_id, col(Person.id).in_(ids))
    people = {person.id: person for person in (await session.execute(statement)).scalars().all()}
    posts = await _posts(session, bureau_id, ids)
    accounts = await _accounts(session, bureau_id, ids)
    codes = await _codes(session, bureau_id, ids, now)
    return [
        Entry(
            one, people[one].name, people[one].salutation or people[one].name, people[one].phone,
            tuple(posts.get(one, ())), *accounts.get(one, _NOT_BOUND), invited_until=codes.get(one),
        )
        for one in ids if one in people
    ]  # fmt: skip


async def _posts(session: AsyncSession, bureau_id: int, ids: Sequence[int]) -> dict[int, list[Post]]:
    statement = (
        select(Membership, func.coalesce(Unit.name, ""))
        .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
        .where(
            col(Membership.bureau_id) == bureau_id,
            col(Membership.person_id).in_(ids),
            col(Membership.ended_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    found: dict[int, list[Post]] = {}
    for membership, unit in (await session.execute(statement)).all():
        post = Post(unit, Role(membership.role), membership.given_by is not None)
        found.setdefault(membership.person_id, []).append(post)
    return found


async def _accounts(
    session: AsyncSession, bureau_id: int, ids: Sequence[int]
) -> dict[int, tuple[datetime | None, str]]:
    statement = select(col(Account.person_id), col(Account.bound_at), col(Account.unreachable)).where(
        col(Account.bureau_id) == bureau_id,
        col(Account.channel) == CHANNEL,
        col(Account.person_id).in_(ids),
        col(Account.closed_at).is_(None),
    )
    return {one: (at, gone or "") for one, at, gone in (await session.execute(statement)).all()}


async def _codes(session: AsyncSession, bureau_id: int, ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    statement = select(col(Invitation.person_id), col(Invitation.expires_at)).where(
        col(Invitation.bureau_id) == bureau_id,
        col(Invitation.person_id).in_(ids),
        col(Invitation.used_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    return {one: until for one, until in (await session.execute(statement)).all() if one is not None}
