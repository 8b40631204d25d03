"""All 36 golden tests are there, by number, and each names tests and a line that exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.golden.table import NUMBERS, Golden, golden
from tests.mutations import Mutation, listed

ROOT = Path(__file__).parent.parent.parent


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def exists(test: str) -> bool:
    file, _, name = test.partition("::")
    return (ROOT / file).is_file() and (not name or name.partition("[")[0] in names_in(file))


def test_all_numbers_are_there() -> None:
    assert [one.number for one in golden()] == list(NUMBERS)


@pytest.mark.parametrize("one", golden(), ids=lambda one: f"golden_{one.number:02}")
def test_each_is_held_by_tests_that_exist(one: Golden) -> None:
    assert one.tests
    assert [test for test in one.tests if not exists(test)] == []


@pytest.mark.parametrize("one", listed(), ids=lambda one: one.name)
def test_each_change_can_be_made_and_has_a_test(one: Mutation) -> None:
    """Else `make mutations` finds out an hour later."""
    assert exists(one.test)
    assert (ROOT / one.file).read_text("utf-8").count(one.old) == 1
    assert one.old != one.new


def test_new_tests_bear_the_number_of_their_row() -> None:
    for path in Path(__file__).parent.rglob("test_*.py"):
        file = path.relative_to(ROOT).as_posix()
        numbered = {name for name in names_in(file) if name.startswith("test_golden_")}
        for name in numbered:
            [row] = [one for one in golden() if one.number == int(name.split("_")[2])]
            assert f"{file}::{name}" in row.tests
