"""The real application over HTTP against the stand-in, with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from bot.telegram_face import Line, TelegramFace, make_bot
from db.session import Database
from db.tables import Fate, Inbox, Outbox
from jobs.sweeps import tick
from sandbox import BotProfile, Phone, SandboxServer
from services.clock import VirtualClock
from services.pace import Pace
from services.workplace import Workplace
from tests.cast import HOURS

TOKEN = "111:sandbox-token-of-the-tests"


@dataclass(slots=True)
class Stage:
    server: SandboxServer
    face: TelegramFace
    clock: VirtualClock
    database: Database

    @property
    def workplace(self) -> Workplace:
        return self.face.workplace

    def phone(self, user_id: int, name: str = "") -> Phone:
        return self.server.phone(TOKEN, user_id, name)

    async def tick(self, now: datetime | None = None) -> None:
        """Jump to `now`, let the sweeps run and everything be delivered."""
        if now is not None:
            self.clock.jump_to(now)
        await tick(self.workplace)
        await self.settled()

    async def settled(self) -> None:
        """Until nothing waits: no update unread or unworked, no message that may go now."""
        self.face.delivery.wake()
        async with asyncio.timeout(40):
            while await self._waiting():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def _waiting(self) -> bool:
        if self.server.pending_updates(TOKEN):
            return True
        async with self.database.read() as session:
            ours = self.workplace.bureau_id
            inbox = select(func.count()).where(col(Inbox.bureau_id) == ours, col(Inbox.state) == "pending")
            waits = (Fate.PENDING.value, Fate.SENDING.value)
            later = col(Outbox.not_before) > self.clock.now()
            outbox = select(func.count()).where(
                col(Outbox.bureau_id) == ours, col(Outbox.fate).in_(waits), later.is_not(True)
            )
            return bool((await session.scalar(inbox)) or (await session.scalar(outbox)))

    async def rows(self, table: type[SQLModel], *where: object) -> list:
        """Committed rows, through a session of their own."""
        async with self.database.read() as session:
            return list((await session.execute(select(table).where(*where))).scalars().all())  # type: ignore[arg-type]


@asynccontextmanager
async def on_stage(database: Database, bureau_id: int, now: datetime) -> AsyncIterator[Stage]:
    clock = VirtualClock(now, speed=0)
    server = SandboxServer(clock.now, bots=[BotProfile(TOKEN)])
    await server.start()
    workplace = Workplace(database, clock, bureau_id, HOURS)
    face = TelegramFace(workplace, make_bot(Line(TOKEN, server.url)))
    face.delivery.pace = Pace(per_second=1000, chat_interval=0.0)
    try:
        async with face:
            running = workplace.nursery.start(face.run(), "face")
            try:
                yield Stage(server, face, clock, database)
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
    finally:
        await server.stop()
