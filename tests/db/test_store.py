"""The stores: nothing is lost, nothing refers to another bureau, and both behave alike."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from db import migrations
from db.ids import from_base62, new_id, to_base62
from db.session import Database, StoreInUse, async_url
from db.tables import Bureau, Membership, Person, Report, Unit
from tests.cast import at, make_county, make_neighbour


async def test_twenty_writers_at_once_lose_nothing(database: Database) -> None:
    async with database.write() as session:
        session.add(Bureau(id=1, name="0"))

    async def count_up() -> None:
        async with database.write() as session:
            bureau = await session.get_one(Bureau, 1, with_for_update=True)
            await asyncio.sleep(0)
            bureau.name = str(int(bureau.name) + 1)

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with database.read() as session:
        assert (await session.get_one(Bureau, 1)).name == "20"


async def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    async def broken() -> None:
        async with database.write() as session:
            session.add(Bureau(id=1, name="x"))
            await session.flush()
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        await broken()
    async with database.read() as session:
        assert await session.get(Bureau, 1) is None


async def test_every_connection_to_sqlite_is_durable_and_checked(sqlite: Database) -> None:
    connections = [await sqlite.engine.connect() for _ in range(5)]
    try:
        for connection in connections:
            found = [
                (await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in ("synchronous", "foreign_keys")
            ]
            assert found == [2, 1]
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"
    finally:
        for connection in connections:
            await connection.close()


async def test_every_session_is_durable(database: Database) -> None:
    """Of those the program works with: readers and writers side by side, as many as the pool gives at once."""
    wanted, asked = (2, "PRAGMA synchronous") if database.is_sqlite else ("on", "SHOW synchronous_commit")
    async with AsyncExitStack() as held:
        sessions = [await held.enter_async_context(database.read()) for _ in range(12)]
        sessions.append(await held.enter_async_context(database.write()))
        assert {await session.scalar(text(asked)) for session in sessions} == {wanted}
    async with database.read() as session:  # one that was used before
        assert await session.scalar(text(asked)) == wanted


@pytest.mark.postgres
async def test_every_connection_to_postgres_is_durable(postgres_server: str) -> None:
    from tests.postgres import fresh_database

    database = Database(await fresh_database(postgres_server))
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SHOW synchronous_commit"))).scalar() == "on"
        assert (await connection.execute(text("SHOW timezone"))).scalar() == "UTC"
    await database.close()


async def test_a_row_cannot_refer_to_another_bureau(database: Database) -> None:
    county = await make_county(database, at("2026-11-16 09:00"))
    neighbour = await make_neighbour(database, at("2026-11-16 09:00"))
    person = Person(bureau_id=county.bureau_id, id=new_id(), name="某人")
    async with database.write() as session:
        session.add(person)
    foreign = Membership(
        bureau_id=county.bureau_id, id=new_id(), person_id=person.id, unit_id=neighbour.units["邻县一小"],
        role="principal",
    )  # fmt: skip
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(foreign)


async def test_a_state_nobody_knows_is_refused(database: Database) -> None:
    county = await make_county(database, at("2026-11-16 09:00"))
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(Unit(bureau_id=county.bureau_id, id=new_id(), kind="factory", code="Z", name="厂"))


async def test_a_submitted_report_was_received(database: Database) -> None:
    from services.rounds import open_due_rounds
    from tests.cast import HOURS

    county = await make_county(database, at("2026-11-16 09:00"))
    async with database.write() as session:
        [first, _] = await open_due_rounds(session, county.bureau_id, HOURS, at("2026-11-18 09:00"))
    mine = (Report.round_id == first.round_id) & (Report.unit_id == first.unit_ids[0])
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(update(Report).where(mine).values(state="submitted"))  # type: ignore[arg-type]


async def test_instants_come_back_as_they_went_in(database: Database) -> None:
    county = await make_county(database, at("2026-11-16 09:00"))
    async with database.read() as session:
        from db.tables import Account

        account = await session.get_one(Account, (county.bureau_id, "telegram", 101))
    assert account.bound_at == at("2026-11-16 09:00")
    assert account.bound_at.tzinfo is not None


async def test_an_empty_store_is_migrated_once_and_matches_the_tables(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    assert not await migrations.is_current(database.engine)
    await migrations.migrate(database.engine)
    assert await migrations.is_current(database.engine)
    await migrations.migrate(database.engine)
    await migrations.check(database.engine)
    await database.close()


@pytest.mark.postgres
async def test_an_empty_postgres_is_migrated(postgres_server: str) -> None:
    from tests.postgres import fresh_database

    database = Database(await fresh_database(postgres_server))
    assert await migrations.is_current(database.engine)
    await migrations.check(database.engine)
    await database.close()


async def test_one_process_owns_the_file(tmp_path: Path) -> None:
    first, second = (Database(f"sqlite:///{tmp_path}/sub/own.db") for _ in range(2))
    first.own()
    with pytest.raises(StoreInUse, match="in use by another duban process"):
        second.own()
    await first.close()
    second.own()
    await second.close()


async def test_who_listens_hears_of_commits_that_queued(sqlite: Database) -> None:
    heard: list[str] = []
    sqlite.on_commit(lambda: heard.append("x"))
    async with sqlite.write() as session:
        session.add(Bureau(id=1, name="x"))
    assert not heard
    async with sqlite.write() as session:
        session.info["queued"] = True
    assert heard == ["x"]


def test_ids_are_unique_and_rise() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert made[-1] < 2**63


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_base62_there_and_back(number: int) -> None:
    assert from_base62(to_base62(number)) == number


@pytest.mark.parametrize("text", ["", "!", "zzzzzzzzzzz", "1" * 12, "１", "a b", "-1"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        from_base62(text)


def test_only_two_kinds_of_store() -> None:
    assert async_url("sqlite:///x.db") == "sqlite+aiosqlite:///x.db"
    assert async_url("postgresql://u:p@h/n") == "postgresql+asyncpg://u:p@h/n"
    with pytest.raises(ValueError, match="unknown store 'mysql'"):
        async_url("mysql://x")
