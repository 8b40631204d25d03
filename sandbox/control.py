"""The control API: act as any person, look at any phone, drive the clock. The line is scripted in `sandbox.script`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.acts import act, needed, picked
from sandbox.answers import Handler, as_json, body_of, told
from sandbox.commands import menu
from sandbox.model import BotProfile, Chat, Json, User
from sandbox.phone import Phone, bubble
from sandbox.stage import ClockPanel, ClockRefusal
from sandbox.world import World


class Control:
    def __init__(self, world: World, clock: ClockPanel | None) -> None:
        self.world = world
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
            ("GET", "/control/clock", self.show_clock),
            ("POST", "/control/clock", self.set_clock),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, told(handler))

    # who

    async def list_bots(self, _request: web.Request) -> web.Response:
        return as_json([bot.profile.to_api() for bot in self.world.bots.values()])

    async def add_bot(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        profile = BotProfile(
            needed(body, "token"), str(body.get("username", "duban_bot")), str(body.get("name", "督办"))
        )
        return as_json(self.world.add_bot(profile).profile.to_api())

    async def list_users(self, _request: web.Request) -> web.Response:
        return as_json([user.to_api() for user in self.world.users.values()])

    async def add_user(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        names = {name: str(body[name]) for name in ("last_name", "username", "language", "phone") if name in body}
        user = User(int(needed(body, "id")), needed(body, "first_name"), **names)
        return as_json(self.world.add_user(user).to_api())

    # phones

    async def act(self, request: web.Request) -> web.Response:
        """`{"bot", "user", "do", …}`; do: see `sandbox.acts`."""
        body = await body_of(request)
        return as_json(await act(self._phone(body.get("bot"), body.get("user")), body))

    async def send_files(self, request: web.Request) -> web.Response:
        """A form as a browser sends it: bot, user, caption, as (photo or document) and one or more files."""
        form = await request.post()
        phone = self._phone(form.get("bot"), form.get("user"))
        files = [part for part in form.getall("file", []) if isinstance(part, web.FileField) and part.filename]
        items = [picked(str(form.get("as")), one.filename, one.file.read(), one.content_type) for one in files]
        sent = await phone.send_files(items, str(form.get("caption", "")))
        return as_json([message.to_json() for message in sent])

    async def show_chat(self, request: web.Request) -> web.Response:
        phone = self._phone(request.match_info["bot"], request.match_info["user"])
        return as_json(chat_json(phone.chat))

    def _phone(self, bot: Any, user: Any) -> Phone:
        return Phone(self.world, self.world.chat(self.world.chosen(bot), int(user or 0)))

    # the clock

    async def show_clock(self, _request: web.Request) -> web.Response:
        return as_json(self._panel().state())

    async def set_clock(self, request: web.Request) -> web.Response:
        panel = self._panel()
        panel.set(await body_of(request))
        self.world.pulse.beat()
        return as_json(panel.state())

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
