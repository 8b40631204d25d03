"""Replies that were asked about again or corrected, without telephones and names, in the corpus's form."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from domain.masking import masked
from domain.naming import UnitName
from domain.understanding.batch import answer
from services.candidates import candidates
from tests.bot.conftest import Talk
from tests.bot.drafts import fill
from tests.cast import HOURS, PRINCIPAL, County, at, make_county
from tests.stage import Stage


async def test_what_was_asked_again_or_corrected_is_listed_once_and_masked(
    stage: Stage, county: County, talk: Talk
) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_students")
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("清河镇九年一贯制学校五百来人,问王校长13873712345", "✗"),
        ("学生510人", "用时"), ("96秒", "隐患"), ("没有隐患", "【请核对"), ("对", "✓ 已收到"),
        ("更正:学生520人", "【请核对更正"), ("对", "原因"), ("数错了", "✓ 已更正"),
    )  # fmt: skip
    async with stage.database.read() as session:
        found = await candidates(session, county.bureau_id, HOURS)
    assert [(one["text"], one["notes"].split(":")[0]) for one in found] == [
        ("某校五百来人,问某某000", "re-asked"), ("学生510人", "corrected"),
    ]  # fmt: skip
    assert all((one["expected"], one["expected_intent"]) == ({}, "") for one in found)
    assert found[0]["now"] == "2026-11-18T09:00+08:00"
    asked = {entry["key"]: entry for entry in found[0]["context"]}
    assert asked["drill_students"] == {
        "key": "drill_students", "label": "参演学生人数", "type": "int", "unit": "人", "min": 0, "max": 576,
        "total": 524,
    }  # fmt: skip
    assert answer(found[1])["values"]["drill_students"] == 510  # they can be read like any line of the corpus
    assert len({one["id"] for one in found}) == 2


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("电话13873712345", "电话000"),
        ("座机0737-4222222,找刘主任", "座机000,找某主任"),
        ("李村小学86人,清河镇的520人", "某校86人,某镇的520人"),
        ("石门坎小学也参加了,共120人", "某校也参加了,共120人"),
        ("王建国说搞了", "某某说搞了"),
        ("全校小学部520人,我们小学都参加了", "全校小学部520人,我们小学都参加了"),
        ("11月18日,520人,96秒,2026年", "11月18日,520人,96秒,2026年"),
        ("老师38人", "老师38人"),
    ],
)
def test_who_and_where_is_replaced_and_figures_stay(words: str, shown: str) -> None:
    names = [UnitName("李村小学", 1)]
    assert masked(words, names, ["王建国", "王校长"], ["清河镇"]) == shown


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    return url


async def _make(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    await make_county(database, at("2026-11-18 09:00"))
    await database.close()


def test_the_command_writes_json_lines(url: str, tmp_path: Path) -> None:
    missing = CliRunner().invoke(app, ["candidates", "out.jsonl"])
    assert isinstance(missing.exception, Mendable)
    asyncio.run(_make(url))
    done = CliRunner().invoke(app, ["candidates", "out.jsonl"])
    assert done.exit_code == 0
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()] == []
