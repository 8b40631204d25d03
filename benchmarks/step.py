"""The full report step: an update is posted, worked on, committed, and its reply leaves. Bar: as many per second as the
handler everybody writes, on SQLite and on PostgreSQL.

That handler: python-telegram-bot as it comes, an AsyncSession of SQLModel that reads the principal, inserts the answer
and commits, and a direct reply. It remembers nothing before it says 200, asks nothing, reads nothing back, and may lose
or double an answer. Ours keeps the update, reads the sentence, fills the draft, queues the read-back, and hands it
over. Both call the same server, which answers at once; 64 people write, each when the last answer came.

Beside the rates stands the processor time that each program spent on a step, which says the same where something else
keeps the machine busy. `DUBAN_PROFILE=FILE` has cProfile look at ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import itertools
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientSession, TCPConnector, web
from sqlalchemy import BigInteger, DateTime
from sqlmodel import Field, SQLModel, select

PEOPLE, STEPS, TURNS, WARM = 64, 640, 5, 192
TOKEN, SECRET = "111:token-of-the-benchmark-of-steps", "0123456789abcdef-the_secret_of_the_benchmark"
FIRST = 5_000_000_001
SAID = ("参演520人", "用时110秒")


class NaivePrincipal(SQLModel, table=True):
    id: int = Field(primary_key=True, sa_type=BigInteger)
    name: str


class NaiveAnswer(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    chat_id: int = Field(sa_type=BigInteger)
    said: str
    at: datetime = Field(sa_type=DateTime(timezone=True))


# ---- the two programs, each in a process of its own


@contextlib.asynccontextmanager
async def _ours(store: str, api: str) -> AsyncIterator[web.Application]:
    from bot.telegram_face import Line, TelegramFace, make_bot
    from bot.webhook import Webhook
    from cli.garbage import stay
    from db.session import Database
    from services.clock import VirtualClock
    from services.pace import Limits, Pace
    from services.workplace import Workplace
    from tests.cast import HOURS, at
    from web.server import Door, make_app

    database = Database(store)
    bureau_id = await _county(database)
    workplace = Workplace(database, VirtualClock(at("2026-11-18 09:00")), bureau_id, HOURS)
    face = TelegramFace(workplace, make_bot(Line(TOKEN, api)), Webhook(f"{api}/webhook", SECRET))
    face.delivery.pace = Pace(Limits(per_second=1_000_000, chat_interval=0.0, group_per_minute=1_000_000))
    stay()
    async with face:
        running = workplace.nursery.start(face.run(), "face")
        yield make_app(workplace, Door(111, SECRET, face.worker.wake))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await database.close()


async def _county(database: Any) -> int:
    """A county with one school and principal for each who writes, all asked for the drill, the question open."""
    from db import migrations
    from db.ids import new_id
    from db.session import table_of
    from db.tables import Account, Chat, Membership, Person, Report, Role, Round, Unit, UnitKind
    from services.people import CHANNEL
    from services.rounds import open_due_rounds
    from tests.cast import HOURS, at, make_county

    await migrations.migrate(database.engine)
    county = await make_county(database, at("2026-11-16 09:00"))
    who: dict[str, Any] = {"bureau_id": county.bureau_id}
    units = [Unit(**who, id=new_id(), kind=UnitKind.SCHOOL.value, code=f"Y{n}", name=f"第{n}小学", students=900)
             for n in range(PEOPLE)]  # fmt: skip
    people = [Person(**who, id=new_id(), name=f"校长{n}", salutation="校长") for n in range(PEOPLE)]
    pairs = list(zip(units, people, strict=True))
    roles = [Membership(**who, id=new_id(), person_id=one.id, unit_id=unit.id, role=Role.PRINCIPAL.value)
             for unit, one in pairs]  # fmt: skip
    bound = [Account(**who, channel=CHANNEL, external_id=FIRST + n, person_id=one.id, bound_at=at("2026-11-16 09:00"))
             for n, one in enumerate(people)]  # fmt: skip
    async with database.write() as session:
        for rows in (units, people, roles, bound):
            session.add_all(rows)
            await session.flush()
        await open_due_rounds(session, county.bureau_id, HOURS, at("2026-11-18 09:00"))
        found = await session.execute(select(Round).where(Round.task_id == county.tasks["drill"]))
        drill = found.scalars().one()
        assert await session.get(Report, (county.bureau_id, drill.id, units[0].id))
        focus = [{**who, "id": FIRST + n, "focus_round_id": drill.id, "focus_unit_id": unit.id,
                  "focus_at": at("2026-11-18 09:00"), "failures": 0} for n, (unit, _) in enumerate(pairs)]  # fmt: skip
        await session.execute(table_of(Chat).insert(), focus)
    return county.bureau_id


@contextlib.asynccontextmanager
async def _naive(store: str, api: str) -> AsyncIterator[web.Application]:
    """As in python-telegram-bot's own example of a webhook in somebody else's server."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlmodel.ext.asyncio.session import AsyncSession
    from telegram import Update
    from telegram.ext import Application, MessageHandler, filters

    from db.session import async_url

    patience = {"connect_args": {"timeout": 60}} if store.startswith("sqlite") else {}  # else it loses answers here
    engine = create_async_engine(async_url(store), **patience)
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        tables = [SQLModel.metadata.tables[name] for name in ("naiveprincipal", "naiveanswer")]
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, tables=tables))
    async with AsyncSession(engine) as session:
        session.add_all([NaivePrincipal(id=FIRST + n, name=f"校长{n}") for n in range(PEOPLE)])
        await session.commit()

    async def answer(update: Update, _context: Any) -> None:
        message = update.message
        assert message is not None
        async with AsyncSession(engine, expire_on_commit=False) as session:
            principal = await session.get(NaivePrincipal, message.chat_id)
            assert principal is not None
            now = datetime.now(UTC)  # noqa: TID251 - as everybody writes it
            session.add(NaiveAnswer(chat_id=message.chat_id, said=message.text or "", at=now))
            await session.commit()
        await message.reply_text(f"{principal.name},已收到。")

    application = Application.builder().token(TOKEN).base_url(f"{api}/bot").updater(None).concurrent_updates(PEOPLE)
    built = application.build()
    built.add_handler(MessageHandler(filters.TEXT, answer))

    async def take(request: web.Request) -> web.Response:
        await built.update_queue.put(Update.de_json(await request.json(), built.bot))
        return web.Response()

    served = web.Application()
    served.router.add_post("/webhook/111", take)
    async with built:
        await built.start()
        yield served
        await built.stop()
    await engine.dispose()


def _program(name: str, store: str, api: str, pipe: Any) -> None:
    profile = os.environ.get("DUBAN_PROFILE") if name == "ours" else None
    seen = cProfile.Profile() if profile else contextlib.nullcontext()
    with seen:
        asyncio.run(_serve(name, store, api, pipe))
    if profile and isinstance(seen, cProfile.Profile):
        seen.dump_stats(f"{profile}-{store.partition(':')[0]}")


async def _serve(name: str, store: str, api: str, pipe: Any) -> None:
    from web.server import HttpServer

    program = _ours if name == "ours" else _naive
    async with program(store, api) as app:
        server = HttpServer(app)
        await server.start("127.0.0.1", 0)
        pipe.send(server.url)
        while await asyncio.to_thread(pipe.recv) is not None:
            pipe.send(time.process_time())
        await server.stop()


# ---- the instant server and the people who write


class Instant:
    """Answers every call at once, and tells who waits that a message to a chat was sent."""

    def __init__(self) -> None:
        self.sent: dict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.numbers = itertools.count(1)
        self.app = web.Application()
        self.app.router.add_post("/bot{token}/{method}", self.call)

    async def call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = await request.post() if "json" not in request.content_type else await request.json()
        result: Any = True
        if method == "getMe":
            result = {"id": 111, "is_bot": True, "first_name": "督办", "username": "duban_bot"}
        elif method == "getWebhookInfo":
            result = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        elif method in ("sendMessage", "editMessageText", "editMessageReplyMarkup"):
            chat_id = int(str(given["chat_id"]))
            number = next(self.numbers)
            chat = {"id": chat_id, "type": "private"}
            result = {"message_id": number, "date": 1_800_000_000, "chat": chat, "text": "."}
            if method == "sendMessage":
                self.sent[chat_id].set()
        return web.json_response({"ok": True, "result": result})


class Running(NamedTuple):
    """A program in its process."""

    url: str
    pipe: Any

    async def busy(self) -> float:
        """Seconds of processor time it has used so far."""
        self.pipe.send("busy")
        seconds: float = await asyncio.to_thread(self.pipe.recv)
        return seconds


class Figures(NamedTuple):
    """Steps a second, the 99th percentile of a step and the processor time of a step in seconds."""

    rate: float
    p99: float
    busy: float


class Crowd:
    def __init__(self, program: Running, instant: Instant, client: ClientSession) -> None:
        self.program, self.instant, self.client = program, instant, client
        self.url = program.url
        self.numbers = itertools.count(1)

    async def play(self, steps: int) -> Figures:
        used = await self.program.busy()
        began = time.perf_counter()
        share = steps // PEOPLE
        parts = await asyncio.gather(*(self._person(FIRST + n, share) for n in range(PEOPLE)))
        seconds = [one for part in parts for one in part]
        rate = len(seconds) / (time.perf_counter() - began)
        used = await self.program.busy() - used
        return Figures(rate, statistics.quantiles(seconds, n=100)[98], used / len(seconds))

    async def _person(self, chat_id: int, share: int) -> list[float]:
        seconds = []
        for turn in range(share):
            number = next(self.numbers)
            answered = self.instant.sent[chat_id]
            answered.clear()
            began = time.perf_counter()
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
            body = _update(number, chat_id, SAID[turn % len(SAID)])
            async with self.client.post(f"{self.url}/webhook/111", data=body, headers=headers) as said:
                assert said.status == 200, said.status
            async with asyncio.timeout(180):
                await answered.wait()
            seconds.append(time.perf_counter() - began)
        return seconds


def _update(number: int, chat_id: int, text: str) -> bytes:
    who = {"id": chat_id, "is_bot": False, "first_name": "王建国"}
    chat = {"id": chat_id, "type": "private", "first_name": "王建国"}
    message = {"message_id": number, "date": 1_800_000_000, "from": who, "chat": chat, "text": text}
    return json.dumps({"update_id": number, "message": message}, ensure_ascii=False).encode()


@contextlib.asynccontextmanager
async def _running(name: str, store: str, api: str) -> AsyncIterator[Running]:
    pipe, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_program, args=(name, store, api, far))
    process.start()
    yield Running(await asyncio.to_thread(pipe.recv), pipe)
    pipe.send(None)
    await asyncio.to_thread(process.join)


async def _compare(label: str, stores: dict[str, str]) -> None:
    from web.server import HttpServer

    instant = Instant()
    api = HttpServer(instant.app)
    await api.start("127.0.0.1", 0)
    found: dict[str, list[Figures]] = {name: [] for name in stores}
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=PEOPLE)))
        crowds = {}
        for name, store in stores.items():
            program = await stack.enter_async_context(_running(name, store, api.url))
            crowds[name] = Crowd(program, instant, client)
        for turn in range(TURNS):
            for name in sorted(stores, reverse=bool(turn % 2)):
                await crowds[name].play(WARM)  # whoever comes after the other is slow at first
                await _analyse(stores[name])
                found[name].append(await crowds[name].play(STEPS))
    await api.stop()
    _show(label, found)


async def _analyse(store: str) -> None:
    """What autovacuum does once a minute: until then plans made for empty tables are kept while these grow."""
    if store.startswith("sqlite"):
        return
    import asyncpg

    connection = await asyncpg.connect(store)
    await connection.execute("ANALYZE")
    await connection.close()


def _show(label: str, found: dict[str, list[Figures]]) -> None:
    for name, figures in found.items():
        rate, p99, busy = (statistics.median(column) for column in zip(*figures, strict=True))
        print(
            f"{label} {name:>5}: {rate:,.0f} steps/s, p99 {p99 * 1000:.0f} ms, {busy * 1000:.2f} ms of processor a step"
        )
    pairs = list(zip(found["ours"], found["naive"], strict=True))
    _ratios(f"{label} rate (bar 1)", [mine.rate / theirs.rate for mine, theirs in pairs])
    _ratios(f"{label} processor time, theirs by ours", [theirs.busy / mine.busy for mine, theirs in pairs])


def _ratios(label: str, ratios: list[float]) -> None:
    print(f"{label}: ratio {statistics.median(ratios):.2f}, of {TURNS}: {', '.join(f'{r:.2f}' for r in ratios)}")


async def _run(folder: Path) -> None:
    from tests.postgres import empty_database, serve

    await _compare("SQLite", {name: f"sqlite:///{folder}/{name}.db" for name in ("naive", "ours")})
    (folder / "postgres").mkdir()
    with serve(folder / "postgres") as server:
        await _compare("PostgreSQL", {name: await empty_database(server) for name in ("naive", "ours")})


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(Path(folder)))
