"""`duban preview`: what issuing brings, before it is issued. Reads only, also beside a running bot."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime

import click

from cli.compose import open_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from domain.calendar import OfficeHours
from domain.preview import Burden
from services.people import the_bureau
from services.preview import DAYS, Preview
from services.preview import preview as previewed
from services.preview_text import preview_lines
from services.turn import office_hours

WIDTH = 80
_NEVER_FIRST = ",。、:;)”"


@click.command()
@click.argument("task", required=False, default="")
@click.option("--days", default=DAYS, show_default=True, type=click.IntRange(1, 400), help="看今后多少天。")
@click.option("--at", "day", type=click.DateTime(["%Y-%m-%d"]), help="假定今天是这一天,如 2026-11-18。")
@click.option("--names", is_flag=True, help="列出被问的学校。")
@click.option("--phones", is_flag=True, help="联系不上的人带电话。")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象,给程序用。")
def preview(task: str, days: int, day: datetime | None, *, names: bool, phones: bool, as_json: bool) -> None:
    """下发预览:要问谁、何时问、每人几条消息、每校几问,哪些发不到。只看不发。

    TASK 是任务的代号或名称;不写就是全部。
    """
    found, hours = asyncio.run(_read(load(), task, days, day.date() if day else None))
    if as_json:
        click.echo(json.dumps(_json(found, phones=phones), ensure_ascii=False))
        return
    for line in preview_lines(found, hours, phones=phones, names=names):
        for piece in wrapped(line):
            click.echo(piece)


async def _read(settings: Settings, task: str, days: int, day: date | None) -> tuple[Preview, OfficeHours]:
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
            hours = office_hours(bureau)
            now = hours.at(day, hours.opens) if day else settings.make_clock().now().astimezone(UTC)
            found = await previewed(session, bureau.id, hours, now, days, task)
    finally:
        await database.close()
    if found is None:
        raise Mendable(f"没有“{task}”这项任务,写任务的代号或名称,如 drill")
    return found, hours


def wrapped(line: str, width: int = WIDTH) -> Iterator[str]:
    """Pieces of at most `width` columns, of which a Chinese character takes two; the next ones are indented."""
    indent = " " * (len(line) - len(line.lstrip()) + 3)
    piece, columns = "", 0
    for char in line:
        wide = 2 if unicodedata.east_asian_width(char) in "WFA" else 1
        if (columns + wide > width - 2 and char not in _NEVER_FIRST) or columns + wide > width:
            yield piece
            piece, columns = indent, len(indent)
        piece, columns = piece + char, columns + wide
    yield piece


def _json(found: Preview, *, phones: bool) -> dict[str, object]:
    return {
        "at": found.at.isoformat(),
        "until": found.until.isoformat(),
        "rounds": [
            {
                "task": one.task.key, "name": one.task.name, "section": one.section.name, "label": one.plan.label,
                "opens": one.issued_at.isoformat(), "due": one.plan.due_at.isoformat(),
                "locks": one.plan.lock_at.isoformat(), "moved": one.plan.moved_because,
                "units": [unit.name for unit in one.units], "townships": one.townships,
                "questions": [one.questions.least, one.questions.most], "minutes": one.minutes,
                "measured": one.taken is not None,
                "from": one.plan.period_from.isoformat(), "to": one.plan.period_to.isoformat(),
                "known": {known.name: known.units for known in one.known}, "past": list(one.past),
                "off": {day.isoformat(): why for day, why in one.off}, "uncovered": list(one.uncovered),
            }
            for one in found.rounds
        ],
        "weeks": [_burden(one, found) for one in found.weeks],
        "months": [_burden(one, found) for one in found.months],
        "unreachable": [
            {"unit": one.unit, "person": one.person, "reason": one.reason} | ({"phone": one.phone} if phones else {})
            for one in found.unreachable
        ],
        "left_out": [
            {"task": one.task.key, "label": one.skipped.plan.label if one.skipped else None,
             "why": one.skipped.name if one.skipped else None, "wanting": one.wanting or None,
             "merged": bool(one.skipped and one.skipped.merged)}
            for one in found.left_out
        ],
        "too_much": [week.first.isoformat() for week in found.too_much],
    }  # fmt: skip


def _burden(one: Burden, found: Preview) -> dict[str, object]:
    return {
        "first": one.first.isoformat(), "median": one.median, "most": one.most, "least_most": one.least_most,
        "at_most": [found.people.get(who, "") for who in one.at_most],
    }  # fmt: skip
