"""`duban settings`: one table of defaults, and what the bureau has said otherwise."""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import time, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.defaults import settings
from cli.settings import Settings
from db.session import Database
from db.tables import Bureau, Task
from domain import defaults, ladder
from domain.calendar import OfficeHours
from domain.calendar_file import read, to_data
from domain.rounds import Frequency, Month, Schedule, Shift, Vacation, digest_times, plan
from services.schedule import schedule_to_json
from tests.cast import HOURS, ZONE, County, at, make_county


def printed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{folder}/duban.db")
    result = CliRunner().invoke(settings)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line)


@pytest.fixture
def county(tmp_path: Path, migrated: Path) -> County:
    (tmp_path / "duban.db").write_bytes(migrated.read_bytes())

    async def make() -> County:
        database = Database(f"sqlite:///{tmp_path}/duban.db")
        made = await make_county(database, at("2026-11-16 09:00"))
        await database.close()
        return made

    return asyncio.run(make())


def change(folder: Path, county: County, **more: object) -> None:
    async def write() -> None:
        database = Database(f"sqlite:///{folder}/duban.db")
        async with database.write() as session:
            bureau = await session.get_one(Bureau, county.bureau_id)
            task = await session.get_one(Task, (county.bureau_id, county.tasks["bbt"]))
            for name, value in more.items():
                setattr(task if name in ("schedule", "ladder", "asks") else bureau, name, value)
        await database.close()

    asyncio.run(write())


def test_the_table_is_printed_without_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, tmp_path)
    text = "\n".join(lines)
    for said in (
        "截止            每月25日17:00", "宽限            截止后第1个工作日12:00", "不对外说",
        "关闭            截止后第5个工作日17:00", "不落在假期里", "退回补正        1个工作日",
        "截止时刻的范围  08:30至17:30", "未报名单        截止后5分钟", "每周第1个工作日08:30、截止日18:00",
        "邀请码          14天有效", "读不懂时再问    2次", "每人每个工作日2条", "保留365天",
        "没有,都按默认值", "先运行 duban migrate",
    ):  # fmt: skip
        assert said in text, said
    assert max(map(columns, lines)) <= 80


def test_what_the_bureau_has_changed(tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Schedule(Frequency.MONTHLY, day=20, at=time(12), shift=Shift.LATER, lock_after=3, vacation=Vacation.MERGE)
    calendar = read({"terms": [{"name": "秋季", "from": "2026-09-01", "to": "2027-01-22"}], "years": [2027]}).calendar
    monkeypatch.setenv("DUBAN_RETENTION_DAYS", "90")
    change(tmp_path, county, schedule=schedule_to_json(own), ladder={"t-3": False}, asks="section",
           timezone="Asia/Urumqi", calendar=to_data(calendar))  # fmt: skip
    lines = printed(monkeypatch, tmp_path)
    text = "".join(line.strip() for line in lines)
    assert "班班通进度 20日、12:00截止、遇放假顺延、截止后3个工作日关闭、寒暑假并入下期、催报级有自己的、问股室" in text
    assert "时区 Asia/Urumqi" in text
    assert "保留90天(DUBAN_RETENTION_DAYS)" in text
    assert "学期 秋季:2026年9月1日至2027年1月22日" in text
    assert "应急疏散演练" not in text  # it is as it is by default
    assert max(map(columns, lines)) <= 80


def test_a_year_that_is_not_covered_is_said(tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    assert any("年的放假和调休还没有" in line for line in printed(monkeypatch, tmp_path))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(Frequency.WEEKLY, weekday=5, opens_before=2), "每周、星期五、截止前2个工作日下发"),
        (Schedule(Frequency.TEACHING_WEEK, weeks=(6,)), "教学周、星期五、第6教学周"),
        (Schedule(Frequency.EVENT, event="开学", offset=-3), "按事件、开学前3个工作日"),
        (Schedule(Frequency.MONTHLY, day=31), "最后一天"),
        (Schedule(Frequency.MONTHLY, day=31, last_working=True), "最后一个工作日"),
    ],
)
def test_other_frequencies(
    tmp_path: Path, county: County, monkeypatch: pytest.MonkeyPatch, schedule: Schedule, said: str
) -> None:
    change(tmp_path, county, schedule=schedule_to_json(schedule))
    assert f"  班班通进度 {said}" in printed(monkeypatch, tmp_path)


# ---- one place: a change of the constant changes what happens and what is printed


def november() -> str:
    found = plan(Schedule(Frequency.MONTHLY), Month(2026, 11), HOURS)
    instants = (found.open_at, found.due_at, found.grace_until, found.lock_at)
    return " ".join(f"{HOURS.local(one):%m-%d %H:%M}" for one in instants)


@pytest.mark.parametrize(
    ("name", "value", "happens", "says"),
    [
        ("DUE_DAY", 20, "11-13 08:30 11-20 17:00 11-23 12:00 11-27 17:00", "每月20日17:00"),
        ("DUE_AT", time(16), "11-18 08:30 11-25 16:00 11-26 12:00 12-02 17:00", "每月25日16:00"),
        ("OPENS_BEFORE", 3, "11-20 08:30 11-25 17:00 11-26 12:00 12-02 17:00", "截止前3个工作日"),
        ("GRACE_ENDS", time(10), "11-18 08:30 11-25 17:00 11-26 10:00 12-02 17:00", "截止后第1个工作日10:00"),
        ("LOCK_AFTER", 2, "11-18 08:30 11-25 17:00 11-26 12:00 11-27 17:00", "截止后第2个工作日17:00"),
        ("LOCKS_AT", time(15), "11-18 08:30 11-25 17:00 11-26 12:00 12-02 15:00", "截止后第5个工作日15:00"),
    ],
)
def test_the_instants_of_a_round(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, happens: str, says: str
) -> None:
    monkeypatch.setattr(defaults, name, value)
    assert november() == happens
    assert any(says in one.value for one in defaults.table())


def test_office_hours_and_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "OFFICE_OPENS", time(9))
    monkeypatch.setattr(defaults, "DIRECTOR_MONDAY", time(9, 15))
    monkeypatch.setattr(defaults, "DUE_DAY_DIGEST", time(19))
    assert OfficeHours(ZONE).opens == time(9)
    said = " ".join(one.value for one in defaults.table())
    assert "09:00至17:30" in said
    assert "每周第1个工作日09:15、截止日19:00" in said
    monday = at("2026-11-23 20:00")
    assert digest_times([monday], monday, HOURS) == [at("2026-11-23 09:15"), at("2026-11-23 19:00")]


def test_the_rest_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaviour of these is tested where they are used; here, that what is used is what is printed."""
    assert {rung.after for rung in ladder.LADDER if rung.after} == {defaults.LIST_AFTER}
    assert Settings().retention_days == defaults.RETENTION_DAYS
    for name, value, says in (
        ("CODE_VALID", timedelta(days=7), "7天有效"), ("REASKS", 3, "3次"), ("MOST_A_DAY", 1, "每人每个工作日1条"),
        ("RETENTION_DAYS", 30, "保留30天"), ("LIST_AFTER", timedelta(minutes=9), "截止后9分钟"),
        ("RETURN_DAYS", 2, "2个工作日"), ("FOCUS_LASTS", timedelta(hours=2), "记2小时"),
    ):  # fmt: skip
        monkeypatch.setattr(defaults, name, value)
        assert any(says == one.value for one in defaults.table()), name
