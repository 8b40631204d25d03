"""What every test may use: stores, a fixed cast, and the rule that nothing leaves this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pytest_socket import socket_allow_hosts

from db import migrations, session
from db.session import Database
from tests.cast import County, at, make_county
from tests.engines import create_sharing
from tests.golden.table import golden

REQUIRE_ALL = os.environ.get("DUBAN_REQUIRE_ALL") == "1"
TOGETHER = (
    "tests/e2e/test_upgrade.py",
    "tests/e2e/test_simulate.py",
    "tests/unit/understanding/test_properties.py::test_every_reply_reads_the_same",
)
FOUNDED = at("2026-11-16 09:00")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

# Where Python is told to keep no compiled files, every worker would compile every test, every `duban run` the program.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_runtest_setup() -> None:
    """A real socket beyond this machine fails the test."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What this machine lacks is deselected with a printed count; with DUBAN_REQUIRE_ALL=1 it fails instead. The tests
    of golden/table.toml bear the mark that chooses them. What takes long begins first, lest one worker end alone."""
    numbered = {test for one in golden() for test in one.tests}
    for item in items:
        if item.nodeid.partition("[")[0] in numbered:
            item.add_marker("golden")
    items.sort(key=lambda item: not _is_long(item))
    if REQUIRE_ALL or CHROMIUM:
        return
    lacking = [item for item in items if item.get_closest_marker("browser")]
    if lacking:
        config.hook.pytest_deselected(items=lacking)
        items[:] = [item for item in items if item not in lacking]
        config.stash[_DESELECTED] = f"{len(lacking)} browser tests deselected: no Chromium on this machine"


def _is_long(item: pytest.Item) -> bool:
    """It says so itself, or asks for more time than others have."""
    return item.get_closest_marker("slow") is not None or item.get_closest_marker("timeout") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What shares something that takes long goes to one worker: the marks of xdist 3.8 do nothing in pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(filter(nodeid.startswith, TOGETHER), nodeid)

    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


_DESELECTED = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if note := config.stash.get(_DESELECTED, None):
        terminalreporter.write_line(note, yellow=True)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_async_engine", create_sharing)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL per test process, from the embedded wheel; yields its address without a database name.

    Not below pytest's own folder: another pytest that starts meanwhile takes other users' access to that away.
    """
    from tests.postgres import serve

    home = tempfile.TemporaryDirectory(prefix="duban-pg-", ignore_cleanup_errors=True)
    with home as folder, serve(Path(folder)) as url:
        yield url


@pytest.fixture
def postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the same release as the server: the machine's own may be older."""
    from tests.postgres import tools

    monkeypatch.setenv("PATH", f"{tools()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file with the newest tables, made once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "duban.db"
    asyncio.run(_migrate(path))
    return path


Found = Callable[[Database], Awaitable[County]]


@pytest.fixture(scope="session")
def founded(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """`county = await founded(database)` while nobody has opened that store; on SQLite it is made once and copied."""
    template = tmp_path_factory.mktemp("county") / "duban.db"
    shutil.copy(migrated, template)
    made = asyncio.run(_founded(template))

    async def found(database: Database) -> County:
        if database.path is None:
            return await make_county(database, FOUNDED)
        _replace(database.path, template)
        return deepcopy(made)

    return found


def _replace(path: Path, template: Path) -> None:
    assert not path.with_name(f"{path.name}-wal").exists()
    shutil.copy(template, path)


async def _founded(path: Path) -> County:
    made = Database(f"sqlite:///{path}")
    county = await make_county(made, FOUNDED)
    await made.close()
    return county


async def _migrate(path: Path) -> None:
    made = Database(f"sqlite:///{path}")
    await migrations.migrate(made.engine)
    await made.close()


def _copy(template: Path, folder: Path) -> str:
    shutil.copy(template, folder / "duban.db")
    return f"sqlite:///{folder}/duban.db"


@pytest.fixture
async def database(
    store: str, tmp_path: Path, migrated: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    """A migrated, empty store; a test that takes it runs on SQLite and on PostgreSQL."""
    if store == "sqlite":
        url = _copy(migrated, tmp_path)
    else:
        from tests.postgres import fresh_database

        url = await fresh_database(request.getfixturevalue("postgres_server"))
    made = Database(url)
    yield made
    await made.close()


@pytest.fixture
async def sqlite(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    """A migrated, empty SQLite store."""
    made = Database(_copy(migrated, tmp_path))
    yield made
    await made.close()
