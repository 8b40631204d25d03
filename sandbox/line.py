"""The HTTP line between a bot and the stand-in: tokens, faults, limits, the record of calls."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from sandbox.api import BotApi
from sandbox.calls import CallFate, CallLog
from sandbox.errors import ApiError
from sandbox.faults import Fault, FaultPlan
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
        if fault:
            await asyncio.sleep(fault.before)
        if fault and fault.kind in {"error", "drop"}:
            self._record("fault" if fault.kind == "error" else "dropped", bot, method, params, fault.error())
            return failed(request, fault)
        outcome = await self._outcome(bot, method, params)
        fates: dict[str, CallFate] = {"lost": "lost", "late": "late"}
        fate: CallFate = "refused" if isinstance(outcome, ApiError) else "ok"
        self._record(fates.get(fault.kind, fate) if fault else fate, bot, method, params, outcome)
        if fault:
            await asyncio.sleep(fault.afterwards)
        return hang_up(request) if fault and fault.kind == "lost" else answer(outcome)

    async def _outcome(self, bot: Bot, method: str, params: Params) -> Any:
        try:
            self.limits.check(bot.profile.id, method, params.integer("chat_id") or None)
            return await self.api.call(bot, method, params)
        except ApiError as error:
            return error

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


def failed(request: web.Request, fault: Fault) -> web.Response:
    """What the bot gets when nothing was done."""
    if fault.kind == "drop":
        return hang_up(request)
    if fault.body:
        return web.Response(text=fault.body, status=fault.code, content_type="text/html")
    return answer(fault.error())


def _result(outcome: Any) -> Any:
    return outcome.result if isinstance(outcome, Told) else outcome


def hang_up(request: web.Request) -> web.Response:
    """Ends the connection without an answer; what is returned is never written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
