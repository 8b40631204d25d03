"""出差、请假: while somebody is away, what he would be reminded of goes to the deputies of the unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Absence, Membership, Person, Role
from domain.absence import away
from domain.indicators import Kind
from domain.messages import AbsenceCard, ReportKey
from services.asking import focused_report
from services.outbox import Recipient, show_card
from services.people import chat_row, recipients_of_units
from services.reporting import Outcome
from services.sheets import sheet_of
from services.turn import REPORTERS, Actor, Turn

_OFFICE = (Role.OFFICE, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class AbsenceContent:
    """`deputies` are who is reminded instead; empty: nobody can be. `own`: it is read by the person who is away."""

    row: Absence
    address: str
    deputies: tuple[str, ...]
    own: bool


def card_of(absence_id: int) -> str:
    return f"absence:{absence_id}"


async def said(turn: Turn, words: str) -> bool:
    """Somebody speaks of his own absence, or the office of a principal's. False where the words say nothing of it."""
    found = away(words, turn.now, turn.hours)
    if found is None or await _is_answer(turn):
        return False
    person_id = await _person(turn, found.who)
    if person_id is None:
        return False
    row = Absence(
        bureau_id=turn.bureau.id, id=new_id(), person_id=person_id, said_at=turn.now, until=found.until,
        words=found.why,
    )  # fmt: skip
    turn.session.add(row)
    await turn.session.flush()
    await _show(turn, row, below=True)
    return True


async def _is_answer(turn: Turn) -> bool:
    """Is a question open that is answered in words, such as why nothing was done?"""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    focused = focused_report(turn, chat)
    sheet = await sheet_of(turn.session, turn.bureau.id, focused) if focused is not None and chat.focus_key else None
    asked = sheet.indicator(chat.focus_key) if sheet is not None else None
    return asked is not None and asked.kind is Kind.TEXT


async def _person(turn: Turn, who: str) -> int | None:
    """Oneself, where one reports; for the office the only person of that name (or 称呼) who does."""
    if not who:
        return turn.person.person_id if turn.person.reporting_units else None
    if not turn.person.has(*_OFFICE):
        return None
    statement = (
        select(col(Person.id))
        .join(Membership, (col(Membership.bureau_id) == Person.bureau_id) & (col(Membership.person_id) == Person.id))
        .where(
            col(Person.bureau_id) == turn.bureau.id, or_(col(Person.name) == who, col(Person.salutation) == who),
            col(Membership.ended_at).is_(None),
            col(Membership.role).in_([role.value for role in REPORTERS]), col(Membership.given_by).is_(None),
        )
        .distinct()
    )  # fmt: skip
    found = (await turn.session.execute(statement)).scalars().all()
    return found[0] if len(found) == 1 else None


async def _show(turn: Turn, row: Absence, *, below: bool = False) -> None:
    await show_card(turn.session, turn.to, AbsenceCard(absence_id=row.id), turn.now, below=below, key=card_of(row.id))


async def _mine(turn: Turn, absence_id: int) -> Absence | None:
    row = await turn.session.get(Absence, (turn.bureau.id, absence_id), with_for_update=True)
    may = row is not None and (row.person_id == turn.person.person_id or turn.person.has(*_OFFICE))
    return row if may else None


async def confirm(turn: Turn, absence_id: int) -> Outcome:
    """[确认]: an earlier absence of the same person ends."""
    row = await _mine(turn, absence_id)
    if row is None:
        return Outcome.NOT_YOURS
    if row.since is not None or row.ended_at is not None or row.until <= turn.now:
        return Outcome.OUT_OF_DATE
    for other in await _present(turn.session, turn.bureau.id, turn.now):
        if other.person_id == row.person_id:
            other.ended_at = turn.now
    row.since = turn.now
    await turn.session.flush()
    await _show(turn, row)
    return Outcome.DONE


async def end(turn: Turn, absence_id: int) -> Outcome:
    """[不用] before it was confirmed, [回来了] afterwards."""
    row = await _mine(turn, absence_id)
    if row is None:
        return Outcome.NOT_YOURS
    if row.ended_at is not None or row.until <= turn.now:
        return Outcome.OUT_OF_DATE
    row.ended_at = turn.now
    await turn.session.flush()
    await _show(turn, row)
    return Outcome.DONE


async def _present(session: AsyncSession, bureau_id: int, now: datetime) -> list[Absence]:
    """Who is away now."""
    statement = select(Absence).where(
        col(Absence.bureau_id) == bureau_id, col(Absence.since) <= now, col(Absence.until) > now,
        col(Absence.ended_at).is_(None),
    )  # fmt: skip
    return list((await session.execute(statement)).scalars())


Merged = Mapping[Recipient, list[ReportKey]]


async def handed_on(
    session: AsyncSession, bureau_id: int, merged: Merged, now: datetime
) -> dict[Recipient, list[ReportKey]]:
    """The same reports, but those of who is away with the deputies of their units; where there is none who is here,
    they stay."""
    gone = {row.person_id for row in await _present(session, bureau_id, now)}
    if not any(to.person_id in gone for to in merged):
        return dict(merged)
    units = {key.unit_id for to, keys in merged.items() if to.person_id in gone for key in keys}
    deputies = await recipients_of_units(session, bureau_id, units, [Role.DEPUTY])
    found: dict[Recipient, list[ReportKey]] = {}
    for to, keys in merged.items():
        for key in keys:
            instead = [one for one in deputies.get(key.unit_id, []) if one.person_id not in gone]
            for recipient in instead if to.person_id in gone and instead else [to]:
                mine = found.setdefault(recipient, [])
                if key not in mine:
                    mine.append(key)
    return found


async def absence_card(session: AsyncSession, bureau_id: int, absence_id: int, actor: Actor) -> AbsenceContent | None:
    row = await session.get_one(Absence, (bureau_id, absence_id))
    own = row.person_id == actor.person_id
    if not own and not actor.has(*_OFFICE):
        return None
    person = await session.get_one(Person, (bureau_id, row.person_id))
    return AbsenceContent(row, person.salutation or person.name, await _deputies(session, row), own)


async def _deputies(session: AsyncSession, row: Absence) -> tuple[str, ...]:
    """How the deputies are called who can be reached."""
    units = select(col(Membership.unit_id)).where(
        col(Membership.bureau_id) == row.bureau_id, col(Membership.person_id) == row.person_id,
        col(Membership.ended_at).is_(None), col(Membership.unit_id).is_not(None),
    )  # fmt: skip
    mine = [unit_id for unit_id in (await session.execute(units)).scalars() if unit_id is not None]
    chats = await recipients_of_units(session, row.bureau_id, mine, [Role.DEPUTY])
    ids = {to.person_id for people in chats.values() for to in people} - {row.person_id}
    named = select(Person).where(col(Person.bureau_id) == row.bureau_id, col(Person.id).in_(ids))
    people = (await session.execute(named.order_by(col(Person.id)))).scalars().all()
    return tuple(person.salutation or person.name for person in people)
