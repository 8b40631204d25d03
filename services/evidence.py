"""Fetching evidence: durable jobs with retry, beside everything else and never inside a transaction.

The row is the job. A crash anywhere leaves it pending; what was loaded twice is kept once, because it is named by its
content.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Evidence, EvidenceState
from domain.messages import Say
from domain.phrases import Phrase
from services.crashing import Point, passed
from services.evidence_store import EvidenceStore, Kept, NotTaken
from services.outbox import Recipient, queue
from services.people import CHANNEL
from services.workplace import Workplace

_log = logging.getLogger(__name__)

AT_ONCE = 3
EVERY = 2.0  # seconds between looks
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=6)
MOST_TRIES = 10
"""With pauses growing fourfold to six hours: about a day and a half."""


class FetchFailed(Exception):
    """`for_good`: trying again cannot help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


Fetch = Callable[[str, Path], Awaitable[None]]
"""Loads the file of this `file_id` into that path. Raises FetchFailed."""


@dataclass(slots=True)
class Collector:
    workplace: Workplace
    store: EvidenceStore
    fetch: Fetch
    _busy: set[int] = field(default_factory=set)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.to_thread(self.store.tidy)
        while True:
            try:
                for evidence_id, file_id in await self._due():
                    self._busy.add(evidence_id)
                    self.workplace.nursery.start(self._collect(evidence_id, file_id), f"evidence {evidence_id}")
            except Exception:
                _log.exception("evidence could not be looked up", extra={"action": "evidence_failed"})
            await asyncio.sleep(EVERY)

    async def collect_due(self) -> None:
        """Everything that may be tried now, one after the other; for who steps instead of running."""
        for evidence_id, file_id in await self._due():
            await self._collect(evidence_id, file_id)

    async def _due(self) -> list[tuple[int, str]]:
        if (room := AT_ONCE - len(self._busy)) <= 0:
            return []
        statement = (
            select(col(Evidence.id), col(Evidence.file_id))
            .where(
                col(Evidence.bureau_id) == self.workplace.bureau_id,
                col(Evidence.state) == EvidenceState.PENDING.value,
                col(Evidence.id).not_in(self._busy),
                or_(col(Evidence.next_try_at).is_(None), col(Evidence.next_try_at) <= self.workplace.clock.now()),
            )
            .order_by(col(Evidence.id))
            .limit(room)
        )
        async with self.workplace.database.read() as session:
            return [(evidence_id, file_id) for evidence_id, file_id in (await session.execute(statement)).all()]

    async def _collect(self, evidence_id: int, file_id: str) -> None:
        try:
            kept = await self._load(file_id)
        except Exception as problem:
            await self._note_failure(evidence_id, problem)
        else:
            passed(Point.STORED)
            await self._note_kept(evidence_id, kept)
            passed(Point.NOTED)
        finally:
            self._busy.discard(evidence_id)

    async def _load(self, file_id: str) -> Kept:
        coming = await asyncio.to_thread(self.store.room)
        try:
            await self.fetch(file_id, coming)
            passed(Point.LOADED)
            return await asyncio.to_thread(self.store.keep, coming)
        finally:
            await asyncio.to_thread(coming.unlink, missing_ok=True)

    async def _note_kept(self, evidence_id: int, kept: Kept) -> None:
        async with self.workplace.database.write() as session:
            row = await session.get_one(Evidence, (self.workplace.bureau_id, evidence_id))
            row.state, row.error, row.next_try_at = EvidenceState.STORED.value, None, None
            row.sha256, row.mime, row.size = kept.sha256, kept.mime, kept.size
            row.stored_at = self.workplace.clock.now()

    async def _note_failure(self, evidence_id: int, problem: Exception) -> None:
        now = self.workplace.clock.now()
        async with self.workplace.database.write() as session:
            row = await session.get_one(Evidence, (self.workplace.bureau_id, evidence_id))
            row.attempts += 1
            ours = isinstance(problem, FetchFailed | NotTaken)  # another's text may name files or hosts
            row.error = str(problem)[:120] if ours else type(problem).__name__
            facts = {"action": "evidence_failed", "evidence_id": evidence_id, "attempts": row.attempts}
            _log.warning("evidence not fetched: %s", row.error, extra=facts)
            for_good = isinstance(problem, NotTaken) or (isinstance(problem, FetchFailed) and problem.for_good)
            if for_good or row.attempts >= MOST_TRIES:
                row.state = EvidenceState.FAILED.value
                await _tell(session, row, now)
            else:
                row.next_try_at = now + pause_after(row.attempts)
        passed(Point.REFUSED)


def pause_after(attempts: int) -> timedelta:
    """5 s, 20 s, 80 s … at most six hours."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(4 ** (attempts - 1)))


async def _tell(session: AsyncSession, row: Evidence, now: datetime) -> None:
    """Once, to who sent it: what to do about the one that is lost."""
    if row.person_id is None:
        return
    mine = (
        col(Account.bureau_id) == row.bureau_id,
        col(Account.person_id) == row.person_id,
        col(Account.channel) == CHANNEL,
        col(Account.closed_at).is_(None),
    )
    chat_id = (await session.execute(select(col(Account.external_id)).where(*mine).limit(1))).scalar()
    if chat_id is not None:
        lost = Say(phrase=Phrase.PHOTO_LOST, facts={"name": row.name})
        await queue(session, Recipient(row.bureau_id, chat_id, row.person_id), lost, now)
