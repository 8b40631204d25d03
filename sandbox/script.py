"""The control API over the line: read what bots called, script faults, switch limits, hurry webhooks."""

from __future__ import annotations

import dataclasses
from typing import get_args

from aiohttp import web

from sandbox.answers import Handler, as_json, body_of, told
from sandbox.errors import PhoneError
from sandbox.faults import Fault, FaultKind
from sandbox.line import Line
from sandbox.mishaps import MISHAPS, mishap
from sandbox.model import Json
from sandbox.world import World

_KINDS = get_args(FaultKind)
_FIELDS = {field.name for field in dataclasses.fields(Fault)} - {"id", "name", "taken"}


class Script:
    def __init__(self, world: World, line: Line) -> None:
        self.world = world
        self.line = line

    def add_routes(self, app: web.Application) -> None:
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/control/calls", self.list_calls),
            ("GET", "/control/counts", self.count_calls),
            ("DELETE", "/control/calls", self.forget_calls),
            ("GET", "/control/mishaps", self.list_mishaps),
            ("GET", "/control/faults", self.list_faults),
            ("POST", "/control/faults", self.add_fault),
            ("DELETE", "/control/faults", self.clear_faults),
            ("DELETE", "/control/faults/{id}", self.remove_fault),
            ("GET", "/control/limits", self.show_limits),
            ("POST", "/control/limits", self.set_limits),
            ("GET", "/control/webhooks", self.list_webhooks),
            ("POST", "/control/webhooks", self.set_patience),
            ("GET", "/control/postings", self.list_postings),
            ("POST", "/control/redeliver", self.redeliver),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, told(handler))

    # calls

    async def list_calls(self, request: web.Request) -> web.Response:
        query = request.query
        chat_id = int(query["chat_id"]) if "chat_id" in query else None
        found = self.line.log.select(query.get("method", ""), chat_id, int(query.get("after", 0)))
        return as_json([call.to_json() for call in found])

    async def count_calls(self, _request: web.Request) -> web.Response:
        """How many calls of each method came to which end."""
        return as_json(self.line.log.counts)

    async def forget_calls(self, _request: web.Request) -> web.Response:
        self.line.log.forget()
        return as_json(None)

    # faults

    async def list_mishaps(self, _request: web.Request) -> web.Response:
        return as_json([one.to_json() for one in MISHAPS.values()])

    async def list_faults(self, request: web.Request) -> web.Response:
        """Those still to come; with `?spent=1` those that came as often as they should."""
        faults = self.line.faults
        return as_json([one.to_json() for one in (faults.spent if request.query.get("spent") else faults.planned)])

    async def add_fault(self, request: web.Request) -> web.Response:
        """`{"mishap": name, "method", "times", "after", "chat_id", …}`, or the fields of a `Fault`."""
        body = await body_of(request)
        name = body.pop("mishap", None)
        fault = _checked(mishap(str(name), **body) if name else _fault(body))
        self.line.faults.add(fault)
        self.world.pulse.beat()
        return as_json(fault.to_json())

    async def remove_fault(self, request: web.Request) -> web.Response:
        return as_json(self.line.faults.remove(int(request.match_info["id"])).to_json())

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self.line.faults.clear()
        return as_json(None)

    # limits

    async def show_limits(self, _request: web.Request) -> web.Response:
        return as_json(self.line.limits.to_json())

    async def set_limits(self, request: web.Request) -> web.Response:
        """`{"on": true}`, and any of the numbers."""
        self.line.limits.set(await body_of(request))
        return as_json(self.line.limits.to_json())

    # webhooks

    async def list_webhooks(self, _request: web.Request) -> web.Response:
        hooks = self.line.webhooks
        return as_json([{"bot": bot.profile.id, **hooks.info(bot)} for bot in self.world.bots.values()])

    async def set_patience(self, request: web.Request) -> web.Response:
        """`{"timeout": 60, "first_delay": 1}`: how long an answer is awaited, and then the next attempt."""
        hooks, body = self.line.webhooks, await body_of(request)
        hooks.timeout = float(body.get("timeout", hooks.timeout))
        hooks.first_delay = float(body.get("first_delay", hooks.first_delay))
        return as_json({"timeout": hooks.timeout, "first_delay": hooks.first_delay})

    async def list_postings(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return as_json([one.to_json() for one in self.line.webhooks.postings if one.number > after])

    async def redeliver(self, request: web.Request) -> web.Response:
        """`{"bot", "update_id", "times"}`: post a delivered update again (the last one), so many times at once."""
        body = await body_of(request)
        bot = self.world.chosen(body.get("bot"))
        wanted = int(body["update_id"]) if "update_id" in body else None
        return as_json(await self.line.webhooks.again(bot, wanted, int(body.get("times", 1))))


def _fault(body: Json) -> Fault:
    if body.get("kind") not in _KINDS or body.keys() - _FIELDS:
        raise PhoneError(f"a fault has a kind {_KINDS} and {sorted(_FIELDS - {'kind'})}")
    return Fault(**body)


def _checked(fault: Fault) -> Fault:
    """Only one that can happen: a mistake is to be seen here, not when a call is answered."""
    numbers = (fault.times, fault.after, fault.code, fault.delay, fault.chat_id or 0)
    if not all(isinstance(one, int | float) for one in numbers) or not isinstance(fault.method, str):
        raise PhoneError("times, after, code, delay and chat_id are numbers, method is a text")
    if fault.times == 0 or fault.times < -1 or fault.after < 0 or not 0 <= fault.delay <= 600:
        raise PhoneError("times is −1 or at least 1, after at least 0, delay 0 to 600")
    if fault.kind == "error" and not (fault.body or 400 <= fault.code <= 599):
        raise PhoneError("an error has a code from 400 to 599, or a body")
    return fault
