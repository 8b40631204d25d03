"""The digest: six counts that sum to the roster, frozen, once, and to whom it concerns."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import update

from db.session import Database
from db.tables import Campaign, DigestSnapshot, Outbox, Report, Round, Unit
from domain.digest import Digest
from jobs.sweeps import tick
from services.workplace import Workplace
from tests.cast import CHIEF, CLERK, DIRECTOR, County, at
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
SIX = ("awaited", "on_time", "grace", "late", "missing", "exempt")
Deliver = Callable[[], Awaitable[None]]


@pytest.fixture
async def reported(workplace: Workplace, report: Report_, database: Database, county: County) -> None:
    """On time, grace, late, exempt, and the rest missing."""
    await tick(workplace)
    await report("bbt", QINGHE, "2026-11-20 10:00")
    await report("bbt", "西岭中学", "2026-11-26 09:00", person="刘芳", bbt=[9, 9])
    await report("bbt", "李村小学", "2026-11-27 09:00", person="孙强", bbt=[3, 6])
    async with database.write() as session:
        mine = (Report.unit_id == county.units["桥头小学"]) & (Report.first_received_at.is_(None))  # type: ignore[union-attr]
        [bbt] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
        await session.execute(update(Report).where(mine, Report.round_id == bbt.id).values(state="exempt"))  # type: ignore[arg-type]


async def publish(workplace: Workplace, when: str) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    await tick(workplace)


async def snapshots(database: Database) -> list[Digest]:
    found = sorted(await rows(database, DigestSnapshot), key=lambda row: row.serial)
    return [Digest.from_json(row.snapshot) for row in found]


async def test_the_six_sum_to_the_roster_per_task_and_township(
    database: Database, workplace: Workplace, reported: None
) -> None:
    await publish(workplace, "2026-11-30 08:30")
    [digest] = await snapshots(database)
    drill, bbt = digest.tasks
    assert {name: getattr(bbt.counts, name) for name in SIX} == {
        "awaited": 0, "on_time": 1, "grace": 1, "late": 1, "missing": 0, "exempt": 1,
    }  # fmt: skip
    assert {name: getattr(drill.counts, name) for name in SIX} == dict.fromkeys(SIX, 0) | {"missing": 4}
    for task in digest.tasks:
        assert sum(getattr(task.counts, name) for name in SIX) == 4
        for name in SIX:
            assert sum(getattr(town.counts, name) for town in task.townships) == getattr(task.counts, name)
    [share, faults] = bbt.totals
    assert (share.done, share.total, share.answered) == (22, 29, 3)  # type: ignore[union-attr]
    assert faults.amount == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("when", "published"),
    [
        ("2026-11-25 17:59:59", 0),
        ("2026-11-25 18:00:00", 1),
        ("2026-11-25 23:59:59", 1),
        ("2026-11-26 00:00:00", 0),
        ("2026-11-30 08:29:59", 0),
        ("2026-11-30 08:30:00", 1),
        ("2026-12-01 08:30:00", 0),
    ],
)
async def test_set_times(database: Database, workplace: Workplace, when: str, published: int) -> None:
    await tick(workplace)
    await publish(workplace, when)
    assert len(await snapshots(database)) == published


async def test_a_set_time_happens_once(database: Database, workplace: Workplace) -> None:
    await tick(workplace)
    workplace.clock.jump_to(at("2026-11-25 18:00"))  # type: ignore[attr-defined]
    await asyncio.gather(*(tick(workplace) for _ in range(3)))
    await publish(workplace, "2026-11-25 18:30")
    assert len(await snapshots(database)) == 1
    queued = Counter(row.chat_id for row in await rows(database, Outbox, Outbox.kind == "digest"))
    assert queued == {CLERK: 1, CHIEF: 1, DIRECTOR: 1}


async def test_no_digest_before_anything_was_asked(database: Database, workplace: Workplace) -> None:
    await publish(workplace, "2026-11-16 08:30")
    assert not await snapshots(database)


async def test_who_reads_what(workplace: Workplace, reported: None, deliver: Deliver, post: Post) -> None:
    await publish(workplace, "2026-11-30 08:30")
    await deliver()
    director, clerk, chief = (post.to(person)[-1] for person in (DIRECTOR, CLERK, CHIEF))
    assert "桥头小学" in clerk
    assert "应急疏散演练(安全股):应报4家" in clerk
    assert "班班通进度(装备站):应报4家,按时1、宽限1、迟报1、未报0、豁免1" in clerk
    assert "应急疏散演练" in chief
    assert "班班通" not in chief
    assert "小学" not in director
    assert "班班通22/29个,75.9%" in director
    assert not any("0000-621" in text for text in (director, clerk, chief))


async def test_a_snapshot_never_changes(
    database: Database, workplace: Workplace, reported: None, report: Report_
) -> None:
    await publish(workplace, "2026-11-30 08:30")
    [before] = await rows(database, DigestSnapshot)
    await report("drill", QINGHE, "2026-11-30 09:00")
    async with database.write() as session:
        await session.execute(update(Unit).values(township="别处"))
    await publish(workplace, "2026-11-30 10:00")
    [after] = await rows(database, DigestSnapshot)
    assert (after.snapshot, after.as_of, after.serial) == (before.snapshot, before.as_of, before.serial)


async def test_a_campaign_that_cannot_be_rolled_up_stops_no_other(
    database: Database,
    workplace: Workplace,
    county: County,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from services import digests

    await tick(workplace)
    async with database.write() as session:
        session.add(Campaign(bureau_id=county.bureau_id, id=1, key="first", name="坏的"))
    real = digests._current_rounds

    async def poisoned(session: Any, campaign: Campaign, now: Any) -> Any:
        if campaign.id == 1:
            raise RuntimeError("boom")
        return await real(session, campaign, now)

    monkeypatch.setattr(digests, "_current_rounds", poisoned)
    with caplog.at_level(logging.CRITICAL):
        await publish(workplace, "2026-11-25 18:00")
    assert len(await snapshots(database)) == 1


async def test_a_long_list_is_sent_in_parts_none_of_which_cuts_a_line(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post
) -> None:
    async with database.write() as session:
        for number in range(400):
            name = f"第{number:03}村<&>完全小学"
            session.add(
                Unit(bureau_id=county.bureau_id, id=1000 + number, kind="school", code=f"Y{number}", name=name,
                     township=f"乡{number % 40}镇_{number % 40}", phone=f"0000-62{number:05}")
            )  # fmt: skip
    await tick(workplace)
    await publish(workplace, "2026-11-25 18:00")
    async with database.write() as session:
        from domain.messages import MissingList
        from services.outbox import Recipient, queue

        [snapshot] = await rows(database, DigestSnapshot)
        to = Recipient(county.bureau_id, CLERK, county.people["李敏"])
        await queue(session, to, MissingList(digest_id=snapshot.id), workplace.clock.now())
    for _ in range(5):
        await deliver()
    parts = [parcel for parcel in post.parcels if parcel.rendered.protect]
    sent = await rows(database, Outbox, Outbox.kind == "missing_list")
    assert len(parts) == len(sent) > 4
    assert {row.fate for row in sent} == {"sent"}
    assert sorted(row.payload["part"] for row in sent) == list(range(len(sent)))
    text = "\n".join(part.rendered.text for part in parts)
    for number in range(400):
        assert text.count(f"第{number:03}村&lt;&amp;&gt;完全小学") == 2
    lines = [line for line in text.split("\n") if "完全小学" in line]
    assert all(line.endswith(tuple("0123456789")) for line in lines)
    assert max(len(part.rendered.text) for part in parts) <= 4096
