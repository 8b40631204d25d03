"""An upgrade in steps that each leave a way back: what stands on disk while one is under way, and what is put back.

The installation is copied before it is changed, in place: scripts in it name their own path. What is under way is
written down before each step, so that after a power cut the way back is known and `duban run` refuses to start.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO

from services import archive
from services.backup import restored

_STATE = "upgrade.json"
_WHEEL = re.compile(r"(?:\./)?wheels/([A-Za-z0-9][\w.+-]*\.whl)")
"""All that is taken from an archive, whatever else it holds (tarfile's own filters are younger than Debian 12)."""


class Step(StrEnum):
    INSTALLING = "installing"
    MIGRATING = "migrating"
    """From here on the database may be of the new release."""
    DONE = "done"


class NotUpgraded(RuntimeError):
    """Nothing was changed; why, in one line."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`database` is the SQLite file, empty for PostgreSQL; `backup` the archive made beforehand."""

    step: Step
    installation: str
    database: str
    backup: str
    former: str
    migrated: bool = False

    @property
    def copy(self) -> Path:
        """The installation as it was."""
        return copy_of(Path(self.installation))


def copy_of(installation: Path) -> Path:
    return installation.with_name(f"{installation.name}.before")


def noted(data_dir: Path) -> Upgrade | None:
    """The last upgrade, over or not. Raises NotUpgraded when its note cannot be read."""
    try:
        raw = json.loads((data_dir / _STATE).read_text(encoding="utf-8"))
        return Upgrade(**{**raw, "step": Step(raw["step"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise NotUpgraded(f"{data_dir / _STATE} cannot be read: {problem}") from problem


def is_under_way(data_dir: Path) -> bool:
    """Was one begun and neither ended nor taken back? A note that cannot be read counts as one."""
    try:
        upgrade = noted(data_dir)
    except NotUpgraded:
        return True
    return upgrade is not None and upgrade.step is not Step.DONE


def note(data_dir: Path, upgrade: Upgrade) -> None:
    """On disk when this returns, and readable for whoever owns the data."""
    coming = data_dir / f".{_STATE}.coming"
    coming.write_text(json.dumps(asdict(upgrade)), encoding="utf-8")
    as_owner_of(data_dir, coming)
    archive.sync([coming])
    coming.replace(data_dir / _STATE)
    archive.sync([data_dir])


def forget(data_dir: Path) -> None:
    (data_dir / _STATE).unlink(missing_ok=True)
    archive.sync([data_dir])


def as_owner_of(folder: Path, path: Path) -> None:
    """Root works for the account that runs the bot."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def unpack_wheels(path: Path, folder: Path) -> Path:
    """The folder of wheels in an archive made by `make wheels`. Raises NotUpgraded for anything else."""
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile() and (name := _WHEEL.fullmatch(member.name)) and (file := tar.extractfile(member)):
                    _copied(file, folder / "wheels" / name[1])
    except (OSError, tarfile.TarError, EOFError) as problem:
        raise NotUpgraded(f"{path.name} cannot be unpacked: {problem}") from problem
    wheels = folder / "wheels"
    if not any(_own(wheels)):
        raise NotUpgraded(f"{path.name} has no wheels/duban-….whl in it; make it with `make wheels`")
    return wheels


def _copied(file: IO[bytes], to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    with to.open("wb") as coming:
        shutil.copyfileobj(file, coming)


def _own(wheels: Path) -> Iterator[Path]:
    return wheels.glob("duban-*.whl")


def keep(installation: Path) -> None:
    """Copy the installation beside itself; whole, or not there."""
    kept = copy_of(installation)
    coming = kept.with_name(f"{kept.name}.coming")
    for leftover in (kept, coming):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        shutil.copytree(installation, coming, symlinks=True)
        coming.rename(kept)
    except (OSError, shutil.Error) as problem:
        shutil.rmtree(coming, ignore_errors=True)
        raise NotUpgraded(f"{installation} cannot be copied: {problem}") from problem


def go_back(data_dir: Path, upgrade: Upgrade) -> None:
    """Put an upgrade that did not end back: the database first, then the installation. May be repeated at any point.

    A PostgreSQL that was migrated is left: what is in it is not ours to drop (`must_restore`).
    """
    if upgrade.step is Step.MIGRATING and upgrade.database:
        _database_back(upgrade)
    installation_back(upgrade)
    forget(data_dir)


def must_restore(upgrade: Upgrade) -> bool:
    return upgrade.migrated and not upgrade.database


def _database_back(upgrade: Upgrade) -> None:
    database = Path(upgrade.database)
    with tempfile.TemporaryDirectory(prefix=".going-back-", dir=database.parent) as scratch:
        restored(Path(upgrade.backup), Path(scratch))
        coming = Path(scratch) / archive.SQLITE
        as_owner_of(database.parent, coming)
        archive.sync([coming])
        for end in ("-wal", "-shm"):  # they belong to the file that goes
            database.with_name(database.name + end).unlink(missing_ok=True)
        coming.replace(database)
        archive.sync([database.parent])


def installation_back(upgrade: Upgrade) -> None:
    installation = Path(upgrade.installation)
    if not upgrade.copy.is_dir():
        return  # it was put back before
    spoilt = installation.with_name(f"{installation.name}.spoilt")
    shutil.rmtree(spoilt, ignore_errors=True)
    if installation.exists():
        installation.rename(spoilt)
    upgrade.copy.rename(installation)
    shutil.rmtree(spoilt, ignore_errors=True)


def stepped(data_dir: Path, upgrade: Upgrade, step: Step, *, migrated: bool | None = None) -> Upgrade:
    """The same upgrade one step further, written down."""
    changed = upgrade.migrated if migrated is None else migrated
    further = replace(upgrade, step=step, migrated=changed)
    note(data_dir, further)
    return further
