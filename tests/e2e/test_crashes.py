"""Killed at every named point and at random moments: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import ast
import asyncio
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest

from cli.errors import Mendable
from cli.settings import Settings
from db.session import Database
from sandbox import Phone, mishap
from services.archive import archives_in
from services.backup import try_out
from services.crashing import Point
from tests.cast import CLERK, PRINCIPAL, at
from tests.e2e.crashes import Ground, on_ground, played, prove, seeds, webhook_settings
from tests.e2e.kills import note
from tests.stage import TOKEN
from tests.web.test_run import a_port

KILLS = int(os.environ.get("DUBAN_KILLS", "20"))
AT_A_TIME = 20
"""Kills of one county."""
PATIENCE = 300
"""Seconds for everything to settle after the last kill, on a machine that has other work too."""
EARLY = 0.25
"""The share of them before the process says that it is running."""

STARTING = ("recovering", "recovered", "sweeping:1", "swept:1", "sweeping:2", "swept:2")
PROMPTING = ("claiming", "claimed", "leaving", "sent", "settled")
ANSWERING = (
    "fetched", "keeping", "accepted", "fetched:2", "begun:3", "handled:3", "done:3", "answered:3",
    "claiming:3", "claimed:3", "leaving:3", "sent:3", "settled:3",
)  # fmt: skip
FAILING = ("failed", "counted")
PHOTO = ("loaded", "written", "stored", "noted")
REMINDING = ("sweeping:3", "swept:3", "sweeping:4", "swept:4", "leaving")
PUBLISHING = ("sweeping:5", "swept:5")
BACKING_UP = ("backed", "named", "copied")
LOSING_THE_LINE = ("lapsed", "moved", "beaten")
FORGETTING = ("forgetting", "forgotten")
BESIDE = ("unmade", "unswept", "refused", *BACKING_UP, *LOSING_THE_LINE, *FORGETTING)
LATER = ((at("2026-11-24 09:00"), REMINDING), (at("2026-11-25 18:00"), PUBLISHING))


COMMITS = {
    ("bot/polling.py", "_kept"): (Point.KEEPING, Point.ACCEPTED),
    ("services/admission.py", "_commit"): (Point.KEEPING, Point.ACCEPTED),
    ("services/intake.py", "work_one"): (Point.HANDLED, Point.DONE),
    ("services/intake.py", "_in_one_transaction"): (Point.HANDLED, Point.DONE),
    ("services/intake.py", "_failed"): (Point.FAILED, Point.COUNTED),
    ("services/delivery.py", "recover"): (Point.RECOVERING, Point.RECOVERED),
    ("services/delivery.py", "_turn"): (Point.CLAIMING, Point.CLAIMED, Point.SETTLED),
    ("services/delivery.py", "_set_back"): (Point.UNMADE,),
    ("services/evidence.py", "_note_kept"): (Point.STORED, Point.NOTED),
    ("services/evidence.py", "_note_failure"): (Point.REFUSED,),
    ("services/outages.py", "back"): (Point.LAPSED, Point.MOVED),
    ("services/outages.py", "caught_up"): (Point.BEATEN,),
    ("jobs/sweeps.py", "tick"): (Point.SWEEPING, Point.SWEPT),
    ("jobs/sweeps.py", "_count"): (Point.UNSWEPT,),
    ("jobs/retention.py", "_empty"): (Point.FORGOTTEN,),
    ("jobs/retention.py", "_empty_drafts"): (Point.FORGOTTEN,),
    ("jobs/retention.py", "_remove_evidence"): (Point.FORGETTING, Point.FORGOTTEN),
}
"""Whatever a running bot commits, and the points around it."""
NOT_RUNNING = {"services/restore.py"}


def test_every_commit_lies_between_points() -> None:
    """A new transaction in the running program needs a point, and so a kill."""
    root = Path(__file__).parents[2]
    found = set()
    for path in sorted(path for room in ("bot", "jobs", "services", "web") for path in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and "database.write(" in ast.unparse(node):
                found.add((path.relative_to(root).as_posix(), node.name))
    assert {one for one in found if one[0] not in NOT_RUNNING} == COMMITS.keys()
    assert all(COMMITS.values())


def test_every_point_has_its_kill() -> None:
    killed = STARTING + PROMPTING + ANSWERING + FAILING + PHOTO + REMINDING + PUBLISHING + BESIDE
    assert {name.split(":")[0] for name in killed} == set(Point)


@pytest.mark.timeout(900)
async def test_killed_at_every_named_point(sqlite: Database) -> None:
    async with on_ground(sqlite, principals=120) as ground:
        phone = ground.server.phone(TOKEN, PRINCIPAL)
        await _die(ground, STARTING + PROMPTING)
        await ground.ask_for_a_photo(phone)
        async with played(ground, every=0.25):
            await _die(ground, ANSWERING)
            await _fail_and_collect(ground, phone)
            process = await ground.start()
            await ground.finish()
        await ground.kill(process)
        for now, points in LATER:
            ground.jump(now)
            await _die(ground, points)
        await ground.start()
        await ground.settled()
        print(prove(ground))
        _prove_the_clock(ground)
        _prove_the_photo(ground)


async def _fail_and_collect(ground: Ground, phone: Phone) -> None:
    ground.send_unreadable(CLERK)
    await _die(ground, FAILING)
    await phone.photo("操场")
    ground.acts += 1
    await _die(ground, PHOTO)


async def _die(ground: Ground, points: tuple[str, ...]) -> None:
    for point in points:
        await ground.die_at(point)


def _prove_the_clock(ground: Ground) -> None:
    """What the sweeps say is said once: a prompt to each, a reminder to who still owes, a digest to each reader."""
    assert ground.rows("SELECT count(*), count(DISTINCT task_id) FROM round") == [(3, 3)]
    said = "SELECT count(*), count(DISTINCT chat_id) FROM outbox WHERE kind = "
    assert ground.rows(f"{said} 'prompt'") == [(123, 123)]
    assert ground.rows(f"{said} 'reminder'") == [(123, 123)]
    assert ground.rows(f"{said} 'digest'") == [(3, 3)]
    assert ground.rows("SELECT attempts FROM inbox WHERE state = 'set_aside'") == [(5,)]


def _prove_the_photo(ground: Ground) -> None:
    """One row, one file under the name of its content, and nothing half loaded lies about."""
    [(state, sha256)] = ground.rows("SELECT state, sha256 FROM evidence")
    assert state == "stored"
    files = [path for path in (ground.folder / "data" / "evidence").rglob("*") if path.is_file()]
    assert [path.parent.name + path.stem for path in files] == [sha256]


@pytest.mark.timeout(900)
async def test_killed_where_something_failed_or_is_done_beside(sqlite: Database) -> None:
    """What cannot be made, swept or fetched; a backup, an outage before a deadline, and what is too old."""
    async with on_ground(sqlite, principals=3) as ground:
        ground.more = {"DUBAN_BACKUP_TO": str(ground.folder / "elsewhere"), "DUBAN_RETENTION_DAYS": "30"}
        for point in BACKING_UP:
            await ground.die_at(point)
            ground.jump(ground.now() + timedelta(seconds=1))  # a backup is named by its second
        phone = ground.server.phone(TOKEN, PRINCIPAL)
        await ground.ask_for_a_photo(phone)
        _prove_the_backups(ground.folder)
        await _die_of_a_message(ground)
        await _die_of_a_sweep(ground)
        process = await ground.ready()
        await ground.settled()
        assert ground.rows("SELECT fate FROM outbox WHERE id = 1") == [("sent",)]
        await ground.kill(process)
        await _die_of_a_file(ground, phone)
        ground.jump(at("2026-11-25 16:30"))
        await _die(ground, LOSING_THE_LINE)
        process = await ground.ready()
        await ground.settled()
        _prove_the_outage(ground)
        _prove_the_photo(ground)
        assert ground.rows("SELECT kind, key FROM trouble") == []
        await ground.kill(process)
        ground.jump(at("2027-02-25 09:00"))
        ground.change("UPDATE heartbeat SET at = '2027-02-25 00:59:00.000000'")  # as if it had run all the time
        await _die(ground, FORGETTING)
        process = await ground.ready()
        await ground.settled()
        await _forgotten(ground)
        await ground.kill(process)


def _prove_the_backups(folder: Path) -> None:
    """Whatever bears the name of a backup can be restored from, and nothing half made lies about."""
    for where in (folder / "data" / "backups", folder / "elsewhere"):
        made = archives_in(where)
        assert made
        for one in made:
            try_out(one)
        assert [path.name for path in where.iterdir() if path.name.startswith(".") and path.is_dir()] == []


async def _die_of_a_message(ground: Ground) -> None:
    """Nobody can make it; then its cause is mended and it is said, once."""
    ground.change(
        "INSERT INTO outbox (bureau_id, id, chat_id, kind, v, payload, rank, nag, fate, queued_at, attempts) "
        f"SELECT bureau_id, 1, {CLERK}, 'say', 1, '{{\"phrase\": \"nonsense\"}}', 0, 0, 'pending', queued_at, 0 "
        "FROM outbox LIMIT 1"
    )
    await ground.die_at("unmade")
    assert ground.rows("SELECT kind, key, attempts FROM trouble") == [("message", "1", 1)]
    assert ground.rows("SELECT fate FROM outbox WHERE id = 1") == [("pending",)]
    ground.change('UPDATE outbox SET payload = \'{"phrase": "later"}\' WHERE id = 1')


async def _die_of_a_sweep(ground: Ground) -> None:
    ground.change("ALTER TABLE task RENAME TO lost")
    await ground.die_at("unswept")
    ground.change("ALTER TABLE lost RENAME TO task")
    assert ground.rows("SELECT key, attempts FROM trouble WHERE kind = 'item'") == [("sweep:open_rounds", 1)]


async def _die_of_a_file(ground: Ground, phone: Phone) -> None:
    ground.server.inject(mishap("internal", "getFile"))
    await phone.photo("操场")
    ground.acts += 1
    await ground.die_at("refused")
    assert ground.rows("SELECT state, attempts FROM evidence") == [("pending", 1)]


def _prove_the_outage(ground: Ground) -> None:
    """Each deadline moved once, each person told once."""
    moved = ground.rows("SELECT count(*), count(DISTINCT round_id) FROM deadline_move")
    assert moved == [(3, 3)]
    assert ground.rows("SELECT count(*) FROM outage WHERE since > '2026-11-18 09:30'") == [(0,)]
    told = [call.chat_id for call in ground.sends() if "截止时间顺延" in call.text]
    assert len(told) == len(set(told)) > 3


async def _forgotten(ground: Ground) -> None:
    """The photo and its row are gone, and so are the words; how it ended stays."""
    async with asyncio.timeout(40):
        while ground.rows("SELECT 1 FROM evidence"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert [path for path in (ground.folder / "data" / "evidence").rglob("*") if path.is_file()] == []
    assert ground.rows("SELECT count(*) FROM inbox WHERE raw != '{}' AND received_at < '2026-12-01'") == [(0,)]
    assert ground.rows("SELECT DISTINCT state FROM inbox") == [("done",)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("county", range(max(KILLS // AT_A_TIME, 1)))
async def test_killed_at_random_moments(sqlite: Database, county: int) -> None:
    seed = next(seeds(1)) + county
    chance = random.Random(seed)
    async with on_ground(sqlite, principals=200) as ground, played(ground, every=0.1):
        for _ in range(AT_A_TIME):
            await ground.die_after(chance.uniform(0.0, 1.2), ready=chance.random() > EARLY)
        await ground.start()
        await ground.finish(PATIENCE)
        note(seed, AT_A_TIME, prove(ground), ground.retyped)
        assert "Traceback" not in ground.log


async def test_killed_while_updates_are_brought(sqlite: Database) -> None:
    """By webhook: what was not answered with 200 is brought again, what was answered is on disk."""
    chance = random.Random(seed := next(seeds(1)))
    async with on_ground(sqlite, principals=60) as ground, played(ground, every=0.1):
        ground.more = webhook_settings(a_port())
        await _die(ground, ("fetched", "keeping", "accepted", "begun:5", "done:5"))
        for _ in range(3):
            await ground.die_after(chance.uniform(0.0, 1.2))
        await ground.start()
        await ground.finish()
        taken = {one.update_id for one in ground.server.postings() if one.status == 200}
        assert taken == {row[0] for row in ground.rows("SELECT update_id FROM inbox")}
        print(f"seed {seed}: {prove(ground)}")
        assert "Traceback" not in ground.log


def test_crash_points_are_refused_against_the_real_telegram() -> None:
    with pytest.raises(Mendable, match="DUBAN_CRASH_AT is for a stand-in only"):
        Settings(_env_file=None, crash_at="sent").arm()
    with pytest.raises(Mendable, match="DUBAN_CRASH_AT: 'nowhere'"):
        Settings(_env_file=None, crash_at="nowhere", telegram_api_url="http://127.0.0.1:1").arm()
