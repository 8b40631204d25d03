"""`duban doctor`: what is well and what needs a person, line by line, in Chinese."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from telegram.error import InvalidToken, TelegramError

from cli.compose import bot_of, open_store
from cli.settings import Settings
from db import migrations
from db.tables import Bureau
from domain.calendar import WorkCalendar
from services.people import the_bureau

LEAST_FREE = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    what: str
    detail: str
    warning: bool = False

    @property
    def line(self) -> str:
        mark = "!" if self.warning else "✓" if self.good else "✗"
        return f"{mark} {self.what}:{self.detail}"


async def examine(settings: Settings) -> list[Finding]:
    """Every check, none stopped by another's failure."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[Finding]]]] = [
        ("Telegram", _telegram),
        ("数据库", _store),
        ("工作日历", _calendar),
        ("磁盘", _disk),
    ]
    return [await _guarded(what, check, settings) for what, check in checks]


async def _guarded(what: str, check: Callable[[Settings], Awaitable[Finding]], settings: Settings) -> Finding:
    try:
        return await check(settings)
    except Exception as problem:
        return Finding(good=False, what=what, detail=f"检查时出错({type(problem).__name__}:{problem})")


async def _telegram(settings: Settings) -> Finding:
    what = "Telegram"
    if settings.telegram_token is None:
        return Finding(good=False, what=what, detail="没有令牌,请在 .env 里填 DUBAN_TELEGRAM_TOKEN(向 @BotFather 要)")
    bot = bot_of(settings)
    try:
        await bot.initialize()
    except InvalidToken:
        return Finding(good=False, what=what, detail="令牌不对,请核对 DUBAN_TELEGRAM_TOKEN")
    except TelegramError as problem:
        detail = f"连不上 {settings.telegram_api_url}({problem}),请检查 DUBAN_TELEGRAM_PROXY"
        return Finding(good=False, what=what, detail=detail)
    else:
        return Finding(good=True, what=what, detail=f"@{bot.username} 可用")
    finally:
        await bot.shutdown()


async def _store(settings: Settings) -> Finding:
    what = "数据库"
    database = open_store(settings)
    if database.path is not None and not database.path.exists():
        return Finding(good=False, what=what, detail="还没有数据库,请运行 duban migrate")
    try:
        if not await migrations.is_current(database.engine):
            return Finding(good=False, what=what, detail="表结构不是最新,请运行 duban migrate")
        async with database.read() as session:
            bureau: Bureau | None = await the_bureau(session)
        if bureau is None:
            return Finding(good=False, what=what, detail="还没有教育局的名册,请运行 duban import roster 文件")
        return Finding(good=True, what=what, detail=f"{bureau.name},表结构最新")
    finally:
        await database.close()


async def _calendar(settings: Settings) -> Finding:
    today = settings.make_clock().now().date()
    soon = today + timedelta(days=60)
    uncovered = [year for year in sorted({today.year, soon.year}) if WorkCalendar().uncovered(year)]
    if uncovered:
        detail = f"{'、'.join(map(str, uncovered))}年放假调休安排未收录,只按周末和固定节日推算"
        return Finding(good=True, what="工作日历", detail=detail, warning=True)
    return Finding(good=True, what="工作日历", detail=f"已收录到{soon.year}年")


async def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    free = shutil.disk_usage(folder).free
    detail = f"剩余 {free / 2**30:.1f} GiB"
    return Finding(good=free >= LEAST_FREE, what="磁盘", detail=detail)
