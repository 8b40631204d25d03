"""Statements are compiled once in a test process, as the program compiles them once in its life, not once a store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_known: dict[str, tuple[Dialect, Any]] = {}


def create_sharing(url: Any, **options: Any) -> AsyncEngine:
    """As `create_async_engine`. Whoever connects first to a kind of store lends his dialect and what he has compiled to
    those who come later: a test that makes its own store would otherwise spend a third of its time on that."""
    engine = create_async_engine(url, query_cache_size=5000, **options)
    sync = engine.sync_engine
    name = sync.dialect.name
    if name in _known:
        sync.dialect, sync._compiled_cache = _known[name]
    else:
        event.listen(
            sync, "first_connect", lambda *_: _known.setdefault(name, (sync.dialect, sync._compiled_cache)), once=True
        )
    return engine
