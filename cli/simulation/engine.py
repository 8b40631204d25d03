"""The stepped application: every event is played to its end before the next, so the same seed plays the same span."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.telegram_face import TelegramFace
from jobs.agenda import next_event
from jobs.sweeps import tick
from services.clock import VirtualClock
from services.intake import accept, chat_of
from services.workplace import Workplace

Life = AsyncIterator[timedelta]


@dataclass(slots=True)
class Engine:
    face: TelegramFace
    clock: VirtualClock
    has_news: Callable[[int | None], bool]
    """Has anybody said something that getUpdates would bring from this offset on?"""
    _waiting: list[tuple[datetime, int, Life]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _offset: int | None = None

    @property
    def workplace(self) -> Workplace:
        return self.face.workplace

    def later(self, at: datetime, life: Life) -> None:
        """This life goes on at that instant."""
        heapq.heappush(self._waiting, (at, next(self._numbers), life))

    async def play(self, until: datetime) -> AsyncIterator[datetime]:
        """Jump from event to event; yields after every turn of the clock, when new messages may have come."""
        ticks = await self._tick()
        yield self.clock.now()
        while (at := min(ticks, self._waiting[0][0]) if self._waiting else ticks) < until:
            self.clock.jump_to(max(at, self.clock.now()))
            if self._waiting and self._waiting[0][0] <= at:
                await self._go_on(heapq.heappop(self._waiting)[2])
            else:
                ticks = await self._tick()
                yield at
        self.clock.jump_to(until)

    async def _go_on(self, life: Life) -> None:
        pause = await anext(life, None)
        await self._settle()
        if pause is not None:
            self.later(self.clock.now() + pause, life)

    async def _tick(self) -> datetime:
        """One turn of the clock; returns when the next is due. What people do in between moves no set time of it."""
        await tick(self.workplace)
        self.workplace.vitals.ticked(self.clock)
        self.face.delivery.wake()  # what was held back may go now
        await self._settle()
        await self.face.worker.drain()  # what failed and has rested is tried again
        async with self.workplace.database.read() as session:
            return await next_event(session, self.workplace, self.clock.now())

    async def _settle(self) -> None:
        """Until nothing waits that may be worked on or sent now."""
        while True:
            await self.face.delivery.drain()
            if not self.has_news(self._offset):
                return
            updates = await self.face.bot.raw_updates(self._offset, 0)
            async with self.workplace.database.write() as session:
                await accept(session, self.workplace.bureau_id, updates, self.clock.now())
            self._offset = max(int(update["update_id"]) for update in updates) + 1
            for chat_id in dict.fromkeys(chat_of(update) for update in updates):
                while await self.face.worker.work_one(chat_id):
                    continue
