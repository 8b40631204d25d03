"""`duban settings`: what holds where nobody has said otherwise, and what this bureau has said."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import click

from cli.compose import open_store
from cli.preview import wrapped
from cli.settings import Settings, load
from db import migrations
from domain import defaults
from services.coming import tasks_of
from services.people import the_bureau
from services.tailored import school_year, tailored

NAME, VALUE = 16, 34
"""Columns of the table; a Chinese character takes two."""


@dataclass(frozen=True, slots=True)
class Own:
    """What the bureau in the store has of its own."""

    name: str
    said: Sequence[str]
    calendar: Sequence[str]
    warnings: Sequence[str]


@click.command()
def settings() -> None:
    """默认值一览,和本局改了的:截止、宽限、关闭、提醒、校历。只看不改。"""
    configured = load()
    for line in lines(configured, asyncio.run(_own(configured))):
        for piece in wrapped(line):
            click.echo(piece.rstrip())


def lines(configured: Settings, own: Own | None) -> Iterator[str]:
    yield "默认值(没有另外写明时都按这个办):"
    for one in defaults.table():
        yield f"  {_padded(one.name, NAME)}{_padded(one.value, VALUE)}{one.note}".rstrip()
    yield ""
    yield "本局改了的:"
    said = [*_of_environment(configured), *(own.said if own else ())]
    yield from (f"  {one}" for one in said or ["没有,都按默认值"])
    yield ""
    if own is None:
        yield "还没有教育局的数据:先运行 duban migrate,再 duban import roster 文件。"
        return
    yield f"校历({own.name}):"
    yield from (f"  {one}" for one in own.calendar or ["没有自己的校历,按国家公布的放假安排"])
    yield from (f"注意:{one}。" for one in own.warnings)


def _of_environment(configured: Settings) -> list[str]:
    if configured.retention_days == defaults.RETENTION_DAYS:
        return []
    return [f"原话和照片保留{configured.retention_days}天(DUBAN_RETENTION_DAYS)"]


def _padded(text: str, columns: int) -> str:
    """At least one space behind it."""
    wide = sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)
    return text + " " * max(columns - wide, 1)


async def _own(configured: Settings) -> Own | None:
    """None where there is no store or no bureau yet: the defaults hold all the same."""
    database = open_store(configured)
    try:
        if database.path is not None and not database.path.exists():
            return None
        if not await migrations.is_current(database.engine):
            return None
        async with database.read() as session:
            bureau = await the_bureau(session)
            if bureau is None:
                return None
            today = configured.make_clock().now().astimezone(ZoneInfo(bureau.timezone)).date()
            said = tailored(bureau, await tasks_of(session, bureau.id))
            return Own(bureau.name, said, *school_year(bureau, today))
    finally:
        await database.close()
