"""`duban import` as a person runs it: a rehearsal, what is wrong, and only then the real thing."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlmodel import SQLModel, select

from cli.errors import Mendable
from cli.imports import app
from db import migrations
from db.session import Database
from db.tables import Bureau, CalendarChange, Task, Unit
from domain.calendar import WorkCalendar
from services.calendars import calendar_of

ROOT = Path(__file__).parents[2]
ROSTER, CAMPAIGN = ROOT / "samples" / "roster.csv", ROOT / "samples" / "campaign.yaml"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/duban.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", url)

    async def make() -> None:
        database = Database(url)
        await migrations.migrate(database.engine)
        await database.close()

    asyncio.run(make())
    return url


def rows(url: str, model: type[SQLModel]) -> int:
    async def count() -> int:
        database = Database(url)
        async with database.read() as session:
            found = len((await session.exec(select(model))).all())
        await database.close()
        return found

    return asyncio.run(count())


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_rehearsal_writes_nothing(url: str) -> None:
    result = run("roster", ROSTER)
    assert "新增 领导小组办公室" in result.output
    assert "新增75项、变更1项" in result.output
    assert "没有写入;确认无误后加 --apply" in result.output
    assert rows(url, Unit) == 0


def test_applied_and_repeated(url: str) -> None:
    assert "已写入 76 项变动" in run("roster", ROSTER, "--apply").output
    assert rows(url, Unit) == 73
    assert run("roster", ROSTER, "--apply").stdout.splitlines() == ["没有变动"]


def test_a_faulty_file_is_refused_until_the_good_rows_are_taken(url: str, tmp_path: Path) -> None:
    faulty = tmp_path / "名册.csv"
    faulty.write_text("代码,学校名称,乡镇,学生数\nA1,柳湾小学,清河镇,许多\nA2,大坪小学,清河镇,90\n", encoding="gbk")
    result = run("roster", faulty)
    assert "第2行「学生数」:请填整数(现在是“许多”)" in result.output
    assert isinstance(result.exception, Mendable)
    assert rows(url, Unit) == 0
    assert run("roster", faulty, "--apply").exit_code == 0
    assert rows(url, Unit) == 1


def test_a_campaign(url: str) -> None:
    assert "请先导入名册" in str(run("campaign", CAMPAIGN).exception)
    run("roster", ROSTER, "--apply")
    assert "新增 学生成长“六个一”活动" in run("campaign", CAMPAIGN, "--strict").output
    assert rows(url, Task) == 0
    assert "已写入 18 项任务的变动" in run("campaign", CAMPAIGN, "--strict", "--apply").output
    assert rows(url, Task) == 18


def test_a_change_of_meaning_waits_unless_it_is_asked_again(url: str, tmp_path: Path) -> None:
    run("roster", ROSTER, "--apply")
    run("campaign", CAMPAIGN, "--apply")
    other = tmp_path / "c.yaml"
    told = CAMPAIGN.read_text(encoding="utf-8").replace("        unit: 处\n", "        unit: 个\n")
    other.write_text(told, encoding="utf-8")
    assert "改口径的问题从下一期起用" in run("campaign", other).output  # no round is open: nobody could be asked again
    assert run("campaign", other, "--reask", "--apply").exit_code == 0


def test_an_unknown_section_is_named(url: str, tmp_path: Path) -> None:
    run("roster", ROSTER, "--apply")
    other = tmp_path / "c.yaml"
    other.write_text(CAMPAIGN.read_text(encoding="utf-8").replace("lead: 安全股", "lead: 保卫股"), encoding="utf-8")
    assert "名册里没有这些股室:保卫股" in str(run("campaign", other, "--apply").exception)


def test_strict_refuses_what_nobody_uses(url: str, tmp_path: Path) -> None:
    other = tmp_path / "c.yaml"
    other.write_text(CAMPAIGN.read_text(encoding="utf-8").replace("used_by: 整改", "used_by: ''"), encoding="utf-8")
    result = run("campaign", other, "--strict")
    assert "没有写谁用这个数" in result.output
    assert isinstance(result.exception, Mendable)


def test_from_yaml_to_workbook_and_back(url: str, tmp_path: Path) -> None:
    book, again, third = tmp_path / "c.xlsx", tmp_path / "c.yaml", tmp_path / "d.yaml"
    run("campaign", CAMPAIGN, "--to", again)
    run("campaign", CAMPAIGN, "--to", book)
    assert "已写好" in run("campaign", book, "--to", third).output
    assert third.read_text(encoding="utf-8") == again.read_text(encoding="utf-8")
    assert "已经存在" in str(run("campaign", book, "--to", third).exception)


@pytest.mark.parametrize("kind", ["roster", "campaign"])
def test_templates(url: str, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "空表.xlsx"
    assert "已写好" in run(kind, path, "--template").output
    assert path.read_bytes().startswith(b"PK")
    assert "已经存在" in str(run(kind, path, "--template").exception)


def test_an_unmigrated_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert "duban migrate" in str(run("roster", ROSTER).exception)


CALENDAR = ROOT / "samples" / "calendar.yaml"


def calendar(url: str) -> WorkCalendar:
    async def look() -> WorkCalendar:
        database = Database(url)
        async with database.read() as session:
            bureau = (await session.exec(select(Bureau))).one()
        await database.close()
        return calendar_of(bureau)

    return asyncio.run(look())


def changes(url: str) -> list[CalendarChange]:
    async def look() -> list[CalendarChange]:
        database = Database(url)
        async with database.read() as session:
            found = (await session.exec(select(CalendarChange))).all()
        await database.close()
        return list(found)

    return asyncio.run(look())


def test_a_calendar(url: str) -> None:
    assert "请先导入名册" in str(run("calendar", CALENDAR).exception)
    run("roster", ROSTER, "--apply")
    rehearsal = run("calendar", CALENDAR).output
    assert "新增 放假 2月5日至2月12日春节" in rehearsal
    assert "新增 学期 2026-2027学年第一学期:2026年9月1日至2027年1月22日" in rehearsal
    assert calendar(url) == WorkCalendar()
    assert "已写入校历" in run("calendar", CALENDAR, "--apply").output
    assert calendar(url).why_off(date(2027, 2, 8)) == "春节"
    assert run("calendar", CALENDAR, "--apply").output.splitlines()[0] == "没有变动"
    [change] = changes(url)
    assert "新增 放假 2月5日至2月12日春节" in change.changes
    assert change.person_id is None


def test_a_calendar_that_leaves_a_year_out_is_warned_of(url: str, tmp_path: Path) -> None:
    run("roster", ROSTER, "--apply")
    short = tmp_path / "校历.yaml"
    short.write_text("years: []\nholidays:\n  2099-02-06: 春节\n", encoding="utf-8")
    assert "年的放假和调休还没有,暂按周末和固定节日推算" in run("calendar", short).output


def test_everything_wrong_with_a_calendar_is_one_list(url: str, tmp_path: Path) -> None:
    run("roster", ROSTER, "--apply")
    wrong = tmp_path / "校历.yaml"
    wrong.write_text("holidays:\n  2027-02-30: 春节\nworkdays: 明天\n假期: {}\n", encoding="utf-8")
    result = run("calendar", wrong, "--apply")
    for said in ("“2027-02-30”不是日期", "「workdays」:要写成列表", "「假期」:没有这一项"):
        assert said in result.output
    assert isinstance(result.exception, Mendable)
    assert calendar(url) == WorkCalendar()
    assert "打不开文件" in run("calendar", tmp_path / "没有.yaml").output
