"""What is installed is enough: the sample, the simulator's words, and all they need are in the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "*.egg-info", ".*_cache", "__pycache__", "data", "build", "dist", "tests"
)


@pytest.mark.slow
def test_the_county_is_played_without_a_checkout(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "tree", ignore=LEFT_OUT)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('..'))"
    made = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path / "tree", capture_output=True, text=True, check=True
    )
    zipfile.ZipFile(tmp_path / made.stdout.split()[-1]).extractall(tmp_path / "installed")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    span = ["--from", "2026-11-17", "--to", "2026-11-19", "--units", "2", "--tasks", "1", "--reports", "reports.csv"]
    start = "import cli, sys; print(cli.__file__); from cli.main import main; main()"
    played = subprocess.run(
        [sys.executable, "-c", start, "simulate", *span], cwd=elsewhere, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    assert played.stdout.startswith(str(tmp_path / "installed")), "the installed program was run"
    assert "invariants: 0 violations" in played.stdout
    assert len((elsewhere / "reports.csv").read_text("utf-8").splitlines()) == 3
