"""Groups over the control API: make one, look at it, let the bot or people do something in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.acts import needed
from sandbox.answers import as_json, body_of, told
from sandbox.errors import PhoneError
from sandbox.gathering import Gathering, gathering
from sandbox.model import Json
from sandbox.world import World


class GroupControl:
    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("POST", "/control/groups", told(self.act))
        app.router.add_route("GET", "/control/groups/{bot}/{chat}", told(self.show))

    async def act(self, request: web.Request) -> web.Response:
        """`{"bot", "chat", "title", "do", …}`; do: open (or nothing), add_bot, remove_bot (kicked), join, leave and
        say (user, text, thread, reply_to), migrate, open_topic (name), close_topic and delete_topic (thread)."""
        body = await body_of(request)
        group = self._group(body.get("bot"), body.get("chat"), str(body.get("title", "")))
        doing = _ACTS.get(str(body.get("do", "open")))
        if doing is None:
            raise PhoneError(f"in a group nobody knows how to do {body.get('do')!r}")
        done = await doing(group, body)
        return as_json(group_json(done if isinstance(done, Gathering) else group))

    async def show(self, request: web.Request) -> web.Response:
        at = request.match_info
        return as_json(group_json(self._group(at["bot"], at["chat"])))

    def _group(self, bot: Any, chat: Any, title: str = "") -> Gathering:
        return gathering(self.world, self.world.chosen(bot), int(chat or 0), title)


def group_json(group: Gathering) -> Json:
    about = group.group
    topics = {str(number): {"name": one.name, "closed": one.closed} for number, one in about.topics.items()}
    return {
        **about.chat_api(),
        "bot": about.standing,
        "moved_to": about.moved_to,
        "topics": topics,
        "messages": [message.to_json() | {"thread": message.thread} for message in group.messages],
    }


async def _nothing(_group: Gathering, _body: Json) -> None:
    return None


def _who(body: Json) -> int:
    return int(needed(body, "user"))


def _thread(body: Json) -> int:
    return int(needed(body, "thread"))


def _say(group: Gathering, body: Json) -> Awaitable[Any]:
    thread = int(body["thread"]) if body.get("thread") else None
    return group.say(_who(body), needed(body, "text"), thread=thread, reply_to=body.get("reply_to"))


_ACTS: dict[str, Callable[[Gathering, Json], Awaitable[Any]]] = {
    "open": _nothing,
    "add_bot": lambda group, body: group.add_bot(body.get("user"), admin=bool(body.get("admin"))),
    "remove_bot": lambda group, body: group.remove_bot(body.get("user"), kicked=bool(body.get("kicked", True))),
    "join": lambda group, body: group.join(_who(body)),
    "leave": lambda group, body: group.leave(_who(body)),
    "say": _say,
    "migrate": lambda group, _body: group.migrate(),
    "open_topic": lambda group, body: group.open_topic(needed(body, "name")),
    "close_topic": lambda group, body: group.close_topic(_thread(body)),
    "delete_topic": lambda group, body: group.delete_topic(_thread(body)),
}
