"""`duban doctor`: what is well and what needs a person, line by line, in Chinese, each with what to do next."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from bot.request import AioRequest
from cli import reaching
from cli.compose import open_store
from cli.errors import Mendable
from cli.settings import Settings
from db import migrations
from db.session import Database
from db.tables import Bureau
from domain.calendar import WorkCalendar
from services.aside import Aside, listed
from services.calendars import calendar_of
from services.directory import unreachable
from services.people import the_bureau
from services.upkeep import newest_backup

LEAST_FREE, LITTLE_FREE = 1 << 30, 5 << 30  # bytes
BACKUP_LATE = timedelta(hours=36)
SKEW = timedelta(seconds=30)
SHOWN = 10
FONTS = ("wqy", "sourcehan", "simsun", "simhei", "msyh", "droidsansfallback", "pingfang", "stheiti", "notosanssc",
         "notoserifsc", "notosanscjk", "notoserifcjk", "uming", "ukai")  # fmt: skip
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
)


class Level(Enum):
    GOOD = "✓"
    WARN = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """`more` are lines below it."""

    level: Level
    what: str
    detail: str
    more: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        return [f"{self.level.value} {self.what}:{self.detail}", *(f"    {line}" for line in self.more)]


Checked = tuple[Level, str] | tuple[Level, str, tuple[str, ...]]
Check = Callable[[], Awaitable[Checked]]


async def examine(settings: Settings) -> list[Finding]:
    """Every check, none stopped by another's failure."""
    line = reaching.Telegram(settings)
    checks: list[tuple[str, Check]] = [
        ("设置", lambda: _settings(settings)),
        ("数据库", lambda: _store(settings)),
        ("代理", lambda: _proxy(line)),
        ("连接Telegram", lambda: _telegram(line)),
        ("令牌", lambda: _token(line)),
        ("本机时钟", lambda: _clock(line)),
        ("磁盘", lambda: _disk(settings)),
        ("中文字体", _font),
        ("工作日历", lambda: _calendar(settings)),
        ("备份", lambda: _backup(settings)),
        ("停机告警", lambda: _ping(settings)),
        ("没办成的", lambda: _aside(settings)),
        ("联系不上的人", lambda: _unreachable(settings)),
    ]
    return [await _guarded(what, check) for what, check in checks]


async def _guarded(what: str, check: Check) -> Finding:
    try:
        level, detail, *more = await check()
    except NoStore:
        return Finding(Level.WARN, what, "没能查,请先解决上面的数据库问题")
    except Exception as problem:  # its words may hold a password
        return Finding(Level.BAD, what, f"检查时出错({type(problem).__name__}),请看上面几行,先改好再查一次")
    return Finding(level, what, detail, *more)


def wrong_setting(problem: Mendable) -> Finding:
    named = re.search(r"DUBAN_[A-Z_]+", str(problem))
    what = f"{named[0] if named else '有一项'}没填或不对"
    return Finding(Level.BAD, "设置", f"{what},请对照 .env.example 里的说明改 .env")


async def _settings(settings: Settings) -> Checked:
    try:
        _ = settings.webhook, settings.make_clock()
        AioRequest(1, settings.telegram_proxy)
    except Mendable as problem:
        return Level.BAD, wrong_setting(problem).detail
    except ValueError:
        return Level.BAD, wrong_setting(Mendable("DUBAN_TELEGRAM_PROXY")).detail
    if _is_open(Path(".env")):
        return Level.WARN, ".env 里有令牌,本机其他人也能读,请运行 chmod 600 .env"
    if settings.clock is not None:
        return Level.WARN, "用的是试验时钟(DUBAN_CLOCK),正式使用请去掉"
    return Level.GOOD, "都能用" + (",消息由 webhook 送来" if settings.webhook_url else "")


def _is_open(path: Path) -> bool:
    """May others on this machine read it?"""
    return path.exists() and bool(path.stat().st_mode & 0o077)


class NoStore(Exception):
    """What is missing, in Chinese."""


async def _store(settings: Settings) -> Checked:
    database = open_store(settings)
    try:
        bureau = await _bureau(database)
    except NoStore as problem:
        return Level.BAD, str(problem)
    finally:
        await database.close()
    return Level.GOOD, f"{bureau.name},表结构最新"


async def _bureau(database: Database) -> Bureau:
    """Raises NoStore."""
    if database.path is not None and not database.path.exists():
        raise NoStore("还没有数据库,请运行 duban migrate")
    if not await migrations.is_current(database.engine):
        raise NoStore("表结构不是最新,请先停下机器人,再运行 duban migrate")
    async with database.read() as session:
        bureau = await the_bureau(session)
    if bureau is None:
        raise NoStore("还没有教育局的名册,请运行 duban import roster 文件")
    return bureau


async def _proxy(line: reaching.Telegram) -> Checked:
    if line.proxy is None:
        return Level.GOOD, "没有用代理"
    if not await line.proxy_answers():
        return Level.BAD, f"{line.shown_proxy} 连不上,请打开代理软件,或核对 DUBAN_TELEGRAM_PROXY"
    return Level.GOOD, f"{line.shown_proxy} 开着"


async def _telegram(line: reaching.Telegram) -> Checked:
    seconds = await line.answers_in()
    if seconds is None:
        return Level.BAD, f"连不上 {line.shown_url},请检查网络和 DUBAN_TELEGRAM_PROXY(代理的用户名、密码也请核对)"
    return Level.GOOD, f"{line.shown_url} 通,{seconds:.1f}秒"


async def _token(line: reaching.Telegram) -> Checked:
    if line.token is None:
        return Level.BAD, "没有令牌,请向 @BotFather 要,填到 .env 的 DUBAN_TELEGRAM_TOKEN"
    match await line.owner():
        case reaching.REFUSED:
            return Level.BAD, "令牌不对或已作废,请核对 DUBAN_TELEGRAM_TOKEN,或向 @BotFather 换新的"
        case None:
            return Level.BAD, "没能核对,请先解决上面的连接问题"
        case name:
            return Level.GOOD, f"@{name} 可用"


async def _clock(line: reaching.Telegram) -> Checked:
    ahead = await line.ahead()
    if ahead is None:
        return Level.WARN, "没能核对(连不上 Telegram),请先解决连接问题"
    if abs(ahead) > SKEW:
        way, seconds = "快" if ahead > timedelta() else "慢", abs(ahead).total_seconds()
        about = f"{seconds:.0f}秒" if seconds < 120 else f"{seconds / 60:.0f}分钟"
        return Level.WARN, f"本机时钟{way}了约{about},按时、迟报会判错;请打开自动对时(如 timedatectl set-ntp true)"
    return Level.GOOD, "准(与 Telegram 相差不到30秒)"


async def _disk(settings: Settings) -> Checked:
    folders = {"数据": settings.data_dir} | ({"备份": settings.backup_to} if settings.backup_to else {})
    free = {name: shutil.disk_usage(_existing(folder)).free for name, folder in folders.items()}
    said = ",".join(f"{name}文件夹剩 {space / 2**30:.1f} GiB" for name, space in free.items())
    if min(free.values()) < LEAST_FREE:
        return Level.BAD, f"{said};快满了,请马上清理或换大的磁盘,满了就收不下报送"
    if min(free.values()) < LITTLE_FREE:
        return Level.WARN, f"{said};不多了,请抽空清理"
    return Level.GOOD, said


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


async def _font() -> Checked:
    if await asyncio.to_thread(_has_font):
        return Level.GOOD, "有"
    return Level.WARN, "没有,图表里的汉字会成方框;请安装,如 apt install fonts-noto-cjk"


def _has_font() -> bool:
    """By the names of the files where fonts lie."""
    folders = (os.walk(Path(folder).expanduser()) for folder in FONT_FOLDERS)
    return any(name.lower().startswith(FONTS) for folder in folders for _, _, files in folder for name in files)


async def _calendar(settings: Settings) -> Checked:
    year, calendar = _today(settings).year, await _own_calendar(settings)
    missing = [one for one in (year, year + 1) if calendar.uncovered(one)]
    if not missing:
        return Level.GOOD, f"已收录到{year + 1}年"
    said = f"{'、'.join(map(str, missing))}年的放假调休还没收录,暂按周末和固定节日推算"
    how = "更新程序(make install),或写进校历(duban import calendar)"
    return Level.WARN, f"{said};国务院一般11月公布,公布后请{how},元旦前再查一次"


async def _own_calendar(settings: Settings) -> WorkCalendar:
    """The bureau's, where there is a store that can be read; else what is published."""
    database = open_store(settings)
    try:
        return calendar_of(await _bureau(database))
    except (NoStore, SQLAlchemyError, OSError):
        return WorkCalendar()  # the store has a line of its own
    finally:
        await database.close()


def _today(settings: Settings) -> date:
    return settings.make_clock().now().astimezone(ZoneInfo(settings.timezone)).date()


async def _backup(settings: Settings) -> Checked:
    folder = settings.data_dir / "backups"
    made = await asyncio.to_thread(newest_backup, folder)
    if made is None:
        return Level.WARN, f"{folder} 里还没有备份,请先备份一次"
    shown = _moment(settings, made)
    if settings.make_clock().now() - made > BACKUP_LATE:
        return Level.WARN, f"最近一次是{shown},太久了;请看看机器人是否在运行、磁盘是否已满"
    return Level.GOOD, f"最近一次是{shown}"


def _moment(settings: Settings, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(settings.timezone))
    return f"{local.month}月{local.day}日{local:%H:%M}"


async def _ping(settings: Settings) -> Checked:
    """Only whether somebody is there: a call would say that the bot is well, which it may not be."""
    if not settings.ping_url:
        return Level.WARN, "没有设(DUBAN_PING_URL),机器人停了没人知道;请设一个外部监控的地址"
    parts = urlsplit(settings.ping_url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    if parts.hostname and await reaching.somebody_at(parts.hostname, port):
        return Level.GOOD, f"{parts.hostname} 通"
    return Level.WARN, f"{parts.hostname or '地址'} 连不上,请核对 DUBAN_PING_URL 和网络"


async def _aside(settings: Settings) -> Checked:
    database = open_store(settings)
    try:
        bureau = await _bureau(database)
        async with database.read() as session:
            found = await listed(session, bureau.id)
    finally:
        await database.close()
    given_up = sum(one.given_up for one in found)
    more = [_line(settings, one) for one in sorted(found, key=lambda one: not one.given_up)[:SHOWN]]
    more += [f"……共{len(found)}件"] if len(found) > SHOWN else []
    if given_up:
        how = "请按下面的原因改好,停下机器人,运行 duban retry(或 duban retry 种类 编号),再启动"
        return Level.BAD, f"{given_up}件几次都没办成,已放在一边;{how}", tuple(more)
    if found:
        return Level.WARN, f"{len(found)}件正在自动重试,过十分钟再查一次", tuple(more)
    return Level.GOOD, "没有"


def _line(settings: Settings, one: Aside) -> str:
    return (
        f"{one.kind} {one.key} {one.what}({one.attempts}次,{one.error or '原因不明'},{_moment(settings, one.since)}起)"
    )


async def _unreachable(settings: Settings) -> Checked:
    database = open_store(settings)
    try:
        bureau = await _bureau(database)
        async with database.read() as session:
            people = await unreachable(session, bureau.id, settings.make_clock().now())
    finally:
        await database.close()
    if people:
        return Level.WARN, f"{len(people)}人,请打电话;名单:duban outbox --unreachable"
    return Level.GOOD, "没有"
