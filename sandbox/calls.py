"""The record of every call bots made."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

CallFate = Literal["ok", "refused", "fault", "dropped", "lost", "late"]
KEPT_CALLS = 50_000


@dataclass(frozen=True)
class ApiCall:
    """One call of a bot. `result` is the answer's result, or its description when it was refused.

    `fate`: ok · refused by the rules or the limits · what a scripted fault made of it: fault (answered with an error),
    dropped (nothing done), lost (done, never answered), late (done at once, answered later).
    """

    number: int
    bot_id: int
    method: str
    params: dict[str, Any]
    chat_id: int | None
    fate: CallFate
    code: int
    result: Any
    at: datetime

    @property
    def ok(self) -> bool:
        return self.fate == "ok"

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


class CallLog:
    """The last calls, oldest first; long polls that brought nothing are left out, but counted."""

    def __init__(self) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=KEPT_CALLS)
        self.counts: dict[str, Counter[CallFate]] = {}
        self._count = 0

    def add(self, **fields: Any) -> None:
        method = fields["method"].lower()
        self.counts.setdefault(method, Counter())[fields["fate"]] += 1
        if method == "getupdates" and not fields["result"]:
            return
        self._count += 1
        self.calls.append(ApiCall(number=self._count, **fields))

    def forget(self) -> None:
        self.calls.clear()
        self.counts.clear()

    def select(self, method: str = "", chat_id: int | None = None, after: int = 0) -> list[ApiCall]:
        return [
            call
            for call in self.calls
            if call.number > after
            and (not method or call.method.lower() == method.lower())
            and (chat_id is None or call.chat_id == chat_id)
        ]
