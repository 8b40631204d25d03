"""Who fills which report: the principal, or the colleague to whom the task was handed 交给他人办."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import and_, bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Delegation, Draft, Membership, Person, Report, Role
from domain.messages import ReportKey
from services.outbox import Recipient
from services.people import recipients_of_units
from services.sheets import Sheet, sheets_of
from services.turn import REPORTERS, Actor, Handed

_MANY = 200
"""More units than this are looked up without naming them."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A delegation in force. `name` is empty until a colleague took it over; `to` is None where he is not reachable."""

    unit_id: int
    handed: Handed
    name: str = ""
    to: Recipient | None = None

    def covers(self, sheet: Sheet) -> bool:
        return sheet.unit.id == self.unit_id and self.handed.covers(sheet)


@dataclass(frozen=True, slots=True)
class Part:
    """What else the person who looks may do: `heads` are the units he heads, `handed` is what is with a colleague,
    `shown_to` says of a report that he may fill but not submit, who does (王校长)."""

    heads: frozenset[int] = frozenset()
    handed: Mapping[ReportKey, HandedOver] = field(default_factory=dict)
    shown_to: Mapping[ReportKey, str] = field(default_factory=dict)


NO_PART = Part()


async def handed_over(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int]) -> list[HandedOver]:
    """The delegations of these units that are in force, taken over or not."""
    wanted = set(unit_ids)
    few = len(wanted) <= _MANY
    bound = {"bureau": bureau_id} | ({"units": list(wanted)} if few else {})
    rows = (await session.execute(_OF_UNITS if few else _DELEGATIONS, bound)).all()
    found: list[HandedOver] = []
    for unit_id, person_id, name, chat_id, *handed in rows:
        to = Recipient(bureau_id, chat_id, person_id) if chat_id is not None else None
        if unit_id in wanted:
            found.append(HandedOver(unit_id, Handed(*handed), name or "", to))
    return found


_DELEGATIONS = (
    select(col(Delegation.unit_id), col(Person.id), col(Person.name), col(Account.external_id), col(Delegation.id))
    .add_columns(col(Delegation.task_id), col(Delegation.round_id), col(Delegation.lasting), col(Delegation.may_submit))
    .outerjoin(
        Membership,
        and_(col(Membership.bureau_id) == Delegation.bureau_id, col(Membership.id) == Delegation.membership_id),
    )
    .outerjoin(Person, and_(col(Person.bureau_id) == Delegation.bureau_id, col(Person.id) == Membership.person_id))
    .outerjoin(
        Account,
        and_(
            col(Account.bureau_id) == Delegation.bureau_id,
            col(Account.person_id) == Membership.person_id,
            col(Account.closed_at).is_(None),
            col(Account.unreachable).is_(None),
        ),
    )
    .where(col(Delegation.ended_at).is_(None), col(Membership.ended_at).is_(None))
    .where(col(Delegation.bureau_id) == bindparam("bureau"))
    .order_by(col(Delegation.id))
)
_OF_UNITS = _DELEGATIONS.where(col(Delegation.unit_id).in_(bindparam("units", expanding=True)))


async def heads_of(session: AsyncSession, bureau_id: int, unit_id: int) -> list[str]:
    """How the principals of a unit are addressed, whether they can be reached or not."""
    statement = (
        select(col(Person.salutation), col(Person.name))
        .join(Membership, and_(col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id))
        .where(
            col(Person.bureau_id) == bureau_id,
            col(Membership.unit_id) == unit_id,
            col(Membership.role) == Role.PRINCIPAL.value,
            col(Membership.ended_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    return [salutation or name for salutation, name in (await session.execute(statement)).all()]


async def part_in(
    session: AsyncSession,
    bureau_id: int,
    actor: Actor,
    sheets: Sequence[Sheet],
    given: Sequence[HandedOver] | None = None,
) -> Part:
    """`given`: what `handed_over` says of these units, where that is known already."""
    heads = actor.headed_units
    headed = {sheet.unit.id for sheet in sheets} & heads
    if given is None or not headed:
        given = await handed_over(session, bureau_id, headed) if headed else []
    handed = {sheet.key: one for sheet in sheets for one in given if one.covers(sheet)}
    shown_to: dict[ReportKey, str] = {}
    for sheet in sheets:
        if not actor.may_submit(sheet):
            shown_to[sheet.key] = "、".join(await heads_of(session, bureau_id, sheet.unit.id)) or "校长"
    return Part(heads, handed, shown_to)


async def by_person(
    session: AsyncSession,
    bureau_id: int,
    keys: Iterable[ReportKey],
    *,
    fillers_only: bool = False,
    heads: bool = False,
) -> dict[Recipient, list[ReportKey]]:
    """The reports each reachable person is to hear of, so that one message speaks of all of them.

    A task that was handed over is the colleague's: the principal hears of it only when it stands complete and waits
    for him, or when the colleague cannot be reached; or, with `heads`, in any case. `fillers_only`: of several people
    of a unit the one who has begun the draft, else who reported last for it, else the deputies, if there are any.
    """
    keys = list(keys)
    units = {key.unit_id for key in keys}
    chats = await recipients_of_units(session, bureau_id, units, REPORTERS)
    elsewhere = await _elsewhere(session, bureau_id, keys, units)
    fillers = await _fillers(session, bureau_id, keys, chats) if fillers_only else {}
    headed = await recipients_of_units(session, bureau_id, units, [Role.PRINCIPAL]) if heads else {}
    merged: dict[Recipient, list[ReportKey]] = {}

    @cache
    def lists(unit_id: int, apart: tuple[Recipient, ...]) -> list[list[ReportKey]]:
        """Of everybody who hears of this unit's report: `apart`, or who usually does."""
        told = dict.fromkeys([*(apart or chats.get(unit_id, [])), *headed.get(unit_id, [])])
        return [merged.setdefault(to, []) for to in told]

    for key in keys:
        for reports in lists(key.unit_id, tuple(elsewhere.get(key) or fillers.get(key) or ())):
            reports.append(key)
    return merged


async def _fillers(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey], chats: Mapping[int, Sequence[Recipient]]
) -> dict[ReportKey, list[Recipient]]:
    """By report who fills it: nobody is named where all of the unit's people may."""
    rounds = {key.round_id for key in keys}
    begun = select(col(Draft.round_id), col(Draft.unit_id), col(Draft.changed_by)).where(
        col(Draft.bureau_id) == bureau_id, col(Draft.round_id).in_(rounds), col(Draft.changed_by).is_not(None)
    )
    begun_by = {ReportKey(*key): person for *key, person in (await session.execute(begun)).all()}
    several = {unit_id for unit_id, people in chats.items() if len(people) > 1}
    if not several:
        return {}
    deputies = await recipients_of_units(session, bureau_id, several, [Role.DEPUTY])
    reported = await _reported_last(session, bureau_id, several)
    found: dict[ReportKey, list[Recipient]] = {}
    for key in keys:
        here = chats.get(key.unit_id, [])
        at_it = [to for to in here if to.person_id == begun_by.get(key)]
        usual = [to for to in here if to.person_id == reported.get(key.unit_id)]
        found[key] = at_it or usual or deputies.get(key.unit_id, [])
    return found


async def _reported_last(session: AsyncSession, bureau_id: int, unit_ids: set[int]) -> dict[int, int | None]:
    """By unit who sent its newest report."""
    last = (
        select(col(Report.unit_id), col(Report.submitted_by), func.max(Report.submitted_at))
        .where(col(Report.bureau_id) == bureau_id, col(Report.submitted_by).is_not(None))
        .group_by(col(Report.unit_id), col(Report.submitted_by))
        .order_by(func.max(Report.submitted_at))
    )
    few = len(unit_ids) <= _MANY
    rows = await session.execute(last.where(col(Report.unit_id).in_(unit_ids)) if few else last)
    return {unit_id: person_id for unit_id, person_id, _ in rows.all()}


async def _elsewhere(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey], units: set[int]
) -> dict[ReportKey, list[Recipient]]:
    """By report that was handed over, whom it concerns now; nobody where that is whoever heads the unit."""
    taken = [one for one in await handed_over(session, bureau_id, units) if one.to is not None]
    with_colleague = {one.unit_id for one in taken}
    mine = [key for key in keys if key.unit_id in with_colleague]
    found: dict[ReportKey, list[Recipient]] = {}
    for sheet in await sheets_of(session, bureau_id, mine) if mine else []:
        fillers = [one for one in taken if one.covers(sheet) and (one.handed.may_submit or not sheet.is_complete)]
        found[sheet.key] = [one.to for one in fillers if one.to is not None]
    return found
