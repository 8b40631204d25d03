"""`duban preview` as a person runs it."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import col, update

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import Account, Task
from tests.cast import PRINCIPAL, ROLLOUT, add_task, at, make_county


async def _fill(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, at("2026-11-16 09:00"))
    for day in (2, 9, 16):
        await add_task(database, county, f"more{day}", f"清查{day}", ROLLOUT[1:])
    async with database.write() as session:
        for key, day in (("more2", 20), ("more9", 23), ("more16", 24)):
            schedule = {"frequency": "monthly", "day": day}
            await session.execute(update(Task).where(col(Task.key) == key).values(schedule=schedule))
        gone = update(Account).where(col(Account.external_id) == PRINCIPAL).values(unreachable="blocked")
        await session.execute(gone)
    await database.close()


@pytest.fixture
def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    asyncio.run(_fill(url))


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["preview", *words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line)


def test_all_tasks_within_eighty_columns_warnings_last(county: None) -> None:
    said = run("--at", "2026-11-16", "--days", "12")
    assert max(map(columns, said.splitlines())) <= 80
    assert said.startswith("下发预览(11月16日至11月28日),将开启5项\n")
    assert "应急疏散演练(安全股),11月18日(星期三)08:30开启" in said
    assert "问4家:清河镇1、西岭乡3" in said
    assert "4至6问(演练已开展6问,演练未开展4问)" in said
    assert "每校合计:中间10问(最少10、最多10),约4分钟(估计)\n" in said
    assert "发不到,已屏蔽1家:清河镇九年一贯制学校 王校长\n" in said
    flat = said.replace("\n   ", "")
    assert "超过5条,请考虑错开或合并任务" in flat
    assert said.splitlines()[-1].startswith(("注意:", "   "))
    assert flat.index("减负账") < flat.index("注意:")
    assert "0000-" not in said
    assert "0000-6211001" in run("--at", "2026-11-16", "--phones")


def test_one_task_and_json(county: None) -> None:
    found = json.loads(run("drill", "--at", "2026-11-24", "--json"))
    assert [one["task"] for one in found["rounds"]] == ["drill"]
    [drill] = found["rounds"]
    assert drill["past"] == ["t-3"]
    assert drill["units"][0] == "清河镇九年一贯制学校"
    assert found["weeks"][0]["first"] == "2026-11-23"
    assert "已过的提醒不补发:截止前三天" in run("drill", "--at", "2026-11-24")


def test_a_holiday_a_moved_deadline_and_a_year_without_calendar(county: None) -> None:
    said = run("more2", "--at", "2026-12-14", "--days", "60").replace("\n   ", "")
    assert "提前" in said
    assert "其间放假:1月1日元旦" in run("drill", "--at", "2026-12-14", "--days", "15")
    assert "注意:2027年的放假和调休安排还没有" in said


def test_an_unknown_task_is_one_clear_line(county: None) -> None:
    result = CliRunner().invoke(app, ["preview", "nothing"])
    assert isinstance(result.exception, Mendable)
    assert "没有“nothing”这项任务" in str(result.exception)
