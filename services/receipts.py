"""A receipt that comes back: after a restore its signature brings number, time and values of a lost report back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from db.tables import Draft
from domain import codec, receipts
from domain.codec import questionnaire_from_json
from domain.indicators import Values
from domain.phrases import Phrase
from domain.progress import State, received_timeliness
from domain.receipts import Shown, Signed
from services.asking import say
from services.reporting import show_everywhere
from services.sheets import Sheet, hold, sheets_since
from services.storing import Sending, store_answers
from services.turn import Turn

WORDS = "凭回执恢复"
"""What stands where a person's own words would, and why, in the history of each value."""
OLDEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A receipt of ours, and the report it belongs to."""

    sheet: Sheet
    shown: Shown
    received_at: datetime
    values: Values


async def take(turn: Turn, text: str) -> None:
    """Answers in every case what became of it."""
    shown = receipts.shown_in(text)
    candidates = await _sheets(turn, shown) if shown else []
    if shown is None:
        await say(turn, Phrase.RECEIPT_UNSIGNED)
    elif not candidates:
        await say(turn, Phrase.RECEIPT_UNKNOWN, title=shown.title)
    else:
        found = next(filter(None, (_vouched(turn, sheet, shown) for sheet in candidates)), None)
        if found is None:
            await say(turn, Phrase.RECEIPT_WRONG, title=shown.title)
        else:
            await _settle(turn, found)


async def _sheets(turn: Turn, shown: Shown) -> list[Sheet]:
    """This person's own reports that are called so."""
    units = turn.person.known_units
    sheets = await sheets_since(turn.session, turn.bureau.id, units, turn.now - OLDEST) if units else []
    return [one for one in sheets if turn.person.may_report(one) and f"{one.unit.name} {one.title}" == shown.title]


def _vouched(turn: Turn, sheet: Sheet, shown: Shown) -> Vouched | None:
    try:
        questions = questionnaire_from_json(sheet.round.questionnaire)
        values = receipts.values_in(shown.content, questions, boarding=sheet.unit.boarding)
        received = shown.received_at(sheet.round.open_at, turn.hours.zone)
    except ValueError:
        return None
    signed = signed_of(sheet, shown.number, received, shown.version, values)
    ours = bool(turn.bureau.receipt_key) and signed.is_vouched_for(shown.code, turn.bureau.receipt_key)
    return Vouched(sheet, shown, received, values) if ours else None


def signed_of(sheet: Sheet, number: str, received_at: datetime, version: int, values: Values) -> Signed:
    return Signed(sheet.unit.code, sheet.task.key, sheet.round.period_to, number, received_at, version, values)


async def _settle(turn: Turn, found: Vouched) -> None:
    sheet = await hold(turn.session, turn.bureau.id, found.sheet.key)
    if sheet is None:
        return
    report = sheet.report
    if report.first_received_at is None or (sheet.is_sent and found.shown.version > report.versions):
        await _bring_back(turn, sheet, found)
        await _answer(turn, sheet, found, Phrase.RECEIPT_TAKEN)
    elif found.received_at < _to_the_minute(report.first_received_at):
        report.first_received_at, report.receipt_number = found.received_at, found.shown.number
        await _answer(turn, sheet, found, Phrase.RECEIPT_EARLIER)
    else:
        await _answer(turn, sheet, found, Phrase.RECEIPT_KNOWN)


def _to_the_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


async def _bring_back(turn: Turn, sheet: Sheet, found: Vouched) -> None:
    """As if it had been sent just so; what stands in the draft gives way."""
    draft = sheet.draft or Draft(bureau_id=turn.bureau.id, round_id=sheet.key.round_id, unit_id=sheet.key.unit_id)
    turn.session.add(draft)
    draft.entries = {key: {"v": codec.to_json(value), "words": WORDS} for key, value in found.values.items()}
    await turn.session.flush()
    filled = await hold(turn.session, turn.bureau.id, sheet.key) or replace(sheet, draft=draft)
    await store_answers(turn.session, filled, Sending(turn.to.person_id, turn.now, WORDS))
    report = filled.report
    report.state, report.state_reason = State.SUBMITTED.value, ""
    report.submitted_at, report.submitted_by = report.submitted_at or found.received_at, turn.to.person_id
    filled.receive(found.received_at)
    report.receipt_number, report.versions = found.shown.number, found.shown.version
    draft.entries, draft.stood_at = {}, None
    draft.revision += 1
    await turn.session.flush()
    await show_everywhere(turn, sheet.key)


async def _answer(turn: Turn, sheet: Sheet, found: Vouched, phrase: Phrase) -> None:
    received = sheet.report.first_received_at or found.received_at
    timeliness = received_timeliness(received, sheet.bounds.due_at, sheet.bounds.grace_until)
    await say(
        turn, phrase, title=found.shown.title, at=received.isoformat(), number=sheet.report.receipt_number or "",
        timeliness=timeliness.chinese,
    )  # fmt: skip
