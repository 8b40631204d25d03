"""Replies while 2,000 reminders drain at full limits and 150 ms latency. Bar: p99 ≤ 1.5 s.

Three people write all the while, each as soon as the last answer came and a second passed; the time runs from the
message at the stand-in to the answer on the phone.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time

from db import migrations
from db.session import Database
from db.tables import Lane
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import Fault, Phone
from services.outbox import Recipient, queue_all
from services.pace import Pace
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, at, make_county
from tests.stage import Stage, on_stage

REMINDERS, SECONDS, LATENCY, FIRST_CHAT, BAR = 2_000, 40.0, 0.15, 20_000, 1.5


async def _write(phone: Phone, until: float) -> list[float]:
    seconds = []
    while time.perf_counter() < until:
        began = time.perf_counter()
        said = await phone.say("帮助")
        await phone.wait_for(lambda bubble, said=said: not bubble.mine and bubble.id > said.id)
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(1.1)
    return seconds


async def _measure(stage: Stage, bureau_id: int) -> list[float]:
    phones = [stage.phone(user) for user in (PRINCIPAL, SECOND_PRINCIPAL, CLERK)]
    for phone in phones:
        await phone.start()
    await stage.tick()
    stage.face.delivery.pace = Pace()
    stage.server.inject(Fault("latency", "sendMessage", -1, delay=LATENCY))
    stage.server.limits.set({"on": True})
    for number in range(REMINDERS):
        stage.server.phone(stage.face.bot.token, FIRST_CHAT + number).chat.started = True
    items = [(Recipient(bureau_id, FIRST_CHAT + number), Say(phrase=Phrase.LATER)) for number in range(REMINDERS)]
    async with stage.database.write() as session:
        await queue_all(session, items, stage.clock.now(), Lane.REMINDER)
    until = time.perf_counter() + SECONDS
    parts = await asyncio.gather(*(_write(phone, until) for phone in phones))
    drained = sum(call.ok and (call.chat_id or 0) >= FIRST_CHAT for call in stage.server.calls("sendMessage"))
    assert drained < REMINDERS, "the reminders were gone before the measuring ended"
    print(f"{drained} reminders left meanwhile, {drained / SECONDS:.1f} a second")
    return [one for part in parts for one in part]


async def _run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/duban.db")
        await migrations.migrate(database.engine)
        county = await make_county(database, at("2026-11-16 09:00"))
        async with on_stage(database, county.bureau_id, at("2026-11-18 09:00")) as stage:
            seconds = await _measure(stage, county.bureau_id)
            stage.face.delivery.pace.rest(None, time.monotonic() + 1e6)
        await database.close()
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{len(seconds)} replies: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s (bar {BAR})")


def main() -> None:
    asyncio.run(_run())
