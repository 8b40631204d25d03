"""`duban outbox`: what became of every message, and whom nothing reaches. Reads only, also beside a running bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence

import click

from cli.compose import open_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from db.tables import Fate
from domain.wording import why_unreachable
from services.directory import Entry
from services.ledger import Ledger, ledger
from services.people import the_bureau

LABELS = {
    Fate.PENDING: "待发",
    Fate.SENDING: "在发",
    Fate.SENT: "已发",
    Fate.UNCERTAIN: "不明",
    Fate.DEAD: "送不到",
    Fate.CANCELLED: "已撤",
    Fate.SUPERSEDED: "已更新",
}


@click.command()
@click.option("--unreachable", "people_only", is_flag=True, help="List the people no message reaches: why, and phone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def outbox(*, people_only: bool, as_json: bool) -> None:
    """发件台账:每类消息各有多少条待发、已发、不明……,合计即入列总数。"""
    found = asyncio.run(_read(load()))
    if as_json:
        click.echo(json.dumps(_json(found, people_only=people_only), ensure_ascii=False))
        return
    for line in _people(found.unreachable) if people_only else _table(found):
        click.echo(line)


async def _read(settings: Settings) -> Ledger:
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
            return await ledger(session, bureau.id, settings.make_clock().now())
    finally:
        await database.close()


def _table(found: Ledger) -> Iterator[str]:
    yield "\t".join(["种类", *LABELS.values(), "合计"])
    rows = [*found.kinds.items(), ("合计", found.fates)]
    for kind, counts in rows:
        yield "\t".join([kind, *(str(counts[fate]) for fate in LABELS), str(sum(counts.values()))])
    if found.unreachable:
        yield f"联系不上{len(found.unreachable)}人,名单:duban outbox --unreachable"


def _people(people: Sequence[Entry]) -> Iterator[str]:
    if not people:
        yield "现在没有联系不上的人。"
    for entry in people:
        units = "、".join(dict.fromkeys(post.unit for post in entry.posts if post.unit)) or "局机关"
        yield f"{entry.name}\t{units}\t{why_unreachable(entry.unreachable)}\t{entry.phone or '无电话'}"


def _json(found: Ledger, *, people_only: bool) -> dict[str, object]:
    people = [
        {
            "name": entry.name,
            "units": list(dict.fromkeys(post.unit for post in entry.posts if post.unit)),
            "phone": entry.phone,
            "reason": why_unreachable(entry.unreachable),
            "said": entry.unreachable,
        }
        for entry in found.unreachable
    ]
    if people_only:
        return {"unreachable": people}
    return {"queued": found.queued, "fates": found.fates, "kinds": found.kinds, "unreachable": people}
