"""Rounds open once, on both stores; what was asked is frozen."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import date

import pytest
from sqlmodel import SQLModel, select

from db.session import Database
from db.tables import Outbox, Report, Round, Task, TaskIndicator, Unit
from jobs.sweeps import tick
from services.workplace import Workplace
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at


async def rows(database: Database, table: type[SQLModel], *where: object) -> list:
    async with database.read() as session:
        return list((await session.execute(select(table).where(*where))).scalars().all())  # type: ignore[arg-type]


async def test_a_tick_run_twice_and_by_two_workers_opens_once(database: Database, workplace: Workplace) -> None:
    await asyncio.gather(*(tick(workplace) for _ in range(4)))
    await tick(workplace)
    assert len(await rows(database, Round)) == 2
    reports = await rows(database, Report)
    assert Counter(row.state for row in reports) == {"pending": 8}
    prompts = await rows(database, Outbox, Outbox.kind == "prompt")
    assert sorted(row.chat_id for row in prompts) == sorted((PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS))
    assert all(row.nag for row in prompts)


@pytest.mark.parametrize(
    ("when", "opened"),
    [
        ("2026-11-18 08:29:59", 0),
        ("2026-11-18 08:30:00", 2),
        ("2026-11-18 17:29:59", 2),
        ("2026-11-18 17:30:00", 0),
        ("2026-11-21 10:00:00", 0),  # a Saturday
        ("2026-11-25 16:59:59", 2),  # an outage of a week: the round is still asked
        ("2026-11-25 17:00:00", 0),  # nobody is asked for what is over
    ],
)
async def test_rounds_open_within_office_hours(
    database: Database, workplace: Workplace, when: str, opened: int
) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    await tick(workplace)
    assert len(await rows(database, Round, Round.label == "2026年11月")) == opened


async def test_the_roster_is_frozen(database: Database, workplace: Workplace, county: County) -> None:
    async with database.write() as session:
        closed = await session.get_one(Unit, (county.bureau_id, county.units["桥头小学"]))
        closed.closed_on = date(2026, 11, 25)
    await tick(workplace)
    async with database.write() as session:
        unit = await session.get_one(Unit, (county.bureau_id, county.units["李村小学"]))
        unit.township, unit.students, unit.closed_on = "别处", 1, date(2026, 11, 19)
        session.add(Unit(bureau_id=county.bureau_id, id=1, kind="school", code="X99", name="新校"))
    await tick(workplace)
    reports = await rows(database, Report)
    assert len(reports) == 6
    [moved] = {(row.township, row.students) for row in reports if row.unit_id == county.units["李村小学"]}
    assert moved == ("西岭乡", 86)


async def test_the_questionnaire_is_frozen(database: Database, workplace: Workplace, county: County) -> None:
    await tick(workplace)
    before = {row.task_id: row.questionnaire for row in await rows(database, Round)}
    async with database.write() as session:
        for row in await rows(database, TaskIndicator):
            row.definition = row.definition | {"label": "改了"}
            await session.merge(row)
    await tick(workplace)
    assert {row.task_id: row.questionnaire for row in await rows(database, Round)} == before
    assert [row["key"] for row in before[county.tasks["bbt"]]] == ["bbt", "bbt_fault"]


async def test_a_withdrawn_task_asks_nothing(database: Database, workplace: Workplace, county: County) -> None:
    async with database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, county.tasks["bbt"]))
        task.withdrawn_at = at("2026-11-17 09:00")
    await tick(workplace)
    assert [row.task_id for row in await rows(database, Round)] == [county.tasks["drill"]]


@pytest.mark.parametrize("poison", ["schedule", "questionnaire"])
async def test_a_poisoned_task_stops_no_other(
    database: Database, workplace: Workplace, county: County, poison: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.write() as session:
        if poison == "schedule":
            task = await session.get_one(Task, (county.bureau_id, county.tasks["drill"]))
            task.schedule = {"frequency": "whenever"}
        else:
            row = (await rows(database, TaskIndicator, TaskIndicator.key == "drill_date"))[0]
            row.definition = {"key": "broken"}
            await session.merge(row)
    with caplog.at_level(logging.CRITICAL):
        await tick(workplace)
    assert [row.task_id for row in await rows(database, Round)] == [county.tasks["bbt"]]
    [prompt] = await rows(database, Outbox, Outbox.chat_id == PRINCIPAL)
    assert len(prompt.payload["reports"]) == 1


async def test_a_sweep_that_fails_stops_no_other(workplace: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    async def broken(session: object, _workplace: Workplace) -> None:
        done.append("broken")
        raise RuntimeError("boom")

    async def fine(session: object, _workplace: Workplace) -> None:
        done.append("fine")

    await tick(workplace, (broken, fine))  # type: ignore[arg-type]
    assert done == ["broken", "fine"]
    assert [record.action for record in caplog.records] == ["sweep_failed"]  # type: ignore[attr-defined]
