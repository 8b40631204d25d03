"""Whom `duban invite` is for: everybody of the roster, a township's, a unit's, or one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Invitation, Membership, Person, Role, Unit
from services.people import CHANNEL

NO_TOWNSHIP = "机关"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows the choice; all empty: everybody. `person` is an id or a whole name."""

    township: str = ""
    unit: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody with a role from the roster. `unit` names every unit, `township` is the first one's."""

    person_id: int
    name: str
    address: str
    unit: str
    roles: tuple[Role, ...]
    township: str
    codes: tuple[str, ...] = ()
    bound: bool = False
    invited: bool = False


async def invitees(session: AsyncSession, bureau_id: int, wanted: Wanted, now: datetime) -> list[Invitee]:
    """By township and unit code; each person once."""
    people = _merged(await _rows(session, bureau_id))
    chosen = [one for one in people.values() if _is_wanted(one, wanted)]
    bound, invited = await _bound(session, bureau_id), await _invited(session, bureau_id, now)
    return [replace(one, bound=one.person_id in bound, invited=one.person_id in invited) for one in chosen]


_Row = tuple[int, str, str, str, str, str, str]


async def _rows(session: AsyncSession, bureau_id: int) -> Iterable[_Row]:
    statement = (
        select(col(Person.id), col(Person.name), col(Person.salutation), col(Membership.role))
        .add_columns(func.coalesce(Unit.name, ""), func.coalesce(Unit.code, ""), func.coalesce(Unit.township, ""))
        .join(Membership, and_(col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id))
        .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
        .where(
            col(Person.bureau_id) == bureau_id,
            col(Membership.ended_at).is_(None),
            col(Membership.given_by).is_(None),
            col(Membership.role) != Role.CENTRAL.value,
        )
        .order_by(func.coalesce(Unit.township, ""), func.coalesce(Unit.code, ""), col(Membership.id))
    )
    found: Iterable[_Row] = (await session.execute(statement)).all()
    return found


def _merged(rows: Iterable[_Row]) -> dict[int, Invitee]:
    people: dict[int, Invitee] = {}
    for person_id, name, salutation, role, unit, code, township in rows:
        known = people.get(person_id) or Invitee(
            person_id, name, salutation or name, "", (), township or NO_TOWNSHIP
        )  # fmt: skip
        units = dict.fromkeys([*filter(None, known.unit.split("、")), *filter(None, [unit])])
        roles = tuple(dict.fromkeys((*known.roles, Role(role))))
        people[person_id] = replace(known, unit="、".join(units), roles=roles, codes=(*known.codes, code))
    return people


def _is_wanted(one: Invitee, wanted: Wanted) -> bool:
    return (
        wanted.township in ("", one.township)
        and (not wanted.unit or wanted.unit in one.codes or wanted.unit in one.unit.split("、"))
        and wanted.person in ("", one.name, str(one.person_id))
    )


async def _bound(session: AsyncSession, bureau_id: int) -> set[int]:
    statement = select(col(Account.person_id)).where(
        col(Account.bureau_id) == bureau_id, col(Account.channel) == CHANNEL, col(Account.closed_at).is_(None)
    )
    return set((await session.execute(statement)).scalars().all())


async def _invited(session: AsyncSession, bureau_id: int, now: datetime) -> set[int]:
    statement = select(col(Invitation.person_id)).where(
        col(Invitation.bureau_id) == bureau_id,
        col(Invitation.person_id).is_not(None),
        col(Invitation.used_at).is_(None),
        col(Invitation.expires_at) > now,
    )
    return {one for one in (await session.execute(statement)).scalars().all() if one is not None}
