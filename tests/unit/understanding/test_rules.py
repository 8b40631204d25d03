"""Every example in docs/understanding.md is a test: `| rule | asked | says | means |`."""

import json
from pathlib import Path

import pytest

from domain.understanding.batch import plain
from tests.unit.understanding.conftest import Reader

DOC = Path(__file__).parents[3] / "docs" / "understanding.md"


def examples() -> list[tuple[str, str, str, str]]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOC.read_text("utf-8").splitlines()]
    found = [tuple(row) for row in rows if len(row) == 4 and row[1].startswith("`")]
    return [(r, a.strip("`"), s, m) for r, a, s, m in found]  # type: ignore[misc]


@pytest.mark.parametrize(("rule", "asked", "says", "means"), examples())
def test_a_rule_does_what_its_example_says(read: Reader, rule: str, asked: str, says: str, means: str) -> None:
    keys, _, total = asked.partition("@")
    understood = read(says, *keys.split(","), total=int(total) if total else None)
    if means.startswith("*"):
        assert understood.intent.value == means.strip("*")
        assert understood.readings == () or understood.intent.value == "correction"
        return
    said = {key: plain(value) for key, value in understood.values.items()}
    assert said == json.loads(means.strip("`"))


def test_there_are_examples() -> None:
    assert len(examples()) > 60
