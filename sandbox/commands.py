"""The bot's command menu, by scope and language."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.errors import bad_request
from sandbox.model import Bot, Chat, Json
from sandbox.params import Params

_NAME = re.compile(r"[a-z0-9_]{1,32}")


def set_commands(bot: Bot, params: Params) -> bool:
    try:
        given = params.value("commands")
    except ValueError:
        raise bad_request("can't parse commands JSON object") from None
    if given is not None and not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    bot.commands[_key(params)] = [_command(command) for command in given or []]
    return True


def get_commands(bot: Bot, params: Params) -> list[Json]:
    return bot.commands.get(_key(params), [])


def delete_commands(bot: Bot, params: Params) -> bool:
    bot.commands.pop(_key(params), None)
    return True


def menu(chat: Chat) -> list[Json]:
    """The commands this person's phone shows: the narrowest scope that has any."""
    scopes: list[Json] = [{"type": "chat", "chat_id": chat.user.id}, {"type": "all_private_chats"}, {"type": "default"}]
    for scope in scopes:
        for language in ("zh", ""):
            if shown := chat.bot.commands.get(_scope_key(scope, language)):
                return shown
    return []


def _command(value: Any) -> Json:
    if not isinstance(value, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(value.get("command", "")).strip().removeprefix("/")
    description = str(value.get("description", "")).strip()
    if not name:
        raise bad_request("command must be non-empty")
    if not description:
        raise bad_request("command description must be non-empty")
    if not _NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": name, "description": description}


def _key(params: Params) -> str:
    try:
        scope = params.value("scope") or {"type": "default"}
    except ValueError:
        raise bad_request("can't parse BotCommandScope JSON object") from None
    return _scope_key(scope, params.text("language_code"))


def _scope_key(scope: Json, language: str) -> str:
    place = [scope.get("type"), str(scope.get("chat_id", "")), str(scope.get("user_id", ""))]
    return json.dumps([*place, language])
