"""SQLite statements in one trip to the connection's thread.

aiosqlite makes four trips a statement (make the cursor, execute, fetch, close), each of which wakes the loop. An update
of ours runs about twenty-five statements, so the trips were most of its time (docs/decisions/0013). BEGIN makes no trip
of its own: it goes with the first statement; nor does the rollback that the pool asks for after every commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite


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


class OneTripConnection(aiosqlite.Connection):
    """aiosqlite's connection, whose cursors make one trip a statement. `begin` waits for the first of them."""

    begin = ""
    stepped = False
    """Statements run where they are awaited: for a program that does one thing after the other."""
    brief = False
    """Every statement of this transaction touches few rows by their keys, in less time than the trip to the thread and
    back: it runs where it is awaited. What may wait (BEGIN for a lock, COMMIT for the disk) makes the trip."""

    def begun(self, connection: sqlite3.Connection) -> None:
        """In the connection's thread: the transaction that was asked for is open."""
        begin, self.begin = self.begin, ""
        if begin:
            connection.execute(begin)

    def cursor(self) -> OneTripCursor:  # type: ignore[override]
        return OneTripCursor(self)

    async def commit(self) -> None:
        await self._end(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        await self._end(sqlite3.Connection.rollback)

    async def _end(self, how: Any) -> None:
        self.begin, self.brief = "", False
        if self._conn.in_transaction:
            await self.run(how)

    async def run(self, work: Any, *args: Any) -> None:
        if self.stepped or (self.brief and not self.begin):
            work(self._conn, *args)
        else:
            await self._execute(work, self._conn, *args)  # type: ignore[no-untyped-call]


async def connect(path: str, *, stepped: bool = False, **options: Any) -> OneTripConnection:
    """Open the file; given to SQLAlchemy as the creator of its connections."""
    connection = OneTripConnection(lambda: sqlite3.connect(path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does for its own
    await connection
    connection.stepped = stepped
    return connection
