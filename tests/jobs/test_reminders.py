"""The ladder at work: to the missing only, once, merged, and never too late."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from db.session import Database
from db.tables import Account, Inbox, Outbox, Reminder, Round, Unit
from jobs.sweeps import tick
from services.workplace import Workplace
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
Deliver = Callable[[], Awaitable[None]]


@pytest.fixture
async def opened(workplace: Workplace, deliver: Deliver, post: Post) -> None:
    await tick(workplace)
    await deliver()
    post.parcels.clear()


async def at_time(workplace: Workplace, when: str) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    await tick(workplace)


async def reminders(database: Database) -> list[Outbox]:
    return await rows(database, Outbox, Outbox.kind == "reminder")


async def test_to_the_missing_only_merged_and_once(
    database: Database, workplace: Workplace, opened: None, report: Report_, deliver: Deliver, post: Post
) -> None:
    await report("drill", QINGHE, "2026-11-19 10:00")
    await report("bbt", QINGHE, "2026-11-19 10:00")
    await report("bbt", "西岭中学", "2026-11-19 10:00", person="刘芳")
    workplace.clock.jump_to(at("2026-11-24 09:00"))  # type: ignore[attr-defined]
    await asyncio.gather(*(tick(workplace) for _ in range(3)))
    await tick(workplace)
    queued = {row.chat_id: len(row.payload["reports"]) for row in await reminders(database)}
    assert queued == {SECOND_PRINCIPAL: 1, TWO_SCHOOLS: 4}
    assert len(await reminders(database)) == 2
    ledger = await rows(database, Reminder)
    assert Counter((row.rung, row.state, row.reason) for row in ledger) == {
        ("t-3", "skipped", "superseded"): 8, ("t-1", "queued", ""): 5, ("t-1", "skipped", "reported"): 3,
    }  # fmt: skip
    await deliver()
    assert "还有1项明天" in post.to(SECOND_PRINCIPAL)[-1]
    assert "已报的班班通进度不用管。" in post.to(SECOND_PRINCIPAL)[-1]


@pytest.mark.parametrize(
    ("when", "rung"),
    [
        ("2026-11-19 17:29:59", None),
        ("2026-11-20 08:59:59", None),
        ("2026-11-20 09:00:00", "t-3"),
        ("2026-11-24 08:59:59", "t-3"),  # after an outage: the newest that has come
        ("2026-11-24 09:00:00", "t-1"),
        ("2026-11-24 17:29:59", "t-1"),
        ("2026-11-24 17:30:00", None),
        ("2026-11-25 08:29:59", None),
        ("2026-11-25 08:30:00", "t-1"),  # the same day still helps
        ("2026-11-25 09:00:00", "due-morning"),
        ("2026-11-25 15:00:00", "due-afternoon"),
        ("2026-11-25 16:59:59", "due-afternoon"),
        ("2026-11-25 17:00:00", None),  # nothing once it is over
        ("2026-11-26 08:59:59", None),
        ("2026-11-26 09:00:00", "late-1"),
        ("2026-11-27 09:00:00", "late-1"),
        ("2026-12-02 17:00:00", None),  # closed
    ],
)
async def test_when_which_rung_fires(
    database: Database, workplace: Workplace, opened: None, when: str, rung: str | None
) -> None:
    await at_time(workplace, when)
    assert [row.payload["rung"] for row in await reminders(database)] == ([rung] * 3 if rung else [])


async def test_what_is_reported_between_plan_and_sending_drops_out(
    workplace: Workplace, opened: None, report: Report_, deliver: Deliver, post: Post, database: Database
) -> None:
    await at_time(workplace, "2026-11-24 09:00")
    await report("drill", QINGHE, "2026-11-24 09:00")
    await report("drill", "西岭中学", "2026-11-24 09:00", person="刘芳")
    await report("bbt", "西岭中学", "2026-11-24 09:00", person="刘芳")
    await deliver()
    assert "应急疏散演练(安全股)" not in post.to(PRINCIPAL)[-1]
    assert "还有1项" in post.to(PRINCIPAL)[-1]
    assert not post.to(SECOND_PRINCIPAL)
    assert {row.chat_id: row.fate for row in await reminders(database)} == {
        PRINCIPAL: "sent", SECOND_PRINCIPAL: "cancelled", TWO_SCHOOLS: "sent",
    }  # fmt: skip


async def test_nothing_is_handed_over_while_the_chat_has_unprocessed_updates(
    workplace: Workplace, opened: None, deliver: Deliver, post: Post, database: Database, county: County
) -> None:
    async with database.write() as session:
        session.add(
            Inbox(bureau_id=county.bureau_id, update_id=1, chat_id=PRINCIPAL, received_at=workplace.clock.now())
        )
    await at_time(workplace, "2026-11-24 09:00")
    await deliver()
    assert not post.to(PRINCIPAL)
    assert post.to(SECOND_PRINCIPAL)
    async with database.write() as session:
        (await session.get_one(Inbox, (county.bureau_id, 1))).state = "done"
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1


async def test_a_reminder_queued_late_waits_for_the_office_to_open(
    workplace: Workplace, opened: None, deliver: Deliver, post: Post, database: Database
) -> None:
    await at_time(workplace, "2026-11-24 17:29:59")
    workplace.clock.jump_to(at("2026-11-24 17:30"))  # type: ignore[attr-defined]
    await deliver()
    assert not post.parcels
    assert {row.not_before for row in await reminders(database)} == {at("2026-11-25 08:30")}
    workplace.clock.jump_to(at("2026-11-25 08:30"))  # type: ignore[attr-defined]
    await deliver()
    assert "还有2项今天17:00截止" in post.to(PRINCIPAL)[-1]


async def test_a_reminder_that_waited_past_the_deadline_is_not_sent(
    workplace: Workplace, opened: None, deliver: Deliver, post: Post, database: Database
) -> None:
    await at_time(workplace, "2026-11-24 17:29:59")
    workplace.clock.jump_to(at("2026-11-25 17:00:01"))  # type: ignore[attr-defined]
    await deliver()
    assert not post.parcels
    assert {row.fate for row in await reminders(database)} == {"cancelled"}


async def test_a_moved_deadline_arms_the_rung_again(
    workplace: Workplace, opened: None, database: Database, county: County
) -> None:
    await at_time(workplace, "2026-11-24 09:00")
    async with database.write() as session:
        for round_ in await rows(database, Round):
            if round_.task_id == county.tasks["drill"]:
                round_.due_at = at("2026-11-30 17:00")
                await session.merge(round_)
    await at_time(workplace, "2026-11-27 09:00")
    armed = [row for row in await rows(database, Reminder) if row.effective_due == at("2026-11-30 17:00")]
    assert {row.rung for row in armed if row.state == "queued"} == {"t-1"}
    assert len([row for row in armed if row.state == "queued"]) == 4


async def test_a_copy_for_the_central_school_is_noted_of_its_own_units_only(
    workplace: Workplace, opened: None, database: Database, county: County
) -> None:
    qinghe = county.units[QINGHE]
    async with database.write() as session:
        (await session.get_one(Unit, (county.bureau_id, qinghe))).central_unit_id = county.units["西岭中学"]
    await at_time(workplace, "2026-11-26 09:00")
    late = [row for row in await rows(database, Reminder) if row.rung == "late-1"]
    assert {row.unit_id for row in late if row.audience == "central"} == {qinghe}
    assert {row.unit_id for row in late if row.audience == "unit"} > {qinghe}


async def test_who_cannot_be_reached_gets_none(
    workplace: Workplace, opened: None, database: Database, county: County
) -> None:
    async with database.write() as session:
        account = await session.get_one(Account, (county.bureau_id, "telegram", PRINCIPAL))
        account.unreachable = "blocked"
    await at_time(workplace, "2026-11-24 09:00")
    assert {row.chat_id for row in await reminders(database)} == {SECOND_PRINCIPAL, TWO_SCHOOLS}


async def test_a_poisoned_round_stops_no_other(
    workplace: Workplace,
    opened: None,
    database: Database,
    county: County,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from services import chasing

    real, [drill] = chasing._fire, [r for r in await rows(database, Round) if r.task_id == county.tasks["drill"]]

    async def poisoned(session: object, ladder: chasing._Ladder, *rest: object) -> object:
        result = await real(session, ladder, *rest)  # type: ignore[arg-type]
        if ladder.round.id == drill.id:
            raise RuntimeError("boom")
        return result

    monkeypatch.setattr(chasing, "_fire", poisoned)
    with caplog.at_level(logging.CRITICAL):
        await at_time(workplace, "2026-11-24 09:00")
    assert {len(row.payload["reports"]) for row in await reminders(database)} == {1, 2}
    assert drill.id not in {row.round_id for row in await rows(database, Reminder)}
    monkeypatch.undo()
    await tick(workplace)
    assert drill.id not in {row.round_id for row in await rows(database, Reminder)}  # it rests
    await at_time(workplace, "2026-11-24 09:01")
    assert drill.id in {row.round_id for row in await rows(database, Reminder)}
