"""From a draft to the report's answers: the present values, and an append-only history of every change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Answer, AnswerRevision
from domain.indicators import Indicator, Value
from services.answers import columns_of
from services.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sent the values, when, and why where they correct something."""

    person_id: int | None
    at: datetime
    reason: str = ""


_PRESENT = select(Answer).where(
    col(Answer.bureau_id) == bindparam("bureau"),
    col(Answer.round_id) == bindparam("round"),
    col(Answer.unit_id) == bindparam("unit"),
)


async def store_answers(session: AsyncSession, sheet: Sheet, sending: Sending) -> None:
    """Replace the present answers by the draft's; every changed one also becomes a revision, and one that no longer
    applies becomes a revision without a value."""
    bound = {"bureau": sheet.report.bureau_id, "round": sheet.key.round_id, "unit": sheet.key.unit_id}
    current = {answer.key: answer for answer in (await session.execute(_PRESENT, bound)).scalars().all()}
    sheet.report.versions += 1
    values = sheet.values
    for key in sorted(current.keys() - values.keys()):
        await session.delete(current[key])
        _note(session, sheet, sending, key, {})
    for key, value in values.items():
        indicator = sheet.indicator(key)
        if indicator is not None:
            _store_answer(session, sheet, sending, indicator, value, current.get(key))
            _register(sheet, indicator, value)


def _register(sheet: Sheet, indicator: Indicator, value: Value) -> None:
    """A registered basic is brought up to date for the rounds to come; this one's roster stays as it was frozen."""
    if indicator.sets and isinstance(value, int):
        setattr(sheet.unit, indicator.sets.value, value)


def _store_answer(
    session: AsyncSession, sheet: Sheet, sending: Sending, indicator: Indicator, value: Value, current: Answer | None
) -> None:
    entry = sheet.entries.get(indicator.key, {})
    columns = {**columns_of(indicator, value), "approximate": bool(entry.get("approximate"))}
    if current is not None and all(getattr(current, name) == column for name, column in columns.items()):
        return
    answer = current or Answer(**_names(sheet, indicator.key))
    for name, column in columns.items():
        setattr(answer, name, column)
    session.add(answer)
    _note(session, sheet, sending, indicator.key, columns)


def _note(session: AsyncSession, sheet: Sheet, sending: Sending, key: str, columns: dict[str, Any]) -> None:
    entry = sheet.entries.get(key, {})
    said_in = entry.get("said_in")
    chat_id, message_id = said_in if isinstance(said_in, list) else (None, None)
    session.add(
        AnswerRevision(
            **_names(sheet, key), **columns, id=new_id(), person_id=sending.person_id, at=sending.at,
            version=sheet.report.versions, reason=sending.reason, words=str(entry.get("words", "")),
            chat_id=chat_id, message_id=message_id,
        )
    )  # fmt: skip


def _names(sheet: Sheet, key: str) -> dict[str, Any]:
    report = sheet.report
    return {"bureau_id": report.bureau_id, "round_id": report.round_id, "unit_id": report.unit_id, "key": key}
