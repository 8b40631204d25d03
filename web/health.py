"""GET /health and /health/ready: is the process alive, can it do its work, and how long do things wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any, Literal

from aiohttp import web

from services.clock import Clock
from services.condition import Condition, Queues, Watch, problems
from services.vitals import Moment
from services.workplace import Workplace

Mode = Literal["polling", "webhook"]

_HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class Health:
    workplace: Workplace
    mode: Mode
    watch: Watch

    async def live(self, _request: web.Request) -> web.Response:
        """200 as long as the process answers at all."""
        return web.json_response(self.report(await self.watch.look()), headers=_HEADERS)

    async def ready(self, _request: web.Request) -> web.Response:
        """200, or 503 with the reasons under "problems"."""
        report = self.report(await self.watch.look())
        return web.json_response(report, status=503 if report["problems"] else 200, headers=_HEADERS)

    @cached_property
    def version(self) -> str:
        return version("duban")

    @property
    def clock(self) -> Clock:
        return self.workplace.clock

    def report(self, condition: Condition) -> dict[str, Any]:
        vitals, found = self.workplace.vitals, problems(self.workplace, condition)
        return {
            "status": "not ready" if found else "ready",
            "problems": found,
            "version": self.version,
            "mode": self.mode,
            "last_successful_telegram_call": self._moment(vitals.telegram),
            "last_tick": self._moment(vitals.tick),
            "store": {"reachable": condition.reachable, "migrated": condition.migrated},
            **_queues(condition.queues),
            "webhook": self._webhook(),
        }

    def _moment(self, moment: Moment | None) -> dict[str, Any] | None:
        return None if moment is None else {"at": _iso(moment.at), "seconds_ago": round(moment.age(self.clock), 1)}

    def _webhook(self) -> dict[str, Any] | None:
        """What Telegram says of it; None when polling."""
        if self.mode == "polling":
            return None
        vitals = self.workplace.vitals
        at, said = vitals.complaint or (None, None)
        error = None if at is None else {"at": _iso(at), "said": said}
        return {"waiting_at_telegram": vitals.waiting, "last_error": error}


def _queues(queues: Queues | None) -> dict[str, Any]:
    if queues is None:
        return {"inbox": None, "outbox": None}
    inbox = {"pending": queues.pending, "set_aside": queues.set_aside, "oldest_pending_seconds": queues.inbox_age}
    fates = {fate.value: count for fate, count in queues.outbox.items()}
    waits = {"held": queues.held, "oldest_pending_seconds": queues.outbox_age}
    return {"inbox": inbox, "outbox": {"queued": queues.queued, **fates, **waits}}


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
