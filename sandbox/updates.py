"""Updates waiting for one bot. Both ways out of the world (long poll and webhook) take them from here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
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
        self._pending: dict[int, dict[str, Any]] = {}
        self._pulse = Pulse()
        self._poll: object = None
        self._ended_by = _CONFLICT
        self._closed = False
        self.allowed: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, update_id: int) -> bool:
        return update_id in self._pending

    def put(self, kind: str, payload: dict[str, Any]) -> None:
        if kind not in self.allowed if self.allowed else kind in _NOT_BY_DEFAULT:
            return
        self.push(kind, payload)

    def push(self, kind: str, payload: dict[str, Any]) -> None:
        """Whatever is allowed: as an update from before the bot said what it wants."""
        self._pending[self._next] = {"update_id": self._next, kind: payload}
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
        mine = self._begin(_CONFLICT)
        await self._first(mine, min(max(seconds, 0), MAX_TIMEOUT))
        return list(islice(self._pending.values(), min(max(limit, 1), 100)))

    def end_poll(self, said: str) -> None:
        """Whoever waits in a long poll is told so, with 409."""
        self._begin(said)

    # the way out by webhook

    def waiting(self) -> Iterator[dict[str, Any]]:
        """Oldest first."""
        return iter(self._pending.values())

    def delivered(self, update_id: int) -> None:
        self._pending.pop(update_id, None)
        self._pulse.beat()

    async def changed(self, seconds: float) -> None:
        """Returns when something came or went, at the latest after `seconds`."""
        await self._pulse.wait(seconds)

    # inside

    def _begin(self, said: str) -> object:
        self._ended_by = said
        self._poll = object()
        self._pulse.beat()
        return self._poll

    async def _first(self, mine: object, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not self._pending and not self._closed and (left := deadline - clock()) > 0:
            await self._pulse.wait(left)
            if self._poll is not mine:
                raise ApiError(409, self._ended_by)

    def _confirm(self, offset: int) -> None:
        ids = list(self._pending)
        done = ids[:offset] if offset < 0 else [update_id for update_id in ids if update_id < offset]
        for update_id in done:
            del self._pending[update_id]
