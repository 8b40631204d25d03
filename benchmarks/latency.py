"""Update received → sendMessage leaves, on an idle SQLite, over real HTTP. Bars: p50 ≤ 30 ms, p99 ≤ 150 ms.

The time runs from the moment the stand-in has the person's message to the moment our call reaches it: long poll,
intake commit, handling commit, claim commit and two HTTP hops are all inside.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time

from db import migrations
from db.session import Database
from tests.cast import PRINCIPAL, at, make_county
from tests.stage import Stage, on_stage

TURNS = 300


async def _measure(stage: Stage) -> list[float]:
    phone = stage.phone(PRINCIPAL)
    await phone.start()
    await stage.tick()
    seconds: list[float] = []
    for number in range(TURNS):
        started = time.perf_counter()
        said = await phone.say("待办" if number % 2 else "帮助")
        await phone.wait_for(lambda bubble, said=said: not bubble.mine and bubble.id > said.id)
        seconds.append(time.perf_counter() - started)
        await stage.settled()
    return seconds


async def _run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/duban.db")
        await migrations.migrate(database.engine)
        county = await make_county(database, at("2026-11-16 09:00"))
        async with on_stage(database, county.bureau_id, at("2026-11-18 09:00")) as stage:
            seconds = await _measure(stage)
        await database.close()
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{TURNS} turns: p50 {cuts[49] * 1000:.1f} ms (bar 30), p99 {cuts[98] * 1000:.1f} ms (bar 150)")


def main() -> None:
    asyncio.run(_run())
