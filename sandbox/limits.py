"""How much a bot may send: 30 messages a second, one a second to a chat, 20 a minute to a group.

The real numbers are not published and the real server forgives short bursts; ours are what its FAQ asks bots to keep.
Whoever went over has to be silent for the whole `retry_after`.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import ApiError, PhoneError

Times = deque[float]
_ANYBODY = 0


@dataclass
class FloodLimits:
    """Off at first. `slack` seconds are forgiven in each window: messages on the way bunch up."""

    on: bool = False
    per_second: int = 30
    per_chat_second: int = 1
    per_group_minute: int = 20
    slack: float = 0.1
    monotonic: Callable[[], float] = time.monotonic
    _sent: dict[tuple[int, int, float], Times] = field(default_factory=lambda: defaultdict(deque))
    _silent: dict[tuple[int, int], float] = field(default_factory=dict)

    def check(self, bot_id: int, method: str, chat_id: int | None) -> None:
        """Raises ApiError 429 when this call goes over; counts it when not."""
        method = method.lower()
        if not self.on or chat_id is None or not method.startswith(("send", "edit", "copy", "forward")):
            return
        now = self.monotonic()
        windows = list(self._windows(method, chat_id))
        waits = [(self._silence(bot_id, who, now), who) for who in (_ANYBODY, chat_id)]
        waits += [(self._over((bot_id, who, seconds), most, now), who) for who, most, seconds in windows]
        wait, who = max(waits)
        if wait > 0:
            self._refuse(bot_id, who, math.ceil(wait), now)
        for counted, _, seconds in windows:
            self._sent[bot_id, counted, seconds].append(now)

    def _windows(self, method: str, chat_id: int) -> Iterator[tuple[int, int, float]]:
        """Whom it counts for, how many there may be, in how many seconds."""
        yield _ANYBODY, self.per_second, 1.0
        if method.startswith("edit") or method == "sendchataction":
            return
        yield chat_id, self.per_chat_second, 1.0
        if chat_id < 0:
            yield chat_id, self.per_group_minute, 60.0

    def _over(self, key: tuple[int, int, float], most: int, now: float) -> float:
        """Seconds until there is room in this window; 0 when there is."""
        sent, seconds = self._sent[key], key[2] - self.slack
        while sent and now - sent[0] >= seconds:
            sent.popleft()
        return sent[-most] + seconds - now if len(sent) >= most else 0.0

    def _silence(self, bot_id: int, who: int, now: float) -> float:
        return self._silent.get((bot_id, who), now) - now

    def _refuse(self, bot_id: int, who: int, seconds: int, now: float) -> None:
        self._silent[bot_id, who] = max(self._silent.get((bot_id, who), 0.0), now + seconds - self.slack)
        raise ApiError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})

    # the switch

    def set(self, wanted: dict[str, Any]) -> None:
        """`{"on": true}` and any of the numbers; raises PhoneError. What was counted so far is forgotten."""
        for name, value in wanted.items():
            fits = isinstance(value, bool) if name == "on" else isinstance(value, int | float) and value >= 0
            if name not in _SETTINGS or not fits:
                raise PhoneError(f"limits have {_SETTINGS}, not {name!r}: {value!r}")
        for name, value in wanted.items():
            setattr(self, name, value)
        self._sent.clear()
        self._silent.clear()

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _SETTINGS}


_SETTINGS = ("on", "per_second", "per_chat_second", "per_group_minute", "slack")
