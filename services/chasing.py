"""The reminder sweep: which rungs have come due, and one merged message per person. Set-wise on the natural key."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, select, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import insert
from db.tables import Extension, Lane, Reminder, ReminderState, Report, Request, Round
from domain.calendar import OfficeHours
from domain.ladder import LADDER, DueRung, due_rungs
from domain.messages import Message, ReportKey
from domain.messages import Reminder as ReminderMessage
from domain.requests import RequestKind, RequestState
from services.delegations import by_person
from services.outbox import Recipient, queue_all
from services.sheets import OPEN_STATES

_log = logging.getLogger(__name__)

REPORTED = "reported"
"""Why a rung is skipped for a unit that had nothing to be reminded of when it fired."""


async def remind(session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime) -> int:
    """Queue the rungs that have come due, one message per person; returns how many messages."""
    if not hours.within(now):
        return 0
    fired: dict[str, list[ReportKey]] = {}
    for round_ in await _running(session, bureau_id, now):
        round_id = round_.id
        try:
            async with session.begin_nested():
                for rung, keys in (await _fire(session, round_, hours, now)).items():
                    fired.setdefault(rung, []).extend(keys)
        except Exception:
            _log.exception("a round could not be chased", extra={"action": "chase_failed", "round_id": round_id})
    queued = 0
    for rung, keys in fired.items():
        merged = await by_person(session, bureau_id, keys)
        items: list[tuple[Recipient, Message]] = [
            (to, ReminderMessage(rung=rung, reports=tuple(reports))) for to, reports in merged.items()
        ]
        queued += len(await queue_all(session, items, now, Lane.REMINDER, nag=True))
    return queued


async def _fire(session: AsyncSession, round_: Round, hours: OfficeHours, now: datetime) -> dict[str, list[ReportKey]]:
    """By rung, the reports of one round that are to be reminded of now."""
    fired: dict[str, list[ReportKey]] = {}
    for group in await _groups(session, round_):
        for due in due_rungs(LADDER, group.since, group.due_at, round_.lock_at, now, hours):
            if due.send_at is None or due.send_at <= now:
                fired.setdefault(due.rung.key, []).extend(await _plan(session, round_, group, due, now))
    return fired


@dataclass(frozen=True, slots=True)
class _Group:
    """The reports of a round with one effective due, and since when it is theirs."""

    due_at: datetime
    since: datetime
    members: ColumnElement[bool]


async def _groups(session: AsyncSession, round_: Round) -> list[_Group]:
    """Everybody, and apart from them the units whose deadline was moved (their rungs arm again)."""
    mine = and_(col(Extension.bureau_id) == round_.bureau_id, col(Extension.round_id) == round_.id)
    extended = (await session.execute(select(Extension).where(mine))).scalars().all()
    others = col(Report.unit_id).not_in([one.unit_id for one in extended]) if extended else true()
    moved: dict[tuple[datetime, datetime], list[int]] = {}
    for one in extended:
        moved.setdefault((one.due_at, one.granted_at), []).append(one.unit_id)
    everybody = _Group(round_.due_at, round_.issued_at, others)
    return [everybody, *(_Group(*when, col(Report.unit_id).in_(units)) for when, units in moved.items())]


async def _running(session: AsyncSession, bureau_id: int, now: datetime) -> Sequence[Round]:
    running = and_(col(Round.bureau_id) == bureau_id, col(Round.open_at) <= now, col(Round.lock_at) > now)
    return (await session.execute(select(Round).where(running).order_by(col(Round.due_at)))).scalars().all()


async def _plan(session: AsyncSession, round_: Round, group: _Group, due: DueRung, now: datetime) -> list[ReportKey]:
    """Enter the rung into the ledger for the whole group at once; returns the reports it reminds of.

    Who owed nothing at this moment is entered as skipped, so that a report returned later does not wake a rung that
    was over before. A rung already in the ledger is not entered again; while an extension is asked for it rests.
    """
    entered = _roster(round_, group, due, now)
    if not (await session.execute(select(entered.exists()))).scalar_one():
        return []
    statement = insert(session, Reminder).from_select(
        ["bureau_id", "round_id", "unit_id", "rung", "effective_due", "audience", "state", "reason", "planned_at"],
        entered,
        include_defaults=False,
    )
    planned = await session.execute(statement.on_conflict_do_nothing().returning(Reminder.unit_id, Reminder.state))
    queued = ReminderState.QUEUED.value
    return [ReportKey(round_.id, unit_id) for unit_id, state in planned.all() if state == queued]


def _roster(round_: Round, group: _Group, due: DueRung, now: datetime) -> Select[*tuple[Any, ...]]:
    owed = col(Report.state).in_(OPEN_STATES)
    skipped = literal(ReminderState.SKIPPED.value)
    state: ColumnElement[str] = skipped if due.skip else case((owed, ReminderState.QUEUED.value), else_=skipped)
    reason = literal(due.skip.value) if due.skip else case((owed, ""), else_=REPORTED)
    return select(
        col(Report.bureau_id), col(Report.round_id), col(Report.unit_id), literal(due.rung.key),
        literal(group.due_at), literal(due.rung.audience.value), state, reason, literal(now),
    ).where(
        col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id, group.members,
        ~_in_ledger(group, due), ~_rests(),
    )  # fmt: skip


def _in_ledger(group: _Group, due: DueRung) -> ColumnElement[bool]:
    return exists().where(
        col(Reminder.bureau_id) == Report.bureau_id,
        col(Reminder.round_id) == Report.round_id,
        col(Reminder.unit_id) == Report.unit_id,
        col(Reminder.rung) == due.rung.key,
        col(Reminder.effective_due) == group.due_at,
        col(Reminder.audience) == due.rung.audience.value,
    )


def _rests() -> ColumnElement[bool]:
    """The unit has asked for an extension and has no answer yet."""
    return exists().where(
        col(Request.bureau_id) == Report.bureau_id,
        col(Request.round_id) == Report.round_id,
        col(Request.unit_id) == Report.unit_id,
        col(Request.kind) == RequestKind.EXTENSION.value,
        col(Request.state) == RequestState.PENDING.value,
    )
