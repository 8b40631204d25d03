"""A report's life with its unit: drafts, submitting, receipts. Every function takes the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlmodel import col, select

from db.ids import new_id
from db.session import insert
from db.tables import Answer, AnswerRevision, Card, Draft, ReceiptCounter
from domain import codec
from domain.indicators import Indicator, Value, pruned
from domain.messages import Receipt, ReportCard, ReportKey
from domain.progress import State, received_timeliness
from domain.understanding.result import Reading
from services.answers import columns_of
from services.outbox import Recipient, card_key, queue, show_card
from services.sheets import OPEN_STATES, Sheet, hold, month_states, open_sheets
from services.turn import Turn

NIL = "零报告"
"""The words of every answer of a nil report, which is a real one and marked."""

CONFIRM_WITHIN = timedelta(hours=2)
"""Working hours within which a confirmed read-back counts from the moment the values stood complete (design 1)."""


class Outcome(StrEnum):
    DONE = "done"
    OUT_OF_DATE = "out_of_date"
    ALREADY_SUBMITTED = "already_submitted"
    INCOMPLETE = "incomplete"
    LOCKED = "locked"
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True)
class Given:
    """Values to enter into a draft with their evidence; `revision` is the draft the person saw, None for words."""

    readings: Sequence[Reading]
    revision: int | None = None


async def sheet_for(turn: Turn, key: ReportKey) -> tuple[Sheet | None, Outcome]:
    """The report, locked, if this actor may report for its unit; and whether it is still open, or why not."""
    sheet = await hold(turn.session, turn.bureau.id, key)
    if sheet is None or turn.actor is None or sheet.unit.id not in turn.actor.reporting_units:
        return None, Outcome.NOT_YOURS
    if not sheet.is_open:
        return sheet, Outcome.ALREADY_SUBMITTED
    return sheet, Outcome.LOCKED if turn.now >= sheet.lock_at else Outcome.DONE


async def owed(turn: Turn) -> list[Sheet]:
    """What the actor's units still owe, the most urgent first."""
    if turn.actor is None or not turn.actor.reporting_units:
        return []
    return await open_sheets(turn.session, turn.bureau.id, turn.actor.reporting_units, turn.now)


async def enter(turn: Turn, sheet: Sheet, given: Given) -> Outcome:
    """Write values into the draft. OUT_OF_DATE: the draft moved on since the button was shown."""
    sheet = await hold(turn.session, turn.bureau.id, sheet.key) or sheet
    if not sheet.is_open:
        return Outcome.ALREADY_SUBMITTED
    draft = sheet.draft or await _new_draft(turn, sheet)
    if given.revision is not None and given.revision != draft.revision:
        return Outcome.OUT_OF_DATE
    entries = dict(draft.entries)
    for reading in given.readings:
        indicator = sheet.indicator(reading.key)
        entry = _entry(indicator, reading) if indicator is not None else None
        if entry is not None and entries.get(reading.key, {}).get("v") != entry["v"]:
            entries[reading.key] = entry  # said or implied once more, the first evidence stays
    draft.entries = _applicable_entries(sheet.indicators, entries)
    draft.revision += 1
    draft.changed_at, draft.changed_by = turn.now, turn.to.person_id
    draft.stood_at = max(turn.received_at, draft.stood_at or turn.received_at)
    await turn.session.flush()
    return Outcome.DONE


def _entry(indicator: Indicator, reading: Reading) -> dict[str, object]:
    """What is kept is what is read back: decimals beyond the indicator's are rounded here, and shown as changed."""
    value, changed = reading.value, reading.changed
    if isinstance(value, Decimal):
        value = codec.from_amount(codec.to_amount(value, indicator.scale), indicator.scale)
        changed = changed or value != reading.value
    return {
        "v": codec.to_json(value), "words": reading.words, "changed": changed, "approximate": reading.approximate,
    }  # fmt: skip


def _applicable_entries(
    indicators: tuple[Indicator, ...], entries: dict[str, dict[str, object]]
) -> dict[str, dict[str, object]]:
    kinds = {indicator.key: indicator.kind for indicator in indicators}
    values = {key: codec.from_json(kinds[key], entry["v"]) for key, entry in entries.items() if key in kinds}
    return {key: entries[key] for key in pruned(indicators, values)}


async def _new_draft(turn: Turn, sheet: Sheet) -> Draft:
    draft = Draft(bureau_id=turn.bureau.id, round_id=sheet.key.round_id, unit_id=sheet.key.unit_id, revision=0)
    turn.session.add(draft)
    await turn.session.flush()
    return draft


async def submit(turn: Turn, key: ReportKey, revision: int | None) -> Outcome:
    """提交: the draft becomes the report's answers and the sender gets a receipt. `revision` is the read-back that was
    confirmed; None confirms whatever stands (a typed 提交 while the read-back is open)."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    if revision is not None and revision != sheet.revision:
        return Outcome.OUT_OF_DATE
    if not sheet.is_complete:
        return Outcome.INCOMPLETE
    draft = sheet.draft or await _new_draft(turn, sheet)  # none, where all was given already under other tasks
    await _store_answers(turn, replace(sheet, draft=draft))
    first = sheet.report.first_received_at is None
    await _mark_submitted(turn, sheet, draft)
    await turn.session.flush()
    await _give_receipt(turn, sheet, first=first)
    return Outcome.DONE


def is_nil(sheet: Sheet) -> bool:
    """Is what stands in the draft an explicit nil report?"""
    entries = sheet.draft.entries if sheet.draft else {}
    return bool(entries) and all(entry.get("words") == NIL for entry in entries.values())


async def _mark_submitted(turn: Turn, sheet: Sheet, draft: Draft) -> None:
    report = sheet.report
    report.nil = is_nil(replace(sheet, draft=draft))
    report.state = State.SUBMITTED.value
    report.submitted_at, report.submitted_by = turn.now, turn.to.person_id
    if report.first_received_at is None:
        report.first_received_at = _received_at(turn, draft)
    if report.receipt_number is None:
        report.receipt_number = await _next_receipt_number(turn)
    draft.entries, draft.stood_at = {}, None
    draft.revision += 1


def _received_at(turn: Turn, draft: Draft) -> datetime:
    """When the confirmed values stood complete in the inbox, if confirmed within 2 working hours of the read-back."""
    stood, shown = draft.stood_at, draft.changed_at
    if stood is None or shown is None:
        return turn.received_at
    waited = turn.hours.working_time_between(shown, turn.received_at)
    return stood if waited <= CONFIRM_WITHIN else turn.received_at


async def _next_receipt_number(turn: Turn) -> str:
    """0910-0137: month and day, then the count of the day."""
    statement = insert(turn.session, ReceiptCounter).values(bureau_id=turn.bureau.id, day=turn.today, last=1)
    counted = statement.on_conflict_do_update(
        index_elements=["bureau_id", "day"], set_={"last": ReceiptCounter.last + 1}
    ).returning(ReceiptCounter.last)
    last = (await turn.session.execute(counted)).scalar_one()
    return f"{turn.today:%m%d}-{last:04d}"


async def _store_answers(turn: Turn, sheet: Sheet) -> None:
    """Replace the current answers by the draft's; every changed one also becomes a revision."""
    statement = select(Answer).where(
        Answer.bureau_id == turn.bureau.id,
        Answer.round_id == sheet.key.round_id,
        Answer.unit_id == sheet.key.unit_id,
    )
    current = {answer.key: answer for answer in (await turn.session.exec(statement)).all()}
    values = sheet.values
    for key in current.keys() - values.keys():
        await turn.session.delete(current[key])
    for key, value in values.items():
        indicator = sheet.indicator(key)
        if indicator is not None:
            _store_answer(turn, sheet, indicator, value, current.get(key))


def _store_answer(turn: Turn, sheet: Sheet, indicator: Indicator, value: Value, current: Answer | None) -> None:
    entry = sheet.draft.entries.get(indicator.key, {}) if sheet.draft else {}
    columns = {**columns_of(indicator, value), "approximate": bool(entry.get("approximate"))}
    names: dict[str, Any] = {
        "bureau_id": turn.bureau.id, "round_id": sheet.key.round_id, "unit_id": sheet.key.unit_id, "key": indicator.key,
    }  # fmt: skip
    if current is not None and all(getattr(current, name) == column for name, column in columns.items()):
        return
    answer = current or Answer(**names)
    for name, column in columns.items():
        setattr(answer, name, column)
    turn.session.add(answer)
    turn.session.add(
        AnswerRevision(
            **names, **columns, id=new_id(), person_id=turn.to.person_id, at=turn.now, words=str(entry.get("words", ""))
        )
    )


async def _give_receipt(turn: Turn, sheet: Sheet, *, first: bool) -> None:
    report = sheet.report
    received = report.first_received_at or turn.received_at
    rest = await owed(turn)
    month = await month_states(turn.session, sheet)
    receipt = Receipt(
        report=sheet.key,
        unit=sheet.unit.name,
        title=sheet.title,
        number=report.receipt_number or "",
        received_at=received,
        timeliness=received_timeliness(received, sheet.due_at, sheet.grace_until),
        lock_at=sheet.lock_at,
        owed=_names(rest, sheet),
        next_report=rest[0].key if rest else None,
        salutation=turn.person.address,
        first=first,
        total=0 if set(OPEN_STATES) & set(month) else len(month),
    )
    await show_everywhere(turn, sheet.key)
    await queue(turn.session, turn.to, receipt, turn.now)


def _names(rest: Sequence[Sheet], sheet: Sheet) -> tuple[str, ...]:
    """What is still owed, by task; with the unit where another than this one owes it too."""
    elsewhere = any(other.unit.id != sheet.unit.id for other in rest)
    named = ((other.task.short_name or other.task.name, other.unit.name) for other in rest)
    return tuple(f"{unit}{task}" if elsewhere else task for task, unit in named)


async def show_everywhere(turn: Turn, key: ReportKey, *, but_here: bool = False) -> None:
    """Bring every chat's card of this report up to date (a deputy typed: the principal's card follows)."""
    statement = select(Card.chat_id).where(
        Card.bureau_id == turn.bureau.id, Card.key == card_key(key), col(Card.message_id).is_not(None)
    )
    for chat_id in (await turn.session.exec(statement)).all():
        if not (but_here and chat_id == turn.to.chat_id):
            await show_card(turn.session, Recipient(turn.bureau.id, chat_id), ReportCard(report=key), turn.now)
