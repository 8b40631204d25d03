"""Webhook intake at 64 connections, 200 after the commit, against the same server with a raw insert. Bar: ratio ≥ 0.7.

The other side is what nobody could do without: aiohttp, the secret, json, and sqlite3's own INSERT with
`synchronous=FULL`, whatever waits sharing one commit. Both write the same table of the same file; a client process of
its own drives them in short turns. Only intake is measured: the worker stands still on both sides.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aiohttp import web

from db import migrations
from db.session import Database
from services.clock import SystemClock
from services.workplace import Workplace
from tests.cast import HOURS, at, make_county
from web.server import Door, HttpServer, make_app
from web.webhook import MAX_BODY, SECRET_HEADER

CONNECTIONS, UPDATES, TURNS, ROUNDS, BAR = 64, 1_000, 8, 3, 0.7
SECRET = "0123456789abcdef-the_secret_of_the_benchmark"
Figures = tuple[float, float, float]
"""Updates a second, 99th percentile of the answers in seconds, seconds of processor time of the server per update."""
Ask = Callable[[tuple[str, int]], Awaitable[tuple[float, float]]]


def _body(update_id: int) -> bytes:
    who = {"id": 5_000_000_000 + update_id % 2000, "first_name": "王建国"}
    chat = {**who, "type": "private"}
    message = {"message_id": update_id, "date": 1_800_000_000, "from": who, "chat": chat, "text": "参演520人,用时110秒"}
    return json.dumps({"update_id": update_id, "message": message}, ensure_ascii=False).encode()


class RawIntake:
    """A thread that owns the connection; requests that wait meanwhile share the next commit."""

    def __init__(self, path: Path, bureau_id: int) -> None:
        self.bureau_id = bureau_id
        self.thread = ThreadPoolExecutor(1)
        self.waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self.task: asyncio.Task[None] | None = None
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.connection.execute(f"PRAGMA {pragma}")

    def insert(self, rows: list[tuple[Any, ...]]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(
            "INSERT INTO inbox (bureau_id, update_id, chat_id, raw, received_at, state, attempts) "
            "VALUES (?, ?, ?, ?, ?, 'pending', 0) ON CONFLICT DO NOTHING", rows,
        )  # fmt: skip
        self.connection.execute("COMMIT")

    async def work(self) -> None:
        while self.waiting:
            batch, self.waiting = self.waiting, []
            rows = [row for row, _ in batch]
            await asyncio.get_running_loop().run_in_executor(self.thread, self.insert, rows)
            for _, kept in batch:
                kept.set_result(None)

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get(SECRET_HEADER) != SECRET:
            return web.Response(status=403)
        body = await request.read()
        update = json.loads(body)
        kept = asyncio.get_running_loop().create_future()
        chat_id = update["message"]["chat"]["id"]
        row = (self.bureau_id, update["update_id"], chat_id, body.decode(), "2026-11-18 01:00:00.000000")
        self.waiting.append((row, kept))
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.work())  # noqa: TID251
        await kept
        return web.Response()


@contextlib.asynccontextmanager
async def raw(path: Path, bureau_id: int) -> AsyncIterator[str]:
    intake = RawIntake(path, bureau_id)
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/webhook/111", intake.handle)
    server = HttpServer(app)
    await server.start("127.0.0.1", 0)
    yield server.url
    await server.stop()
    intake.thread.shutdown()
    intake.connection.close()


@contextlib.asynccontextmanager
async def ours(path: Path, bureau_id: int) -> AsyncIterator[str]:
    database = Database(f"sqlite:///{path}")
    workplace = Workplace(database, SystemClock(), bureau_id, HOURS)
    server = HttpServer(make_app(workplace, Door(111, SECRET, lambda _chats: None)))
    await server.start("127.0.0.1", 0)
    yield server.url
    await server.stop()
    await database.close()


# ---- the client, in a process of its own


async def _connection(host: str, port: int, numbers: list[int]) -> list[float]:
    """One keep-alive connection, the leanest possible, so that the server is what is measured."""
    reader, writer = await asyncio.open_connection(host, port)
    seconds = []
    for number in numbers:
        body = _body(number)
        head = (
            f"POST /webhook/111 HTTP/1.1\r\nHost: {host}\r\n{SECRET_HEADER}: {SECRET}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        seconds.append(time.perf_counter() - began)
        assert answer.startswith(b"HTTP/1.1 200"), answer
    writer.close()
    return seconds


async def _drive(url: str, first: int) -> tuple[float, float]:
    """Updates a second, and the 99th percentile of the answers in seconds."""
    host, _, port = url.removeprefix("http://").partition(":")
    numbers = range(first, first + UPDATES)
    began = time.perf_counter()
    shares = (list(numbers[start::CONNECTIONS]) for start in range(CONNECTIONS))
    parts = await asyncio.gather(*(_connection(host, int(port), share) for share in shares))
    rate = UPDATES / (time.perf_counter() - began)
    return rate, statistics.quantiles([one for part in parts for one in part], n=100)[98]


def _client(pipe: Any) -> None:
    while (order := pipe.recv()) is not None:
        pipe.send(asyncio.run(_drive(*order)))


async def _round(path: Path, urls: dict[str, str], first: int, ask: Ask) -> dict[str, Figures]:
    """Short turns, so that whatever else the machine does hits both sides alike."""
    found: dict[str, list[Figures]] = {name: [] for name in urls}
    for turn in range(TURNS):
        for place, (name, url) in enumerate(sorted(urls.items(), reverse=bool(turn % 2))):
            start = first + (turn * 2 + place) * UPDATES
            busy = time.process_time()
            rate, p99 = await ask((url, start))
            found[name].append((rate, p99, (time.process_time() - busy) / UPDATES))
            _count(path, start)
    return {name: _summed(parts) for name, parts in found.items()}


def _summed(parts: list[Figures]) -> Figures:
    rates, p99s, busy = zip(*parts, strict=True)
    return len(parts) / sum(1 / rate for rate in rates), statistics.median(p99s), statistics.median(busy)


def _count(path: Path, first: int) -> None:
    """Rows are counted, not 200s."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        within = (first, first + UPDATES - 1)
        [(count,)] = store.execute("SELECT count(*) FROM inbox WHERE update_id BETWEEN ? AND ?", within)
    assert count == UPDATES, f"{count} of {UPDATES} kept"


async def _run() -> None:
    pipe, far = multiprocessing.Pipe()
    client = multiprocessing.get_context("spawn").Process(target=_client, args=(far,))
    client.start()

    async def ask(order: tuple[str, int]) -> tuple[float, float]:
        pipe.send(order)
        figures: tuple[float, float] = await asyncio.to_thread(pipe.recv)
        return figures

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "duban.db"
        database = Database(f"sqlite:///{path}")
        await migrations.migrate(database.engine)
        bureau_id = (await make_county(database, at("2026-11-16 09:00"))).bureau_id
        await database.close()
        figures: dict[str, list[Figures]] = {"raw": [], "ours": []}
        async with raw(path, bureau_id) as bare, ours(path, bureau_id) as mine:
            for number in range(ROUNDS):
                found = await _round(path, {"raw": bare, "ours": mine}, (number + 1) * 1_000_000, ask)
                for name, figure in found.items():
                    figures[name].append(figure)
    pipe.send(None)
    client.join()
    _show(figures)


def _show(figures: dict[str, list[Figures]]) -> None:
    for name, found in figures.items():
        rate, p99, busy = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"{name:>5}: {rate:,.0f} updates/s, p99 {p99 * 1000:.0f} ms, {busy * 1e6:.0f} µs of processor an update")
    ratios = [mine[0] / bare[0] for mine, bare in zip(figures["ours"], figures["raw"], strict=True)]
    print(f"ratio {statistics.median(ratios):.2f} (bar {BAR}), of {ROUNDS}: {', '.join(f'{r:.2f}' for r in ratios)}")


def main() -> None:
    asyncio.run(_run())
