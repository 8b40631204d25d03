"""顺延: an outage of ours moves the deadlines it hit for all who are awaited, once, and the office may take it back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal, null, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import insert, table_of
from db.tables import Card, DeadlineMove, Extension, Lane, Outage, Report, Role, Round
from domain.calendar import OfficeHours
from domain.line import NEAR, Gap, is_hit, moved_due, tell_at, touches, undone_due
from domain.messages import DeadlinesMoved, Message, OutageCard, ReportKey
from domain.progress import State
from services.delegations import by_person
from services.outbox import Recipient, queue_all, show_card
from services.people import recipients_with_role
from services.reporting import Outcome
from services.turn import Turn

_log = logging.getLogger(__name__)

REASON = "线路中断"
TAKEN_BACK = "线路中断顺延已撤销"
TOO_NEAR = "顺延的截止时间快到了,不用撤销了。"

_INSTANT = table_of(Extension).c.due_at.type
_PENDING = exists().where(
    col(Report.bureau_id) == Extension.bureau_id,
    col(Report.round_id) == Extension.round_id,
    col(Report.unit_id) == Extension.unit_id,
    col(Report.state) == State.PENDING.value,
)
"""Nothing has come from the unit of this extension."""


def card_of(outage_id: int) -> str:
    return f"outage:{outage_id}"


async def move_deadlines(
    session: AsyncSession, bureau_id: int, outage: Outage, hours: OfficeHours, now: datetime
) -> None:
    """Move what this outage hit and tell, each round in a savepoint of its own."""
    moved: list[ReportKey] = []
    for round_ in await _near(session, bureau_id, outage):
        round_id = round_.id
        try:
            async with session.begin_nested():
                moved += await _move_round(session, round_, outage, hours, now)
        except Exception:
            _log.exception("a deadline was not moved", extra={"action": "move_failed", "round_id": round_id})
    if moved:
        message = DeadlinesMoved(outage_id=outage.id, reports=())
        await _tell(session, bureau_id, moved, message, _Moment(now, hours))
        await _show_office(session, bureau_id, outage.id, now)


async def _near(session: AsyncSession, bureau_id: int, outage: Outage) -> Sequence[Round]:
    """The rounds with a deadline, their own or a unit's, of which this outage may have hit the last hours."""
    hit = _may_hit(col(Round.due_at), outage)
    extended = exists().where(
        col(Extension.bureau_id) == Round.bureau_id,
        col(Extension.round_id) == Round.id,
        _may_hit(col(Extension.due_at), outage),
    )
    statement = select(Round).where(col(Round.bureau_id) == bureau_id, hit | extended).order_by(col(Round.due_at))
    return (await session.execute(statement)).scalars().all()


def _may_hit(due_at: Any, outage: Outage) -> ColumnElement[bool]:
    return and_(due_at > outage.since, due_at < outage.until + NEAR)


async def _gaps(session: AsyncSession, outage: Outage, due_at: datetime) -> list[Gap]:
    statement = select(Outage).where(
        col(Outage.bureau_id) == outage.bureau_id, col(Outage.until) > due_at - NEAR, col(Outage.since) < due_at
    )
    return [Gap(row.since, row.until) for row in (await session.execute(statement)).scalars().all()]


async def _move_round(
    session: AsyncSession, round_: Round, outage: Outage, hours: OfficeHours, now: datetime
) -> list[ReportKey]:
    """The reports of this round whose deadline moved; none where this outage has moved it before."""
    if await session.get(DeadlineMove, (outage.bureau_id, outage.id, round_.id)) is not None:
        return []
    units: list[int] = []
    latest = round_.due_at
    dues = [*await _own_dues(session, round_), None]  # the round's own last: its new rows must not move twice
    for due in dues:
        old = due or round_.due_at
        if not touches(Gap(outage.since, outage.until), old) or not is_hit(await _gaps(session, outage, old), old):
            continue
        new = moved_due(old, outage.until, hours)
        change = _Change(round_, outage, old, new, now)
        found = await (_move_extended if due else _move_others)(session, change)
        units += found
        latest = max(latest, new) if found else latest
    if units:
        await _note(session, round_, outage, latest, len(units), now)
    return [ReportKey(round_.id, unit_id) for unit_id in units]


async def _own_dues(session: AsyncSession, round_: Round) -> list[datetime]:
    mine = and_(col(Extension.bureau_id) == round_.bureau_id, col(Extension.round_id) == round_.id)
    return list((await session.execute(select(col(Extension.due_at)).where(mine).distinct())).scalars())


@dataclass(frozen=True, slots=True)
class _Moment:
    now: datetime
    hours: OfficeHours


@dataclass(frozen=True, slots=True)
class _Change:
    round: Round
    outage: Outage
    old: datetime
    new: datetime
    now: datetime


async def _move_extended(session: AsyncSession, change: _Change) -> list[int]:
    """Units with a deadline of their own."""
    due = and_(
        col(Extension.bureau_id) == change.round.bureau_id,
        col(Extension.round_id) == change.round.id,
        col(Extension.due_at) == change.old,
        col(Extension.outage_id).is_distinct_from(change.outage.id),
    )
    values = {
        "due_at": change.new, "moved_from": change.old, "outage_id": change.outage.id, "reason": REASON,
        "granted_by": None, "granted_at": change.now,
    }  # fmt: skip
    statement = update(Extension).where(due, _PENDING).values(**values).returning(col(Extension.unit_id))
    return list((await session.execute(statement)).scalars())


async def _move_others(session: AsyncSession, change: _Change) -> list[int]:
    """Units that have none yet get one."""
    own = exists().where(
        col(Extension.bureau_id) == Report.bureau_id,
        col(Extension.round_id) == Report.round_id,
        col(Extension.unit_id) == Report.unit_id,
    )
    awaited = select(
        col(Report.bureau_id), col(Report.round_id), col(Report.unit_id), literal(change.new, _INSTANT),
        literal(REASON), null(), literal(change.now, _INSTANT), literal(change.outage.id),
        literal(change.old, _INSTANT),
    ).where(
        col(Report.bureau_id) == change.round.bureau_id, col(Report.round_id) == change.round.id,
        col(Report.state) == State.PENDING.value, ~own,
    )  # fmt: skip
    columns = [
        "bureau_id", "round_id", "unit_id", "due_at", "reason", "granted_by", "granted_at", "outage_id", "moved_from",
    ]  # fmt: skip
    statement = insert(session, Extension).from_select(columns, awaited, include_defaults=False)
    made = await session.execute(statement.on_conflict_do_nothing().returning(table_of(Extension).c.unit_id))
    return list(made.scalars())


async def _note(
    session: AsyncSession, round_: Round, outage: Outage, due_at: datetime, reports: int, now: datetime
) -> None:
    """The move, and the lock behind the new deadline where it would stand before it."""
    before = round_.lock_at if round_.lock_at < due_at else None
    if before is not None:
        round_.lock_at = due_at
    session.add(
        DeadlineMove(
            bureau_id=round_.bureau_id, outage_id=outage.id, round_id=round_.id, due_at=due_at, reports=reports,
            moved_at=now, lock_before=before,
        )
    )  # fmt: skip
    await session.flush()


async def _tell(
    session: AsyncSession, bureau_id: int, keys: Iterable[ReportKey], message: DeadlinesMoved, moment: _Moment
) -> None:
    """One message a person, by day on a working day; no cap holds it back."""
    merged = await by_person(session, bureau_id, keys)
    items: list[tuple[Recipient, Message]] = [
        (to, message.model_copy(update={"reports": tuple(reports)})) for to, reports in merged.items()
    ]
    await queue_all(session, items, moment.now, Lane.REPLY, not_before=tell_at(moment.now, moment.hours))


async def _show_office(session: AsyncSession, bureau_id: int, outage_id: int, now: datetime) -> None:
    for to in await recipients_with_role(session, bureau_id, [Role.OFFICE]):
        await show_card(session, to, OutageCard(outage_id=outage_id), now, key=card_of(outage_id))


# ---- taking it back


async def take_back(turn: Turn, outage_id: int) -> Outcome:
    """[撤销顺延]: who is still awaited gets the old deadline again, once; who has reported keeps the moved one."""
    if not turn.person.has(Role.OFFICE, Role.ADMIN):
        return Outcome.NOT_YOURS
    moves = await _standing_moves(turn, outage_id)
    dues = {(old, new): undone_due(old, new, turn.now, turn.hours) for old, new in await _moved_dues(turn, outage_id)}
    if not moves:
        return Outcome.OUT_OF_DATE
    if dues and not any(dues.values()):
        turn.toast = TOO_NEAR
        return Outcome.OUT_OF_DATE
    keys = [key for pair, due in dues.items() if due for key in await _put_back(turn, outage_id, *pair, due)]
    latest = max((due for due in dues.values() if due), default=turn.now)
    for move, round_ in moves:
        move.undone_at, move.undone_by = turn.now, turn.to.person_id
        if move.lock_before is not None and all(dues.values()):
            round_.lock_at = max(move.lock_before, latest)
    message = DeadlinesMoved(outage_id=outage_id, reports=(), undone=True)
    await _tell(turn.session, turn.bureau.id, keys, message, _Moment(turn.now, turn.hours))
    await _show_undone(turn, outage_id)
    return Outcome.DONE


async def _standing_moves(turn: Turn, outage_id: int) -> list[tuple[DeadlineMove, Round]]:
    statement = (
        select(DeadlineMove, Round)
        .join(Round, and_(col(Round.bureau_id) == DeadlineMove.bureau_id, col(Round.id) == DeadlineMove.round_id))
        .where(
            col(DeadlineMove.bureau_id) == turn.bureau.id,
            col(DeadlineMove.outage_id) == outage_id,
            col(DeadlineMove.undone_at).is_(None),
        )
        .with_for_update()
    )
    return [(move, round_) for move, round_ in (await turn.session.execute(statement)).all()]


def _awaited(turn: Turn, outage_id: int) -> ColumnElement[bool]:
    mine = and_(col(Extension.bureau_id) == turn.bureau.id, col(Extension.outage_id) == outage_id)
    return and_(mine, col(Extension.reason) == REASON, _PENDING)


async def _moved_dues(turn: Turn, outage_id: int) -> list[tuple[datetime, datetime]]:
    columns = select(col(Extension.moved_from), col(Extension.due_at)).where(_awaited(turn, outage_id)).distinct()
    return [(old, new) for old, new in (await turn.session.execute(columns)).all()]


async def _put_back(turn: Turn, outage_id: int, old: datetime, new: datetime, due_at: datetime) -> list[ReportKey]:
    values = {"due_at": due_at, "reason": TAKEN_BACK, "granted_by": turn.to.person_id, "granted_at": turn.now}
    moved = and_(col(Extension.due_at) == new, col(Extension.moved_from) == old)
    statement = update(Extension).where(_awaited(turn, outage_id), moved).values(**values)
    found = await turn.session.execute(statement.returning(col(Extension.round_id), col(Extension.unit_id)))
    return [ReportKey(round_id, unit_id) for round_id, unit_id in found.all()]


async def _show_undone(turn: Turn, outage_id: int) -> None:
    key = card_of(outage_id)
    shown = select(col(Card.chat_id)).where(col(Card.bureau_id) == turn.bureau.id, col(Card.key) == key)
    for chat_id in (await turn.session.execute(shown)).scalars():
        message = OutageCard(outage_id=outage_id)
        await show_card(turn.session, Recipient(turn.bureau.id, chat_id), message, turn.now, key=key)
