"""Killed at every named point and at random moments: nothing acknowledged is lost, nothing is applied twice."""

from __future__ import annotations

import os
import random

import pytest

from db.session import Database
from tests.e2e.crashes import on_ground, played, prove, seeds

KILLS = int(os.environ.get("DUBAN_KILLS", "20"))
AT_A_TIME = 20
"""Kills of one county."""


@pytest.mark.parametrize("county", range(max(KILLS // AT_A_TIME, 1)))
async def test_killed_at_random_moments(sqlite: Database, county: int) -> None:
    [seed] = seeds(1)
    chance = random.Random(seed + county)
    async with on_ground(sqlite, principals=200) as ground, played(ground, every=0.12):
        for _ in range(AT_A_TIME):
            await ground.die_after(chance.uniform(0.6, 2.4))
        await ground.start()
        await ground.finish()
        tally = prove(ground)
    print(f"seed {seed + county}: {AT_A_TIME} kills, {tally}, retyped {ground.retyped}")
    assert "Traceback" not in ground.log
