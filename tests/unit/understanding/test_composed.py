"""Thousands of replies composed from parts, where the truth is known by construction: nothing wrong is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.understanding.batch import answer
from domain.understanding.score import equal
from tests.unit.understanding.composed import EIGHT_TASKS, SPOKEN, Composed, Composer
from tests.unit.understanding.traps import Trapper
from tests.unit.understanding.unlisted import UNLISTED

REPLIES = 700
FOLLOWS = "drill_done"
"""Nobody need say it where a day, people or a time are told."""


def outcome(composed: Composed) -> tuple[list[str], list[str], dict[str, Any]]:
    """Keys stored wrongly, keys not taken, and all that was stored."""
    stored = dict(answer({"context": composed.context, "text": composed.text})["values"])
    entries = {entry["key"]: entry for entry in composed.context}
    if stored.get(FOLLOWS) is True and FOLLOWS not in composed.truth and any(k.startswith("drill_") for k in stored):
        del stored[FOLLOWS]
    wrong = [k for k, v in stored.items() if k not in composed.truth or not equal(entries[k], composed.truth[k], v)]
    return wrong, [key for key in composed.truth if key not in stored], stored


SOURCES: dict[str, tuple[Callable[[int], Callable[[], Composed]], float, float]] = {
    "the eight tasks": (lambda seed: Composer(seed, EIGHT_TASKS).reply, 0.96, 0.001),
    "indicators no lexicon knows": (lambda seed: Composer(seed, UNLISTED).reply, 0.93, 0.002),
    "spoken without punctuation": (lambda seed: Composer(seed, EIGHT_TASKS, SPOKEN).reply, 0.82, 0.025),
    "one question with a trap": (lambda seed: Trapper(seed).reply, 0.99, 0.0),
}
"""Where replies come from, how many are wholly right at least, and how many may store a wrong value."""


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("seed", [23, 1123])
def test_what_is_composed_is_understood(name: str, seed: int) -> None:
    source, least, most = SOURCES[name]
    reply = source(seed)
    right, wrong = 0, []
    for _ in range(REPLIES):
        composed = reply()
        bad, missed, stored = outcome(composed)
        right += not bad and not missed
        wrong += [(composed.text, key, stored[key], composed.truth.get(key)) for key in bad]
    assert len(wrong) <= most * REPLIES + 1, wrong
    assert right >= least * REPLIES
