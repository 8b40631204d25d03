"""`duban restore`: a backup in place of the database, in hold until the office releases it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cli.compose import open_store, owned_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db.session import StoreInUse
from domain import wording
from services.backup import Source
from services.hold import release
from services.people import the_bureau
from services.restore import Damaged, Lost, NotRestored, Restored
from services.restore import restore as put_in_place


@click.command()
@click.argument("archive", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--release", "let_go", is_flag=True, help="End the hold; a running bot is told 解除暂停 instead.")
def restore(archive: Path | None, *, yes: bool, let_go: bool) -> None:
    """从备份恢复,恢复后先暂停:只答复,不主动发送,由办公室解除。原来的数据库和照片移到一边,不删除。"""
    settings = load()
    if let_go and archive is None:
        asyncio.run(_release(settings))
    elif archive is None or let_go:
        raise click.UsageError("name the ARCHIVE to restore, or --release")
    else:
        _restore(settings, archive, yes=yes)


def _restore(settings: Settings, archive: Path, *, yes: bool) -> None:
    if not yes:
        click.confirm(f"用 {archive.name} 代替现在的数据库(移到一边,不删除)?", abort=True)
    try:
        done = asyncio.run(_put(settings, archive))
    except (NotRestored, Damaged) as problem:
        raise Mendable(f"没有恢复,什么都没有改 / not restored, nothing was changed: {problem}") from problem
    except StoreInUse as problem:
        raise Mendable(f"{problem}: stop it before restoring") from problem
    for line in _said(settings, done):
        click.echo(line)


async def _put(settings: Settings, archive: Path) -> Restored:
    database = open_store(settings)
    try:
        database.own()
        source = Source(database.path or settings.database_url, settings.data_dir / "evidence")
        return await put_in_place(archive, database, source, settings.make_clock().now())
    finally:
        await database.close()


def _said(settings: Settings, done: Restored) -> list[str]:
    lines = [_gap(settings, one) for one in done.lost]
    for one in done.lost:
        lines += [f"这段时间可报送的{len(one.units)}家:{'、'.join(one.units)}"] if one.units else []
    lines += [f"原来的移到了:{path}" for path in done.aside]
    return [*lines, "现在暂停:duban run 后只答复、不主动发送,办公室回“解除暂停”后恢复正常。"]


def _gap(settings: Settings, lost: Lost) -> str:
    zone = ZoneInfo(settings.timezone)
    since, until = wording.moment(lost.since, zone), wording.moment(lost.until, zone)
    return f"{lost.bureau}:{since}至{until}之间收到的可能丢失。"


async def _release(settings: Settings) -> None:
    async with owned_store(settings) as database, database.write() as session:
        bureau = await the_bureau(session)
        told = await release(session, bureau.id, settings.make_clock().now()) if bureau else None
    if told is None:
        raise Mendable("没有暂停,不用解除 / there is no hold")
    click.echo(f"已解除暂停,{told}家单位的校长各有一条说明待发。")
