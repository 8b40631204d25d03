"""When a report counts as received, to the second; nothing later changes it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlmodel import col

from db.session import Database
from db.tables import Answer, AnswerRevision, Bureau, Campaign, Outbox, Report, Round
from domain.progress import State, Timeliness, timeliness
from jobs.sweeps import tick
from services.digests import as_it_stands
from services.reporting import Outcome
from services.workplace import Workplace
from tests.cast import County, at
from tests.jobs.conftest import Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"


async def received(database: Database, county: County) -> datetime:
    [row] = await rows(database, Report, Report.unit_id == county.units[QINGHE], Report.state != "pending")
    return row.first_received_at


def judged(when: datetime) -> Timeliness:
    due, grace = at("2026-11-25 17:00"), at("2026-11-26 12:00")
    return timeliness(State.SUBMITTED, when, due, grace, at("2026-12-10 09:00"))


@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("2026-11-25 16:59:59", "on_time"),
        ("2026-11-25 17:00:00", "on_time"),
        ("2026-11-25 17:00:01", "grace"),
        ("2026-11-26 12:00:00", "grace"),
        ("2026-11-26 12:00:01", "late"),
        ("2026-12-02 16:59:59", "late"),
    ],
)
async def test_the_edges(
    database: Database, workplace: Workplace, county: County, report: Report_, when: str, how: str
) -> None:
    await tick(workplace)
    assert await report("bbt", QINGHE, when) is Outcome.DONE
    assert judged(await received(database, county)) == how
    [receipt] = await rows(database, Outbox, Outbox.kind == "receipt")
    assert receipt.payload["timeliness"] == how


async def test_after_the_lock_nothing_is_taken(workplace: Workplace, report: Report_, database: Database) -> None:
    await tick(workplace)
    assert await report("bbt", QINGHE, "2026-12-02 17:00:00") is Outcome.LOCKED
    assert {row.state for row in await rows(database, Report)} == {"pending"}


@pytest.mark.parametrize(
    ("stood", "confirmed", "counts"),
    [
        ("2026-11-25 16:59", "2026-11-25 17:10", "2026-11-25 16:59"),  # confirmed ten minutes later
        ("2026-11-25 16:59", "2026-11-26 09:59", "2026-11-25 16:59"),  # 31 + 89 working minutes: two hours
        ("2026-11-25 16:59", "2026-11-26 10:00", "2026-11-26 10:00"),  # a minute more: the confirmation
        ("2026-11-25 16:59", "2026-11-25 22:00", "2026-11-25 16:59"),  # an evening is no working time
        ("2026-11-20 10:00", "2026-11-25 16:00", "2026-11-25 16:00"),
    ],
)
async def test_values_that_stood_complete_count_from_then(
    database: Database, workplace: Workplace, county: County, report: Report_, stood: str, confirmed: str, counts: str
) -> None:
    await tick(workplace)
    await report("bbt", QINGHE, confirmed, stood=stood)
    assert await received(database, county) == at(counts)


async def test_a_correction_changes_neither_time_nor_number_of_the_receipt(
    database: Database, workplace: Workplace, county: County, report: Report_
) -> None:
    await tick(workplace)
    await report("bbt", QINGHE, "2026-11-25 16:00")
    [row] = await rows(database, Report, Report.state == "submitted")
    async with database.write() as session:
        row.state = "returned"
        await session.merge(row)
    await report("bbt", QINGHE, "2026-11-30 10:00", bbt=[11, 14])
    [after] = await rows(database, Report, Report.state == "submitted")
    assert (after.first_received_at, after.receipt_number) == (at("2026-11-25 16:00"), row.receipt_number)
    assert after.submitted_at == at("2026-11-30 10:00")
    assert [answer.amount for answer in await rows(database, Answer, Answer.key == "bbt")] == [11]
    history = await rows(database, AnswerRevision)
    assert sorted((one.key, one.amount) for one in history) == [("bbt", 10), ("bbt", 11), ("bbt_fault", 0)]
    receipts = await rows(database, Outbox, Outbox.kind == "receipt")
    assert [receipt.payload["first"] for receipt in sorted(receipts, key=lambda one: one.id)] == [True, False]
    assert {receipt.payload["timeliness"] for receipt in receipts} == {"on_time"}


async def test_receipt_numbers_count_the_day(database: Database, workplace: Workplace, report: Report_) -> None:
    await tick(workplace)
    await report("bbt", QINGHE, "2026-11-24 10:00")
    await report("drill", QINGHE, "2026-11-24 10:00")
    await report("bbt", "西岭中学", "2026-11-25 10:00", person="刘芳")
    numbers = {row.receipt_number for row in await rows(database, Report, Report.state == "submitted")}
    assert numbers == {"1124-0001", "1124-0002", "1125-0001"}


async def test_the_month_is_not_called_complete_while_something_was_missed(
    database: Database, workplace: Workplace, county: County, report: Report_
) -> None:
    from db.tables import Round

    await tick(workplace)
    async with database.write() as session:
        for round_ in await rows(database, Round, Round.task_id == county.tasks["drill"]):
            round_.lock_at = at("2026-11-26 12:00")
            await session.merge(round_)
    await report("bbt", QINGHE, "2026-11-30 10:00")
    [receipt] = await rows(database, Outbox, Outbox.kind == "receipt")
    assert (receipt.payload["owed"], receipt.payload["total"]) == ([], 0)


async def test_a_deadline_moved_earlier_makes_nobody_late(
    database: Database, workplace: Workplace, county: County, report: Report_
) -> None:
    """On time under the deadline it came under; the digest after the move says so too."""
    await tick(workplace)
    assert await report("bbt", QINGHE, "2026-11-25 10:00") is Outcome.DONE
    async with database.write() as session:
        round_ = (await session.execute(select(Round).where(col(Round.task_id) == county.tasks["bbt"]))).scalars().one()
        round_.due_at, round_.grace_until = at("2026-11-23 17:00"), at("2026-11-24 12:00")
    async with database.read() as session:
        bureau = await session.get_one(Bureau, county.bureau_id)
        [campaign] = (await session.execute(select(Campaign))).scalars().all()
        digest = await as_it_stands(session, bureau, campaign, at("2026-11-25 18:00"))
    assert digest is not None
    counts = next(task.counts for task in digest.tasks if task.name == "班班通进度")
    assert (counts.on_time, counts.late, counts.missing) == (1, 0, 3)
