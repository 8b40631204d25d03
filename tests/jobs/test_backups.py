"""The daily backup: when it is due, and that a bot at work goes on meanwhile."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from db.session import Database
from jobs.backups import DailyBackup, is_due
from services import archive
from services.backup import LastBackup, Source, last_backup, try_out
from services.clock import VirtualClock
from services.workplace import Workplace
from tests.cast import HOURS, at, make_county

NEVER = LastBackup()


def taken(text: str) -> LastBackup:
    return LastBackup(at(text), "x")


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (NEVER, "2026-11-18 02:00", True),
        (NEVER, "2026-11-18 03:00", True),
        (taken("2026-11-17 03:00"), "2026-11-18 02:59", False),
        (taken("2026-11-17 03:00"), "2026-11-18 03:00", True),
        (taken("2026-11-17 22:00"), "2026-11-18 02:59", False),
        (taken("2026-11-17 22:00"), "2026-11-18 09:00", True),
        (taken("2026-11-18 03:00"), "2026-11-18 23:59", False),
        (taken("2026-11-11 03:00"), "2026-11-18 01:00", True),
    ],
)
def test_when_it_is_due(last: LastBackup, now: str, due: bool) -> None:
    assert is_due(last, at(now)) is due


def test_after_a_failure_it_is_tried_again_within_the_hour() -> None:
    failed = LastBackup(at("2026-11-17 03:00"), "x", "No space left", tried_at=at("2026-11-18 03:00"))
    assert not is_due(failed, at("2026-11-18 03:59"))
    assert is_due(failed, at("2026-11-18 04:00"))


async def daily(database: Database, now: datetime, copy_to: Path | None = None) -> tuple[DailyBackup, VirtualClock]:
    county = await make_county(database, now)
    clock = VirtualClock(now, speed=0)
    workplace = Workplace(database, clock, county.bureau_id, HOURS)
    assert database.path is not None
    folder = database.path.parent
    return DailyBackup(workplace, Source(database.path, folder / "evidence"), folder / "backups", copy_to), clock


async def test_once_a_day(sqlite: Database, tmp_path: Path) -> None:
    job, clock = await daily(sqlite, at("2026-11-18 09:00"))
    made = []
    for hours in range(0, 72, 6):
        clock.jump_to(at("2026-11-18 09:00") + timedelta(hours=hours))
        made.append(await job.look())
    assert made == [True, False, False, True] + [False, False, False, True] * 2
    for path in archive.archives_in(tmp_path / "backups"):
        try_out(path)


async def test_in_no_transaction(sqlite: Database, tmp_path: Path) -> None:
    job, _ = await daily(sqlite, at("2026-11-18 09:00"))
    async with sqlite.write():
        assert await job.look()
    assert last_backup(tmp_path / "backups").taken_at == at("2026-11-18 09:00")


async def test_a_copy_that_fails_is_logged(sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "copies").write_text("no folder")
    job, _ = await daily(sqlite, at("2026-11-18 09:00"), tmp_path / "copies")
    with caplog.at_level(logging.INFO):
        assert await job.look()
    assert "backup_not_copied" in {record.__dict__.get("action") for record in caplog.records}
    assert last_backup(tmp_path / "backups").copy_problem


async def test_a_failure_stops_nothing(sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    job, _ = await daily(sqlite, at("2026-11-18 09:00"))
    (tmp_path / "backups").write_text("no folder")
    assert not await job.look()
    assert "backup_failed" in {record.__dict__.get("action") for record in caplog.records}
