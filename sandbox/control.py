"""The control API: act as any person, look at any phone, read what bots called, script faults, drive the clock."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.acts import act, needed, picked
from sandbox.commands import menu
from sandbox.errors import PhoneError
from sandbox.faults import Fault
from sandbox.line import Line
from sandbox.model import Bot, BotProfile, Chat, Json, User
from sandbox.phone import Phone, bubble
from sandbox.stage import ClockPanel, ClockRefusal
from sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_FAULT_FIELDS = {field.name for field in dataclasses.fields(Fault)}


class Control:
    def __init__(self, world: World, line: Line, clock: ClockPanel | None) -> None:
        self.world = world
        self.line = line
        self.clock = clock

    def add_routes(self, app: web.Application) -> None:
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/control/bots", self.list_bots),
            ("POST", "/control/bots", self.add_bot),
            ("GET", "/control/users", self.list_users),
            ("POST", "/control/users", self.add_user),
            ("POST", "/control/act", self.act),
            ("POST", "/control/files", self.send_files),
            ("GET", "/control/chats/{bot}/{user}", self.show_chat),
            ("GET", "/control/calls", self.list_calls),
            ("DELETE", "/control/calls", self.forget_calls),
            ("GET", "/control/faults", self.list_faults),
            ("POST", "/control/faults", self.add_fault),
            ("DELETE", "/control/faults", self.clear_faults),
            ("GET", "/control/limits", self.show_limits),
            ("POST", "/control/limits", self.set_limits),
            ("GET", "/control/webhooks", self.list_webhooks),
            ("POST", "/control/webhooks", self.set_patience),
            ("GET", "/control/postings", self.list_postings),
            ("POST", "/control/redeliver", self.redeliver),
            ("GET", "/control/clock", self.show_clock),
            ("POST", "/control/clock", self.set_clock),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, told(handler))

    # who

    async def list_bots(self, _request: web.Request) -> web.Response:
        return _json([bot.profile.to_api() for bot in self.world.bots.values()])

    async def add_bot(self, request: web.Request) -> web.Response:
        body = await _body(request)
        profile = BotProfile(
            needed(body, "token"), str(body.get("username", "duban_bot")), str(body.get("name", "督办"))
        )
        return _json(self.world.add_bot(profile).profile.to_api())

    async def list_users(self, _request: web.Request) -> web.Response:
        return _json([user.to_api() for user in self.world.users.values()])

    async def add_user(self, request: web.Request) -> web.Response:
        body = await _body(request)
        names = {name: str(body[name]) for name in ("last_name", "username", "language") if name in body}
        user = User(int(needed(body, "id")), needed(body, "first_name"), **names)
        return _json(self.world.add_user(user).to_api())

    # phones

    async def act(self, request: web.Request) -> web.Response:
        """`{"bot", "user", "do", …}`; do: see `sandbox.acts`."""
        body = await _body(request)
        return _json(await act(self._phone(body.get("bot"), body.get("user")), body))

    async def send_files(self, request: web.Request) -> web.Response:
        """A form as a browser sends it: bot, user, caption, as (photo or document) and one or more files."""
        form = await request.post()
        phone = self._phone(form.get("bot"), form.get("user"))
        files = [part for part in form.getall("file", []) if isinstance(part, web.FileField) and part.filename]
        items = [picked(str(form.get("as")), one.filename, one.file.read(), one.content_type) for one in files]
        sent = await phone.send_files(items, str(form.get("caption", "")))
        return _json([message.to_json() for message in sent])

    async def show_chat(self, request: web.Request) -> web.Response:
        phone = self._phone(request.match_info["bot"], request.match_info["user"])
        return _json(chat_json(phone.chat))

    def _phone(self, bot: Any, user: Any) -> Phone:
        return Phone(self.world, self.world.chat(self._bot(bot), int(user or 0)))

    def _bot(self, bot: Any) -> Bot:
        chosen = self.world.bot(bot) if bot else next(iter(self.world.bots.values()), None)
        if chosen is None:
            raise PhoneError("there is no bot yet")
        return chosen

    # the line

    async def list_calls(self, request: web.Request) -> web.Response:
        query = request.query
        chat_id = int(query["chat_id"]) if "chat_id" in query else None
        found = self.line.log.select(query.get("method", ""), chat_id, int(query.get("after", 0)))
        return _json([call.to_json() for call in found])

    async def forget_calls(self, _request: web.Request) -> web.Response:
        self.line.log.calls.clear()
        return _json(None)

    async def list_faults(self, _request: web.Request) -> web.Response:
        return _json([fault.to_json() for fault in self.line.faults.planned])

    async def add_fault(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if body.get("kind") not in {"error", "latency", "drop", "lost"} or body.keys() - _FAULT_FIELDS:
            raise PhoneError(f"a fault has a kind (error, latency, drop, lost) and {sorted(_FAULT_FIELDS - {'kind'})}")
        return _json(self.line.faults.add(Fault(**body)).to_json())

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self.line.faults.clear()
        return _json(None)

    async def show_limits(self, _request: web.Request) -> web.Response:
        return _json(self.line.limits.to_json())

    async def set_limits(self, request: web.Request) -> web.Response:
        """`{"on": true}`, and any of the numbers."""
        self.line.limits.set(await _body(request))
        return _json(self.line.limits.to_json())

    # webhooks

    async def list_webhooks(self, _request: web.Request) -> web.Response:
        hooks = self.line.webhooks
        return _json([{"bot": bot.profile.id, **hooks.info(bot)} for bot in self.world.bots.values()])

    async def set_patience(self, request: web.Request) -> web.Response:
        """`{"timeout": 60, "first_delay": 1}`: how long an answer is awaited, and then the next attempt."""
        hooks, body = self.line.webhooks, await _body(request)
        hooks.timeout = float(body.get("timeout", hooks.timeout))
        hooks.first_delay = float(body.get("first_delay", hooks.first_delay))
        return _json({"timeout": hooks.timeout, "first_delay": hooks.first_delay})

    async def list_postings(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        return _json([one.to_json() for one in self.line.webhooks.postings if one.number > after])

    async def redeliver(self, request: web.Request) -> web.Response:
        """`{"bot", "update_id", "times"}`: post a delivered update again (the last one), so many times at once."""
        body = await _body(request)
        bot = self._bot(body.get("bot"))
        wanted = int(body["update_id"]) if "update_id" in body else None
        return _json(await self.line.webhooks.again(bot, wanted, int(body.get("times", 1))))

    # the clock

    async def show_clock(self, _request: web.Request) -> web.Response:
        return _json(self._panel().state())

    async def set_clock(self, request: web.Request) -> web.Response:
        panel = self._panel()
        panel.set(await _body(request))
        self.world.pulse.beat()
        return _json(panel.state())

    def _panel(self) -> ClockPanel:
        if self.clock is None:
            raise ClockRefusal("这里的时钟不能调")
        return self.clock


def chat_json(chat: Chat) -> Json:
    return {
        "started": chat.started,
        "blocked": chat.blocked,
        "messages": [bubble(message).to_json() for message in chat.messages.values()],
        "keyboard": [[button["text"] for button in row] for row in chat.keyboard],
        "commands": menu(chat),
        "answers": [{"query_id": a.query_id, "text": a.text, "alert": a.alert} for a in chat.answers],
    }


def told(handler: Handler) -> Handler:
    """A handler whose refusals become `{"error": …}` with status 400."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (PhoneError, ClockRefusal, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request) -> Json:
    body = await request.json()
    if not isinstance(body, dict):
        raise PhoneError("a JSON object is expected")
    return body


def _json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda v: json.dumps(v, ensure_ascii=False))
