"""`duban upgrade`: backup, install, migrate, health, or back to what was there."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import click

from cli.compose import open_store
from cli.errors import Mendable
from cli.settings import Settings, load
from db import migrations
from db.session import StoreInUse
from services import upgrading
from services.archive import Damaged
from services.backup import last_backup, release
from services.upgrading import NotUpgraded, Step, Upgrade

_MAIN = "from cli.main import main; main()"
_HEALTHY_WITHIN = 60.0
_STOPS_WITHIN = 20.0


class _StepFailed(RuntimeError):
    """One step of the way did not do; the way back is to be taken."""


@click.command()
@click.argument("wheels", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--back", is_flag=True, help="Back to the release before: after a power cut, or when you regret it.")
def upgrade(wheels: Path | None, *, back: bool) -> None:
    """升级:先备份,再安装、迁移、试运行;哪一步不成就退回原样。WHEELS is made by `make wheels`; stop `run` first."""
    settings = load()
    if back == (wheels is not None):
        raise click.UsageError("name the WHEELS archive of the new release, or --back")
    try:
        asyncio.run(_nobody_at_work(settings))
        _forward(settings, wheels) if wheels else _back(settings)
    except (NotUpgraded, Damaged) as problem:
        raise Mendable(f"没有升级,什么都没有改 / nothing was changed: {problem}") from problem


async def _nobody_at_work(settings: Settings) -> None:
    database = open_store(settings)
    try:
        database.own()
    except StoreInUse as problem:
        raise Mendable(f"{problem}: stop it before upgrading") from problem
    finally:
        await database.close()
        if database.path is not None and (lock := Path(f"{database.path}.lock")).exists():
            upgrading.as_owner_of(settings.data_dir, lock)


def _forward(settings: Settings, wheels: Path) -> None:
    installation = _installation()
    if upgrading.is_under_way(settings.data_dir):
        raise NotUpgraded("上一次升级没有做完 / the last upgrade was cut short: duban upgrade --back")
    with tempfile.TemporaryDirectory(prefix="duban-wheels-") as scratch:
        found = upgrading.unpack_wheels(wheels, Path(scratch))
        begun = _begin(settings, installation)
        try:
            _install_and_try(settings, begun, found)
        except (_StepFailed, OSError, subprocess.SubprocessError, KeyboardInterrupt) as problem:
            raise _taken_back(settings, problem) from problem
    now = _asked(installation, settings, "-c", "from services.backup import release; print(release())")
    click.echo(f"已升级:{begun.former} → {now}。现在可以 duban run;原来的版本留着,duban upgrade --back 退回。")


def _installation() -> Path:
    if sys.prefix == sys.base_prefix:
        raise NotUpgraded("duban does not run from a .venv of its own; in a container, upgrade the image instead")
    return Path(sys.prefix)


def _begin(settings: Settings, installation: Path) -> Upgrade:
    """Backup and copy: until here nothing is changed."""
    _say("备份 / backup")
    try:
        _child(installation, settings, "-c", _MAIN, "backup")
    except _StepFailed as problem:
        raise NotUpgraded(str(problem)) from problem
    backup = last_backup(settings.backups).path
    database = open_store(settings).path
    _say("留一份现在的程序 / keep the present program")
    upgrading.keep(installation)
    begun = Upgrade(Step.INSTALLING, str(installation), str(database or ""), backup, release())
    upgrading.note(settings.data_dir, begun)
    return begun


def _install_and_try(settings: Settings, begun: Upgrade, wheels: Path) -> None:
    installation = Path(begun.installation)
    _say("安装 / install")
    _install(installation, wheels)
    migrating = upgrading.stepped(settings.data_dir, begun, Step.MIGRATING)
    _say("迁移 / migrate")
    before = asyncio.run(_revision(settings))
    _child(installation, settings, "-c", _MAIN, "migrate", "--no-backup")
    changed = before != asyncio.run(_revision(settings))
    migrating = upgrading.stepped(settings.data_dir, migrating, Step.MIGRATING, migrated=changed)
    _say("试运行,不收不发 / run in hold")
    _try_run(installation, settings)
    upgrading.stepped(settings.data_dir, migrating, Step.DONE)


async def _revision(settings: Settings) -> str | None:
    database = open_store(settings)
    try:
        return await migrations.revision(database.engine)
    finally:
        await database.close()


def _install(installation: Path, wheels: Path) -> None:
    """All of it from the archive, no index is asked; ours in any case, the rest where it differs."""
    python = str(installation / "bin/python")
    inside = importlib.util.find_spec("pip") is not None
    pip = [python, "-m", "pip"] if inside else [_outer_python(), "-m", "pip", "--python", python]
    words = ["--disable-pip-version-check", "install", "--quiet", "--no-index", "--find-links", str(wheels)]
    _ran([*pip, *words, "--upgrade", "--upgrade-strategy", "eager", "duban"])
    _ran([*pip, *words, "--force-reinstall", "--no-deps", "duban"])


def _outer_python() -> str:
    """The interpreter the .venv was made with: `make install` puts no pip into it."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def _child(installation: Path, settings: Settings, *words: str) -> str:
    """A step that touches the data, as the account that owns them."""
    return _ran([str(installation / "bin/python"), "-P", *words], **_owner(settings))


def _asked(installation: Path, settings: Settings, *words: str) -> str:
    with suppress(_StepFailed):
        return _child(installation, settings, *words).strip()
    return "?"


def _owner(settings: Settings) -> dict[str, int]:
    if os.geteuid() != 0:
        return {}
    owner = settings.data_dir.stat()
    return {"user": owner.st_uid, "group": owner.st_gid}


def _ran(words: list[str], **who: int) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **who)  # type: ignore[call-overload]  # noqa: S603
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise _StepFailed(said[-1])
    out: str = done.stdout
    return out


def _try_run(installation: Path, settings: Settings) -> None:
    """The new program on the real database, without a word to Telegram, until it says that it is well."""
    port = _free_port()
    told = {**os.environ, "DUBAN_HTTP_HOST": "127.0.0.1", "DUBAN_HTTP_PORT": str(port)}
    words = [str(installation / "bin/python"), "-P", "-c", _MAIN, "run", "--hold"]
    with tempfile.TemporaryFile("w+") as said:
        trial = subprocess.Popen(words, env=told, stdout=said, stderr=said, **_owner(settings))  # type: ignore[call-overload]  # noqa: S603
        try:
            well = _is_well(trial, f"http://127.0.0.1:{port}/health")
        finally:
            _stop(trial)
        if not well:
            said.seek(0)
            raise _StepFailed((said.read().strip().splitlines() or ["it did not become healthy"])[-1])


def _say(step: str) -> None:
    click.echo(f"… {step}", err=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_well(trial: subprocess.Popen[str], url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _HEALTHY_WITHIN
    while time.monotonic() < until and trial.poll() is None:
        with suppress(urllib.error.URLError, OSError, ValueError), direct.open(url, timeout=5) as answer:
            json.load(answer)
            return True
        time.sleep(0.2)
    return False


def _stop(trial: subprocess.Popen[str]) -> None:
    trial.terminate()
    try:
        trial.wait(_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        trial.kill()
        trial.wait()


def _taken_back(settings: Settings, problem: BaseException) -> Mendable:
    """Put back; what to say of it."""
    reached = upgrading.noted(settings.data_dir)
    if reached is not None:
        upgrading.go_back(settings.data_dir, reached)
    why = str(problem) or type(problem).__name__
    return Mendable(f"没有升级,已退回原来的版本 / back at the release before: {why}{_left(reached)}")


def _left(reached: Upgrade | None) -> str:
    if reached is None or not upgrading.must_restore(reached):
        return ""
    return f"; the PostgreSQL database was migrated: make an empty one and `duban restore {reached.backup}`"


def _back(settings: Settings) -> None:
    reached = upgrading.noted(settings.data_dir)
    if reached is None:
        raise NotUpgraded("没有可退回的升级 / there is no upgrade to take back")
    if reached.step is not Step.DONE:
        upgrading.go_back(settings.data_dir, reached)
        click.echo(f"已退回 {reached.former}:程序和数据都是升级前的样子{_left(reached)}。")
        return
    upgrading.installation_back(reached)
    upgrading.forget(settings.data_dir)
    click.echo(f"程序已退回 {reached.former}。")
    if reached.migrated:
        click.echo("数据库已是新版本的,旧程序不能用。恢复升级前的备份(之后收到的报送凭回执补回):")
        click.echo(f"  duban restore {reached.backup}")
