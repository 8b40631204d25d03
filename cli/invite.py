"""`duban invite`: one-time codes as a table, or as sheets to print, cut up and hand out."""

from __future__ import annotations

import asyncio
import os
import sys
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cli.compose import owned_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db.session import Database, StoreInUse
from db.tables import Bureau
from domain import defaults, wording
from services.invitations import Code, cut_off, grouped, invite_all
from services.invitees import Invitee, Wanted, invitees
from services.roster import find_bureau


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody with a fresh code, good until `until`."""

    who: Invitee
    code: Code
    until: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    wanted: Wanted
    again: bool
    yes: bool
    sheet: Path | None
    bot: str
    bureau: str | None


@click.command("invite")
@click.option("--all", "everybody", is_flag=True, help="名册里所有还没开通的人。")
@click.option("--township", default="", help="某个乡镇的人;没有乡镇的股室写“机关”。")
@click.option("--unit", default="", help="某个单位的人:单位代码或全名。")
@click.option("--person", default="", help="某一个人:编号或姓名。")
@click.option("--sheet", type=click.Path(path_type=Path, dir_okay=False), help="写成可打印的 .html,按乡镇分页。")
@click.option("--bot", default="", help="机器人的用户名;运行过 duban run 就不用写。")
@click.option("--again", is_flag=True, help="已开通的人也发;与 --person 同用,现在的账号立即停用(换手机、绑错人)。")
@click.option("--yes", is_flag=True, help="已有未用邀请码的人也换新码,不再询问(旧码作废)。")
@click.option("--bureau", help="库里有几个教育局时,写明是哪一个。")
def invite(
    everybody: bool, township: str, unit: str, person: str, sheet: Path | None, bot: str, again: bool, yes: bool,
    bureau: str | None,
) -> None:  # fmt: skip
    """发邀请码:打印在屏幕上,或写成可打印的邀请单。每个码只能用一次,14天内有效。"""
    if everybody == bool(township or unit or person):
        raise Mendable("请写明发给谁:--all、--township 乡镇、--unit 单位代码 或 --person 编号")
    order = Order(Wanted(township, unit, person), again, yes, sheet, bot.lstrip("@"), bureau)
    asyncio.run(_invite(load(), order))


async def _invite(settings: Settings, order: Order) -> None:
    now = settings.make_clock().now()
    async with _store(settings) as database:
        bureau = await _bureau(database, order.bureau)
        name = order.bot or bureau.bot_username
        if order.sheet is not None and not name:
            raise Mendable("还不知道机器人的用户名,二维码做不了:先运行一次 duban run,或加 --bot 用户名")
        people = await _chosen(database, bureau, order, now)
        made = await _codes(database, bureau, order, people, now)
    if order.sheet is not None:
        from cli.sheet import render

        _write(order.sheet, render(bureau, name, made))
        click.echo(f"已写好 {order.sheet}:{len(made)}张邀请单。用浏览器打开,按A4打印,裁开分发;发完请删除。")
    else:
        _print(made, ZoneInfo(bureau.timezone))


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Database]:
    try:
        async with owned_store(settings) as database:
            yield database
    except Mendable as problem:
        if not isinstance(problem.__cause__, StoreInUse):
            raise
        raise Mendable(f"{problem};请先停下 duban run,或由办公室在聊天里发“人员”重发邀请码") from problem


async def _bureau(database: Database, name: str | None) -> Bureau:
    async with database.read() as session:
        try:
            bureau = await find_bureau(session, name)
        except LookupError as problem:
            raise Mendable(str(problem)) from problem
    if bureau is None:
        raise Mendable("库里还没有这个教育局,请先导入名册:duban import roster FILE")
    return bureau


async def _chosen(database: Database, bureau: Bureau, order: Order, now: datetime) -> list[Invitee]:
    async with database.read() as session:
        found = await invitees(session, bureau.id, order.wanted, now)
    if not found:
        raise Mendable("名册里没有这样的人,请核对乡镇、单位代码或编号")
    if order.wanted.person and len(found) > 1:
        listed = ";".join(f"{one.person_id} {one.name} {one.unit}" for one in found)
        raise Mendable(f"叫这个名字的有{len(found)}人,请用编号:{listed}")
    people = [one for one in found if order.again or not one.bound]
    if not people:
        raise Mendable(f"这{len(found)}人都已开通,没有发码;换手机或绑错人,加 --again")
    waiting = sum(one.invited for one in people)
    if waiting and not order.yes:
        _agree(f"其中{waiting}人已有未用的邀请码(可能已印发),换新码后旧码作废。")
    return people


def _agree(warning: str) -> None:
    if not sys.stdin.isatty():
        raise Mendable(f"{warning}没有发码;确认要换,加 --yes")
    if not click.confirm(f"{warning}继续吗?"):
        raise Mendable("没有发码")


async def _codes(
    database: Database, bureau: Bureau, order: Order, people: Sequence[Invitee], now: datetime
) -> list[Invited]:
    """Codes for these people, in one transaction; of a single person the present account ends at once."""
    async with database.write() as session:
        if order.wanted.person:
            await cut_off(session, bureau.id, people[0].person_id, now)
        with _progress(len(people)) as tick:
            codes = await invite_all(session, bureau.id, [one.person_id for one in people], now, tick)
    return [Invited(one, codes[one.person_id], now + defaults.CODE_VALID) for one in people]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    if total < 20 or not sys.stderr.isatty():
        yield lambda: None
        return
    with click.progressbar(length=total, label="生成邀请码", file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def roles_of(who: Invitee) -> str:
    return "、".join(wording.role(role, who.unit) for role in who.roles)


def _write(path: Path, page: str) -> None:
    """Readable by its owner alone: whoever has the page has the codes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(page)


def _print(made: Sequence[Invited], zone: ZoneInfo) -> None:
    rows = [("单位", "姓名", "身份", "邀请码", "有效期至", "编号")]
    rows += [
        (
            one.who.unit or "教育局", one.who.name, roles_of(one.who),
            grouped(one.code.digits), wording.moment(one.until, zone), str(one.who.person_id),
        )
        for one in made
    ]  # fmt: skip
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo(
            "  ".join(cell + " " * (wide - _width(cell)) for cell, wide in zip(row, widths, strict=True)).rstrip()
        )


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
