"""A sheet: everything about one report, as it is needed to ask, show and check it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import locks_rows, table_of
from db.tables import Draft, Extension, Report, Round, Task, Unit
from domain import codec, groups
from domain.indicators import Basics, Indicator, Question, Setting, Values, applicable, fits, missing, pruned, put
from domain.messages import ReportKey
from domain.progress import Bounds, State
from domain.requests import RequestKind
from domain.wording import round_title
from services.earlier import NOTHING, SAID_BEFORE, Earlier, earlier
from services.standing import IS_ASKED, UNTOUCHED, Entries, Standing, standings

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
    _read: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)
    """Of which entries `values` were read, whether of an open report, and the values."""

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
    def bounds(self) -> Bounds:
        """By which it is judged: those in force, or when it came, whichever are later."""
        return Bounds(self.due_at, self.grace_until).or_later(self.report.due_then, self.report.grace_then)

    def receive(self, at: datetime) -> None:
        """The first receipt of this report, with the deadline it had then."""
        self.report.first_received_at = at
        self.report.due_then, self.report.grace_then = self.due_at, self.grace_until

    @property
    def lock_at(self) -> datetime:
        return self.round.lock_at

    @property
    def title(self) -> str:
        """9月应急疏散演练, as people call it."""
        return round_title(self.round.label, self.task.short_name or self.task.name)

    @property
    def entries(self) -> Entries:
        """The draft's, or what was sent while nothing of it is being changed."""
        return self.draft.entries if self.draft and self.draft.entries else self.standing.sent

    @property
    def values(self) -> Values:
        """The draft's answers, and what was already given for the same period under another task."""
        entries, is_open = self.entries, self.is_open
        if not self._read or self._read[0] is not entries or self._read[1] != is_open:
            filled = self.values_of(entries)
            asked = pruned(self.indicators, self.earlier.given | filled) if is_open else filled
            self._read[:] = entries, is_open, asked
        return dict(self._read[2])

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
    def is_asked(self) -> bool:
        """Still owed: nobody speaks of a task or a round that was withdrawn."""
        return self.is_open and self.task.withdrawn_at is None and not self.is_withdrawn

    @property
    def is_withdrawn(self) -> bool:
        """撤回: its round is reported no more."""
        return self.round.withdrawn_at is not None

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


_KNOWN: dict[int, tuple[list[dict[str, object]], tuple[Indicator, ...]]] = {}
"""Questionnaires that were read, by the list that the store shares for equal ones."""
_MOST_KNOWN = 256


def _indicators(round_: Round) -> tuple[Indicator, ...]:
    raw = round_.questionnaire
    known = _KNOWN.get(id(raw))
    if known is None or known[0] is not raw:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(raw)] = raw, codec.questionnaire_from_json(raw)
    return known[1]


_Rows = Select[Report, Round, Task, Unit, Unit, Draft, Extension, bool, bool]
_Section = aliased(Unit)
_Own = col(Report.bureau_id)


def _with(table: Any) -> ColumnElement[bool]:
    """The row of this table that belongs to the report."""
    return and_(
        col(table.bureau_id) == _Own, col(table.round_id) == Report.round_id, col(table.unit_id) == Report.unit_id
    )


_SHEETS: _Rows = (
    select(Report, Round, Task, Unit, _Section, Draft, Extension, IS_ASKED, SAID_BEFORE)
    .join(Round, and_(col(Round.bureau_id) == _Own, col(Round.id) == Report.round_id))
    .join(Task, and_(col(Task.bureau_id) == _Own, col(Task.id) == Round.task_id))
    .join(Unit, and_(col(Unit.bureau_id) == _Own, col(Unit.id) == Report.unit_id))
    .join(_Section, and_(col(_Section.bureau_id) == _Own, col(_Section.id) == Task.lead_unit_id))
    .outerjoin(Draft, _with(Draft))
    .outerjoin(Extension, _with(Extension))
    .where(_Own == bindparam("bureau"))
    .order_by(col(Round.due_at), col(Task.position), col(Unit.id))
    .execution_options(populate_existing=True)
)


_NAMED = _SHEETS.where(tuple_(col(Report.round_id), col(Report.unit_id)).in_(bindparam("keys", expanding=True)))
_NOW = bindparam("now", type_=table_of(Round).c.open_at.type)
_OWED = _SHEETS.where(
    col(Report.unit_id).in_(bindparam("units", expanding=True)),
    col(Report.state).in_(OPEN_STATES),
    col(Round.open_at) <= _NOW,
    col(Round.lock_at) > _NOW,
)


async def _load(session: AsyncSession, statement: _Rows, bureau_id: int, **bound: object) -> list[Sheet]:
    rows = (await session.execute(statement, {"bureau": bureau_id, **bound})).all()
    if not rows:
        return []
    known: dict[int, tuple[Indicator, ...]] = {}
    for _, round_, *_ in rows:
        if round_.id not in known:
            known[round_.id] = _indicators(round_)
    asked = [(ReportKey(row[0].round_id, row[0].unit_id), row[1], known[row[1].id]) for row in rows]
    spoken = [one for one, row in zip(asked, rows, strict=True) if row[-1]]
    said = await earlier(session, bureau_id, spoken) if spoken else {}
    reports = [(row[0], known[row[1].id], row[6], row[7]) for row in rows]
    stand = await standings(session, bureau_id, reports)
    return [
        _sheet(row, known[row[1].id], said.get(key, NOTHING), stand.get(key, UNTOUCHED))
        for row, (key, _, _) in zip(rows, asked, strict=True)
    ]


def _sheet(row: Any, known: tuple[Indicator, ...], said: Earlier, standing: Standing) -> Sheet:
    """A sheet whose repeating groups are spread into the rows that are begun."""
    report, round_, task, unit, section, draft, *_ = row
    begun = {**standing.sent, **(draft.entries if draft else {})}
    spread = groups.expand(known, begun, boarding=unit.boarding)
    return Sheet(report, round_, task, unit, section, draft, spread, said, standing)


async def sheet_of(session: AsyncSession, bureau_id: int, key: ReportKey) -> Sheet | None:
    found = await sheets_of(session, bureau_id, [key])
    return found[0] if found else None


async def hold(session: AsyncSession, bureau_id: int, key: ReportKey) -> Sheet | None:
    """The report as it stands now, locked until the commit: a deputy and a principal may write it at the same time."""
    await _lock(session, bureau_id, key)
    return await sheet_of(session, bureau_id, key)


async def held(session: AsyncSession, sheet: Sheet) -> Sheet:
    """As `hold`, of a report that this transaction has loaded: on SQLite the write lane has kept everybody else out."""
    if not locks_rows(session) or sheet.key in session.info.get("held", ()):
        return await afresh(session, sheet)
    return await hold(session, sheet.report.bureau_id, sheet.key) or sheet


async def _lock(session: AsyncSession, bureau_id: int, key: ReportKey) -> None:
    if not locks_rows(session):
        return
    mine = and_(_Own == bureau_id, col(Report.round_id) == key.round_id, col(Report.unit_id) == key.unit_id)
    await session.execute(select(col(Report.state)).where(mine).with_for_update())


async def afresh(session: AsyncSession, sheet: Sheet) -> Sheet:
    """The sheet as this transaction has left it: a draft that was begun or written meanwhile is taken up, and its
    repeating groups are spread anew. What the session holds already is not asked of the store again."""
    draft = sheet.draft or await session.get(Draft, (sheet.report.bureau_id, *sheet.key))
    begun = {**sheet.standing.sent, **(draft.entries if draft else {})}
    spread = groups.expand(_indicators(sheet.round), begun, boarding=sheet.unit.boarding)
    return replace(sheet, draft=draft, indicators=spread)


async def sheets_of(session: AsyncSession, bureau_id: int, keys: Iterable[ReportKey]) -> list[Sheet]:
    return await _load(session, _NAMED, bureau_id, keys=[tuple(key) for key in keys])


async def open_sheets(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], now: datetime) -> list[Sheet]:
    """What these units still owe and may still report, the most urgent first."""
    return await _load(session, _OWED, bureau_id, units=list(unit_ids), now=now)


_LOCK_OWED = (
    select(col(Report.round_id))
    .where(
        _Own == bindparam("bureau"),
        col(Report.unit_id).in_(bindparam("units", expanding=True)),
        col(Report.state).in_(OPEN_STATES),
    )
    .order_by(col(Report.round_id), col(Report.unit_id))
    .with_for_update()
)


async def hold_owed(session: AsyncSession, bureau_id: int, unit_ids: Sequence[int], now: datetime) -> list[Sheet]:
    """As `open_sheets`, locked until the commit, so that `held` need not load them again."""
    if locks_rows(session):
        await session.execute(_LOCK_OWED, {"bureau": bureau_id, "units": unit_ids})
    found = await open_sheets(session, bureau_id, unit_ids, now)
    session.info["held"] = {sheet.key for sheet in found}
    return found


async def reported_sheets(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], most: int = 10, after: int = 0
) -> list[Sheet]:
    """What these units have reported, the newest first; `after` so many."""
    statement = _SHEETS.where(_reported(unit_ids)).order_by(None)
    newest = statement.order_by(col(Report.submitted_at).desc(), col(Report.round_id).desc(), col(Report.unit_id))
    return await _load(session, newest.limit(most).offset(after), bureau_id)


async def sheets_since(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], since: datetime) -> list[Sheet]:
    """Everything these units were asked in rounds that closed after `since`."""
    statement = _SHEETS.where(col(Report.unit_id).in_(list(unit_ids)), col(Round.lock_at) > since)
    return await _load(session, statement, bureau_id)


async def count_reported(session: AsyncSession, bureau_id: int, unit_ids: Iterable[int]) -> int:
    mine = and_(col(Report.bureau_id) == bureau_id, _reported(unit_ids))
    return int((await session.execute(select(func.count()).where(mine))).scalar_one())


def _reported(unit_ids: Iterable[int]) -> ColumnElement[bool]:
    return and_(col(Report.unit_id).in_(list(unit_ids)), col(Report.first_received_at).is_not(None))


async def closed_sheets(
    session: AsyncSession, bureau_id: int, unit_ids: Iterable[int], since: datetime, now: datetime
) -> list[Sheet]:
    """What these units have sent, or can no longer send because the round is closed; the newest first."""
    statement = _SHEETS.where(
        col(Report.unit_id).in_(list(unit_ids)),
        col(Round.open_at) <= now,
        col(Round.lock_at) > since,
        or_(
            col(Report.state).in_(SENT_STATES),
            and_(col(Report.state).in_(OPEN_STATES), col(Round.lock_at) <= now, col(Round.withdrawn_at).is_(None)),
        ),
    )
    newest = statement.order_by(None).order_by(col(Round.due_at).desc(), col(Task.position))
    return await _load(session, newest, bureau_id)


_OF_MONTH = (
    select(col(Report.state))
    .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
    .where(
        _Own == bindparam("bureau"),
        col(Report.unit_id) == bindparam("unit"),
        col(Report.state) != State.EXEMPT.value,
        col(Round.label) == bindparam("label"),
    )
)


async def month_states(session: AsyncSession, sheet: Sheet) -> list[State]:
    """Where this unit's reports of the same month stand, this one included, the exempt left out."""
    bound = {"bureau": sheet.report.bureau_id, "unit": sheet.report.unit_id, "label": sheet.round.label}
    return [State(state) for state in (await session.execute(_OF_MONTH, bound)).scalars().all()]
