"""更正: after 提交 a report may be corrected until the lock. A correction is a draft too: the answers stay as they are
until it is sent with a reason, and the people of the lead section are told what moved."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import AnswerRevision, Fate, Lane, Outbox, Person, Role
from domain.indicators import Values
from domain.messages import Corrected, Message, ReportCard, ReportKey, to_json
from services.answers import value_of
from services.asking import set_focus
from services.changes import changes_of
from services.outbox import Recipient, queue_all, show_card
from services.people import recipients_of_units
from services.reading import read_words
from services.reporting import Outcome, sheet_for, show_everywhere
from services.sheets import Sheet, sheet_of
from services.turn import Turn

REASON = "?reason"
"""The focus of a chat that is asked why."""

REASONS = ("录入有误", "情况有变化", "核实后更准")
LONGEST_REASON = 100


async def correct(turn: Turn, key: ReportKey) -> Outcome:
    """[修改] of a report that was sent: its answers as buttons, below the receipt. Nothing changes yet."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    await set_focus(turn, key, None)
    below = turn.callback_id is None or not sheet.is_correcting
    await show_card(turn.session, turn.to, ReportCard(report=key, choosing=True), turn.now, below=below)
    return Outcome.DONE


async def keep(turn: Turn, key: ReportKey) -> Outcome:
    """[不改了]: what was sent stays; the correction that was begun is dropped."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    if sheet.is_correcting and sheet.draft is not None:
        sheet.draft.entries, sheet.draft.stood_at = {}, None
        sheet.draft.revision += 1
    await set_focus(turn, None, None)
    await show_card(turn.session, turn.to, ReportCard(report=key), turn.now)
    await show_everywhere(turn, key, but_here=True)
    return Outcome.DONE


async def ask_reason(turn: Turn, key: ReportKey) -> None:
    """Once, after the correction was read back and confirmed."""
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    if sheet is not None:
        await set_focus(turn, key, REASON, sheet.revision)
        typed = turn.callback_id is None
        await show_card(turn.session, turn.to, ReportCard(report=key), turn.now, below=typed)


def says_other_values(turn: Turn, sheet: Sheet, words: str) -> bool:
    """Asked why, the person said what is right instead: then that is read back first."""
    found = read_words(turn, sheet, words).readings
    return any(sheet.indicator(one.key) and sheet.values.get(one.key) != one.value for one in found)


async def tell_section(turn: Turn, sheet: Sheet) -> None:
    """The people of the lead section see it as a correction; what still waits for one report is one message."""
    message = Corrected(report=sheet.key, since=sheet.report.versions)
    chats = await recipients_of_units(turn.session, turn.bureau.id, [sheet.section.id], [Role.SECTION])
    items: list[tuple[Recipient, Message]] = [
        (to, message) for to in chats.get(sheet.section.id, ()) if not await _waits(turn.session, to, message)
    ]
    await queue_all(turn.session, items, turn.now, Lane.REMINDER, nag=True)


async def tell_section_of(turn: Turn, key: ReportKey) -> None:
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    if sheet is not None:
        await tell_section(turn, sheet)


async def _waits(session: AsyncSession, to: Recipient, message: Corrected) -> bool:
    statement = select(Outbox).where(
        Outbox.bureau_id == to.bureau_id,
        Outbox.chat_id == to.chat_id,
        Outbox.kind == message.kind,
        Outbox.fate == Fate.PENDING.value,
    )
    rows = (await session.exec(statement)).all()
    return any(row.payload.get("report") == to_json(message)["report"] for row in rows)


# ---- what was corrected


@dataclass(frozen=True, slots=True)
class Version:
    """One sending of a report: its values as they stood then, and what it changed."""

    number: int
    rows: tuple[AnswerRevision, ...]
    before: Values
    after: Values
    by: str

    @property
    def reason(self) -> str:
        return next((row.reason for row in self.rows if row.reason), "")


async def versions_of(session: AsyncSession, sheet: Sheet) -> list[Version]:
    """Every sending of this report, the first one first."""
    statement = (
        select(AnswerRevision, Person)
        .outerjoin(
            Person,
            (col(Person.bureau_id) == AnswerRevision.bureau_id) & (col(Person.id) == AnswerRevision.person_id),
        )
        .where(
            AnswerRevision.bureau_id == sheet.report.bureau_id,
            AnswerRevision.round_id == sheet.key.round_id,
            AnswerRevision.unit_id == sheet.key.unit_id,
            col(AnswerRevision.version) > 0,
        )
        .order_by(col(AnswerRevision.version), col(AnswerRevision.id))
    )
    sent: dict[int, list[AnswerRevision]] = {}
    names: dict[int, str] = {}
    for row, person in (await session.exec(statement)).all():
        sent.setdefault(row.version, []).append(row)
        names[row.version] = _called(person)
    versions: list[Version] = []
    values: Values = {}
    for number, rows in sent.items():
        before, values = values, _with(sheet, values, rows)
        versions.append(Version(number, tuple(rows), before, values, names[number]))
    return versions


def _called(person: Person | None) -> str:
    return (person.salutation or person.name) if person is not None else ""


def _with(sheet: Sheet, values: Values, rows: list[AnswerRevision]) -> Values:
    after = dict(values)
    for row in rows:
        indicator = sheet.indicator(row.key)
        value = value_of(indicator, row) if indicator else None
        after.pop(row.key, None)
        if value is not None:
            after[row.key] = value
    return after


@dataclass(frozen=True, slots=True)
class CorrectedContent:
    sheet: Sheet
    changes: tuple[str, ...]
    reason: str
    by: str


async def corrected(session: AsyncSession, bureau_id: int, message: Corrected) -> CorrectedContent | None:
    """What moved since that version, and why; None when it is back where it was."""
    sheet = await sheet_of(session, bureau_id, message.report)
    if sheet is None:
        return None
    newer = [version for version in await versions_of(session, sheet) if version.number >= message.since]
    changes = changes_of(sheet, newer[0].before, newer[-1].after) if newer else ()
    reasons = "、".join(dict.fromkeys(version.reason for version in newer if version.reason))
    return CorrectedContent(sheet, changes, reasons, newer[-1].by) if changes else None
