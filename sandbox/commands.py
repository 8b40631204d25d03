"""The bot's command menu, by scope and language, as the real server keeps and resolves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.errors import ApiError, bad_request
from sandbox.model import Bot, Chat, Json
from sandbox.params import Params

Scope = tuple[str, int, int]
"""Type, chat, user; 0 where the type names none."""

MOST = 100
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_WIDE = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
_OF_CHAT = {"chat", "chat_administrators", "chat_member"}


class CommandMethods:
    """`known`: whether the bot knows a chat of this id."""

    def __init__(self, known: Callable[[Bot, int], bool]) -> None:
        self.known = known
        self.all: dict[str, Callable[[Bot, Params], Any]] = {
            "setmycommands": self._set,
            "getmycommands": self._get,
            "deletemycommands": self._delete,
        }

    def _set(self, bot: Bot, params: Params) -> bool:
        commands = _commands(params)
        key = self._key(bot, params)
        bot.commands.pop(key, None)
        if commands:
            bot.commands[key] = commands
        return True

    def _get(self, bot: Bot, params: Params) -> list[Json]:
        return bot.commands.get(self._key(bot, params), [])

    def _delete(self, bot: Bot, params: Params) -> bool:
        bot.commands.pop(self._key(bot, params), None)
        return True

    def _key(self, bot: Bot, params: Params) -> tuple[Scope, str]:
        scope = _scope(params)
        language = params.text("language_code")
        if scope[1] and not self.known(bot, scope[1]):
            raise bad_request("chat not found")
        if scope[1] > 0 and scope[0] != "chat":
            raise bad_request("can't use specified scope in private chats")
        if not _LANGUAGE.fullmatch(language):
            raise bad_request("invalid language code specified")
        return scope, language


@dataclass(frozen=True)
class Viewer:
    """Who looks at the menu, and where: in a private chat `chat_id` is the person's own id."""

    user_id: int
    chat_id: int
    language: str = ""
    admin: bool = False


def menu(chat: Chat) -> list[Json]:
    """The commands this person's phone shows."""
    return shown_to(chat.bot, Viewer(chat.user.id, chat.user.id, chat.user.language))


def shown_to(bot: Bot, viewer: Viewer) -> list[Json]:
    """The first list that is set, from the narrowest scope to the widest, the person's language first."""
    for scope in _scopes(viewer):
        for language in dict.fromkeys((viewer.language[:2], "")):
            if found := bot.commands.get((scope, language)):
                return found
    return []


def _scopes(viewer: Viewer) -> Iterator[Scope]:
    here = viewer.chat_id
    if here > 0:
        yield from (("chat", here, 0), ("all_private_chats", 0, 0), ("default", 0, 0))
        return
    yield "chat_member", here, viewer.user_id
    if viewer.admin:
        yield "chat_administrators", here, 0
    yield "chat", here, 0
    if viewer.admin:
        yield "all_chat_administrators", 0, 0
    yield from (("all_group_chats", 0, 0), ("default", 0, 0))


def _scope(params: Params) -> Scope:
    try:
        given = params.value("scope")
    except ValueError:
        raise bad_request("can't parse BotCommandScope JSON object") from None
    if given is None:
        return "default", 0, 0
    if not isinstance(given, dict):
        raise _unread("BotCommandScope must be an Object")
    kind = given.get("type")
    if kind in _WIDE:
        return kind, 0, 0
    if kind not in _OF_CHAT:
        raise _unread('Can\'t find field "type"' if kind is None else "Unsupported type specified")
    if not given.get("chat_id"):
        raise _unread("Empty chat_id specified" if "chat_id" in given else 'Can\'t find field "chat_id"')
    return kind, Params(given).integer("chat_id"), _member(given) if kind == "chat_member" else 0


def _member(given: Json) -> int:
    if "user_id" not in given:
        raise _unread('Can\'t find field "user_id"')
    if (user_id := Params(given).integer("user_id")) <= 0:
        raise _unread("Invalid user_id specified")
    return user_id


def _unread(reason: str) -> ApiError:
    return bad_request(f"can't parse BotCommandScope: {reason}")


def _commands(params: Params) -> list[Json]:
    try:
        given = params.value("commands")
    except ValueError:
        raise bad_request("can't parse commands JSON object") from None
    if given is not None and not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    commands = [_command(command) for command in given or []]
    if len(commands) > MOST:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return commands


def _command(value: Any) -> Json:
    if not isinstance(value, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    for field in ("command", "description"):
        if field not in value:
            raise bad_request(f"can't parse BotCommand: Can't find field \"{field}\"")
    name = str(value["command"]).strip().removeprefix("/")
    description = str(value["description"]).strip()
    for what, said, most in (("command", name, 32), ("command description", description, 256)):
        if not said:
            raise bad_request(f"{what} must be non-empty")
        if len(said) > most:
            raise bad_request(f"{what} length must not exceed {most}")
    if not _NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}
