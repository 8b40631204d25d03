"""`duban import roster|campaign|calendar FILE`: a rehearsal first, then, on a yes, the real thing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlmodel.ext.asyncio.session import AsyncSession

from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from db.session import Database, StoreInUse
from db.tables import Bureau
from domain.calendar import WorkCalendar
from domain.calendar_words import differences, warnings
from domain.campaign import CampaignPlan, Reading, text
from domain.roster import Known, Roster
from services import calendars, campaigns, roster
from services.campaigns import Applied, UnknownSection
from services.roster import Effect

MOST_SHOWN = 60

_file = click.argument("file", type=click.Path(path_type=Path))
_apply = click.option("--apply", is_flag=True, help="写入;有错的行跳过,其余照收。")
_template = click.option("--template", is_flag=True, help="不导入,而是在 FILE 处写一份空表。")
_bureau = click.option("--bureau", help="库里有几个教育局时,写明是哪一个。")


@click.group()
def app() -> None:
    """导入名册、活动和校历(先试算,确认后写入)。"""


@app.command("roster")
@_file
@_apply
@_template
@_bureau
def import_roster(file: Path, apply: bool, template: bool, bureau: str | None) -> None:
    """导入名册(.xlsx 或 .csv):学校、股室、人员、电话。再次导入只更新,不重复。"""
    if template:
        _write_new(file, roster.template())
        return
    asyncio.run(_roster(load(), file, apply, bureau))


@app.command("campaign")
@_file
@_apply
@_template
@click.option("--reask", is_flag=True, help="口径改了的问题在没关闭的报告期重问;不加则从下一期起用。")
@click.option("--strict", is_flag=True, help="没人用的、负担过重的、没写理由的,一律不收。")
@click.option("--to", type=click.Path(path_type=Path), help="不导入,而是另存为这个 .xlsx 或 .yaml。")
@_bureau
def import_campaign(
    file: Path, apply: bool, template: bool, reask: bool, strict: bool, to: Path | None, bureau: str | None
) -> None:
    """导入活动(.yaml 或 .xlsx):任务、指标、报告期。写法见 docs/campaign-format.md。"""
    if template:
        _write_new(file, campaigns.template())
        return
    reading = campaigns.read_campaign(file)
    _list([str(problem) for problem in reading.problems], "文件里有这些问题")
    if not reading.good(strict):
        raise Mendable(f"{file.name} 有错,没有写入;改好后再导入")
    if to is not None:
        _convert(reading, to)
        return
    asyncio.run(_campaign(load(), reading.plan, apply, bureau, reask))


@app.command("calendar")
@_file
@_apply
@_bureau
def import_calendar(file: Path, apply: bool, bureau: str | None) -> None:
    """导入校历(.yaml):放假、调休、学期、寒暑假、事件。样例:samples/calendar.yaml。"""
    found = calendars.read_calendar(file)
    _list(found.problems, "校历里有这些问题")
    if found.problems:
        raise Mendable(f"{file.name} 有错,没有写入;改好后再导入")
    asyncio.run(_calendar(load(), found.calendar, apply, bureau))


def _write_new(path: Path, content: bytes) -> None:
    if path.exists():
        raise Mendable(f"{path} 已经存在,请换个文件名")
    path.write_bytes(content)
    click.echo(f"已写好 {path},请照“说明”填写后导入")


def _convert(reading: Reading, to: Path) -> None:
    if reading.form is None:
        raise Mendable("没有内容可以另存")
    if to.suffix.lower() == ".xlsx":
        _write_new(to, campaigns.workbook(reading.form))
    elif to.suffix.lower() in (".yaml", ".yml"):
        _write_new(to, text.write(reading.form).encode())
    else:
        raise Mendable("--to 只能是 .xlsx 或 .yaml")


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Database]:
    """The store of the settings, owned by this process and up to date."""
    try:
        database = Database(settings.database_url)
    except ValueError as problem:
        raise Mendable(f"DUBAN_DATABASE_URL: {problem}") from problem
    try:
        database.own()
        if not await migrations.is_current(database.engine):
            raise Mendable("数据库还没有建好或不是最新,请先运行 duban migrate")
        yield database
    except StoreInUse as problem:
        raise Mendable(f"{problem};请先停下 duban run 再导入") from problem
    finally:
        await database.close()


async def _roster(settings: Settings, file: Path, apply: bool, bureau: str | None) -> None:
    now = settings.make_clock().now()
    async with _store(settings) as database:
        async with database.read() as session:
            known = await _known(session, bureau)
            plan = roster.read_roster(file, known)
            effects = await _apply_roster(session, settings, plan, bureau, now)
            await session.rollback()
        _list([str(problem) for problem in plan.problems], "名册里有这些问题")
        _list([str(effect) for effect in effects], "导入会带来这些变动" if effects else "没有变动")
        _list([*_counted(effects), *_silent_about(plan, known)], "")
        if not effects or not _agreed(apply, clean=plan.clean):
            _unless_clean(plan)
            return
        async with database.write() as session:
            effects = await _apply_roster(session, settings, plan, bureau, now)
    click.echo(f"已写入 {len(effects)} 项变动")


async def _known(session: AsyncSession, bureau: str | None) -> Known:
    """What rows of the file may refer to."""
    there = await _found(session, bureau)
    return await roster.known_units(session, there.id) if there else Known()


def _silent_about(plan: Roster, known: Known) -> list[str]:
    left = len(known.units.keys() - {unit.code for unit in plan.units})
    return [f"库里另有{left}家单位这次没有写到,保持不变"] if left else []


async def _found(session: AsyncSession, bureau: str | None) -> Bureau | None:
    try:
        return await roster.find_bureau(session, bureau)
    except LookupError as problem:
        raise Mendable(str(problem)) from problem


async def _apply_roster(
    session: AsyncSession, settings: Settings, plan: Roster, bureau: str | None, now: datetime
) -> list[Effect]:
    there = await roster.ensure_bureau(session, plan, settings.timezone, bureau)
    with _progress(len(plan.units)) as tick:
        return await roster.apply(session, there.id, plan, now, tick)


def _unless_clean(plan: Roster) -> None:
    if not plan.clean:
        raise Mendable("没有写入;请改好上面的问题,或用 --apply 先收没有错的行")


async def _campaign(settings: Settings, plan: CampaignPlan, apply: bool, bureau: str | None, reask: bool) -> None:
    now = settings.make_clock().now()
    async with _store(settings) as database:
        async with database.read() as session:
            applied = await _apply_campaign(session, plan, bureau, now, reask)
            lines = [line for one in applied for line in _lines(one, reask)]
            await session.rollback()
        _list(lines, "导入会带来这些变动" if applied else "没有变动")
        if not applied or not _agreed(apply, clean=True):
            return
        async with database.write() as session:
            applied = await _apply_campaign(session, plan, bureau, now, reask)
    click.echo(f"已写入 {len(applied)} 项任务的变动")


async def _apply_campaign(
    session: AsyncSession, plan: CampaignPlan, bureau: str | None, now: datetime, reask: bool
) -> list[Applied]:
    there = await _there(session, bureau)
    try:
        return await campaigns.apply(session, there.id, plan, now, reask=reask)
    except UnknownSection as problem:
        raise Mendable(f"名册里没有这些股室:{problem};请先在名册里加上,或改正名称") from problem


async def _calendar(settings: Settings, calendar: WorkCalendar, apply: bool, bureau: str | None) -> None:
    async with _store(settings) as database:
        async with database.read() as session:
            there = await _there(session, bureau)
            changed = differences(calendars.calendar_of(there), calendar)
            now = settings.make_clock().now()
            year = now.astimezone(ZoneInfo(there.timezone)).year
        _list(changed, "导入会带来这些变动" if changed else "没有变动")
        _list([f"注意:{warning}" for warning in warnings(calendar, (year, year + 1))], "")
        if not changed or not _agreed(apply, clean=True):
            return
        async with database.write() as session:
            calendars.change(session, await _there(session, bureau), calendar, now)
    click.echo("已写入校历;已发出的报告期不变,还没发出的按新的算")


async def _there(session: AsyncSession, bureau: str | None) -> Bureau:
    there = await _found(session, bureau)
    if there is None:
        raise Mendable("库里还没有这个教育局,请先导入名册:duban import roster FILE")
    return there


def _lines(applied: Applied, reask: bool) -> Iterator[str]:
    yield f"{applied.what or '改指标'} {applied.task}"
    for change in applied.changes:
        yield f"  {change}"
    if applied.reasks and reask:
        yield f"  本期重问改了口径的问题:{len(applied.units)}家答过的只重答这些,其余照新口径问"
    elif applied.reasks:
        yield f"  改口径的问题从下一期起用,本期不变;要在本期重问加 --reask({len(applied.units)}家要重答)"
    elif applied.meant:
        yield "  改口径的问题从下一期起用"


def _counted(effects: Sequence[Effect]) -> list[str]:
    counts = {kind: sum(effect.change is kind for effect in effects) for kind in roster.Change}
    return ["、".join(f"{kind.chinese}{count}项" for kind, count in counts.items() if count)] if effects else []


def _list(lines: Sequence[str], heading: str) -> None:
    """Problems and changes, not more than fit a screen or two; how many more there are is said."""
    if heading and (lines or heading == "没有变动"):
        click.echo(f"{heading}:" if lines else heading)
    for line in lines[:MOST_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > MOST_SHOWN:
        click.echo(f"  ……还有{len(lines) - MOST_SHOWN}项")


def _agreed(apply: bool, clean: bool) -> bool:
    """Given by --apply, or by a person at a terminal when the file is clean."""
    if apply:
        return True
    if clean and sys.stdin.isatty():
        return click.confirm("写入吗?")
    if clean:
        click.echo("没有写入;确认无误后加 --apply")
    return False


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on standard error; nothing where that is no terminal."""
    with click.progressbar(length=total, label="读取名册", file=sys.stderr) as bar:
        yield lambda: bar.update(1)
