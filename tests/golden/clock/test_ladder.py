"""Golden 3 to 6: when a rung fires and how often; neither a long lock nor a stopped clock changes whom it reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from db.session import Database
from db.tables import Outbox, Reminder, Round, Task
from jobs.sweeps import tick
from services.rounds import schedule_of, schedule_to_json
from services.workplace import Workplace
from tests.cast import CHIEF, CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.jobs.conftest import Post
from tests.jobs.test_rounds import rows

Deliver = Callable[[], Awaitable[None]]
PRINCIPALS = (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS)


async def go_to(workplace: Workplace, deliver: Deliver, *moments: str) -> None:
    for moment in moments:
        workplace.clock.jump_to(at(moment))  # type: ignore[attr-defined]
        await tick(workplace)
        await deliver()


async def reschedule(database: Database, county: County, task: str, **changes: object) -> None:
    async with database.write() as session:
        row = await session.get_one(Task, (county.bureau_id, county.tasks[task]))
        row.schedule = schedule_to_json(replace(schedule_of(row), **changes))  # type: ignore[arg-type]


async def fired(database: Database, county: County, task: str) -> list[Reminder]:
    [round_] = await rows(database, Round, Round.task_id == county.tasks[task])
    return await rows(database, Reminder, Reminder.round_id == round_.id)


async def test_golden_03_the_overdue_rung_fires_after_the_end_for_the_round_that_ended(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post
) -> None:
    await reschedule(database, county, "bbt", day=30)
    await go_to(workplace, deliver, "2026-11-18 09:00", "2026-11-23 09:00", "2026-11-25 09:00", "2026-11-25 16:59:59")
    late = {row.rung for row in await rows(database, Reminder) if row.rung.startswith("late")}
    assert not late, "nothing is overdue before the end"
    post.parcels.clear()
    await go_to(workplace, deliver, "2026-11-26 08:59:59")
    assert not post.to(PRINCIPAL)
    await go_to(workplace, deliver, "2026-11-26 09:00")
    [said] = post.to(PRINCIPAL)
    assert "应急疏散演练" in said
    assert "班班通" not in said
    assert {row.rung for row in await fired(database, county, "bbt") if row.state == "queued"} <= {"t-3"}
    assert {row.unit_id for row in await fired(database, county, "drill") if row.rung == "late-1"} == {
        unit for name, unit in county.units.items() if name.endswith(("学校", "中学", "小学"))
    }


async def test_golden_04_a_rung_of_day_zero_fires_once(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post
) -> None:
    await go_to(workplace, deliver, "2026-11-18 09:00")
    post.parcels.clear()
    await go_to(workplace, deliver, "2026-11-25 09:00", "2026-11-25 09:00", "2026-11-25 09:01", "2026-11-25 12:00")
    workplace.planned.clear()  # as after a restart: what was said is known from the store alone
    await go_to(workplace, deliver, "2026-11-25 14:59:59")
    assert [len(post.to(person)) for person in PRINCIPALS] == [1, 1, 1]
    assert Counter(row.rung for row in await rows(database, Reminder) if row.state == "queued") == {"due-morning": 8}


async def test_golden_05_allowing_late_reports_changes_no_reminder(
    database: Database, workplace: Workplace, county: County, deliver: Deliver
) -> None:
    """One task closes on the next working day, the other takes late reports for two weeks."""
    await reschedule(database, county, "drill", lock_after=1)
    await reschedule(database, county, "bbt", lock_after=10)
    await go_to(
        workplace, deliver, "2026-11-18 09:00", "2026-11-20 09:00", "2026-11-24 09:00", "2026-11-25 09:00",
        "2026-11-25 15:00", "2026-11-25 17:05", "2026-11-26 09:00",
    )  # fmt: skip
    strict, lenient = [
        Counter((row.unit_id, row.rung, row.audience, row.state, row.planned_at) for row in found)
        for found in [await fired(database, county, task) for task in ("drill", "bbt")]
    ]
    assert strict == lenient
    rungs = {rung for _, rung, audience, state, _ in strict if (audience, state) == ("unit", "queued")}
    assert rungs == {"t-3", "t-1", "due-morning", "due-afternoon", "late-1"}


@pytest.mark.parametrize("missed", [("2026-11-24 08:00", "2026-11-26 10:00"), ("2026-11-18 09:00", "2026-11-26 10:00")])
async def test_golden_06_down_across_the_due_moment_there_is_one_catching_up_and_no_burst(
    database: Database, workplace: Workplace, deliver: Deliver, post: Post, missed: tuple[str, str]
) -> None:
    since, until = missed
    await go_to(workplace, deliver, "2026-11-18 09:00", since)
    post.parcels.clear()
    await go_to(workplace, deliver, until, "2026-11-26 10:01", "2026-11-26 11:30", "2026-11-26 16:00")
    assert [len(post.to(person)) for person in PRINCIPALS] == [1, 1, 1]
    assert all("已过截止时间" in post.to(person)[0] for person in PRINCIPALS)
    lists = [row for row in await rows(database, Outbox, Outbox.kind == "chase_summary")]
    assert sorted(row.chat_id for row in lists) == sorted((CLERK, CHIEF))
    ledger = [row for row in await rows(database, Reminder) if row.planned_at == at(until)]
    queued = {(row.rung, row.audience) for row in ledger if row.state == "queued"}
    assert queued == {("late-1", "unit"), ("list", "office"), ("list", "section")}  # nobody has a central school
    missed_rungs = {(row.rung, row.reason) for row in ledger if row.rung.startswith("due-")}
    assert missed_rungs == {("due-morning", "after_due"), ("due-afternoon", "after_due")}
