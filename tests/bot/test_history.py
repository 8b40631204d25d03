"""已报: every report with its versions, page by page; what is not one's own is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.buttons import Verb, encode
from db.ids import new_id
from db.tables import Answer, AnswerRevision, Report, Round, Task
from domain.messages import ReportKey
from services.history import PAGE
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of, round_of
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, County, at
from tests.stage import Stage

QINGHE = "清河镇九年一贯制学校"


@pytest.fixture
async def corrected(stage: Stage, county: County, talk: Talk) -> Dialogue:
    """The drill was sent at 09:00 in words and corrected at 10:30."""
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_students")
    await someone.play(("[1 应急疏散演练]", "请答:参演学生人数"))
    for words in ("五百二十", "110", "2/3", "[提交]"):
        await someone.do(words)
    stage.clock.jump_to(at("2026-11-18 10:30"))
    await someone.play(("更正:学生518人", "【请核对更正"), ("[提交]", "为什么"), ("[录入有误]", "✓ 已更正"))
    return someone


async def test_the_list_the_present_values_and_every_version(corrected: Dialogue) -> None:
    await corrected.play(("已报", "1. 11月应急疏散演练:11月18日09:00按时,回执号 1118-0001,更正1次"))
    assert corrected.last.buttons == ["1 11月应急疏散演练"]
    card = corrected.last.id
    await corrected.play(("[1 11月应急疏散演练]", (f"【已报】{QINGHE} 11月应急疏散演练", "学生518人", "更正1次")))
    assert corrected.last.buttons == ["首报", "更正1", "修改", "返回"]
    await corrected.play(
        ("[首报]", ("【首报】", "王校长 11月18日(星期三)09:00", "学生520人(原话“五百二十”)", "用时110秒")),
        (
            "[更正1]",
            ("【更正1】", "王校长 11月18日(星期三)10:30,原因:录入有误", "学生520人→518人(原话“518人”)", "!用时"),
        ),
        ("[现值]", ("【已报】", "学生518人")),
        ("[返回]", "最近报送的"),
    )
    assert corrected.last.id == card  # all in place


async def test_a_correction_from_the_history(stage: Stage, corrected: Dialogue) -> None:
    await corrected.play(
        ("/history", "最近报送的"),
        ("[1 11月应急疏散演练]", "【已报】"),
        ("[修改]", ("【更正,未提交】", "请点要改的一项")),
        ("用时120秒", "用时110秒→120秒"),
        ("对", "为什么"),
        ("[核实后更准]", "✓ 已更正"),
        ("已报", "更正2次"),
    )
    rows = await stage.rows(AnswerRevision, AnswerRevision.version == 3)
    assert [(row.key, row.reason) for row in rows] == [("drill_seconds", "核实后更准")]


async def test_after_the_lock_the_history_offers_no_correction(stage: Stage, corrected: Dialogue) -> None:
    stage.clock.jump_to(at("2026-12-02 17:00"))
    await corrected.play(("已报", "最近报送的"), ("[1 11月应急疏散演练]", "【已报】"))
    assert "修改" not in corrected.last.buttons


async def _older_reports(stage: Stage, county: County, count: int) -> None:
    """So many one-off tasks that this school reported in October."""
    template = await round_of(stage, county, "bbt")
    async with stage.database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, template.task_id))
        for number in range(count):
            at_ = template.open_at - timedelta(days=30 + number)
            own = Task(**task.model_dump() | {"id": new_id(), "key": f"old{number}", "name": f"旧任务{number}"})
            session.add(own)
            await session.flush()
            made = template.model_dump() | {"id": new_id(), "task_id": own.id, "open_at": at_, "lock_at": at_}
            session.add(Round(**made))
            await session.flush()
            session.add(
                Report(
                    bureau_id=county.bureau_id, round_id=made["id"], unit_id=county.units[QINGHE], state="accepted",
                    first_received_at=at_, submitted_at=at_, receipt_number=f"1018-{number:04d}", versions=1,
                )
            )  # fmt: skip


async def test_pages(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await _older_reports(stage, county, 2 * PAGE + 1)
    await someone.play(("已报", ("(第1页,共3页)", "旧任务0", f"!旧任务{PAGE}")))
    assert someone.last.buttons[-1] == "下一页"
    await someone.play(
        ("[下一页]", ("(第2页,共3页)", f"旧任务{PAGE}", "!旧任务0:")),
        ("[下一页]", ("(第3页,共3页)", f"旧任务{2 * PAGE}")),
        ("[上一页]", "(第2页,共3页)"),
    )
    assert all(text.count("\n") < 9 for text in someone.phone.texts)


async def test_a_page_beyond_the_last_shows_the_last(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await _older_reports(stage, county, PAGE + 1)
    await someone.do("已报")
    await someone.press_data(encode(Verb.HISTORY, None, 99))
    assert "(第2页,共2页)" in someone.last.text


async def test_nobody_elses_history(stage: Stage, county: County, talk: Talk, corrected: Dialogue) -> None:
    liu = await talk(SECOND_PRINCIPAL)
    await liu.play(("已报", "还没有报过的"))
    report = await report_of(stage, county, "drill")
    key = ReportKey(report.round_id, report.unit_id)
    before = len(liu.phone.received)
    for verb, numbers in ((Verb.VERSION, (0, 0)), (Verb.VERSION, (1, 0)), (Verb.CORRECT, ()), (Verb.KEEP, ())):
        assert "不由您负责" in await liu.press_data(encode(verb, key, *numbers))
    assert "不由您负责" in await liu.press_data(encode(Verb.REASON, key, 1, 0))
    assert len(liu.phone.received) == before
    clerk = await talk(CLERK)
    assert "不由您负责" in await clerk.press_data(encode(Verb.HISTORY, None, 0))


async def test_a_version_that_is_not_there(stage: Stage, county: County, corrected: Dialogue) -> None:
    report = await report_of(stage, county, "drill")
    key = ReportKey(report.round_id, report.unit_id)
    assert "已更新" in await corrected.press_data(encode(Verb.VERSION, key, 9, 0))
    pending = await report_of(stage, county, "bbt")
    key = ReportKey(pending.round_id, pending.unit_id)
    assert "已更新" in await corrected.press_data(encode(Verb.VERSION, key, 0, 0))
    assert {row.version for row in await stage.rows(AnswerRevision)} == {1, 2}
    assert len(await stage.rows(Answer)) == 6
