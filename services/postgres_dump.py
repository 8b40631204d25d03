"""A PostgreSQL database as a file, by PostgreSQL's own tools."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

_COPY = re.compile(rb"COPY (?:\w+\.)?\"?(\w+)\"? \(")


class DumpFailed(RuntimeError):
    """The tool is missing, too old, or could not do it."""


def tool(name: str) -> str:
    """Where pg_dump or pg_restore is. Raises DumpFailed."""
    found = shutil.which(name)
    if found is None:
        raise DumpFailed(
            f"没有找到 {name},请安装 PostgreSQL 客户端(不低于服务器版本) / "
            f"{name} was not found: install the PostgreSQL client"
        )
    return found


def dump(url: str, target: Path) -> tuple[str, dict[str, int]]:
    """The database of one snapshot; its revision and the rows of each table, as that snapshot sees them."""
    tool("pg_dump")
    return asyncio.run(_dump(url, target))


async def _dump(url: str, target: Path) -> tuple[str, dict[str, int]]:
    parsed = make_url(url)
    connection: Any = await asyncpg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
            names = [row[0] for row in await connection.fetch(tables)]
            rows = {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
            revision = await connection.fetchval("SELECT version_num FROM alembic_version") if names else ""
            words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}"]
            await asyncio.to_thread(run, "pg_dump", url, *words)
    finally:
        await connection.close()
    return revision or "", rows


def run(name: str, url: str, *words: str) -> None:
    """The tool on this database; the password goes by the environment. Raises DumpFailed with what it said."""
    parsed = make_url(url)
    password = {"PGPASSWORD": str(parsed.password)} if parsed.password else {}
    bare = parsed.set(drivername="postgresql", password=None).render_as_string()
    done = subprocess.run(  # noqa: S603 - our own words
        [tool(name), f"--dbname={bare}", "--no-password", *words], env=os.environ | password, capture_output=True
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise DumpFailed(said[0] if said else f"{name} failed")


def rows_in(dump: Path) -> dict[str, int]:
    """The rows of each table in a dump, read through to its end. Raises DumpFailed."""
    process = subprocess.Popen(  # noqa: S603 - our own words
        [tool("pg_restore"), "--file=-", str(dump)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        counted = dict(_counted(process))
    if process.returncode:
        raise DumpFailed("pg_restore cannot read the dump")
    return counted


def _counted(process: subprocess.Popen[bytes]) -> Iterator[tuple[str, int]]:
    table, rows = "", 0
    for line in process.stdout or ():
        if table and line == b"\\.\n":
            yield table, rows
            table = ""
        elif table:
            rows += 1
        elif found := _COPY.match(line):
            table, rows = found[1].decode(), 0
