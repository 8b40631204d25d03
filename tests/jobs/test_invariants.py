"""Each invariant of the simulator notices what it is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import delete
from sqlmodel import col

from cli.simulation.invariants import Invariants
from db.session import Database
from db.tables import Outbox, Report, Round
from domain.messages import Reminder, ReportKey
from jobs.sweeps import tick
from services.outbox import Recipient, queue
from services.workplace import Workplace
from tests.cast import HOURS, PRINCIPAL, County, at
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
Deliver = Callable[[], Awaitable[None]]


@pytest.fixture
async def opened(workplace: Workplace, deliver: Deliver, post: Post) -> None:
    await tick(workplace)
    await deliver()


async def reminded(database: Database, county: County, when: str, rung: str = "t-1", task: str = "drill") -> None:
    """A reminder that went out at that instant, whoever may have sent it."""
    [round_] = await rows(database, Round, Round.task_id == county.tasks[task])
    key = ReportKey(round_.id, county.units[QINGHE])
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    async with database.write() as session:
        row_id = await queue(session, to, Reminder(rung=rung, reports=(key,), rungs=(rung,)), at(when), nag=True)
        row = await session.get_one(Outbox, (county.bureau_id, row_id))
        row.fate, row.sent_at, row.claimed_at = "sent", at(when), at(when)


async def violations(database: Database, *outages: tuple[str, str]) -> list[str]:
    found = Invariants(HOURS, [(at(since), at(until)) for since, until in outages])
    async with database.read() as session:
        await found.at_end(session)
    return found.violations


async def test_none_where_all_is_well(database: Database, opened: None, county: County, report: Report_) -> None:
    await reminded(database, county, "2026-11-24 09:00")
    await report("drill", QINGHE, "2026-11-24 10:00")
    assert await violations(database, ("2026-11-23 08:00", "2026-11-24 08:00")) == []


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (["2026-11-24 17:30"], "工作时间以外"),
        (["2026-11-22 10:00"], "工作时间以外"),
        (["2026-11-24 09:00", "2026-11-24 10:00", "2026-11-24 11:00"], "一天3条"),
        (["2026-11-24 09:00", "2026-11-25 09:00"], "同一级提醒2次"),
    ],
)
async def test_what_was_sent_wrongly(
    database: Database, opened: None, county: County, sent: list[str], says: str
) -> None:
    for when in sent:
        await reminded(database, county, when)
    assert any(one.startswith(says) for one in await violations(database))


async def test_a_reminder_after_the_report(database: Database, opened: None, county: County, report: Report_) -> None:
    await report("drill", QINGHE, "2026-11-24 09:00")
    await reminded(database, county, "2026-11-24 10:00")
    assert any(one.startswith("报送以后还提醒(t-1)") for one in await violations(database))


async def test_a_burst_after_an_outage(database: Database, opened: None, county: County) -> None:
    await reminded(database, county, "2026-11-24 09:00", "t-3")
    await reminded(database, county, "2026-11-24 09:20")
    assert not await violations(database)
    burst = await violations(database, ("2026-11-23 12:00", "2026-11-24 08:50"))
    assert [one.partition(":")[0] for one in burst] == ["中断后一小时内2条"]


async def test_statuses_that_do_not_sum_to_the_roster(database: Database, opened: None, county: County) -> None:
    found = Invariants(HOURS)
    async with database.read() as session:
        await found.at_tick(session, at("2026-11-18 10:00"))
    assert (found.violations, found.checked) == ([], 1)
    async with database.write() as session:
        [round_] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
        await session.execute(
            delete(Report).where(col(Report.round_id) == round_.id, col(Report.unit_id) == county.units[QINGHE])
        )
    async with database.read() as session:
        await found.at_tick(session, at("2026-11-18 10:00"))
    assert "合计3,名单4" in "".join(found.violations)
