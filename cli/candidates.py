"""`duban candidates`: replies that were asked about again or corrected, masked, to label and score. Reads only."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TextIO

import click

from cli.compose import open_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from services.candidates import candidates as found
from services.people import the_bureau
from services.turn import office_hours


@click.command()
@click.argument("out", type=click.File("w", encoding="utf-8"))
def candidates(out: TextIO) -> None:
    """没看懂或后来更正过的回复,隐去电话、人名、校名,写入 OUT(JSON 行),由人工标注后可用 understand --score 评分。"""
    lines = asyncio.run(_read(load()))
    out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    click.echo(f"{len(lines)} replies; please read them once before they leave the bureau.", err=True)


async def _read(settings: Settings) -> list[dict[str, Any]]:
    database = open_store(settings)
    try:
        if database.path is not None and not database.path.exists():
            raise Mendable("there is no database yet: run `duban migrate` first")
        if not await migrations.is_current(database.engine):
            raise Mendable("the database is not up to date: run `duban migrate` first")
        async with database.read() as session:
            bureau = await the_bureau(session)
            if bureau is None:
                raise Mendable("no bureau yet: load one with `duban import roster FILE`")
            return await found(session, bureau.id, office_hours(bureau))
    finally:
        await database.close()
