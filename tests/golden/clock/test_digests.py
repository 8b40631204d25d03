"""Golden 14 and 16: the digest falls on the bureau's days wherever the server stands, and no rate passes one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from db.session import Database
from db.tables import DigestSnapshot, Round, Unit
from domain.digest import Digest
from domain.rounds import Frequency
from jobs.sweeps import tick
from services.workplace import Workplace
from tests.cast import County, at
from tests.golden.clock.test_ladder import reschedule
from tests.jobs.conftest import Report_
from tests.jobs.test_rounds import rows

LI, QINGHE = "李村小学", "清河镇九年一贯制学校"


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Shanghai"])
def server_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of the machine, which must not matter."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


async def digests(database: Database) -> list[Digest]:
    found = sorted(await rows(database, DigestSnapshot), key=lambda row: row.serial)
    return [Digest.from_json(row.snapshot) for row in found]


YEAR_END = {"day": 31}
TERM_END = {"day": 31, "frequency": Frequency.TERM, "term_month": 4}
EDGES = {
    "a week begins": ({}, "2026-11-30T00:29:59", 0),
    "a week has begun": ({}, "2026-11-30T00:30:00", 1),  # Sunday evening in New York
    "the last day of a month": (YEAR_END, "2026-12-31T15:59:59", 1),  # a second to midnight in Yunxi
    "the first of the next": (YEAR_END, "2026-12-31T16:00:00", 0),
    "the last day of a term's round": (TERM_END, "2026-12-31T15:59:59", 1),
    "the day after": (TERM_END, "2026-12-31T16:00:00", 0),
}


@pytest.mark.parametrize("edge", EDGES)
async def test_golden_14_digests_fall_on_the_bureaus_days_wherever_the_server_stands(
    database: Database, workplace: Workplace, county: County, server_zone: str, edge: str
) -> None:
    schedule, when, published = EDGES[edge]
    for task in county.tasks:
        await reschedule(database, county, task, **schedule)
    opens, due = ("2026-12-24 09:00", date(2026, 12, 31)) if schedule else ("2026-11-18 09:00", date(2026, 11, 25))
    workplace.clock.jump_to(at(opens))  # type: ignore[attr-defined]
    await tick(workplace)
    assert {row.period_to for row in await rows(database, Round)} == {due}
    seen = len(await digests(database))
    workplace.clock.jump_to(datetime.fromisoformat(when).replace(tzinfo=UTC))  # type: ignore[attr-defined]
    await tick(workplace)
    assert len(await digests(database)) - seen == published


async def test_golden_16_no_rate_passes_one_when_a_school_moves_to_another_township_mid_round(
    database: Database, workplace: Workplace, county: County, report: Report_
) -> None:
    """It is counted where it was asked; its report never enters a numerator without a denominator."""
    await tick(workplace)
    await report("bbt", LI, "2026-11-19 10:00", person="孙强", bbt=[3, 6])
    await report("bbt", QINGHE, "2026-11-19 10:00")
    async with database.write() as session:
        (await session.get_one(Unit, (county.bureau_id, county.units[LI]))).township = "清河镇"
    workplace.clock.jump_to(at("2026-11-25 18:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    [digest] = await digests(database)
    [bbt] = [task for task in digest.tasks if task.name == "班班通进度"]
    assert {town.name: (town.counts.received, town.counts.expected) for town in bbt.townships} == {
        "清河镇": (1, 1), "西岭乡": (1, 3),
    }  # fmt: skip
    assert all(counts.received_rate <= 1 for counts in (bbt.counts, *(town.counts for town in bbt.townships)))  # type: ignore[operator]
    assert bbt.counts.roster == 4
