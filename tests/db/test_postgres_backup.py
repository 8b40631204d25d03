"""Backup and restore of a PostgreSQL, by its own tools: whole, tried out, and back only into an empty database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import Bureau, Outbox, Unit
from services import archive
from services.backup import Source, back_up, restored
from tests.cast import at, make_county
from tests.postgres import empty_database, fresh_database

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("postgres_tools")]
NOW = at("2026-11-18 09:00")
LATER = NOW + timedelta(days=5)


@pytest.fixture
async def url(postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A county, and one photo of it."""
    made = await fresh_database(postgres_server)
    database = Database(made)
    await make_county(database, NOW)
    await database.close()
    (tmp_path / "evidence/ab").mkdir(parents=True)
    (tmp_path / "evidence/ab/cdef.jpg").write_bytes(b"a photo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATA_DIR", str(tmp_path))
    return made


def _duban(url: str, *words: str) -> Result:
    env = {
        "DUBAN_DATABASE_URL": url,
        "DUBAN_CLOCK": f"{LATER.isoformat()}@x0",
        "DUBAN_TELEGRAM_API_URL": "http://127.0.0.1:9",
    }
    return CliRunner().invoke(app, list(words), env=env)


async def _taken(url: str, folder: Path) -> Path:
    return await asyncio.to_thread(back_up, Source(url, folder / "evidence"), folder / "backups", NOW)


async def test_one_snapshot_while_others_write(url: str, tmp_path: Path) -> None:
    database = Database(url)
    async with database.write() as session:
        (await session.execute(select(Bureau))).scalar_one().name = "还没有提交"
        await session.flush()
        made = await _taken(url, tmp_path)
    await database.close()
    manifest = restored(made, tmp_path / "tried")
    assert (manifest.database, manifest.revision) == ("duban.pgdump", migrations.HEAD)
    assert (manifest.rows["bureau"], manifest.rows["person"]) == (1, 6)
    assert (tmp_path / "tried/evidence/ab/cdef.jpg").read_bytes() == b"a photo"


async def test_restored_into_an_empty_database_in_hold(url: str, postgres_server: str, tmp_path: Path) -> None:
    made = await _taken(url, tmp_path)
    (tmp_path / "evidence/ab/cdef.jpg").write_bytes(b"spoilt")
    empty = await empty_database(postgres_server)
    done = await asyncio.to_thread(_duban, empty, "restore", "--yes", str(made))
    assert done.exit_code == 0, (done.output, done.exception)
    assert "云溪县教育局:11月18日(星期三)09:00至11月23日(星期一)09:00之间收到的可能丢失。" in done.stdout
    assert (tmp_path / "evidence/ab/cdef.jpg").read_bytes() == b"a photo"
    database = Database(empty)
    async with database.read() as session:
        bureau = (await session.execute(select(Bureau))).scalar_one()
        units = await session.scalar(select(func.count()).select_from(Unit))
        waiting = (await session.execute(select(Outbox.kind).where(Outbox.fate == "pending"))).scalars().all()  # type: ignore[call-overload,arg-type]
    await database.close()
    assert (bureau.held_at, bureau.lost_from, bureau.lost_until, units) == (LATER, NOW, LATER, 6)
    assert waiting == ["say"]  # the office is told
    released = await asyncio.to_thread(_duban, empty, "restore", "--release")
    assert "已解除暂停" in released.stdout


async def test_not_into_one_that_has_tables_nor_from_another_kind(url: str, tmp_path: Path) -> None:
    made = await _taken(url, tmp_path)
    full = await asyncio.to_thread(_duban, url, "restore", "--yes", str(made))
    assert isinstance(full.exception, Mendable)
    assert "什么都没有改" in str(full.exception)
    assert "make an empty one" in str(full.exception)
    other = await asyncio.to_thread(_duban, f"sqlite:///{tmp_path}/duban.db", "restore", "--yes", str(made))
    assert "set DUBAN_DATABASE_URL to an empty one" in str(other.exception)
    assert not (tmp_path / "duban.db").exists()


async def test_a_cut_off_dump_is_damaged(url: str, tmp_path: Path) -> None:
    made = await _taken(url, tmp_path)
    raw = made.read_bytes()
    made.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(archive.Damaged):
        restored(made, tmp_path / "tried")
