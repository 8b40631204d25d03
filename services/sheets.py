"""A sheet: everything about one report, as it is needed to ask, show and check it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Draft, Report, Round, Task, Unit
from domain import codec, groups
from domain.indicators import Basics, Indicator, Question, Setting, Values, applicable, fits, missing, pruned, put
from domain.messages import ReportKey
from domain.progress import State
from domain.requests import RequestKind
from services.earlier import NOTHING, Earlier, earlier
from services.standing import UNTOUCHED, Entries, Standing, standings

OPEN_STATES = (State.PENDING.value, State.RETURNED.value)
SENT_STATES = (State.SUBMITTED.value, State.ACCEPTED.value)


@dataclass(frozen=True, slots=True)
class Sheet:
    report: Report
    round: Round
    task: Task
    unit: Unit
    section: Unit
    draft: Draft | None
    indicators: tuple[Indicator, ...]
    earlier: Earlier = NOTHING
    standing: Standing = UNTOUCHED

    @property
    def key(self) -> ReportKey:
        return ReportKey(self.report.round_id, self.report.unit_id)

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft else 0

    @property
    def due_at(self) -> datetime:
        """This unit's own, where it was granted an extension."""
        return self.standing.extension.due_at if self.standing.extension else self.round.due_at

    @property
    def grace_until(self) -> datetime:
        return max(self.round.grace_until, self.due_at)

    @property
    def lock_at(self) -> datetime:
        return self.round.lock_at

    @property
    def title(self) -> str:
        """9月应急疏散演练: the round's month and the task, as people call it."""
        return f"{self.round.period_to.month}月{self.task.short_name or self.task.name}"

    @property
    def entries(self) -> Entries:
        """The draft's, or what was sent while nothing of it is being changed."""
        return self.draft.entries if self.draft and self.draft.entries else self.standing.sent

    @property
    def values(self) -> Values:
        """The draft's answers, and what was already given for the same period under another task."""
        filled = self.values_of(self.entries)
        return pruned(self.indicators, self.earlier.given | filled) if self.is_open else filled

    @property
    def sent_values(self) -> Values:
        """The present answers: what a correction leaves unchanged until 提交."""
        return self.values_of(self.standing.sent)

    def values_of(self, entries: Entries) -> Values:
        kinds = {indicator.key: indicator.kind for indicator in self.indicators}
        return {key: codec.from_json(kinds[key], entry["v"]) for key, entry in entries.items() if key in kinds}

    @property
    def missing(self) -> tuple[Indicator, ...]:
        return missing(self.indicators, self.values)

    @property
    def applicable(self) -> tuple[Indicator, ...]:
        return applicable(self.indicators, self.values)

    @property
    def is_open(self) -> bool:
        return self.report.state in OPEN_STATES

    @property
    def is_sent(self) -> bool:
        return self.report.state in SENT_STATES

    @property
    def is_correcting(self) -> bool:
        """更正: the report is sent, and a draft of it waits for its 提交."""
        return self.is_sent and self.draft is not None and bool(self.draft.entries)

    def is_locked(self, now: datetime) -> bool:
        return now >= self.lock_at

    @property
    def rests(self) -> bool:
        """An extension is asked for: nobody is reminded until it is decided."""
        return RequestKind.EXTENSION in self.standing.asked

    @property
    def is_complete(self) -> bool:
        """已填未提交: every question is answered, and what is filled in waits for its 提交."""
        return (self.is_open or self.is_correcting) and bool(self.values) and not self.missing

    def indicator(self, key: str | None) -> Indicator | None:
        return next((indicator for indicator in self.indicators if indicator.key == key), None)

    def questions(self, today: date, focus: str | None = None) -> list[Question]:
        """What may be answered now: open questions, those already answered, and dependents a reply may answer too; of
        a repeating group one row, that of `focus` or the last."""
        setting = self.setting(today)
        return [put(indicator, setting) for indicator in groups.current(self.indicators, focus)]

    def question(self, key: str, today: date) -> Question | None:
        indicator = self.indicator(key)
        return put(indicator, self.setting(today)) if indicator else None

    def setting(self, today: date) -> Setting:
        basics = Basics(self.report.students, self.report.staff, self.report.classes)
        span = (self.round.period_from, self.round.period_to)
        return Setting(basics, *span, today, self.previous, self.unit.boarding)

    @property
    def previous(self) -> Values:
        """Last time's states; of the registered basics what stands in the roster now, asked before or not."""
        registered = {one.key: getattr(self.unit, one.sets.value) for one in self.indicators if one.sets}
        return self.earlier.previous | {key: value for key, value in registered.items() if value is not None}

    def carried(self, today: date) -> Values:
        """Last time's states that answer what is still missing: what 与上次相同 fills in."""
        setting = self.setting(today)
        found: Values = {}
        for indicator in self.indicators:
            value = setting.previous.get(indicator.key)
            if value is not None and indicator in missing(self.indicators, self.values | found):
                found |= {indicator.key: value} if fits(put(indicator, setting), value) else {}
        return found


def _indicators(round_: Round) -> tuple[Indicator, ...]:
    return codec.questionnaire_from_json(round_.questionnaire)


_Rows = Select[Report, Round, Task, Unit, Unit, Draft]
_Section = aliased(Unit)


def _statement(bureau_id: int) -> _Rows:
    same = col(Report.bureau_id)
    return (
        select(Report, Round, Task, Unit, _Section, Draft)
        .join(Round, and_(col(Round.bureau_id) == same, col(Round.id) == Report.round_id))
        .join(Task, and_(col(Task.bureau_id) == same, col(Task.id) == Round.task_id))
        .join(Unit, and_(col(Unit.bureau_id) == same, col(Unit.id) == Report.unit_id))
        .join(_Section, and_(col(_Section.bureau_id) == same, col(_Section.id) == Task.lead_unit_id))
        .outerjoin(
            Draft,
            and_(
                col(Draft.bureau_id) == same,
                col(Draft.round_id) == Report.round_id,
                col(Draft.unit_id) == Report.unit_id,
            ),
        )
        .where(same == bureau_id)
        .order_by(col(Round.due_at), col(Task.position), col(Unit.id))
        .execution_options(populate_existing=True)
    )


async def _load(session: AsyncSession, statement: _Rows) -> list[Sheet]:
    rows = (await session.execute(statement)).all()
    known: dict[int, tuple[Indicator, ...]] = {}
    for _, round_, *_ in rows:
        if round_.id not in known:
            known[round_.id] = _indicators(round_)
    asked = [(ReportKey(report.round_id, report.unit_id), round_, known[round_.id]) for report, round_, *_ in rows]
    said = await earlier(session, rows[0][0].bureau_id, asked) if rows else {}
    reports = [(report, known[round_.id]) for report, round_, *_ in rows]
    stand = await standings(session, rows[0][0].bureau_id, reports) if rows else {}
    return [
        _sheet(row, known[row[1].id], said[key], stand.get(key, UNTOUCHED))
        for row, (key, _, _) in zip(rows, asked, strict=True)
    ]


def _sheet(row: Any, known: tuple[Indicator, ...], said: Earlier, standing: Standing) -> Sheet:
    """A sheet whose repeating groups are spread into the rows that are begun."""
    report, round_, task, unit, section, draft = row
    begun = {**standing.sent, **(draft.entries if draft else {})}
    spread = groups.expand(known, begun, boarding=unit.boarding)
    return Sheet(report, round_, task, unit, section, draft, spread, said, standing)


async def sheet_of(session: AsyncSession, bureau_id: int, key: ReportKey) -> Sheet | None:
    found = await sheets_of(session, bureau_id, [key])
    return found[0] if found else None


async def hold(session: AsyncSession, bureau_id: int, key: ReportKey) -> Sheet | None:
    """The report as it stands now, locked until the commit: a deputy and a principal may write it at the same time
    (on SQLite the write lane keeps them apart)."""
    mine = and_(
        col(Report.bureau_id) == bureau_id,
        col(Report.round_id) == key.round_id,
        col(Report.unit_id) == key.unit_id,
    )
    await session.execute(select(col(Report.state)).where(mine).with_for_update())
    return await sheet_of(session, bureau_id, key)


async def sheets_of(session: AsyncSession, bureau_id: int, keys: Iterable[ReportKey]) -> list[Sheet]:
    wanted = tuple_(col(Report.round_id), col(Report.unit_id)).in_([tuple(key) for key in keys])
    return await _load(session, _statement(bureau_id).where(wanted))


async def open_sheets(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], now: datetime) -> list[Sheet]:
    """What these units still owe and may still report, the most urgent first."""
    statement = _statement(bureau_id).where(
        col(Report.unit_id).in_(list(unit_ids)),
        col(Report.state).in_(OPEN_STATES),
        col(Round.open_at) <= now,
        col(Round.lock_at) > now,
    )
    return await _load(session, statement)


async def reported_sheets(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], most: int = 10, after: int = 0
) -> list[Sheet]:
    """What these units have reported, the newest first; `after` so many."""
    statement = _statement(bureau_id).where(_reported(unit_ids)).order_by(None)
    newest = statement.order_by(col(Report.submitted_at).desc(), col(Report.round_id).desc(), col(Report.unit_id))
    return await _load(session, newest.limit(most).offset(after))


async def count_reported(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int]) -> int:
    mine = and_(col(Report.bureau_id) == bureau_id, _reported(unit_ids))
    return int((await session.execute(select(func.count()).where(mine))).scalar_one())


def _reported(unit_ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(col(Report.unit_id).in_(list(unit_ids)), col(Report.first_received_at).is_not(None))


async def closed_sheets(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], since: datetime, now: datetime
) -> list[Sheet]:
    """What these units have sent, or can no longer send because the round is closed; the newest first."""
    statement = _statement(bureau_id).where(
        col(Report.unit_id).in_(list(unit_ids)),
        col(Round.open_at) <= now,
        col(Round.lock_at) > since,
        or_(
            col(Report.state).in_(SENT_STATES),
            and_(col(Report.state).in_(OPEN_STATES), col(Round.lock_at) <= now),
        ),
    )
    return await _load(session, statement.order_by(None).order_by(col(Round.due_at).desc(), col(Task.position)))


async def month_states(session: AsyncSession, sheet: Sheet) -> list[State]:
    """Where this unit's reports of the same month stand, this one included, the exempt left out."""
    statement = (
        select(col(Report.state))
        .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
        .where(
            col(Report.bureau_id) == sheet.report.bureau_id,
            col(Report.unit_id) == sheet.report.unit_id,
            col(Report.state) != State.EXEMPT.value,
            col(Round.label) == sheet.round.label,
        )
    )
    return [State(state) for state in (await session.execute(statement)).scalars().all()]
