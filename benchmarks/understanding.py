"""How fast and how well replies are understood: prints median, p99, import time, memory and the score per type."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "corpus"
ROUNDS = 5

_IMPORT = """
import resource, sys, time
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
sys.path.insert(0, {root!r})
import datetime, decimal, enum, re, dataclasses, functools, unicodedata, calendar, json, typing
before = rss()
start = time.perf_counter()
import domain.understanding
took = (time.perf_counter() - start) * 1000
from domain.understanding.explain import explain
from domain.understanding.batch import NOW, question
explain("520人", [question({{"key": "a", "label": "人数", "type": "int", "unit": "人"}})], now=NOW)
print(took, rss() - before)
"""


def replies() -> list[dict[str, object]]:
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line) for line in lines if line.strip()]


def times() -> list[float]:
    """Milliseconds per reply: the best of several rounds, so that a neighbour's load does not count."""
    from domain.understanding.batch import NOW, question
    from domain.understanding.understand import understand

    prepared = [(str(i["text"]), [question(e) for e in i["context"]]) for i in replies()]  # type: ignore[attr-defined]
    best = [float("inf")] * len(prepared)
    for _ in range(ROUNDS):
        for at, (text, asked) in enumerate(prepared):
            start = time.perf_counter()
            understand(text, asked, now=NOW)
            best[at] = min(best[at], (time.perf_counter() - start) * 1000)
    return best


def table() -> str:
    """The score per type over all corpora."""
    from domain.understanding.score import score

    return score(json.dumps(item) for item in replies()).table()


def import_cost() -> tuple[float, float]:
    """Milliseconds and megabytes of importing the grammar in a fresh interpreter, compiled; the best of four."""
    command = [sys.executable, "-c", _IMPORT.format(root=str(CORPUS.parent.parent))]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [subprocess.run(command, capture_output=True, text=True, check=True, env=environment) for _ in range(4)]
    figures = [tuple(map(float, run.stdout.split())) for run in runs]
    return min(ms for ms, _ in figures), min(mb for _, mb in figures)


def main() -> None:
    sys.path.insert(0, str(CORPUS.parent.parent))
    measured = sorted(times())
    p99 = measured[int(len(measured) * 0.99)]
    print(f"replies     {len(measured)}")
    print(f"median      {statistics.median(measured):.3f} ms")
    print(f"p99         {p99:.3f} ms")
    print(f"worst       {measured[-1]:.3f} ms")
    milliseconds, megabytes = import_cost()
    print(f"import      {milliseconds:.0f} ms")
    print(f"memory      {megabytes:.1f} MB")
    print(table())


if __name__ == "__main__":
    main()
