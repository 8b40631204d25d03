"""`duban upgrade` in an installation of its own: forward, back, and cut short at its worst moment."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from db import migrations
from db.session import Database
from services.backup import described
from services.upgrading import noted, unpack_wheels
from tests.cast import at, make_county
from tests.postgres import empty_database, fresh_database

pytestmark = pytest.mark.slow

ROOMS = ("bot", "cli", "db", "domain", "jobs", "sandbox", "services", "web")
NEWER = "9.9.0"
TABLE = """
from alembic import op
import sqlalchemy as sa
revision = "ffffffffffff"
down_revision = "{head}"
branch_labels = depends_on = None
def upgrade():
    op.create_table("novelty", sa.Column("id", sa.BigInteger, primary_key=True))
"""
Change = Callable[[str, str], str]


NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
OUTER = Path(sys.base_prefix) / "bin" / NAME
FOR_ALL = Path("/usr/bin") / NAME
"""A Python that other accounts may run; the tests' own may lie in somebody's home."""
NOBODY = 65534


def _pip(python: Path, *words: str, outer: Path = OUTER) -> None:
    command = [str(outer), "-m", "pip", "--python", str(python), "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This release, as `make wheels` builds it."""
    root, folder = Path(__file__).parents[2], tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for room in ROOMS:
        shutil.copytree(root / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    _pip(Path(sys.executable), "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source))
    (made,) = folder.glob("duban-*.whl")
    return made


@dataclass(frozen=True)
class Installation:
    folder: Path
    wheel: Path
    url: str = ""
    """Of a PostgreSQL; else there is an SQLite file."""

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def database(self) -> Path:
        return self.folder / "data/duban.db"

    def run(
        self, *words: str, python: str = ".venv/bin/python", seconds: float = 100
    ) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / python), "-P", "-c", "from cli.main import main; main()", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    @property
    def environment(self) -> dict[str, str]:
        told = {"DUBAN_CLOCK": "2026-11-18T09:00:00+08:00@x0", "DUBAN_TELEGRAM_API_URL": "http://127.0.0.1:9"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return {**clean, **told, "DUBAN_DATA_DIR": str(self.folder / "data"), "DUBAN_TELEGRAM_TOKEN": "7:x"} | {
            "DUBAN_DATABASE_URL": self.url or f"sqlite:///{self.database}"
        }

    def release(self, change: Change = lambda _, source: source, *, table: bool = True) -> Path:
        """A newer release in an archive: with a table more, and each file as `change` makes it."""
        path = self.folder / "duban-wheels.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            raw = _newer(self.wheel, change, table=table)
            info = tarfile.TarInfo(f"wheels/duban-{NEWER}-py3-none-any.whl")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
        return path

    def version(self) -> str:
        return self.run("--version").stdout.split()[-1]

    def state(self) -> tuple[str, dict[str, int]]:
        return described(self.database)


def _newer(wheel: Path, change: Change, *, table: bool) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        (info,) = {name.split("/")[0] for name in old.namelist() if ".dist-info/" in name}
        for name in old.namelist():
            raw = old.read(name)
            if name.endswith("METADATA"):
                raw = raw.replace(
                    f"Version: {info.split('-')[1].removesuffix('.dist')}".encode(), f"Version: {NEWER}".encode()
                )
            elif name.endswith(".py"):
                raw = _changed(name, raw.decode(), change, table=table).encode()
            new.writestr(name.replace(info, f"duban-{NEWER}.dist-info"), raw)
        if table:
            new.writestr("db/migrations/versions/ffffffffffff_novelty.py", TABLE.format(head=migrations.HEAD))
    return out.getvalue()


def _changed(name: str, source: str, change: Change, *, table: bool) -> str:
    if table and name == "db/migrations/__init__.py":
        source = source.replace(migrations.HEAD, "ffffffffffff")
    return change(name, source)


@pytest.fixture(scope="module")
def template(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return _installed(Installation(tmp_path_factory.mktemp("template"), wheel))


@pytest.fixture
def installed(template: Installation, tmp_path: Path) -> Installation:
    for name in (".venv", "data"):
        shutil.copytree(template.folder / name, tmp_path / name, symlinks=True)
    return replace(template, folder=tmp_path)


def _installed(made: Installation, outer: Path = OUTER) -> Installation:
    """A small county, and a .venv that has this release and borrows the libraries of the tests'."""
    subprocess.run([str(outer), "-m", "venv", "--without-pip", str(made.venv)], check=True)
    (site,) = (made.venv / "lib").glob("python*/site-packages")
    libraries = made.folder / "libraries"
    libraries.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "duban" not in entry.name:
            (libraries / entry.name).symlink_to(entry)
    (site / "libraries.pth").write_text(f"{libraries}\n")
    _pip(made.venv / "bin/python", "install", "--quiet", "--no-index", "--no-deps", str(made.wheel), outer=outer)
    made.database.parent.mkdir()
    asyncio.run(_fill(made.environment["DUBAN_DATABASE_URL"]))
    return made


async def _fill(url: str) -> None:
    database = Database(url)
    await migrations.migrate(database.engine)
    await make_county(database, at("2026-11-16 09:00"))
    await database.close()


def _breaking(file: str, function: str, line: str) -> Change:
    """The function begins with that line."""
    return lambda name, source: source.replace(function, f"{function}\n    {line}") if name == file else source


RUN = ("cli/main.py", "async def _run_silently(settings: Settings) -> None:")
MIGRATE = ("cli/main.py", "async def _migrate(settings: Settings, *, backup: bool) -> None:")


def test_forward_and_back_by_hand(installed: Installation) -> None:
    former, rows = installed.version(), installed.state()[1]
    done = installed.run("upgrade", str(installed.release()))
    assert done.returncode == 0, done.stderr
    assert f"已升级:{former} → {NEWER}" in done.stdout
    assert "… 备份 / backup" in done.stderr
    assert installed.version() == NEWER
    revision, newer = installed.state()
    assert (revision, newer["report"] >= rows["report"]) == ("ffffffffffff", True)
    (backup,) = (installed.folder / "data/backups").glob("*.tar")
    back = installed.run("upgrade", "--back")
    assert f"程序已退回 {former}。" in back.stdout
    assert f"duban restore {backup}" in back.stdout
    assert installed.version() == former
    restored = installed.run("restore", str(backup), "--yes")
    assert restored.returncode == 0, restored.stderr
    assert installed.state()[0] == migrations.HEAD
    assert "没有可退回的升级" in installed.run("upgrade", "--back").stderr


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_breaking(*MIGRATE, "raise RuntimeError('broken release')"), id="does not migrate"),
        pytest.param(_breaking(*RUN, "raise RuntimeError('broken release')"), id="is not well"),
    ],
)
def test_what_does_not_do_is_taken_back(installed: Installation, change: Change) -> None:
    former, before = installed.version(), installed.state()
    done = installed.run("upgrade", str(installed.release(change)))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("duban: 没有升级,已退回原来的版本")
    assert "broken release" in done.stderr.splitlines()[-1]
    assert installed.version() == former
    assert installed.state() == before
    assert not installed.venv.with_name(".venv.before").exists()


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_what_is_no_release_changes_nothing(installed: Installation, content: bytes) -> None:
    path = installed.folder / "wheels.tar.gz"
    path.write_bytes(content)
    done = installed.run("upgrade", str(path))
    assert done.returncode == 1
    assert "没有升级,什么都没有改" in done.stderr
    assert not (installed.folder / "data/backups").exists()


def test_only_wheels_are_taken_from_an_archive(tmp_path: Path) -> None:
    path, to = tmp_path / "duban-wheels.tar.gz", tmp_path / "to"
    to.mkdir()
    names = ("wheels/duban-1-py3-none-any.whl", "./wheels/b-1+x-py3-none-any.whl", "../out.whl", "wheels/../../out.whl",
             "wheels/.pth", "other/c-1.whl", "/out.whl")  # fmt: skip
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))
        link = tarfile.TarInfo("wheels/d-1-py3-none-any.whl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    unpack_wheels(path, to)
    there = {one.relative_to(tmp_path).as_posix() for one in tmp_path.rglob("*") if one.is_file()}
    assert there == {path.name, "to/wheels/duban-1-py3-none-any.whl", "to/wheels/b-1+x-py3-none-any.whl"}


def test_cut_short_by_a_kill_it_must_be_taken_back(installed: Installation) -> None:
    """SIGKILL after the migration, while the new release is tried: neither runs until it is taken back."""
    before = installed.state()
    wheels = installed.release(_breaking(*RUN, "import time; time.sleep(600)"))
    command = [
        str(installed.venv / "bin/python"),
        "-P",
        "-c",
        "from cli.main import main; main()",
        "upgrade",
        str(wheels),
    ]
    with subprocess.Popen(
        command, cwd=installed.folder, env=installed.environment, start_new_session=True, stderr=subprocess.DEVNULL
    ) as upgrade:
        try:
            _until(lambda: (reached := noted(installed.folder / "data")) is not None and reached.migrated)
        finally:
            os.killpg(upgrade.pid, signal.SIGKILL)
    assert installed.state()[0] == "ffffffffffff"
    refused = installed.run("run")
    assert (refused.returncode, "duban upgrade --back" in refused.stderr) == (1, True)
    assert installed.run("upgrade", str(wheels)).returncode == 1
    back = installed.run("upgrade", "--back", python=".venv.before/bin/python")
    assert back.returncode == 0, back.stderr
    assert installed.state() == before
    assert installed.version() != NEWER
    assert noted(installed.folder / "data") is None


def test_a_bot_at_work_is_not_upgraded(installed: Installation) -> None:
    database = Database(f"sqlite:///{installed.database}")
    database.own()
    try:
        done = installed.run("upgrade", str(installed.release()))
    finally:
        asyncio.run(database.close())
    assert done.returncode == 1
    assert "stop it before upgrading" in done.stderr


# ---- a PostgreSQL, and root for another account


@pytest.fixture
def on_postgres(installed: Installation, postgres_server: str, postgres_tools: None) -> Installation:
    url = asyncio.run(fresh_database(postgres_server))
    asyncio.run(_fill(url))
    return replace(installed, url=url)


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        return await migrations.revision(database.engine)
    finally:
        await database.close()


@pytest.mark.postgres
def test_forward_on_postgresql_and_back_into_an_empty_one(on_postgres: Installation, postgres_server: str) -> None:
    former = on_postgres.version()
    done = on_postgres.run("upgrade", str(on_postgres.release()))
    assert done.returncode == 0, done.stderr
    assert (on_postgres.version(), asyncio.run(_revision(on_postgres.url))) == (NEWER, "ffffffffffff")
    (backup,) = (on_postgres.folder / "data/backups").glob("*.tar")
    back = on_postgres.run("upgrade", "--back")
    assert f"duban restore {backup}" in back.stdout
    assert on_postgres.version() == former
    again = replace(on_postgres, url=asyncio.run(empty_database(postgres_server)))
    restored = again.run("restore", str(backup), "--yes")
    assert restored.returncode == 0, restored.stderr
    assert asyncio.run(_revision(again.url)) == migrations.HEAD


@pytest.mark.postgres
def test_a_postgresql_that_was_migrated_is_left_and_its_backup_named(on_postgres: Installation) -> None:
    former = on_postgres.version()
    wheels = on_postgres.release(_breaking(*RUN, "raise RuntimeError('broken release')"))
    done = on_postgres.run("upgrade", str(wheels))
    assert done.returncode == 1
    (backup,) = (on_postgres.folder / "data/backups").glob("*.tar")
    assert f"make an empty one and `duban restore {backup}`" in done.stderr.splitlines()[-1]
    assert (on_postgres.version(), asyncio.run(_revision(on_postgres.url))) == (former, "ffffffffffff")
    refused = on_postgres.run("run")
    assert refused.returncode == 1  # the former release does not know these tables


@pytest.fixture
def of_another(wheel: Path) -> Iterator[Installation]:
    """As README installs it: root's program, the bot's account owns the data and nothing else."""
    with tempfile.TemporaryDirectory(prefix="duban-installed-") as folder:
        Path(folder).chmod(0o755)
        made = _installed(Installation(Path(folder), wheel), FOR_ALL)
        data = made.folder / "data"
        for path in (data, *data.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        data.chmod(0o700)
        yield made


@pytest.mark.skipif(os.geteuid() != 0 or not FOR_ALL.exists(), reason="not root, or no Python for all")
@pytest.mark.parametrize("broken", [False, True], ids=["forward", "taken back"])
def test_root_upgrades_for_the_account_that_runs_it(of_another: Installation, broken: bool) -> None:
    former, before = of_another.version(), of_another.state()
    change = [_breaking(*RUN, "raise RuntimeError('broken release')")] if broken else []
    done = of_another.run("upgrade", str(of_another.release(*change)))
    assert done.returncode == (1 if broken else 0), done.stderr
    if broken:
        assert "broken release" in done.stderr.splitlines()[-1]
    assert (of_another.version() == former, of_another.state() == before) == (broken, broken)
    data = of_another.folder / "data"
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (data, *data.rglob("*"))} == {(NOBODY, NOBODY)}
    later = {"HOME": "/nonexistent", "DUBAN_CLOCK": "2026-11-18T10:00:00+08:00@x0"}
    as_nobody = subprocess.run(
        [str(of_another.venv / "bin/duban"), "backup"], cwd=of_another.folder, env=of_another.environment | later,
        user=NOBODY, group=NOBODY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert as_nobody.returncode == 0, as_nobody.stderr


def _until(reached: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
