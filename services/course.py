"""改期、延期、豁免、撤回、重开: said by the bureau in one sentence, read back with a count, and done by one tap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from db.ids import new_id
from db.tables import Alias, CourseChange, Report, Role, Round, Task, Unit
from domain.course import CourseKind, begins, kind_of, named, reason_of, until_of
from domain.messages import CourseCard, CourseGuide
from domain.naming import UnitName, mentions, without
from domain.phrases import Phrase
from domain.wording import round_title
from services.asking import say
from services.course_doing import concerned, do
from services.outbox import queue, show_card
from services.reporting import Outcome
from services.turn import Actor, Turn

LONGEST = 100
STANDS = timedelta(hours=24)
"""So long a change that was read back may be confirmed."""
LOOKS_BACK = timedelta(days=62)
_MAY = (Role.OFFICE, Role.ADMIN)


def card_of(change_id: int) -> str:
    return f"course:{change_id}"


def may_change(actor: Actor | None, task: Task) -> bool:
    """The office; the lead section of its own tasks."""
    return actor is not None and (actor.has(*_MAY) or task.lead_unit_id in actor.sections)


async def guide(turn: Turn) -> Outcome:
    """[改期、延期、豁免]: how it is said, and what was changed lately."""
    if not turn.person.has(*_MAY, Role.SECTION):
        return Outcome.NOT_YOURS
    await queue(turn.session, turn.to, CourseGuide(), turn.now)
    return Outcome.DONE


# ---- said


async def said(turn: Turn, words: str) -> bool:
    """False where these words change nothing, or not for this person."""
    actor = turn.person
    if not actor.has(*_MAY, Role.SECTION) or len(words) > 2 * LONGEST:
        return False
    found = kind_of(words)
    if not begins(words) and await _reason_given(turn, words):
        return True
    if found is None:
        return False
    kind, rest = found
    if actor.known_units and (kind in (CourseKind.EXTEND, CourseKind.EXEMPT) or not begins(words)):
        return False  # said about a report of one's own
    rounds = await _rounds(turn, kind)
    mine = [(round_, task) for round_, task in rounds if may_change(actor, task)]
    chosen = _chosen(rounds, rest) or _chosen(mine, rest)
    if chosen is None or (not chosen[2] and len(mine) != 1):
        listed = "、".join(_title(round_, task) for round_, task in mine)
        await say(turn, Phrase.COURSE_WHICH, kind=kind.chinese, rounds=listed)
    elif not may_change(actor, chosen[1]):
        wrong = "这一项不由您的股室牵头,请找牵头股室或办公室"
        await say(turn, Phrase.COURSE_WRONG, kind=kind.chinese, title=_title(chosen[0], chosen[1]), wrong=wrong)
    else:
        await _propose(turn, kind, *chosen, rest)
    return True


async def _rounds(turn: Turn, kind: CourseKind) -> list[tuple[Round, Task]]:
    """Those that may be changed so, the newest of each task."""
    running = and_(col(Round.withdrawn_at).is_(None), col(Round.lock_at) > turn.now)
    over = and_(
        or_(col(Round.withdrawn_at).is_not(None), col(Round.lock_at) <= turn.now),
        col(Round.lock_at) > turn.now - LOOKS_BACK,
    )
    statement = (
        select(Round, Task)
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .where(
            col(Round.bureau_id) == turn.bureau.id,
            col(Task.withdrawn_at).is_(None),
            over if kind is CourseKind.REOPEN else running,
        )
        .order_by(col(Task.position), col(Round.due_at).desc())
    )
    newest: dict[int, tuple[Round, Task]] = {}
    for round_, task in (await turn.session.execute(statement)).all():
        newest.setdefault(task.id, (round_, task))
    return list(newest.values())


def _title(round_: Round, task: Task) -> str:
    return round_title(round_.label, task.short_name or task.name)


def _chosen(rounds: Sequence[tuple[Round, Task]], words: str) -> tuple[Round, Task, str] | None:
    """The round whose task the words name best, and how; the only one there is need not be named."""
    called = [(max((named(words, name) for name in (task.name, task.short_name)), key=len), round_, task)
              for round_, task in rounds]  # fmt: skip
    best = max((len(name) for name, *_ in called), default=0)
    likely = [(round_, task, name) for name, round_, task in called if len(name) == best]
    return likely[0] if len(likely) == 1 else None


@dataclass(frozen=True, slots=True)
class _Scope:
    """`units` are named, `text` is how; `shared` is a name that several units have."""

    units: tuple[int, ...]
    text: str
    rest: str
    shared: str = ""


async def _scope(turn: Turn, round_: Round, words: str) -> _Scope:
    """The units of the round's roster and the townships that the words name."""
    mine = and_(col(Report.bureau_id) == Unit.bureau_id, col(Report.unit_id) == Unit.id)
    roster = select(col(Unit.id), col(Unit.name), col(Report.township)).join(Report, mine)
    rows = (await turn.session.execute(roster.where(*_of(round_)))).all()
    of_alias = and_(col(Report.bureau_id) == Alias.bureau_id, col(Report.unit_id) == Alias.unit_id)
    aliases = select(col(Alias.text), col(Alias.unit_id)).join(Report, of_alias).where(*_of(round_))
    named_units = [(name, unit_id) for unit_id, name, _ in rows]
    named_units += [(text, unit_id) for text, unit_id in (await turn.session.execute(aliases)).all()]
    townships: dict[str, list[int]] = {}
    for unit_id, _, township in rows:
        townships.setdefault(township or "未分乡镇", []).append(unit_id)
    found = mentions([*(UnitName(*one) for one in named_units), *(UnitName(one, 0) for one in townships)], words)
    units: dict[int, None] = {}
    for one in found:
        name = words[one.start : one.end]
        here = townships.get(name) or sorted(one.units)
        if name not in townships and len(here) > 1:
            return _Scope((), "", words, name)
        units |= dict.fromkeys(here)
    text = "、".join(dict.fromkeys(words[one.start : one.end] for one in found))
    return _Scope(tuple(units), text, without(found, words))


def _of(round_: Round) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id


async def _propose(turn: Turn, kind: CourseKind, round_: Round, task: Task, name: str, words: str) -> None:
    """Keep the change and read it back, or say what is wrong or wanting."""
    title = _title(round_, task)
    scope = await _scope(turn, round_, words.replace(name, " ") if name else words)
    kind = kind.of_some if scope.units else kind
    until = until_of(scope.rest, turn.hours.local(round_.due_at).time(), turn.now, turn.hours)
    wrong = _wrong(kind, round_, scope, until.at, until.wrong)
    if wrong:
        await say(turn, Phrase.COURSE_WRONG, kind=kind.chinese, title=title, wrong=wrong)
        return
    change = CourseChange(
        bureau_id=turn.bureau.id, id=new_id(), kind=kind.value, round_id=round_.id,
        units=list(scope.units) if kind.may_name_units else [], scope=scope.text if kind.may_name_units else "",
        until=until.at if kind.needs_day else None, reason=reason_of(until.rest)[:LONGEST],
        before=round_.lock_at if kind in (CourseKind.REOPEN, CourseKind.WITHDRAW) else round_.due_at,
        proposed_by=turn.person.person_id, proposed_at=turn.now,
    )  # fmt: skip
    change.reports = len(await concerned(turn.session, change, round_))
    if not change.reports:
        await say(turn, Phrase.COURSE_NOBODY, kind=kind.chinese, title=title, scope=change.scope)
        return
    turn.session.add(change)
    await turn.session.flush()
    await show_card(
        turn.session, turn.to, CourseCard(change_id=change.id), turn.now, below=True, key=card_of(change.id)
    )


def _wrong(kind: CourseKind, round_: Round, scope: _Scope, until: datetime | None, wrong: str) -> str:
    if scope.shared:
        return f"“{scope.shared}”不止一所,请写学校全名"
    if kind.names_units and not scope.units:
        return "请写明是哪所学校或哪个乡镇"
    if scope.units and not kind.may_name_units:
        return "重开是全部单位的;只让个别学校补报,请学校直接报来,在“审核”里同意补报就行"
    if not kind.needs_day:
        return ""
    if wrong or until is None:
        return wrong or "请写明到哪一天,如“_月_日17:00”"
    if kind is CourseKind.EXTEND and until <= round_.due_at:
        return "这个时间不比原截止时间晚"
    if kind is CourseKind.MOVE and until == round_.due_at:
        return "现在就是这个截止时间"
    return ""


async def _reason_given(turn: Turn, words: str) -> bool:
    """The next words of somebody whose change still wants its reason are the reason."""
    statement = select(CourseChange).where(
        col(CourseChange.bureau_id) == turn.bureau.id,
        col(CourseChange.proposed_by) == turn.person.person_id,
        col(CourseChange.proposed_at) > turn.now - STANDS,
    )
    newest = statement.order_by(col(CourseChange.id).desc()).limit(1)
    change = (await turn.session.execute(newest)).scalars().first()
    reason = reason_of(words)[:LONGEST]
    if change is None or change.reason or change.done_at or change.dropped_at or not reason:
        return False
    change.reason = reason
    await turn.session.flush()
    await show_card(
        turn.session, turn.to, CourseCard(change_id=change.id), turn.now, below=True, key=card_of(change.id)
    )
    return True


# ---- tapped


async def _held(turn: Turn, change_id: int) -> tuple[CourseChange | None, Round | None, Task | None, Outcome]:
    """The change with its round, locked, if this person may make it and it still waits."""
    change = await turn.session.get(CourseChange, (turn.bureau.id, change_id), with_for_update=True)
    if change is None:
        return None, None, None, Outcome.NOT_YOURS
    round_ = await turn.session.get_one(Round, (turn.bureau.id, change.round_id), with_for_update=True)
    task = await turn.session.get_one(Task, (turn.bureau.id, round_.task_id))
    if not may_change(turn.actor, task):
        return None, None, None, Outcome.NOT_YOURS
    over = change.done_at or change.dropped_at or turn.now - change.proposed_at > STANDS
    return change, round_, task, Outcome.OUT_OF_DATE if over else Outcome.DONE


async def confirm(turn: Turn, change_id: int) -> Outcome:
    """[确认]."""
    change, round_, task, allowed = await _held(turn, change_id)
    if change is None or round_ is None or task is None or allowed is not Outcome.DONE:
        return allowed
    if not change.reason or (change.until is not None and change.until <= turn.now) or _is_over(turn, change, round_):
        return Outcome.OUT_OF_DATE
    await do(turn, change, round_, task)
    await show_card(turn.session, turn.to, CourseCard(change_id=change_id), turn.now, key=card_of(change_id))
    return Outcome.DONE


def _is_over(turn: Turn, change: CourseChange, round_: Round) -> bool:
    """The round was closed, withdrawn or opened again since."""
    running = round_.withdrawn_at is None and round_.lock_at > turn.now
    return running is (change.kind == CourseKind.REOPEN.value)


async def drop(turn: Turn, change_id: int) -> Outcome:
    """[不改了]."""
    change, _, _, allowed = await _held(turn, change_id)
    if change is None or allowed is not Outcome.DONE:
        return allowed
    change.dropped_at = turn.now
    await turn.session.flush()
    await show_card(turn.session, turn.to, CourseCard(change_id=change_id), turn.now, key=card_of(change_id))
    return Outcome.DONE
