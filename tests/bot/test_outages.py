"""Our line was down: what waited counts from the last heartbeat; the deadlines it hit are moved, told and undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from bot import polling, webhook
from bot.buttons import Verb, encode
from db.session import Database
from db.tables import DeadlineMove, DigestSnapshot, Extension, Heartbeat, Inbox, Outage, Outbox, Reminder, Round
from sandbox import Fault
from services.outages import open_line
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of, round_of
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.conftest import Found
from tests.stage import Stage, on_stage

XILING = "西岭中学"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "MAX_BACKOFF", 0.05)
    monkeypatch.setattr(polling, "FIRST_BACKOFF", 0.05)
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(webhook, "CATCHING_UP_SECONDS", 0.05)


@pytest.fixture
async def county(sqlite: Database, founded: Found) -> County:
    return await founded(sqlite)


@pytest.fixture(params=["polling", "webhook"])
async def stage(request: pytest.FixtureRequest, sqlite: Database, county: County) -> AsyncIterator[Stage]:
    """Wednesday 25 November, the day both rounds are due at 17:00, 14:00: everybody has a prompt."""
    hooked = request.param == "webhook"
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00"), webhook=hooked) as made:
        for person in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, CLERK):
            await made.phone(person).start()
        await made.settled()
        await made.tick()
        made.clock.jump_to(at("2026-11-25 14:00"))
        yield made


polled = pytest.mark.parametrize("stage", ["polling"], indirect=True)


async def until(fits: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fits():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def beat(stage: Stage, when: str) -> None:
    """The line is good at that moment: something comes in."""
    stage.clock.jump_to(at(when))
    await stage.phone(CLERK).say("待办")
    await stage.settled()
    await until(lambda: stage.workplace.heartbeat.at == at(when))


@asynccontextmanager
async def down(stage: Stage, since: str, until_: str) -> AsyncIterator[None]:
    """Nothing comes in from the one to the other moment; inside, it is shortly before the other."""
    stage.clock.jump_to(at(since))
    method = "webhook" if stage.face.webhook else "getUpdates"
    fault = stage.server.inject(Fault("error", method, -1, code=502, description="Bad Gateway"))
    if not stage.face.webhook:
        await stage.phone(CLERK).say("待办")  # ends the long poll that is under way
    else:
        await beat_webhook(stage, since)
        await stage.phone(CLERK).say("待办")
    await until(lambda: stage.workplace.heartbeat.catching_up)
    assert stage.workplace.heartbeat.at == at(since)
    stage.clock.jump_to(at(until_))
    yield
    stage.server.line.faults.remove(fault.id)
    await until(lambda: not stage.workplace.heartbeat.catching_up)
    await stage.settled()


async def beat_webhook(stage: Stage, when: str) -> None:
    await until(lambda: stage.workplace.heartbeat.at == at(when))


async def nearly_done(stage: Stage, county: County, person: int, unit: str = "清河镇九年一贯制学校") -> Dialogue:
    """The 班班通 with one question left, and that one asked."""
    someone = Dialogue(stage, stage.phone(person))
    await fill(stage, county, "bbt", before="bbt_fault", unit=unit, **({"bbt": [5, 9]} if unit == XILING else {}))
    await someone.play(("待办", "班班通"))
    await someone.do("[2 班班通进度]")
    return someone


async def test_what_waited_counts_from_the_last_heartbeat_and_says_so(stage: Stage, county: County) -> None:
    stage.clock.jump_to(at("2026-11-25 16:40"))
    wang = await nearly_done(stage, county, PRINCIPAL)
    liu = await nearly_done(stage, county, SECOND_PRINCIPAL, XILING)
    async with down(stage, "2026-11-25 16:50", "2026-11-25 17:05"):
        await wang.phone.say("1")
    assert {row.stood_at for row in await stage.rows(Inbox, Inbox.chat_id == PRINCIPAL)} == {
        None,
        at("2026-11-25 16:50"),
    }
    await wang.play(("[提交]", "11月25日(星期三)16:50,按时(线路中断期间补收)"))
    await wang.play(("已报", "11月25日16:50按时(线路中断期间补收)"))
    stage.clock.jump_to(at("2026-11-25 17:06"))
    await liu.play(("1", "【请核对"), ("[提交]", "11月25日(星期三)17:06,宽限。"))
    report = await report_of(stage, county, "bbt")
    assert (report.first_received_at, report.in_backlog) == (at("2026-11-25 16:50"), True)
    assert not (await report_of(stage, county, "bbt", XILING)).in_backlog
    assert await stage.rows(Extension) == []  # ten minutes of the last three hours
    await stage.tick(at("2026-11-25 18:00"))
    [digest] = await stage.rows(DigestSnapshot)
    assert [task["in_backlog"] for task in digest.snapshot["tasks"]] == [0, 1]
    assert "其中线路中断期间补收1家" in stage.phone(CLERK).last.text


async def dues(stage: Stage, county: County, task: str) -> dict[int, datetime]:
    round_ = await round_of(stage, county, task)
    return {row.unit_id: row.due_at for row in await stage.rows(Extension, Extension.round_id == round_.id)}


@polled
async def test_an_outage_moves_the_deadline_for_who_is_awaited_and_tells_once(stage: Stage, county: County) -> None:
    liu = await nearly_done(stage, county, SECOND_PRINCIPAL, XILING)
    await liu.play(("0", "【请核对"), ("[提交]", "按时"))
    before = {person: len(stage.phone(person).received) for person in (PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS)}
    async with down(stage, "2026-11-25 16:30", "2026-11-25 17:20"):
        pass
    noon = at("2026-11-26 12:00")
    assert set((await dues(stage, county, "drill")).values()) == {noon}
    assert len(await dues(stage, county, "drill")) == 4
    assert county.units[XILING] not in await dues(stage, county, "bbt")
    rows = await stage.rows(Extension)
    assert {(row.reason, row.granted_by, row.moved_from) for row in rows} == {
        ("线路中断", None, at("2026-11-25 17:00"))
    }
    [told] = [message.text for message in stage.phone(TWO_SCHOOLS).received[before[TWO_SCHOOLS] :]]
    assert told.startswith("孙校长,报送线路11月25日16:30至17:20中断,责任在局方,截止时间顺延,不用着急:")
    assert "李村小学 11月应急疏散演练、桥头小学 11月应急疏散演练" in told
    assert "11月26日(星期四)12:00" in told
    [told] = [message.text for message in stage.phone(SECOND_PRINCIPAL).received[before[SECOND_PRINCIPAL] :]]
    assert "班班通" not in told
    await stage.tick(at("2026-11-25 17:25"))
    ledger = await stage.rows(Reminder, Reminder.effective_due == noon)
    assert {row.rung for row in ledger} == {"t-3", "t-1"}  # armed again, and over already at the moment of moving
    assert len(ledger) == 2 * 7
    assert {row.state for row in ledger} == {"skipped"}
    await stage.tick(at("2026-11-25 18:00"))
    office = stage.phone(CLERK)
    assert "线路中断(责任在局方)11月25日16:30至11月25日17:20,11月班班通进度3家顺延至11月26日12:00。" in office.last.text
    assert "待报" in office.last.text
    wang = Dialogue(stage, stage.phone(PRINCIPAL))
    stage.clock.jump_to(at("2026-11-26 11:59"))
    await fill(stage, county, "bbt")
    await wang.play(("待办", "班班通"), ("[2提交]", "11月26日(星期四)11:59,按时"))
    assert len(await stage.rows(DeadlineMove)) == 2


@polled
async def test_the_office_takes_it_back_once_and_nobody_becomes_late(stage: Stage, county: County) -> None:
    async with down(stage, "2026-11-25 15:10", "2026-11-25 15:40"):
        pass
    office = Dialogue(stage, stage.phone(CLERK))
    card = next(one for one in reversed(office.phone.messages) if "【线路中断】" in one.text)
    assert "1. 11月应急疏散演练:4家,顺延至11月26日(星期四)12:00" in card.text
    stage.clock.jump_to(at("2026-11-25 17:10"))
    liu = await nearly_done(stage, county, SECOND_PRINCIPAL, XILING)
    await liu.play(("0", "【请核对"), ("[提交]", "17:10,按时"))
    forged = Dialogue(stage, stage.phone(PRINCIPAL))
    [row] = await stage.rows(Outage)
    undo = encode(Verb.UNDO_MOVE, None, row.id)
    assert "不由您负责" in await forged.press_data(undo)
    assert "已更新" in await office.press_data(encode(Verb.UNDO_MOVE, None, row.id + 1))  # there is no such outage
    before = len(forged.phone.received)
    await office.press("撤销顺延", on=card)
    assert "✓ 已撤销顺延(李干事)" in next(one.text for one in office.phone.messages if "【线路中断】" in one.text)
    closes = at("2026-11-25 17:30")  # the old one was past already
    by_unit = await dues(stage, county, "bbt")
    assert by_unit.pop(county.units[XILING]) == at("2026-11-26 12:00")
    assert set(by_unit.values()) == {closes}
    [told] = [one.text for one in forged.phone.received[before:]]
    assert told.startswith("王校长,因线路中断的顺延已由办公室撤销,截止时间是:")
    assert "11月应急疏散演练、11月班班通进度:11月25日(星期三)17:30" in told
    assert "已更新" in await office.press_data(undo)
    assert len(forged.phone.received) == before + 1
    assert {move.undone_by for move in await stage.rows(DeadlineMove)} == {county.people["李敏"]}
    stage.clock.jump_to(at("2026-11-25 17:29"))
    await fill(stage, county, "bbt")
    await forged.play(("待办", "班班通"), ("[2提交]", "17:29,按时"))


@polled
async def test_taken_back_before_the_old_deadline_it_stands_again(stage: Stage, county: County) -> None:
    async with down(stage, "2026-11-25 15:10", "2026-11-25 15:40"):
        pass
    office = Dialogue(stage, stage.phone(CLERK))
    await office.press(
        "撤销顺延", on=next(one for one in reversed(office.phone.messages) if "【线路中断】" in one.text)
    )
    assert {row.due_at for row in await stage.rows(Extension)} == {at("2026-11-25 17:00")}
    await stage.tick(at("2026-11-25 18:00"))
    assert "11月应急疏散演练4家顺延至11月26日12:00,已撤销。" in office.last.text
    assert "未报" in office.last.text


@polled
async def test_who_has_a_deadline_of_his_own_is_judged_by_that(stage: Stage, county: County) -> None:
    round_ = await round_of(stage, county, "bbt")
    units = county.units
    async with stage.database.write() as session:
        for unit, due in (("李村小学", "2026-11-25 18:00"), ("桥头小学", "2026-11-30 17:00")):
            session.add(
                Extension(
                    bureau_id=county.bureau_id, round_id=round_.id, unit_id=units[unit], due_at=at(due), reason="停电",
                    granted_by=county.people["李敏"], granted_at=stage.clock.now(),
                )
            )  # fmt: skip
    async with down(stage, "2026-11-25 17:10", "2026-11-25 17:40"):
        pass
    assert await dues(stage, county, "bbt") == {
        units["李村小学"]: at("2026-11-26 12:00"), units["桥头小学"]: at("2026-11-30 17:00"),
    }  # fmt: skip
    assert await dues(stage, county, "drill") == {}


@polled
async def test_a_night_off_across_the_deadline_is_ours_and_told_at_the_opening(stage: Stage, county: County) -> None:
    """The process before us ended on Wednesday at 16:00; ours begins at 23:00, and the lock was to be the next day."""
    async with stage.database.write() as session:
        await session.merge(Heartbeat(bureau_id=county.bureau_id, at=at("2026-11-25 16:00")))
        for round_ in await stage.rows(Round):
            round_.lock_at = at("2026-11-26 09:00")
            await session.merge(round_)
    before = len(stage.phone(PRINCIPAL).received)
    stage.clock.jump_to(at("2026-11-25 23:00"))
    stage.workplace.heartbeat.opened = False
    await open_line(stage.workplace)
    await stage.phone(CLERK).say("待办")
    await stage.settled()
    await until(lambda: not stage.workplace.heartbeat.catching_up)
    await stage.settled()
    assert len(stage.phone(PRINCIPAL).received) == before
    assert {row.due_at for row in await stage.rows(Extension)} == {at("2026-11-26 12:00")}
    assert {row.lock_at for row in await stage.rows(Round)} == {at("2026-11-26 12:00")}
    assert {row.not_before for row in await stage.rows(Outbox, Outbox.kind == "deadlines_moved")} == {
        at("2026-11-26 08:30")
    }
    await stage.tick(at("2026-11-26 08:30"))
    assert "报送线路11月25日16:00至23:00中断" in stage.phone(PRINCIPAL).last.text
    [outage] = await stage.rows(Outage)
    assert (outage.since, outage.until) == (at("2026-11-25 16:00"), at("2026-11-25 23:00"))


@polled
async def test_an_idle_evening_and_a_clock_that_jumps_are_no_outage(stage: Stage, county: County) -> None:
    await beat(stage, "2026-11-25 16:00")
    await beat(stage, "2026-11-25 21:00")
    assert await stage.rows(Outage) == []
    assert await stage.rows(Extension) == []
    assert not any(row.stood_at for row in await stage.rows(Inbox))
    [row] = await stage.rows(Heartbeat)
    assert row.at <= at("2026-11-25 21:00")


@polled
async def test_what_was_confirmed_or_asked_before_the_line_came_back_is_in_time(stage: Stage, county: County) -> None:
    """Ten minutes across the deadline, and across a lock two minutes later."""
    stage.clock.jump_to(at("2026-11-25 16:40"))
    wang = await nearly_done(stage, county, PRINCIPAL)
    await wang.play(("1", "【请核对"))
    async with stage.database.write() as session:
        round_ = await round_of(stage, county, "bbt")
        round_.lock_at = at("2026-11-25 17:02")
        await session.merge(round_)
    liu = stage.phone(SECOND_PRINCIPAL)
    async with down(stage, "2026-11-25 16:52", "2026-11-25 17:05"):
        await wang.phone.press("提交")
        await liu.say("应急疏散演练申请延期")
    assert "按时" in wang.last.text
    assert "现为11月25日(星期三)17:00截止" in liu.last.text


@polled
async def test_taken_back_before_it_was_told_only_what_holds_is_said(stage: Stage, county: County) -> None:
    """On a Friday evening after nine; the deadline is a unit's own, at midnight."""
    bbt = await round_of(stage, county, "bbt")
    async with stage.database.write() as session:
        session.add(
            Extension(
                bureau_id=county.bureau_id, round_id=bbt.id, unit_id=county.units[XILING],
                due_at=at("2026-11-28 00:00"), reason="停电", granted_by=county.people["李敏"],
                granted_at=stage.clock.now(),
            )
        )  # fmt: skip
    liu = stage.phone(SECOND_PRINCIPAL)
    before = len(liu.received)
    async with down(stage, "2026-11-27 21:10", "2026-11-27 21:40"):
        pass
    office = Dialogue(stage, stage.phone(CLERK))
    card = next(one for one in reversed(office.phone.messages) if "【线路中断】" in one.text)
    await office.press("撤销顺延", on=card)
    await stage.tick(at("2026-11-30 08:30"))
    told = [one.text for one in liu.received[before:] if "线路" in one.text]
    assert [text.startswith("刘校长,因线路中断的顺延已由办公室撤销") for text in told] == [True]
    assert {row.fate for row in await stage.rows(Outbox, Outbox.kind == "deadlines_moved")} == {"cancelled", "sent"}
