"""The systemd unit and the container file, read as those read them who install from them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from cli.settings import Settings

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "duban.service"
STOPS_WITHIN = 10  # seconds: tests/e2e/test_faults.py

Step = tuple[str, str]


def _steps() -> list[list[Step]]:
    """The instructions of each stage, continued lines joined."""
    raw = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    lines = [line for line in raw.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    stages: list[list[Step]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, " ".join(rest.split())))
    return stages


def _only(stage: list[Step], word: str) -> str:
    [found] = [rest for name, rest in stage if name == word]
    return found


def test_two_stages_and_nothing_but_the_program_in_the_last() -> None:
    build, final = _steps()
    assert _only(build, "FROM").endswith(" AS build")
    assert _only(build, "FROM").split()[0] == _only(final, "FROM"), "the same Python, or the copied one does not run"
    assert _only(final, "COPY") == "--from=build /opt/duban /opt/duban"
    assert not [rest for name, rest in final if name == "RUN" and ("pip" in rest or "apt" in rest)]


def test_not_root_and_everything_in_one_volume() -> None:
    _, final = _steps()
    order = [name for name, _ in final]
    assert order.index("USER") < order.index("CMD")
    assert _only(final, "USER") not in ("root", "0")
    assert f"useradd --system --uid 10001 --home-dir /data {_only(final, 'USER')}" in _only(final, "RUN")
    assert _only(final, "VOLUME") == _only(final, "WORKDIR") == "/data"


def test_it_starts_migrated_hears_sigterm_and_says_how_it_is() -> None:
    _, final = _steps()
    assert _only(final, "CMD") == '["sh", "-c", "duban migrate && exec duban run"]', "without exec, sh gets the signal"
    assert _only(final, "STOPSIGNAL") == "SIGTERM"
    assert f"http://127.0.0.1:{Settings.model_fields['http_port'].default}/health" in _only(final, "HEALTHCHECK")
    given = dict(pair.split("=", 1) for pair in _only(final, "ENV").split())
    ours = {name.removeprefix("DUBAN_").lower() for name in given if name.startswith("DUBAN_")}
    assert ours == {"data_dir", "database_url", "log_format"}
    assert ours <= Settings.model_fields.keys()
    assert given["DUBAN_DATABASE_URL"] == "sqlite:////data/duban.db"


def test_what_is_pinned_is_installed_and_no_secret_is_sent_to_the_builder() -> None:
    build, _ = _steps()
    installs = [rest for name, rest in build if name == "RUN"]
    assert "--require-hashes -r requirements.txt" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    backend = [re.split(r"[<>=]", need)[0] for need in project["build-system"]["requires"]]
    pinned = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert set(backend) <= set(pinned), "without isolation the backend has to be among what is installed"
    first, *let_in = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert first == "*"
    rooms = {f"!{one.rstrip('*')}" for one in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert rooms | {"!pyproject.toml", "!requirements.txt", "!README.md", "!LICENSE"} == {
        line for line in let_in if line.startswith("!")
    }


@pytest.fixture
def unit() -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(UNIT, "utf-8")
    return read


def test_the_unit_runs_as_an_account_of_its_own_and_waits_for_the_end(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] == service["Group"] == "duban"
    assert service["ExecStart"] == f"{service['WorkingDirectory']}/.venv/bin/duban run"
    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > STOPS_WITHIN
    assert "KillSignal" not in service, "SIGTERM is what it drains on"


def test_the_unit_may_write_its_data_only_and_reach_the_network(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    data = Path(service["WorkingDirectory"]) / Settings.model_fields["data_dir"].default
    assert service["ReadWritePaths"] == str(data)
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == service["ProtectHome"] == "yes"
    assert {"AF_INET", "AF_INET6"} <= set(service["RestrictAddressFamilies"].split())
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert "network-online.target" in unit["Unit"]["After"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text("utf-8")
    there = tmp_path / "duban.service"
    there.write_text(text.replace("ExecStart=/opt/duban/.venv/bin/duban run", "ExecStart=/bin/true"), "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(there)], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
