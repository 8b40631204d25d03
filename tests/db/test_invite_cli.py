"""`duban invite` as a person runs it: a table, a sheet to print, and the questions before old codes are voided."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import sync_playwright
from sqlmodel import SQLModel, select

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import Account, Bureau, Invitation, Person
from services import roster
from services.clock import SystemClock
from tests.conftest import CHROMIUM

ROSTER = Path(__file__).parents[2] / "samples" / "roster.csv"
QINGHE = "清河镇九年一贯制学校"


async def _county(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    plan = roster.read_roster(ROSTER)
    now = SystemClock().now()
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, now)
        wang = (await session.exec(select(Person).where(Person.name == "王建国"))).one()
        session.add(Account(bureau_id=bureau.id, external_id=101, person_id=wang.id, bound_at=now))
    await database.close()


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)
    asyncio.run(_county(url))
    return url


def rows(url: str, model: type[SQLModel]) -> list[Any]:
    async def load() -> list[Any]:
        database = Database(url)
        async with database.read() as session:
            found = list((await session.exec(select(model))).all())
        await database.close()
        return found

    return asyncio.run(load())


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["invite", *words])


def refused(*words: str) -> str:
    result = run(*words)
    assert isinstance(result.exception, Mendable)
    return str(result.exception)


def codes(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return re.findall(r"\b\d{4} \d{4}\b", result.output)


def test_a_township_as_a_table(url: str) -> None:
    result = run("--township", "清河镇")
    assert "单位" in result.output.splitlines()[0]
    assert "清河镇中心幼儿园" in result.output
    assert "园长" in result.output
    assert "王建国" not in result.output  # bound already
    assert len(codes(result)) == 9
    live = rows(url, Invitation)
    assert len(live) == 9
    assert not any(code in f"{row!r}" or code.replace(" ", "") in f"{row!r}" for code in codes(result) for row in live)


def test_a_unit_by_code_and_by_name(url: str) -> None:
    [school] = [one for one in rows(url, Person) if one.name == "张晓燕"]
    by_name = run("--unit", QINGHE)
    assert str(school.id) in by_name.output
    assert len(codes(by_name)) == 1
    assert "股室" in run("--unit", "GS02").output


def test_what_is_asked_for_has_to_be_said(url: str) -> None:
    assert "请写明发给谁" in refused()
    assert "请写明发给谁" in refused("--all", "--unit", "GS02")
    assert "没有这样的人" in refused("--township", "没有镇")
    assert "没有这样的人" in refused("--person", "12345")
    assert not rows(url, Invitation)


def test_who_is_bound_gets_a_new_code_only_again_and_is_cut_off(url: str) -> None:
    assert "都已开通" in refused("--person", "王建国")
    [account] = rows(url, Account)
    assert account.closed_at is None
    assert len(codes(run("--person", str(account.person_id), "--again"))) == 1
    [account] = rows(url, Account)
    assert account.closed_at is not None


def test_a_whole_township_again_cuts_nobody_off(url: str) -> None:
    assert len(codes(run("--township", "清河镇", "--again"))) == 10
    assert [row.closed_at for row in rows(url, Account)] == [None]


def test_codes_that_are_out_are_not_voided_unasked(url: str) -> None:
    run("--unit", "GS02")
    assert "已有未用的邀请码" in refused("--unit", "GS02")
    assert len(rows(url, Invitation)) == 1
    assert len(codes(run("--unit", "GS02", "--yes"))) == 1
    first, second = sorted(rows(url, Invitation), key=lambda row: row.id)
    assert first.expires_at < second.expires_at


def test_a_sheet_needs_the_name_of_the_bot(url: str) -> None:
    assert "机器人的用户名" in refused("--all", "--sheet", "a.html")
    assert not rows(url, Invitation)


def sheet(url: str, *words: str) -> str:
    result = run(*words, "--sheet", "a.html", "--bot", "@duban_bot")
    assert result.exit_code == 0, result.output
    assert "写好 a.html" in result.output
    return Path("a.html").read_text(encoding="utf-8")


def test_a_sheet_has_a_card_a_person_and_nothing_from_outside(url: str) -> None:
    page = sheet(url, "--township", "清河镇")
    assert page.count('<article class="card">') == page.count("<svg") == 9
    assert page.count('<section class="page">') == 2
    assert "用不了也不要紧" in page
    assert "李干事 0000-6210001" in page
    assert re.search(r"仅供本人,<b>\d+月\d+日\(星期.\)\d\d:\d\d</b>前有效,请勿转发", page)
    assert "@duban_bot,发这8位码" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert stat.S_IMODE(os.stat("a.html").st_mode) == 0o600


def test_the_bot_is_remembered_from_the_last_run(url: str) -> None:
    from cli.compose import bureau_of

    async def connect() -> None:
        database = Database(url)
        await bureau_of(database, 111, "duban_yunxi_bot")
        await database.close()

    asyncio.run(connect())
    [bureau] = rows(url, Bureau)
    assert bureau.bot_username == "duban_yunxi_bot"
    result = run("--unit", QINGHE, "--sheet", "a.html")
    assert result.exit_code == 0, result.output
    assert "@duban_yunxi_bot" in Path("a.html").read_text(encoding="utf-8")


def test_names_are_escaped(url: str) -> None:
    async def rename() -> None:
        database = Database(url)
        async with database.write() as session:
            person = (await session.exec(select(Person).where(Person.name == "张晓燕"))).one()
            person.name = "<b>张&晓燕"
        await database.close()

    asyncio.run(rename())
    assert "&lt;b&gt;张&amp;晓燕" in sheet(url, "--unit", QINGHE)


@pytest.mark.browser
def test_every_card_fits_its_place_on_paper(url: str) -> None:
    sheet(url, "--all")
    with sync_playwright() as playwright:
        flags = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.goto(Path("a.html").resolve().as_uri())
        spilt = (
            "[...document.querySelectorAll('.card')].filter("
            "c => c.scrollHeight > c.clientHeight + 1 || c.scrollWidth > c.clientWidth + 1).length"
        )
        pages = page.locator("section.page").count()
        assert page.evaluate(spilt) == 0
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == pages
        browser.close()
