"""`duban run` with 2,000 units: ready in < 2 s, < 150 MB resident. Five starts, the median of each."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from db import migrations
from db.ids import new_id
from db.session import Database, table_of
from db.tables import Account, Membership, Person, Unit
from sandbox import BotProfile, SandboxServer
from services.clock import SystemClock
from tests.cast import at, make_county

UNITS, STARTS = 2000, 5
TOKEN = "111:benchmark-token"


async def _fill(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, at("2026-11-16 09:00"))
    ids = [(new_id(), new_id(), new_id()) for _ in range(UNITS)]
    bureau = county.bureau_id
    async with database.write() as session:
        await session.execute(
            table_of(Unit).insert(),
            [
                {
                    "bureau_id": bureau,
                    "id": unit,
                    "kind": "school",
                    "code": f"B{n}",
                    "name": f"第{n}小学",
                    "township": f"{n % 20}",
                    "stages": "primary",
                    "boarding": False,
                    "students": 300,
                    "staff": 20,
                    "classes": 8,
                    "contact": "",
                    "phone": "",
                }
                for n, (unit, _, _) in enumerate(ids)
            ],
        )
        await session.execute(
            table_of(Person).insert(),
            [
                {"bureau_id": bureau, "id": person, "name": f"校长{n}", "salutation": f"校长{n}", "phone": ""}
                for n, (_, person, _) in enumerate(ids)
            ],
        )
        await session.execute(
            table_of(Membership).insert(),
            [
                {"bureau_id": bureau, "id": member, "person_id": person, "unit_id": unit, "role": "principal"}
                for unit, person, member in ids
            ],
        )
        await session.execute(table_of(Account).insert(), [
            {"bureau_id": bureau, "channel": "telegram", "external_id": 5000 + n, "person_id": person,
             "bound_at": at("2026-11-16 09:00")} for n, (_, person, _) in enumerate(ids)])  # fmt: skip
    await database.close()


def _start(environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until ready and MB resident three seconds later."""
    started = time.perf_counter()
    command = [sys.executable, "-c", "from cli.main import main; main()", "run"]
    program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert program.stdout is not None
    line = program.stdout.readline()
    assert "running" in line, line
    ready = time.perf_counter() - started
    time.sleep(3)
    resident = psutil.Process(program.pid).memory_info().rss / 1e6
    program.terminate()
    program.wait(20)
    return ready, resident


async def _run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/duban.db"
        await _fill(url)
        server = SandboxServer(SystemClock().now, bots=[BotProfile(TOKEN)])
        await server.start()
        environment = os.environ | {
            "DUBAN_TELEGRAM_TOKEN": TOKEN, "DUBAN_TELEGRAM_API_URL": server.url, "DUBAN_DATABASE_URL": url,
        }  # fmt: skip
        figures = [await asyncio.to_thread(_start, environment) for _ in range(STARTS)]
        await server.stop()
    ready, resident = (statistics.median(column) for column in zip(*figures, strict=True))
    print(f"{UNITS} units: ready in {ready:.2f} s (bar 2), {resident:.0f} MB resident (bar 150)")


def main() -> None:
    asyncio.run(_run())
