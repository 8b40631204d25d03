"""What a change of course does, in one transaction: the rows, silence at once, and who is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, true, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import insert, table_of
from db.tables import Card, Chat, CourseChange, Extension, Lane, Report, Request, Role, Round, Task
from domain.course import CourseKind, Instants, moved
from domain.line import tell_at
from domain.messages import CourseNote, CourseTold, Message, ReportCard, ReportKey
from domain.progress import State
from domain.requests import RequestKind, RequestState
from services.delegations import by_person
from services.outbox import Recipient, card_key, queue_all, show_card
from services.people import recipients_of_units, recipients_with_role
from services.roster.closures import CLOSED
from services.rounds import schedule_of
from services.sheets import OPEN_STATES
from services.stopping import stop_nagging
from services.turn import Turn

_OF_REPORT = and_(
    col(Extension.bureau_id) == Report.bureau_id, col(Extension.round_id) == Report.round_id,
    col(Extension.unit_id) == Report.unit_id,
)  # fmt: skip
_FRESH = {"synchronize_session": "fetch"}
_INSTANT = table_of(Extension).c.due_at.type


def _meant(change: CourseChange, round_: Round) -> ColumnElement[bool]:
    """The reports that this change is about."""
    mine = and_(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    named = col(Report.unit_id).in_(change.units) if change.units else true()
    owed = col(Report.state).in_(OPEN_STATES)
    match CourseKind(change.kind):
        case CourseKind.EXTEND:
            later = exists().where(_OF_REPORT, col(Extension.due_at) >= change.until)
            return and_(mine, named, owed, ~later)
        case CourseKind.RESTORE:
            return and_(
                mine, named, col(Report.state) == State.EXEMPT.value, ~col(Report.state_reason).startswith(CLOSED)
            )
        case CourseKind.WITHDRAW:
            return and_(mine, col(Report.state) != State.EXEMPT.value)
        case _:
            return and_(mine, named, owed)


async def concerned(session: AsyncSession, change: CourseChange, round_: Round) -> list[ReportKey]:
    rows = await session.execute(select(col(Report.unit_id)).where(_meant(change, round_)))
    return [ReportKey(round_.id, unit_id) for unit_id in rows.scalars()]


async def do(turn: Turn, change: CourseChange, round_: Round, task: Task) -> None:
    """Make the change, cancel what waited to be said about it, tell those it concerns, and note who did it."""
    session = turn.session
    keys = await concerned(session, change, round_)
    units = [key.unit_id for key in keys]
    match CourseKind(change.kind):
        case CourseKind.EXTEND:
            await _extend(turn, change, round_, units)
        case CourseKind.EXEMPT:
            await _set_state(session, round_, units, State.EXEMPT, change.reason)
        case CourseKind.RESTORE:
            await _owe_again(session, round_, units)
        case CourseKind.MOVE:
            await _move(turn, change, round_, task)
        case CourseKind.WITHDRAW:
            await _withdraw(turn, round_)
        case CourseKind.REOPEN:
            await _reopen(turn, change, round_, task)
    change.done_at, change.reports = turn.now, len(keys)
    await session.flush()
    await stop_nagging(session, turn.bureau.id, keys)
    await _show_cards(turn, keys)
    await _tell(turn, change, task, keys)


async def _extend(turn: Turn, change: CourseChange, round_: Round, units: Sequence[int]) -> None:
    """Their own due time; the lock moves behind it where it stands before."""
    until, now = change.until or turn.now, turn.now
    rows = [
        {
            "bureau_id": round_.bureau_id, "round_id": round_.id, "unit_id": unit_id, "due_at": until,
            "reason": change.reason, "granted_by": turn.to.person_id, "granted_at": now,
        }
        for unit_id in units
    ]  # fmt: skip
    statement = insert(turn.session, Extension)
    new = {name: getattr(statement.excluded, name) for name in ("due_at", "reason", "granted_by", "granted_at")}
    granted = statement.on_conflict_do_update(
        index_elements=["bureau_id", "round_id", "unit_id"], set_=new | {"outage_id": None, "moved_from": None}
    )
    if rows:
        await turn.session.execute(granted, rows)
    round_.lock_at = max(round_.lock_at, until)
    waiting = and_(_waiting(round_), col(Request.kind) == RequestKind.EXTENSION.value, col(Request.unit_id).in_(units))
    may = or_(col(Request.until).is_(None), col(Request.until) <= until)
    await _settle(turn, and_(waiting, may), RequestState.GRANTED, "")


async def _move(turn: Turn, change: CourseChange, round_: Round, task: Task) -> None:
    """For all. Whoever has a later due time of his own keeps it; nobody who has reported becomes late, because the new
    one is still to come."""
    due_at = change.until or round_.due_at
    _set(round_, moved(_instants(round_), due_at, schedule_of(task).lock_after, turn.hours))
    round_.due_since, round_.moved_because = turn.now, ""
    own = and_(col(Extension.bureau_id) == round_.bureau_id, col(Extension.round_id) == round_.id)
    await turn.session.execute(delete(Extension).where(own, col(Extension.due_at) <= due_at), execution_options=_FRESH)


def _instants(round_: Round) -> Instants:
    return Instants(round_.due_at, round_.grace_until, round_.lock_at)


def _set(round_: Round, now_is: Instants) -> None:
    round_.due_at, round_.grace_until, round_.lock_at = now_is.due_at, now_is.grace_until, now_is.lock_at


async def _withdraw(turn: Turn, round_: Round) -> None:
    """Closed from now on; drafts and answers stay, and nobody is at it any more."""
    round_.withdrawn_at = turn.now
    round_.lock_at = min(round_.lock_at, turn.now)
    at_it = and_(col(Chat.bureau_id) == round_.bureau_id, col(Chat.focus_round_id) == round_.id)
    left = {"focus_round_id": None, "focus_unit_id": None, "focus_key": None, "read_back": None, "focus_at": None}
    await turn.session.execute(update(Chat).where(at_it).values(**left), execution_options=_FRESH)
    await _settle(turn, _waiting(round_), RequestState.REFUSED, "报告期已撤回")


async def _reopen(turn: Turn, change: CourseChange, round_: Round, task: Task) -> None:
    """Open until then; one that was withdrawn is due then too, as if it were moved."""
    until = change.until or round_.lock_at
    if round_.withdrawn_at is None:
        round_.lock_at = until
        return
    round_.withdrawn_at = None
    await _move(turn, change, round_, task)


async def _set_state(session: AsyncSession, round_: Round, units: Iterable[int], state: State, reason: str) -> None:
    mine = and_(
        col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id, col(Report.unit_id).in_(units)
    )
    values = {"state": state.value, "state_reason": reason}
    await session.execute(update(Report).where(mine).values(**values), execution_options=_FRESH)


async def _owe_again(session: AsyncSession, round_: Round, units: Sequence[int]) -> None:
    """As before: what had come once and was returned waits for its correction."""
    mine = and_(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    came = select(col(Report.unit_id)).where(
        mine, col(Report.unit_id).in_(units), col(Report.first_received_at).is_not(None)
    )
    returned = set((await session.execute(came)).scalars())
    await _set_state(session, round_, returned, State.RETURNED, "")
    await _set_state(session, round_, set(units) - returned, State.PENDING, "")


def _waiting(round_: Round) -> ColumnElement[bool]:
    return and_(
        col(Request.bureau_id) == round_.bureau_id, col(Request.round_id) == round_.id,
        col(Request.state) == RequestState.PENDING.value,
    )  # fmt: skip


async def _settle(turn: Turn, which: ColumnElement[bool], state: RequestState, answer: str) -> None:
    """Requests that the change has answered."""
    values = {"state": state.value, "answer": answer, "decided_by": turn.to.person_id, "decided_at": turn.now}
    await turn.session.execute(update(Request).where(which).values(**values), execution_options=_FRESH)


# ---- told


async def _show_cards(turn: Turn, keys: Sequence[ReportKey]) -> None:
    """Whoever has a card of one of these reports sees it as it stands now."""
    by_key = {card_key(key): key for key in keys}
    shown = select(col(Card.chat_id), col(Card.key)).where(
        col(Card.bureau_id) == turn.bureau.id, col(Card.key).in_(by_key), col(Card.message_id).is_not(None)
    )
    for chat_id, key in (await turn.session.execute(shown)).all():
        await show_card(turn.session, Recipient(turn.bureau.id, chat_id), ReportCard(report=by_key[key]), turn.now)


async def _tell(turn: Turn, change: CourseChange, task: Task, keys: Sequence[ReportKey]) -> None:
    """The units one message a person, by day; the office and the lead section a line, but for whoever did it."""
    merged = await by_person(turn.session, turn.bureau.id, keys)
    change.told = len({key for mine in merged.values() for key in mine})
    to_units: list[tuple[Recipient, Message]] = [
        (to, CourseTold(change_id=change.id, reports=tuple(mine))) for to, mine in merged.items()
    ]
    at = tell_at(turn.now, turn.hours)
    await queue_all(turn.session, to_units, turn.now, Lane.REPLY, not_before=at)
    section = await recipients_of_units(turn.session, turn.bureau.id, [task.lead_unit_id], [Role.SECTION])
    office = await recipients_with_role(turn.session, turn.bureau.id, [Role.OFFICE])
    others = dict.fromkeys([*office, *section.get(task.lead_unit_id, [])])
    lines: list[tuple[Recipient, Message]] = [
        (to, CourseNote(change_id=change.id)) for to in others if to.person_id != turn.to.person_id
    ]
    await queue_all(turn.session, lines, turn.now, Lane.REPLY, not_before=at)
