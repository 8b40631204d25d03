"""`duban outbox` as a person runs it, also while a bot owns the store."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import col, update

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import Account, Fate, Lane, Outbox
from domain.messages import Say, Strip
from domain.phrases import Phrase
from services.outbox import Recipient, queue, queue_all
from tests.cast import PRINCIPAL, at, make_county

NOW = at("2026-11-18 09:00")


async def _fill(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, NOW - timedelta(days=2))
    to = Recipient(county.bureau_id, PRINCIPAL)
    async with database.write() as session:
        said = await queue_all(session, [(to, Say(phrase=Phrase.LATER)) for _ in range(4)], NOW, Lane.REPLY)
        await queue(session, to, Strip(message_id=3), NOW)
        for row_id, fate in zip(said, (Fate.SENT, Fate.SENT, Fate.UNCERTAIN), strict=False):
            await session.execute(update(Outbox).where(col(Outbox.id) == row_id).values(fate=fate.value))
        gone = "Forbidden: bot was blocked by the user"
        await session.execute(update(Account).where(col(Account.external_id) == PRINCIPAL).values(unreachable=gone))
    await database.close()


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    asyncio.run(_fill(url))
    return url


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["outbox", *words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_the_counts_sum_to_what_was_queued(url: str) -> None:
    lines = [line.split("\t") for line in run().splitlines()]
    assert lines[0] == ["种类", "待发", "在发", "已发", "不明", "送不到", "已撤", "已更新", "合计"]
    assert lines[1:4] == [
        ["say", "1", "0", "2", "1", "0", "0", "0", "4"],
        ["strip", "1", "0", "0", "0", "0", "0", "0", "1"],
        ["合计", "2", "0", "2", "1", "0", "0", "0", "5"],
    ]
    assert lines[4] == ["联系不上1人,名单:duban outbox --unreachable"]


def test_as_json(url: str) -> None:
    found = json.loads(run("--json"))
    assert found["queued"] == sum(found["fates"].values()) == 5
    assert found["kinds"]["say"]["uncertain"] == 1
    [person] = found["unreachable"]
    assert (person["name"], person["phone"], person["reason"]) == ("王建国", "0000-6211001", "已停用助手")


def test_whom_nothing_reaches(url: str) -> None:
    assert run("--unreachable") == "王建国\t清河镇九年一贯制学校\t已停用助手\t0000-6211001\n"
    assert json.loads(run("--unreachable", "--json")).keys() == {"unreachable"}


def test_beside_a_bot_that_owns_the_store_and_writes(url: str) -> None:
    async def beside() -> str:
        database = Database(url)
        database.own()
        async with database.write() as session:
            await session.execute(update(Outbox).values(error="in the midst of it"))
            output = await asyncio.to_thread(run)
        await database.close()
        return output

    assert "合计\t2\t0\t2\t1\t0\t0\t0\t5" in asyncio.run(beside())


def test_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    result = CliRunner().invoke(app, ["outbox"])
    assert isinstance(result.exception, Mendable)
    assert not list(tmp_path.iterdir())
