"""Backups: the database as it stood at one instant and the evidence beside it, in one file that was tried out.

Everything here blocks: whoever has a loop calls it in a thread. SQLite is read over a connection of its own by its
online backup, so that a running bot goes on writing; PostgreSQL by `pg_dump` from one snapshot.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from services import archive, postgres_dump
from services.archive import Damaged, Manifest, Progress, Writer
from services.crashing import Point, passed

KEPT = 14
EVIDENCE = "evidence"
_REMEMBERED = "last.json"


class BackupFailed(RuntimeError):
    """There is no backup; why, in one line."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is kept: the SQLite file or the address of a PostgreSQL, and the folder of evidence."""

    database: Path | str
    evidence: Path


@dataclass(frozen=True, slots=True)
class LastBackup:
    """What is remembered beside the backups. `taken_at` is of the newest good one; `problem` of the last attempt and
    `copy_problem` of the last copy are empty when they went well."""

    taken_at: datetime | None = None
    path: str = ""
    problem: str = ""
    copy_problem: str = ""
    tried_at: datetime | None = None


def release() -> str:
    try:
        return version("duban")
    except PackageNotFoundError:
        return "unknown"


def back_up(source: Source, folder: Path, local: datetime, progress: Progress = lambda _: None) -> Path:
    """Make one archive in `folder` and try it out; raises BackupFailed and leaves nothing. `local` is now on the
    bureau's clock."""
    target = folder / archive.name_at(local)
    if target.exists():
        raise BackupFailed(f"{target} is there already")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".coming-", dir=folder) as scratch:
            coming = Path(scratch) / target.name
            written = archive.write(coming, lambda writer: _filled(source, writer, Path(scratch), local, progress))
            try_out(coming, written, progress)
            passed(Point.BACKED)
            coming.replace(target)
            archive.sync([folder])
    except (OSError, sqlite3.Error, Damaged, postgres_dump.DumpFailed) as problem:
        raise BackupFailed(f"{type(problem).__name__}: {problem}") from problem
    return target


def _filled(source: Source, writer: Writer, scratch: Path, now: datetime, progress: Progress) -> Manifest:
    """The database first: every file its rows name was on disk before them, and is still there afterwards."""
    manifest = _database(source, writer, scratch, now, progress)
    files = sorted(path for path in source.evidence.glob("??/*") if path.is_file()) if source.evidence.is_dir() else []
    for number, path in enumerate(files, 1):
        if number % 100 == 0:
            progress(f"evidence {number}/{len(files)}")
        writer.add(path, f"{EVIDENCE}/{path.parent.name}/{path.name}")
    progress(f"evidence {len(files)}")
    return replace(manifest, members=writer.members)


def _database(source: Source, writer: Writer, scratch: Path, now: datetime, progress: Progress) -> Manifest:
    progress("database")
    if isinstance(source.database, str):
        dump = scratch / archive.POSTGRES
        revision, rows = postgres_dump.dump(source.database, dump)
        name = archive.POSTGRES
    else:
        dump = scratch / archive.SQLITE
        copy_sqlite(source.database, dump)
        revision, rows = described(dump)
        name = archive.SQLITE
    writer.add(dump, name)
    dump.unlink()
    return Manifest(now, release(), revision, name, rows)


def copy_sqlite(source: Path, target: Path) -> None:
    """The whole file as one transaction sees it, while others write. Raises sqlite3.Error."""
    if not source.exists():
        raise sqlite3.OperationalError(f"there is no {source}")
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it


def described(path: Path) -> tuple[str, dict[str, int]]:
    """The revision of an SQLite file and the rows of each table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        names = [name for (name,) in connection.execute(tables)]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone() if rows else None
    return (found[0] if found else ""), rows


def try_out(path: Path, written: Manifest | None = None, progress: Progress = lambda _: None) -> Manifest:
    """Restore into a folder that is thrown away. Raises Damaged for an archive that nobody could restore from."""
    with tempfile.TemporaryDirectory(prefix=".trying-", dir=path.parent) as scratch:
        progress("check")
        return restored(path, Path(scratch), written)


def restored(path: Path, folder: Path, written: Manifest | None = None) -> Manifest:
    """Unpack into `folder` and look at every row of the database. Raises Damaged."""
    manifest = archive.unpack(path, folder)
    if written is not None and manifest != written:
        raise Damaged("the manifest is not the one that was written")
    database = folder / manifest.database
    if manifest.database == archive.POSTGRES:
        rows = postgres_dump.rows_in(database)
        _same_rows(rows, manifest)
    else:
        _sound(database, manifest)
    return manifest


def _sound(database: Path, manifest: Manifest) -> None:
    try:
        with closing(sqlite3.connect(database)) as connection:
            said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
        revision, rows = described(database)
    except sqlite3.Error as problem:
        raise Damaged(f"the database in it cannot be read ({problem})") from problem
    if said != ["ok"]:
        raise Damaged(f"the database in it is not sound ({said[0]})")
    if orphans:
        raise Damaged(f"a row of {orphans[0][0]} in it refers to nothing")
    if revision != manifest.revision:
        raise Damaged("the database in it is of another revision")
    _same_rows(rows, manifest)


def _same_rows(rows: dict[str, int], manifest: Manifest) -> None:
    if rows != manifest.rows:
        odd = sorted(name for name in rows.keys() | manifest.rows if rows.get(name) != manifest.rows.get(name))
        raise Damaged(f"{odd[0]} has {rows.get(odd[0])} rows instead of {manifest.rows.get(odd[0])}")


# ---- day by day


def back_up_and_keep(
    source: Source, folder: Path, copy_to: Path | None, local: datetime, progress: Progress = lambda _: None
) -> Path:
    """`back_up`, a copy elsewhere, the newest `KEPT` of both kept, and all of it remembered for `last_backup`. A copy
    that fails is remembered and loses nothing here. Raises BackupFailed."""
    before = last_backup(folder)
    try:
        made = back_up(source, folder, local, progress)
    except BackupFailed as problem:
        _remember(folder, replace(before, problem=str(problem), tried_at=local))
        raise
    passed(Point.NAMED)
    said = _copied(made, copy_to, progress) if copy_to else ""
    passed(Point.COPIED)
    _remember(folder, LastBackup(local, str(made), "", said, local))
    forget_old(folder)
    return made


def _copied(made: Path, folder: Path, progress: Progress) -> str:
    """Why there is no copy, or nothing."""
    progress(f"copy to {folder}")
    coming = folder / f".{made.name}.coming"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        coming.unlink(missing_ok=True)
        with made.open("rb") as file:
            digest = archive.copied(file, coming)
        with coming.open("rb") as file:
            same = archive.digest_of(file) == digest
        if not same:
            return "what was copied reads differently"
        coming.replace(folder / made.name)
        archive.sync([folder])
        forget_old(folder)
    except OSError as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


def forget_old(folder: Path) -> None:
    for path in archive.archives_in(folder)[KEPT:]:
        path.unlink(missing_ok=True)
    for pattern in (".coming-*", ".trying-*"):  # of a process that was killed
        for left in folder.glob(pattern):
            shutil.rmtree(left, ignore_errors=True)


def last_backup(folder: Path) -> LastBackup:
    """What was remembered in the folder of backups; empty where none was ever made."""
    try:
        read = json.loads((folder / _REMEMBERED).read_text("utf-8"))
        moments = {name: _moment(read.get(name)) for name in ("taken_at", "tried_at")}
        words = {name: str(read.get(name) or "") for name in ("path", "problem", "copy_problem")}
    except (OSError, ValueError, AttributeError):
        return LastBackup()
    return LastBackup(**moments, **words)  # type: ignore[arg-type]


def _moment(kept: str | None) -> datetime | None:
    return datetime.fromisoformat(kept) if kept else None


def _remember(folder: Path, last: LastBackup) -> None:
    said = {name: getattr(last, name) for name in ("path", "problem", "copy_problem")}
    moments = {name: at.isoformat() if (at := getattr(last, name)) else None for name in ("taken_at", "tried_at")}
    coming = folder / f".{_REMEMBERED}"
    with suppress(OSError):  # it is for doctor alone
        coming.write_text(json.dumps(said | moments, ensure_ascii=False), "utf-8")
        coming.replace(folder / _REMEMBERED)
