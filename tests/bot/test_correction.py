"""更正: until the lock what was sent may be corrected; nothing moves before it is read back and explained."""

from __future__ import annotations

import re
from typing import Any

import pytest

from db.tables import Answer, AnswerRevision, Chat, DigestSnapshot, Draft, Report
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, SECOND_PRINCIPAL, County, at
from tests.stage import Stage

QINGHE = "清河镇九年一贯制学校"


@pytest.fixture
async def sent(stage: Stage, county: County, talk: Talk) -> Dialogue:
    """The drill was sent at 09:00."""
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill")
    await someone.play(("[1 应急疏散演练]", "【请核对"), ("[提交]", "✓ 已收到"))
    return someone


async def answers(stage: Stage) -> dict[str, Any]:
    return {row.key: row.amount for row in await stage.rows(Answer)}


async def corrections(stage: Stage) -> list[tuple[str, int | None, str, int]]:
    rows = await stage.rows(AnswerRevision, AnswerRevision.reason != "")
    return [(row.key, row.amount, row.reason, row.version) for row in rows]


async def the_drill(stage: Stage, county: County) -> Report:
    return await report_of(stage, county, "drill")


async def test_by_button_from_the_receipt(stage: Stage, county: County, sent: Dialogue) -> None:
    first = await the_drill(stage, county)
    stage.clock.jump_to(at("2026-11-18 10:30"))
    await sent.play(
        ("[修改]", ("【更正,未提交】", "请点要改的一项")),
        ("[学生520人]", "请答:参演学生人数(现为520人)"),
        ("518", ("【请核对更正,未提交】", "学生520人→518人", "其余不变", "!用时")),
    )
    assert (await answers(stage))["drill_students"] == 520
    assert (await the_drill(stage, county)).state == "submitted"
    await sent.play(("[提交]", ("为什么更正", "学生520人→518人")))
    assert sent.last.rows[0] == ("录入有误", "情况有变化", "核实后更准")
    assert not await corrections(stage)
    await sent.play(("[录入有误]", f"✓ 已更正:{QINGHE} 11月应急疏散演练"))
    lines = sent.last.text.split("\n")
    assert re.fullmatch(r"校验码 [A-Z2-7]{4}-[A-Z2-7]{4}", lines.pop(4))
    assert lines == [
        f"✓ 已更正:{QINGHE} 11月应急疏散演练",
        "学生520人→518人",
        "原报送时间11月18日(星期三)09:00,按时,不变。回执号 1118-0001",
        "内容(第2次):演练=已开展;日期=2026-11-17;类型=地震;学生=518;用时=110;隐患=2/3",
        "数有变动,12月2日(星期三)17:00前直接回正确的数即可。",
        "还有1项待报:班班通进度。",
    ]
    assert (await answers(stage))["drill_students"] == 518
    assert await corrections(stage) == [("drill_students", 518, "录入有误", 2)]
    now = await the_drill(stage, county)
    assert (now.first_received_at, now.receipt_number, now.submitted_at, now.versions) == (
        first.first_received_at, first.receipt_number, first.submitted_at, 2,
    )  # fmt: skip
    assert not any(row.entries for row in await stage.rows(Draft))


@pytest.mark.parametrize(
    "words", ["更正:应急疏散演练学生是518人", "学生人数改为518", "刚才报错了,学生应该是518人", "参演学生518人"]
)
async def test_by_saying_it(stage: Stage, sent: Dialogue, words: str) -> None:
    await sent.play((words, ("【请核对更正,未提交】", "学生520人→518人")), ("对", "为什么更正"), ("点错了", "✓ 已更正"))
    assert await corrections(stage) == [("drill_students", 518, "点错了", 2)]
    assert [row.words for row in await stage.rows(AnswerRevision, AnswerRevision.version == 2)] != [""]


async def test_by_a_reply_to_the_receipt(stage: Stage, sent: Dialogue) -> None:
    receipt = sent.last
    await sent.do("[接着填]")
    await sent.phone.reply(receipt, "学生518人")
    await stage.settled()
    assert "【请核对更正,未提交】" in sent.last.text
    await sent.play(("[提交]", "为什么更正"), ("[情况有变化]", "✓ 已更正"))
    assert (await answers(stage))["drill_students"] == 518


async def test_what_fits_an_open_report_is_no_correction(stage: Stage, county: County, sent: Dialogue) -> None:
    await sent.play(("[接着填]", "请答:“班班通”"), ("10/14", "请答:故障设备"), ("3", "故障3台"))
    assert not (await the_drill(stage, county)).versions > 1
    bbt = await report_of(stage, county, "bbt")
    assert [row.round_id for row in await stage.rows(Draft) if row.entries] == [bbt.round_id]


async def test_thanks_to_the_receipt_start_nothing(stage: Stage, sent: Dialogue) -> None:
    await sent.phone.reply(sent.last, "收到,谢谢")
    await stage.settled()
    assert "已报送" in sent.last.text
    assert not any(row.entries for row in await stage.rows(Draft))


async def test_the_same_value_is_no_correction(stage: Stage, sent: Dialogue) -> None:
    await sent.play(("更正:学生520人", "和已报的一样,没有改动"))
    assert not any(row.entries for row in await stage.rows(Draft))


async def test_thinking_better_of_it(stage: Stage, county: County, sent: Dialogue) -> None:
    await sent.play(("更正:学生518人", "【请核对更正"), ("[不改了]", ("【已提交】", "回执号 1118-0001")))
    assert sent.last.buttons == ["修改"]
    assert (await answers(stage))["drill_students"] == 520
    assert not any(row.entries for row in await stage.rows(Draft))


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("更正:学生577人", "学生应在0—576人之间"),
        ("更正:隐患5/3", "完成数不能多于总数"),
        ("更正:学生五百来人", "请回准数"),
    ],
)
@pytest.mark.parametrize("how", ["said", "as a reply"])
async def test_the_same_validation_as_a_first_entry(
    stage: Stage, sent: Dialogue, words: str, refused: str, how: str
) -> None:
    """Golden 22."""
    if how == "said":
        await sent.do(words)
    else:
        await sent.phone.reply(sent.last, words.removeprefix("更正:"))
        await stage.settled()
    assert "【更正,未提交】" in sent.last.text
    assert refused in sent.last.text
    assert not any(row.entries for row in await stage.rows(Draft))
    assert (await answers(stage))["drill_students"] == 520


async def test_a_correction_may_ask_further_questions(stage: Stage, sent: Dialogue) -> None:
    await sent.play(
        ("[修改]", "【更正"),
        ("[已开展]", "请答:本月是否已开展"),
        ("[未开展]", ("【更正,未提交】", "请答:未开展的原因")),
        ("停电", "请答:计划补做日期"),
        ("11月26日", ("【请核对更正", "演练已开展→未开展", "学生520人→不再适用")),
        ("[提交]", "为什么更正"),
        ("[核实后更准]", "✓ 已更正"),
    )
    assert set(await answers(stage)) == {"drill_done", "hazard", "drill_reason", "next_drill"}
    gone = await stage.rows(AnswerRevision, AnswerRevision.key == "drill_students")
    assert [(row.version, row.amount) for row in gone] == [(1, 520), (2, None)]


async def test_other_values_instead_of_a_reason_are_read_back(stage: Stage, sent: Dialogue) -> None:
    await sent.play(
        ("更正:学生518人", "【请核对更正"),
        ("[提交]", "为什么更正"),
        ("对", "为什么更正"),
        ("学生519人", ("【请核对更正", "学生520人→519人")),
        ("对", "为什么更正"),
        ("多数了一个班", "✓ 已更正"),
    )
    assert await corrections(stage) == [("drill_students", 519, "多数了一个班", 2)]


async def test_an_accepted_report_goes_back_to_submitted(stage: Stage, county: County, sent: Dialogue) -> None:
    report = await the_drill(stage, county)
    report.state = "accepted"
    async with stage.database.write() as session:
        await session.merge(report)
    await sent.play(("更正:学生518人", "【请核对更正"))
    assert (await the_drill(stage, county)).state == "accepted"
    await sent.play(("[提交]", "为什么"), ("[录入有误]", "✓ 已更正"))
    assert (await the_drill(stage, county)).state == "submitted"


async def test_the_lead_section_sees_it_as_one_correction(
    stage: Stage, county: County, talk: Talk, sent: Dialogue
) -> None:
    chief = await talk(CHIEF)
    stage.clock.jump_to(at("2026-11-18 20:00"))
    for words in ("更正:学生518人", "更正:用时120秒"):
        await sent.play((words, "【请核对更正"), ("对", "为什么"), ("[录入有误]", "✓ 已更正"))
    assert not any("更正" in text for text in chief.phone.texts)
    await stage.tick(at("2026-11-19 08:30"))
    told = [text for text in chief.phone.texts if text.startswith("更正")]
    assert told == [
        f"更正:{QINGHE} 11月应急疏散演练\n学生520人→518人,用时110秒→120秒\n原因:录入有误。王校长报,原报送时间不变。"
    ]


async def test_nobody_else_is_told(stage: Stage, county: County, talk: Talk, sent: Dialogue) -> None:
    others = [await talk(chat) for chat in (SECOND_PRINCIPAL, DIRECTOR, CLERK)]
    before = [len(one.phone.received) for one in others]
    await sent.play(("更正:学生518人", "【请核对"), ("对", "为什么"), ("[录入有误]", "✓ 已更正"))
    assert [len(one.phone.received) for one in others] == before


async def test_a_correction_after_the_deadline_keeps_the_first_time(
    stage: Stage, county: County, talk: Talk, sent: Dialogue
) -> None:
    """Golden 19: correcting after due makes nobody late."""
    stage.clock.jump_to(at("2026-11-27 10:00"))
    await sent.play(
        ("更正:学生518人", "【请核对更正"),
        ("对", "为什么"),
        ("[录入有误]", ("✓ 已更正", "原报送时间11月18日(星期三)09:00,按时,不变")),
    )


async def test_a_published_digest_never_changes_and_the_next_one_lists_it(
    stage: Stage, county: County, talk: Talk, sent: Dialogue
) -> None:
    """Golden 27."""
    clerk = await talk(CLERK)
    await stage.tick(at("2026-11-25 18:00"))
    [published] = await stage.rows(DigestSnapshot)
    assert "学生520人" in clerk.last.text
    stage.clock.jump_to(at("2026-11-26 10:00"))
    await sent.play(("更正:学生518人", "【请核对更正"), ("对", "为什么"), ("[录入有误]", "✓ 已更正"))
    await clerk.do("汇总")
    assert f"上期以来更正1份:\n1. {QINGHE} 11月应急疏散演练:学生520人→518人(录入有误)" in clerk.last.text
    assert "学生518人" in clerk.last.text
    [still] = await stage.rows(DigestSnapshot, DigestSnapshot.id == published.id)
    assert still.snapshot == published.snapshot
    await stage.tick(at("2026-11-30 08:30"))
    assert "学生520人→518人" in clerk.last.text
    await clerk.play(("汇总", "!更正"))


async def test_what_was_corrected_before_any_digest_is_not_listed(stage: Stage, talk: Talk, sent: Dialogue) -> None:
    clerk = await talk(CLERK)
    await sent.play(("更正:学生518人", "【请核对更正"), ("对", "为什么"), ("[录入有误]", "✓ 已更正"))
    await stage.tick(at("2026-11-25 18:00"))
    assert "学生518人" in clerk.last.text
    assert "更正" not in clerk.last.text


async def test_a_stale_reason_or_read_back_changes_nothing(stage: Stage, sent: Dialogue) -> None:
    await sent.do("更正:学生518人")
    old = dict(sent.last.data)
    await sent.do("[提交]")
    reason = dict(sent.last.data)
    await sent.do("学生517人")
    assert "已更新" in await sent.press_data(old["提交"])
    assert "已更新" in await sent.press_data(reason["录入有误"])
    assert not await corrections(stage)
    await sent.play(("[提交]", "为什么"), ("[录入有误]", "✓ 已更正"))
    assert (await answers(stage))["drill_students"] == 517


async def test_change_typed_opens_what_was_sent(stage: Stage, county: County, sent: Dialogue) -> None:
    await sent.play(("更正", ("【更正,未提交】", "请点要改的一项")), ("取消", "先放下"))
    [chat] = await stage.rows(Chat, Chat.id == PRINCIPAL)
    assert chat.focus_round_id is None
