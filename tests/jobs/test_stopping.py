"""Silence at once: whatever settles a report takes it out of what waits, in the very transaction. On both stores."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import Database
from db.tables import CourseChange, Extension, Outbox, Report, Request, Round, Unit
from domain.messages import ReportKey
from services import course, extensions, promises, requests, roster
from services.outbox import Recipient
from services.people import actor_of, the_bureau_by_id
from services.turn import Turn
from services.workplace import Workplace
from tests.cast import CLERK, HOURS, PRINCIPAL, County, at
from tests.jobs.conftest import Report_
from tests.jobs.test_kindness import QINGHE, Deliver, at_time, key_of, nags
from tests.jobs.test_rounds import rows

NOW = at("2026-11-24 09:00")
Cause = Callable[[AsyncSession, County, ReportKey], Awaitable[object]]


async def turn_of(session: AsyncSession, county: County, name: str, chat: int, now: datetime = NOW) -> Turn:
    person_id = county.people[name]
    return Turn(
        session, await the_bureau_by_id(session, county.bureau_id), HOURS,
        Recipient(county.bureau_id, chat, person_id), now, now, 1,
        await actor_of(session, county.bureau_id, person_id),
    )  # fmt: skip


async def _request(session: AsyncSession, county: County, key: ReportKey, kind: str) -> int:
    drill = {
        "drill_done": True, "drill_date": "2026-11-17", "drill_type": "地震", "drill_students": 520,
        "drill_seconds": "110", "hazard": [2, 3],
    }  # fmt: skip
    request = Request(
        bureau_id=county.bureau_id, id=new_id(), kind=kind, round_id=key.round_id, unit_id=key.unit_id,
        person_id=county.people["王建国"], received_at=NOW, until=at("2026-11-27 17:00"), reason="停电",
        entries={name: {"v": value, "words": ""} for name, value in drill.items()},
    )  # fmt: skip
    session.add(request)
    await session.flush()
    return request.id


async def asked(session: AsyncSession, county: County, key: ReportKey) -> object:
    turn = await turn_of(session, county, "王建国", PRINCIPAL)
    return await extensions.pick_reason(turn, key, date(2026, 11, 27).toordinal(), 0)


async def granted(session: AsyncSession, county: County, key: ReportKey) -> object:
    """The request has come between the look at who rests and this moment, as it can where two processes write."""
    turn = await turn_of(session, county, "李敏", CLERK)
    return await requests.grant(turn, await _request(session, county, key, "extension"))


async def taken_late(session: AsyncSession, county: County, key: ReportKey) -> object:
    turn = await turn_of(session, county, "李敏", CLERK)
    return await requests.grant(turn, await _request(session, county, key, "late"))


async def promised(session: AsyncSession, county: County, key: ReportKey) -> object:
    turn = await turn_of(session, county, "王建国", PRINCIPAL)
    return await promises.promise(turn, [key], at("2026-11-25 08:30"), "明早报")


async def closed(session: AsyncSession, county: County, key: ReportKey) -> object:
    (await session.get_one(Unit, (county.bureau_id, key.unit_id))).closed_on = NOW.date()
    await session.flush()
    return await roster.settle(session, county.bureau_id, NOW)


def course_is(words: str) -> Cause:
    async def changed(session: AsyncSession, county: County, key: ReportKey) -> object:
        turn = await turn_of(session, county, "李敏", CLERK)
        return await change(turn, words)

    return changed


_NEWEST = select(CourseChange).order_by(col(CourseChange.id).desc()).limit(1)


async def change(turn: Turn, words: str) -> CourseChange:
    """Say it and tap 确认."""
    assert await course.said(turn, words)
    found = (await turn.session.execute(_NEWEST)).scalars().first()
    assert found is not None
    await course.confirm(turn, found.id)
    return found


CAUSES: dict[str, Cause] = {
    "asked for more time": asked,
    "granted more time": granted,
    "taken after the lock": taken_late,
    "put off": promised,
    "closed": closed,
    "extended": course_is(f"延期 {QINGHE} 演练 到11月27日 停电"),
    "exempted": course_is(f"豁免 {QINGHE} 演练 撤并"),
    "moved": course_is("改期 演练 11月27日 市里延期"),
    "withdrawn": course_is("撤回 演练 重复下发"),
}


@pytest.fixture
async def waiting(workplace: Workplace, database: Database, county: County, deliver: Deliver) -> Outbox:
    """The reminder of the day before the deadline, of both tasks, that has not left."""
    await at_time(workplace, "2026-11-18 09:00")
    await deliver()
    await at_time(workplace, "2026-11-24 09:00")
    [row] = await nags(database)
    assert (row.kind, len(row.payload["reports"])) == ("reminder", 2)
    return row


@pytest.mark.parametrize("cause", CAUSES)
async def test_out_of_what_waits(database: Database, county: County, waiting: Outbox, cause: str) -> None:
    drill = await key_of(database, county, "drill")
    async with database.write() as session:
        await CAUSES[cause](session, county, drill)
    [row] = await rows(database, Outbox, Outbox.id == waiting.id)
    if cause == "closed":
        assert row.fate == "cancelled"
    else:
        assert row.payload["reports"] == [list(await key_of(database, county, "bbt"))]
        assert row.fate == "pending", "the other task is still to be said"


async def test_sent_by_the_unit(database: Database, county: County, waiting: Outbox, report: Report_) -> None:
    await report("drill", QINGHE, "2026-11-24 09:00")
    [row] = await rows(database, Outbox, Outbox.id == waiting.id)
    assert row.payload["reports"] == [list(await key_of(database, county, "bbt"))]


# ---- what a change of course writes, on both stores


async def test_extended_exempted_and_owed_again(database: Database, county: County, waiting: Outbox) -> None:
    xiling = county.units["西岭中学"]
    async with database.write() as session:
        clerk = await turn_of(session, county, "李敏", CLERK)
        assert (await change(clerk, "延期 西岭乡 班班通 到11月27日 停电")).reports == 3
        assert (await change(clerk, "延期 西岭中学 班班通 到11月30日 停电")).reports == 1
        await change(clerk, "豁免 西岭中学 演练 撤并")
        await change(clerk, "豁免 李村小学 演练 撤并")
        await change(clerk, "恢复 李村小学 演练 不撤并了")
    dues = {row.unit_id: row.due_at for row in await rows(database, Extension)}
    assert dues[xiling] == at("2026-11-30 17:00")
    assert sorted(dues.values()) == [at("2026-11-27 17:00")] * 2 + [at("2026-11-30 17:00")]
    exempt = await rows(database, Report, Report.state == "exempt")
    assert [(row.unit_id, row.state_reason) for row in exempt] == [(xiling, "撤并")]


async def test_moved_withdrawn_and_opened_again(database: Database, county: County, waiting: Outbox) -> None:
    async with database.write() as session:
        clerk = await turn_of(session, county, "李敏", CLERK)
        await change(clerk, "延期 西岭中学 班班通 到11月26日 停电")
        await change(clerk, "改期 班班通 到11月27日 市里延期")
        await change(clerk, "撤回 班班通 重复下发")
    [round_] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
    assert (round_.due_at, round_.withdrawn_at, round_.lock_at) == (at("2026-11-27 17:00"), NOW, NOW)
    assert not await rows(database, Extension), "the round's own due time is later now"
    async with database.write() as session:
        await change(await turn_of(session, county, "李敏", CLERK), "重开 班班通 到11月30日 还是要报")
    [round_] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
    assert (round_.due_at, round_.withdrawn_at) == (at("2026-11-30 17:00"), None)
    assert round_.lock_at > round_.due_at
