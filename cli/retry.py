"""`duban retry`: what was set aside is done again from the start.

With SQLite the bot has to stand still: one process owns the file (design 4.10), and what made a thing fail is mostly
mended by a new release or a changed roster, which needs a restart anyway. What is done again is done by the bot.
"""

from __future__ import annotations

import asyncio

import click

from cli.compose import owned_store
from cli.errors import Mendable
from cli.settings import Settings, load
from services.aside import Kind, retry
from services.people import the_bureau


@click.command(name="retry")
@click.argument("kind", required=False, type=click.Choice([kind.value for kind in Kind]))
@click.argument("key", required=False)
def command(kind: str | None, key: str | None) -> None:
    """补办:把 duban doctor 列出的、放在一边的事重新办一次;不写种类就是全部。

    KIND and KEY are what `duban doctor` shows in front of each line. Stop the bot first when the store is SQLite.
    """
    count = asyncio.run(_retry(load(), Kind(kind) if kind else None, key))
    if key and not count:
        raise Mendable(f"no {kind} {key} is set aside: `duban doctor` lists what is")
    click.echo(f"已排上{count}件,机器人启动后即办。" if count else "没有放在一边的事。")


async def _retry(settings: Settings, kind: Kind | None, key: str | None) -> int:
    async with owned_store(settings) as database:
        async with database.read() as session:
            bureau = await the_bureau(session)
        if bureau is None:
            raise Mendable("no bureau yet: load one with `duban import roster FILE`")
        try:
            async with database.write() as session:
                return await retry(session, bureau.id, settings.make_clock().now(), kind, key)
        except ValueError as problem:
            raise Mendable(f"{key!r} is no number: `duban doctor` shows it") from problem
