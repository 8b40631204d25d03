"""Questions by key, as the corpora put them."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.indicators import Question
from domain.understanding.batch import NOW, question
from domain.understanding.result import Understanding
from domain.understanding.understand import understand

CORPUS = Path(__file__).parents[2] / "corpus"


@cache
def corpus() -> tuple[dict[str, Any], ...]:
    lines = [line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return tuple(json.loads(line) for line in lines if line.strip())


@cache
def _entries() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for item in corpus():
        for entry in item["context"]:
            found.setdefault(entry["key"], entry)
    return found


def ask(*keys: str, total: int | None = None) -> list[Question]:
    return [replace(question(_entries()[key]), total=total) for key in keys]


Reader = Callable[..., Understanding]


@pytest.fixture
def read() -> Reader:
    """`read(text, *keys, total=…, focus=…, read_back_open=…)`."""

    def reader(text: str, *keys: str, total: int | None = None, **more: Any) -> Understanding:
        return understand(text, ask(*keys, total=total), now=NOW, **more)

    return reader
