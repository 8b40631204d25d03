"""`duban doctor` line by line against the stand-in, and `duban retry`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import namedtuple
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlmodel import col, update

from cli import doctor
from cli.doctor import Finding, Level, examine
from cli.errors import Mendable
from cli.main import app
from cli.settings import Settings
from db.session import Database
from db.tables import Account, Evidence, Inbox, Outbox, Report, Trouble
from domain.calendar import WorkCalendar
from domain.messages import Say
from domain.phrases import Phrase
from jobs.sweeps import tick
from sandbox import BotProfile, SandboxServer
from services.clock import SystemClock, VirtualClock
from services.outbox import Recipient, queue
from services.workplace import Workplace
from tests.cast import HOURS, PRINCIPAL, County, at, make_county
from tests.proxies import proxy

TOKEN = "111:sandbox-token-of-the-tests"
NOW = at("2026-11-18 09:00")


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxServer]:
    server = SandboxServer(SystemClock().now, bots=[BotProfile(TOKEN)])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DUBAN_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
async def county(sqlite: Database) -> County:
    return await make_county(sqlite, NOW - timedelta(days=2))


def settings_of(sandbox: SandboxServer | None, folder: Path, **more: Any) -> Settings:
    url = sandbox.url if sandbox else "http://127.0.0.1:9"
    return Settings(**({"telegram_token": TOKEN, "telegram_api_url": url, "data_dir": folder} | more))


async def looked_at(sandbox: SandboxServer | None, folder: Path, **more: Any) -> dict[str, Finding]:
    url = f"sqlite:///{folder}/duban.db"
    found = await examine(settings_of(sandbox, folder, **({"database_url": url} | more)))
    assert not [one for one in found if "检查时出错" in one.detail]
    return {one.what: one for one in found}


async def test_all_is_well(sandbox: SandboxServer, folder: Path, county: County, monkeypatch: Any) -> None:
    monkeypatch.setattr(WorkCalendar, "uncovered", lambda *_: False)
    monkeypatch.setattr(doctor, "_has_font", lambda: True)
    (folder / "backups").mkdir()
    (folder / "backups" / "duban-20261124.tar").touch()
    found = await looked_at(sandbox, folder, ping_url=f"{sandbox.url}/ping")
    assert {one.level for one in found.values()} == {Level.GOOD}, found
    assert found["数据库"].lines == ["✓ 数据库:云溪县教育局,表结构最新"]
    assert found["令牌"].detail.startswith("@")
    assert list(found) == [
        "设置", "数据库", "代理", "连接Telegram", "令牌", "本机时钟", "磁盘", "中文字体", "工作日历", "备份",
        "停机告警", "没办成的", "联系不上的人",
    ]  # fmt: skip


async def test_without_anything(folder: Path) -> None:
    found = await looked_at(None, folder, telegram_token=None, database_url=f"sqlite:///{folder}/none.db")
    assert found["数据库"].lines == ["✗ 数据库:还没有数据库,请运行 duban migrate"]
    assert found["令牌"].detail.startswith("没有令牌,请向 @BotFather 要")
    assert found["没办成的"].lines == ["! 没办成的:没能查,请先解决上面的数据库问题"]
    assert not (folder / "none.db").exists()


async def test_a_wrong_token(sandbox: SandboxServer, folder: Path, county: County) -> None:
    found = await looked_at(sandbox, folder, telegram_token="222:" + "x" * 35)
    assert (found["令牌"].level, found["连接Telegram"].level) == (Level.BAD, Level.GOOD)
    assert "令牌不对" in found["令牌"].detail


async def test_telegram_cannot_be_reached(folder: Path, county: County) -> None:
    found = await looked_at(None, folder)
    bad = {one.what for one in found.values() if one.level is Level.BAD}
    assert bad == {"连接Telegram", "令牌"}
    assert "DUBAN_TELEGRAM_PROXY" in found["连接Telegram"].detail
    assert found["本机时钟"].level is Level.WARN


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_through_a_proxy_with_a_password(sandbox: SandboxServer, folder: Path, county: County, kind: str) -> None:
    async with proxy(kind, ("duban", "geheim")) as between:
        found = await looked_at(sandbox, folder, telegram_proxy=between.url("duban:geheim"))
        wrong = await looked_at(sandbox, folder, telegram_proxy=between.url("duban:wrong"))
    assert found["代理"].lines == [f"✓ 代理:{kind}://127.0.0.1:{between.port}(有密码) 开着"]
    assert (found["连接Telegram"].level, found["令牌"].level) == (Level.GOOD, Level.GOOD)
    assert (wrong["连接Telegram"].level, wrong["令牌"].level) == (Level.BAD, Level.BAD)
    assert "geheim" not in str(found)
    gone = await looked_at(sandbox, folder, telegram_proxy=between.url("duban:geheim"))
    assert gone["代理"].level is Level.BAD
    assert "请打开代理软件" in gone["代理"].detail


@pytest.mark.parametrize(
    ("by", "level", "said"),
    [
        (timedelta(seconds=25), Level.GOOD, "准"),
        (timedelta(seconds=45), Level.WARN, "快了约4"),
        (timedelta(minutes=-90), Level.WARN, "慢了约90分钟"),
    ],
)
async def test_our_own_clock(
    sandbox: SandboxServer, folder: Path, county: County, monkeypatch: Any, by: timedelta, level: Level, said: str
) -> None:
    real = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: real(self) + by)
    found = (await looked_at(sandbox, folder))["本机时钟"]
    assert found.level is level
    assert said in found.detail


_Usage = namedtuple("_Usage", "total used free")


@pytest.mark.parametrize(("free", "level"), [(1 << 20, Level.BAD), (3 << 30, Level.WARN), (9 << 30, Level.GOOD)])
async def test_the_disk(folder: Path, county: County, monkeypatch: Any, free: int, level: Level) -> None:
    other = folder / "elsewhere" / "backups"
    usage = {folder: 9 << 30, other.parent.parent: free}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: _Usage(1 << 40, 0, usage[Path(path)]))
    assert (await looked_at(None, folder, backup_to=other))["磁盘"].level is level


async def test_a_year_nobody_knows_the_holidays_of(folder: Path, county: County, monkeypatch: Any) -> None:
    year = datetime.now(HOURS.zone).year  # noqa: TID251
    monkeypatch.setattr(WorkCalendar, "uncovered", lambda _self, one: one > year)
    found = (await looked_at(None, folder))["工作日历"]
    assert found.level is Level.WARN
    assert f"{year + 1}年的放假调休还没收录" in found.detail


async def test_backups_fonts_and_pings(folder: Path, county: County, monkeypatch: Any) -> None:
    monkeypatch.setattr(doctor, "FONT_FOLDERS", (str(folder / "fonts"),))
    found = await looked_at(None, folder)
    assert [found[what].level for what in ("备份", "停机告警", "中文字体")] == [Level.WARN] * 3
    (folder / "fonts").mkdir()
    (folder / "fonts" / "NotoSansCJK-Regular.ttc").touch()
    (folder / "backups").mkdir()
    old = folder / "backups" / "duban-20261101.tar"
    old.touch()
    os.utime(old, (0, SystemClock().now().timestamp() - 3 * 86400))
    found = await looked_at(None, folder, ping_url="http://127.0.0.1:9/x")
    assert "太久了" in found["备份"].detail
    assert "127.0.0.1 连不上" in found["停机告警"].detail
    assert found["中文字体"].level is Level.GOOD


async def test_who_cannot_be_reached(folder: Path, county: County, sqlite: Database) -> None:
    async with sqlite.write() as session:
        await session.execute(update(Account).where(col(Account.external_id) == PRINCIPAL).values(unreachable="gone"))
    found = (await looked_at(None, folder))["联系不上的人"]
    assert found.lines == ["! 联系不上的人:1人,请打电话;名单:duban outbox --unreachable"]


async def ailing(database: Database, county: County) -> int:
    """One thing of each kind that was set aside; returns the message's id."""
    await tick(Workplace(database, VirtualClock(NOW, speed=0), county.bureau_id, HOURS))
    async with database.write() as session:
        [report, *_] = (await session.execute(Report.__table__.select())).all()  # type: ignore[attr-defined]
        broken = await queue(session, Recipient(county.bureau_id, PRINCIPAL), Say(phrase=Phrase.LATER), NOW)
        await session.execute(update(Outbox).where(col(Outbox.id) == broken).values(fate="dead", error="KeyError"))
        aside = {"state": "set_aside", "attempts": 5, "error": "KeyError x.py:1 f"}
        times = {"first_at": NOW, "last_at": NOW, "next_try_at": NOW}
        ours = county.bureau_id
        session.add_all([
            Inbox(bureau_id=ours, update_id=7, chat_id=1, raw={"text": "秘密"}, received_at=NOW, **aside),
            Trouble(bureau_id=ours, kind="message", key=str(broken), what="一条消息没能写成", **aside, **times),
            Trouble(bureau_id=ours, kind="item", key="open:1", what="“演练”的报告期没能开启", **aside, **times),
            Evidence(bureau_id=ours, id=9, round_id=report.round_id, unit_id=report.unit_id, key="k", file_id="f",
                     unique_id="u", received_at=NOW, state="failed", attempts=10, error="KeyError"),
            Evidence(bureau_id=ours, id=10, round_id=report.round_id, unit_id=report.unit_id, key="k", file_id="g",
                     unique_id="v", received_at=NOW, state="failed", attempts=1, error="too big"),
        ])  # fmt: skip
    return broken


async def test_what_was_set_aside_is_listed(folder: Path, county: County, sqlite: Database) -> None:
    broken = await ailing(sqlite, county)
    found = (await looked_at(None, folder))["没办成的"]
    assert found.level is Level.BAD
    assert found.detail.startswith("4件几次都没办成")
    listed = "\n".join(found.more)
    for line in (
        "update 7 ",
        f"message {broken} ",
        "item open:1 “演练”的报告期没能开启(5次,KeyError x.py:1 f",
        "evidence 9 ",
    ):
        assert line in listed
    assert "秘密" not in listed


async def states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        [update_] = (await session.execute(Inbox.__table__.select())).all()  # type: ignore[attr-defined]
        files = (await session.execute(Evidence.__table__.select().order_by(Evidence.id))).all()  # type: ignore[attr-defined]
        said = (await session.execute(Outbox.__table__.select().where(Outbox.kind == "say"))).all()  # type: ignore[attr-defined]
        kept = (await session.execute(Trouble.__table__.select())).all()  # type: ignore[attr-defined]
    return {
        "update": f"{update_.state} {update_.attempts}",
        "message": said[0].fate,
        "item": " ".join(f"{row.kind} {row.state} {row.attempts}" for row in kept),
        "evidence": " ".join(row.state for row in files),
    }


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["retry", *words])


async def test_all_of_it_is_tried_again(
    folder: Path, county: County, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{folder}/duban.db")
    await ailing(sqlite, county)
    result = await asyncio.to_thread(run)
    assert (result.exit_code, result.output) == (0, "已排上4件,机器人启动后即办。\n")
    assert await states(sqlite) == {
        "update": "pending 0", "message": "pending", "item": "item trying 0", "evidence": "pending failed",
    }  # fmt: skip
    again = await asyncio.to_thread(run, "update")
    assert again.output == "没有放在一边的事。\n"


async def test_one_of_it_is_tried_again(
    folder: Path, county: County, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{folder}/duban.db")
    await ailing(sqlite, county)
    assert (await asyncio.to_thread(run, "update", "7")).exit_code == 0
    assert (await states(sqlite))["update"] == "pending 0"
    assert (await states(sqlite))["message"] == "dead"
    for words, said in (
        (("evidence", "10"), "no evidence 10 is set aside"),
        (("message", "x"), "no message x is set aside"),
        (("update", "x"), "'x' is no number"),
    ):
        refused = await asyncio.to_thread(run, *words)
        assert isinstance(refused.exception, Mendable)
        assert said in str(refused.exception)
    assert (await asyncio.to_thread(run, "nothing")).exit_code == 2
    assert (await asyncio.to_thread(run, "--help")).exit_code == 0


async def test_not_beside_a_bot_that_owns_the_store(
    folder: Path, county: County, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{folder}/duban.db")
    sqlite.own()
    refused = await asyncio.to_thread(run)
    assert isinstance(refused.exception, Mendable)
    assert "in use" in str(refused.exception)


def test_the_command_fails_only_for_what_is_bad(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(level: Level) -> int:
        async def examined(_settings: Settings) -> list[Finding]:
            return [Finding(Level.GOOD, "数据库", "好"), Finding(level, "磁盘", "少", ("一行",))]

        monkeypatch.setattr(doctor, "examine", examined)
        result = CliRunner().invoke(app, ["doctor"])
        assert result.output == f"✓ 数据库:好\n{level.value} 磁盘:少\n    一行\n"
        return result.exit_code

    assert [said(level) for level in Level] == [0, 0, 1]


def test_a_setting_that_is_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_HTTP_PORT", "many")
    result = CliRunner().invoke(app, ["doctor"])
    said = "✗ 设置:DUBAN_HTTP_PORT没填或不对,请对照 .env.example 里的说明改 .env\n"
    assert (result.exit_code, result.output) == (1, said)
