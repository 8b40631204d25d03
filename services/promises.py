"""答应: a report put off until an instant. Nobody is asked again before it, and the office sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Promise
from domain.messages import ReportKey
from domain.phrases import Phrase
from services.asking import say, set_focus
from services.reporting import owed, sheet_for
from services.sheets import Sheet
from services.stopping import stop_nagging
from services.turn import Turn

MOST = 2
"""A report may be put off once, and once more, under the same deadline."""
LONGEST = 60
TOMORROW = "明早再说"
"""The tap that puts off: it does once under the same deadline, whatever else was said."""


async def promise(turn: Turn, keys: Iterable[ReportKey], until: datetime, words: str) -> None:
    """Keep that these reports were put off until then, and say when we ask again; beyond `MOST` times, that the office
    sees it. Reports that are not open, or not this person's, are left out."""
    sheets = [sheet for key in keys if (sheet := (await sheet_for(turn, key))[0]) is not None and sheet.is_asked]
    free = [sheet for sheet in sheets if await _may(turn, sheet, words)]
    for sheet in free:
        turn.session.add(_row(turn, sheet, until, words))
    await turn.session.flush()
    await stop_nagging(turn.session, turn.bureau.id, [sheet.key for sheet in free])
    await set_focus(turn, None, None)
    if not sheets:
        await say(turn, Phrase.LATER)
        return
    due = min(sheet.due_at for sheet in free or sheets)
    facts = {"until": until.isoformat(), "now": turn.now.isoformat(), "due": due.isoformat()}
    facts |= {"times": "1"} if words == TOMORROW else {}
    await say(turn, Phrase.PROMISED if free else Phrase.PROMISED_ENOUGH, **facts)


async def until_morning(turn: Turn) -> bool:
    """明早再说: what this person still owes is left alone until the next working day's opening. False: nothing is."""
    sheets = await owed(turn)
    tomorrow = turn.hours.at(turn.today + timedelta(days=1), time(0))
    if sheets:
        await promise(turn, [sheet.key for sheet in sheets], turn.hours.next_within(tomorrow), TOMORROW)
    return bool(sheets)


def _row(turn: Turn, sheet: Sheet, until: datetime, words: str) -> Promise:
    return Promise(
        bureau_id=turn.bureau.id, id=new_id(), round_id=sheet.key.round_id, unit_id=sheet.key.unit_id,
        person_id=turn.person.person_id, due_at=sheet.due_at, until=until, words=words.strip()[:LONGEST],
        said_at=turn.received_at,
    )  # fmt: skip


async def _may(turn: Turn, sheet: Sheet, words: str) -> bool:
    said = (await promised_under(turn.session, turn.bureau.id, [sheet])).get(sheet.key, [])
    return len(said) < MOST and (words != TOMORROW or TOMORROW not in said)


async def promised_under(session: AsyncSession, bureau_id: int, sheets: Sequence[Sheet]) -> dict[ReportKey, list[str]]:
    """In which words each of these reports was put off under its present deadline."""
    if not sheets:
        return {}
    dues = {sheet.key: sheet.due_at for sheet in sheets}
    statement = select(Promise).where(
        col(Promise.bureau_id) == bureau_id,
        tuple_(col(Promise.round_id), col(Promise.unit_id)).in_([tuple(key) for key in dues]),
    )
    found: dict[ReportKey, list[str]] = {}
    for row in (await session.execute(statement)).scalars().all():
        key = ReportKey(row.round_id, row.unit_id)
        if row.due_at == dues[key]:
            found.setdefault(key, []).append(row.words)
    return found


async def may_snooze(session: AsyncSession, bureau_id: int, sheets: Sequence[Sheet]) -> bool:
    """Would 明早再说 still put off one of these reports?"""
    said = await promised_under(session, bureau_id, sheets)
    free = (said.get(sheet.key, []) for sheet in sheets)
    return any(len(words) < MOST and TOMORROW not in words for words in free)


async def promised_until(
    session: AsyncSession, bureau_id: int, keys: Sequence[ReportKey], now: datetime
) -> dict[ReportKey, Promise]:
    """For each of these reports that is put off still, the newest promise: it holds until its `until`."""
    if not keys:
        return {}
    statement = select(Promise).where(
        col(Promise.bureau_id) == bureau_id,
        tuple_(col(Promise.round_id), col(Promise.unit_id)).in_([tuple(key) for key in keys]),
        col(Promise.until) > now,
    )
    rows = (await session.execute(statement.order_by(col(Promise.said_at), col(Promise.id)))).scalars().all()
    return {ReportKey(row.round_id, row.unit_id): row for row in rows}
