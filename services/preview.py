"""duban preview: what issuing brings, before it is issued. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import (
    Extension,
    Fate,
    Membership,
    Outbox,
    Person,
    Reminder,
    Report,
    Role,
    Round,
    Task,
    Unit,
)
from domain import defaults
from domain.calendar import OfficeHours
from domain.ladder import Audience, ladder_of
from domain.messages import ReportKey
from domain.preview import (
    MOST_A_WEEK,
    Burden,
    Sequel,
    burdens,
    messages,
    month_of,
    week_of,
)
from services.chase_lists import MissingUnit, unreachable_units
from services.coming import Coming, LeftOut, coming_rounds, left_out, tasks_of
from services.delegations import by_person, handed_over
from services.nagging import NAGGING
from services.outbox import Recipient
from services.people import recipients_of_units
from services.sheets import OPEN_STATES

DAYS = 14
_WENT = (Fate.SENDING.value, Fate.SENT.value, Fate.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Preview:
    """`people` names those in the burdens; `unreachable` are asked units the bot cannot reach."""

    at: datetime
    until: datetime
    rounds: tuple[Coming, ...]
    weeks: tuple[Burden, ...]
    months: tuple[Burden, ...]
    people: Mapping[int, str]
    unreachable: tuple[MissingUnit, ...] = ()
    nags: Mapping[int, Sequence[datetime]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def schools(self) -> tuple[Mapping[int, float], Mapping[int, float]]:
        """By unit the questions and the seconds of all these rounds together, conditions halfway."""
        asked: Counter[int] = Counter()
        seconds: Counter[int] = Counter()
        for one in self.rounds:
            for unit in one.units:
                asked[unit.id] += one.questions.middle  # type: ignore[assignment]
                seconds[unit.id] += one.seconds  # type: ignore[assignment]
        return asked, seconds

    @property
    def too_much(self) -> tuple[Burden, ...]:
        """The weeks in which somebody gets more than is borne."""
        return tuple(week for week in self.weeks if week.most > MOST_A_WEEK)


async def preview(
    session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime, days: int = DAYS, task_key: str = ""
) -> Preview | None:
    """The rounds that open within `days`, those of one task or all; the burden is always that of all tasks together.
    None: there is no such task."""
    until = now + timedelta(days=days)
    if task_key and not any(task_key in _called(task) for task in await tasks_of(session, bureau_id)):
        return None
    coming = await coming_rounds(session, bureau_id, hours, now, until)
    left = await left_out(session, bureau_id, hours, now, until)
    running = await _running(session, bureau_id, now)
    future = [await _future(session, bureau_id, one, -number) for number, one in enumerate(coming, 1)]
    went = await _went(session, bureau_id, now, hours)
    worst = messages([*running, *future], now, until, hours, defaults.MOST_A_DAY, defaults.SPACING, went)
    best = messages(
        [_only_prompt(one) for one in future], now, until, hours, defaults.MOST_A_DAY, defaults.SPACING, went
    )
    weeks, months = burdens(_with(worst, went), _with(best, went), hours)
    wanted = tuple(one for one in coming if not task_key or task_key in _called(one.task))
    asked = {unit.id: unit for one in wanted for unit in one.units}
    names = await _names(session, bureau_id, worst.keys() | went.keys())
    today = hours.local(now).date()
    return Preview(
        now, until, wanted, _from(weeks, week_of(today)), _from(months, month_of(today)), names,
        await unreachable_units(session, bureau_id, asked), worst,
        tuple(one for one in left if not task_key or task_key in _called(one.task)),
    )  # fmt: skip


def _called(task: Task) -> tuple[str, ...]:
    return (task.key, task.short_name, task.name)


def _with(later: Mapping[int, Sequence[datetime]], went: Mapping[int, Sequence[datetime]]) -> dict[int, list[datetime]]:
    return {who: [*went.get(who, ()), *later.get(who, ())] for who in went.keys() | later.keys()}


def _from(found: Iterable[Burden], first: date) -> tuple[Burden, ...]:
    return tuple(one for one in found if one.first >= first)


# ---- what they and the running rounds will say


def _only_prompt(sequel: Sequel) -> Sequel:
    return Sequel(sequel.issued_at, sequel.due_at, sequel.lock_at, (), sequel.prompts)


async def _future(session: AsyncSession, bureau_id: int, one: Coming, number: int) -> Sequel:
    """As if it were issued: no draft is begun, and only what was handed over lastingly is a colleague's."""
    keys = [ReportKey(number, unit.id) for unit in one.units]
    elsewhere: dict[int, set[int]] = {}
    for given in await handed_over(session, bureau_id, [unit.id for unit in one.units]):
        if given.handed.lasting and given.handed.task_id == one.task.id and given.to is not None:
            elsewhere.setdefault(given.unit_id, set()).add(given.to.person_id or 0)
    prompts = await _people(session, bureau_id, keys, elsewhere)
    reminds = await _people(session, bureau_id, keys, elsewhere, fillers_only=True)
    heads = await _people(session, bureau_id, keys, elsewhere, heads=True)
    central = await _central(session, bureau_id, one.units)
    return Sequel(
        one.issued_at, one.plan.due_at, one.plan.lock_at, ladder_of(one.task.ladder), prompts, reminds, heads, central
    )


async def _people(
    session: AsyncSession,
    bureau_id: int,
    keys: Sequence[ReportKey],
    elsewhere: Mapping[int, set[int]],
    *,
    fillers_only: bool = False,
    heads: bool = False,
) -> frozenset[int]:
    usual = [key for key in keys if key.unit_id not in elsewhere]
    found = set(await by_person(session, bureau_id, usual, fillers_only=fillers_only, heads=heads))
    given = set().union(*elsewhere.values())
    if heads and elsewhere:
        headed = await recipients_of_units(session, bureau_id, elsewhere, [Role.PRINCIPAL])
        found |= {to for people in headed.values() for to in people}
    return frozenset({to.person_id or 0 for to in found} | given)


async def _central(session: AsyncSession, bureau_id: int, units: Iterable[Unit]) -> frozenset[int]:
    wanted = {unit.central_unit_id for unit in units if unit.central_unit_id is not None}
    chats = await recipients_of_units(session, bureau_id, wanted, [Role.CENTRAL])
    return frozenset(to.person_id or 0 for people in chats.values() for to in people)


async def _running(session: AsyncSession, bureau_id: int, now: datetime) -> list[Sequel]:
    """What running rounds still say to those who have not reported, by deadline."""
    task = and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id)
    mine = and_(col(Round.bureau_id) == bureau_id, col(Round.open_at) <= now, col(Round.lock_at) > now)
    rows = (
        await session.execute(select(Round, Task).join(Task, task).where(mine, col(Task.withdrawn_at).is_(None)))
    ).all()
    return [one for round_, its in rows for one in await _of_round(session, round_, its)]


async def _of_round(session: AsyncSession, round_: Round, task: Task) -> list[Sequel]:
    mine = and_(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    granted = and_(
        col(Extension.bureau_id) == Report.bureau_id, col(Extension.round_id) == Report.round_id,
        col(Extension.unit_id) == Report.unit_id,
    )  # fmt: skip
    statement = (
        select(Unit, col(Extension.due_at), col(Extension.granted_at))
        .join(Report, and_(col(Report.bureau_id) == Unit.bureau_id, col(Report.unit_id) == Unit.id))
        .outerjoin(Extension, granted)
        .where(mine, col(Report.state).in_(OPEN_STATES))
    )
    groups: dict[tuple[datetime, datetime], list[Unit]] = {}
    for unit, due, since in (await session.execute(statement)).all():
        groups.setdefault((since or round_.due_since or round_.issued_at, due or round_.due_at), []).append(unit)
    return [await _sequel(session, round_, task, *instants, units) for instants, units in groups.items()]


async def _sequel(
    session: AsyncSession, round_: Round, task: Task, since: datetime, due: datetime, units: Sequence[Unit]
) -> Sequel:
    keys = [ReportKey(round_.id, unit.id) for unit in units]
    ledger = select(col(Reminder.rung)).where(
        col(Reminder.bureau_id) == round_.bureau_id, col(Reminder.round_id) == round_.id,
        col(Reminder.effective_due) == due, col(Reminder.audience) == Audience.UNIT.value,
    )  # fmt: skip
    fired = frozenset((await session.execute(ledger.distinct())).scalars())
    reminds = await by_person(session, round_.bureau_id, keys, fillers_only=True)
    heads = await by_person(session, round_.bureau_id, keys, heads=True)
    central = await _central(session, round_.bureau_id, units)
    return Sequel(
        since, due, round_.lock_at, ladder_of(task.ladder), frozenset(), _ids(reminds), _ids(heads), central, fired
    )


def _ids(people: Iterable[Recipient]) -> frozenset[int]:
    return frozenset(to.person_id or 0 for to in people)


async def _went(session: AsyncSession, bureau_id: int, now: datetime, hours: OfficeHours) -> dict[int, list[datetime]]:
    """What this week and month have brought already."""
    today = hours.local(now).date()
    first = min(week_of(today), month_of(today))
    since = hours.at(first, hours.opens)
    statement = select(col(Outbox.person_id), col(Outbox.claimed_at)).where(
        col(Outbox.bureau_id) == bureau_id, col(Outbox.kind).in_(NAGGING), col(Outbox.fate).in_(_WENT),
        col(Outbox.claimed_at) >= since, col(Outbox.claimed_at) <= now, col(Outbox.person_id).is_not(None),
    )  # fmt: skip
    found: dict[int, list[datetime]] = {}
    for person_id, at in (await session.execute(statement)).all():
        found.setdefault(person_id, []).append(at)
    return found


async def _names(session: AsyncSession, bureau_id: int, who: Iterable[int]) -> dict[int, str]:
    """王校长(清河镇九年一贯制学校), as people are told apart."""
    statement = (
        select(Person, col(Unit.name))
        .outerjoin(
            Membership,
            and_(
                col(Membership.bureau_id) == Person.bureau_id, col(Membership.person_id) == Person.id,
                col(Membership.ended_at).is_(None),
            ),
        )
        .outerjoin(Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id))
        .where(col(Person.bureau_id) == bureau_id)
    )  # fmt: skip
    wanted, found = set(who), dict[int, str]()
    for person, unit in (await session.execute(statement)).all():
        if person.id in wanted:
            found.setdefault(person.id, (person.salutation or person.name) + (f"({unit})" if unit else ""))
    return found
