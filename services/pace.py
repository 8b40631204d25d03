"""How fast messages may leave: 30 a second for the bot, one a second for a chat, and pauses the service asks for.

Pure but for its own memory; seconds are those of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    per_second: int = 30
    chat_interval: float = 1.0
    _starts: deque[float] = field(default_factory=deque)
    _chats: dict[int, float] = field(default_factory=dict)
    _rests: dict[int | None, float] = field(default_factory=dict)

    def ready_at(self, chat_id: int, now: float, *, edit: bool = False) -> float:
        """When a message to this chat may leave; `now` or earlier means at once. An edit waits for no other message."""
        bot = self._starts[0] + 1.0 if len(self._starts) >= self.per_second else now
        chat = now if edit else self._chats.get(chat_id, now - self.chat_interval) + self.chat_interval
        return max(bot, chat, self._rests.get(None, now), self._rests.get(chat_id, now))

    def take(self, chat_id: int, now: float, *, edit: bool = False) -> None:
        """A message to this chat leaves now."""
        self._starts.append(now)
        if len(self._starts) > self.per_second:
            self._starts.popleft()
        if edit:
            return
        self._chats[chat_id] = now
        if len(self._chats) > 10_000:
            self._chats = {chat: at for chat, at in self._chats.items() if now - at < self.chat_interval}

    def rest(self, chat_id: int | None, until: float) -> None:
        """Nothing leaves for this chat (None: for anybody) before `until`."""
        self._rests[chat_id] = max(until, self._rests.get(chat_id, until))
