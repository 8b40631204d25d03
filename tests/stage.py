"""The real application over HTTP against the stand-in, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, exists, select
from sqlmodel import SQLModel, col

from bot.telegram_face import Line, TelegramFace, make_bot
from bot.webhook import Webhook
from cli.compose import ticking
from db.session import Database
from db.tables import Fate, Inbox, Outbox
from sandbox import BotProfile, Phone, SandboxServer
from services.clock import VirtualClock
from services.condition import Watch
from services.evidence_store import EvidenceStore
from services.hold import MAY_LEAVE
from services.pace import Limits, Pace
from services.workplace import Workplace
from tests.cast import HOURS
from web.server import Door, HttpServer, make_app

TOKEN = "111:sandbox-token-of-the-tests"
SECRET = "0123456789abcdef-the_secret_of_the_tests"
_INBOX = exists().where(col(Inbox.bureau_id) == bindparam("bureau"), col(Inbox.state) == "pending")
_OUTBOX = exists().where(
    col(Outbox.bureau_id) == bindparam("bureau"),
    col(Outbox.fate).in_((Fate.PENDING.value, Fate.SENDING.value)),
    (col(Outbox.not_before) > bindparam("now")).is_not(True),
    MAY_LEAVE,
)
_WAITS = select(_INBOX | _OUTBOX)


@dataclass(slots=True)
class Stage:
    server: SandboxServer
    face: TelegramFace
    clock: VirtualClock
    database: Database
    http: HttpServer

    @property
    def workplace(self) -> Workplace:
        return self.face.workplace

    def phone(self, user_id: int, name: str = "") -> Phone:
        return self.server.phone(TOKEN, user_id, name)

    async def tick(self, now: datetime | None = None) -> None:
        """Jump to `now`, let the sweeps run and everything be delivered."""
        if now is not None:
            self.clock.jump_to(now)
        await ticking(self.workplace)
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
        asked = {"bureau": self.workplace.bureau_id, "now": self.clock.now()}
        async with self.database.engine.connect() as connection:
            return bool(await connection.scalar(_WAITS, asked))

    async def rows(self, table: type[SQLModel], *where: object) -> list:
        """Committed rows, through a session of their own."""
        async with self.database.read() as session:
            return list((await session.execute(select(table).where(*where))).scalars().all())  # type: ignore[arg-type]


def _folder(database: Database) -> Path:
    """Beside the store's file; for PostgreSQL a folder of its own."""
    return database.path.parent / "evidence" if database.path else Path(tempfile.mkdtemp(prefix="duban-evidence-"))


@asynccontextmanager
async def on_stage(database: Database, bureau_id: int, now: datetime, *, webhook: bool = False) -> AsyncIterator[Stage]:
    """Updates come by long poll or, with `webhook`, over the HTTP face, which serves health and metrics either way."""
    clock = VirtualClock(now, speed=0)
    server = SandboxServer(clock.now, bots=[BotProfile(TOKEN)])
    await server.start()
    evidence = _folder(database)
    workplace = Workplace(database, clock, bureau_id, HOURS, evidence=EvidenceStore(evidence))
    bot = make_bot(Line(TOKEN, server.url))
    face = TelegramFace(workplace, bot)
    face.delivery.pace = Pace(Limits(per_second=1000, chat_interval=0.0, group_per_minute=1000))
    door = Door(int(TOKEN.split(":")[0]), SECRET, face.worker.wake) if webhook else None
    http = HttpServer(make_app(workplace, door, Watch(workplace, least=0, share=0)))
    await http.start("127.0.0.1", 0)
    if webhook:
        face.webhook = Webhook(f"{http.url}/webhook/{TOKEN.split(':')[0]}", SECRET)
        server.webhooks.first_delay = 0.05
    try:
        async with face:
            running = workplace.nursery.start(face.run(), "face")
            try:
                yield Stage(server, face, clock, database, http)
            finally:
                await http.stop()
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
    finally:
        await http.stop()
        await server.stop()
        if database.path is None:
            shutil.rmtree(evidence, ignore_errors=True)
