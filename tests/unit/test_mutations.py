"""Every contract test of the error table has a change of one line that it is shown to notice (`make mutations`)."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.contract.test_verdicts import EDITED, NEW
from tests.mutations import ROOT, listed

CONTRACT = "tests/contract/test_verdicts.py"


def _tests_of(path: Path) -> set[str]:
    """The names, and those of the rows of the two that have rows."""
    names = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, FUNCTIONS)}
    rows = {"test_a_new_message": [name for name, *_ in NEW], "test_an_edit": [name for name, *_ in EDITED]}
    plain = {name for name in names if name.startswith("test_") and name not in rows}
    return plain | {f"{name}[{row}]" for name, row_names in rows.items() for row in row_names}


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_every_row_of_the_error_table_is_broken_once() -> None:
    broken = {one.test.removeprefix(f"{CONTRACT}::") for one in listed() if one.test.startswith(f"{CONTRACT}::")}
    assert broken == _tests_of(ROOT / CONTRACT)


def test_each_names_a_line_that_stands_there_once() -> None:
    stale = [one.name for one in listed() if (ROOT / one.file).read_text("utf-8").count(one.old) != 1]
    assert not stale
    assert not [one.name for one in listed() if not (ROOT / one.test.partition("::")[0]).exists()]
