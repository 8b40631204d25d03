"""Scripted misfortunes of the line, and the record of every call."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.errors import ApiError

FaultKind = Literal["error", "latency", "drop", "lost"]
CallFate = Literal["ok", "refused", "fault", "dropped", "lost"]
KEPT_CALLS = 50_000
WEBHOOK = "webhook"
"""Stands for a method in faults of the other direction: an update posted to the bot's webhook."""
DOWNLOAD = "download"
"""Stands for a method in faults of fetching a file, after getFile."""


@dataclass
class Fault:
    """What happens to the next `times` calls (−1: all) of `method` ("*": any), for `chat_id` or for all chats.

    error: answered with `code`, nothing done · latency: only `delay` seconds · drop: the connection ends, nothing
    done · lost: done, but the connection ends before the answer. `delay` goes with every kind. Two methods "*" never
    means: "webhook" is an update on its way to the bot, and each kind but latency makes it come again; "download" is a
    file on its way, and "lost" ends that connection after half of it.
    """

    kind: FaultKind
    method: str = "*"
    times: int = 1
    chat_id: int | None = None
    code: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, Any] = field(default_factory=dict)
    delay: float = 0.0

    def fits(self, method: str, chat_id: int | None) -> bool:
        mine = {method.lower()} if method in {WEBHOOK, DOWNLOAD} else {"*", method.lower()}
        wanted = self.method.lower() in mine and self.times != 0
        return wanted and self.chat_id in {None, chat_id}

    def error(self) -> ApiError:
        return ApiError(self.code, self.description, self.parameters)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def too_many_requests(retry_after: int, method: str = "*", *, times: int = 1, chat_id: int | None = None) -> Fault:
    said = f"Too Many Requests: retry after {retry_after}"
    after = {"retry_after": retry_after}
    return Fault("error", method, times, chat_id, code=429, description=said, parameters=after)


class FaultPlan:
    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        self.planned.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The first fault that fits, used up once."""
        fault = next((f for f in self.planned if f.fits(method, chat_id)), None)
        if fault and fault.times > 0:
            fault.times -= 1
        self.planned = [f for f in self.planned if f.times != 0]
        return fault


@dataclass(frozen=True)
class ApiCall:
    """One call of a bot. `result` is the answer's result, or its description when it was refused."""

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
    """The last calls, oldest first; long polls that brought nothing are left out."""

    def __init__(self) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=KEPT_CALLS)
        self._count = 0

    def add(self, **fields: Any) -> None:
        if fields["method"].lower() == "getupdates" and not fields["result"]:
            return
        self._count += 1
        self.calls.append(ApiCall(number=self._count, **fields))

    def select(self, method: str = "", chat_id: int | None = None, after: int = 0) -> list[ApiCall]:
        return [
            call
            for call in self.calls
            if call.number > after
            and (not method or call.method.lower() == method.lower())
            and (chat_id is None or call.chat_id == chat_id)
        ]
