"""Every migration on a store with data from the release before."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from db import migrations
from db.session import Database
from db.tables import Evidence, Report
from jobs.sweeps import tick
from services.clock import VirtualClock
from services.workplace import Workplace
from tests.cast import HOURS, at, make_county

FIRST_TABLES = "b4d068fb61aa"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store as the first release left it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/old.db"
    from tests.postgres import empty_database

    return await empty_database(request.getfixturevalue("postgres_server"))


async def test_evidence_kept_by_name_only_becomes_a_job(old: str) -> None:
    database = Database(old)
    await migrations.migrate(database.engine, FIRST_TABLES)
    now = at("2026-11-18 09:00")
    county = await make_county(database, now)
    await tick(Workplace(database, VirtualClock(now, speed=0), county.bureau_id, HOURS))
    async with database.write() as session:
        report = (await session.execute(select(Report).order_by(col(Report.round_id)).limit(1))).scalar_one()
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
