"""sendMessage with 64 in flight at 50 ms: our HTTP client against the library's default. Bar: ratio ≥ 5.

Both drive the same python-telegram-bot `Bot` against the same server, which runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from typing import Any

from aiohttp import web
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.request import AioRequest

IN_FLIGHT, LATENCY, ROUNDS, BAR = 64, 0.05, 3, 5.0
CALLS = {"ours": 2_000, "default": 300}
_MESSAGE = {"message_id": 1, "date": 1_800_000_000, "chat": {"id": 7, "type": "private"}, "text": "x"}


async def _answer(_request: web.Request) -> web.Response:
    await asyncio.sleep(LATENCY)
    return web.json_response({"ok": True, "result": _MESSAGE})


async def _serve(pipe: Any) -> None:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()


def _server(pipe: Any) -> None:
    asyncio.run(_serve(pipe))


def _bot(name: str, url: str) -> Bot:
    requests = (
        [AioRequest(IN_FLIGHT), AioRequest(1)] if name == "ours" else [HTTPXRequest(pool_timeout=60) for _ in "12"]
    )
    return Bot("1:x", base_url=f"{url}/bot", request=requests[0], get_updates_request=requests[1])


async def _rate(name: str, url: str) -> float:
    bot, left = _bot(name, url), iter(range(CALLS[name]))

    async def one() -> None:
        for _ in left:
            await bot.send_message(7, "x", read_timeout=60)

    for request in bot._request:
        await request.initialize()
    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    rate = CALLS[name] / (time.perf_counter() - began)
    for request in bot._request:
        await request.shutdown()
    return rate


async def _run(url: str) -> None:
    rates: dict[str, list[float]] = {name: [] for name in CALLS}
    for _ in range(ROUNDS):
        for name, found in rates.items():
            found.append(await _rate(name, url))
    for name, found in rates.items():
        print(f"{name:>8}: {statistics.median(found):,.0f} messages/s")
    ratios = [mine / theirs for mine, theirs in zip(rates["ours"], rates["default"], strict=True)]
    print(f"ratio {statistics.median(ratios):.1f} (bar {BAR:g}), of {ROUNDS}: {', '.join(f'{r:.1f}' for r in ratios)}")


def main() -> None:
    pipe, far = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_server, args=(far,))
    server.start()
    asyncio.run(_run(f"http://127.0.0.1:{pipe.recv()}"))
    pipe.send(None)
    server.join()
