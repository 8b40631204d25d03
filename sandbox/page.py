"""The stage: phones side by side, kept up to date by server-sent events that name what changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import tzinfo
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.answers import told
from sandbox.commands import menu
from sandbox.line import Line
from sandbox.model import Chat, Json
from sandbox.panel import LinePanel
from sandbox.render import message_rows, shown, templates
from sandbox.stage import ClockPanel, Seat, StoryStep
from sandbox.world import World

STATIC = Path(__file__).parent / "static"
TYPING_SECONDS = 5.0
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_POLICY = "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Stage:
    def __init__(self, world: World, line: Line, zone: tzinfo, clock: ClockPanel | None) -> None:
        self.world = world
        self.panel = LinePanel(world, line)
        self.zone = zone
        self.clock = clock
        self.title = "督办 · 演示"
        self.seats: list[Seat] = []
        self.story: list[StoryStep] = []
        self.closing = False

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self.page)
        app.router.add_get("/stage/events", self.events)
        app.router.add_get("/stage/chats/{bot}/{user}", told(self.chat))
        self.panel.add_routes(app)
        app.router.add_get("/stage/files/{unique_id}", self.file)
        app.router.add_static("/static/", STATIC)

    async def page(self, _request: web.Request) -> web.Response:
        html = templates.get_template("stage.html").render(
            title=self.title,
            phones=self._phones(),
            clock=self.clock.state() if self.clock else None,
            story=self.story,
            line=self.panel.choices(),
            data={"phones": self._phones(), "story": [vars(step) for step in self.story], "unread": self._newest(0)},
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)

    async def chat(self, request: web.Request) -> web.Response:
        """What changed in one chat after revision `after`; all that is shown of it when `after` is 0."""
        chat = self.world.chat(self.world.bot(request.match_info["bot"]), int(request.match_info["user"]))
        return web.json_response(self._chat_json(chat, int(request.query.get("after", 0))), headers=_HEADERS)

    async def file(self, request: web.Request) -> web.Response:
        """Pictures are shown; whatever else was sent is only ever saved."""
        file = self.world.files.shown(request.match_info["unique_id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound
        shown = file.mime in PICTURES
        headers = _HEADERS | {"Cache-Control": "private, max-age=86400", "Content-Security-Policy": "sandbox"}
        how = "inline" if shown else "attachment"
        headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(file.name)}"
        kind = file.mime if shown else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    def _chat_json(self, chat: Chat, after: int) -> Json:
        return {
            "rev": self.world.rev,
            "ids": [message.id for message in shown(chat)],
            "changed": list(message_rows(chat, self.zone, after)),
            "keyboard": [[button["text"] for button in row] for row in chat.keyboard],
            "commands": menu(chat),
            "answers": [
                {"query": a.query_id, "text": a.text, "alert": a.alert} for a in chat.answers[-5:] if a.rev > after
            ],
            "started": chat.started,
            "blocked": chat.blocked,
            "typing": time.monotonic() - chat.typing_at < TYPING_SECONDS,
        }

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        with suppress(ConnectionError):
            await self._tell(response)
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        """Names changed chats, several changes at once; the clock at least every second; that the line changed."""
        seen, line = self.world.rev, self.panel.state()
        while not self.closing:
            if line != (line := self.panel.state()):
                await _send(response, "line", {})
            if self.clock:
                await _send(response, "clock", self.clock.state())
            if self.world.rev > seen:
                seen, before = self.world.rev, seen
                await _send(response, "changed", self._newest(before))
            elif not self.clock:
                await _send(response, "still", {})
            await self.world.pulse.wait(1.0)
            await asyncio.sleep(0.04)

    def _newest(self, after: int) -> dict[str, int]:
        """The chats on stage that changed after revision `after`, with the id of the bot's newest message."""
        newest = {}
        for seat in self.seats:
            chat = self.world.chats.get((int(seat.bot_token.split(":")[0]), seat.user_id))
            if chat and chat.rev > after:
                newest[seat.key] = next((m.id for m in chat.newest_first if not m.mine), 0)
        return newest

    def _phones(self) -> list[Json]:
        """One phone per role, in the order in which the roles were first seated."""
        order = list(dict.fromkeys(seat.role_label for seat in self.seats))
        seated = sorted(self.seats, key=lambda seat: order.index(seat.role_label))
        return [_phone(role, seats) for role, seats in groupby(seated, key=lambda seat: seat.role_label)]


def _phone(role: str, seats: Iterable[Seat]) -> dict[str, Any]:
    return {"role": role, "seats": [{"key": s.key, "name": s.display_name, "start": s.start} for s in seats]}


async def _send(response: web.StreamResponse, event: str, data: Any) -> None:
    await response.write(f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
