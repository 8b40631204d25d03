"""What raises is tried again with growing pauses, then set aside with its error; the rest goes on (design 4.6)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, bindparam, delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import is_down
from db.tables import Trouble, TroubleKind, TroubleState
from domain.messages import ReportKey

_log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_TRIES = 5
FIRST_PAUSE = timedelta(seconds=30)
"""Doubled at each further try: what is set aside was tried for seven and a half minutes."""
SWEEP = "sweep"
PROBE = timedelta(days=1)
"""An item that is set aside is tried once a day, in case what ailed it has passed."""


def place(problem: BaseException) -> str:
    """The exception's type and where in our code it came from: `KeyError content.py:120 load`. None of its words."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    if not ours:
        return type(problem).__name__
    return f"{type(problem).__name__} {Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"


async def tried(
    session: AsyncSession,
    bureau_id: int,
    kind: TroubleKind,
    key: str,
    problem: Exception,
    now: datetime,
    what: str,
    most: int = MOST_TRIES,
) -> Trouble:
    """Count a failed try; the row says when the next is, or that it is set aside."""
    row = await session.get(Trouble, (bureau_id, kind.value, key))
    if row is None:
        row = Trouble(bureau_id=bureau_id, kind=kind.value, key=key, first_at=now, last_at=now, next_try_at=now)
        session.add(row)
    row.attempts += 1
    row.what, row.error, row.last_at = what, place(problem), now
    gives_up = row.attempts >= most
    row.state = (TroubleState.SET_ASIDE if gives_up else TroubleState.TRYING).value
    row.next_try_at = now + (PROBE if gives_up else FIRST_PAUSE * 2 ** (row.attempts - 1))
    await session.flush()
    return row


async def mended(session: AsyncSession, bureau_id: int, name: str) -> None:
    """The sweep of that name went well."""
    await session.execute(delete(Trouble).where(_row(bureau_id, TroubleKind.ITEM, f"{SWEEP}:{name}")))


_OF_KIND = (
    select(Trouble)
    .where(col(Trouble.bureau_id) == bindparam("bureau"), col(Trouble.kind) == bindparam("kind"))
    .order_by(col(Trouble.first_at))
)


async def of_kind(session: AsyncSession, bureau_id: int, kind: TroubleKind) -> Sequence[Trouble]:
    return (await session.execute(_OF_KIND, {"bureau": bureau_id, "kind": kind.value})).scalars().all()


def _row(bureau_id: int, kind: TroubleKind, key: str) -> ColumnElement[bool]:
    return and_(
        col(Trouble.bureau_id) == bureau_id, col(Trouble.kind) == kind.value, col(Trouble.key) == key
    )  # fmt: skip


@dataclass(slots=True)
class Guard:
    """The items of one sweep, each tried in a savepoint of its own. `rests_until`: what failed before, by key."""

    session: AsyncSession
    bureau_id: int
    now: datetime
    rests_until: dict[str, datetime]

    @classmethod
    async def of(cls, session: AsyncSession, bureau_id: int, now: datetime) -> Guard:
        known = await of_kind(session, bureau_id, TroubleKind.ITEM)
        return cls(session, bureau_id, now, {row.key: row.next_try_at for row in known})

    def may(self, key: str) -> bool:
        """Not while it rests after a failed try."""
        return key not in self.rests_until or self.rests_until[key] <= self.now

    async def attempt(self, key: str, what: str, work: Callable[[], Awaitable[T]]) -> T | None:
        """None when it raised, or rests. Raises what the store itself says when it is down: that is no item's fault."""
        if not self.may(key):
            return None
        try:
            async with self.session.begin_nested():
                result = await work()
        except Exception as problem:
            if is_down(problem):
                raise
            await self.failed(key, what, problem)
            return None
        await self.passed([key])
        return result

    async def failed(self, key: str, what: str, problem: Exception, most: int = MOST_TRIES) -> None:
        row = await tried(self.session, self.bureau_id, TroubleKind.ITEM, key, problem, self.now, what, most)
        self.rests_until[key] = row.next_try_at
        facts = {"action": "item_failed", "key": key, "attempts": row.attempts, "state": row.state}
        _log.error("an item of a sweep failed", exc_info=problem, extra=facts)

    async def passed(self, keys: Iterable[str]) -> None:
        if not self.rests_until:  # as nearly always: 16,000 keys are not even written out
            return
        for key in [key for key in keys if self.rests_until.pop(key, None) is not None]:
            await self.session.execute(delete(Trouble).where(_row(self.bureau_id, TroubleKind.ITEM, key)))

    def keys(self, what: str) -> dict[ReportKey, bool]:
        """The reports that are in trouble with `what`, and whether they may be tried now."""
        found = (key.split(":") for key in self.rests_until if key.startswith(f"{what}:"))
        reports = [ReportKey(int(round_id), int(unit_id)) for _, round_id, unit_id in found]
        return {report: self.may(item(what, report)) for report in reports}


def item(what: str, report: ReportKey) -> str:
    return f"{what}:{report.round_id}:{report.unit_id}"
