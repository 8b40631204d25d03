"""Whom a reminder does not reach is for the telephone: told to the office and the lead section, once a round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Lane, Outbox, Reminder, ReminderState, Role, Round, Task, Unit
from domain.ladder import Skip
from domain.messages import Message, ReportKey, Unreached
from services.chase_lists import MissingUnit, may_see, unreachable_units
from services.outbox import Recipient, queue_all
from services.people import recipients_of_units, recipients_with_role
from services.people_content import actor_to
from services.sheets import Sheet, sheets_of


@dataclass(frozen=True, slots=True)
class UnreachedContent:
    """Whom to call, by what is wrong with their account, and what about; `more` units are not listed."""

    units: tuple[tuple[MissingUnit, tuple[Sheet, ...]], ...]
    more: int = 0


MOST = 60
"""So many units are listed; a county that has only begun has many more."""
_SKIPPED = {"state": ReminderState.SKIPPED.value, "reason": Skip.UNREACHED.value}
_UNLOADED = {"synchronize_session": False}


async def note(
    session: AsyncSession, bureau_id: int, rung: str, keys: Sequence[ReportKey], now: datetime
) -> list[ReportKey]:
    """Into the ledger, that a rung entered just now reached nobody of these; returns those of whom nobody has been
    told yet in this round."""
    by_round: dict[int, list[int]] = {}
    for key in keys:
        by_round.setdefault(key.round_id, []).append(key.unit_id)
    before: set[ReportKey] = set()
    for round_id, units in by_round.items():
        mine = and_(
            col(Reminder.bureau_id) == bureau_id, col(Reminder.round_id) == round_id, col(Reminder.unit_id).in_(units)
        )
        told = select(col(Reminder.unit_id)).where(mine, col(Reminder.reason) == Skip.UNREACHED.value)
        before |= {ReportKey(round_id, unit_id) for unit_id in (await session.execute(told)).scalars()}
        just_now = and_(mine, col(Reminder.rung) == rung, col(Reminder.planned_at) == now)
        await session.execute(update(Reminder).where(just_now).values(**_SKIPPED), execution_options=_UNLOADED)
    return [key for key in keys if key not in before]


async def tell(session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey], now: datetime) -> int:
    """The office hears of all of them, each lead section of those it asks for; returns how many people do."""
    if not keys:
        return 0
    rounds = {key.round_id for key in keys}
    task = and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id)
    statement = select(col(Round.id), col(Task.lead_unit_id)).join(Task, task)
    leads = await session.execute(statement.where(col(Round.bureau_id) == bureau_id, col(Round.id).in_(rounds)))
    by_section: dict[int, list[ReportKey]] = {}
    for round_id, section_id in leads.all():
        by_section.setdefault(section_id, []).extend(key for key in keys if key.round_id == round_id)
    office = await recipients_with_role(session, bureau_id, [Role.OFFICE])
    items: list[tuple[Recipient, Message]] = [(to, _listing(None, keys)) for to in office]
    for section_id, people in (await recipients_of_units(session, bureau_id, by_section, [Role.SECTION])).items():
        message = _listing(section_id, by_section[section_id])
        items += [(to, message) for to in people if to not in office]
    await queue_all(session, items, now, Lane.REMINDER)
    return len(items)


def _listing(section_id: int | None, keys: Sequence[ReportKey]) -> Unreached:
    units = list(dict.fromkeys(key.unit_id for key in keys))
    listed = set(units[:MOST])
    reports = tuple(key for key in keys if key.unit_id in listed)
    return Unreached(section_id=section_id, reports=reports, more=len(units) - len(listed))


async def load(session: AsyncSession, row: Outbox, message: Unreached, now: datetime) -> UnreachedContent | None:
    """Who reports or can be reached again meanwhile drops out."""
    actor = await actor_to(session, row)
    if actor is None or not may_see(actor, message.section_id):
        return None
    owed: dict[int, list[Sheet]] = {}
    units: dict[int, Unit] = {}
    for sheet in await sheets_of(session, row.bureau_id, message.reports):
        if sheet.is_asked and now < sheet.lock_at:
            owed.setdefault(sheet.unit.id, []).append(sheet)
            units[sheet.unit.id] = sheet.unit
    found = await unreachable_units(session, row.bureau_id, units)
    listed = tuple((one, tuple(owed[one.key.unit_id])) for one in found)
    return UnreachedContent(listed, message.more) if listed else None
