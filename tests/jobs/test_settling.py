"""What a day brings by itself: names that take effect, and schools that leave the denominator from their date."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from db.session import Database
from db.tables import Alias, Bureau, Membership, Report, Trouble, Unit
from domain.digest import Head
from domain.progress import State
from jobs.sweeps import tick
from services import aside
from services.clock import VirtualClock
from services.digests import roll_up
from services.roster import closures
from services.workplace import Workplace
from tests.cast import County, at
from tests.jobs.conftest import Report_


async def change(database: Database, county: County, unit: str, **values: Any) -> None:
    """As an import of the roster would."""
    async with database.write() as session:
        row = await session.get_one(Unit, (county.bureau_id, county.units[unit]))
        for name, value in values.items():
            setattr(row, name, value)


async def states(database: Database, county: County, unit: str) -> dict[str, str]:
    """State → reason of the unit's reports."""
    async with database.read() as session:
        statement = select(Report).where(Report.unit_id == county.units[unit])
        return {row.state: row.state_reason for row in (await session.exec(statement)).all()}


async def go_to(workplace: Workplace, when: str) -> None:
    clock = workplace.clock
    assert isinstance(clock, VirtualClock)
    clock.jump_to(at(when))
    await tick(workplace)


async def test_a_closed_school_leaves_the_denominator_from_its_date(
    workplace: Workplace, county: County, database: Database, report: Report_
) -> None:
    await tick(workplace)
    await report("bbt", "李村小学", "2026-11-18 10:00", person="孙强", bbt=[3, 6])
    await change(database, county, "李村小学", closed_on=date(2026, 11, 20), merged_into_id=county.units["西岭中学"])
    await go_to(workplace, "2026-11-19 09:00")
    assert set(await states(database, county, "李村小学")) == {"pending", "submitted"}
    await go_to(workplace, "2026-11-20 00:01")  # long before the office opens
    found = await states(database, county, "李村小学")
    assert found == {"exempt": "停办:2026-11-20起停办或并入他校", "submitted": ""}
    assert set(await states(database, county, "桥头小学")) == {"pending"}
    async with database.read() as session:
        counts = (await roll_up(session, county.bureau_id, await _head(workplace), await _rounds(workplace))).tasks
    assert [(task.counts.roster, task.counts.expected, task.counts.exempt) for task in counts] == [(4, 3, 1), (4, 4, 0)]
    ended = [row for row in await _rows(database, Membership) if row.ended_at]
    assert [row.unit_id for row in ended] == [county.units["李村小学"]]


async def test_a_school_that_closes_after_the_due_day_still_owes(
    workplace: Workplace, county: County, database: Database
) -> None:
    await tick(workplace)
    await change(database, county, "李村小学", closed_on=date(2026, 11, 26))
    await go_to(workplace, "2026-11-26 09:00")
    assert set(await states(database, county, "李村小学")) == {"pending"}


async def test_a_closure_taken_back_is_owed_again(workplace: Workplace, county: County, database: Database) -> None:
    await tick(workplace)
    await change(database, county, "李村小学", closed_on=date(2026, 11, 18))
    await go_to(workplace, "2026-11-19 09:00")
    assert set(await states(database, county, "李村小学")) == {"exempt"}
    await change(database, county, "李村小学", closed_on=None)
    await go_to(workplace, "2026-11-20 09:00")
    assert await states(database, county, "李村小学") == {"pending": ""}


async def test_a_day_is_settled_once_by_the_bureaus_own_clock(
    workplace: Workplace, county: County, database: Database
) -> None:
    await tick(workplace)
    async with database.write() as session:
        session.add(
            Alias(bureau_id=county.bureau_id, unit_id=county.units["李村小学"], text="李村小学", pinyin="licunxiaoxue",
                  source="name")
        )  # fmt: skip
    await change(database, county, "李村小学", next_name="李村希望小学", renamed_on=date(2026, 11, 19))
    await go_to(workplace, "2026-11-18 23:59")
    assert {row.name for row in await _rows(database, Unit)} & {"李村小学", "李村希望小学"} == {"李村小学"}
    await go_to(workplace, "2026-11-19 00:00")
    assert {row.name for row in await _rows(database, Unit)} & {"李村小学", "李村希望小学"} == {"李村希望小学"}
    assert ("李村小学", "former") in {(row.text, row.source) for row in await _rows(database, Alias)}
    [bureau] = await _rows(database, Bureau)
    assert bureau.settled_on == date(2026, 11, 19)


async def test_an_exempt_report_is_not_reminded_of(
    workplace: Workplace, county: County, database: Database, post: Any, deliver: Any
) -> None:
    await tick(workplace)
    await deliver()
    for unit in ("李村小学", "桥头小学"):
        await change(database, county, unit, closed_on=date(2026, 11, 20))
    before = len(post.parcels)
    await go_to(workplace, "2026-11-24 09:00")
    await deliver()
    assert len(post.parcels) > before
    assert State.EXEMPT.value in await states(database, county, "桥头小学")
    assert not [parcel for parcel in post.parcels[before:] if "孙校长" in parcel.rendered.text]


async def _rows(database: Database, table: Any) -> list[Any]:
    async with database.read() as session:
        return list((await session.exec(select(table))).all())


async def _head(workplace: Workplace) -> Head:
    return Head(1, workplace.clock.now(), "Asia/Shanghai", "云溪县教育局", "发展提升年")


async def _rounds(workplace: Workplace) -> list[Any]:
    from db.tables import Round

    return sorted(await _rows(workplace.database, Round), key=lambda round_: len(round_.questionnaire), reverse=True)


async def test_a_school_that_cannot_be_settled_stops_no_other(
    workplace: Workplace,
    county: County,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await tick(workplace)
    for unit in ("李村小学", "桥头小学"):
        await change(database, county, unit, closed_on=date(2026, 11, 19))
    real = closures._exempt

    async def poisoned(session: Any, unit: Unit, *rest: Any) -> Any:
        done = await real(session, unit, *rest)
        if unit.name == "李村小学":
            raise RuntimeError("boom")
        return done

    with monkeypatch.context() as while_broken, caplog.at_level(logging.CRITICAL):
        while_broken.setattr(closures, "_exempt", poisoned)
        for minute in range(0, 30, 5):
            await go_to(workplace, f"2026-11-19 00:{minute:02}")
        assert set(await states(database, county, "桥头小学")) == {"exempt"}
        assert set(await states(database, county, "李村小学")) == {"pending"}
    [trouble] = await _rows(database, Trouble)
    assert (trouble.what, trouble.state) == ("李村小学的更名或停办没能生效", "set_aside")
    await go_to(workplace, "2026-11-19 00:30")
    assert set(await states(database, county, "李村小学")) == {"pending"}  # nobody said that it is mended
    async with database.write() as session:
        assert await aside.retry(session, county.bureau_id, workplace.clock.now()) == 1
    await tick(workplace)
    assert set(await states(database, county, "李村小学")) == {"exempt"}
    assert not await _rows(database, Trouble)
