"""The HTTP line between a bot and the stand-in: tokens, faults, limits, the record of calls."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from sandbox.api import BotApi
from sandbox.errors import ApiError
from sandbox.faults import CallFate, CallLog, Fault, FaultPlan
from sandbox.limits import FloodLimits
from sandbox.model import Bot
from sandbox.params import Params, read_params
from sandbox.webhooks import Told, Webhooks
from sandbox.world import World

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{3,}")


class Line:
    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = FaultPlan()
        self.limits = FloodLimits()
        self.webhooks = Webhooks(world, self.faults)
        self.api = BotApi(world, self.webhooks)
        self.log = CallLog()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        if request.method not in {"GET", "POST"} or not _TOKEN.fullmatch(token):
            return answer(ApiError(404, "Not Found"))
        bot = self.world.bots.get(token)
        if bot is None:
            return answer(ApiError(401, "Unauthorized"))
        try:
            params = await read_params(request)
        except ValueError:
            return answer(ApiError(400, "Bad Request: can't parse request"))
        except web.HTTPRequestEntityTooLarge:
            return answer(ApiError(413, "Request Entity Too Large"))
        return await self._serve(request, bot, method, params)

    async def _serve(self, request: web.Request, bot: Bot, method: str, params: Params) -> web.Response:
        fault = self.faults.take(method, params.integer("chat_id") or None)
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.kind in {"error", "drop"}:
            return self._fail(request, fault, bot, method, params)
        outcome = await self._outcome(bot, method, params)
        if fault and fault.kind == "lost":
            self._record("lost", bot, method, params, outcome)
            return hang_up(request)
        self._record("refused" if isinstance(outcome, ApiError) else "ok", bot, method, params, outcome)
        return answer(outcome)

    async def _outcome(self, bot: Bot, method: str, params: Params) -> Any:
        try:
            self.limits.check(bot.profile.id, method, params.integer("chat_id") or None)
            return await self.api.call(bot, method, params)
        except ApiError as error:
            return error

    def _fail(self, request: web.Request, fault: Fault, bot: Bot, method: str, params: Params) -> web.Response:
        fate: CallFate = "fault" if fault.kind == "error" else "dropped"
        self._record(fate, bot, method, params, fault.error())
        return answer(fault.error()) if fault.kind == "error" else hang_up(request)

    def _record(self, fate: CallFate, bot: Bot, method: str, params: Params, outcome: Any) -> None:
        refused = isinstance(outcome, ApiError)
        self.log.add(
            bot_id=bot.profile.id,
            method=method,
            params=params.told,
            chat_id=params.integer("chat_id") or None,
            fate=fate,
            code=outcome.code if refused else 200,
            result=outcome.description if refused else _result(outcome),
            at=self.world.now(),
        )


def answer(outcome: Any) -> web.Response:
    if isinstance(outcome, ApiError):
        return web.json_response(outcome.to_json(), status=outcome.code)
    said = {"description": outcome.description} if isinstance(outcome, Told) else {}
    return web.json_response({"ok": True, "result": _result(outcome), **said})


def _result(outcome: Any) -> Any:
    return outcome.result if isinstance(outcome, Told) else outcome


def hang_up(request: web.Request) -> web.Response:
    """Ends the connection without an answer; what is returned is never written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
