"""补报 after the lock and 延期 before the deadline: asked by the unit, decided by the office, answered in the chat."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.buttons import Verb, encode
from db.tables import Answer, AnswerRevision, Chat, DigestSnapshot, Draft, Extension, Reminder, Report, Request
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, SECOND_PRINCIPAL, County, at
from tests.stage import Stage

QINGHE = "清河镇九年一贯制学校"
LOCK = "2026-12-02 17:00"


@pytest.fixture
async def clerk(talk: Talk, someone: Dialogue) -> Dialogue:
    return await talk(CLERK)


async def the_request(stage: Stage) -> Request:
    [request] = await stage.rows(Request)
    return request


# ---- 补报


@pytest.fixture
async def late(stage: Stage, county: County, someone: Dialogue) -> Dialogue:
    """班班通 was complete before the lock and confirmed after it."""
    await fill(stage, county, "bbt")
    stage.clock.jump_to(at("2026-12-02 16:50"))
    await someone.play(("[2 班班通进度]", "【请核对,未提交】"))
    stage.clock.jump_to(at("2026-12-02 17:12"))
    return someone


async def test_begun_before_the_lock_and_sent_after(stage: Stage, county: County, late: Dialogue) -> None:
    """Golden 23: a clear answer, the draft kept."""
    await late.play(("[提交]", "toast:报告期已关闭"))
    assert late.last.text.split("\n") == [
        "王校长,您报的内容已完整收到(12月2日(星期三)17:12)。",
        f"{QINGHE} 11月班班通进度报告期已于12月2日(星期三)17:00关闭,本期数字不再变动。",
        "已转办公室李干事,接收后按“补报”计入下期更正,结果在这里告诉您,不用重报。",
        "急用请打李干事 0000-6210001。",
    ]
    request = await the_request(stage)
    assert (request.kind, request.state) == ("late", "pending")
    assert {key: entry["v"] for key, entry in request.entries.items()} == {"bbt": [10, 14], "bbt_fault": 0}
    [draft] = [row for row in await stage.rows(Draft) if row.entries]
    assert draft.entries["bbt"]["v"] == [10, 14]
    assert (await report_of(stage, county, "bbt")).state == "pending"
    assert not await stage.rows(Answer)


@pytest.mark.parametrize("words", ["补报:班班通10/14,故障2台", "班班通10/14,故障2台"])
async def test_said_after_the_lock(stage: Stage, county: County, someone: Dialogue, words: str) -> None:
    stage.clock.jump_to(at("2026-12-03 09:10"))
    await someone.play(
        (words, ("【请核对补报,未提交】", "班班通10/14个", "报告期已于12月2日(星期三)17:00关闭")),
        ("对", "您报的内容已完整收到(12月3日(星期四)09:10)"),
    )
    assert (await the_request(stage)).entries["bbt_fault"]["v"] == 2


async def test_granted(stage: Stage, county: County, clerk: Dialogue, late: Dialogue) -> None:
    await late.do("[提交]")
    assert "【补报申请】" in clerk.last.text
    assert "班班通10/14个,故障0台" in clerk.last.text
    stage.clock.jump_to(at("2026-12-03 09:00"))
    await clerk.play(("[同意]", "✓ 已同意(李干事)"))
    assert not clerk.last.buttons
    assert late.last.text.split("\n") == [
        f"✓ 已接收补报:{QINGHE} 11月班班通进度",
        "计入下期更正。回执号 1203-0001。不用重报。",
    ]
    report = await report_of(stage, county, "bbt")
    assert (report.state, report.first_received_at) == ("submitted", at("2026-12-02 17:12"))
    assert {row.key: row.amount for row in await stage.rows(Answer)} == {"bbt": 10, "bbt_fault": 0}
    assert {row.reason for row in await stage.rows(AnswerRevision)} == {"补报"}
    assert not any(row.entries for row in await stage.rows(Draft))


async def test_listed_in_the_next_digest(stage: Stage, county: County, clerk: Dialogue, someone: Dialogue) -> None:
    await stage.tick(at("2026-11-25 18:00"))
    [published] = await stage.rows(DigestSnapshot)
    stage.clock.jump_to(at("2026-12-03 09:10"))
    await someone.play(("补报:班班通10/14,故障2台", "【请核对补报"), ("对", "已完整收到"))
    await clerk.play(("汇总", "!补报"), ("审核", "待审核的申请1件"), ("[1同意]", ""))
    await clerk.play(("汇总", f"上期以来更正1份:\n1. {QINGHE} 11月班班通进度补报:班班通10/14个,故障2台"))
    assert "迟报1" in clerk.last.text
    [still] = await stage.rows(DigestSnapshot, DigestSnapshot.id == published.id)
    assert still.snapshot == published.snapshot


async def test_refused_with_a_reason(stage: Stage, county: County, clerk: Dialogue, late: Dialogue) -> None:
    await late.do("[提交]")
    await clerk.play(("[不同意]", "不同意的原因?"), ("本期通报已印发", "已答复不同意:本期通报已印发(李干事)"))
    assert f"{QINGHE} 11月班班通进度的补报未接收:本期通报已印发。" in late.last.text
    assert "李干事 0000-6210001" in late.last.text
    request = await the_request(stage)
    assert (request.state, request.answer) == ("refused", "本期通报已印发")
    assert not await stage.rows(Answer)
    assert [row for row in await stage.rows(Draft) if row.entries]


async def test_refused_with_one_tap(stage: Stage, clerk: Dialogue, late: Dialogue) -> None:
    await late.do("[提交]")
    await clerk.play(("[不同意]", "不同意的原因?"), ("[本期数字已上报]", "已答复不同意:本期数字已上报"))
    assert "本期数字已上报" in late.last.text


async def test_sent_twice_is_one_request_with_the_newest_values(stage: Stage, county: County, late: Dialogue) -> None:
    await late.play(("[提交]", "已完整收到"), ("补报:故障3台", "【请核对补报"), ("对", "已完整收到"))
    assert (await the_request(stage)).entries["bbt_fault"]["v"] == 3


async def test_a_correction_after_the_lock_is_a_request_too(
    stage: Stage, county: County, clerk: Dialogue, someone: Dialogue
) -> None:
    await fill(stage, county, "drill")
    await someone.play(("[1 应急疏散演练]", "【请核对"), ("[提交]", "✓ 已收到"))
    stage.clock.jump_to(at("2026-12-03 09:10"))
    await someone.play(
        ("更正:学生518人", ("【请核对更正,未提交】", "学生520人→518人", "提交后转办公室")),
        ("对", "为什么"),
        ("[录入有误]", "已完整收到"),
    )
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 520
    assert "学生518人" in clerk.last.text
    assert "!用时" not in clerk.last.text
    await clerk.play(("[同意]", "✓ 已同意"))
    report = await report_of(stage, county, "drill")
    assert (report.first_received_at, report.receipt_number) == (at("2026-11-18 09:00"), "1118-0001")
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 518
    assert "✓ 已接收更正" in someone.last.text


# ---- 延期


@pytest.mark.parametrize(
    "lines",
    [
        (("[申请延期]", "【申请延期】"), ("[11月27日(星期五)]", "为什么?"), ("[停电停网]", "已转办公室李干事")),
        (("[申请延期]", "【申请延期】"), ("11月27日,停电停网", "已转办公室李干事")),
        (
            ("[申请延期]", "【申请延期】"),
            ("过几天", ("没看懂", "为什么")),
            ("11月27日", "为什么?"),
            ("停电停网", "已转办公室"),
        ),
        (("班班通进度申请延期到11月27日,停电停网", "已转办公室李干事"),),
        (("申请延期到27日,因为停电停网", "已转办公室李干事"),),
        (("延期", "【申请延期】"), ("27号", "为什么?"), ("停电停网", "已转办公室")),
    ],
    ids=["tapped", "day and reason", "unclear first", "one sentence", "at hand", "word"],
)
async def test_an_extension_is_asked_for(
    stage: Stage, county: County, someone: Dialogue, lines: tuple[tuple[str, str | tuple[str, ...]], ...]
) -> None:
    await someone.do("[2 班班通进度]")
    for does, expects in lines:
        wanted = expects if isinstance(expects, str) else expects[0]
        await someone.play((does, wanted))
    request = await the_request(stage)
    assert (request.kind, request.until, request.reason) == ("extension", at("2026-11-27 17:00"), "停电停网")
    assert "申请延到11月27日(星期五)17:00(停电停网)" in someone.last.text
    assert (await report_of(stage, county, "bbt")).unit_id == request.unit_id


async def asked(someone: Dialogue) -> None:
    await someone.play(("班班通进度申请延期到11月27日,停电停网", "已转办公室"))


async def test_with_several_reports_it_is_asked_which_and_not_typed_again(stage: Stage, someone: Dialogue) -> None:
    await someone.play(("延期到11月27日,停电停网", ("要申请哪一项延期", "不用重打")))
    await someone.play(("[11月班班通进度]", "申请延到11月27日(星期五)17:00(停电停网)"))
    assert (await the_request(stage)).reason == "停电停网"


@pytest.mark.parametrize("day", ["11月25日", "12月2日", "12月5日", "11月20日"])
async def test_a_day_that_cannot_be(stage: Stage, someone: Dialogue, day: str) -> None:
    await someone.play(
        ("[2 班班通进度]", ""), ("[申请延期]", "最晚可延到12月1日(星期二)"), (f"{day},停电", "这一天不行")
    )
    assert not await stage.rows(Request)


async def test_after_the_deadline_too_until_it_is_nearly_closed(
    stage: Stage, county: County, someone: Dialogue
) -> None:
    await someone.do("[2 班班通进度]")
    stage.clock.jump_to(at("2026-11-25 17:00:01"))
    await someone.play(("班班通进度申请延期到27日,停电", "已转办公室李干事"))
    assert [row.until for row in await stage.rows(Request)] == [at("2026-11-27 17:00")]


@pytest.mark.parametrize("says", ["延期到27日", "[申请延期]"])
async def test_shortly_before_the_lock_none_is_asked_for(
    stage: Stage, county: County, someone: Dialogue, says: str
) -> None:
    await someone.do("[2 班班通进度]")
    stage.clock.jump_to(at("2026-12-01 17:00:01"))
    if says.startswith("["):
        await someone.play((says, "toast:报告期快要关闭"))
    else:
        await someone.play((says, "现在不能申请延期"))
    assert not await stage.rows(Request)


async def test_while_it_is_pending_reminders_rest(stage: Stage, county: County, talk: Talk, someone: Dialogue) -> None:
    liu = await talk(SECOND_PRINCIPAL)
    await asked(someone)
    await stage.tick(at("2026-11-24 09:00"))
    assert "应急疏散演练" in someone.last.text
    assert "班班通" not in someone.last.text
    assert "班班通进度" in liu.last.text
    await someone.play(("[申请延期]", "【申请延期】清河镇九年一贯制学校 11月应急疏散演练"))


async def test_granted_extension(stage: Stage, county: County, talk: Talk, clerk: Dialogue, someone: Dialogue) -> None:
    """Golden 10: the text shows the new time, the rungs arm again, other schools stay as they were."""
    liu = await talk(SECOND_PRINCIPAL)
    await asked(someone)
    assert "【延期申请】" in clerk.last.text
    stage.clock.jump_to(at("2026-11-20 10:00"))
    await clerk.play(("审核", "待审核的申请1件"), ("[1同意]", "没有待审核的申请"))
    assert someone.last.text == "王校长,11月班班通进度同意延至11月27日(星期五)17:00(停电停网)。在此之前报都算按时。"
    [extension] = await stage.rows(Extension)
    assert (extension.due_at, extension.granted_by) == (at("2026-11-27 17:00"), county.people["李敏"])
    await someone.play(
        ("待办", ("应急疏散演练", "班班通进度", "11月27日(星期五)17:00前")),
        ("[2开始填报]", "11月27日(星期五)17:00前报都行"),
    )
    await stage.tick(at("2026-11-24 09:00"))
    assert "2. 班班通进度(装备站):2问,还没填,11月27日(星期五)17:00截止" in someone.last.text
    assert "2. 班班通进度(装备站):2问,还没填" in liu.last.text
    assert "27日" not in liu.last.text
    await stage.tick(at("2026-11-26 09:00"))
    assert "2. 班班通进度(装备站):2问,还没填,11月27日(星期五)17:00截止" in someone.last.text
    rows = await stage.rows(Reminder, Reminder.unit_id == county.units[QINGHE])
    dues = {(row.round_id, row.effective_due, row.state) for row in rows}
    bbt = await report_of(stage, county, "bbt")
    assert (bbt.round_id, at("2026-11-27 17:00"), "queued") in dues
    assert not any(due == (bbt.round_id, at("2026-11-25 17:00"), "queued") for due in dues)


@pytest.mark.parametrize(
    ("when", "how"),
    [("2026-11-27 17:00", "按时"), ("2026-11-27 17:00:01", "迟报"), ("2026-11-26 12:00", "按时")],
)
async def test_timeliness_by_the_extended_due(
    stage: Stage, county: County, clerk: Dialogue, someone: Dialogue, when: str, how: str
) -> None:
    await asked(someone)
    await clerk.do("[同意]")
    stage.clock.jump_to(at(when))
    await fill(stage, county, "bbt")
    await someone.play(("待办", "班班通"), ("[2提交]", ("✓ 已收到", how)))
    await clerk.do("汇总")
    assert f"{how}1" in clerk.last.text


async def test_refused_extension(stage: Stage, county: County, clerk: Dialogue, someone: Dialogue) -> None:
    await asked(someone)
    await clerk.play(("[不同意]", "不同意的原因"), ("省里定的时限", "已答复不同意"))
    assert "未能延期,仍为11月25日(星期三)17:00截止:省里定的时限。" in someone.last.text
    await stage.tick(at("2026-11-24 09:00"))
    assert "班班通进度" in someone.last.text
    assert not await stage.rows(Extension)


async def test_asked_twice(stage: Stage, county: County, someone: Dialogue) -> None:
    await someone.do("[2 班班通进度]")
    data = encode(Verb.EXTEND, _key(await report_of(stage, county, "bbt")))
    await asked(someone)
    assert "等办公室答复" in await someone.press_data(data)
    assert len(await stage.rows(Request)) == 1


# ---- who decides


def _key(report: Report):
    from domain.messages import ReportKey

    return ReportKey(report.round_id, report.unit_id)


async def test_the_queue_by_its_words(stage: Stage, talk: Talk, clerk: Dialogue, someone: Dialogue) -> None:
    await clerk.play(("/review", "没有待审核的申请"), ("补报", "没有待审核的申请"))
    await asked(someone)
    await clerk.play(("延期", "【延期】"), ("审核", "待审核的申请1件"))
    chief, director = await talk(CHIEF), await talk(DIRECTOR)
    await chief.play(("审核", "没有待审核的申请"))
    await director.play(("审核", "没有这个命令"))
    await someone.play(("审核", "没有这个命令"))


async def test_the_lead_section_decides_about_its_own(
    stage: Stage, county: County, talk: Talk, someone: Dialogue
) -> None:
    chief = await talk(CHIEF)
    await someone.play(("应急疏散演练延期报送到11月27日,下雨", "已转办公室"))
    await chief.play(("审核", "待审核的申请1件"), ("[1同意]", "没有待审核的申请"))
    assert "同意延至" in someone.last.text


@pytest.mark.parametrize("who", [SECOND_PRINCIPAL, PRINCIPAL, CHIEF, DIRECTOR])
async def test_nobody_else_decides(stage: Stage, county: County, talk: Talk, someone: Dialogue, who: int) -> None:
    await asked(someone)
    request = await the_request(stage)
    other = someone if who == PRINCIPAL else await talk(who)
    before = len(other.phone.received)
    for verb, numbers in ((Verb.GRANT, ()), (Verb.REFUSE, ()), (Verb.REFUSE_WHY, (0,))):
        for number in (request.id, 12345):
            assert "不由您负责" in await other.press_data(encode(verb, None, number, *numbers))
    assert len(other.phone.received) == before
    assert (await the_request(stage)).state == "pending"


async def test_decided_once(stage: Stage, county: County, clerk: Dialogue, someone: Dialogue) -> None:
    await asked(someone)
    data = dict(clerk.last.data)
    await clerk.do("[同意]")
    told = len(someone.phone.received)
    for label in ("同意", "不同意"):
        assert "已更新" in await clerk.press_data(data[label])
    assert len(someone.phone.received) == told
    request = await the_request(stage)
    assert (request.state, type(request.decided_at)) == ("granted", datetime)
    [chat] = await stage.rows(Chat, Chat.id == CLERK)
    assert chat.focus_key is None


async def test_texts_stay_short(stage: Stage, clerk: Dialogue, someone: Dialogue) -> None:
    await asked(someone)
    await clerk.play(("审核", "待审核"))
    assert max(text.count("\n") + 1 for text in (*someone.phone.texts, *clerk.phone.texts)) <= 9
