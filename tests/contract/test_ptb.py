"""Every method with the unmodified python-telegram-bot."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes

from sandbox import Fault, Phone, SandboxServer, too_many_requests

from .cast import PRINCIPAL, TOKEN

SUBMIT = InlineKeyboardMarkup(
    [[InlineKeyboardButton("提交", callback_data="s:1"), InlineKeyboardButton("修改", callback_data="e:1")]]
)


async def test_get_me(ptb: Bot) -> None:
    me = await ptb.get_me()
    assert (me.id, me.is_bot, me.username, me.first_name) == (7000000001, True, "duban_bot", "督办")


async def test_send_message_with_html_and_buttons(ptb: Bot, phone: Phone) -> None:
    sent = await ptb.send_message(
        PRINCIPAL,
        "𠮷 <b>请核对</b> &lt;1&gt;",
        parse_mode="HTML",
        reply_markup=SUBMIT,
        protect_content=True,
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert sent.text == "𠮷 请核对 <1>"
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [("bold", 3, 3)]
    assert sent.reply_markup == SUBMIT
    assert sent.chat.id == PRINCIPAL
    shown = phone.last
    assert (shown.buttons, shown.protected, shown.silent) == (["提交", "修改"], True, True)


async def test_reply_keyboard_comes_and_goes(ptb: Bot, phone: Phone) -> None:
    await ptb.send_message(PRINCIPAL, "好", reply_markup=ReplyKeyboardMarkup([["待办", "已报"], ["帮助"]]))
    assert phone.keyboard == [["待办", "已报"], ["帮助"]]
    await phone.say("待办")
    assert phone.keyboard == [["待办", "已报"], ["帮助"]]
    await ptb.send_message(PRINCIPAL, "好", reply_markup=ReplyKeyboardRemove())
    assert phone.keyboard == []


async def test_reply_to_a_message(ptb: Bot, phone: Phone) -> None:
    asked = await phone.say("520人")
    sent = await ptb.send_message(PRINCIPAL, "记下了", reply_parameters=ReplyParameters(asked.id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "520人"
    again = await ptb.send_message(
        PRINCIPAL, "记下了", reply_parameters=ReplyParameters(999, allow_sending_without_reply=True)
    )
    assert again.reply_to_message is None


async def test_edit_text_then_markup_then_delete(ptb: Bot, phone: Phone) -> None:
    sent = await ptb.send_message(PRINCIPAL, "草稿", reply_markup=SUBMIT)
    edited = await ptb.edit_message_text("草稿2", PRINCIPAL, sent.message_id, reply_markup=SUBMIT)
    assert (edited.text, edited.edit_date is not None) == ("草稿2", True)
    assert phone.last.edited
    bare = await ptb.edit_message_reply_markup(PRINCIPAL, sent.message_id)
    assert bare.reply_markup is None
    assert phone.last.buttons == []
    assert await ptb.delete_message(PRINCIPAL, sent.message_id)
    assert phone.received == []


async def test_callback_query_and_its_answer(ptb: Bot, phone: Phone) -> None:
    sent = await ptb.send_message(PRINCIPAL, "请核对", reply_markup=SUBMIT)
    query_id = await phone.press("提交")
    (update,) = await ptb.get_updates()
    query = update.callback_query
    assert query is not None
    assert (query.id, query.data, query.from_user.id) == (query_id, "s:1", PRINCIPAL)
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    await query.answer("已提交", show_alert=True)
    answer = await phone.wait_answer()
    assert (answer.text, answer.alert) == ("已提交", True)


async def test_stale_button_of_a_deleted_message(ptb: Bot, phone: Phone) -> None:
    sent = await ptb.send_message(PRINCIPAL, "旧", reply_markup=SUBMIT)
    await sent.delete()
    await phone.press_data("s:1", on=sent.message_id)
    (update,) = await ptb.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.message is not None
    assert not update.callback_query.message.is_accessible


async def test_commands_by_scope(ptb: Bot, phone: Phone) -> None:
    menu = [BotCommand("todo", "待办")]
    scope = BotCommandScopeAllPrivateChats()
    await ptb.set_my_commands(menu, scope=scope)
    assert list(await ptb.get_my_commands(scope=scope)) == menu
    assert list(await ptb.get_my_commands()) == []
    assert await ptb.set_my_commands([("digest", "汇总")], scope=BotCommandScopeChat(PRINCIPAL))
    assert await ptb.delete_my_commands(scope=scope)
    assert list(await ptb.get_my_commands(scope=scope)) == []


async def test_chat_action_and_webhook_methods(ptb: Bot, phone: Phone) -> None:
    assert await ptb.send_chat_action(PRINCIPAL, "typing")
    await phone.say("1")
    info = await ptb.get_webhook_info()
    assert (info.url, info.pending_update_count) == ("", 1)
    assert await ptb.delete_webhook(drop_pending_updates=True)
    assert (await ptb.get_webhook_info()).pending_update_count == 0


async def test_what_people_do_arrives_as_updates(ptb: Bot, phone: Phone) -> None:
    await phone.start("INVITE_1-x")
    asked = await phone.say("/todo@duban_bot 9月")
    await phone.reply(asked, "520")
    await phone.sticker()
    await phone.voice(7)
    await phone.block()
    await phone.start()
    updates = await ptb.get_updates(allowed_updates=Update.ALL_TYPES)
    assert [u.update_id for u in updates] == list(range(updates[0].update_id, updates[0].update_id + 8))
    start, todo, answer, sticker, voice = (u.message for u in updates[:5])
    assert start.text == "/start INVITE_1-x"
    assert [(e.type, e.offset, e.length) for e in start.entities] == [("bot_command", 0, 6)]
    assert todo.parse_entities() == {todo.entities[0]: "/todo@duban_bot"}
    assert answer.reply_to_message.message_id == asked.id
    assert (sticker.sticker.emoji, voice.voice.duration) == ("👍", timedelta(seconds=7))
    kicked, member = (u.my_chat_member for u in updates[5:7])
    assert (kicked.new_chat_member.status, member.new_chat_member.status) == ("kicked", "member")
    assert updates[7].message.text == "/start"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", BadRequest), ("字" * 4097, BadRequest)],
)
async def test_refusals_become_exceptions(ptb: Bot, phone: Phone, text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        await ptb.send_message(PRINCIPAL, text)


async def test_blocked_is_forbidden(ptb: Bot, phone: Phone) -> None:
    await phone.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await ptb.send_message(PRINCIPAL, "在吗")


async def test_a_wrong_token(sandbox: SandboxServer) -> None:
    bot = Bot("7000000009:not-a-known-token", base_url=sandbox.api_url)
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


async def test_two_pollers_conflict(ptb: Bot, phone: Phone, sandbox: SandboxServer) -> None:
    first = asyncio.gather(ptb.get_updates(timeout=20), return_exceptions=True)
    await asyncio.sleep(0.05)
    async with Bot(TOKEN, base_url=sandbox.api_url) as second:
        await second.get_updates(timeout=0)
    (outcome,) = await first
    assert isinstance(outcome, Conflict)


async def test_scripted_faults(ptb: Bot, phone: Phone, sandbox: SandboxServer) -> None:
    sandbox.inject(too_many_requests(7, "sendMessage"))
    with pytest.raises(RetryAfter) as caught:
        await ptb.send_message(PRINCIPAL, "一")
    assert caught.value.retry_after == timedelta(seconds=7)
    sandbox.inject(Fault("error", "sendMessage", code=502, description="Bad Gateway", chat_id=PRINCIPAL))
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await ptb.send_message(PRINCIPAL, "二")
    sandbox.inject(Fault("drop", "sendMessage"))
    with pytest.raises(NetworkError):
        await ptb.send_message(PRINCIPAL, "三")
    assert phone.texts == []
    sandbox.inject(Fault("lost", "sendMessage"))
    with pytest.raises(NetworkError):
        await ptb.send_message(PRINCIPAL, "四")
    sandbox.inject(Fault("latency", "sendMessage", delay=0.3))
    with pytest.raises(TimedOut):
        await ptb.send_message(PRINCIPAL, "五", read_timeout=0.1)
    await phone.wait_for("五")
    assert phone.texts == ["四", "五"]
    assert [c.fate for c in sandbox.calls("sendMessage")] == ["fault", "fault", "dropped", "lost", "ok"]


async def _greet(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.effective_chat.send_message(f"您好 {' '.join(context.args or [])}", reply_markup=SUBMIT)


async def _submitted(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    await update.callback_query.answer("好")
    await update.callback_query.edit_message_text("✓ 已收到")


async def test_a_whole_application_polling(sandbox: SandboxServer) -> None:
    app = Application.builder().token(TOKEN).base_url(sandbox.api_url).build()
    app.add_handler(CommandHandler("start", _greet))
    app.add_handler(CallbackQueryHandler(_submitted))
    phone = sandbox.phone(TOKEN, PRINCIPAL, "王建国")
    async with app:
        await app.start()
        await app.updater.start_polling(timeout=5)
        await phone.start("abc")
        await phone.wait_for("您好 abc")
        await phone.press("提")
        assert (await phone.wait_answer()).text == "好"
        shown = await phone.wait_for("已收到")
        assert shown.edited
        assert shown.buttons == []
        await app.updater.stop()
        await app.stop()
