"""A roster of 2,000 units, read from xlsx and applied to an empty SQLite, then again. Bar: 3 s each (median of 5).

Reading the workbook, the checks, pinyin for every name and the commit are all inside; loading pypinyin's dictionary is
paid once, before. The processor's seconds stand beside those of the wall, for a machine that has other work.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from db import migrations
from db.session import Database
from domain.roster import Known
from services import roster
from services.spreadsheets import write_workbook
from tests.cast import at

UNITS = 2000
TIMES = 5
BAR = 3.0

_HEAD = ["单位代码", "单位名称", "乡镇", "学生数", "教职工数", "教学班数", "校长", "电话", "联络员", "联络员电话"]
_TOWNSHIPS = [f"{name}镇" for name in ["清河", "柳湾", "大坪", "石桥", "云岭", "白沙", "青山", "双溪"]]
_NUMERALS = "一二三四五六七八九十"


def _sheet() -> bytes:
    return write_workbook({"名册": [_HEAD, *(_row(number) for number in range(UNITS))]}, {})


def _row(number: int) -> list[str]:
    township = _TOWNSHIPS[number % len(_TOWNSHIPS)]
    village = "".join(_NUMERALS[int(digit)] for digit in str(number))
    return [
        f"C{number:04d}", f"{township}第{village}村小学", township, str(60 + number % 800), str(8 + number % 50),
        str(3 + number % 24), f"王{village}", f"0000-62{number:05d}", f"张{village}", f"0000-63{number:05d}",
    ]  # fmt: skip


async def _import(database: Database, file: Path) -> tuple[float, float]:
    """Seconds by the wall and of the processor."""
    started, worked = time.perf_counter(), time.process_time()
    plan = roster.read_roster(file, Known(townships=frozenset(_TOWNSHIPS)))
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, at("2026-11-16 09:00"))
    if len(plan.units) != UNITS:
        raise RuntimeError(f"only {len(plan.units)} units were read: {plan.problems[:3]}")
    return time.perf_counter() - started, time.process_time() - worked


async def _once(folder: Path, file: Path, number: int) -> tuple[float, ...]:
    """The first import and a second one that changes nothing."""
    database = Database(f"sqlite:///{folder}/{number}.db")
    await migrations.migrate(database.engine)
    took = *await _import(database, file), *await _import(database, file)
    await database.close()
    return took


async def _run() -> None:
    roster.pinyin_key("热身")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "roster.xlsx"
        file.write_bytes(_sheet())
        took = [await _once(folder, file, number) for number in range(TIMES)]
    first, first_work, again, again_work = (statistics.median(column) for column in zip(*took, strict=True))
    print(f"{UNITS} units, median of {TIMES}: first import {first:.2f} s (bar {BAR:.0f}; processor {first_work:.2f})")
    print(f"the same again: {again:.2f} s (bar {BAR:.0f}; processor {again_work:.2f})")


def main() -> None:
    asyncio.run(_run())
