"""Who has not reported, as it stands when it is looked at: for those who telephone, sorted by what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import insert
from db.tables import (
    Account,
    Draft,
    Extension,
    Inbox,
    Membership,
    Outbox,
    Person,
    Promise,
    Reminder,
    ReminderState,
    Report,
    Role,
    Round,
    Task,
    Unit,
)
from domain import codec
from domain.calendar import OfficeHours
from domain.digest import Chase, DraftState, Reach, chase_of
from domain.indicators import missing
from domain.ladder import CHASE, Audience, chase_on
from domain.messages import CentralCopy, ChaseList, ChaseSummary, ReportKey
from domain.phrases import Phrase
from domain.progress import State
from services.absences import handed_on
from services.asking import say
from services.delegations import by_person
from services.nagging import Nag, nag
from services.noted import IS_NOTED
from services.outbox import queue
from services.people_content import actor_to
from services.promises import promised_until
from services.sheets import OPEN_STATES, Sheet, sheets_of
from services.standing import ASKS_FOR_TIME
from services.turn import Actor, Turn

MANAGERS = (Role.OFFICE, Role.ADMIN)
CAN_HEAR = (Chase.UNSENT, Chase.HALF, Chase.UNOPENED)


@dataclass(frozen=True, slots=True)
class MissingUnit:
    """`reason` says why the bot cannot reach the person, `last` when something came from there; `asks`: for more time,
    which is not decided yet; `noted` for the next 通报."""

    key: ReportKey
    unit: str
    person: str
    phone: str
    chase: Chase
    reason: str = ""
    last: datetime | None = None
    promise: str = ""
    asks: bool = False
    noted: bool = False


@dataclass(frozen=True, slots=True)
class MissingRound:
    """`expected` are those who owe it by now: without the exempt, and without the `extended` whose day is to come."""

    task: str
    section: str
    due_at: datetime
    expected: int
    extended: int
    units: tuple[MissingUnit, ...]


@dataclass(frozen=True, slots=True)
class MissingContent:
    """`section_id` None: of all sections. `shown` is the message it is for."""

    rounds: tuple[MissingRound, ...]
    shown: ChaseSummary | ChaseList

    @property
    def reachable(self) -> int:
        """How many units may still be reminded by the bot."""
        return len({one.key.unit_id for round_ in self.rounds for one in round_.units if one.chase in CAN_HEAR})


@dataclass(frozen=True, slots=True)
class CopyContent:
    """What a central school is told: by task the schools it looks after that are late."""

    address: str
    sheets: tuple[Sheet, ...]


async def load(
    session: AsyncSession,
    row: Outbox,
    message: CentralCopy | ChaseSummary | ChaseList,
    hours: OfficeHours,
    now: datetime,
) -> MissingContent | CopyContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    if isinstance(message, CentralCopy):
        found = await sheets_of(session, row.bureau_id, message.reports)
        sheets = [one for one in found if one.is_asked and not one.rests and one.due_at < now < one.lock_at]
        return CopyContent(actor.address, tuple(sheets)) if sheets else None
    if not may_see(actor, message.section_id):
        return None
    return MissingContent(await missing_now(session, row.bureau_id, message.section_id, hours, now), message)


def may_see(actor: Actor, section_id: int | None) -> bool:
    return actor.has(*MANAGERS) or (section_id is not None and section_id in actor.sections)


async def missing_now(
    session: AsyncSession, bureau_id: int, section_id: int | None, hours: OfficeHours, now: datetime
) -> tuple[MissingRound, ...]:
    """The rounds that are over or due today; where there is none, all that run."""
    found = await _running(session, bureau_id, section_id, now)
    tonight = hours.at(hours.local(now).date() + timedelta(days=1), time(0))
    due = [one for one in found if one[0].due_at < tonight] or found
    people = await _people(session, bureau_id)
    rounds = [await _round(session, *one, people, now) for one in due]
    put_off = await promised_until(session, bureau_id, [unit.key for one in rounds for unit in one.units], now)
    return tuple(_with_promises(one, put_off) for one in rounds)


def _with_promises(round_: MissingRound, put_off: Mapping[ReportKey, Promise]) -> MissingRound:
    units = (replace(one, promise=put_off[one.key].words) if one.key in put_off else one for one in round_.units)
    return replace(round_, units=tuple(units))


async def _running(
    session: AsyncSession, bureau_id: int, section_id: int | None, now: datetime
) -> Sequence[tuple[Round, Task, str]]:
    section = aliased(Unit)
    statement = (
        select(Round, Task, col(section.name))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .join(section, and_(col(section.bureau_id) == Task.bureau_id, col(section.id) == Task.lead_unit_id))
        .where(col(Round.bureau_id) == bureau_id, col(Round.open_at) <= now, col(Round.lock_at) > now)
        .where(col(Task.withdrawn_at).is_(None))
        .order_by(col(Round.due_at), col(Task.position))
    )
    if section_id is not None:
        statement = statement.where(col(Task.lead_unit_id) == section_id)
    return [(round_, task, name) for round_, task, name in (await session.execute(statement)).all()]


@dataclass(frozen=True, slots=True)
class _Contact:
    """Whom to call in a unit."""

    person: str
    phone: str
    reach: Reach
    reason: str
    last: datetime | None


async def _people(session: AsyncSession, bureau_id: int) -> Mapping[int, _Contact]:
    """By unit its principal."""
    heard = (
        select(col(Inbox.chat_id).label("chat"), func.max(Inbox.received_at).label("last"))
        .where(col(Inbox.bureau_id) == bureau_id)
        .group_by(col(Inbox.chat_id))
        .subquery()
    )
    mine = and_(
        col(Account.bureau_id) == Membership.bureau_id, col(Account.person_id) == Membership.person_id,
        col(Account.closed_at).is_(None),
    )  # fmt: skip
    statement = (
        select(Membership.unit_id, Person, Account, heard.c.last)  # type: ignore[call-overload]
        .join(Person, and_(col(Person.bureau_id) == Membership.bureau_id, col(Person.id) == Membership.person_id))
        .outerjoin(Account, mine)
        .outerjoin(heard, heard.c.chat == Account.external_id)
        .where(
            col(Membership.bureau_id) == bureau_id, col(Membership.role) == Role.PRINCIPAL.value,
            col(Membership.ended_at).is_(None), col(Membership.given_by).is_(None),
        )
    )  # fmt: skip
    rows = (await session.execute(statement)).all()
    return {unit_id: _contact(person, account, last) for unit_id, person, account, last in rows}


async def unreachable_units(
    session: AsyncSession, bureau_id: int, units: Mapping[int, Unit]
) -> tuple[MissingUnit, ...]:
    """Of these units those whose head the bot cannot reach, by reason; `key` names no round."""
    people = await _people(session, bureau_id) if units else {}
    found: list[MissingUnit] = []
    for unit_id, unit in units.items():
        contact = people.get(unit_id, _nobody(unit))
        if contact.reach is not Reach.ONLINE:
            chase = chase_of(DraftState.UNTOUCHED, contact.reach)
            key = ReportKey(0, unit_id)
            found.append(
                MissingUnit(key, unit.name, contact.person, contact.phone, chase, contact.reason, contact.last)
            )
    return tuple(sorted(found, key=lambda one: one.reason))


def _nobody(unit: Unit) -> _Contact:
    return _Contact("", unit.phone, Reach.UNBOUND, "没有登记校长", None)


def _contact(person: Person, account: Account | None, last: datetime | None) -> _Contact:
    name = person.salutation or person.name
    if account is None:
        return _Contact(name, person.phone, Reach.UNBOUND, "未开通", None)
    if account.unreachable:
        reason = "已屏蔽" if "block" in account.unreachable.lower() else "账号失效,可能换号"
        return _Contact(name, person.phone, Reach.UNREACHABLE, reason, last)
    return _Contact(name, person.phone, Reach.ONLINE, "", last)


async def _round(
    session: AsyncSession, round_: Round, task: Task, section: str, people: Mapping[int, _Contact], now: datetime
) -> MissingRound:
    of_round = and_(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    draft = and_(
        col(Draft.bureau_id) == Report.bureau_id, col(Draft.round_id) == Report.round_id,
        col(Draft.unit_id) == Report.unit_id,
    )  # fmt: skip
    extension = and_(
        col(Extension.bureau_id) == Report.bureau_id, col(Extension.round_id) == Report.round_id,
        col(Extension.unit_id) == Report.unit_id,
    )  # fmt: skip
    statement = (
        select(Report, Unit, Draft, col(Extension.due_at), ASKS_FOR_TIME, IS_NOTED)
        .join(Unit, and_(col(Unit.bureau_id) == Report.bureau_id, col(Unit.id) == Report.unit_id))
        .outerjoin(Draft, draft)
        .outerjoin(Extension, extension)
        .where(of_round, col(Report.state) != State.EXEMPT.value)
        .order_by(col(Unit.township), col(Unit.code))
    )
    rows = (await session.execute(statement)).all()
    later = [row for row in rows if row[0].state in OPEN_STATES and row[3] is not None and row[3] > now]
    owing = [row for row in rows if row[0].state == State.PENDING.value and row not in later]
    units = [
        replace(_unit(round_, report, unit, draft, people), asks=asks, noted=noted)
        for report, unit, draft, _, asks, noted in owing
    ]
    order = list(Chase)
    return MissingRound(
        task.short_name or task.name, section, round_.due_at, len(rows) - len(later), len(later),
        tuple(sorted(units, key=lambda one: order.index(one.chase))),
    )  # fmt: skip


def _unit(
    round_: Round, report: Report, unit: Unit, draft: Draft | None, people: Mapping[int, _Contact]
) -> MissingUnit:
    contact = people.get(unit.id, _nobody(unit))
    key = ReportKey(report.round_id, report.unit_id)
    chase = chase_of(_filled(round_, draft), contact.reach)
    return MissingUnit(key, unit.name, contact.person, contact.phone, chase, contact.reason, contact.last)


def _filled(round_: Round, draft: Draft | None) -> DraftState:
    if draft is None or not draft.entries:
        return DraftState.UNTOUCHED
    indicators = codec.questionnaire_from_json(round_.questionnaire)
    kinds = {indicator.key: indicator.kind for indicator in indicators}
    values = {key: codec.from_json(kinds[key], entry["v"]) for key, entry in draft.entries.items() if key in kinds}
    return DraftState.HALF if missing(indicators, values) else DraftState.COMPLETE


# ---- what the bureau does


async def summarise(turn: Turn) -> bool:
    """/chase: False for somebody who chases nobody."""
    actor = turn.person
    if not actor.has(*MANAGERS, Role.SECTION):
        return False
    sections = [None] if actor.has(*MANAGERS) else sorted(actor.sections)
    for section_id in sections:
        await queue(turn.session, turn.to, ChaseSummary(section_id=section_id), turn.now)
    return True


async def show_list(turn: Turn, section_id: int | None, *, plain: bool) -> bool:
    if not may_see(turn.person, section_id):
        return False
    await queue(turn.session, turn.to, ChaseList(section_id=section_id, plain=plain), turn.now)
    return True


async def chase(turn: Turn, section_id: int | None) -> bool:
    """提醒在线的: everybody who is late (or due today) and can hear it, once a day; takes the place of the ladder's
    afternoon rung. False: not for this person to do."""
    if not may_see(turn.person, section_id):
        return False
    rounds = await missing_now(turn.session, turn.bureau.id, section_id, turn.hours, turn.now)
    wanted = [
        one.key for round_ in rounds for one in round_.units if one.chase in CAN_HEAR and not (one.promise or one.asks)
    ]
    chased = await _enter(turn, wanted)
    merged = await by_person(turn.session, turn.bureau.id, chased, heads=True)
    people = await handed_on(turn.session, turn.bureau.id, merged, turn.now)
    nags = {to: Nag(reminded=dict.fromkeys(keys, CHASE)) for to, keys in people.items()}
    held = await nag(turn.session, turn.bureau.id, nags, turn.hours, turn.now, spaced=False)
    facts = {"count": str(len(people) - len(held)), "held": str(len(held)), "again": str(len(wanted) - len(chased))}
    later = "" if turn.hours.within(turn.now) else "1"
    await say(turn, Phrase.CHASED, later=later, **facts)
    return True


async def _enter(turn: Turn, keys: Sequence[ReportKey]) -> list[ReportKey]:
    """Into the ledger, those that nobody has chased today."""
    if not keys:
        return []
    rung = chase_on(turn.today)
    rows = [
        {
            "bureau_id": turn.bureau.id, "round_id": sheet.key.round_id, "unit_id": sheet.key.unit_id, "rung": rung,
            "effective_due": sheet.due_at, "audience": Audience.UNIT.value, "state": ReminderState.QUEUED.value,
            "reason": "", "planned_at": turn.now,
        }
        for sheet in await sheets_of(turn.session, turn.bureau.id, keys)
    ]  # fmt: skip
    entered = insert(turn.session, Reminder).values(rows).on_conflict_do_nothing()
    found = await turn.session.execute(entered.returning(Reminder.round_id, Reminder.unit_id))
    return [ReportKey(round_id, unit_id) for round_id, unit_id in found.all()]
