"""A machine without internet: the archive of `make wheels` is all there is to install, and to upgrade from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

from tests.e2e.test_upgrade import wheel

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
__all__ = ["wheel"]


def _wheel_of(installed: Distribution, folder: Path) -> None:
    """The wheel it was installed from, made again of its files."""
    said = installed.read_text("WHEEL") or ""
    tag = re.findall(r"^Tag: (\S+)", said, re.MULTILINE)[-1]
    info = next(file.parts[0] for file in installed.files or () if file.parts[0].endswith(".dist-info"))
    with zipfile.ZipFile(folder / f"{info.removesuffix('.dist-info')}-{tag}.whl", "w", zipfile.ZIP_STORED) as made:
        for file in installed.files or ():
            path = Path(str(file.locate()))
            if ".." not in file.parts and "__pycache__" not in file.parts and path.is_file():
                made.write(path, str(file))


def _pinned() -> list[str]:
    """What `make wheels` puts into the archive, on this machine."""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    found = []
    for name in names:
        try:
            distribution(name)
        except PackageNotFoundError:  # for another system or Python
            continue
        found.append(name)
    return found


def _run(*command: str, folder: Path) -> str:
    told = {name: value for name, value in os.environ.items() if not name.startswith(("DUBAN_", "PIP_", "PYTHON"))}
    told |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_installed_from_the_archive_alone(wheel: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "made" / "wheels"
    wheels.mkdir(parents=True)
    (wheels / wheel.name).write_bytes(wheel.read_bytes())
    for name in _pinned():
        _wheel_of(distribution(name), wheels)
    with tarfile.open(tmp_path / "duban-wheels.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(wheels, "wheels")

    there = tmp_path / "there"
    there.mkdir()
    with tarfile.open(tmp_path / "duban-wheels.tar.gz") as tar:
        tar.extractall(there, filter="data")
    outer = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    _run(outer, "-m", "venv", "--without-pip", ".venv", folder=there)
    python = str(there / ".venv" / "bin" / "python")
    words = (
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-compile",
        "--no-index",
        "--find-links",
        "wheels",
    )
    _run(outer, "-m", "pip", "--python", python, *words, "duban", folder=there)

    duban = str(there / ".venv" / "bin" / "duban")
    assert _run(duban, "--version", folder=there).startswith("duban, version ")
    assert "up to date" in _run(duban, "migrate", folder=there)
    assert (there / "data" / "duban.db").exists()
    assert _run(python, "-c", "import sqlmodel; print(sqlmodel.__file__)", folder=there).startswith(str(there))
