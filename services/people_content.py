"""What the messages about people show at the moment they are sent: invitations, hand-overs, the office's directory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Delegation, Invitation, Outbox, Person, Unit
from domain.messages import ConfirmHandover, HandoverCard, InvitationText, ReportKey, TakeBackList
from services import directory
from services.delegations import HandedOver, Part, handed_over, part_in
from services.directory import Entry, Found
from services.invitations import Code, reveal
from services.people import actor_at, actor_of
from services.sheets import Sheet, open_sheets, sheet_of
from services.turn import Actor


@dataclass(frozen=True, slots=True)
class InvitationContent:
    """C1 for one person, to be forwarded."""

    address: str
    unit: str
    code: Code
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HandoverContent:
    """One task for a colleague. With a `code` it is to be forwarded, without it is to be confirmed."""

    invitation_id: int
    head: str
    sheet: Sheet
    lasting: bool
    may_submit: bool
    expires_at: datetime
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class HandoverCardContent:
    message: HandoverCard
    sheets: tuple[Sheet, ...]
    several_units: bool


@dataclass(frozen=True, slots=True)
class TakeBackContent:
    items: tuple[tuple[HandedOver, str], ...]


@dataclass(frozen=True, slots=True)
class TakeoverContent:
    address: str
    units: tuple[Unit, ...]
    sheets: tuple[Sheet, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class PeopleContent:
    found: Found


@dataclass(frozen=True, slots=True)
class PersonContent:
    entry: Entry


PeopleLive = (
    InvitationContent
    | HandoverContent
    | HandoverCardContent
    | TakeBackContent
    | TakeoverContent
    | PeopleContent
    | PersonContent
)


async def actor_to(session: AsyncSession, row: Outbox) -> Actor | None:
    """Who sits at the chat now: a message that was queued for somebody else's eyes is not shown."""
    actor = await actor_at(session, row.bureau_id, row.chat_id)
    return actor if row.person_id is None or (actor and actor.person_id == row.person_id) else None


async def invitation(
    session: AsyncSession, row: Outbox, message: InvitationText, now: datetime
) -> InvitationContent | HandoverContent | None:
    """The code is made here and leaves with this message; its hash alone stays."""
    made = await session.get(Invitation, (row.bureau_id, message.invitation_id), with_for_update=True)
    if made is None or made.used_at is not None or made.expires_at <= now:
        return None
    if made.delegation_id is not None:
        offered = await _handover(session, made)
        return _with_code(offered, await reveal(session, made)) if offered else None
    actor = await actor_of(session, row.bureau_id, made.person_id or 0)
    if actor is None or not directory.may_look(await actor_to(session, row)):
        return None
    units = "、".join(dict.fromkeys(holding.unit_name for holding in actor.holdings if holding.unit_name))
    return InvitationContent(actor.address, units, await reveal(session, made), made.expires_at)


def _with_code(offered: HandoverContent, code: Code) -> HandoverContent:
    return HandoverContent(
        offered.invitation_id,
        offered.head,
        offered.sheet,
        offered.lasting,
        offered.may_submit,
        offered.expires_at,
        code,
    )


async def confirm_handover(session: AsyncSession, row: Outbox, message: ConfirmHandover) -> HandoverContent | None:
    made = await session.get(Invitation, (row.bureau_id, message.invitation_id))
    return await _handover(session, made) if made and made.presented_by == row.chat_id else None


async def _handover(session: AsyncSession, made: Invitation) -> HandoverContent | None:
    delegation = await session.get(Delegation, (made.bureau_id, made.delegation_id))
    if delegation is None or delegation.ended_at is not None:
        return None
    sheet = await sheet_of(session, made.bureau_id, ReportKey(delegation.round_id, delegation.unit_id))
    giver = await session.get(Person, (made.bureau_id, delegation.given_by))
    if sheet is None or giver is None:
        return None
    head = giver.salutation or giver.name
    return HandoverContent(made.id, head, sheet, delegation.lasting, delegation.may_submit, made.expires_at)


async def handover_card(
    session: AsyncSession, row: Outbox, message: HandoverCard, now: datetime
) -> HandoverCardContent | None:
    actor = await actor_to(session, row)
    if actor is None or not actor.headed_units:
        return None
    found = await open_sheets(session, row.bureau_id, actor.headed_units, now)
    sheets = tuple(sheet for sheet in found if message.report in (None, sheet.key))
    return HandoverCardContent(message, sheets, len(actor.headed_units) > 1)


async def take_back_list(session: AsyncSession, row: Outbox, _message: TakeBackList) -> TakeBackContent | None:
    actor = await actor_to(session, row)
    items: list[tuple[HandedOver, str]] = []
    for one in await handed_over(session, row.bureau_id, actor.headed_units) if actor else ():
        sheet = await sheet_of(session, row.bureau_id, ReportKey(one.handed.round_id, one.unit_id))
        if sheet is not None:
            items.append((one, f"{sheet.unit.name} {sheet.title}"))
    return TakeBackContent(tuple(items)) if items else None


async def takeover(session: AsyncSession, row: Outbox, now: datetime) -> TakeoverContent | None:
    actor = await actor_to(session, row)
    if actor is None or not actor.headed_units:
        return None
    mine = (col(Unit.bureau_id) == row.bureau_id, col(Unit.id).in_(actor.headed_units))
    units = (await session.execute(select(Unit).where(*mine).order_by(col(Unit.code)))).scalars().all()
    sheets = await open_sheets(session, row.bureau_id, actor.headed_units, now)
    return TakeoverContent(
        actor.address, tuple(units), tuple(sheets), await part_in(session, row.bureau_id, actor, sheets)
    )  # fmt: skip


async def people(session: AsyncSession, row: Outbox, query: str, now: datetime) -> PeopleContent | None:
    if not directory.may_look(await actor_to(session, row)):
        return None
    return PeopleContent(await directory.found(session, row.bureau_id, query, now))


async def person(session: AsyncSession, row: Outbox, person_id: int, now: datetime) -> PersonContent | None:
    if not directory.may_look(await actor_to(session, row)):
        return None
    entry = await directory.entry_of(session, row.bureau_id, person_id, now)
    return PersonContent(entry) if entry else None
