"""Every kind of input through the real program over HTTP, by long poll and by webhook alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import col

from db.session import Database
from db.tables import Account, Answer, Bureau, Chat, Evidence, Inbox, Outbox, Report
from domain.indicators import Indicator, Kind
from sandbox import Photo
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, STOCK, STRANGER, County, add_task, at, invite_person, make_county
from tests.stage import TOKEN, Stage, on_stage

SMALL, BIG, CHANNEL = -4001, -1_001_234_567_890, -1_009_999_999_999


@pytest.fixture
async def county(sqlite: Database) -> County:
    county = await make_county(sqlite, at("2026-11-16 09:00"))
    photo = Indicator("env_photo", "校园环境照片", Kind.PHOTO, STOCK, short="照片")
    await add_task(sqlite, county, "env", "校园环境", (photo,))
    async with sqlite.write() as session:
        (await session.get_one(Bureau, county.bureau_id)).contact_sharing = True
    return county


@pytest.fixture(params=["polling", "webhook"])
async def stage(request: pytest.FixtureRequest, sqlite: Database, county: County) -> AsyncIterator[Stage]:
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00"), webhook=request.param == "webhook") as made:
        yield made
    rows = await all_rows(sqlite)
    assert {row.state for row in rows} <= {"done"}, [(row.raw, row.error) for row in rows if row.state != "done"]


async def all_rows(database: Database) -> list[Inbox]:
    from sqlalchemy import select

    async with database.read() as session:
        return list((await session.execute(select(Inbox))).scalars().all())


@pytest.fixture
async def principal(stage: Stage) -> Dialogue:
    """His three rounds are open and prompted."""
    someone = Dialogue(stage, stage.phone(PRINCIPAL))
    await someone.phone.start()
    await stage.settled()
    await stage.tick()
    return someone


async def test_text_command_and_button(stage: Stage, principal: Dialogue) -> None:
    await principal.play(("待办", "待报3项"), ("/help", "报送很简单"))
    await principal.play(
        ("班班通11/14个班,故障2台", "【请核对"), ("[提交]", "✓ 已收到"),
    )  # fmt: skip
    assert len([row for row in await stage.rows(Report) if row.state == "submitted"]) == 1


async def test_an_edited_message(stage: Stage, principal: Dialogue) -> None:
    await principal.play(("班班通11/14个班,故障2台", "故障2台"))
    mine = [message for message in principal.phone.messages if message.mine][-1]
    await principal.phone.edit(mine, "班班通11/14个班,故障3台")
    await stage.settled()
    assert "故障3台" in principal.last.text


async def test_a_deep_link(stage: Stage, county: County) -> None:
    someone = Dialogue(stage, stage.phone(301))
    await someone.phone.start(await invite_person(stage.database, county, "王建国", stage.clock.now()))
    await stage.settled()
    await someone.play(("[是我]", "王校长,已开通"))


async def test_photo_album_and_document(stage: Stage, principal: Dialogue) -> None:
    await principal.play(("[3 校园环境]", "请答"))
    await principal.phone.document("方案.pdf", b"%PDF-1.7\n%%EOF", "application/pdf")
    await principal.phone.album([Photo("教室"), Photo("食堂")])
    await stage.settled()
    async with asyncio.timeout(20):
        while [row.state for row in await stage.rows(Evidence)] != ["stored"] * 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await principal.phone.photo("操场")
    await stage.settled()
    assert len(await stage.rows(Evidence)) == 3
    assert "照片已有3张,够了" in principal.last.text
    await principal.phone.document("名单.exe", b"MZ")
    await stage.settled()
    assert len(await stage.rows(Evidence)) == 3
    assert "已填的都在" in principal.last.text


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("voice", "按键盘上的话筒可以说话变文字"),
        ("sticker", "请用文字或按钮回答"),
        ("location", "请用文字或按钮回答"),
        ("poll", "请用文字或按钮回答"),
        ("contact", "请用文字或按钮回答"),
    ],
)
async def test_what_is_no_answer_gets_one_sentence_and_loses_nothing(
    stage: Stage, principal: Dialogue, what: str, says: str
) -> None:
    await principal.play(("班班通11/14个班", "故障"))
    phone = principal.phone
    sends = {"voice": phone.voice, "sticker": phone.sticker, "location": phone.location}
    if what in sends:
        await sends[what]()
    elif what == "poll":
        await phone.poll("哪天开会", "周一", "周二")
    else:
        await phone.send_contact("8612300000001", "王建国", PRINCIPAL)
    await stage.settled()
    assert says in principal.last.text
    await principal.play(("故障2台", ("11/14", "【请核对")))


async def test_a_shared_phone_number(stage: Stage, county: County) -> None:
    from db.tables import Membership, Person

    async with stage.database.write() as session:
        session.add(Person(bureau_id=county.bureau_id, id=7, name="赵丽", salutation="赵校长", phone="12300000001"))
        await session.flush()
        unit = county.units["西岭中学"]
        session.add(Membership(bureau_id=county.bureau_id, id=7, person_id=7, unit_id=unit, role="deputy"))
    stage.server.add_user(STRANGER, "赵丽", phone="8612300000001")
    someone = Dialogue(stage, stage.phone(STRANGER))
    await someone.phone.start()
    await stage.settled()
    await someone.phone.share_contact()
    await stage.settled()
    await someone.play(("[是我]", "赵校长,已开通"))


async def test_blocked_and_back(stage: Stage, principal: Dialogue) -> None:
    await principal.phone.block()
    await stage.settled()
    [account] = await stage.rows(Account, col(Account.external_id) == PRINCIPAL)
    assert account.unreachable == "blocked"
    await principal.phone.unblock()
    await stage.settled()
    assert principal.last.text.startswith("王校长,您又能收到消息了,现在待报3项:")


async def test_a_groups_life(stage: Stage, principal: Dialogue) -> None:
    group = stage.server.group(TOKEN, SMALL, "校长群")
    await group.add_bot(by=CLERK)
    await group.join(PRINCIPAL)
    await group.say(PRINCIPAL, "@duban_bot 班班通11/14个班")
    await stage.settled()
    assert len(group.received) == 1
    assert "您刚才在群里说的没有记录" in principal.last.text
    moved = await group.migrate()
    await stage.settled()
    await stage.tick(at("2026-11-18 11:00"))
    await moved.say(STRANGER, "/todo@duban_bot")
    await stage.settled()
    assert "各位好" in moved.texts[0]
    await moved.leave(PRINCIPAL)
    await moved.remove_bot()
    await stage.settled()
    rows = {row.id: row for row in await stage.rows(Chat)}
    assert (rows[SMALL].moved_to, rows[moved.id].left_at) == (moved.id, stage.clock.now())
    assert await stage.rows(Answer) == []


async def test_a_topic_of_a_forum(stage: Stage) -> None:
    group = stage.server.group(TOKEN, BIG)
    thread = await group.open_topic("安全")
    await group.add_bot()
    await stage.settled()
    await stage.tick(at("2026-11-18 11:00"))
    await group.say(STRANGER, "@duban_bot 在吗", thread=thread)
    await stage.settled()
    assert [message.thread for message in group.received] == [None, thread]


_PERSON = {"id": PRINCIPAL, "is_bot": False, "first_name": "王建国"}
_CHANNEL = {"id": CHANNEL, "type": "channel", "title": "通知"}
_POST = {"message_id": 1, "date": 1_800_000_000, "chat": _CHANNEL, "text": "各位:/todo 4827 1936"}
_MEMBER = {"user": {"id": 111, "is_bot": True, "first_name": "督办"}}
_IN_CHANNEL = {
    "chat": _CHANNEL, "from": _PERSON, "date": 1_800_000_000, "old_chat_member": {**_MEMBER, "status": "left"},
    "new_chat_member": {**_MEMBER, "status": "member"},
}  # fmt: skip
_REACTION = {"chat": {"id": PRINCIPAL, "type": "private"}, "message_id": 1, "date": 1, "user": _PERSON}
OTHERS = [
    ("channel_post", _POST),
    ("edited_channel_post", {**_POST, "edit_date": 1_800_000_001}),
    ("my_chat_member", _IN_CHANNEL),
    ("inline_query", {"id": "1", "from": _PERSON, "query": "待办", "offset": ""}),
    ("poll", {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": True,
              "is_anonymous": True, "type": "regular", "allows_multiple_answers": False}),
    ("poll_answer", {"poll_id": "1", "user": _PERSON, "option_ids": [0], "option_persistent_ids": ["0"]}),
    ("message_reaction", {**_REACTION, "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👍"}]}),
    ("something_new", {"what": "nobody knows"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "payload"), OTHERS, ids=[kind for kind, _ in OTHERS])
async def test_what_nobody_asked_for_is_taken_and_passed_over(
    stage: Stage, principal: Dialogue, kind: str, payload: dict[str, object]
) -> None:
    """From a wider subscription of an earlier release, or of a newer server."""
    before = len(await stage.rows(Outbox))
    done = len(await stage.rows(Inbox))
    stage.server.world.bot(TOKEN).queue.push(kind, payload)
    await stage.settled()
    async with asyncio.timeout(5):
        while len(await stage.rows(Inbox)) == done:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await principal.play(("待办", "待报3项"))
    assert len(await stage.rows(Outbox)) == before + 1


async def test_the_bot_says_what_it_wants_to_hear(stage: Stage) -> None:
    wants = {"message", "edited_message", "callback_query", "my_chat_member", "chat_member"}
    async with asyncio.timeout(5):
        while stage.server.world.bot(TOKEN).queue.allowed != wants:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_commands_are_offered_in_private_only(stage: Stage) -> None:
    async with asyncio.timeout(5):
        while not stage.server.calls("deleteMyCommands"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    [scope] = {scope for scope, _ in stage.server.world.bot(TOKEN).commands}
    assert scope[0] == "all_private_chats"
