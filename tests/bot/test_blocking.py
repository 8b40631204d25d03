"""Who blocks the bot is not chased; who lets it in again hears once what is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, update

from db.ids import new_id
from db.tables import Account, Fate, Outbox
from domain.messages import Reminder, Say
from domain.phrases import Phrase
from sandbox import Fault, mishap
from services.outbox import Recipient, queue
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.test_sending import read_back
from tests.cast import CLERK, PRINCIPAL, STRANGER, County, at
from tests.stage import Stage


async def unreachable(stage: Stage, chat: int = PRINCIPAL) -> str | None:
    [account] = await stage.rows(Account, col(Account.external_id) == chat)
    reason: str | None = account.unreachable
    return reason


async def test_blocked_the_office_sees_it(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.phone.block()
    await stage.settled()
    assert await unreachable(stage) == "blocked"
    clerk = Dialogue(stage, stage.phone(CLERK))
    await clerk.play(("人员 清河", "清河镇九年一贯制学校校长 联系不上"))


async def test_blocked_nags_that_wait_are_dropped_and_others_not(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    night = at("2026-11-18 22:00")
    stage.clock.jump_to(night)
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    async with stage.database.write() as session:
        nag = await queue(session, to, Reminder(rung="T-1", reports=()), night, nag=True)
        tomorrow = night + timedelta(days=1)
        waiting = Outbox(bureau_id=county.bureau_id, id=new_id(), chat_id=PRINCIPAL, kind="say",
                         payload={"phrase": "later"}, queued_at=night, not_before=tomorrow)  # fmt: skip
        session.add(waiting)
        receipt = waiting.id
    await stage.settled()
    await someone.phone.block()
    await stage.settled()
    async with stage.database.write() as session:
        said = await queue(session, to, Say(phrase=Phrase.LATER), night)
    await stage.settled()
    fates = {row.id: row.fate for row in await stage.rows(Outbox)}
    assert (fates[nag], fates[receipt], fates[said]) == (Fate.CANCELLED, Fate.PENDING, Fate.DEAD)


async def test_blocked_without_a_word_is_noticed_at_the_next_send(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    someone.phone.chat.blocked = True
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    stage.clock.jump_to(at("2026-11-18 22:00"))
    async with stage.database.write() as session:
        await queue(session, to, Say(phrase=Phrase.LATER), stage.clock.now())
        nag = await queue(session, to, Reminder(rung="T-1", reports=()), stage.clock.now(), nag=True)
    await stage.settled()
    assert await unreachable(stage) == "Forbidden: bot was blocked by the user"
    assert {row.id: row.fate for row in await stage.rows(Outbox)}[nag] == Fate.CANCELLED


async def test_back_one_message_says_what_is_open(stage: Stage, talk: Talk) -> None:
    """Rounds opened and reminders fell due meanwhile: none of them is made up for."""
    someone = Dialogue(stage, stage.phone(PRINCIPAL))
    await someone.play(("待办", "现在没有待报事项"))
    await someone.phone.block()
    await stage.settled()
    for day in ("18", "23", "24"):
        await stage.tick(at(f"2026-11-{day} 10:00"))
    before = len(someone.phone.texts)
    await someone.phone.unblock()
    await stage.settled()
    await stage.tick()
    new = someone.phone.texts[before:]
    assert len(new) == 1
    assert new[0].startswith("王校长,您又能收到消息了,现在待报2项:\n1. ")
    assert "[" not in new[0]
    assert someone.last.buttons
    assert await unreachable(stage) is None
    await someone.play(("[1", "请答"))


async def test_back_by_start_is_one_message_too(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.phone.block()
    await stage.settled()
    before = len(someone.phone.texts)
    await someone.phone.start()
    await stage.settled()
    assert [text.splitlines()[0] for text in someone.phone.texts[before:]] == ["王校长,您又能收到消息了,现在待报2项:"]
    await stage.tick(at("2026-11-18 10:00"))
    await someone.phone.start()
    await stage.settled()
    assert "待报2项" in someone.last.text


async def test_back_with_nothing_open(stage: Stage) -> None:
    someone = Dialogue(stage, stage.phone(PRINCIPAL))
    await someone.play(("待办", "现在没有待报事项"))
    await someone.phone.block()
    await stage.settled()
    await someone.phone.unblock()
    await stage.settled()
    assert someone.last.text == "王校长,您又能收到消息了。现在没有待报事项。"


@pytest.mark.parametrize("how", ["unblocks", "writes", "starts"])
async def test_back_the_receipt_that_could_not_arrive_comes_first(
    stage: Stage, county: County, talk: Talk, how: str
) -> None:
    """He tapped 提交 and blocked the bot in the same breath."""
    someone = await read_back(stage, county, talk)
    await someone.phone.press("提交")
    someone.phone.chat.blocked = True
    await stage.settled()
    [receipt] = await stage.rows(Outbox, col(Outbox.kind) == "receipt")
    assert (receipt.fate, await unreachable(stage) is None) == (Fate.DEAD, False)
    before = len(someone.phone.texts)
    if how == "unblocks":
        await someone.phone.unblock()
    else:
        someone.phone.chat.blocked = False
        await someone.phone.say("待办" if how == "writes" else "/start")
    await stage.settled()
    new = someone.phone.texts[before:]
    assert [text[:5] for text in new if "已收到" in text] == ["✓ 已收到"]
    assert new[0].startswith("✓ 已收到")
    [receipt] = await stage.rows(Outbox, col(Outbox.kind) == "receipt")
    assert (receipt.fate, receipt.error) == (Fate.SENT, None)
    await someone.phone.block()
    await someone.phone.unblock()
    await stage.settled()
    assert sum("已收到" in text for text in someone.phone.texts) == 1


async def test_back_a_receipt_that_may_have_arrived_says_so_and_an_old_one_is_not_sent(
    stage: Stage, county: County, talk: Talk
) -> None:
    someone = await read_back(stage, county, talk)
    stage.server.inject(mishap("lost", "sendMessage", chat_id=PRINCIPAL))
    stage.server.inject(mishap("blocked", "sendMessage", chat_id=PRINCIPAL))
    await someone.do("[提交]")
    assert [row.fate for row in await stage.rows(Outbox, col(Outbox.kind) == "receipt")] == [Fate.DEAD]
    await someone.do("待办")
    assert [text.partition(" 已收到")[0] for text in someone.phone.texts if "已收到" in text] == ["✓", "【重发】✓"]
    async with stage.database.write() as session:
        old = {"fate": "dead", "queued_at": stage.clock.now() - timedelta(days=61)}
        await session.execute(update(Outbox).where(col(Outbox.kind) == "receipt").values(**old))
        await session.execute(update(Account).values(unreachable="blocked"))
    await someone.do("待办")
    assert sum("已收到" in text for text in someone.phone.texts) == 2


async def test_back_in_the_bureau(stage: Stage) -> None:
    clerk = Dialogue(stage, stage.phone(CLERK))
    await clerk.play(("帮助", "汇总"))
    await clerk.phone.block()
    await stage.settled()
    await clerk.phone.unblock()
    await stage.settled()
    assert clerk.last.text == "李干事,您又能收到消息了。汇总会按时发到这里。"


async def test_a_stranger_may_block_and_unblock(stage: Stage) -> None:
    someone = Dialogue(stage, stage.phone(STRANGER))
    await someone.play(("你好", "尚未登记"))
    await someone.phone.block()
    await someone.phone.unblock()
    await stage.settled()
    assert len(someone.phone.texts) == 1


async def test_who_was_not_away_hears_nothing(stage: Stage, talk: Talk) -> None:
    """The word that he blocked the bot never came; and the answer to the poll is lost once."""
    someone = await talk(PRINCIPAL)
    before = len(someone.phone.texts)
    stage.server.inject(Fault("lost", "getUpdates"))
    someone.phone.chat.blocked = True
    await someone.phone.unblock()
    await stage.settled()
    assert len(someone.phone.texts) == before
