"""An independent client, aiogram, finds the Bot API here too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)

from sandbox import Fault, Phone, SandboxServer, too_many_requests

from .cast import PRINCIPAL, TOKEN

SUBMIT = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="提交", callback_data="s:1")]])


async def test_get_me_and_webhook_methods(aio: Bot) -> None:
    me = await aio.get_me()
    assert (me.id, me.username) == (7000000001, "duban_bot")
    assert await aio.delete_webhook(drop_pending_updates=True)
    assert (await aio.get_webhook_info()).url == ""


async def test_send_edit_delete(aio: Bot, phone: Phone) -> None:
    asked = await phone.say("520人")
    sent = await aio.send_message(
        PRINCIPAL,
        "<b>请核对</b>",
        parse_mode="HTML",
        reply_markup=SUBMIT,
        reply_parameters=ReplyParameters(message_id=asked.id),
        protect_content=True,
    )
    assert sent.html_text == "<b>请核对</b>"
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == SUBMIT.model_dump()
    assert sent.reply_to_message is not None
    assert sent.date > datetime(2026, 9, 9, tzinfo=UTC)
    edited = await aio.edit_message_text("✓ 已收到", chat_id=PRINCIPAL, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("✓ 已收到", None)
    put_back = await aio.edit_message_reply_markup(chat_id=PRINCIPAL, message_id=sent.message_id, reply_markup=SUBMIT)
    assert isinstance(put_back, Message)
    assert phone.last.buttons == ["提交"]
    assert await aio.delete_message(PRINCIPAL, sent.message_id)
    assert phone.received == []


async def test_keyboards_commands_and_actions(aio: Bot, phone: Phone) -> None:
    keys = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="待办"), KeyboardButton(text="帮助")]])
    await aio.send_message(PRINCIPAL, "好", reply_markup=keys)
    assert phone.keyboard == [["待办", "帮助"]]
    await aio.send_message(PRINCIPAL, "好", reply_markup=ReplyKeyboardRemove())
    assert phone.keyboard == []
    menu = [BotCommand(command="todo", description="待办")]
    scope = BotCommandScopeChat(chat_id=PRINCIPAL)
    assert await aio.set_my_commands(menu, scope=scope)
    assert [c.model_dump() for c in await aio.get_my_commands(scope=scope)] == [c.model_dump() for c in menu]
    assert await aio.delete_my_commands(scope=scope)
    assert await aio.get_my_commands(scope=scope) == []
    assert await aio.send_chat_action(PRINCIPAL, "typing")


async def test_updates_and_the_answer_to_a_button(aio: Bot, phone: Phone) -> None:
    await aio.send_message(PRINCIPAL, "请核对", reply_markup=SUBMIT)
    await phone.press("提交")
    await phone.sticker()
    await phone.voice()
    await phone.block()
    pressed, sticker, voice, blocked = await aio.get_updates()
    assert pressed.callback_query is not None
    assert pressed.callback_query.data == "s:1"
    assert await aio.answer_callback_query(pressed.callback_query.id, text="好")
    assert (await phone.wait_answer()).text == "好"
    assert sticker.message is not None
    assert sticker.message.sticker is not None
    assert voice.message is not None
    assert voice.message.voice is not None
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert await aio.get_updates(offset=blocked.update_id + 1) == []


async def test_refusals_and_faults(aio: Bot, phone: Phone, sandbox: SandboxServer) -> None:
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await aio.send_message(PRINCIPAL, "字" * 4097)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await aio.send_message(42, "一")
    sandbox.inject(too_many_requests(5))
    with pytest.raises(TelegramRetryAfter) as caught:
        await aio.send_message(PRINCIPAL, "一")
    assert caught.value.retry_after == 5
    sandbox.inject(Fault("error", "sendMessage"))
    with pytest.raises(TelegramServerError):
        await aio.send_message(PRINCIPAL, "一")
    sandbox.inject(Fault("lost", "sendMessage"))
    with pytest.raises(TelegramNetworkError):
        await aio.send_message(PRINCIPAL, "二")
    assert phone.texts == ["二"]
    await phone.block()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked"):
        await aio.send_message(PRINCIPAL, "一")


async def test_tokens_and_conflicts(aio: Bot, phone: Phone) -> None:
    poll = asyncio.gather(aio.get_updates(timeout=20), return_exceptions=True)
    await asyncio.sleep(0.05)
    await aio.get_updates()
    assert isinstance((await poll)[0], TelegramConflictError)
    stranger = Bot("7000000009:unknown-token", session=aio.session)
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()


async def test_a_whole_dispatcher_polling(aio: Bot, sandbox: SandboxServer) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart(deep_link=True))
    async def greet(message: Message) -> None:
        await message.answer("您好", reply_markup=SUBMIT)

    @dispatcher.callback_query()
    async def submitted(query: CallbackQuery) -> None:
        await query.answer("好")
        assert isinstance(query.message, Message)
        await query.message.edit_text("✓ 已收到")

    phone = sandbox.phone(TOKEN, PRINCIPAL, "王建国")
    polling = asyncio.gather(
        dispatcher.start_polling(aio, handle_signals=False, close_bot_session=False, polling_timeout=5)
    )
    await phone.start("abc")
    await phone.wait_for("您好")
    await phone.press("提交")
    assert (await phone.wait_for("已收到")).edited
    await dispatcher.stop_polling()
    await polling
