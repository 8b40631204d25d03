"""What the random kills cost: one line per county, printed, and kept where DUBAN_KILLS_TO says.

`python -m tests.e2e.kills FILE` sums them up, also those of a run that was cut off.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.e2e.crashes import Tally

SAID = {
    "kills": "kills",
    "updates": "updates acknowledged",
    "reports": "reports submitted by them",
    "lost_updates": "updates lost or applied twice",
    "messages": "messages queued",
    "sent_again": "receipts sent again, marked 【重发】",
    "edited_again": "edits repeated (no one sees it)",
    "uncertain": "fate unknown after a kill",
    "lost": "of these never came, by policy not repeated",
    "retyped": "people who therefore typed again what they had said",
}


def note(seed: int, kills: int, tally: Tally, retyped: int) -> None:
    """Only what was proved comes here, so that nothing is lost or applied twice in any line."""
    figures = {"seed": seed, "kills": kills, **asdict(tally), "retyped": retyped}
    print(", ".join(f"{name} {figure}" for name, figure in figures.items()))
    if to := os.environ.get("DUBAN_KILLS_TO"):
        Path(to).parent.mkdir(parents=True, exist_ok=True)
        with Path(to).open("a", encoding="utf-8") as file:
            file.write(json.dumps(figures) + "\n")


def summed(lines: list[str]) -> dict[str, int]:
    """By the names of SAID."""
    total: Counter[str] = Counter(dict.fromkeys(SAID, 0))
    for line in lines:
        total.update({name: figure for name, figure in json.loads(line).items() if name in SAID})
    return dict(total)


if __name__ == "__main__":
    for name, figure in summed(Path(sys.argv[1]).read_text("utf-8").splitlines()).items():
        print(f"| {SAID[name]} | {figure:,} |")
