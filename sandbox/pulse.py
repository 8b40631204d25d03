"""Wake-ups between coroutines of one loop; a waiter looks at the state, never at the wake-up."""

from __future__ import annotations

import asyncio


class Pulse:
    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - the caller's loop needs "woken or not"
        """True when woken, False when `timeout` real seconds passed."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        done, _ = await asyncio.wait([waiter], timeout=timeout)
        self._waiters.discard(waiter)
        return bool(done)
