"""Scripted misfortunes of the line."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from sandbox.errors import ApiError, PhoneError

FaultKind = Literal["error", "latency", "late", "drop", "lost"]
WEBHOOK = "webhook"
"""Stands for a method in faults of the other direction: an update posted to the bot's webhook."""
DOWNLOAD = "download"
"""Stands for a method in faults of fetching a file, after getFile."""
KEPT_SPENT = 100


@dataclass
class Fault:
    """What happens to `times` calls (−1: all) of `method` ("*": any, "send*": all that send), for `chat_id` or for all
    chats, after the first `after` of them went well.

    error: answered with `code` and, if there is one, `body` as a proxy gives it instead of JSON; nothing done ·
    latency: done after `delay` seconds · late: done at once, answered after `delay` · drop: the connection ends,
    nothing done · lost: done, but the connection ends before the answer. `delay` goes with every kind. Two methods
    no pattern means: "webhook" is an update on its way to the bot, and error, drop and lost make it come again;
    "download" is a file on its way, and "lost" ends that connection after half of it.
    """

    kind: FaultKind
    method: str = "*"
    times: int = 1
    chat_id: int | None = None
    code: int = 500
    description: str = "Internal Server Error"
    parameters: dict[str, Any] = field(default_factory=dict)
    delay: float = 0.0
    after: int = 0
    body: str = ""
    name: str = field(default="", compare=False)
    taken: int = field(default=0, compare=False)
    id: int = field(default=0, compare=False)

    def fits(self, method: str, chat_id: int | None) -> bool:
        method, wanted = method.lower(), self.method.lower()
        fits = method == wanted if method in {WEBHOOK, DOWNLOAD} else fnmatchcase(method, wanted)
        return fits and self.times != 0 and self.chat_id in {None, chat_id}

    def error(self) -> ApiError:
        return ApiError(self.code, self.description, self.parameters)

    @property
    def before(self) -> float:
        """Seconds until anything is done."""
        return 0.0 if self.kind == "late" else self.delay

    @property
    def afterwards(self) -> float:
        """Seconds from the deed to the answer."""
        return self.delay if self.kind == "late" else 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def too_many_requests(retry_after: int, method: str = "*", *, times: int = 1, chat_id: int | None = None) -> Fault:
    said = f"Too Many Requests: retry after {retry_after}"
    after = {"retry_after": retry_after}
    return Fault("error", method, times, chat_id, code=429, description=said, parameters=after)


class FaultPlan:
    """`spent` are those that happened as often as they should, the last ones only."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []
        self.spent: deque[Fault] = deque(maxlen=KEPT_SPENT)
        self._made = 0

    def add(self, fault: Fault) -> Fault:
        self._made += 1
        fault.id = self._made
        self.planned.append(fault)
        return fault

    def remove(self, fault_id: int) -> Fault:
        fault = next((one for one in self.planned if one.id == fault_id), None)
        if fault is None:
            raise PhoneError(f"no fault {fault_id} is planned")
        self.planned.remove(fault)
        return fault

    def clear(self) -> None:
        self.planned.clear()
        self.spent.clear()

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The first fault that fits and whose turn it is, used up once."""
        fault = next((one for one in self.planned if one.fits(method, chat_id) and _due(one)), None)
        if fault is None:
            return None
        fault.taken += 1
        if fault.times > 0:
            fault.times -= 1
        if fault.times == 0:
            self.planned.remove(fault)
            self.spent.append(fault)
        return fault


def _due(fault: Fault) -> bool:
    """Counts down the calls that are to go well first."""
    if fault.after <= 0:
        return True
    fault.after -= 1
    return False
