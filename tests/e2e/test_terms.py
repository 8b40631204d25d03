"""Small terms with luck of their own: outages, restarts, and nobody nagged in vain. `make soak` plays 200."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from cli.main import app

TERMS = int(os.environ.get("DUBAN_TERMS", "10"))
FIRST = date(2026, 9, 1)


def _trials(rng: random.Random, first: date) -> list[str]:
    """Up to three outages of minutes or of days, and restarts of every few hours or none."""
    options: list[str] = []
    for _ in range(rng.randrange(4)):
        day, hour = first + timedelta(days=rng.randrange(40)), rng.randrange(24)
        until = f"{day + timedelta(days=rng.choice([1, 2, 4]))}T{rng.randrange(24):02}:00"
        short = f"{day}T{hour:02}:{rng.randrange(20, 60):02}"
        options += ["--outage", f"{day}T{hour:02}:05/{rng.choice([short, short, until])}"]
    return [*options, "--restart-every", str(rng.choice([7, 26, 90]))] if rng.random() < 0.7 else options


@pytest.mark.parametrize("seed", range(TERMS))
def test_a_small_term_keeps_every_promise(seed: int) -> None:
    """4 units, 2 tasks, 6 weeks: `duban simulate` proves the invariants itself and fails where one is broken."""
    rng = random.Random(seed)
    first = FIRST + timedelta(days=rng.randrange(200))
    span = ["--from", first.isoformat(), "--days", "42", "--units", "4", "--tasks", "2", "--seed", str(seed)]
    result = CliRunner().invoke(app, ["simulate", *span, *_trials(rng, first)])
    assert result.exit_code == 0, f"{span}\n{result.output}{result.exception}"
    assert "invariants: 0 violations" in result.output
