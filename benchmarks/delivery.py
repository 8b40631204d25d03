"""1,800 messages at 150 ms latency, the limits on. Bars: ≥ 98 % of 30 a second, never above 30 in any second at the
client's send instants, no 429; and the second and third also across a SIGKILL (600 messages).

The stand-in and the sender are processes of their own; instants are the machine's monotonic clock, written down as the
call is made.
"""

from __future__ import annotations

import asyncio
import bisect
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from bot.polling import DubanBot
from bot.telegram_face import Line, TelegramFace, make_bot
from db import migrations
from db.session import Database
from db.tables import Fate, Lane, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import BotProfile, Fault, SandboxServer
from services.clock import SystemClock
from services.outbox import Recipient, queue_all
from services.workplace import Workplace
from tests.cast import HOURS, at, make_county
from tests.stage import TOKEN

MESSAGES, KILLED, LATENCY, FIRST_CHAT = 1_800, 600, 0.15, 20_000
KILL_AFTER = 8.0


class NotedBot(DubanBot):
    """Writes down when each message leaves."""

    notes = -1

    async def _do_post(self, endpoint: str, data: dict[str, Any], **timeouts: Any) -> Any:
        if endpoint == "sendMessage":
            os.write(self.notes, f"{time.monotonic()}\n".encode())
        return await super()._do_post(endpoint, data, **timeouts)


async def _deliver(url: str, store: str, bureau_id: int, notes: str) -> None:
    database = Database(store)
    bot = make_bot(Line(TOKEN, url))
    bot.__class__ = NotedBot
    NotedBot.notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    face = TelegramFace(Workplace(database, SystemClock(), bureau_id, HOURS), bot)
    async with face:
        running = face.workplace.nursery.start(face.delivery.run(), "delivery")
        while await _open(database, bureau_id):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        running.cancel()
    await database.close()


def _sender(*given: Any) -> None:
    asyncio.run(_deliver(*given))


async def _open(database: Database, bureau_id: int) -> int:
    waiting = col(Outbox.fate).in_((Fate.PENDING.value, Fate.SENDING.value))
    async with database.read() as session:
        return (await session.scalar(select(func.count()).where(col(Outbox.bureau_id) == bureau_id, waiting))) or 0


async def _filled(folder: str, count: int) -> tuple[str, int]:
    store = f"sqlite:///{folder}/duban.db"
    database = Database(store)
    await migrations.migrate(database.engine)
    bureau_id = (await make_county(database, at("2026-11-16 09:00"))).bureau_id
    items = [(Recipient(bureau_id, FIRST_CHAT + number), Say(phrase=Phrase.LATER)) for number in range(count)]
    async with database.write() as session:
        await queue_all(session, items, SystemClock().now(), Lane.REMINDER)
    await database.close()
    return store, bureau_id


async def _play(count: int, kill: bool) -> None:
    server = SandboxServer(SystemClock().now, bots=[BotProfile(TOKEN)])
    await server.start()
    server.limits.set({"on": True})
    server.inject(Fault("latency", "sendMessage", -1, delay=LATENCY))
    for number in range(count):
        server.phone(TOKEN, FIRST_CHAT + number).chat.started = True
    with tempfile.TemporaryDirectory() as folder:
        store, bureau_id = await _filled(folder, count)
        notes = Path(folder) / "notes"
        given = (server.url, store, bureau_id, str(notes))
        if kill:
            first = _begin(given)
            await asyncio.sleep(KILL_AFTER)
            first.kill()
            await asyncio.to_thread(first.join)
        await asyncio.to_thread(_begin(given).join)
        await _show(server, store, [float(line) for line in notes.read_text().split()], kill)
    await server.stop()


def _begin(given: tuple[Any, ...]) -> Any:
    process = multiprocessing.get_context("spawn").Process(target=_sender, args=given)
    process.start()
    return process


async def _show(server: SandboxServer, store: str, left: list[float], kill: bool) -> None:
    left.sort()
    most = max(bisect.bisect_left(left, start + 1.0) - place for place, start in enumerate(left))
    database = Database(store)
    async with database.read() as session:
        fates = Counter((await session.execute(select(col(Outbox.fate)))).scalars().all())
    await database.close()
    floods = sum("Too Many" in str(call.result) for call in server.calls("sendMessage"))
    rate = len(left) / (left[-1] - left[0] + LATENCY)
    pace = "across a SIGKILL" if kill else f"{rate:.2f} a second, {rate / 30:.1%} of 30 (bar 98 %)"
    print(f"{len(left)} messages: {pace}; most in any second {most} (bar 30); 429s {floods} (bar 0); {dict(fates)}")


def main() -> None:
    asyncio.run(_play(KILLED, kill=True))
    asyncio.run(_play(MESSAGES, kill=False))
