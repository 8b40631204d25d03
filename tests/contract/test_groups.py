"""Groups as bots see them: who hears what, coming and going, the move to a supergroup, topics, shared contacts."""

from __future__ import annotations

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram.exceptions import TelegramForbiddenError, TelegramMigrateToChat
from telegram import Bot as PtbBot
from telegram import KeyboardButton, ReplyKeyboardMarkup, Update
from telegram.error import BadRequest, ChatMigrated, Forbidden

from sandbox import NoSuchButton, Phone, PhoneError, SandboxServer

from .cast import PRINCIPAL, TOKEN
from .conftest import Raw

SMALL, BIG = -4001, -1_001_234_567_890


async def heard(ptb: PtbBot, allowed: list[str] | None = None) -> list[Update]:
    updates = await ptb.get_updates(timeout=0, allowed_updates=allowed)
    if updates:
        await ptb.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    return list(updates)


async def test_a_bot_that_is_added_hears_of_it_twice(sandbox: SandboxServer, ptb: PtbBot) -> None:
    group = sandbox.group(TOKEN, SMALL, "校长群")
    with pytest.raises(BadRequest, match="Chat not found"):
        await ptb.send_message(SMALL, "在吗")
    await group.add_bot(by=PRINCIPAL)
    change, service = await heard(ptb)
    assert change.my_chat_member is not None
    assert change.my_chat_member.chat.type == "group"
    assert change.my_chat_member.from_user.id == PRINCIPAL
    assert (change.my_chat_member.old_chat_member.status, change.my_chat_member.new_chat_member.status) == (
        "left", "member",
    )  # fmt: skip
    assert service.message is not None
    assert [who.id for who in service.message.new_chat_members] == [ptb.id]
    sent = await ptb.send_message(SMALL, "各位好")
    assert sent.chat.title == "校长群"
    assert group.texts == ["各位好"]


@pytest.mark.parametrize(
    ("chat_id", "kicked", "says"),
    [
        (SMALL, True, "bot was kicked from the group chat"),
        (SMALL, False, "bot is not a member of the group chat"),
        (BIG, True, "bot was kicked from the supergroup chat"),
        (BIG, False, "bot is not a member of the supergroup chat"),
    ],
)
async def test_who_was_removed_may_not_write(
    sandbox: SandboxServer, ptb: PtbBot, aio: AiogramBot, chat_id: int, kicked: bool, says: str
) -> None:
    group = sandbox.group(TOKEN, chat_id)
    await group.add_bot()
    await group.remove_bot(kicked=kicked)
    changes = [update.my_chat_member for update in await heard(ptb) if update.my_chat_member]
    assert changes[-1].new_chat_member.status == ("kicked" if kicked else "left")
    with pytest.raises(Forbidden, match=says):
        await ptb.send_message(chat_id, "还在吗")
    with pytest.raises(TelegramForbiddenError, match=says):
        await aio.send_message(chat_id, "还在吗")
    assert group.texts == []


async def test_privacy_mode_lets_through_what_is_meant_for_the_bot(sandbox: SandboxServer, ptb: PtbBot) -> None:
    group = sandbox.group(TOKEN, BIG)
    await group.add_bot()
    sent = await ptb.send_message(BIG, "各位好")
    await heard(ptb)
    for text in (
        "中午开会",
        "@duban_bot 在吗",
        "@duban_bots 在吗",
        "/todo",
        "/todo@duban_bot",
        "/todo@other_bot",
        "😀 @Duban_Bot",
    ):
        await group.say(PRINCIPAL, text)
    await group.say(PRINCIPAL, "520人", reply_to=sent.message_id)
    await group.say(PRINCIPAL, "收到", reply_to=group.messages[2])
    texts = [update.message.text for update in await heard(ptb) if update.message]
    assert texts == ["@duban_bot 在吗", "/todo", "/todo@duban_bot", "😀 @Duban_Bot", "520人"]
    assert (await ptb.get_me()).can_read_all_group_messages is False
    group.group.privacy = False
    await group.say(PRINCIPAL, "散会")
    assert [update.message.text for update in await heard(ptb) if update.message] == ["散会"]


async def test_people_come_and_go(sandbox: SandboxServer, ptb: PtbBot) -> None:
    group = sandbox.group(TOKEN, BIG)
    await group.add_bot()
    await heard(ptb, ["message", "chat_member"])
    await group.join(PRINCIPAL)
    await group.promote_bot()
    await group.leave(PRINCIPAL)
    joined, left, change = await heard(ptb)
    assert joined.message is not None
    assert left.message is not None
    assert change.chat_member is not None
    assert joined.message.new_chat_members[0].id == PRINCIPAL
    assert left.message.left_chat_member is not None
    assert change.chat_member.new_chat_member.status == "left"


async def test_a_group_becomes_a_supergroup(sandbox: SandboxServer, ptb: PtbBot, aio: AiogramBot, raw: Raw) -> None:
    old = sandbox.group(TOKEN, SMALL, "校长群")
    await old.add_bot()
    await heard(ptb)
    new = await old.migrate()
    before, after = (update.message for update in await heard(ptb))
    assert before is not None
    assert after is not None
    assert (before.chat.id, before.migrate_to_chat_id) == (SMALL, new.id)
    assert (after.chat.id, after.migrate_from_chat_id, after.chat.type) == (new.id, SMALL, "supergroup")
    with pytest.raises(ChatMigrated) as moved:
        await ptb.send_message(SMALL, "各位好")
    assert moved.value.new_chat_id == new.id
    with pytest.raises(TelegramMigrateToChat):
        await aio.send_message(SMALL, "各位好")
    answer = await raw("sendMessage", chat_id=SMALL, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    await ptb.send_message(new.id, "各位好")
    assert new.texts == ["各位好"]
    with pytest.raises(PhoneError):
        await new.migrate()


async def test_topics(sandbox: SandboxServer, ptb: PtbBot) -> None:
    group = sandbox.group(TOKEN, BIG)
    await group.add_bot()
    thread = await group.open_topic("安全")
    await group.say(PRINCIPAL, "@duban_bot 在吗", thread=thread)
    said = (await heard(ptb))[-1].message
    assert said is not None
    assert (said.message_thread_id, said.is_topic_message, said.chat.is_forum) == (thread, True, True)
    sent = await ptb.send_message(BIG, "在", message_thread_id=thread)
    assert sent.message_thread_id == thread
    await ptb.send_message(BIG, "各位好")
    assert [message.thread for message in group.received] == [thread, None]
    with pytest.raises(BadRequest, match="Message thread not found"):
        await ptb.send_message(BIG, "在", message_thread_id=thread + 99)
    await group.close_topic(thread)
    with pytest.raises(BadRequest, match="Topic_closed"):
        await ptb.send_message(BIG, "在", message_thread_id=thread)
    await group.delete_topic(thread)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await ptb.send_message(BIG, "在", message_thread_id=thread)


async def test_a_contact_is_ones_own_or_somebody_elses(sandbox: SandboxServer, ptb: PtbBot, phone: Phone) -> None:
    with pytest.raises(NoSuchButton):
        await phone.share_contact()
    sandbox.add_user(PRINCIPAL, "王建国", phone="8612300000001")
    asking = ReplyKeyboardMarkup([[KeyboardButton("分享我的手机号", request_contact=True)]], one_time_keyboard=True)
    await ptb.send_message(PRINCIPAL, "请分享", reply_markup=asking)
    await phone.share_contact("分享我的手机号")
    await phone.send_contact("12300000002", "刘芳", 107)
    await phone.send_contact("12300000003", "孙强")
    contacts = [update.message.contact for update in await heard(ptb) if update.message]
    assert [(one.phone_number, one.user_id) for one in contacts if one] == [
        ("8612300000001", PRINCIPAL), ("12300000002", 107), ("12300000003", None),
    ]  # fmt: skip


async def test_groups_over_the_control_api(sandbox: SandboxServer, ptb: PtbBot) -> None:
    async with aiohttp.ClientSession(sandbox.url) as session:

        async def act(**body: object) -> dict:
            async with session.post("/control/groups", json={"bot": TOKEN, "chat": SMALL, **body}) as response:
                return await response.json()

        assert (await act(do="add_bot", title="校长群"))["bot"] == "member"
        said = await act(do="say", user=PRINCIPAL, text="/todo")
        assert said["messages"][-1]["text"] == "/todo"
        moved = await act(do="migrate")
        assert moved["type"] == "supergroup"
        async with session.get(f"/control/groups/{TOKEN.split(':')[0]}/{SMALL}") as response:
            assert (await response.json())["moved_to"] == moved["id"]
        assert "nobody knows" in (await act(do="dance"))["error"]
        assert "negative" in (await act(chat=5))["error"]
