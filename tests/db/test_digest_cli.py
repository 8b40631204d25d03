"""`duban digest`: looked at as often as one likes, published once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import DigestSnapshot, Outbox
from services.rounds import open_due_rounds
from tests.cast import HOURS, at, make_county


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    return url


async def _fill(url: str, *, opened: bool = True) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, at("2026-11-16 09:00"))
    if opened:
        async with database.write() as session:
            await open_due_rounds(session, county.bureau_id, HOURS, at("2026-11-18 09:00"))
    await database.close()


async def _kept(url: str) -> tuple[Sequence[int], Sequence[str]]:
    database = Database(url)
    async with database.read() as session:
        serials = (await session.execute(select(DigestSnapshot.serial))).scalars().all()  # type: ignore[call-overload]
        kinds = (await session.execute(select(Outbox.payload).where(Outbox.kind == "digest"))).scalars().all()  # type: ignore[call-overload,arg-type]
    await database.close()
    return serials, sorted(one["audience"] for one in kinds)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["digest", *words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_a_look_uses_up_no_number_and_publishing_one(url: str) -> None:
    asyncio.run(_fill(url))
    said = run("--at", "2026-11-25T18:00")
    assert said.startswith("【未发布】【发展提升年11月情况】截至11月25日(星期三)18:00\n")
    assert "未报4" in said
    assert "期\n" not in said
    assert asyncio.run(_kept(url)) == ([], [])
    assert "待报" in run("--campaign", "fazhan", "--at", "2026-11-20")
    published = run("--publish")
    assert "未发布" not in published
    assert ",第1期\n" in published
    assert asyncio.run(_kept(url)) == ([1], ["director", "office", "section"])
    assert "第2期" in run("--publish")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--campaign", "nothing"], "没有“nothing”这个活动"),
        ([], "还没有开启过报告期"),
        (["--publish"], "没有可发布的汇总"),
        (["--publish", "--at", "2026-11-20"], "leave --at out"),
    ],
)
def test_what_is_wrong_is_one_clear_line(url: str, words: list[str], says: str) -> None:
    asyncio.run(_fill(url, opened=False))
    result = CliRunner().invoke(app, ["digest", *words])
    assert isinstance(result.exception, Mendable)
    assert says in str(result.exception)
