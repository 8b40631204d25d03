"""`duban digest`: what the digest would say now, without using up a number; or, with --publish, the digest itself."""

from __future__ import annotations

import asyncio
from datetime import datetime

import click
from sqlmodel.ext.asyncio.session import AsyncSession

from cli.compose import open_store, owned_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from db.tables import Bureau, Campaign
from domain.digest import Audience, Digest, digest_lines
from services.digests import as_it_stands, campaigns, publish_now
from services.people import the_bureau
from services.turn import office_hours


@click.command()
@click.option("--campaign", "key", help="只要这一个活动(代号)。")
@click.option("--at", "at", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"]), help="截至,如 2026-11-25T18:00。")
@click.option("--publish", is_flag=True, help="正式发布,占一个期号,发给局长、办公室和牵头股室。")
def digest(key: str | None, at: datetime | None, *, publish: bool) -> None:
    """汇总:此刻会发出的内容,标“未发布”,不占期号;加 --publish 才正式发布。

    With SQLite, stop the bot before --publish: one process owns the file.
    """
    if publish and at:
        raise Mendable("--publish is for this moment: leave --at out")
    work = _publish(load(), key) if publish else _preview(load(), key, at)
    found = asyncio.run(work)
    if not found:
        raise Mendable("还没有开启过报告期,没有可汇总的" if not publish else "没有可发布的汇总")
    for one in found:
        first, *rest = digest_lines(one, Audience.OFFICE)
        mark = "" if publish else "【未发布】"
        shown = first if publish else first.replace(f",第{one.serial}期", "")
        click.echo("\n".join([f"{mark}{shown}", *rest]))


async def _preview(settings: Settings, key: str | None, at: datetime | None) -> list[Digest]:
    database = open_store(settings)
    try:
        if database.path is not None and not database.path.exists():
            raise Mendable("there is no database yet: run `duban migrate` first")
        if not await migrations.is_current(database.engine):
            raise Mendable("the database is not up to date: run `duban migrate` first")
        async with database.read() as session:
            bureau, wanted = await _wanted(session, key)
            hours = office_hours(bureau)
            now = hours.at(at.date(), at.time()) if at else settings.make_clock().now()
            found = [await as_it_stands(session, bureau, one, now) for one in wanted]
    finally:
        await database.close()
    return [one for one in found if one is not None]


async def _publish(settings: Settings, key: str | None) -> list[Digest]:
    async with owned_store(settings) as database, database.write() as session:
        bureau, wanted = await _wanted(session, key)
        now = settings.make_clock().now()
        found = [await publish_now(session, bureau, one, now) for one in wanted]
    return [one for one in found if one is not None]


async def _wanted(session: AsyncSession, key: str | None) -> tuple[Bureau, list[Campaign]]:
    bureau = await the_bureau(session)
    if bureau is None:
        raise Mendable("no bureau yet: load one with `duban import roster FILE`")
    found = [one for one in await campaigns(session, bureau.id) if key in (None, one.key)]
    if not found:
        raise Mendable(f"没有“{key}”这个活动" if key else "还没有活动,先 duban import campaign FILE")
    return bureau, found
