"""Letting updates in one by one, as a webhook brings them: those that wait at the same time share one commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from db.session import is_down
from services.crashing import Point, passed
from services.intake import Update, accept, chat_of
from services.workplace import Workplace

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 256
GATHER = 0.002
"""Seconds for the next batch to gather, only while updates come side by side: fewer and larger commits."""

Waiting = tuple[Update, asyncio.Future[None]]


class NotKept(Exception):
    """The update is not on disk: it has to be brought again."""


def is_update(body: object) -> bool:
    """Could this be kept? Telegram sends nothing else; whoever knows the secret might."""
    try:
        return isinstance(body, dict) and _fits(body["update_id"]) and _fits(chat_of(body))
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _fits(number: object) -> bool:
    return type(number) is int and -(1 << 63) <= number < 1 << 63


@dataclass(slots=True)
class Admission:
    """`accepted` is told the chats of what was committed."""

    workplace: Workplace
    accepted: Callable[[Iterable[int]], None]
    _waiting: list[Waiting] = field(default_factory=list)
    _at_work: bool = False

    async def admit(self, update: Update) -> None:
        """Returns after the commit; raises NotKept when there was none."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((update, kept))
        if not self._at_work:
            self._at_work = True
            self.workplace.nursery.start(self._work(), "admission")
        await kept

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._keep(batch)
                if len(batch) > 1:
                    await asyncio.sleep(GATHER)
        finally:
            self._at_work = False

    async def _keep(self, batch: Sequence[Waiting]) -> None:
        """All in one transaction; if one of them cannot be kept, each in its own, so that it stops no other."""
        try:
            await self._commit([update for update, _ in batch])
        except Exception as problem:
            if len(batch) > 1 and not is_down(problem):
                for one in batch:
                    await self._keep([one])
                return
            _log.error("updates not kept: %s", type(problem).__name__, extra={"action": "not_kept"})
            _answer(batch, NotKept(type(problem).__name__))
        else:
            _answer(batch, None)
            self.accepted([chat_of(update) for update, _ in batch])

    async def _commit(self, updates: Sequence[Update]) -> None:
        workplace = self.workplace
        passed(Point.FETCHED)
        async with workplace.database.write(brief=True) as session:
            now = workplace.clock.now()
            await accept(session, workplace.bureau_id, updates, now, workplace.heartbeat.stood_at(now))
        passed(Point.ACCEPTED)


def _answer(batch: Sequence[Waiting], problem: NotKept | None) -> None:
    for _, kept in batch:
        if kept.done():  # whoever brought it has hung up
            continue
        if problem is None:
            kept.set_result(None)
        else:
            kept.set_exception(problem)
