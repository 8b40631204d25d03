"""The real `duban run` ends and begins again: what waited is on time, and a long outage moves the deadline."""

from __future__ import annotations

import asyncio
import signal

from sqlalchemy import select

from db.session import Database
from db.tables import DeadlineMove, Extension, Outage, Report
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, at
from tests.stage import TOKEN
from tests.web.test_run import Ground, ground

__all__ = ["ground"]
DAY = "2026-11-25T"


async def found(database: Database, table: type) -> list:
    async with database.read() as session:
        return list((await session.execute(select(table))).scalars())


async def up(ground: Ground, wall: str) -> asyncio.subprocess.Process:
    """The program as it begins at that time of the day on which both rounds are due at 17:00."""
    process, _ = await ground.ready(DUBAN_CLOCK=f"{DAY}{wall}+08:00", DUBAN_HTTP_PORT="0")
    async with asyncio.timeout(20):
        while ground.server.pending_updates(TOKEN):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return process


async def down(ground: Ground, process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    code, said = await ground.ended(process)
    assert code == 0, said
    assert "Traceback" not in said


async def test_down_across_the_deadline(ground: Ground) -> None:
    wang, liu, office = (ground.server.phone(TOKEN, who) for who in (PRINCIPAL, SECOND_PRINCIPAL, CLERK))
    process = await up(ground, "16:20:00")
    for phone in (wang, liu, office):
        await phone.start()
    await wang.wait_for("11月有2项", 20)
    await liu.wait_for("11月有2项", 20)
    await wang.press("2 班班通进度")  # as the prompt numbers them
    await wang.wait_for("已建班级数", 10)
    await down(ground, process)
    await wang.say("10/14,故障0台")
    process = await up(ground, "16:32:00")  # twelve minutes: nothing moves
    await wang.wait_for("【请核对", 20)
    await wang.press("提交")
    receipt = await wang.wait_for("✓ 已收到", 20)
    assert "按时(线路中断期间补收)" in receipt.text
    [report] = [row for row in await found(ground.database, Report) if row.state == "submitted"]
    assert at("2026-11-25 16:20") <= report.first_received_at < at("2026-11-25 16:21")
    assert await found(ground.database, Extension) == []
    await down(ground, process)

    process = await up(ground, "17:20:00")
    told = await liu.wait_for("截止时间顺延", 20)
    assert "11月应急疏散演练、11月班班通进度:11月26日(星期四)12:00" in told.text
    told = await wang.wait_for("截止时间顺延", 20)
    assert "班班通" not in told.text
    assert "撤销顺延" in (await office.wait_for("【线路中断】", 20)).buttons
    await down(ground, process)
    process = await up(ground, "17:25:00")  # again, and nothing is moved or said twice
    await wang.say("待办")
    await wang.wait_for("待报1项", 20)
    assert sum("截止时间顺延" in text for text in liu.texts) == 1
    assert len(await found(ground.database, DeadlineMove)) == 2
    assert len(await found(ground.database, Outage)) == 3
