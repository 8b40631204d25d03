"""What need not be kept any longer: once a day, in small batches. Values and receipts stay.

Candidates are read outside the write lane and changed by their keys; each batch is a transaction of its own, and doing
one twice changes nothing, so an end in the middle is harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, delete, exists, or_, select, update
from sqlmodel import SQLModel, col

from db.tables import AnswerRevision, Draft, Evidence, EvidenceState, Fate, Inbox, InboxState, Outbox, Request, Round
from domain.requests import RequestState
from services.crashing import Point, passed
from services.workplace import Workplace

_log = logging.getLogger(__name__)

BATCH = 200
AT_ONCE = 25
"""Batches in one tick: the next one goes on."""
_FINISHED = [fate.value for fate in Fate if fate not in (Fate.PENDING, Fate.SENDING)]


@dataclass(frozen=True, slots=True)
class Rule:
    """Of these rows, `id` names one; `values` empty what is not kept."""

    table: type[SQLModel]
    id: Any
    old: Callable[[datetime], ColumnElement[bool]]
    values: dict[str, Any]


def _filled(column: Any) -> ColumnElement[bool]:
    return cast(column, String) != "{}"


def _closed(table: Any, before: datetime) -> ColumnElement[bool]:
    """Its round was locked before that."""
    mine = (col(Round.bureau_id) == table.bureau_id, col(Round.id) == table.round_id)
    return exists().where(*mine, col(Round.lock_at) < before)


RULES = (
    Rule(
        Inbox, col(Inbox.update_id),
        lambda before: and_(
            col(Inbox.received_at) < before, col(Inbox.state) != InboxState.PENDING.value, _filled(Inbox.raw)
        ),
        {"raw": {}},
    ),
    Rule(
        Outbox, col(Outbox.id),
        lambda before: and_(
            col(Outbox.queued_at) < before, col(Outbox.fate).in_(_FINISHED), _filled(Outbox.payload)
        ),
        {"payload": {}},
    ),
    Rule(
        AnswerRevision, col(AnswerRevision.id),
        lambda before: and_(col(AnswerRevision.at) < before, col(AnswerRevision.words) != ""),
        {"words": ""},
    ),
    Rule(
        Request, col(Request.id),
        lambda before: and_(
            col(Request.decided_at) < before, col(Request.state) != RequestState.PENDING.value,
            _filled(Request.entries),
        ),
        {"entries": {}},
    ),
)  # fmt: skip


@dataclass(slots=True)
class Retention:
    """Keeps raw messages, what was sent, drafts and the words in them, photos and documents for so many days."""

    workplace: Workplace
    days: int
    batch: int = BATCH
    _done_on: date | None = None

    async def run(self) -> None:
        """A tick's share of what today brings; nothing once today's is done. Never raises."""
        today = self.workplace.hours.local(self.workplace.clock.now()).date()
        if self._done_on == today:
            return
        try:
            for _ in range(AT_ONCE):
                if not await self.step():
                    self._done_on = today
                    return
                passed(Point.FORGOTTEN)
        except Exception:
            _log.exception("what is too old was not removed", extra={"action": "retention_failed"})

    async def step(self) -> int:
        """One batch; how many rows it changed, 0 when nothing is left."""
        before = self.workplace.clock.now() - timedelta(days=self.days)
        for rule in RULES:
            if changed := await self._empty(rule, before):
                return changed
        return await self._empty_drafts(before) or await self._remove_evidence(before)

    async def _empty(self, rule: Rule, before: datetime) -> int:
        table: Any = rule.table
        mine = col(table.bureau_id) == self.workplace.bureau_id
        found = select(rule.id).where(mine, rule.old(before)).order_by(rule.id).limit(self.batch)
        async with self.workplace.database.read() as session:
            ids = (await session.execute(found)).scalars().all()
        if ids:
            async with self.workplace.database.write() as session:
                await session.execute(update(table).where(mine, rule.id.in_(ids)).values(**rule.values))
        return len(ids)

    async def _empty_drafts(self, before: datetime) -> int:
        """Of rounds that were closed that long ago; the revision moves on, so that an old button does nothing."""
        mine = col(Draft.bureau_id) == self.workplace.bureau_id
        untouched = or_(col(Draft.changed_at).is_(None), col(Draft.changed_at) < before)
        old = and_(mine, untouched, _filled(Draft.entries), _closed(Draft, before))
        async with self.workplace.database.read() as session:
            found = select(col(Draft.round_id), col(Draft.unit_id)).where(old).limit(self.batch)
            keys = (await session.execute(found)).all()
        if keys:
            async with self.workplace.database.write() as session:
                for round_id, unit_id in keys:
                    one = and_(mine, col(Draft.round_id) == round_id, col(Draft.unit_id) == unit_id)
                    emptied: dict[str, Any] = {"entries": {}, "stood_at": None, "revision": Draft.revision + 1}
                    await session.execute(update(Draft).where(one).values(**emptied))
        return len(keys)

    async def _remove_evidence(self, before: datetime) -> int:
        """The files first, then the rows: what was begun is found again. Not while a file is being fetched: it might
        be the same one again."""
        mine = col(Evidence.bureau_id) == self.workplace.bureau_id
        closed = _closed(Evidence, self.workplace.clock.now())
        old = select(Evidence).where(mine, col(Evidence.received_at) < before, closed).limit(self.batch)
        fetching = exists().where(mine, col(Evidence.state) == EvidenceState.PENDING.value)
        async with self.workplace.database.read() as session:
            rows = (await session.execute(old.order_by(col(Evidence.id)))).scalars().all()
            if not rows or (await session.execute(select(fetching))).scalar_one():
                return 0
            ids = [row.id for row in rows]
            alone = {row.sha256: row.mime for row in rows if row.sha256 and row.mime}
            others = ~(mine & col(Evidence.id).in_(ids))
            same = select(col(Evidence.sha256)).where(col(Evidence.sha256).in_(alone), others)
            needed = set((await session.execute(same)).scalars())
        await asyncio.to_thread(self._unlink, [(sha, mime) for sha, mime in alone.items() if sha not in needed])
        passed(Point.FORGETTING)
        async with self.workplace.database.write() as session:
            await session.execute(delete(Evidence).where(mine, col(Evidence.id).in_(ids)))
        return len(ids)

    def _unlink(self, files: Sequence[tuple[str, str]]) -> None:
        if self.workplace.evidence is None:
            return
        for sha, mime in files:
            self.workplace.evidence.path(sha, mime).unlink(missing_ok=True)
