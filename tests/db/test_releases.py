"""Every migration on a store with data from the release before."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, select, text
from sqlmodel import col

from db import migrations
from db.session import Database
from db.tables import (
    Account,
    Bureau,
    Chat,
    Draft,
    Evidence,
    Extension,
    Inbox,
    Outage,
    Outbox,
    Promise,
    Report,
    Round,
    Task,
    Trouble,
)
from jobs.sweeps import tick
from services.clock import VirtualClock
from services.hold import MAY_LEAVE
from services.workplace import Workplace
from tests.cast import HOURS, PRINCIPAL, County, at, make_county

FIRST_TABLES = "b4d068fb61aa"
EVIDENCE = "277d038d9eee"
GROUPS = "98ac6e3a8130"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made that is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/old.db"
    from tests.postgres import empty_database

    return await empty_database(request.getfixturevalue("postgres_server"))


async def at_work(url: str, now: datetime, revision: str) -> tuple[Database, County]:
    """A county with open rounds and prompts on their way, its tables as that release had them."""
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, now)
    await tick(Workplace(database, VirtualClock(now, speed=0), county.bureau_id, HOURS))
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(migrations._config(sync), revision))
    return database, county


async def test_evidence_kept_by_name_only_becomes_a_job(old: str) -> None:
    now = at("2026-11-18 09:00")
    database, county = await at_work(old, now, FIRST_TABLES)
    async with database.write() as session:
        owed = select(col(Report.round_id), col(Report.unit_id)).order_by(col(Report.round_id)).limit(1)
        report = (await session.execute(owed)).one()
        await session.execute(
            text(
                "INSERT INTO evidence (bureau_id, id, round_id, unit_id, key, file_id, unique_id, received_at)"
                " VALUES (:bureau, 1, :round, :unit, 'env_photo', 'AgAC1', 'AQAD1', :now)"
            ).bindparams(bureau=county.bureau_id, round=report.round_id, unit=report.unit_id),
            {"now": now if not database.is_sqlite else "2026-11-18 01:00:00.000000"},
        )
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        [row] = (await session.execute(select(Evidence))).scalars().all()
    assert (row.file_id, row.unique_id, row.received_at) == ("AgAC1", "AQAD1", now)
    assert (row.state, row.attempts, row.is_document, row.sha256) == ("pending", 0, False, None)
    await database.close()


async def test_chats_and_what_waits_for_them_outlive_groups(old: str) -> None:
    database, county = await at_work(old, at("2026-11-18 09:00"), EVIDENCE)
    async with database.read() as session:
        columns = await session.connection()
        names = await columns.run_sync(lambda sync: {c["name"] for c in inspect(sync).get_columns("outbox")})
    assert "thread_id" not in names
    async with database.write() as session:
        sql = "INSERT INTO chat (bureau_id, id, failures) VALUES (:bureau, :id, 2)"
        await session.execute(text(sql), {"bureau": county.bureau_id, "id": PRINCIPAL})
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        bureau = await session.get_one(Bureau, county.bureau_id)
        chat = await session.get_one(Chat, (county.bureau_id, PRINCIPAL))
        waiting = (await session.execute(select(Outbox).where(col(Outbox.fate) == "pending"))).scalars().all()
        account = await session.get_one(Account, (county.bureau_id, "telegram", PRINCIPAL))
    assert (bureau.name, bureau.contact_sharing) == ("云溪县教育局", False)
    assert (chat.failures, chat.told_at, chat.left_at, chat.moved_to) == (2, None, None, None)
    assert PRINCIPAL in {row.chat_id for row in waiting}
    assert {row.thread_id for row in waiting} == {None}
    assert account.person_id == county.people["王建国"]
    await database.close()


async def test_tasks_keep_the_usual_ladder(old: str) -> None:
    database, county = await at_work(old, at("2026-11-18 09:00"), GROUPS)
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        tasks = (await session.execute(select(Task).where(col(Task.bureau_id) == county.bureau_id))).scalars().all()
    assert [task.ladder for task in tasks] == [{}, {}]
    await database.close()


async def test_nothing_is_in_trouble_before_anything_was_set_aside(old: str) -> None:
    now = at("2026-11-18 09:00")
    database, county = await at_work(old, now, GROUPS)
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    later = Workplace(database, VirtualClock(at("2026-11-19 08:30"), speed=0), county.bureau_id, HOURS)
    await tick(later)
    async with database.read() as session:
        bureau = await session.get_one(Bureau, county.bureau_id)
        assert (await session.execute(select(Trouble))).scalars().all() == []
        said = (await session.execute(select(Outbox.payload).where(col(Outbox.kind) == "say"))).scalars().all()
    assert bureau.morning_on == date(2026, 11, 19)
    assert [one["phrase"] for one in said] == ["morning"]
    await database.close()


async def test_deadlines_and_updates_of_before_the_heartbeat_stand_as_they_were(old: str) -> None:
    now = at("2026-11-18 09:00")
    database, county = await at_work(old, now, GROUPS)
    instant = now if not database.is_sqlite else "2026-11-18 01:00:00.000000"
    async with database.write() as session:
        owed = select(col(Report.round_id), col(Report.unit_id)).order_by(col(Report.round_id)).limit(1)
        named = dict(zip(("round", "unit"), (await session.execute(owed)).one(), strict=True))
        for sql in (
            "INSERT INTO extension (bureau_id, round_id, unit_id, due_at, reason, granted_at)"
            " VALUES (:bureau, :round, :unit, :now, '停电', :now)",
            "INSERT INTO draft (bureau_id, round_id, unit_id, revision, entries)"
            " VALUES (:bureau, :round, :unit, 1, '{}')",
            "INSERT INTO inbox (bureau_id, update_id, chat_id, raw, received_at, state, attempts)"
            " VALUES (:bureau, 1, 101, '{}', :now, 'pending', 0)",
        ):
            values = {"bureau": county.bureau_id, "now": instant} | named
            await session.execute(text(sql), {name: values[name] for name in values if f":{name}" in sql})
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        [extension] = (await session.execute(select(Extension))).scalars()
        [draft] = (await session.execute(select(Draft))).scalars()
        [update] = (await session.execute(select(Inbox))).scalars()
        assert not any((await session.execute(select(col(Report.in_backlog)))).scalars())
        assert (await session.execute(select(Outage))).scalars().all() == []
    assert (extension.due_at, extension.reason, extension.outage_id) == (now, "停电", None)
    assert (draft.in_backlog, update.counts_from) == (False, now)
    await database.close()


async def test_nobody_is_in_hold_after_the_tables_know_of_it(old: str) -> None:
    database, county = await at_work(old, at("2026-11-18 09:00"), GROUPS)
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        bureau = await session.get_one(Bureau, county.bureau_id)
        waiting = (await session.execute(select(Outbox).where(col(Outbox.fate) == "pending", MAY_LEAVE))).all()
    assert (bureau.held_at, bureau.lost_from, bureau.lost_until) == (None, None, None)
    assert len(bytes.fromhex(bureau.receipt_key)) == 32
    assert waiting
    await database.close()


async def test_a_conversation_at_hand_outlives_promises_and_the_number_pad(old: str) -> None:
    database, county = await at_work(old, at("2026-11-18 09:00"), GROUPS)
    async with database.write() as session:
        sql = "INSERT INTO chat (bureau_id, id, failures, focus_key) VALUES (:bureau, :id, 2, 'drill_students')"
        await session.execute(text(sql), {"bureau": county.bureau_id, "id": PRINCIPAL})
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    async with database.read() as session:
        chat = await session.get_one(Chat, (county.bureau_id, PRINCIPAL))
        assert (chat.failures, chat.focus_key, chat.pad) == (2, "drill_students", None)
        assert (await session.execute(select(Promise))).all() == []
    await database.close()


PROMISES = "5c1e7a40d2b9"


async def test_rounds_are_told_what_they_are_for(old: str) -> None:
    """A November round of the release before: the next tick opens it no second time, and December's in its time."""
    database, county = await at_work(old, at("2026-11-18 09:00"), PROMISES)
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    for now in (at("2026-11-18 09:01"), at("2026-12-18 09:00")):
        await tick(Workplace(database, VirtualClock(now, speed=0), county.bureau_id, HOURS))
    async with database.read() as session:
        columns = select(col(Round.nominal_due), col(Round.occurrence), col(Round.period_from)).distinct()
        rows = (await session.execute(columns.order_by(col(Round.nominal_due)))).all()
        bureau = await session.get_one(Bureau, county.bureau_id)
        [asks] = (await session.execute(select(col(Task.asks)).distinct())).scalars()
    assert rows == [
        (date(2026, 11, 25), "2026-11", date(2026, 10, 24)), (date(2026, 12, 25), "2026-12", date(2026, 11, 26)),
    ]  # fmt: skip
    assert (bureau.calendar, asks) == ({}, "school")
    await database.close()


async def test_two_rounds_of_one_month_stay_two(old: str) -> None:
    """The day of the task was changed in between."""
    database, _ = await at_work(old, at("2026-11-18 09:00"), PROMISES)
    async with database.write() as session:
        copied = "bureau_id, id + 1, task_id, label, period_from, '2026-11-20', open_at, due_at, grace_until, lock_at"
        sql = (
            "INSERT INTO round (bureau_id, id, task_id, label, period_from, period_to, open_at, due_at, grace_until,"
            f" lock_at, moved_because, issued_at, questionnaire)"
            f" SELECT {copied}, '', issued_at, questionnaire FROM round"
        )
        await session.execute(text(sql if database.is_sqlite else sql.replace("'2026-11-20'", "DATE '2026-11-20'")))
    await migrations.migrate(database.engine)
    async with database.read() as session:
        names = (await session.execute(select(col(Round.occurrence)).distinct())).scalars().all()
    assert sorted(names) == ["2026-11", "2026-11-until-2026-11-20"]
    await database.close()
