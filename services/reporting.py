"""A report's life with its unit: drafts, submitting, receipts. Every function takes the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from sqlmodel import col

from db.session import insert_for
from db.tables import Draft, ReceiptCounter
from domain import codec, receipts
from domain.indicators import Indicator, Values, pruned
from domain.messages import Receipt, ReportCard, ReportKey
from domain.progress import State, received_timeliness
from domain.understanding.result import Reading
from services.changes import changes_of
from services.outbox import Recipient, chats_that_show, queue, show_card
from services.sheets import OPEN_STATES, Sheet, held, hold, month_states, open_sheets
from services.stopping import stop_nagging
from services.storing import Sending, store_answers
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
    WITHDRAWN = "withdrawn"
    NOT_YOURS = "not_yours"
    REASON_WANTED = "reason_wanted"
    UNCHANGED = "unchanged"
    TOO_LATE = "too_late"
    ALREADY_ASKED = "already_asked"
    TO_CONFIRM = "to_confirm"
    PASSED_UP = "passed_up"


@dataclass(frozen=True, slots=True)
class Given:
    """Values to enter into a draft with their evidence; `revision` is the draft the person saw, None for words.
    `instead_of` are answers that they replace (a message that was edited)."""

    readings: Sequence[Reading]
    revision: int | None = None
    instead_of: Collection[str] = ()


async def sheet_for(turn: Turn, key: ReportKey, *, sent: bool = False) -> tuple[Sheet | None, Outcome]:
    """The report, locked, if this actor may answer it; and whether it is still open, or why not. One that was `sent`
    may be corrected; after the lock a draft may still be filled, and `submit` says LOCKED."""
    sheet = await hold(turn.session, turn.bureau.id, key)
    if sheet is None or turn.actor is None or not turn.actor.may_report(sheet):
        return None, Outcome.NOT_YOURS
    if sheet.is_withdrawn:
        return sheet, Outcome.WITHDRAWN
    may_be_filled = sheet.is_open or (sent and sheet.is_sent)
    return sheet, Outcome.DONE if may_be_filled else Outcome.ALREADY_SUBMITTED


async def owed(turn: Turn) -> list[Sheet]:
    """What the actor may answer of what his units still owe, the most urgent first."""
    actor = turn.actor
    if actor is None or not actor.known_units:
        return []
    found = await open_sheets(turn.session, turn.bureau.id, actor.known_units, turn.now)
    return [sheet for sheet in found if actor.may_report(sheet)]


async def enter(turn: Turn, sheet: Sheet, given: Given) -> Outcome:
    """Write values into the draft. OUT_OF_DATE: the draft moved on since the button was shown."""
    sheet = await held(turn.session, sheet)
    if not sheet.is_open and not sheet.is_sent:
        return Outcome.ALREADY_SUBMITTED
    draft = sheet.draft or await _new_draft(turn, sheet)
    if given.revision is not None and given.revision != draft.revision:
        return Outcome.OUT_OF_DATE
    entries = {key: entry for key, entry in sheet.entries.items() if key not in given.instead_of}
    for reading in given.readings:
        indicator = sheet.indicator(reading.key)
        entry = _entry(turn, indicator, reading) if indicator is not None else None
        if entry is not None and entries.get(reading.key, {}).get("v") != entry["v"]:
            entries[reading.key] = entry  # said or implied once more, the first evidence stays
    kept = _applicable_entries(sheet.indicators, entries)
    same = sheet.is_sent and sheet.values_of(kept) == sheet.sent_values
    if same and not draft.entries:
        return Outcome.UNCHANGED
    draft.entries = {} if same else kept
    draft.revision += 1
    draft.changed_at, draft.changed_by = turn.now, turn.to.person_id
    if draft.stood_at is None or turn.received_at >= draft.stood_at:
        draft.stood_at, draft.in_backlog = turn.received_at, turn.in_backlog
    return Outcome.UNCHANGED if same else Outcome.DONE


def _entry(turn: Turn, indicator: Indicator, reading: Reading) -> dict[str, object]:
    """What is kept is what is read back: decimals beyond the indicator's are rounded here, and shown as changed.
    `said_in` is the message it was said in, so that its edit is a correction."""
    value, changed = reading.value, reading.changed
    if isinstance(value, Decimal):
        value = codec.from_amount(codec.to_amount(value, indicator.scale), indicator.scale)
        changed = changed or value != reading.value
    return {
        "v": codec.to_json(value), "words": reading.words, "changed": changed, "approximate": reading.approximate,
        "said_in": [turn.to.chat_id, turn.message_id] if turn.message_id is not None else None,
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


async def submit(turn: Turn, key: ReportKey, revision: int | None, reason: str = "") -> Outcome:
    """提交: the draft becomes the report's answers and the sender gets a receipt. `revision` is the read-back that was
    confirmed; None confirms whatever stands (a typed 提交 while the read-back is open). TO_CONFIRM: the principal wants
    to see it before it goes. REASON_WANTED: it is a correction. LOCKED: it is complete, but the round is closed."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    hindered = _hindered(turn, sheet, revision, reason)
    if hindered is not None:
        return hindered
    draft = sheet.draft or await _new_draft(turn, sheet)  # none, where all was given already under other tasks
    sending = Sending(turn.to.person_id, turn.now, reason if sheet.is_sent else "")
    before = sheet.sent_values if sheet.is_sent else None
    sheet = replace(sheet, draft=draft)
    await store_answers(turn.session, sheet, sending)
    sent = sheet.values
    changes = changes_of(sheet, before, sent) if before is not None else ()
    first = sheet.report.first_received_at is None
    await _mark_submitted(turn, sheet, draft)
    await turn.session.flush()
    await _give_receipt(turn, sheet, sent, changes, first=first)
    return Outcome.DONE


def _hindered(turn: Turn, sheet: Sheet, revision: int | None, reason: str) -> Outcome | None:
    """Why this draft cannot be sent now, in the order in which the person can do something about it."""
    if sheet.is_sent and not sheet.is_correcting:
        return Outcome.ALREADY_SUBMITTED
    if revision is not None and revision != sheet.revision:
        return Outcome.OUT_OF_DATE
    if not sheet.is_complete:
        return Outcome.INCOMPLETE
    if not turn.person.may_submit(sheet):
        return Outcome.TO_CONFIRM
    if sheet.is_correcting and not reason:
        return Outcome.REASON_WANTED
    return Outcome.LOCKED if sheet.is_locked(turn.said_at) else None


def is_nil(sheet: Sheet) -> bool:
    """Is what stands in the draft an explicit nil report?"""
    entries = sheet.draft.entries if sheet.draft else {}
    return bool(entries) and all(entry.get("words") == NIL for entry in entries.values())


async def _mark_submitted(turn: Turn, sheet: Sheet, draft: Draft) -> None:
    report = sheet.report
    report.nil = is_nil(replace(sheet, draft=draft))
    if not sheet.is_sent:  # a correction leaves the first sending as it was
        report.submitted_at, report.submitted_by = turn.now, turn.to.person_id
    report.state, report.state_reason = State.SUBMITTED.value, ""
    if report.first_received_at is None:
        sheet.receive(received_at(turn, draft))
        report.in_backlog = draft.in_backlog if report.first_received_at == draft.stood_at else turn.in_backlog
    if report.receipt_number is None:
        report.receipt_number = await next_receipt_number(turn)
    draft.entries, draft.stood_at, draft.in_backlog = {}, None, False
    draft.revision += 1
    await stop_nagging(turn.session, turn.bureau.id, [sheet.key])


def received_at(turn: Turn, draft: Draft) -> datetime:
    """When the confirmed values stood complete in the inbox, if confirmed within 2 working hours of the read-back."""
    stood, shown = draft.stood_at, draft.changed_at
    if stood is None or shown is None:
        return turn.received_at
    waited = turn.hours.working_time_between(shown, turn.received_at)
    return stood if waited <= CONFIRM_WITHIN else turn.received_at


@cache
def _count(dialect: str) -> Any:
    statement = insert_for(dialect, ReceiptCounter)
    once_more = {"last": col(ReceiptCounter.last) + 1}
    counted = statement.on_conflict_do_update(index_elements=["bureau_id", "day"], set_=once_more)
    return counted.returning(col(ReceiptCounter.last))


async def next_receipt_number(turn: Turn) -> str:
    """0910-0137: month and day, then the count of the day."""
    bound = {"bureau_id": turn.bureau.id, "day": turn.today, "last": 1}
    last = (await turn.session.execute(_count(turn.session.get_bind().dialect.name), bound)).scalar_one()
    return f"{turn.today:%m%d}-{last:04d}"


async def _give_receipt(turn: Turn, sheet: Sheet, sent: Values, changes: tuple[str, ...], *, first: bool) -> None:
    report = sheet.report
    received = report.first_received_at or turn.received_at
    rest = await owed(turn)
    month = await month_states(turn.session, sheet)
    content, code = _signed(turn, sheet, sent)
    receipt = Receipt(
        report=sheet.key,
        unit=sheet.unit.name,
        title=sheet.title,
        number=report.receipt_number or "",
        received_at=received,
        timeliness=received_timeliness(received, sheet.bounds.due_at, sheet.bounds.grace_until),
        in_backlog=report.in_backlog,
        lock_at=sheet.lock_at,
        owed=_names(rest, sheet),
        next_report=rest[0].key if rest else None,
        salutation=turn.person.address,
        first=first,
        changes=changes,
        total=0 if set(OPEN_STATES) & set(month) else len(month),
        version=report.versions,
        content=content,
        code=code,
    )
    await show_everywhere(turn, sheet.key)
    await queue(turn.session, turn.to, receipt, turn.now)


def _signed(turn: Turn, sheet: Sheet, sent: Values) -> tuple[str, str]:
    """The values that were just sent and their signature; nothing where they are too long for a message."""
    report, key = sheet.report, turn.bureau.receipt_key
    values = receipts.carried(sheet.indicators, sent)
    content = receipts.content_of(sheet.indicators, values)
    if not key or len(content) > receipts.LONGEST or report.first_received_at is None:
        return "", ""
    unit, task, period = sheet.unit.code, sheet.task.key, sheet.round.period_to
    number = report.receipt_number or ""
    signed = receipts.Signed(unit, task, period, number, report.first_received_at, report.versions, values)
    return content, signed.code(key)


def _names(rest: Sequence[Sheet], sheet: Sheet) -> tuple[str, ...]:
    """What is still owed, by task; with the unit where another than this one owes it too."""
    elsewhere = any(other.unit.id != sheet.unit.id for other in rest)
    named = ((other.task.short_name or other.task.name, other.unit.name) for other in rest)
    return tuple(f"{unit}{task}" if elsewhere else task for task, unit in named)


async def show_everywhere(turn: Turn, key: ReportKey, *, but_here: bool = False) -> None:
    """Bring every chat's card of this report up to date (a deputy typed: the principal's card follows)."""
    for chat_id in await chats_that_show(turn.session, turn.bureau.id, key):
        if not (but_here and chat_id == turn.to.chat_id):
            await show_card(turn.session, Recipient(turn.bureau.id, chat_id), ReportCard(report=key), turn.now)
