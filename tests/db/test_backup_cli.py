"""`duban backup` as a person runs it, also beside a bot that owns the store and writes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from cli.errors import Mendable
from cli.main import app
from db import migrations
from db.session import Database
from db.tables import Lane, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from services import archive
from services.archive import Damaged, Manifest
from services.backup import KEPT, BackupFailed, Source, back_up, back_up_and_keep, last_backup, try_out
from services.outbox import Recipient, queue_all
from tests.cast import PRINCIPAL, at, make_county

NOW = at("2026-11-18 09:00")


async def _fill(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    county = await make_county(database, NOW - timedelta(days=2))
    async with database.write() as session:
        to = Recipient(county.bureau_id, PRINCIPAL)
        await queue_all(session, [(to, Say(phrase=Phrase.LATER)) for _ in range(4)], NOW, Lane.REPLY)
    await database.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a county at work, and one photo of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_DATABASE_URL", f"sqlite:///{tmp_path}/data/duban.db")
    (tmp_path / "data/evidence/ab").mkdir(parents=True)
    (tmp_path / "data/evidence/ab/cdef.jpg").write_bytes(b"a photo")
    (tmp_path / "data/evidence/coming-1").write_bytes(b"half a photo")
    asyncio.run(_fill(f"sqlite:///{tmp_path}/data/duban.db"))
    return tmp_path


def source(here: Path) -> Source:
    return Source(here / "data/duban.db", here / "data/evidence")


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["backup", *words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def manifest_of(path: Path) -> Manifest:
    with tarfile.open(path) as tar:
        kept = tar.extractfile(archive.MANIFEST)
        assert kept is not None
        return Manifest.from_json(kept.read())


def test_one_file_with_everything_for_its_owner_only(here: Path) -> None:
    said = run()
    [made] = archive.archives_in(here / "data/backups")
    assert str(made.name) in said
    assert made.stat().st_mode & 0o777 == 0o600
    manifest = manifest_of(made)
    assert set(manifest.members) == {"duban.db", "evidence/ab/cdef.jpg"}
    assert (manifest.revision, manifest.rows["outbox"], manifest.rows["bureau"]) == (migrations.HEAD, 4, 1)
    assert {path.name for path in made.parent.iterdir()} == {made.name, "last.json"}
    last = last_backup(made.parent)
    assert (last.taken_at, last.problem, last.copy_problem) == (manifest.taken_at, "", "")
    assert Path(last.path).absolute() == made


def test_to_another_folder(here: Path) -> None:
    run("--to", "elsewhere")
    assert len(archive.archives_in(here / "elsewhere")) == 1
    assert not (here / "data/backups").exists()


def test_beside_a_bot_that_owns_the_store_and_writes(here: Path) -> None:
    """Each transaction adds three rows: the backup has all three or none, and nobody waits for it."""

    async def beside() -> None:
        database = Database(f"sqlite:///{here}/data/duban.db")
        database.own()
        async with database.read() as session:
            bureau_id = (await session.execute(select(Outbox.bureau_id).limit(1))).scalar_one()  # type: ignore[call-overload]
        backing = asyncio.ensure_future(asyncio.to_thread(run))  # noqa: TID251
        written = 0
        while not backing.done() or written < 20:
            async with database.write() as session:
                items = [(Recipient(bureau_id, PRINCIPAL), Say(phrase=Phrase.LATER)) for _ in range(3)]
                await queue_all(session, items, NOW, Lane.REPLY)
            written += 1
        await backing
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Outbox)) == 4 + 3 * written
        await database.close()

    asyncio.run(beside())
    [made] = archive.archives_in(here / "data/backups")
    assert (manifest_of(made).rows["outbox"] - 4) % 3 == 0


def _rewritten(made: Path, change: str) -> None:
    """The archive with one thing changed in it."""
    with tarfile.open(made) as tar:
        kept = {info.name: tar.extractfile(info).read() for info in tar}  # type: ignore[union-attr]
    match change:
        case "a photo":
            kept["evidence/ab/cdef.jpg"] = b"A photo"
        case "one missing":
            del kept["evidence/ab/cdef.jpg"]
        case "one too many":
            kept["evidence/ab/other.jpg"] = b"?"
        case "outside":
            kept["evidence/../../x"] = b"?"
        case "no manifest":
            del kept[archive.MANIFEST]
        case "rows":
            manifest = json.loads(kept[archive.MANIFEST])
            manifest["rows"]["outbox"] += 1
            kept[archive.MANIFEST] = json.dumps(manifest).encode()
        case "newer":
            kept[archive.MANIFEST] = json.dumps({**json.loads(kept[archive.MANIFEST]), "format": 2}).encode()
    with tarfile.open(made, "w") as tar:
        for name, content in kept.items():
            archive._add_bytes(tar, name, content)


CHANGES = ["a photo", "one missing", "one too many", "outside", "no manifest", "rows", "newer"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_archive_is_damaged(here: Path, change: str) -> None:
    made = back_up(source(here), here / "out", NOW)
    try_out(made)
    _rewritten(made, change)
    with pytest.raises(Damaged):
        try_out(made)
    assert not (here / "x").exists()


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9, 0.99])
def test_a_cut_off_archive_is_damaged(here: Path, keep: float) -> None:
    made = back_up(source(here), here / "out", NOW)
    size = len(made.read_bytes().rstrip(b"\0"))
    with made.open("r+b") as file:
        file.truncate(int(size * keep))
    with pytest.raises(Damaged):
        try_out(made)


def test_an_unsound_database_makes_no_backup(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(here / "data/duban.db") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO chat (bureau_id, id, failures) VALUES (999, 1, 0)")
    connection.close()
    result = CliRunner().invoke(app, ["backup"])
    assert isinstance(result.exception, Mendable)
    assert "chat" in str(result.exception)
    assert {path.name for path in (here / "data/backups").iterdir()} == {"last.json"}
    assert "chat" in last_backup(here / "data/backups").problem


def test_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["backup"])
    assert isinstance(result.exception, Mendable)
    assert not list(tmp_path.iterdir())


def test_fourteen_are_kept_here_and_where_they_are_copied(here: Path) -> None:
    for day in range(KEPT + 2):
        back_up_and_keep(source(here), here / "out", here / "copies", NOW + timedelta(days=day))
    names = [path.name for path in archive.archives_in(here / "out")]
    assert (len(names), names[0], names[-1]) == (KEPT, "duban-20261203-090000.tar", "duban-20261120-090000.tar")
    assert [path.name for path in archive.archives_in(here / "copies")] == names
    assert (here / "copies" / names[0]).stat().st_mode & 0o777 == 0o600
    try_out(here / "copies" / names[0])


def test_a_copy_that_fails_loses_nothing_and_is_remembered(here: Path) -> None:
    (here / "copies").write_text("no folder")
    made = back_up_and_keep(source(here), here / "out", here / "copies", NOW)
    last = last_backup(here / "out")
    assert made.exists()
    assert (last.taken_at, last.problem) == (NOW, "")
    assert "copies" in last.copy_problem


def test_a_full_disk_leaves_the_old_backup_and_a_reason(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = back_up_and_keep(source(here), here / "out", None, NOW)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(BackupFailed, match="No space left"):
        back_up_and_keep(source(here), here / "out", None, NOW + timedelta(days=1))
    last = last_backup(here / "out")
    assert archive.archives_in(here / "out") == [first]
    assert (last.taken_at, last.tried_at) == (NOW, NOW + timedelta(days=1))
    assert "No space left" in last.problem


def test_migrate_backs_up_before_it_changes_tables(here: Path) -> None:
    from alembic import command

    async def downgrade() -> None:
        database = Database(f"sqlite:///{here}/data/duban.db")
        async with database.engine.begin() as connection:
            await connection.run_sync(lambda sync: command.downgrade(migrations._config(sync), "-1"))
        await database.close()

    assert "Backed up" not in CliRunner().invoke(app, ["migrate"]).stdout
    asyncio.run(downgrade())
    result = CliRunner().invoke(app, ["migrate"])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "Backed up first" in result.stdout
    [made] = archive.archives_in(here / "data/backups")
    assert manifest_of(made).revision not in ("", migrations.HEAD)
