"""When the line or a handler fails: nothing is lost, nothing is said twice, and others are served."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from db.tables import Account, Card, Chat, Draft, Inbox, Outbox, Report, Trouble
from domain.messages import ReportCard, Say
from domain.phrases import Phrase
from sandbox import Fault, too_many_requests
from services import aside, conversation, intake, troubles
from services.outbox import Recipient, queue, show_card
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, STRANGER, County
from tests.stage import TOKEN, Stage

GONE = "Bad Request: message to edit not found"


async def fates(stage: Stage, *where: object) -> Counter[str]:
    return Counter(row.fate for row in await stage.rows(Outbox, *where))


async def opened(talk: Talk, stage: Stage, county: County) -> Dialogue:
    """The 班班通 with one question left."""
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.play(("[2 班班通进度]", "请答:故障设备"))
    return someone


# ---- coming in


async def test_the_same_update_twice_works_once(stage: Stage, county: County, talk: Talk) -> None:
    someone = await opened(talk, stage, county)
    await someone.do("1")
    before, [draft] = len(someone.phone.received), await stage.rows(Draft)
    last = max(await stage.rows(Inbox), key=lambda row: row.update_id)
    async with stage.database.write() as session:
        await intake.accept(session, county.bureau_id, [last.raw, last.raw], stage.clock.now())
    await stage.settled()
    assert len(someone.phone.received) == before
    assert (await stage.rows(Draft))[0].revision == draft.revision


async def test_a_poisoned_update_is_set_aside_and_its_person_told(
    stage: Stage, county: County, talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(intake, "FIRST_BACKOFF", 0.01)
    real = conversation.reply

    async def poisoned(turn: Any, words: str, reply_to: int | None = None) -> None:
        await real(turn, words, reply_to)
        if words == "毒":
            raise RuntimeError("boom")

    monkeypatch.setattr(conversation, "reply", poisoned)
    someone = await opened(talk, stage, county)
    with caplog.at_level(logging.CRITICAL):
        await someone.phone.say("毒")
        await someone.phone.say("2")
        other = stage.phone(SECOND_PRINCIPAL)
        await other.start()
        await stage.settled()
    [row] = await stage.rows(Inbox, Inbox.state == "set_aside")
    assert (row.attempts, row.error) == (5, "RuntimeError")
    told = next(text for text in someone.phone.texts if "没处理成" in text)
    assert "李干事 0000-6210001" in told
    assert "刘校长,待报2项" in other.last.text
    assert "故障2台" in someone.last.text  # what came after it is worked on
    assert not any("毒" in message.text for message in someone.phone.received)
    monkeypatch.setattr(conversation, "reply", real)  # its cause is mended, and it is replayed
    before = len(someone.phone.received)
    async with stage.database.write() as session:
        now = stage.clock.now()
        assert await aside.retry(session, county.bureau_id, now, aside.Kind.UPDATE, str(row.update_id)) == 1
    await stage.settled()
    [row] = await stage.rows(Inbox, Inbox.update_id == row.update_id)
    assert (row.state, row.attempts, row.error) == ("done", 0, None)
    assert len(someone.phone.received) > before


async def test_a_failed_attempt_leaves_nothing_behind(
    stage: Stage, county: County, talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(intake, "FIRST_BACKOFF", 0.01)
    real, tries = conversation.reply, []

    async def twice_broken(turn: Any, words: str, reply_to: int | None = None) -> None:
        await real(turn, words, reply_to)
        tries.append(words)
        if len(tries) < 3:
            raise RuntimeError("boom")

    monkeypatch.setattr(conversation, "reply", twice_broken)
    someone = await opened(talk, stage, county)
    with caplog.at_level(logging.CRITICAL):
        await someone.play(("1", "【请核对"))
    assert len(tries) == 3
    assert (await stage.rows(Draft))[0].revision == 2
    assert sum("【请核对" in text for text in someone.phone.texts) == 1


async def test_an_update_nobody_can_read_stops_no_other(
    stage: Stage, county: County, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(intake, "FIRST_BACKOFF", 0.01)
    broken = {"update_id": 5, "message": {"chat": {"id": 77, "type": "private"}, "date": "never"}}
    with caplog.at_level(logging.CRITICAL):
        async with stage.database.write() as session:
            await intake.accept(session, county.bureau_id, [broken], stage.clock.now())
        someone = Dialogue(stage, stage.phone(PRINCIPAL))
        await someone.play(("待办", "没有待报"))
    assert {row.state for row in await stage.rows(Inbox)} == {"set_aside", "done"}


# ---- going out


async def test_a_blocked_principal_is_unreachable_and_others_are_served(stage: Stage, county: County) -> None:
    wang, liu = stage.phone(PRINCIPAL), stage.phone(SECOND_PRINCIPAL)
    for phone in (wang, liu):
        await phone.start()
    await stage.settled()
    stage.server.inject(Fault("error", "sendMessage", -1, PRINCIPAL, 403, "Forbidden: bot was blocked by the user"))
    await stage.tick()
    [dead] = await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL, Outbox.kind == "prompt")
    assert (dead.fate, dead.error) == ("dead", "Forbidden: bot was blocked by the user")
    assert "11月有2项" in liu.last.text
    unreachable = {row.external_id for row in await stage.rows(Account, Account.unreachable.is_not(None))}  # type: ignore[union-attr]
    assert PRINCIPAL in unreachable
    assert SECOND_PRINCIPAL not in unreachable


async def test_who_blocks_and_comes_back_is_reached_again(stage: Stage, county: County) -> None:
    someone = stage.phone(PRINCIPAL)
    await someone.start()
    await stage.settled()
    await someone.block()
    await stage.settled()
    [account] = await stage.rows(Account, Account.external_id == PRINCIPAL)
    assert account.unreachable
    await stage.tick()
    assert not await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL, Outbox.kind == "prompt")
    await someone.start()
    await stage.settled()
    [account] = await stage.rows(Account, Account.external_id == PRINCIPAL)
    assert account.unreachable is None
    assert "待报2项" in someone.last.text


async def test_nothing_leaves_before_retry_after_and_then_once(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    other = stage.phone(STRANGER)
    stage.server.inject(too_many_requests(1, "sendMessage"))
    started = stage.clock.monotonic()
    before = len(stage.server.calls("sendMessage"))
    await someone.phone.say("帮助")
    await other.say("你好")
    await someone.phone.wait_for("报送很简单")
    assert stage.clock.monotonic() - started >= 1
    await stage.settled()
    calls = stage.server.calls("sendMessage")[before:]
    assert Counter(call.fate for call in calls) == {"fault": 1, "ok": 2}
    assert Counter(call.chat_id for call in calls if call.ok) == {PRINCIPAL: 1, STRANGER: 1}


async def test_not_modified_is_success(stage: Stage, county: County, talk: Talk) -> None:
    someone = await opened(talk, stage, county)
    report = await report_of(stage, county, "bbt")
    async with stage.database.write() as session:
        card = ReportCard(report=(report.round_id, report.unit_id))  # type: ignore[arg-type]
        await show_card(
            session, Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"]), card, stage.clock.now()
        )
    await stage.settled()
    refused = stage.server.calls("editMessageText", chat_id=PRINCIPAL)[-1]
    assert "not modified" in str(refused.result)
    newest = max(await stage.rows(Outbox, Outbox.kind == "report_card"), key=lambda row: row.id)
    assert (newest.fate, newest.message_id) == ("sent", someone.last.id)


async def test_a_card_that_is_gone_is_sent_anew(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"))
    gone = someone.last
    stage.server.inject(Fault("error", "editMessageText", 1, PRINCIPAL, 400, GONE))
    await someone.play(("[已开展]", "请答:演练日期"))
    assert someone.last.id > gone.id
    [card] = await stage.rows(Card, Card.message_id == someone.last.id)
    assert card.chat_id == PRINCIPAL
    assert set(await fates(stage, Outbox.chat_id == PRINCIPAL)) == {"sent"}


@pytest.mark.parametrize("kind", ["lost", "error"])
async def test_a_message_of_unknown_fate_is_not_repeated(stage: Stage, talk: Talk, kind: Any) -> None:
    someone = await talk(PRINCIPAL)
    stage.server.inject(Fault(kind, "sendMessage", 1, PRINCIPAL, 502, "Bad Gateway"))
    before = len(stage.server.calls("sendMessage", chat_id=PRINCIPAL))
    await someone.do("帮助")
    assert len(stage.server.calls("sendMessage", chat_id=PRINCIPAL)) == before + 1
    [row] = await stage.rows(Outbox, Outbox.fate == "uncertain")
    assert (row.kind, row.chat_id) == ("say", PRINCIPAL)
    await someone.play(("待办", "待报2项"))


@pytest.mark.parametrize("kind", ["lost", "error", "drop"])
async def test_an_edit_of_unknown_fate_is_repeated(stage: Stage, talk: Talk, kind: Any) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[1 应急疏散演练]")
    stage.server.inject(Fault(kind, "editMessageText", 2, PRINCIPAL, 502, "Bad Gateway"))
    await someone.play(("[已开展]", "请答:演练日期"))
    assert len(stage.server.calls("editMessageText", chat_id=PRINCIPAL)) == 3
    assert not await stage.rows(Outbox, Outbox.fate != "sent", Outbox.chat_id == PRINCIPAL)


async def test_what_was_being_sent_when_we_crashed(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[1 应急疏散演练]")
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    stage.face.delivery.pace.rest(None, stage.clock.monotonic() + 0.3)  # as if we had stopped here
    report = await report_of(stage, county, "drill")
    async with stage.database.write() as session:
        new = await queue(session, to, Say(phrase=Phrase.LATER), stage.clock.now())
        await show_card(session, to, ReportCard(report=(report.round_id, report.unit_id)), stage.clock.now())  # type: ignore[arg-type]
    async with stage.database.write() as session:
        for row in await stage.rows(Outbox, Outbox.fate == "pending"):
            row.fate, row.claimed_at = "sending", stage.clock.now()
            await session.merge(row)
    await stage.face.delivery.recover()
    await stage.settled()
    rows = {row.id: row for row in await stage.rows(Outbox)}
    assert rows.pop(new).fate == "uncertain"
    assert {row.fate for row in rows.values() if row.chat_id == PRINCIPAL} == {"sent"}
    assert not any("稍后填。" in text for text in someone.phone.texts)


async def test_an_older_card_on_its_way_is_not_taken_for_the_one_below(
    stage: Stage, county: County, talk: Talk
) -> None:
    """Two answers typed so fast that the first card is still being handed over: the old one loses its buttons."""
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_students")
    await someone.do("[1 应急疏散演练]")
    stage.server.inject(Fault("latency", "sendMessage", 1, PRINCIPAL, delay=0.4))
    await someone.phone.say("520")
    for _ in range(100):
        if await stage.rows(Outbox, Outbox.fate == "sending", Outbox.kind == "report_card"):
            break
        await asyncio.sleep(0.01)
    mine = await someone.phone.say("110")
    await stage.settled()
    assert someone.last.id > mine.id
    assert "请答:隐患" in someone.last.text
    cards = [message for message in someone.phone.received if message.buttons and "草稿" in message.text]
    assert [message.id for message in cards] == [someone.last.id]


async def test_a_message_that_cannot_be_made_is_dead_and_stops_no_other(
    stage: Stage, county: County, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    someone = await talk(PRINCIPAL)
    with caplog.at_level(logging.CRITICAL):
        async with stage.database.write() as session:
            broken = await queue(
                session, Recipient(county.bureau_id, PRINCIPAL), Say(phrase=Phrase.LATER), stage.clock.now()
            )
            row = await session.get_one(Outbox, (county.bureau_id, broken))
            row.kind = "from_the_future"
        await someone.play(("待办", "待报2项"))
        assert [row.id for row in await stage.rows(Outbox, Outbox.fate == "pending")] == [broken]
        for _ in range(troubles.MOST_TRIES):
            stage.clock.jump_to(stage.clock.now() + timedelta(minutes=5))
            await stage.settled()
    assert {row.id for row in await stage.rows(Outbox, Outbox.fate == "dead", Outbox.kind != "prompt")} == {broken}
    [trouble] = await stage.rows(Trouble)
    assert (trouble.kind, trouble.key, trouble.attempts, trouble.state) == ("message", str(broken), 5, "set_aside")
    clerk = await talk(CLERK)
    for _ in range(2):
        await stage.tick()
    assert sum("· 一条消息没能写成" in text for text in clerk.phone.texts) == 1  # the office is told once
    async with stage.database.write() as session:
        (await session.get_one(Outbox, (county.bureau_id, broken))).kind = "say"
        assert await aside.retry(session, county.bureau_id, stage.clock.now(), aside.Kind.MESSAGE, str(broken)) == 1
    await stage.settled()
    assert "好的,稍后填" in someone.last.text
    assert not await stage.rows(Trouble)


async def test_a_message_that_is_made_at_the_second_try_is_in_nobodys_way(
    stage: Stage, county: County, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    someone = await talk(PRINCIPAL)
    with caplog.at_level(logging.CRITICAL):
        async with stage.database.write() as session:
            said = Say(phrase=Phrase.LATER)
            late = await queue(session, Recipient(county.bureau_id, PRINCIPAL), said, stage.clock.now())
            (await session.get_one(Outbox, (county.bureau_id, late))).kind = "from_the_future"
        await stage.settled()
        await asyncio.sleep(0.2)
    async with stage.database.write() as session:
        (await session.get_one(Outbox, (county.bureau_id, late))).kind = "say"
    await stage.tick(stage.clock.now() + timedelta(minutes=1))
    assert "好的,稍后填" in someone.last.text
    await stage.tick()
    assert not await stage.rows(Trouble)


async def test_every_fate_is_known_in_the_end(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    for does in ("[1 应急疏散演练]", "[已开展]", "11月17日", "[地震]", "520", "帮助"):
        await someone.do(does)
    counted = await fates(stage)
    assert not {"pending", "sending"} & counted.keys()
    sent = [call for call in stage.server.calls() if call.ok and call.method in ("sendMessage", "editMessageText")]
    strips = await stage.rows(Outbox, Outbox.kind == "strip", Outbox.fate == "sent")
    assert counted["sent"] == len(sent) + len(strips)


async def test_no_words_of_people_and_no_token_in_the_logs(
    stage: Stage, county: County, talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        someone = await opened(talk, stage, county)
        stage.server.inject(Fault("error", "sendMessage", 1, PRINCIPAL, 400, "Bad Request: text must be non-empty"))
        await someone.do("极为秘密的话")
    ours = [
        record.getMessage() for record in caplog.records if record.name.split(".")[0] in ("bot", "services", "jobs")
    ]
    for secret in ("极为秘密的话", TOKEN, "0000-6211001", "王建国"):
        assert not any(secret in message for message in ours)


async def test_the_inbox_row_of_a_chat_is_worked_in_order(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_students")
    await someone.do("[1 应急疏散演练]")
    for words in ("520", "110", "2/3"):
        await someone.phone.say(words)
    await stage.settled()
    assert "【请核对" in someone.last.text
    [draft] = await stage.rows(Draft)
    assert (draft.entries["drill_students"]["v"], draft.entries["hazard"]["v"]) == (520, [2, 3])
    done = await stage.rows(Inbox, Inbox.chat_id == PRINCIPAL)
    assert {row.state for row in done} == {"done"}
    assert all(row.done_at - row.received_at < timedelta(seconds=5) for row in done)
    assert not await stage.rows(Report, Report.state != "pending")
    assert (await stage.rows(Chat, Chat.id == PRINCIPAL))[0].read_back == draft.revision
