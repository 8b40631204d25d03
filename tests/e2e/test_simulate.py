"""`duban simulate`: a span through the real application; its summary sums up, and nobody is nagged in vain."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections import Counter
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from cli.main import app
from cli.simulation.county import SAMPLE_CAMPAIGN, Source
from cli.simulation.replies import Phrasebook, School, read_said, sentence
from domain.calendar import WorkCalendar

HEADER = [
    "queued_at",
    "sent_at",
    "local_time",
    "kind",
    "rung",
    "person",
    "role",
    "unit",
    "reports",
    "due_at",
    "outcome",
]
ZONE = ZoneInfo("Asia/Shanghai")


def simulate(*options: str) -> Result:
    result = CliRunner().invoke(app, ["simulate", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """From the working day before the rounds open until the day after they were due."""
    folder = tmp_path_factory.mktemp("simulated")
    span = ("--from", "2026-11-17", "--days", "10", "--seed", "7", "--principals", "12")
    result = simulate(*span, "--keep", str(folder / "kept"), "--ledger", str(folder / "ledger.csv"))
    return folder, result.output


def ledger(folder: Path) -> list[dict[str, str]]:
    with (folder / "ledger.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == HEADER
        return list(table)


def test_the_summary_sums_up(played: tuple[Path, str]) -> None:
    folder, output = played
    reports, updates, *table = output.splitlines()
    total, _, parts = reports.removeprefix("reports ").partition(" = ")
    by_time = {name: int(n) for name, n in (part.split() for part in parts.split(" + "))}
    assert sum(by_time.values()) == int(total)
    assert list(by_time) == ["awaited", "on_time", "grace", "late", "missing", "exempt"]
    assert by_time["on_time"] > 50
    assert by_time["missing"] > 0
    assert updates.split(" = ")[1] == f"done {updates.split()[1]}"
    kinds = [line.split() for line in table[2:] if line.startswith("  ") and "in all" not in line]
    rows = {kind: [int(n) for n in numbers] for kind, *numbers in kinds}
    assert all(sum(numbers[:-1]) == numbers[-1] for numbers in rows.values())
    assert sum(numbers[-1] for numbers in rows.values()) == int(table[0].split()[1].rstrip(","))
    with sqlite3.connect(folder / "kept" / "duban.db") as store:
        assert store.execute("SELECT count(*) FROM report").fetchone()[0] == int(total)
        assert store.execute("SELECT count(*) FROM outbox WHERE fate IN ('pending', 'sending')").fetchone()[0] == 0


def test_every_nag_came_in_office_hours_and_never_more_than_two_a_day(played: tuple[Path, str]) -> None:
    rows = ledger(played[0])
    kinds = Counter(row["kind"] for row in rows)
    assert kinds["prompt"] >= 10
    assert kinds["reminder"] >= 3
    assert kinds["digest"] >= 3
    nags = [row for row in rows if row["kind"] in ("prompt", "reminder") and row["sent_at"]]
    for row in nags:
        local = datetime.strptime(row["local_time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
        assert local == datetime.fromisoformat(row["sent_at"])
        assert time(8, 30) <= local.time() < time(17, 30)
        assert WorkCalendar().is_working_day(local.date())
    a_day = Counter((row["person"], row["unit"], row["local_time"][:10]) for row in nags)
    assert max(a_day.values()) <= 2


def test_nobody_is_reminded_of_what_was_reported(played: tuple[Path, str]) -> None:
    folder, _ = played
    with sqlite3.connect(folder / "kept" / "duban.db") as store:
        found = store.execute("SELECT round_id, unit_id, submitted_at FROM report WHERE submitted_at IS NOT NULL")
        submitted = {(str(r), str(u)): datetime.fromisoformat(f"{at}+00:00") for r, u, at in found.fetchall()}
    reminded = [
        (tuple(key.split("/")), datetime.fromisoformat(row["sent_at"]))
        for row in ledger(folder) if row["kind"] == "reminder" and row["sent_at"]
        for key in row["reports"].split(";")
    ]  # fmt: skip
    assert reminded
    assert all(at <= submitted[key] for key, at in reminded if key in submitted)
    later = [key for key, _ in reminded if key in submitted]
    assert later, "some were reminded and then reported"


def test_rungs_and_deadlines_stand_beside_their_reports(played: tuple[Path, str]) -> None:
    for row in ledger(played[0]):
        count = len(row["reports"].split(";")) if row["reports"] else 0
        assert (len(row["due_at"].split(";")) if row["due_at"] else 0) == count
        if row["kind"] == "reminder":
            assert len(row["rung"].split(";")) == count
            assert set(row["rung"].split(";")) <= {"t-3", "t-1", "due-morning", "due-afternoon", "late-1", "again"}
            assert {datetime.fromisoformat(due).astimezone(ZONE).time() for due in row["due_at"].split(";")} == {
                time(17)
            }
        assert row["outcome"] in {"sent", "cancelled", "superseded", "dead", "uncertain", "pending"}


def test_the_same_seed_plays_the_same_span() -> None:
    span = ("--from", "2026-11-17", "--days", "3", "--principals", "6")
    first, second, other = (simulate(*span, "--seed", seed).output for seed in ("5", "5", "6"))
    assert first == second
    assert first != other


def test_a_range_that_the_calendar_does_not_cover_is_played() -> None:
    assert "reports " in simulate("--from", "2026-12-31", "--days", "3", "--principals", "3").output


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", "0"], "--days"),
        (["--from", "gestern"], "--from"),
    ],
)
def test_what_cannot_be_played_is_said(options: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *options])
    assert result.exit_code != 0
    assert says in result.output


def test_a_folder_with_a_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "duban.db").write_bytes(b"somebody's")
    result = CliRunner().invoke(app, ["simulate", "--keep", str(tmp_path)])
    assert "already holds a database" in str(result.exception)
    assert (tmp_path / "duban.db").read_bytes() == b"somebody's"


def test_everything_that_is_asked_can_be_said_in_one_sentence() -> None:
    book = Phrasebook(Source().read_campaign(date(2026, 11, 1)), read_said())
    drill = book.task_named("【草稿,未提交】清河镇中心小学 11月应急疏散演练")
    said = sentence(drill, School(520, 42, 14), date(2026, 11, 20), random.Random(1))
    for name in ("演练", "日期", "类型", "学生", "用时", "隐患"):
        assert name in said
    assert not any(one.key.startswith("drills") for one in book.task_named("11月特色学校(学期)"))
    assert len(book.of("question")) > 50
    assert len(book.of("unclear")) > 100


def test_files_of_ones_own_are_played_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    samples = SAMPLE_CAMPAIGN.parent
    span = ("--from", "2026-11-17", "--to", "2026-11-18", "--units", "2", "--tasks", "1")
    own = ("--roster", str(samples / "roster.csv"), "--campaign", str(samples / "campaign-small.yaml"))
    assert "reports 2 = " in simulate(*span, *own, "--calendar", str(samples / "calendar.yaml")).output
    for option in ("roster", "campaign", "calendar"):
        (tmp_path / "bad.yaml").write_text("nothing: [of it", encoding="utf-8")
        result = CliRunner().invoke(app, ["simulate", *span, f"--{option}", str(tmp_path / "bad.yaml")])
        assert "bad.yaml cannot be played" in str(result.exception)


def test_every_report_stands_in_its_table(tmp_path: Path) -> None:
    span = ("--from", "2026-11-16", "--to", "2026-12-04", "--units", "4", "--tasks", "2", "--seed", "3")
    told = simulate(*span, "--outage", "2026-11-25T15:00/2026-11-25T16:30", "--reports", str(tmp_path / "reports.csv"))
    with (tmp_path / "reports.csv").open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == [
            "report", "task", "round", "unit", "open_at", "due_at", "grace_until", "lock_at", "first_received_at",
            "state", "timeliness",
        ]  # fmt: skip
        rows = list(table)
    assert f"reports {len(rows)} = " in told.output
    for row in rows:
        opened, due, grace, lock = (datetime.fromisoformat(row[f"{name}"]) for name in list(row)[4:8])
        assert opened < due <= grace <= lock
    assert any("invariants: 0 violations, statuses summed " in line for line in told.output.splitlines())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--outage", "2026-11-25T16:30/2026-11-25T15:00"], "ends before it begins"),
        (["--outage", "gestern"], "is not like"),
        (["--from", "2026-11-25", "--to", "2026-11-24"], "--to lies before --from"),
        (["--reports", "/nowhere/at/all.csv"], "make it first"),
    ],
)
def test_what_cannot_be_meant(options: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *options])
    assert result.exit_code != 0
    assert says in result.output + str(result.exception)


def test_a_restart_is_no_outage_and_an_outage_is_as_long_as_it_was(tmp_path: Path) -> None:
    """Nobody's deadline moves because the program was started anew, nor by more than the line was down."""
    span = ("--from", "2026-11-17", "--to", "2026-12-02", "--units", "4", "--tasks", "2", "--seed", "3")
    outage = ("--outage", "2026-11-20T10:00/2026-11-20T10:40")
    simulate(*span, *outage, "--restart-every", "7", "--keep", str(tmp_path / "kept"))
    with sqlite3.connect(tmp_path / "kept" / "duban.db") as store:
        known = store.execute("SELECT since, until FROM outage").fetchall()
        moved = store.execute("SELECT count(*) FROM extension WHERE reason = '线路中断'").fetchone()[0]
    assert [(since[:16], until[:16]) for since, until in known] == [("2026-11-20 02:00", "2026-11-20 02:40")]
    assert moved == 0
