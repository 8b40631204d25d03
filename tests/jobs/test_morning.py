"""The one line of the morning: to the administrators, once a working day, at the opening."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import col, update

from db.session import Database
from db.tables import Account, Membership, Outbox, Person, Role, Trouble
from jobs.sweeps import tick
from services.workplace import Workplace
from tests.cast import CLERK, County, at
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
Deliver = Callable[[], Awaitable[None]]
ADMIN = 900


async def go_to(workplace: Workplace, when: str) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    await tick(workplace)


async def lines(database: Database) -> list[Outbox]:
    return [row for row in await rows(database, Outbox, Outbox.kind == "say") if row.payload["phrase"] == "morning"]


def backed_up(folder: Path, when: str) -> None:
    folder.mkdir(exist_ok=True)
    made = folder / f"duban-{when[:10]}.tar"
    made.touch()
    os.utime(made, (at(when).timestamp(),) * 2)


@pytest.fixture
async def opened(workplace: Workplace, deliver: Deliver, post: Post, tmp_path: Path) -> None:
    """Wednesday 18 November: the rounds have opened, and nobody is told how things stand before that."""
    workplace.backups = tmp_path / "backups"
    await tick(workplace)
    await deliver()
    assert not post.to(CLERK)


async def test_all_is_well(
    workplace: Workplace,
    opened: None,
    report: Report_,
    deliver: Deliver,
    post: Post,
    database: Database,
    tmp_path: Path,
) -> None:
    await report("bbt", QINGHE, "2026-11-18 10:00")
    await report("drill", QINGHE, "2026-11-18 23:59")
    await report("bbt", "西岭中学", "2026-11-19 00:01", person="刘芳")
    backed_up(tmp_path / "backups", "2026-11-19 03:00")
    await go_to(workplace, "2026-11-19 08:29")
    assert not await lines(database)
    workplace.clock.jump_to(at("2026-11-19 08:30"))  # type: ignore[attr-defined]
    await asyncio.gather(*(tick(workplace) for _ in range(3)))
    await go_to(workplace, "2026-11-19 11:00")
    await deliver()
    assert post.to(CLERK) == ["今天一切正常:昨天收到报送2件,消息都已送达;备份 03:00。"]
    [line] = await lines(database)
    assert (line.nag, line.queued_at) == (False, at("2026-11-19 08:30"))


@pytest.mark.parametrize(
    ("when", "count"),
    [
        ("2026-11-19 12:00", 0),  # whoever starts after noon has no morning any more
        ("2026-11-19 11:59:59", 1),
        ("2026-11-21 09:00", 0),  # a Saturday
    ],
)
async def test_when(workplace: Workplace, opened: None, database: Database, when: str, count: int) -> None:
    await go_to(workplace, when)
    assert len(await lines(database)) == count


async def test_after_a_weekend(
    workplace: Workplace, opened: None, report: Report_, deliver: Deliver, post: Post, tmp_path: Path
) -> None:
    await report("bbt", QINGHE, "2026-11-21 10:00")
    backed_up(tmp_path / "backups", "2026-11-23 03:00")
    await go_to(workplace, "2026-11-23 08:30")
    await deliver()
    assert post.to(CLERK)[0] == "今天一切正常:11月20日以来收到报送1件,消息都已送达;备份 03:00。"


async def test_to_the_administrators_where_there_are_any(
    workplace: Workplace, opened: None, database: Database, county: County
) -> None:
    bureau_id = county.bureau_id
    async with database.write() as session:
        session.add(Person(bureau_id=bureau_id, id=1, name="钱多"))
        await session.flush()
        session.add(Membership(bureau_id=bureau_id, id=1, person_id=1, role=Role.ADMIN.value))
        session.add(
            Account(bureau_id=bureau_id, channel="telegram", external_id=ADMIN, person_id=1, bound_at=_NOW)
        )  # fmt: skip
    await go_to(workplace, "2026-11-19 08:30")
    assert [row.chat_id for row in await lines(database)] == [ADMIN]


_NOW: datetime = at("2026-11-18 09:00")


async def test_what_is_wrong(
    workplace: Workplace, opened: None, database: Database, county: County, deliver: Deliver, post: Post, tmp_path: Path
) -> None:
    prompt, other, *_ = [row.id for row in await rows(database, Outbox, Outbox.kind == "prompt")]
    async with database.write() as session:
        for row_id, fate in ((prompt, "dead"), (other, "uncertain")):
            await session.execute(update(Outbox).where(col(Outbox.id) == row_id).values(fate=fate))
        session.add(
            Trouble(bureau_id=county.bureau_id, kind="item", key="open:1", what="“演练”的报告期没能开启",
                    state="set_aside", attempts=5, first_at=_NOW, last_at=_NOW, told_at=_NOW,
                    next_try_at=at("2026-11-30 09:00"))
        )  # fmt: skip
    await go_to(workplace, "2026-11-19 08:30")
    await deliver()
    wrong = "1件事没办成、放在一边,1条消息没送到,1条消息不知是否送到"
    assert post.to(CLERK) == [f"请留意:{wrong},还没有备份;昨天收到报送0件。请运行 duban doctor。"]
    backed_up(tmp_path / "backups", "2026-11-18 03:00")
    await go_to(workplace, "2026-11-20 08:30")
    await deliver()
    assert "最近一次备份是11月18日;昨天收到报送0件" in post.to(CLERK)[-1]


async def test_a_line_that_cannot_be_made_today_is_made_a_tick_later(
    workplace: Workplace,
    opened: None,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from services import aside

    async def broken(*_: object) -> None:
        raise RuntimeError("boom")

    with monkeypatch.context() as while_broken, caplog.at_level(logging.CRITICAL):
        while_broken.setattr(aside, "listed", broken)
        await go_to(workplace, "2026-11-19 08:30")
    assert not await lines(database)
    await go_to(workplace, "2026-11-19 08:31")
    assert len(await lines(database)) == 1


@pytest.mark.parametrize(("day", "warned"), [("2026-11-24", False), ("2026-12-22", True)])
async def test_a_year_without_a_calendar_is_warned_of(
    database: Database, workplace: Workplace, deliver: Deliver, post: Post, day: str, warned: bool
) -> None:
    """From a month before it begins."""
    await go_to(workplace, "2026-11-18 09:00")
    await go_to(workplace, f"{day} 08:30")
    await deliver()
    said = [text for text in post.to(CLERK) if "收到报送" in text]
    assert ("注意:2027年的放假和调休还没有" in said[-1]) is warned
