"""What holds for every file of the program: logs name an action, and only the nursery starts work of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNNING = ("bot", "db", "jobs", "services", "web", "cli")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
STARTS = {"create_task", "ensure_future", "run_coroutine_threadsafe", "TaskGroup", "call_later", "call_soon"}
MAY_START = {"services/nursery.py", "bot/telegram_face.py"}
"""The latter in a TaskGroup, which is waited for where it stands."""


def _nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(path for room in RUNNING for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path.relative_to(ROOT).as_posix(), node


def _calls(names: set[str]) -> Iterator[tuple[str, ast.Call, ast.Attribute]]:
    for file, node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            yield file, node, node.func


def test_every_line_that_is_logged_names_an_action() -> None:
    logged = [
        (file, node) for file, node, called in _calls(LEVELS)
        if isinstance(called.value, ast.Name) and called.value.id == "_log"
    ]  # fmt: skip
    assert len(logged) > 30
    without = []
    for file, node in logged:
        extra = next((word.value for word in node.keywords if word.arg == "extra"), None)
        named = isinstance(extra, ast.Name) or (
            isinstance(extra, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == "action" for k in extra.keys)
        )
        if not named:
            without.append((file, node.lineno))
    assert without == []


def test_the_facts_of_a_line_begin_with_its_action() -> None:
    """Where `extra` is a name, it was made a few lines above."""
    made = [
        (file, node.lineno, ast.unparse(node.value)) for file, node in _nodes()
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("extra", "facts") and isinstance(node.value, ast.Dict)
        and any(isinstance(k, ast.Constant) and k.value in ("attempts", "chat_id") for k in node.value.keys)
    ]  # fmt: skip
    assert made
    assert [one for one in made if "'action'" not in one[2]] == []


def test_only_the_nursery_starts_work_of_its_own() -> None:
    assert {file for file, _, _ in _calls(STARTS)} <= MAY_START
