"""The command menu: which list a phone shows, and what the server refuses to keep."""

from __future__ import annotations

import pytest
from aiogram import Bot as AiogramBot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand as AioCommand
from aiogram.types import BotCommandScopeAllGroupChats as AioGroups
from aiogram.types import BotCommandScopeChat as AioChat
from aiogram.types import BotCommandScopeChatMember as AioMember
from telegram import (
    Bot,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
)
from telegram.error import BadRequest

from sandbox import BotProfile, Phone, SandboxServer
from sandbox.commands import Scope, Viewer, menu, shown_to
from sandbox.model import Bot as KnownBot
from sandbox.updates import UpdateQueue

from .cast import NOBODY, OTHER_TOKEN, PRINCIPAL, TOKEN
from .conftest import Raw

GROUP = -1001


def named(phone: Phone) -> str:
    return " ".join(one["command"] for one in menu(phone.chat))


async def test_the_narrowest_list_in_the_own_language_is_shown(ptb: Bot, phone: Phone, sandbox: SandboxServer) -> None:
    lists = [
        ("default", None, None), ("default_zh", None, "zh"),
        ("private", BotCommandScopeAllPrivateChats(), None), ("private_zh", BotCommandScopeAllPrivateChats(), "zh"),
        ("own", BotCommandScopeChat(PRINCIPAL), None), ("own_zh", BotCommandScopeChat(PRINCIPAL), "zh"),
    ]  # fmt: skip
    english = sandbox.phone(TOKEN, sandbox.add_user(NOBODY, "Wang", language="en").id)
    assert await ptb.set_my_commands([("group", "群")], BotCommandScopeAllGroupChats())
    assert await ptb.set_my_commands([("english", "English")], BotCommandScopeChat(PRINCIPAL), "en")
    assert named(phone) == ""
    for name, scope, language in lists:
        await ptb.set_my_commands([(name, "说明")], scope, language)
        assert named(phone) == name
    assert named(english) == "private"
    assert named(sandbox.phone(OTHER_TOKEN, PRINCIPAL)) == ""
    after = ["own", "private_zh", "private", "default_zh", "default", ""]
    for (_, scope, language), next_shown in zip(reversed(lists), after, strict=True):
        assert await ptb.delete_my_commands(scope, language)
        assert named(phone) == next_shown


async def test_an_empty_list_is_no_list(aio: AiogramBot, phone: Phone) -> None:
    own = AioChat(chat_id=PRINCIPAL)
    await aio.set_my_commands([AioCommand(command="/todo", description="待办")])
    await aio.set_my_commands([AioCommand(command="mine", description="我的")], scope=own, language_code="zh")
    assert [one.command for one in await aio.get_my_commands(scope=own, language_code="zh")] == ["mine"]
    assert await aio.get_my_commands(scope=own) == []
    assert await aio.set_my_commands([], scope=own, language_code="zh")
    assert named(phone) == "todo"
    assert await aio.set_my_commands([AioCommand(command="group", description="群")], scope=AioGroups())
    assert [one.command for one in await aio.get_my_commands(scope=AioGroups())] == ["group"]


IN_GROUPS: list[tuple[Scope, str]] = [
    (("default", 0, 0), "default"), (("all_group_chats", 0, 0), "groups"),
    (("all_chat_administrators", 0, 0), "admins"), (("chat", GROUP, 0), "here"),
    (("chat_administrators", GROUP, 0), "our_admins"), (("chat_member", GROUP, 5), "me"),
]  # fmt: skip


def test_the_order_in_groups() -> None:
    bot = KnownBot(BotProfile(TOKEN), UpdateQueue(1))
    bot.commands[("all_private_chats", 0, 0), ""] = [{"command": "private"}]

    def sees(admin: bool, user: int = 6) -> str:
        return "".join(one["command"] for one in shown_to(bot, Viewer(user, GROUP, "zh-hans", admin)))

    seen = []
    for scope, name in IN_GROUPS:
        bot.commands[scope, "zh"] = [{"command": name}]
        seen.append((sees(admin=False), sees(admin=True), sees(admin=False, user=5)))
    assert seen == [
        ("default", "default", "default"), ("groups", "groups", "groups"), ("groups", "admins", "groups"),
        ("here", "here", "here"), ("here", "our_admins", "here"), ("here", "our_admins", "me"),
    ]  # fmt: skip
    bot.commands[("chat_member", GROUP, 5), ""] = [{"command": "any_language"}]
    del bot.commands[("chat_member", GROUP, 5), "zh"]
    assert sees(admin=True, user=5) == "any_language"


COMMANDS = [
    ([{"command": "Todo!", "description": "待办"}], "BOT_COMMAND_INVALID"),
    ([{"command": "todo", "description": ""}], "command description must be non-empty"),
    ([{"command": "", "description": "待办"}], "command must be non-empty"),
    ([{"command": "x" * 33, "description": "待办"}], "command length must not exceed 32"),
    ([{"command": "x", "description": "字" * 257}], "command description length must not exceed 256"),
    ([{"command": "x"}], "can't parse BotCommand: Can't find field \"description\""),
    ([{"command": "x", "description": "一"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
    (["todo"], "can't parse BotCommand: expected an Object"),
    ({}, "expected an Array of BotCommand"),
    ("[", "can't parse commands JSON object"),
]


@pytest.mark.parametrize(("commands", "reason"), COMMANDS)
async def test_commands_that_are_refused(raw: Raw, commands: object, reason: str) -> None:
    answer = await raw("setMyCommands", commands=commands)
    assert answer["description"] == f"Bad Request: {reason}"
    assert (await raw("getMyCommands"))["result"] == []


UNREAD = "can't parse BotCommandScope: "
SCOPES = [
    ("{", "can't parse BotCommandScope JSON object"),
    ([1], UNREAD + "BotCommandScope must be an Object"),
    ({}, UNREAD + 'Can\'t find field "type"'),
    ({"type": "nobody"}, UNREAD + "Unsupported type specified"),
    ({"type": "chat"}, UNREAD + 'Can\'t find field "chat_id"'),
    ({"type": "chat", "chat_id": ""}, UNREAD + "Empty chat_id specified"),
    ({"type": "chat", "chat_id": 42}, "chat not found"),
    ({"type": "chat_member", "chat_id": PRINCIPAL}, UNREAD + 'Can\'t find field "user_id"'),
    ({"type": "chat_member", "chat_id": PRINCIPAL, "user_id": -1}, UNREAD + "Invalid user_id specified"),
    ({"type": "chat_member", "chat_id": PRINCIPAL, "user_id": 5}, "can't use specified scope in private chats"),
]


@pytest.mark.parametrize(("scope", "reason"), SCOPES)
@pytest.mark.parametrize("method", ["setMyCommands", "getMyCommands", "deleteMyCommands"])
async def test_scopes_that_are_refused(raw: Raw, phone: Phone, scope: object, reason: str, method: str) -> None:
    answer = await raw(method, scope=scope, commands=[{"command": "x", "description": "一"}])
    assert answer["description"] == f"Bad Request: {reason}"


async def test_both_libraries_are_told(ptb: Bot, aio: AiogramBot, phone: Phone) -> None:
    with pytest.raises(BadRequest, match="Can't use specified scope in private chats"):
        await ptb.set_my_commands([("x", "一")], BotCommandScopeChatAdministrators(PRINCIPAL))
    with pytest.raises(TelegramBadRequest, match="can't use specified scope in private chats"):
        await aio.set_my_commands([], scope=AioMember(chat_id=PRINCIPAL, user_id=PRINCIPAL))
    with pytest.raises(BadRequest, match="Invalid language code specified"):
        await ptb.get_my_commands(language_code="zh-hans")
