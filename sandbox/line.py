"""The HTTP line between a bot and the stand-in: tokens, faults, limits, the record of calls."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Asked:
    bot: Bot
    method: str
    params: Params
    chat_id: int | None


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
        return await self._serve(request, Asked(bot, method, params, self._chat_id(params)))

    def _chat_id(self, params: Params) -> int | None:
        """Also of the pressed button that is answered, where no chat is named."""
        query = self.world.queries.get(params.text("callback_query_id"))
        return params.integer("chat_id") or (query.chat.user.id if query else None)

    async def _serve(self, request: web.Request, asked: Asked) -> web.Response:
        fault = self.faults.take(asked.method, asked.chat_id)
        if fault:
            await asyncio.sleep(fault.before)
        if fault and fault.kind in {"error", "drop"}:
            self._record("fault" if fault.kind == "error" else "dropped", asked, fault.error())
            return failed(request, fault)
        outcome = await self._outcome(asked)
        fates: dict[str, CallFate] = {"lost": "lost", "late": "late"}
        fate: CallFate = "refused" if isinstance(outcome, ApiError) else "ok"
        self._record(fates.get(fault.kind, fate) if fault else fate, asked, outcome)
        if fault:
            await asyncio.sleep(fault.afterwards)
        return hang_up(request) if fault and fault.kind == "lost" else answer(outcome)

    async def _outcome(self, asked: Asked) -> Any:
        try:
            self.limits.check(asked.bot.profile.id, asked.method, asked.chat_id)
            return await self.api.call(asked.bot, asked.method, asked.params)
        except ApiError as error:
            return error

    def _record(self, fate: CallFate, asked: Asked, outcome: Any) -> None:
        refused = isinstance(outcome, ApiError)
        self.log.add(
            bot_id=asked.bot.profile.id,
            method=asked.method,
            params=asked.params.told,
            chat_id=asked.chat_id,
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
