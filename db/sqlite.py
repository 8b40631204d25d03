"""SQLite statements where they cost least: short ones on the loop, long ones in the connection's thread.

A statement of ours takes some 20 µs, a trip to the thread and back ten times that; an update runs about twenty-five
statements (docs/decisions/0013). So a statement runs where it is awaited, unless it may wait or take long: opening a
write transaction, many rows, INSERT … SELECT, the commit with its fsync. A SELECT that proves long is broken off and
begun again in the thread. BEGIN goes with the first statement; the rollback that the pool asks for after every commit
makes no trip.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite

LONG = 50_000
"""Steps of SQLite's machine, some milliseconds, after which a SELECT is moved off the loop."""


class OneTripCursor:
    """What SQLAlchemy needs of an asynchronous cursor; rows are fetched where the statement runs."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> OneTripCursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> OneTripCursor:
        if sql.startswith("BEGIN"):
            self._connection.begin = sql
            return self
        if (
            self._connection.begin.endswith("IMMEDIATE")
            or not _is_short(sql)
            or not self._connection.tried(self._execute, sql, parameters)
        ):
            await self._connection.run(self._execute, sql, parameters)
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> OneTripCursor:
        await self._connection.run(self._executemany, sql, rows)
        return self

    def _execute(self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> None:
        self._connection.begun(connection)
        cursor = connection.execute(sql, parameters)
        self._rows = cursor.fetchall() if cursor.description else []
        self._remember(cursor)

    def _executemany(self, connection: sqlite3.Connection, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.begun(connection)
        self._remember(connection.executemany(sql, rows))

    def _remember(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        cursor.close()

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        return None


def _is_short(sql: str) -> bool:
    """May it be tried on the loop? Whatever writes must end where it began: breaking it off undoes the transaction."""
    return sql.startswith("SELECT") or " SELECT " not in sql


class OneTripConnection(aiosqlite.Connection):
    """aiosqlite's connection, whose cursors make one trip a statement or none. `begin` waits for the first of them."""

    begin = ""
    _on_loop = False

    def tried(self, work: Any, sql: str, parameters: Sequence[Any]) -> bool:
        """Run it here; False when it proved long and was broken off."""
        self._on_loop = sql.startswith("SELECT")
        try:
            work(self._conn, sql, parameters)
        except sqlite3.OperationalError as problem:
            if str(problem) != "interrupted":
                raise
            return False
        finally:
            self._on_loop = False
        return True

    def watch(self) -> None:
        self._conn.set_progress_handler(lambda: self._on_loop, LONG)

    def begun(self, connection: sqlite3.Connection) -> None:
        """In the connection's thread: the transaction that was asked for is open."""
        begin, self.begin = self.begin, ""
        if begin:
            connection.execute(begin)

    def cursor(self) -> OneTripCursor:  # type: ignore[override]
        return OneTripCursor(self)

    async def commit(self) -> None:
        self.begin = ""
        if self._conn.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        self.begin = ""
        if self._conn.in_transaction:
            await super().rollback()

    async def run(self, work: Any, *args: Any) -> None:
        await self._execute(work, self._conn, *args)  # type: ignore[no-untyped-call]


async def connect(path: str, **options: Any) -> OneTripConnection:
    """Open the file; given to SQLAlchemy as the creator of its connections."""
    connection = OneTripConnection(lambda: sqlite3.connect(path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does for its own
    await connection
    connection.watch()
    return connection
