"""What delivery does with a fate: receipts of unknown fate are repeated and say so, limits outlive a restart, and what
was sent is written down whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from db.session import Database
from db.tables import Fate, Lane, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import mishap, too_many_requests
from services import delivery
from services.fates import MAX_RECEIPTS
from services.ledger import ledger
from services.outbox import Recipient, queue, queue_all
from services.pace import Limits, Pace
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import Stage, on_stage


async def read_back(stage: Stage, county: County, talk: Talk) -> Dialogue:
    """One tap before the receipt."""
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.play(("[2 班班通进度]", "请答:故障设备"), ("0", "【请核对"))
    return someone


async def test_a_receipt_of_unknown_fate_comes_again_and_says_so(stage: Stage, county: County, talk: Talk) -> None:
    someone = await read_back(stage, county, talk)
    stage.server.inject(mishap("lost", "sendMessage", chat_id=PRINCIPAL))
    await someone.do("[提交]")
    receipts = [text for text in someone.phone.texts if "已收到" in text]
    assert len(receipts) == 2
    assert receipts[1] == "【重发】" + receipts[0]
    [row] = await stage.rows(Outbox, Outbox.kind == "receipt")
    assert (row.fate, row.error) == ("sent", None)


async def test_a_receipt_is_not_repeated_for_ever(
    stage: Stage, county: County, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.01)
    someone = await read_back(stage, county, talk)
    stage.server.inject(mishap("lost", "sendMessage", chat_id=PRINCIPAL, times=-1))
    await someone.do("[提交]")
    assert sum("已收到" in text for text in someone.phone.texts) == MAX_RECEIPTS
    [row] = await stage.rows(Outbox, Outbox.kind == "receipt")
    assert row.fate == "uncertain"


async def test_a_flood_keeps_the_mark_of_what_may_have_arrived(stage: Stage, county: County, talk: Talk) -> None:
    someone = await read_back(stage, county, talk)
    stage.server.inject(mishap("lost", "sendMessage", chat_id=PRINCIPAL))
    stage.server.inject(too_many_requests(1, "sendMessage", chat_id=PRINCIPAL))
    await someone.do("[提交]")
    assert [text.startswith("【重发】") for text in someone.phone.texts if "已收到" in text] == [False, True]


async def test_a_flood_of_one_chat_holds_up_no_other(stage: Stage, county: County, talk: Talk) -> None:
    someone, other = await talk(PRINCIPAL), stage.phone(SECOND_PRINCIPAL)
    await other.start()
    await stage.settled()
    stage.server.inject(too_many_requests(2, "sendMessage", chat_id=PRINCIPAL))
    began = stage.clock.monotonic()
    await someone.phone.say("帮助")
    await asyncio.sleep(0.2)
    await other.say("帮助")
    await other.wait_for("报送很简单")
    assert stage.clock.monotonic() - began < 1.5
    await someone.phone.wait_for("报送很简单")
    assert stage.clock.monotonic() - began >= 2


async def test_a_flood_of_two_chats_stops_everything(stage: Stage, county: County, talk: Talk) -> None:
    await talk(PRINCIPAL)
    phones = [stage.phone(user) for user in (PRINCIPAL, SECOND_PRINCIPAL, CLERK)]
    for phone in phones:
        await phone.start()
    await stage.settled()
    for user, phone in zip((PRINCIPAL, SECOND_PRINCIPAL), phones, strict=False):
        stage.server.inject(too_many_requests(1, "sendMessage", chat_id=user))
        await phone.say("帮助")
    for _ in range(100):
        if stage.face.delivery.pace.rests_until(CLERK, 0.0) > 0:
            break
        await asyncio.sleep(0.01)
    began = stage.clock.monotonic()
    await phones[2].say("帮助")
    await stage.settled()
    assert stage.clock.monotonic() - began > 0.5
    users = (PRINCIPAL, SECOND_PRINCIPAL, CLERK)
    said = await stage.rows(Outbox, Outbox.kind == "say", Outbox.chat_id.in_(users))  # type: ignore[attr-defined]
    assert {row.fate for row in said} == {"sent"}


async def test_replies_leave_before_reminders_before_digests(stage: Stage, county: County) -> None:
    """In whatever order they were queued."""
    stage.face.delivery.pace = Pace(Limits(per_second=3, chat_interval=0.0, group_per_minute=1000))
    for number in range(9):
        stage.phone(9000 + number).chat.started = True
    stage.face.delivery.pace.rest(None, stage.clock.monotonic() + 1.5)
    async with stage.database.write() as session:
        for number, lane in enumerate([Lane.DIGEST, Lane.REMINDER, Lane.REPLY] * 3):
            to = Recipient(county.bureau_id, 9000 + number)
            await queue(session, to, Say(phrase=Phrase.LATER), stage.clock.now(), lane)
    await stage.settled()
    sent = [(call.chat_id or 0) - 9000 for call in stage.server.calls("sendMessage") if (call.chat_id or 0) >= 9000]
    assert [number % 3 for number in sent] == [2, 2, 2, 1, 1, 1, 0, 0, 0]


async def test_the_limits_outlive_a_restart(stage: Stage, county: County) -> None:
    now = stage.clock.now()
    async with stage.database.write() as session:
        items = [(Recipient(county.bureau_id, 9000 + n), Say(phrase=Phrase.LATER)) for n in range(30)]
        ids = await queue_all(session, items, now, Lane.REPLY)
        for number, row_id in enumerate(ids):
            row = await session.get_one(Outbox, (county.bureau_id, row_id))
            row.claimed_at, row.sent_at = now, now - timedelta(seconds=0.4)
            row.fate = Fate.SENT.value if number else Fate.SENDING.value
    restarted = delivery.Delivery(stage.workplace, stage.face.delivery.render, stage.face.delivery.send, Pace())
    await restarted.recover()
    monotonic = stage.clock.monotonic()
    assert 0.3 < restarted.pace.gate(1, monotonic) - monotonic < 0.7
    assert restarted.pace.gate(9005, monotonic) - monotonic > 0.3


async def test_a_store_that_fails_after_the_sending_loses_no_fate(
    stage: Stage, talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    someone, failures = await talk(PRINCIPAL), _failing(monkeypatch, 5)
    before = len(stage.server.calls("sendMessage", chat_id=PRINCIPAL))
    with caplog.at_level(logging.CRITICAL):
        await someone.do("帮助")
    assert len(failures) == 5
    assert len(stage.server.calls("sendMessage", chat_id=PRINCIPAL)) == before + 1
    assert {row.fate for row in await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL)} == {"sent"}


def _failing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    real, failures = delivery.write_delivered, list[int]()

    async def write_delivered(*args: Any) -> None:
        if len(failures) < times:
            failures.append(1)
            raise OSError("the disk is busy")
        await real(*args)

    monkeypatch.setattr(delivery, "write_delivered", write_delivered)
    return failures


async def test_stopping_lets_what_is_on_its_way_arrive_and_writes_it_down(
    sqlite: Database, county: County, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00")) as stage:
            phone = stage.phone(PRINCIPAL)
            await phone.start()
            await stage.settled()
            stage.server.inject(mishap("slow", "sendMessage", chat_id=PRINCIPAL, delay=0.5))
            async with stage.database.write() as session:
                to = Recipient(county.bureau_id, PRINCIPAL)
                await queue(session, to, Say(phrase=Phrase.LATER), stage.clock.now())
            for _ in range(200):
                if await stage.rows(Outbox, Outbox.fate == "sending"):
                    break
                await asyncio.sleep(0.01)
            failures = _failing(monkeypatch, 3)
        row = max(await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL), key=lambda row: row.id)
    assert len(failures) == 3
    assert (row.fate, row.message_id) == ("sent", phone.received[-1].id)


async def test_the_ledger_sums_to_what_was_queued(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[1 应急疏散演练]")
    stage.server.inject(mishap("lost", "sendMessage", chat_id=PRINCIPAL))
    await someone.do("帮助")
    rows = await stage.rows(Outbox)
    async with stage.database.read() as session:
        found = await ledger(session, county.bureau_id, stage.clock.now())
    assert found.queued == len(rows)
    assert {fate.value: count for fate, count in found.fates.items() if count} == Counter(row.fate for row in rows)
    assert {kind: sum(counts.values()) for kind, counts in found.kinds.items()} == Counter(row.kind for row in rows)


async def test_the_office_sees_whom_nothing_reaches(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    stage.server.inject(mishap("deactivated", "sendMessage", chat_id=PRINCIPAL))
    await wang.phone.say("帮助")
    await stage.settled()
    clerk = await talk(CLERK)
    await clerk.do("人员 联系不上")
    assert "王建国" in clerk.last.text
    assert "联系不上(账号已注销)" in clerk.last.text
    assert "0000-6211001" in clerk.last.text
    await wang.phone.say("帮助")
    await stage.settled()
    await clerk.do("人员 联系不上")
    assert "王建国" not in clerk.last.text
    for phone in (stage.phone(SECOND_PRINCIPAL), stage.phone(TWO_SCHOOLS)):
        await phone.start()
    await stage.settled()
    await clerk.do("人员 联系不上")
    assert clerk.last.text == "现在没有联系不上的人。"
