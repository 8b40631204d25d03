"""Replies that were asked about again or corrected later: candidates for the corpus, masked, for a person to label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Alias, AnswerRevision, Inbox, Outbox, Person, Unit, UnitKind
from domain.calendar import OfficeHours
from domain.indicators import Kind, Question
from domain.masking import masked
from domain.messages import ReportKey
from domain.naming import UnitName
from domain.understanding.batch import plain
from services.sheets import Sheet, sheets_of

_KINDS = frozenset(Kind) - {Kind.PHOTO, Kind.ROWS}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reply as it came, the report it was about, and why it is worth a look."""

    words: str
    said_at: datetime
    report: ReportKey
    why: str


async def candidates(session: AsyncSession, bureau_id: int, hours: OfficeHours) -> list[dict[str, Any]]:
    """Lines in the corpus's form with `expected` and `expected_intent` empty, the oldest first, each reply once."""
    found = [*await _asked_again(session, bureau_id), *await _corrected(session, bureau_id)]
    once = {(one.words, one.said_at): one for one in sorted(found, key=lambda one: one.said_at)}
    sheets = {sheet.key: sheet for sheet in await sheets_of(session, bureau_id, {one.report for one in found})}
    schools, people, places = await _names(session, bureau_id)
    known = (one for one in once.values() if one.report in sheets)
    return [
        {
            "id": f"candidate-{number:03d}",
            "now": hours.local(one.said_at).isoformat(timespec="minutes"),
            "context": list(_context(sheets[one.report], hours, one.said_at)),
            "text": masked(one.words, schools, people, places),
            "expected": {},
            "expected_intent": "",
            "notes": one.why,
        }
        for number, one in enumerate(known, 1)
    ]


async def _asked_again(session: AsyncSession, bureau_id: int) -> list[Candidate]:
    """What was answered with a card that had doubts: it was queued in the transaction that worked the reply off."""
    same = and_(
        col(Inbox.bureau_id) == Outbox.bureau_id,
        col(Inbox.chat_id) == Outbox.chat_id,
        col(Inbox.done_at) == Outbox.queued_at,
    )
    statement = (
        select(Inbox, Outbox)
        .join(Outbox, same)
        .where(col(Inbox.bureau_id) == bureau_id, col(Outbox.kind) == "report_card", col(Inbox.chat_id) > 0)
    )
    found = []
    for inbox, outbox in (await session.execute(statement.order_by(col(Inbox.update_id)))).all():
        doubts = outbox.payload.get("unread") or ()
        words = _words(inbox.raw)
        if words and any(doubt["words"] and doubt["words"] in words for doubt in doubts):
            why = ",".join(f"{doubt['why']} {doubt['key'] or ''}".strip() for doubt in doubts)
            found.append(Candidate(words, inbox.received_at, ReportKey(*outbox.payload["report"]), f"re-asked: {why}"))
    return found


async def _corrected(session: AsyncSession, bureau_id: int) -> list[Candidate]:
    """What gave a value that a later version of the report replaced."""
    statement = select(AnswerRevision).where(col(AnswerRevision.bureau_id) == bureau_id)
    last: dict[tuple[int, int, str], AnswerRevision] = {}
    replaced: list[AnswerRevision] = []
    for row in (await session.execute(statement.order_by(col(AnswerRevision.id)))).scalars().all():
        key = (row.round_id, row.unit_id, row.key)
        if row.version > 1 and key in last and last[key].message_id is not None:
            replaced.append(last[key])
        last[key] = row
    said = await _messages(session, bureau_id, {(row.chat_id, row.message_id) for row in replaced})
    return [
        Candidate(_words(inbox.raw), inbox.received_at, ReportKey(row.round_id, row.unit_id), f"corrected: {row.key}")
        for row in replaced
        if (inbox := said.get((row.chat_id, row.message_id))) is not None and _words(inbox.raw)
    ]


async def _messages(
    session: AsyncSession, bureau_id: int, wanted: set[tuple[int | None, int | None]]
) -> dict[tuple[int | None, int | None], Inbox]:
    chats = {chat for chat, _ in wanted if chat is not None}
    if not chats:
        return {}
    statement = select(Inbox).where(col(Inbox.bureau_id) == bureau_id, col(Inbox.chat_id).in_(chats))
    rows = (await session.execute(statement)).scalars().all()
    return {place: row for row in rows if (place := (row.chat_id, _message_id(row.raw))) in wanted}


def _message(raw: dict[str, Any]) -> dict[str, Any]:
    found = raw.get("message")
    return found if isinstance(found, dict) else {}


def _message_id(raw: dict[str, Any]) -> int | None:
    found = _message(raw).get("message_id")
    return found if isinstance(found, int) else None


def _words(raw: dict[str, Any]) -> str:
    message = _message(raw)
    return str(message.get("text") or message.get("caption") or "")


async def _names(session: AsyncSession, bureau_id: int) -> tuple[list[UnitName], set[str], set[str]]:
    units = (await session.execute(select(Unit).where(col(Unit.bureau_id) == bureau_id))).scalars().all()
    schools = {unit.id: unit for unit in units if unit.kind == UnitKind.SCHOOL.value}
    aliases = (await session.execute(select(Alias).where(col(Alias.bureau_id) == bureau_id))).scalars().all()
    people = (await session.execute(select(Person).where(col(Person.bureau_id) == bureau_id))).scalars().all()
    names = [UnitName(unit.name, unit.id) for unit in schools.values()]
    names += [UnitName(alias.text, alias.unit_id) for alias in aliases if alias.unit_id in schools]
    called = {name for person in people for name in (person.name, person.salutation) if name}
    return names, called, {unit.township for unit in units if unit.township}


def _context(sheet: Sheet, hours: OfficeHours, said_at: datetime) -> Iterator[dict[str, Any]]:
    for question in sheet.questions(hours.local(said_at).date()):
        if question.kind in _KINDS:
            yield dict(_entry(question))


def _entry(question: Question) -> Iterable[tuple[str, Any]]:
    yield "key", question.key
    yield "label", question.label
    yield "type", question.kind.value
    if question.unit:
        yield "unit", question.unit
    low = question.earliest or question.minimum
    high = question.latest or question.maximum
    for name, bound in (("min", low), ("max", high)):
        if bound is not None:
            yield name, plain(bound) if isinstance(bound, Decimal) else bound.isoformat()
    if question.total is not None:
        yield "total", question.total
    if question.choices:
        yield "choices", list(question.choices)
    if question.previous is not None:
        yield "previous", plain(question.previous)
