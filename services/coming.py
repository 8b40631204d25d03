"""The rounds that are still to be issued, and what each asks of whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import (
    Answer,
    Report,
    Round,
    Task,
    TaskIndicator,
    Unit,
)
from domain.calendar import OfficeHours
from domain.codec import questionnaire_from_json
from domain.ladder import ladder_of
from domain.preview import (
    Questions,
    Sequel,
    days_off,
    past_rungs,
    questions,
)
from domain.rounds import Ahead, RoundPlan, Skipped
from services.rounds import asked_units
from services.schedule import last_rounds, rounds_ahead, schedule_of
from services.taken import Taken, taken


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
    taken: Taken | None = None
    """As it was measured in the last rounds; None: the minutes are an estimate."""

    @property
    def townships(self) -> Mapping[str, int]:
        return Counter(unit.township or "未分乡镇" for unit in self.units)

    @property
    def minutes(self) -> int:
        """The median school's, measured or estimated from the questions."""
        return max(round(self.seconds / 60), 1)

    @property
    def seconds(self) -> float:
        return self.taken.seconds if self.taken else self.questions.seconds


async def tasks_of(session: AsyncSession, bureau_id: int) -> Sequence[Task]:
    """Those that are not withdrawn, in their order."""
    mine = and_(col(Task.bureau_id) == bureau_id, col(Task.withdrawn_at).is_(None))
    return (await session.execute(select(Task).where(mine).order_by(col(Task.position)))).scalars().all()


async def coming_rounds(
    session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime, until: datetime
) -> list[Coming]:
    """Of all tasks, those that open until then."""
    tasks = await tasks_of(session, bureau_id)
    return [one for task in tasks for one in await _of_task(session, task, hours, now, until)]


async def coming_plans(session: AsyncSession, task: Task, hours: OfficeHours, now: datetime, until: datetime) -> Ahead:
    """The rounds of a task that open until then and are not issued yet, and those that 寒暑假 leaves out."""
    last = await last_rounds(session, task.bureau_id, [task.id])
    return rounds_ahead(task, last.get(task.id), hours, now, until)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task of which something is not issued: a round because of 寒暑假, or everything because the calendar lacks
    what its schedule goes by (`wanting`)."""

    task: Task
    skipped: Skipped | None = None
    wanting: str = ""


async def left_out(
    session: AsyncSession, bureau_id: int, hours: OfficeHours, now: datetime, until: datetime
) -> list[LeftOut]:
    """Of all tasks, what will not be issued until then though one might expect it."""
    found: list[LeftOut] = []
    for task in await tasks_of(session, bureau_id):
        skipped = (await coming_plans(session, task, hours, now, until)).skipped
        found += [LeftOut(task, one) for one in skipped]
        if wanting := schedule_of(task).needs(hours.calendar):
            found.append(LeftOut(task, wanting=wanting))
    return found


async def _of_task(
    session: AsyncSession, task: Task, hours: OfficeHours, now: datetime, until: datetime
) -> list[Coming]:
    section = await session.get_one(Unit, (task.bureau_id, task.lead_unit_id))
    found: list[Coming] = []
    for one in (await coming_plans(session, task, hours, now, until)).plans:
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
        await taken(session, task),
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
