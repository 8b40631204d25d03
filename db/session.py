"""Engines, sessions and the write lane.

SQLite: one process owns the file (a lock file beside it); every write transaction is BEGIN IMMEDIATE behind one fair
in-process lane, because without it writers lose updates or fail as "locked" (facts 1, A9). `synchronous` is FULL: what
the chat service was told we have survives a power cut. PostgreSQL has neither lane nor lock file.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy.ext.asyncio
import sqlalchemy.orm
import sqlmodel
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Table, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from db import sqlite


class _SyncSession(sqlmodel.Session):
    execute = sqlalchemy.orm.Session.execute


class Session(AsyncSession):
    """sqlmodel's session; its `execute` is SQLAlchemy's, for Core statements, which sqlmodel marks deprecated."""

    sync_session_class = _SyncSession
    execute = sqlalchemy.ext.asyncio.AsyncSession.execute


def is_down(problem: BaseException) -> bool:
    """Is it the store itself: full, locked, read-only, broken, gone? Then no statement is to blame, and it may pass."""
    if isinstance(problem, OperationalError):
        return getattr(problem.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    return isinstance(problem, InterfaceError | OSError)


class StoreInUse(RuntimeError):
    """Another process owns the SQLite file."""


def async_url(url: str) -> str:
    """`sqlite:///x.db` and `postgresql://…` with the drivers we ship; raises ValueError for any other store."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return parsed.set(drivername="sqlite+aiosqlite").render_as_string(hide_password=False)
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        case other:
            raise ValueError(f"unknown store {other!r}: use sqlite:///path/to/file.db or postgresql://user@host/name")


@lru_cache(maxsize=256)
def _list_in(text: str) -> Any:
    return json.loads(text)


def _loads(text: str) -> Any:
    """JSON of a column. Lists are questionnaires, the same ones in row after row: each is read once and shared, so that
    nobody may change one in place."""
    return _list_in(text) if text.startswith("[") else json.loads(text)


def make_engine(url: str, *, stepped: bool = False) -> AsyncEngine:
    """`stepped`: for a play that does one thing after the other and tells nobody that anything is on disk, SQLite works
    on the loop and does not wait for the disk."""
    parsed = make_url(async_url(url))
    if parsed.get_backend_name() == "sqlite":
        path = parsed.database or ":memory:"
        engine = create_async_engine(
            parsed,
            async_creator=lambda: sqlite.connect(path, stepped=stepped, check_same_thread=False),
            hide_parameters=True,
            json_deserializer=_loads,
        )
        event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, "OFF" if stepped else "FULL"))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        engine = create_async_engine(
            parsed,
            pool_size=10,
            max_overflow=20,
            hide_parameters=True,
            json_deserializer=_loads,
            connect_args={"prepared_statement_cache_size": 1000},  # a list in a statement is one for each length
        )
        event.listen(engine.sync_engine, "connect", _prepare_postgres)
    return engine


_CACHE = "cache_size=-16000"
"""KiB a connection may keep: a rung of a whole county touches 8 MB of the ledger; with SQLite's own 2 MB it was spilled
and read again."""


def _prepare_sqlite(synchronous: str, connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we own the BEGIN
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "busy_timeout=5000", _CACHE):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.connection.driver_connection.brief = options.get("brief", False)  # type: ignore[union-attr]
    connection.exec_driver_sql(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")


def _prepare_postgres(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit = on")
    cursor.execute("SET timezone = 'UTC'")
    cursor.close()
    connection.commit()


class Database:
    """Reading and writing sessions on one store. The edge opens `write()` and so owns the commit; services take it."""

    def __init__(self, url: str, engine: AsyncEngine | None = None) -> None:
        self.url = url
        self.engine = engine or make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._lane = asyncio.Lock() if self.is_sqlite else None
        self._read = async_sessionmaker(self.engine, class_=Session, expire_on_commit=False)
        writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._write = async_sessionmaker(writing, class_=Session, expire_on_commit=False)
        brief = writing.execution_options(brief=True)
        self._write_brief = async_sessionmaker(brief, class_=Session, expire_on_commit=False)
        self._listeners: list[Callable[[], None]] = []
        self._lock: FileLock | None = None

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None on PostgreSQL or in memory."""
        name = make_url(self.url).database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    def own(self) -> None:
        """Take the file for this process. Raises StoreInUse when another has it."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(f"{self.path}.lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout as problem:
            raise StoreInUse(f"{self.path} is in use by another duban process") from problem

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit that queued a message, so that delivery wakes at once."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises. No network inside. `brief`: its
        statements touch few rows by their keys, so that on SQLite they need no thread."""
        sessions = self._write_brief if brief else self._write
        async with self._lane or nullcontext(), sessions() as session, session.begin():
            yield session
        if session.info.get("queued"):
            for listener in self._listeners:
                listener()

    async def close(self) -> None:
        await self.engine.dispose()
        if self._lock is not None:
            self._lock.release()


def insert(session: AsyncSession, table: type[SQLModel]) -> Any:
    """INSERT in the store's own dialect, for `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return insert_for(session.get_bind().dialect.name, table)


def insert_for(dialect: str, table: type[SQLModel]) -> Any:
    """The same by the dialect's name, for statements that are built once."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert(table_of(table))


def locks_rows(session: AsyncSession) -> bool:
    """Has SELECT … FOR UPDATE a meaning here? On SQLite the write lane keeps writers apart."""
    return session.get_bind().dialect.name != "sqlite"


def table_of(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
