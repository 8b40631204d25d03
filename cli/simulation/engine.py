"""The stepped application: every event is played to its end before the next, so the same seed plays the same span."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.telegram_face import TelegramFace
from jobs.agenda import next_event
from jobs.sweeps import tick
from services.clock import VirtualClock
from services.intake import accept, chat_of
from services.outages import back, caught_up
from services.workplace import Workplace

Life = AsyncIterator[timedelta]
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Trials:
    """What happens to the program meanwhile: its line is down in `outages`, and it starts anew `restart_every` so
    often (nothing is kept then but the store)."""

    outages: tuple[tuple[datetime, datetime], ...] = ()
    restart_every: timedelta | None = None

    def is_down(self, now: datetime) -> bool:
        return any(since <= now < until for since, until in self.outages)


@dataclass(slots=True)
class Engine:
    """`renew` gives the program that takes the place of one that has ended."""

    face: TelegramFace
    clock: VirtualClock
    has_news: Callable[[int | None], bool]
    """Has anybody said something that getUpdates would bring from this offset on?"""
    trials: Trials = Trials()
    renew: Callable[[], Awaitable[TelegramFace]] | None = None
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
        self._foresee()
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

    def _foresee(self) -> None:
        for since, up in self.trials.outages:
            self.later(since, self._lose_line())
            self.later(up, self._find_line())
        if self.trials.restart_every is not None:
            self.later(self.clock.now() + self.trials.restart_every, self._restart(self.trials.restart_every))

    async def _beat(self) -> None:
        """The line was good until this instant: between two events of a play nothing says so, and what is written down
        goes by real seconds."""
        if not self.trials.is_down(self.clock.now() - _MOMENT):
            self.workplace.heartbeat.written(float("-inf"))
            await caught_up(self.workplace)

    async def _lose_line(self) -> Life:
        await self._beat()
        self.workplace.heartbeat.failed()
        return
        yield

    async def _find_line(self) -> Life:
        """As polling does when it is answered again: what waited is fetched before anything else."""
        await back(self.workplace)
        await self._tick()
        return
        yield

    async def _restart(self, every: timedelta) -> Life:
        while self.renew is not None:
            await self._beat()
            self.face, self._offset = await self.renew(), None
            if self.trials.is_down(self.clock.now()):
                self.workplace.heartbeat.failed()
            yield every

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
        """Until nothing waits that may be worked on or sent now; with the line down nothing comes and nothing goes."""
        if self.trials.is_down(self.clock.now()):
            return
        while True:
            await self.face.delivery.drain()
            if not self.has_news(self._offset):
                await caught_up(self.workplace)
                return
            now = self.clock.now()
            updates = await self.face.bot.raw_updates(self._offset, 0)
            async with self.workplace.database.write() as session:
                stood = self.workplace.heartbeat.stood_at(now)
                await accept(session, self.workplace.bureau_id, updates, now, stood)
            self._offset = max(int(update["update_id"]) for update in updates) + 1
            for chat_id in dict.fromkeys(chat_of(update) for update in updates):
                while await self.face.worker.work_one(chat_id):
                    continue
