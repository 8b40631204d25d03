"""The reminder sweep: which rungs have come due, and one merged message per person. Set-wise on the natural key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, delete, exists, literal, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import insert, table_of
from db.tables import Extension, Lane, Promise, Reminder, ReminderState, Report, Role, Round, Task, Unit
from domain.calendar import OfficeHours
from domain.ladder import Audience, DueRung, Rung, Skip, chase_on, due_rungs, is_for_late, ladder_of
from domain.messages import ChaseSummary, Message, ReportKey
from services import unreached
from services.merging import REMIND, whom
from services.nagging import Nag, copy_to_central, nag
from services.outbox import Recipient, queue_all
from services.people import recipients_of_units, recipients_with_role
from services.sheets import OPEN_STATES
from services.standing import ASKS_FOR_TIME
from services.troubles import Guard, item

REPORTED = "reported"
"""Why a rung is skipped for a unit that had nothing to be reminded of when it fired."""


@dataclass(slots=True)
class Fired:
    """What a tick has to say: by rung the reports their units are reminded of, what the central schools hear, and by
    rung the tasks' lead sections (and the office, as None) that get their list."""

    units: dict[Rung, list[ReportKey]] = field(default_factory=dict)
    central: list[ReportKey] = field(default_factory=list)
    lists: dict[int | None, str] = field(default_factory=dict)

    def take_up(self, rung: Rung, keys: Sequence[ReportKey], section_id: int) -> None:
        if not keys:
            return
        match rung.audience:
            case Audience.UNIT:
                self.units.setdefault(rung, []).extend(keys)
            case Audience.CENTRAL:
                self.central.extend(keys)
            case Audience.OFFICE:
                self.lists[None] = rung.key
            case Audience.SECTION:
                self.lists[section_id] = rung.key


async def remind(
    session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime, planned_before: set[object] | None = None
) -> int:
    """Queue the rungs that have come due, one message per person; returns how many people hear something.

    `planned_before` remembers from tick to tick which rungs are in the ledger for everybody, and need no look.
    """
    fired, guard = Fired(), await Guard.of(session, bureau_id, now)
    known = planned_before if planned_before is not None else set()
    running = await _running(session, bureau_id, now)
    extended = await _extended(session, bureau_id, [round_.id for round_, _ in running])
    for round_, task in running:
        ladder = _Ladder(round_, extended.get(round_.id, ()), _resting(guard, round_), hours, now)
        what = f"{round_.label}一项的提醒没能发出"
        planned = await guard.attempt(f"chase:{round_.id}", what, partial(_fire, session, ladder, task, known))
        for rung, keys in planned or ():
            fired.take_up(rung, keys, task.lead_unit_id)
    if hours.within(now) and (again := await _put_off_until_now(session, bureau_id, now)):
        fired.units[AGAIN] = again
    told, deaf = await _remind_units(guard, fired.units, hours)
    told += await unreached.tell(session, bureau_id, deaf, now)
    told += await _tell_central(session, bureau_id, fired.central, hours, now)
    return told + await _tell_bureau(session, bureau_id, fired.lists, now)


@dataclass(frozen=True, slots=True)
class _Ladder:
    """What a round's rungs are judged by. `resting` are units whose reminder has failed, until it is tried again."""

    round: Round
    extended: Sequence[Extension]
    resting: Sequence[int]
    hours: OfficeHours
    now: datetime

    @property
    def today(self) -> date:
        return self.hours.local(self.now).date()

    def groups(self) -> Iterator[_Group]:
        """Everybody, and apart from them the units whose deadline was moved (their rungs arm again)."""
        extended = [one for one in self.extended if one.unit_id not in self.resting]
        elsewhere = [*self.resting, *(one.unit_id for one in extended)]
        others = col(Report.unit_id).not_in(elsewhere) if elsewhere else true()
        yield _Group(self.round.due_at, self.round.due_since or self.round.issued_at, others, len(elsewhere))
        moved: dict[tuple[datetime, datetime], list[int]] = {}
        for one in extended:
            moved.setdefault((one.due_at, one.granted_at), []).append(one.unit_id)
        for (due, since), units in moved.items():
            yield _Group(due, since, col(Report.unit_id).in_(units), len(units))


def _resting(guard: Guard, round_: Round) -> list[int]:
    return [key.unit_id for key, may in guard.keys(REMIND).items() if key.round_id == round_.id and not may]


@dataclass(frozen=True, slots=True)
class _Group:
    """The reports of a round with one effective due, and since when it is theirs."""

    due_at: datetime
    since: datetime
    members: ColumnElement[bool]
    size: int


async def _fire(
    session: AsyncSession, ladder: _Ladder, task: Task, known: set[object]
) -> list[tuple[Rung, list[ReportKey]]]:
    """The reports of one round of which is to be spoken now, by rung; entered into the ledger."""
    planned: list[tuple[Rung, list[ReportKey]]] = []
    round_, rungs = ladder.round, ladder_of(task.ladder)
    rests: bool | None = None
    for group in ladder.groups():
        for due in due_rungs(rungs, group.since, group.due_at, round_.lock_at, ladder.now, ladder.hours):
            entry = (round_.id, due.rung.key, due.rung.audience, group.due_at, group.since, group.size)
            if entry in known or (due.send_at is not None and due.send_at > ladder.now):
                continue
            keys = await _plan(session, ladder, group, due)
            if keys is not None:
                planned.append((due.rung, keys))
            elif not ladder.resting:
                rests = await _anyone_rests(session, round_, ladder.now) if rests is None else rests
                if not rests:
                    known.add(entry)
    return planned


AGAIN = Rung("again", 0, time(0), Audience.UNIT)
"""What was put off is asked for once more when its time has come, as was promised."""
_STILL_MEANT = timedelta(days=4)
"""So long after its time a promise is still thought of: over a weekend."""


async def _put_off_until_now(session: AsyncSession, bureau_id: int, now: datetime) -> list[ReportKey]:
    """Of what was put off until now at the latest, the reports that are still owed; entered into the ledger once."""
    lately = and_(col(Promise.until) <= now, col(Promise.until) > now - _STILL_MEANT)
    if not (await session.execute(select(exists().where(col(Promise.bureau_id) == bureau_id, lately)))).scalar_one():
        return []
    report = and_(
        col(Report.bureau_id) == Promise.bureau_id, col(Report.round_id) == Promise.round_id,
        col(Report.unit_id) == Promise.unit_id,
    )  # fmt: skip
    come = (
        select(
            col(Promise.bureau_id), col(Promise.round_id), col(Promise.unit_id),
            literal(f"{AGAIN.key}-").concat(cast(Promise.id, String)), col(Promise.due_at),
            literal(AGAIN.audience.value), literal(ReminderState.QUEUED.value), literal(""), literal(now),
        )
        .join(Report, report)
        .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
        .where(
            col(Promise.bureau_id) == bureau_id, lately,
            col(Report.state).in_(OPEN_STATES), col(Round.lock_at) > now, ~_rests(now),
        )
    )  # fmt: skip
    if not (await session.execute(select(come.exists()))).scalar_one():
        return []
    entered = insert(session, Reminder).from_select(_ENTERED, come, include_defaults=False).on_conflict_do_nothing()
    found = (await session.execute(entered.returning(Reminder.round_id, Reminder.unit_id))).all()
    return list(dict.fromkeys(ReportKey(round_id, unit_id) for round_id, unit_id in found))


# ---- who hears it


async def _remind_units(
    guard: Guard, units: Mapping[Rung, Sequence[ReportKey]], hours: OfficeHours
) -> tuple[int, list[ReportKey]]:
    """Whoever fills is reminded; from the due day on the head hears it too. Returns how many people are, and before
    the deadline those reports of which nobody could hear for the first time."""
    wanted: dict[Recipient, Nag] = {}
    deaf: list[ReportKey] = []
    for rung, keys in units.items():
        people = await whom(guard, REMIND, keys, fillers_only=rung.offset < 0, heads=rung.offset >= 0)
        if guard.rests_until:
            await _take_back(guard, rung.key, [key for key in keys if not guard.may(item(REMIND, key))])
        heard = {key for reports in people.values() for key in reports}
        missed = [key for key in keys if key not in heard and guard.may(item(REMIND, key))]
        new = await unreached.note(guard.session, guard.bureau_id, rung.key, missed, guard.now)
        deaf += [] if is_for_late(rung.key) else [key for key in new if key not in deaf]
        for to, reports in people.items():
            one = wanted.setdefault(to, Nag())
            one.reminded |= dict.fromkeys(reports, rung.key)
            one.words = one.words or rung.words
    await nag(guard.session, guard.bureau_id, wanted, hours, guard.now)
    return len(wanted), deaf


async def _take_back(guard: Guard, rung: str, keys: Sequence[ReportKey]) -> None:
    """Out of the ledger what was entered just now for reports that nobody could be reminded of: it fires again."""
    for key in keys:
        entered = (
            col(Reminder.bureau_id) == guard.bureau_id,
            col(Reminder.round_id) == key.round_id,
            col(Reminder.unit_id) == key.unit_id,
            col(Reminder.rung) == rung,
            col(Reminder.planned_at) == guard.now,
        )
        await guard.session.execute(delete(Reminder).where(*entered))


async def _tell_central(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey], hours: OfficeHours, now: datetime
) -> int:
    """The copy for the central school of the units that were reminded because they are late."""
    if not keys:
        return 0
    mine = and_(col(Unit.bureau_id) == bureau_id, col(Unit.central_unit_id).is_not(None))
    found = (await session.execute(select(col(Unit.id), col(Unit.central_unit_id)).where(mine))).all()
    central = {unit_id: int(central_id or 0) for unit_id, central_id in found}
    chats = await recipients_of_units(session, bureau_id, set(central.values()), [Role.CENTRAL])
    copies: dict[Recipient, list[ReportKey]] = {}
    for key in keys:
        for to in chats.get(central.get(key.unit_id, 0), []):
            copies.setdefault(to, []).append(key)
    await copy_to_central(session, bureau_id, copies, hours, now)
    return len(copies)


async def _tell_bureau(session: AsyncSession, bureau_id: int, lists: Mapping[int | None, str], now: datetime) -> int:
    """The lists of who has not reported: they are for those who act, and do not nag."""
    if not lists:
        return 0
    items: list[tuple[Recipient, Message]] = []
    if None in lists:
        message = ChaseSummary(rung=lists[None])
        items += [(to, message) for to in await recipients_with_role(session, bureau_id, [Role.OFFICE])]
    sections = [section_id for section_id in lists if section_id is not None]
    for section_id, people in (await recipients_of_units(session, bureau_id, sections, [Role.SECTION])).items():
        items += [(to, ChaseSummary(section_id=section_id, rung=lists[section_id])) for to in people]
    await queue_all(session, items, now, Lane.REMINDER)
    return len(items)


# ---- the ledger


async def _extended(
    session: AsyncSession, bureau_id: int, round_ids: Sequence[int]
) -> Mapping[int, Sequence[Extension]]:
    mine = and_(col(Extension.bureau_id) == bureau_id, col(Extension.round_id).in_(round_ids))
    found: dict[int, list[Extension]] = {}
    for one in (await session.execute(select(Extension).where(mine))).scalars().all() if round_ids else ():
        found.setdefault(one.round_id, []).append(one)
    return found


async def _running(session: AsyncSession, bureau_id: int, now: datetime) -> Sequence[tuple[Round, Task]]:
    running = and_(
        col(Round.bureau_id) == bureau_id, col(Round.open_at) <= now, col(Round.lock_at) > now,
        col(Task.withdrawn_at).is_(None),
    )  # fmt: skip
    task = and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id)
    statement = select(Round, Task).join(Task, task).where(running).order_by(col(Round.due_at), col(Task.position))
    return [(round_, one) for round_, one in (await session.execute(statement)).all()]


async def _plan(session: AsyncSession, ladder: _Ladder, group: _Group, due: DueRung) -> list[ReportKey] | None:
    """Enter the rung into the ledger for the whole group at once; returns the reports it speaks of, None when there
    was nobody to enter.

    Who owed nothing at this moment is entered as skipped, so that a report returned later does not wake a rung that
    was over before. What is in the ledger already keeps its row; the unit that is to be left alone rests.
    """
    statement = insert(session, Reminder).from_select(_ENTERED, _roster(ladder, group, due), include_defaults=False)
    connection = await session.connection()  # of many rows a session would make much
    planned = await connection.execute(statement.on_conflict_do_nothing().returning(_QUEUED))
    if not (entered := planned.scalars().all()):
        return None
    return [ReportKey(ladder.round.id, unit_id) for unit_id in entered if unit_id is not None]


_LEDGER = table_of(Reminder).c
_QUEUED = case((_LEDGER.state == ReminderState.QUEUED.value, _LEDGER.unit_id))
"""The unit, if there is something to be said."""
_ENTERED = ["bureau_id", "round_id", "unit_id", "rung", "effective_due", "audience", "state", "reason", "planned_at"]


def _roster(ladder: _Ladder, group: _Group, due: DueRung) -> Select[*tuple[Any, ...]]:
    state, reason = _state(due, ladder)
    round_ = ladder.round
    return select(
        col(Report.bureau_id), col(Report.round_id), col(Report.unit_id), literal(due.rung.key),
        literal(group.due_at), literal(due.rung.audience.value), state, reason, literal(ladder.now),
    ).where(
        col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id, group.members,
        *_spoken_of(due.rung.audience, ladder.now),
    )  # fmt: skip


def _spoken_of(audience: Audience, now: datetime) -> Iterator[ColumnElement[bool]]:
    """Who rests is left alone; a central school gets copies of its own units only."""
    if audience.chases:
        yield ~_rests(now)
    if audience is Audience.CENTRAL:
        has_one = (col(Unit.bureau_id) == Report.bureau_id, col(Unit.id) == Report.unit_id)
        yield exists().where(*has_one, col(Unit.central_unit_id).is_not(None))


def _state(due: DueRung, ladder: _Ladder) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Queued (or for the bulletin planned) where something is owed; else skipped, and why."""
    skipped = literal(ReminderState.SKIPPED.value)
    if due.skip:
        return skipped, literal(due.skip.value)
    owed = col(Report.state).in_(OPEN_STATES)
    for_bulletin = due.rung.audience is Audience.BULLETIN
    meant = (ReminderState.PLANNED if for_bulletin else ReminderState.QUEUED).value
    if due.rung.is_replaced_by_chase:
        chased = _chased_today(ladder)
        state = case((and_(owed, ~chased), meant), else_=skipped)
        return state, case((~owed, REPORTED), (chased, Skip.CHASED.value), else_="")
    return case((owed, meant), else_=skipped), case((owed, ""), else_=REPORTED)


def _chased_today(ladder: _Ladder) -> ColumnElement[bool]:
    """A person of the bureau has chased this report today."""
    return exists().where(
        col(Reminder.bureau_id) == Report.bureau_id,
        col(Reminder.round_id) == Report.round_id,
        col(Reminder.unit_id) == Report.unit_id,
        col(Reminder.rung) == chase_on(ladder.today),
        col(Reminder.planned_at) >= ladder.hours.at(ladder.today, time(0)),
    )


async def _anyone_rests(session: AsyncSession, round_: Round, now: datetime) -> bool:
    mine = and_(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    return bool((await session.execute(select(exists().where(mine, _rests(now))))).scalar_one())


_STANDING = aliased(Promise)


def _rests(now: datetime) -> ColumnElement[bool]:
    """The unit has asked for an extension and has no answer yet, or has said when it will report."""
    promised = exists().where(
        col(_STANDING.bureau_id) == Report.bureau_id,
        col(_STANDING.round_id) == Report.round_id,
        col(_STANDING.unit_id) == Report.unit_id,
        col(_STANDING.until) > now,
    )
    return or_(ASKS_FOR_TIME, promised)
