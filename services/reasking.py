"""口径变更: a question of a running round that means something else now is asked again, and that question only.

What was answered to the old one is set aside: an answer becomes a revision without a value, a draft entry that was
never sent a revision of version 0, both with the reason. What was sent goes back to its unit with the rest as it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, and_, literal, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert
from db.tables import Answer, AnswerRevision, Card, Draft, Lane, Report, Round, Task
from domain import codec, groups
from domain.campaign import Change
from domain.campaign.frozen import asked_again, meant
from domain.campaign.sheets import INDICATOR
from domain.indicators import Indicator, Values, missing, pruned
from domain.messages import Message, Reasked, ReaskedQuestion, ReportCard, ReportKey
from domain.progress import State
from services.answers import columns_of, value_of
from services.delegations import by_person
from services.outbox import Recipient, card_key, queue_all, show_card

_SENT = (State.SUBMITTED.value, State.ACCEPTED.value, State.RETURNED.value)
Entries = dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Affected:
    """A report whose unit must answer again; `kept` are the answers that stay, `gone` those set aside."""

    report: Report
    draft: Draft | None
    answers: Mapping[str, Answer]
    kept: Entries
    gone: Entries


@dataclass(frozen=True, slots=True)
class Reask:
    """One round in which questions mean something else now, as the task stands in `questions`."""

    round: Round
    frozen: tuple[Indicator, ...]
    questions: tuple[Indicator, ...]
    changes: tuple[Change, ...]
    affected: tuple[Affected, ...]

    @property
    def units(self) -> frozenset[int]:
        return frozenset(one.report.unit_id for one in self.affected)


async def reasks_of(session: AsyncSession, task: Task, new: Sequence[Indicator], now: datetime) -> list[Reask]:
    """What asking again would do in the task's rounds that are not locked yet; nothing is written."""
    statement = select(Round).where(
        col(Round.bureau_id) == task.bureau_id, col(Round.task_id) == task.id, col(Round.lock_at) > now
    )
    found: list[Reask] = []
    for round_ in (await session.execute(statement.order_by(col(Round.due_at)))).scalars().all():
        frozen = codec.questionnaire_from_json(round_.questionnaire)
        if changes := meant(frozen, new):
            questions = asked_again(frozen, tuple(new))
            affected = [one async for one in _affected(session, round_, frozen, questions, changes)]
            found.append(Reask(round_, frozen, questions, tuple(changes), tuple(affected)))
    return found


async def _affected(
    session: AsyncSession, round_: Round, frozen: tuple[Indicator, ...], new: tuple[Indicator, ...],
    changes: Sequence[Change],
) -> AsyncIterator[Affected]:  # fmt: skip
    answers = await _answers(session, round_)
    same = and_(
        col(Draft.bureau_id) == Report.bureau_id,
        col(Draft.round_id) == Report.round_id,
        col(Draft.unit_id) == Report.unit_id,
    )
    statement = select(Report, Draft).outerjoin(Draft, same).where(
        col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id,
        col(Report.state) != State.EXEMPT.value,
    ).execution_options(populate_existing=True)  # fmt: skip
    for report, draft in (await session.execute(statement)).all():
        mine = answers.get(report.unit_id, {})
        entries = draft.entries if draft and draft.entries else _entries(frozen, mine)
        gone = {key: entry for key, entry in entries.items() if _is_changed(changes, key)}
        kept = {key: entry for key, entry in entries.items() if key not in gone}
        wanting = report.state in _SENT and _is_wanting(new, kept, changes)
        if gone or wanting or any(_is_changed(changes, key) for key in mine):
            yield Affected(report, draft, mine, kept, gone)


async def _answers(session: AsyncSession, round_: Round) -> dict[int, dict[str, Answer]]:
    statement = select(Answer).where(col(Answer.bureau_id) == round_.bureau_id, col(Answer.round_id) == round_.id)
    found: dict[int, dict[str, Answer]] = {}
    for answer in (await session.execute(statement)).scalars().all():
        found.setdefault(answer.unit_id, {})[answer.key] = answer
    return found


def _entries(frozen: tuple[Indicator, ...], answers: Mapping[str, Answer]) -> Entries:
    """What was sent, as a draft keeps it."""
    found: Entries = {}
    for key, answer in answers.items():
        indicator = groups.find(frozen, key)
        value = value_of(indicator, answer) if indicator else None
        if value is not None:
            found[key] = {"v": codec.to_json(value), "words": "", "approximate": answer.approximate}
    return found


def _is_changed(changes: Iterable[Change], key: str) -> bool:
    return any(groups.concerns(change.key, key) for change in changes)


def _is_wanting(new: tuple[Indicator, ...], kept: Entries, changes: Sequence[Change]) -> bool:
    """Do the answers that stay leave one of the changed questions open?"""
    spread = groups.expand(new, kept, boarding=False)
    kinds = {indicator.key: indicator.kind for indicator in spread}
    values: Values = {key: codec.from_json(kinds[key], entry["v"]) for key, entry in kept.items() if key in kinds}
    return any(_is_changed(changes, one.key) for one in missing(spread, pruned(spread, values)))


async def ask_again(session: AsyncSession, bureau_id: int, reasks: Sequence[Reask], now: datetime) -> None:
    """Put the new questions into their rounds and tell everybody concerned, each person once."""
    items: dict[ReportKey, list[ReaskedQuestion]] = {}
    for reask in reasks:
        reask.round.questionnaire = codec.questionnaire_to_json(reask.questions)
        reason = f"口径改了:{'、'.join(what for _, what in _named(reask))}"
        for one in reask.affected:
            _set_aside(session, reask, one, reason, now)
            key = ReportKey(one.report.round_id, one.report.unit_id)
            items[key] = [ReaskedQuestion(report=key, key=name, what=what) for name, what in _named(reask)]
        await _forget_answers(session, reask)
        await session.flush()
        await _outdate_buttons(session, reask.round)
    await _refresh_cards(session, bureau_id, list(items), now)
    merged = await by_person(session, bureau_id, list(items))
    told: list[tuple[Recipient, Message]] = [
        (to, Reasked(questions=tuple(one for key in keys for one in items[key]))) for to, keys in merged.items()
    ]
    await queue_all(session, told, now, Lane.REMINDER, nag=True)


def _named(reask: Reask) -> Iterator[tuple[str, str]]:
    """Each changed question by key, and in words: 隐患(单位:处→个)."""
    for key in dict.fromkeys(change.key for change in reask.changes):
        mine = [change for change in reask.changes if change.key == key]
        moved = ";".join(f"{INDICATOR.get(one.field, one.field)}:{one.before or '无'}→{one.after or '无'}"
                         for one in mine if one.field)  # fmt: skip
        yield key, f"{_name(reask.questions, key)}({moved or '新增'})"


def _name(questions: Iterable[Indicator], key: str) -> str:
    group, _, column = key.partition(".")
    found = next((one for one in questions if one.key == group), None)
    inner = next((one for one in found.columns if one.key == column), None) if found and column else found
    return inner.name if inner else key


def _set_aside(session: AsyncSession, reask: Reask, one: Affected, reason: str, now: datetime) -> None:
    report, draft = one.report, one.draft
    if draft is not None and draft.entries:
        for key, entry in one.gone.items():
            columns = _columns(reask.frozen, key, entry) | {"words": str(entry.get("words", ""))}
            session.add(_revision(report, key, now, reason, version=0, **columns))
    touched = {key: answer for key, answer in one.answers.items() if _is_changed(reask.changes, key)}
    report.versions += bool(touched)
    for key in touched:
        session.add(_revision(report, key, now, reason, version=report.versions))
    if report.state in _SENT:
        report.state, report.state_reason = State.RETURNED.value, reason
    if draft is None:
        draft = Draft(bureau_id=report.bureau_id, round_id=report.round_id, unit_id=report.unit_id)
        session.add(draft)
    draft.entries, draft.stood_at, draft.changed_at = dict(one.kept), None, now


def _columns(frozen: tuple[Indicator, ...], key: str, entry: Mapping[str, object]) -> dict[str, Any]:
    indicator = groups.find(frozen, key)
    if indicator is None:
        return {}
    return columns_of(indicator, codec.from_json(indicator.kind, entry["v"]))


def _revision(report: Report, key: str, now: datetime, reason: str, **more: Any) -> AnswerRevision:
    return AnswerRevision(
        bureau_id=report.bureau_id, id=new_id(), round_id=report.round_id, unit_id=report.unit_id, key=key, at=now,
        reason=reason, **more,
    )  # fmt: skip


async def _forget_answers(session: AsyncSession, reask: Reask) -> None:
    for one in reask.affected:
        for key, answer in one.answers.items():
            if _is_changed(reask.changes, key):
                await session.delete(answer)


async def _outdate_buttons(session: AsyncSession, round_: Round) -> None:
    """What was shown of the old questions may not be tapped any more: every draft of the round moves on, those that
    nobody began too."""
    mine = and_(col(Draft.bureau_id) == round_.bureau_id, col(Draft.round_id) == round_.id)
    await session.execute(update(Draft).where(mine).values(revision=Draft.revision + 1))
    columns = select(col(Report.bureau_id), col(Report.round_id), col(Report.unit_id), literal(1), literal({}, JSON))
    owed = columns.where(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    names = ["bureau_id", "round_id", "unit_id", "revision", "entries"]
    await session.execute(insert(session, Draft).from_select(names, owed).on_conflict_do_nothing())


async def _refresh_cards(session: AsyncSession, bureau_id: int, reports: Sequence[ReportKey], now: datetime) -> None:
    """Every chat that shows one of these reports is to show it as it is now."""
    by_card = {card_key(report): report for report in reports}
    shown = (col(Card.bureau_id) == bureau_id, col(Card.message_id).is_not(None), col(Card.key).like("report:%"))
    for chat_id, key in (await session.execute(select(col(Card.chat_id), col(Card.key)).where(*shown))).all():
        if key in by_card:
            await show_card(session, Recipient(bureau_id, chat_id), ReportCard(report=by_card[key]), now)
