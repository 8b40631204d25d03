"""Killed at every named point and at random moments: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import os
import random

import pytest

from cli.errors import Mendable
from cli.settings import Settings
from db.session import Database
from sandbox import Phone
from services.crashing import Point
from tests.cast import CLERK, PRINCIPAL, at
from tests.e2e.crashes import Ground, on_ground, played, prove, seeds, webhook_settings
from tests.stage import TOKEN
from tests.web.test_run import a_port

KILLS = int(os.environ.get("DUBAN_KILLS", "20"))
AT_A_TIME = 20
"""Kills of one county."""
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
LATER = ((at("2026-11-24 09:00"), REMINDING), (at("2026-11-25 18:00"), PUBLISHING))


def test_every_point_has_its_kill() -> None:
    killed = STARTING + PROMPTING + ANSWERING + FAILING + PHOTO + REMINDING + PUBLISHING
    assert {name.split(":")[0] for name in killed} == set(Point)


@pytest.mark.timeout(300)
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


@pytest.mark.timeout(300)
@pytest.mark.parametrize("county", range(max(KILLS // AT_A_TIME, 1)))
async def test_killed_at_random_moments(sqlite: Database, county: int) -> None:
    seed = next(seeds(1)) + county
    chance = random.Random(seed)
    async with on_ground(sqlite, principals=200) as ground, played(ground, every=0.1):
        for _ in range(AT_A_TIME):
            await ground.die_after(chance.uniform(0.0, 1.2), ready=chance.random() > EARLY)
        await ground.start()
        await ground.finish()
        print(f"seed {seed}: {AT_A_TIME} kills, {prove(ground)}, retyped {ground.retyped}")
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
