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
    Answer,
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
    TaskIndicator,
    Unit,
)
from domain.calendar import OfficeHours
from domain.codec import questionnaire_from_json
from domain.ladder import Audience, ladder_of
from domain.messages import ReportKey
from domain.preview import (
    MOST_A_WEEK,
    Burden,
    Questions,
    Sequel,
    burdens,
    days_off,
    messages,
    month_of,
    past_rungs,
    questions,
    week_of,
)
from domain.rounds import Frequency, Month, RoundPlan, month_of_round, plan, round_months
from services.chase_lists import MissingUnit, unreachable_units
from services.delegations import by_person, handed_over
from services.nagging import MOST_A_DAY, NAGGING, SPACING
from services.outbox import Recipient
from services.people import recipients_of_units
from services.rounds import asked_units, schedule_of
from services.sheets import OPEN_STATES

DAYS = 14
_WENT = (Fate.SENDING.value, Fate.SENT.value, Fate.UNCERTAIN.value)


@dataclass(frozen=True, slots=True)
class Known:
    """A number that so many of the units have given for the same period already, under another task."""

    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Coming:
    """A round that is still to be issued. `issued_at`: when that happens, if nobody is quicker."""

    task: Task
    section: Unit
    plan: RoundPlan
    issued_at: datetime
    units: tuple[Unit, ...]
    questions: Questions
    known: tuple[Known, ...] = ()
    past: tuple[str, ...] = ()
    off: tuple[tuple[date, str], ...] = ()
    uncovered: tuple[int, ...] = ()

    @property
    def townships(self) -> Mapping[str, int]:
        return Counter(unit.township or "未分乡镇" for unit in self.units)

    @property
    def minutes(self) -> int:
        """The median school's, estimated from the questions."""
        return max(round(self.questions.seconds / 60), 1)


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

    @property
    def schools(self) -> tuple[Mapping[int, float], Mapping[int, float]]:
        """By unit the questions and the seconds of all these rounds together, conditions halfway."""
        asked: Counter[int] = Counter()
        seconds: Counter[int] = Counter()
        for one in self.rounds:
            for unit in one.units:
                asked[unit.id] += one.questions.middle  # type: ignore[assignment]
                seconds[unit.id] += one.questions.seconds  # type: ignore[assignment]
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
    if task_key and not any(task_key in _called(task) for task in await _tasks(session, bureau_id)):
        return None
    coming = await coming_rounds(session, bureau_id, hours, now, until)
    running = await _running(session, bureau_id, now)
    future = [await _future(session, bureau_id, one, -number) for number, one in enumerate(coming, 1)]
    went = await _went(session, bureau_id, now, hours)
    worst = messages([*running, *future], now, until, hours, MOST_A_DAY, SPACING, went)
    best = messages([_only_prompt(one) for one in future], now, until, hours, MOST_A_DAY, SPACING, went)
    weeks, months = burdens(_with(worst, went), _with(best, went), hours)
    wanted = tuple(one for one in coming if not task_key or task_key in _called(one.task))
    asked = {unit.id: unit for one in wanted for unit in one.units}
    names = await _names(session, bureau_id, worst.keys() | went.keys())
    today = hours.local(now).date()
    return Preview(
        now, until, wanted, _from(weeks, week_of(today)), _from(months, month_of(today)), names,
        await unreachable_units(session, bureau_id, asked), worst,
    )  # fmt: skip


def _called(task: Task) -> tuple[str, ...]:
    return (task.key, task.short_name, task.name)


def _with(later: Mapping[int, Sequence[datetime]], went: Mapping[int, Sequence[datetime]]) -> dict[int, list[datetime]]:
    return {who: [*went.get(who, ()), *later.get(who, ())] for who in went.keys() | later.keys()}


def _from(found: Iterable[Burden], first: date) -> tuple[Burden, ...]:
    return tuple(one for one in found if one.first >= first)


async def _tasks(session: AsyncSession, bureau_id: int) -> Sequence[Task]:
    mine = and_(col(Task.bureau_id) == bureau_id, col(Task.withdrawn_at).is_(None))
    return (await session.execute(select(Task).where(mine).order_by(col(Task.position)))).scalars().all()


# ---- the rounds to come


async def coming_rounds(
    session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime, until: datetime
) -> list[Coming]:
    """Of all tasks, those that open until then."""
    tasks = await _tasks(session, bureau_id)
    return [one for task in tasks for one in await _of_task(session, task, hours, now, until)]


async def coming_plans(
    session: AsyncSession, task: Task, hours: OfficeHours, now: datetime, until: datetime
) -> list[RoundPlan]:
    """The rounds of a task that open until then and are not issued yet: the one place that asks the schedule."""
    schedule = schedule_of(task)
    statement = select(Round).where(col(Round.bureau_id) == task.bureau_id, col(Round.task_id) == task.id)
    last = (await session.execute(statement.order_by(col(Round.due_at).desc()).limit(1))).scalars().first()
    if last is not None and schedule.frequency is Frequency.ONCE:
        return []
    after = month_of_round(schedule, last.period_to, hours) if last else Month.of(task.starts_on).plus(-1)
    previous = last.period_to if last else None
    plans: list[RoundPlan] = []
    for month in round_months(schedule, after, until, hours):
        one = plan(schedule, month, hours, previous)
        previous = one.due_day
        if min(one.due_at, one.lock_at) > now:
            plans.append(one)
    return plans


async def _of_task(
    session: AsyncSession, task: Task, hours: OfficeHours, now: datetime, until: datetime
) -> list[Coming]:
    section = await session.get_one(Unit, (task.bureau_id, task.lead_unit_id))
    found: list[Coming] = []
    for one in await coming_plans(session, task, hours, now, until):
        starts = hours.at(task.starts_on, hours.opens)
        issued_at = hours.next_within(max(one.open_at, now, starts))
        if issued_at < min(one.due_at, until):
            found.append(await _coming(session, task, section, one, issued_at, hours))
    return found


async def _coming(
    session: AsyncSession, task: Task, section: Unit, one: RoundPlan, issued_at: datetime, hours: OfficeHours
) -> Coming:
    units = tuple(await asked_units(session, task, one))
    statement = select(col(TaskIndicator.definition)).where(
        col(TaskIndicator.bureau_id) == task.bureau_id, col(TaskIndicator.task_id) == task.id
    )
    rows = (await session.execute(statement.order_by(col(TaskIndicator.position)))).scalars().all()
    indicators = questionnaire_from_json(list(rows))
    names = {indicator.key: indicator.name for indicator in indicators}
    first, last = hours.local(issued_at).date(), hours.local(one.lock_at).date()
    bare = Sequel(issued_at, one.due_at, one.lock_at, ladder_of(task.ladder))
    return Coming(
        task, section, one, issued_at, units, questions(indicators),
        await _known(session, task, one, names, {unit.id for unit in units}), tuple(past_rungs(bare, hours)),
        tuple(days_off(first, last, hours)),
        tuple(year for year in range(first.year, last.year + 1) if hours.calendar.uncovered(year)),
    )  # fmt: skip


async def _known(
    session: AsyncSession, task: Task, one: RoundPlan, names: Mapping[str, str], units: set[int]
) -> tuple[Known, ...]:
    """As `services.earlier` takes them: the same key, for the round of the same label, of another task."""
    statement = (
        select(col(Answer.key), col(Answer.unit_id))
        .join(Round, and_(col(Round.bureau_id) == Answer.bureau_id, col(Round.id) == Answer.round_id))
        .join(
            Report,
            and_(
                col(Report.bureau_id) == Answer.bureau_id, col(Report.round_id) == Answer.round_id,
                col(Report.unit_id) == Answer.unit_id,
            ),
        )
        .where(
            col(Answer.bureau_id) == task.bureau_id, col(Answer.key).in_(list(names)), col(Round.label) == one.label,
            col(Round.task_id) != task.id, col(Report.first_received_at).is_not(None),
        )
        .distinct()
    )  # fmt: skip
    counts = Counter(key for key, unit_id in (await session.execute(statement)).all() if unit_id in units)
    return tuple(Known(names[key], counts[key]) for key in names if counts[key])


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
        groups.setdefault((since or round_.issued_at, due or round_.due_at), []).append(unit)
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
