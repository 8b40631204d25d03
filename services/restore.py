"""Putting a backup in place: it is tried, migrated and in hold before it stands where the database stood.

What stood there is moved aside and never deleted.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.util import CommandError
from sqlmodel import col, select

from db import migrations
from db.session import Database
from db.tables import Bureau
from services import archive, hold, postgres_dump
from services.archive import Damaged, Manifest
from services.backup import EVIDENCE, Source, restored
from services.turn import office_hours


class NotRestored(RuntimeError):
    """Nothing was changed; why, in one line."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What one bureau may have lost: the units whose reports could have come in that time."""

    bureau: str
    since: datetime
    until: datetime
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    manifest: Manifest
    lost: tuple[Lost, ...]
    aside: tuple[Path, ...]
    """Where what stood there before lies now."""


async def restore(path: Path, store: Database, source: Source, now: datetime) -> Restored:
    """Restore `path` into `store`, which this process owns and does not use meanwhile. Raises NotRestored, Damaged;
    StoreInUse is the caller's."""
    if store.path is None:
        return await _into_postgres(path, store, source, now)
    store.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=store.path.parent) as scratch:
        manifest = await asyncio.to_thread(restored, path, Path(scratch))
        if manifest.database != archive.SQLITE:
            raise NotRestored("it is of a PostgreSQL: set DUBAN_DATABASE_URL to an empty one")
        coming = Path(scratch) / archive.SQLITE
        lost = await _made_ready(Database(f"sqlite:///{coming}"), manifest, now)
        await asyncio.to_thread(_closed, coming)
        aside = await asyncio.to_thread(_swap, coming, store.path, source.evidence, _suffix(now))
    return Restored(manifest, lost, tuple(aside))


async def _made_ready(database: Database, manifest: Manifest, now: datetime) -> tuple[Lost, ...]:
    """Migrated to this release and in hold."""
    try:
        await migrations.migrate(database.engine)
        async with database.write() as session:
            bureaus: Sequence[Bureau] = (await session.execute(select(Bureau).order_by(col(Bureau.id)))).scalars().all()
            lost = []
            for bureau in bureaus:
                await hold.begin(session, bureau, office_hours(bureau), manifest.taken_at, now)
                units = tuple(unit.name for unit in await hold.affected(session, bureau))
                lost.append(Lost(bureau.name, manifest.taken_at, now, units))
    except CommandError as problem:
        raise NotRestored("it was made by a newer release: install that one first") from problem
    finally:
        await database.close()
    return tuple(lost)


def _suffix(now: datetime) -> str:
    return f"before-{now:%Y%m%d-%H%M%S}"


def _closed(path: Path) -> None:
    """Everything in the one file, and on disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_mode=DELETE")
    archive.sync([path])


def _swap(coming: Path, database: Path, evidence: Path, suffix: str) -> list[Path]:
    """Move what is there aside and what comes into its place; the database last, and at no instant is there none."""
    _made_whole(database)
    aside = _evidence_placed(coming.parent / EVIDENCE, evidence, suffix)
    former = database.with_name(f"{database.name}.{suffix}")
    for end in ("-wal", "-shm"):  # they are the former file's, and would spoil another
        if (beside := database.with_name(database.name + end)).exists():
            beside.rename(former.with_name(former.name + end))
    if database.exists():
        aside.append(former)
        try:
            former.hardlink_to(database)
        except OSError:  # no links on this disk
            database.rename(former)
    coming.replace(database)
    archive.sync([database.parent])
    return aside


def _made_whole(database: Path) -> None:
    """What a killed bot left in the -wal goes into the file itself: an end in the midst of moving must not part them.
    A file that cannot be read is moved as it is."""
    if database.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _evidence_placed(arrived: Path, evidence: Path, suffix: str) -> list[Path]:
    aside = [evidence.rename(evidence.with_name(f"{evidence.name}.{suffix}"))] if evidence.exists() else []
    if arrived.exists():
        evidence.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(arrived, evidence)
        archive.sync([evidence.parent])
    return aside


async def _into_postgres(path: Path, store: Database, source: Source, now: datetime) -> Restored:
    """Into an empty database only: what is there is not ours to drop."""
    if not await migrations.is_empty(store.engine):
        raise NotRestored("the PostgreSQL database has tables: make an empty one and set DUBAN_DATABASE_URL to it")
    with tempfile.TemporaryDirectory(prefix="duban-restoring-") as scratch:
        manifest = await asyncio.to_thread(restored, path, Path(scratch))
        if manifest.database != archive.POSTGRES:
            raise NotRestored("it is of an SQLite store: set DUBAN_DATABASE_URL to a file")
        words = ("--single-transaction", "--no-owner", "--no-privileges", "--exit-on-error")
        dump = str(Path(scratch) / archive.POSTGRES)
        try:
            await asyncio.to_thread(postgres_dump.run, "pg_restore", store.url, *words, dump)
        except postgres_dump.DumpFailed as problem:
            raise NotRestored(str(problem)) from problem
        lost = await _made_ready(store, manifest, now)
        aside = await asyncio.to_thread(_evidence_placed, Path(scratch) / EVIDENCE, source.evidence, _suffix(now))
    return Restored(manifest, lost, tuple(aside))


__all__ = ["Damaged", "Lost", "NotRestored", "Restored", "restore"]
