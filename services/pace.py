"""How fast messages may leave: 30 a second for the bot, one a second for a chat, 20 a minute for a group, and pauses
the service asks for.

Pure but for its own memory; seconds are those of a monotonic clock, given by the caller. The windows slide: what counts
is the instant at which a call really leaves (`leave`), not the one at which it was chosen (`take`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

SECOND, MINUTE = 1.0, 60.0
SLACK = 0.015
"""Added to every window: between our look at the clock and the wire lies a little, and not always the same."""
KEPT_CHATS = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What may leave; a negative chat id is a group."""

    per_second: int = 30
    chat_interval: float = 1.0
    group_per_minute: int = 20


@dataclass(slots=True)
class Pace:
    limits: Limits = field(default_factory=Limits)
    _left: deque[float] = field(default_factory=deque)
    """The instants of the last calls, as many as may leave in a second."""
    _promised: int = 0
    """Chosen but not yet gone."""
    _chats: dict[int, float] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=dict)
    _rests: dict[int | None, float] = field(default_factory=dict)
    _floods: dict[int, float] = field(default_factory=dict)

    def ready_at(self, chat_id: int, now: float, *, edit: bool = False, ahead: int = 0) -> float:
        """When a message to this chat could leave behind all that was promised and `ahead` more; `now` or earlier means
        at once. An edit waits for no other message of a private chat; in a group it counts like any other."""
        bot = self._window_at(now, self._promised + ahead)
        return max(bot, self._chat_at(chat_id, now, edit), self.rests_until(chat_id, now))

    def take(self) -> None:
        """A call was chosen: its place is kept until it leaves or is given `back`."""
        self._promised += 1

    def back(self) -> None:
        """What was chosen does not leave after all."""
        self._promised = max(self._promised - 1, 0)

    def gate(self, chat_id: int, now: float, *, edit: bool = False) -> float:
        """When what was chosen may really leave. Under load the calls are spread over the second, so that a reply
        finds a gap soon."""
        spread = self._left[-1] + SECOND / (1.2 * self.limits.per_second) if self._is_busy(now) else now
        waits = (self._window_at(now, 0), self._chat_at(chat_id, now, edit), self.rests_until(chat_id, now), spread)
        return max(waits)

    def leave(self, chat_id: int, now: float, *, edit: bool = False) -> None:
        """A chosen call leaves now."""
        self.back()
        self._note(chat_id, now, edit=edit)

    def rests_until(self, chat_id: int, now: float) -> float:
        return max(self._rests.get(None, now), self._rests.get(chat_id, now))

    def rest(self, chat_id: int | None, until: float) -> None:
        """Nothing leaves for this chat (None: for anybody) before `until`."""
        self._rests[chat_id] = max(until, self._rests.get(chat_id, until))

    def flood(self, chat_id: int, now: float, seconds: float) -> None:
        """The service said 429. It does not say for whom: the first one is taken for the chat's own; when a second chat
        is refused before that pause is over, it was the bot's, and everything stops."""
        self._floods = {chat: until for chat, until in self._floods.items() if until > now}
        self._floods[chat_id] = now + seconds
        self.rest(chat_id, now + seconds)
        if len(self._floods) > 1:
            self.rest(None, now + seconds)

    def warm(self, sent: Iterable[tuple[int, float, bool]]) -> None:
        """What left before this process began: chat, instant and whether it was an edit, on this process' clock."""
        for chat_id, at, edit in sorted(sent, key=lambda one: one[1]):
            self._note(chat_id, at, edit=edit)

    def _note(self, chat_id: int, at: float, *, edit: bool) -> None:
        self._left.append(at)
        while len(self._left) > self.limits.per_second:
            self._left.popleft()
        if chat_id < 0:
            self._groups.setdefault(chat_id, deque(maxlen=self.limits.group_per_minute)).append(at)
        if edit and chat_id > 0:
            return
        self._chats[chat_id] = at
        if len(self._chats) > KEPT_CHATS:
            self._chats = {chat: then for chat, then in self._chats.items() if at - then < self.limits.chat_interval}

    def _window_at(self, now: float, before: int) -> float:
        """When the window has room for one more behind `before` others."""
        over = len(self._left) + before + 1 - self.limits.per_second
        if over <= 0:
            return now
        rounds, place = divmod(over - 1, self.limits.per_second)
        oldest = self._left[place] if place < len(self._left) else now
        return oldest + (rounds + 1) * (SECOND + SLACK)

    def _is_busy(self, now: float) -> bool:
        third = self.limits.per_second // 3
        return 0 < third < len(self._left) and now - self._left[-third] < SECOND

    def _chat_at(self, chat_id: int, now: float, edit: bool) -> float:
        if edit and chat_id > 0:
            return now
        interval = self.limits.chat_interval
        last = self._chats.get(chat_id)
        chat = now if last is None or interval <= 0 else last + interval + SLACK
        group = self._groups.get(chat_id)
        if group and len(group) >= self.limits.group_per_minute:
            return max(chat, group[0] + MINUTE + SLACK)
        return chat
