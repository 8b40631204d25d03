"""The table of the golden tests, as table.toml has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "table.toml"
NUMBERS = range(1, 37)


@dataclass(frozen=True, slots=True)
class Golden:
    """`tests` hold it; `test` notices when in `file` what is `old` becomes what is `new`."""

    number: int
    title: str
    tests: tuple[str, ...]
    file: str
    old: str
    new: str
    test: str


def golden() -> list[Golden]:
    found = tomllib.loads(TABLE.read_text("utf-8"))
    return [Golden(int(number), **facts | {"tests": tuple(facts["tests"])}) for number, facts in found.items()]
