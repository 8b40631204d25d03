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
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from db import migrations
from db.session import Database
from services.backup import described
from services.upgrading import noted
from tests.cast import at, make_county

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("upgrade")]

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


def _pip(python: Path, *words: str) -> None:
    outer = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
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
        return {**os.environ, **told, "DUBAN_DATA_DIR": str(self.folder / "data"), "DUBAN_TELEGRAM_TOKEN": "7:x"} | {
            "DUBAN_DATABASE_URL": f"sqlite:///{self.database}"
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


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Installation:
    """A small county, and a .venv that has this release and borrows the libraries of the tests'."""
    made = Installation(tmp_path, wheel)
    outer = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    subprocess.run([str(outer), "-m", "venv", "--without-pip", str(made.venv)], check=True)
    (site,) = (made.venv / "lib").glob("python*/site-packages")
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "duban" not in entry.name:
            (libraries / entry.name).symlink_to(entry)
    (site / "libraries.pth").write_text(f"{libraries}\n")
    _pip(made.venv / "bin/python", "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    made.database.parent.mkdir()
    asyncio.run(_fill(made.database))
    return made


async def _fill(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
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


def _until(reached: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
