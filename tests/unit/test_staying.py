"""Commands that stay look for garbage, though the command line does not while it imports."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import app


@pytest.fixture
def unswept() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.parametrize("words", [["run"], ["run", "--hold"], ["demo"]], ids=" ".join)
def test_who_stays_looks_for_garbage(
    unswept: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    seen: list[bool] = []

    def note(work: Coroutine[Any, Any, None]) -> None:
        seen.append(gc.isenabled())
        work.close()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUBAN_TELEGRAM_TOKEN", "1:x")
    monkeypatch.setattr(asyncio, "run", note)
    monkeypatch.setattr("cli.logs.configure", lambda _: None)
    app(words, standalone_mode=False)
    assert seen == [True]
