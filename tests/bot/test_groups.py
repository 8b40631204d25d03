"""Groups: nothing is taken or shown there, codes shown there are void, and the bot goes along when a group moves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from db.ids import new_id
from db.tables import Account, Answer, Card, Chat, Fate, Inbox, Invitation, Outbox, WrongCode
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import Fault, Gathering, Phone
from services import groups
from services.invitations import invite
from services.outbox import Recipient, queue
from tests.bot.conftest import Talk
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, STRANGER, County, at
from tests.stage import TOKEN, Stage

SMALL, BIG = -4001, -1_001_234_567_890


@pytest.fixture
async def group(stage: Stage) -> Gathering:
    """The principals' group; the bot was added and has introduced itself."""
    made = stage.server.group(TOKEN, BIG, "校长群")
    await made.add_bot(by=CLERK)
    await stage.settled()
    return made


async def later(stage: Stage, minutes: int = 61) -> None:
    await stage.tick(stage.clock.now() + timedelta(minutes=minutes))


async def outbox_of(stage: Stage, *chats: int) -> list[Outbox]:
    rows: list[Outbox] = await stage.rows(Outbox, col(Outbox.chat_id).in_(chats))
    return sorted(rows, key=lambda row: row.id)


async def test_added_it_says_once_who_it_is_and_where_to_report(stage: Stage, group: Gathering) -> None:
    [hello] = group.received
    assert hello.text == ("各位好,我是云溪县教育局的报送助手:报数、查待办请点下面的按钮到私聊里办,群里说的不记录。")
    assert hello.buttons == ["到私聊里办"]
    [call] = stage.server.calls("sendMessage", chat_id=BIG)
    assert "https://t.me/duban_bot?start=group" in str(call.params["reply_markup"])
    await group.promote_bot()
    await group.join(PRINCIPAL)
    await group.leave(PRINCIPAL)
    await stage.settled()
    assert len(group.received) == 1


async def test_the_button_of_the_group_welcomes_whoever_is_known(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("/start group", "待报2项"))
    stranger = stage.phone(STRANGER)
    await stranger.start("group")
    await stage.settled()
    assert "尚未登记" in stranger.last.text
    assert await stage.rows(WrongCode) == []


async def test_a_hundred_commands_are_answered_once_in_a_while(stage: Stage, group: Gathering) -> None:
    await later(stage)
    for number in range(100):
        await group.say(1000 + number, "/todo@duban_bot")
    await stage.settled()
    assert len(group.received) == 2
    await later(stage, 59)
    await group.say(PRINCIPAL, "@duban_bot 在吗")
    await stage.settled()
    await later(stage, 2)
    assert len(group.received) == 2
    await group.say(STRANGER, "@duban_bot 在吗")
    await stage.settled()
    assert len(group.received) == 3


async def test_talk_is_not_answered_even_without_privacy_mode(stage: Stage, group: Gathering) -> None:
    await later(stage)
    group.group.privacy = False
    for who, text in (
        (PRINCIPAL, "大家中午好"),
        (STRANGER, "下午3点开会"),
        (PRINCIPAL, "/todo@other_bot"),
        (CLERK, "收到"),
    ):
        await group.say(who, text)
    await stage.settled()
    assert len(group.received) == 1
    assert [row for row in await outbox_of(stage, PRINCIPAL, STRANGER, CLERK) if row.kind == "say"] == []


async def test_a_report_in_the_group_is_asked_for_in_private(stage: Stage, talk: Talk, group: Gathering) -> None:
    someone = await talk(PRINCIPAL)
    before = len(group.received)
    await group.say(PRINCIPAL, "@duban_bot 参演学生520人,用时110秒")
    await group.say(PRINCIPAL, "@duban_bot 参演学生530人")
    await stage.settled()
    assert someone.last.text == "王校长,您刚才在群里说的没有记录(群里人人看得见),请在这里再说一遍。"
    assert sum("没有记录" in text for text in someone.phone.texts) == 1
    assert len(group.received) == before
    assert await stage.rows(Answer) == []
    await someone.play(("参演学生520人,用时110秒", "520"))


async def test_without_privacy_mode_a_report_is_noticed_but_not_talk(
    stage: Stage, talk: Talk, group: Gathering
) -> None:
    group.group.privacy = False
    someone = await talk(PRINCIPAL)
    await group.say(PRINCIPAL, "下午3点在三楼开会")
    await stage.settled()
    assert not any("没有记录" in text for text in someone.phone.texts)
    await group.say(PRINCIPAL, "我校参演学生520人,用时110秒")
    await stage.settled()
    assert "没有记录" in someone.last.text
    assert await stage.rows(Answer) == []


async def test_what_is_said_in_a_group_is_not_kept(stage: Stage, group: Gathering) -> None:
    await group.say(PRINCIPAL, "@duban_bot 参演学生520人")
    await stage.settled()
    rows = await stage.rows(Inbox, col(Inbox.chat_id) == BIG)
    assert len(rows) == 3
    assert all(row.raw == {"update_id": row.update_id} for row in rows)


async def shown(stage: Stage, county: County, name: str = "王建国") -> tuple[str, str]:
    async with stage.database.write() as session:
        code = await invite(session, county.bureau_id, county.people[name], stage.clock.now())
    return code.link, code.digits


@pytest.mark.parametrize(
    "words",
    [
        "{digits}", "本校的码 {first} {second} 谁来试试", "/start {link}", "/start@duban_bot {link}",
        "请点 https://t.me/duban_bot?start={link} 开通",
        "王校长:局里启用报送助手,扫不开,在助手里发这8位码:{first} {second}。本码仅供清河镇九年一贯制学校,请勿转发。",
    ],
)  # fmt: skip
async def test_a_code_shown_in_a_group_is_void(stage: Stage, county: County, group: Gathering, words: str) -> None:
    group.group.privacy = False
    clerk = stage.phone(CLERK)
    await clerk.start()
    link, digits = await shown(stage, county)
    await group.say(CLERK, words.format(link=link, digits=digits, first=digits[:4], second=digits[4:]))
    await stage.settled()
    said = group.received[-1]
    assert said.text == "邀请码在群里人人看得见,这个码已作废;请向局办公室换一个新的,在私聊里发给我。"
    assert said.buttons == ["到私聊里办"]
    assert "王建国的邀请码被发到了群里,已作废" in clerk.last.text
    thief = stage.phone(STRANGER)
    await thief.start(link)
    await thief.say(digits)
    await stage.settled()
    assert [("已用过或已过期" in text) for text in thief.texts] == [True, True]


async def test_other_numbers_in_a_group_disturb_nobody(stage: Stage, county: County, group: Gathering) -> None:
    """Not counted against the bureau, and after a few no longer looked up."""
    await later(stage)
    group.group.privacy = False
    for number in range(30):
        await group.say(STRANGER, f"电话 6655{number:04}")
    await group.say(STRANGER, "20261118 开会,12345678901")
    _, digits = await shown(stage, county)
    await stage.settled()
    tries = await stage.rows(WrongCode)
    assert len(tries) == 5
    assert all(row.known for row in tries)
    newcomer = stage.phone(301)
    await newcomer.start()
    await newcomer.say(digits)
    await stage.settled()
    assert "请核对" in newcomer.last.text
    assert len(group.received) == 1


async def test_a_task_handed_over_in_a_group_goes_back_to_the_principal(
    stage: Stage, talk: Talk, group: Gathering
) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[交给他人办]", ""))
    for label in ("1", "这一次"):
        button = next((b for b in someone.last.buttons if label in b), None)
        if button:
            await someone.press(button)
    await stage.settled()
    digits = _digits_in(someone.phone)
    group.group.privacy = False
    await group.say(PRINCIPAL, f"张主任请填:{digits}")
    await stage.settled()
    assert "已作废" in group.received[-1].text
    assert "您请同事填" in someone.last.text
    assert "换一个新的" in someone.last.text


def _digits_in(phone: Phone) -> str:
    found = [m[0] for text in phone.texts for m in re.finditer(r"(?<!\d)\d{4} \d{4}(?!\d)", text)]
    assert found, phone.dump()
    return found[-1]


async def test_buttons_in_a_group_do_nothing(stage: Stage, talk: Talk, group: Gathering) -> None:
    someone = await talk(PRINCIPAL)
    data = next(iter(someone.last.data.values()))
    query = await group.press_data(PRINCIPAL, group.received[0], data)
    await stage.settled()
    [answer] = [one for one in group.group.answers if one.query_id == query]
    assert "私聊" in answer.text
    assert await stage.rows(Card, col(Card.chat_id) == BIG) == []


# ---- coming and going


async def test_removed_what_waits_is_cancelled_and_remembered(stage: Stage, county: County, group: Gathering) -> None:
    await later(stage)
    stage.server.inject(Fault("error", "sendMessage", times=1, chat_id=BIG, code=429, description="Too Many Requests",
                              parameters={"retry_after": 3}))  # fmt: skip
    await group.say(PRINCIPAL, "/todo@duban_bot")
    await group.remove_bot()
    await stage.settled()
    assert [row.fate for row in await outbox_of(stage, BIG)] == [Fate.SENT, Fate.CANCELLED]
    [chat] = await stage.rows(Chat, col(Chat.id) == BIG)
    assert chat.left_at == stage.clock.now()
    await later(stage)
    await group.add_bot()
    await stage.settled()
    [chat] = await stage.rows(Chat, col(Chat.id) == BIG)
    assert chat.left_at is None
    assert len(group.received) == 2


async def test_a_send_refused_by_a_group_tells_that_we_are_out(stage: Stage, county: County, group: Gathering) -> None:
    group.group.standing = "kicked"
    async with stage.database.write() as session:
        for _ in range(3):
            await queue(session, Recipient(county.bureau_id, BIG), Say(phrase=Phrase.GROUP), stage.clock.now())
    await stage.settled()
    rows = await outbox_of(stage, BIG)
    assert [row.fate for row in rows] == [Fate.SENT, Fate.DEAD, Fate.CANCELLED, Fate.CANCELLED]
    assert rows[1].error == "Forbidden: bot was kicked from the supergroup chat"
    [chat] = await stage.rows(Chat, col(Chat.id) == BIG)
    assert chat.left_at is not None


# ---- the move


async def test_a_group_that_moves_is_followed(stage: Stage, county: County) -> None:
    old = stage.server.group(TOKEN, SMALL, "校长群")
    await old.add_bot()
    await stage.settled()
    new = await old.migrate()
    await new.say(STRANGER, "/help@duban_bot")
    await stage.settled()
    assert (len(old.received), len(new.received)) == (1, 0)  # told within the hour, wherever that was
    [row] = await stage.rows(Chat, col(Chat.id) == SMALL)
    assert row.moved_to == new.id
    await later(stage)
    await new.say(STRANGER, "/help@duban_bot")
    await stage.settled()
    assert len(new.received) == 1


async def test_a_send_to_the_old_id_goes_to_the_new_one(stage: Stage, county: County) -> None:
    """Even when the word of the move never came."""
    old = stage.server.group(TOKEN, SMALL)
    await old.add_bot()
    await stage.settled()
    stage.server.world.bot(TOKEN).queue.allowed = frozenset({"callback_query"})
    new = await old.migrate()
    async with stage.database.write() as session:
        for phrase in (Phrase.GROUP, Phrase.GROUP_CODE):
            await queue(session, Recipient(county.bureau_id, SMALL), Say(phrase=phrase), stage.clock.now())
    await stage.settled()
    assert ["各位好" in text for text in new.texts] == [True, False]
    assert [row.fate for row in await outbox_of(stage, SMALL, new.id)] == [Fate.SENT] * 3
    assert [row.chat_id for row in await outbox_of(stage, SMALL, new.id)] == [SMALL, new.id, new.id]


@pytest.mark.parametrize("times", [1, 2])
async def test_everything_that_names_the_group_moves_at_once(stage: Stage, county: County, times: int) -> None:
    bureau, new = county.bureau_id, BIG
    async with stage.database.write() as session:
        session.add_all(
            [
                Chat(bureau_id=bureau, id=SMALL, told_at=at("2026-11-18 08:00")),
                Chat(bureau_id=bureau, id=new, told_at=at("2026-11-18 07:00")),
                Card(bureau_id=bureau, chat_id=SMALL, key="a", message_id=5, revision=3),
                Card(bureau_id=bureau, chat_id=SMALL, key="b", message_id=6),
                Card(bureau_id=bureau, chat_id=new, key="b", message_id=1),
            ]
        )
        later = stage.clock.now() + timedelta(days=1)
        for update_id, chat, state in ((1, SMALL, "done"), (2, SMALL, "set_aside"), (3, SMALL, "pending")):
            session.add(Inbox(bureau_id=bureau, update_id=update_id, chat_id=chat, raw={"update_id": update_id},
                              received_at=stage.clock.now(), state=state))  # fmt: skip
        await session.flush()
        for fate in (Fate.SENT, Fate.PENDING):
            session.add(Outbox(bureau_id=bureau, id=new_id(), chat_id=SMALL, kind="say", payload={"phrase": "group"},
                               fate=fate.value, queued_at=stage.clock.now(), not_before=later))  # fmt: skip
        await session.flush()
        for _ in range(times):
            await groups.move(session, bureau, SMALL, new)
    cards = {(row.chat_id, row.key): (row.message_id, row.revision) for row in await stage.rows(Card)}
    assert cards == {(new, "a"): (None, 3), (new, "b"): (1, 0)}
    assert [(row.fate, row.chat_id) for row in await outbox_of(stage, SMALL, new)] == [
        ("sent", SMALL),
        ("pending", new),
    ]
    chats = {row.id: row for row in await stage.rows(Chat)}
    assert (chats[SMALL].moved_to, chats[new].told_at) == (new, at("2026-11-18 08:00"))
    await stage.settled()
    assert {row.update_id: row.chat_id for row in await stage.rows(Inbox)} == {1: SMALL, 2: SMALL, 3: new}


# ---- topics


async def test_an_answer_goes_into_its_topic(stage: Stage, group: Gathering) -> None:
    thread = await group.open_topic("安全")
    await later(stage)
    await group.say(STRANGER, "@duban_bot 在吗", thread=thread)
    await stage.settled()
    assert group.received[-1].thread == thread
    assert (await outbox_of(stage, BIG))[-1].thread_id == thread


@pytest.mark.parametrize("what", ["close", "delete"])
async def test_a_topic_that_is_gone_is_left_out(stage: Stage, county: County, group: Gathering, what: str) -> None:
    thread = await group.open_topic("安全")
    await (group.close_topic(thread) if what == "close" else group.delete_topic(thread))
    async with stage.database.write() as session:
        to = Recipient(county.bureau_id, BIG, thread_id=thread)
        await queue(session, to, Say(phrase=Phrase.GROUP), stage.clock.now())
    await stage.settled()
    assert [message.thread for message in group.received] == [None, None]
    assert [row.fate for row in await outbox_of(stage, BIG)] == [Fate.SENT, Fate.SENT]


async def test_a_group_without_any_topic_that_says_so_is_given_up(
    stage: Stage, county: County, group: Gathering
) -> None:
    said = "Bad Request: message thread not found"
    stage.server.inject(Fault("error", "sendMessage", times=-1, chat_id=BIG, code=400, description=said))
    async with stage.database.write() as session:
        to = Recipient(county.bureau_id, BIG, thread_id=7)
        await queue(session, to, Say(phrase=Phrase.GROUP), stage.clock.now())
    await stage.settled()
    last = (await outbox_of(stage, BIG))[-1]
    assert (last.fate, last.attempts) == (Fate.DEAD, 2)


# ---- when something breaks


async def test_a_group_hears_nothing_of_our_troubles(
    stage: Stage, group: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(groups, "heard", broken)
    monkeypatch.setattr("services.intake.FIRST_BACKOFF", 0.01)
    await group.say(STRANGER, "@duban_bot 在吗")
    await stage.settled()
    [aside] = await stage.rows(Inbox, col(Inbox.state) == "set_aside")
    assert aside.raw == {"update_id": aside.update_id}
    assert len(group.received) == 1


async def test_whoever_cannot_be_reached_is_answered_in_the_group(
    stage: Stage, county: County, group: Gathering
) -> None:
    await later(stage)
    async with stage.database.write() as session:
        mine = col(Account.external_id) == SECOND_PRINCIPAL
        await session.execute(update(Account).where(mine).values(unreachable="blocked"))
    await group.say(SECOND_PRINCIPAL, "@duban_bot 参演学生300人")
    await stage.settled()
    assert len(group.received) == 2
    assert [row for row in await outbox_of(stage, SECOND_PRINCIPAL) if row.kind == "say"] == []


async def test_no_code_row_is_left_good(stage: Stage, county: County, group: Gathering) -> None:
    link, _ = await shown(stage, county)
    await group.say(CLERK, f"/start {link}")
    await stage.settled()
    rows = await stage.rows(Invitation)
    assert all(row.expires_at <= stage.clock.now() and row.digits_hash is None for row in rows)
