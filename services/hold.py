"""暂停: after a restore nothing that we begin leaves until the office says so; what people begin is answered.

What came between the backup and the restore may be lost. Whose reports could have come then is told once, on release.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Fate, Lane, Outbox, Person, ReceiptCounter, Report, Role, Round, Unit
from domain.calendar import OfficeHours
from domain.messages import Message, Say
from domain.phrases import Phrase
from domain.progress import State
from services.outbox import Recipient, queue_all
from services.people import office_facts, recipients_of_units, recipients_with_role, the_bureau_by_id
from services.reporting import Outcome
from services.rounds import open_due_rounds
from services.turn import Turn

MANAGERS = (Role.OFFICE, Role.ADMIN)
RESTORED = "restored"
"""Why the fate of a message is not known any more, or why it need not be said."""
NAMED_MOST = 8
PASSED_OVER = 1000

IS_HELD = exists().where(col(Bureau.id) == Outbox.bureau_id, col(Bureau.held_at).is_not(None))
IS_ANSWER = and_(col(Outbox.rank) == Lane.REPLY.rank, col(Outbox.nag).is_(False))
MAY_LEAVE = or_(IS_ANSWER, ~IS_HELD)
"""Of an outbox row: it answers somebody, or its bureau is not in hold."""


async def is_held(session: AsyncSession, bureau_id: int) -> bool:
    held = select(col(Bureau.held_at)).where(col(Bureau.id) == bureau_id)
    return (await session.execute(held)).scalar() is not None


async def begin(session: AsyncSession, bureau: Bureau, hours: OfficeHours, taken_at: datetime, now: datetime) -> None:
    """Put a bureau that was just restored into hold. Messages that waited in the backup may have gone out since; rounds
    that opened since are opened anew, so that what was reported can be taken, but nobody is asked for them again."""
    bureau.held_at, bureau.lost_from, bureau.lost_until = now, taken_at, now
    mine = col(Outbox.bureau_id) == bureau.id
    waiting = and_(mine, col(Outbox.fate).in_([Fate.PENDING.value, Fate.SENDING.value]))
    await session.execute(update(Outbox).where(waiting).values(fate=Fate.UNCERTAIN.value, error=RESTORED))
    await _pass_over_numbers(session, bureau.id, hours, now)
    await open_due_rounds(session, bureau.id, hours, now)
    await session.execute(update(Outbox).where(waiting).values(fate=Fate.CANCELLED.value, error=RESTORED))
    await session.flush()
    await _tell_office(session, bureau, now)


async def _pass_over_numbers(session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime) -> None:
    """Today's receipt numbers may have been given to others in the time that is lost."""
    today = hours.local(now).date()
    counter = await session.get(ReceiptCounter, (bureau_id, today))
    if counter is None:
        session.add(ReceiptCounter(bureau_id=bureau_id, day=today, last=PASSED_OVER))
    else:
        counter.last += PASSED_OVER


async def _tell_office(session: AsyncSession, bureau: Bureau, now: datetime) -> None:
    units = await affected(session, bureau)
    said = Say(phrase=Phrase.HELD, facts=_facts(bureau) | {"units": names_of(units), "count": str(len(units))})
    offices = await recipients_with_role(session, bureau.id, MANAGERS)
    await queue_all(session, [(to, said) for to in offices], now, Lane.REPLY)


def names_of(units: Sequence[Unit]) -> str:
    """清河镇九年一贯制学校、西岭中学等12家"""
    named = "、".join(unit.name for unit in units[:NAMED_MOST])
    return f"{named}等{len(units)}家" if len(units) > NAMED_MOST else named


def _facts(bureau: Bureau) -> dict[str, str]:
    moments = {"since": bureau.lost_from, "until": bureau.lost_until}
    return office_facts(bureau) | {name: at.isoformat() for name, at in moments.items() if at is not None}


async def affected(session: AsyncSession, bureau: Bureau) -> list[Unit]:
    """The units that could have reported something in the time that is lost: a report of theirs was open then, and what
    the backup knows of it came not before. Whoever has sent the receipt again meanwhile stays among them."""
    since, until = bureau.lost_from, bureau.lost_until
    if since is None or until is None:
        return []
    open_then = exists().where(
        col(Report.bureau_id) == Unit.bureau_id,
        col(Report.unit_id) == Unit.id,
        col(Report.state) != State.EXEMPT.value,
        or_(col(Report.first_received_at).is_(None), col(Report.first_received_at) >= since),
        col(Round.bureau_id) == Report.bureau_id,
        col(Round.id) == Report.round_id,
        col(Round.open_at) < until,
        col(Round.lock_at) > since,
    )
    statement = select(Unit).where(col(Unit.bureau_id) == bureau.id, open_then)
    return list((await session.execute(statement.order_by(col(Unit.code)))).scalars().all())


async def release(session: AsyncSession, bureau_id: int, now: datetime) -> int | None:
    """Let everything leave again and tell the principals of the affected units, each once; how many units those are.
    None: there is no hold (any more)."""
    held = and_(col(Bureau.id) == bureau_id, col(Bureau.held_at).is_not(None))
    ended = update(Bureau).where(held).values(held_at=None).returning(col(Bureau.id))
    if (await session.execute(ended)).scalar() is None:
        return None
    bureau = await the_bureau_by_id(session, bureau_id)
    await session.refresh(bureau)
    units = await affected(session, bureau)
    await queue_all(session, await _to_principals(session, bureau, units), now, Lane.REMINDER, nag=True)
    return len(units)


async def _to_principals(
    session: AsyncSession, bureau: Bureau, units: Sequence[Unit]
) -> list[tuple[Recipient, Message]]:
    """One message a person, who may head several."""
    chats = await recipients_of_units(session, bureau.id, [unit.id for unit in units], [Role.PRINCIPAL])
    headed: dict[Recipient, list[Unit]] = {}
    for unit in units:
        for to in chats.get(unit.id, ()):
            headed.setdefault(to, []).append(unit)
    made: list[tuple[Recipient, Message]] = []
    for to, own in headed.items():
        person = await session.get(Person, (bureau.id, to.person_id))
        address = (person.salutation or person.name) if person else ""
        facts = _facts(bureau) | {"units": names_of(own), "address": address}
        made.append((to, Say(phrase=Phrase.LOST, facts=facts)))
    return made


async def release_by(turn: Turn) -> Outcome:
    """解除暂停, said or tapped by the office. OUT_OF_DATE: there is nothing to release."""
    if turn.actor is None or not turn.actor.has(*MANAGERS):
        return Outcome.NOT_YOURS
    told = await release(turn.session, turn.bureau.id, turn.now)
    if told is None:
        return Outcome.OUT_OF_DATE
    said = Say(phrase=Phrase.RELEASED, facts={"count": str(told)})
    offices = await recipients_with_role(turn.session, turn.bureau.id, MANAGERS)
    await queue_all(turn.session, [(to, said) for to in offices], turn.now, Lane.REPLY)
    return Outcome.DONE
