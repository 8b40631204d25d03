"""Updates waiting for one bot. Every way out of the world (long poll now, webhook later) takes them from here."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import Any

from sandbox.errors import ApiError
from sandbox.pulse import Pulse

MAX_TIMEOUT = 50
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class UpdateQueue:
    def __init__(self, first_id: int) -> None:
        self._next = first_id
        self._pending: deque[dict[str, Any]] = deque()
        self._pulse = Pulse()
        self._poll: object = None
        self._closed = False
        self.allowed: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._pending)

    def put(self, kind: str, payload: dict[str, Any]) -> None:
        if kind not in self.allowed if self.allowed else kind in _NOT_BY_DEFAULT:
            return
        self._pending.append({"update_id": self._next, kind: payload})
        self._next += 1
        self._pulse.beat()

    def clear(self) -> None:
        self._pending.clear()

    def close(self) -> None:
        self._closed = True
        self._pulse.beat()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[dict[str, Any]]:
        """The oldest unconfirmed updates; waits for the first one; a newer poll ends this one with 409."""
        self._confirm(offset)
        mine = self._poll = object()
        self._pulse.beat()
        await self._first(mine, min(max(seconds, 0), MAX_TIMEOUT))
        return list(islice(self._pending, min(max(limit, 1), 100)))

    async def _first(self, mine: object, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not self._pending and not self._closed and (left := deadline - clock()) > 0:
            await self._pulse.wait(left)
            if self._poll is not mine:
                raise ApiError(409, _CONFLICT)

    def _confirm(self, offset: int) -> None:
        keep = -offset if offset < 0 else len(self._pending)
        while len(self._pending) > keep or (self._pending and self._pending[0]["update_id"] < offset):
            self._pending.popleft()
