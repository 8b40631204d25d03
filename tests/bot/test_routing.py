"""Which report a reply belongs to (design 3): two open reports never mix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from db.tables import Chat, Draft, Report, Round, Unit
from tests.bot.conftest import Talk
from tests.bot.drafts import fill, report_of
from tests.cast import PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import Stage


async def drafts(stage: Stage, county: County) -> dict[tuple[str, str], dict[str, Any]]:
    """What is filled in, by unit and task."""
    units = {number: name for name, number in county.units.items()}
    tasks = {number: key for key, number in county.tasks.items()}
    rounds = {row.id: tasks[row.task_id] for row in await stage.rows(Round)}
    return {
        (units[row.unit_id], rounds[row.round_id]): {key: entry["v"] for key, entry in row.entries.items()}
        for row in await stage.rows(Draft)
        if row.entries
    }


QINGHE, LI, BRIDGE = "清河镇九年一贯制学校", "李村小学", "桥头小学"


async def test_starting_another_report_leaves_the_first_as_it_was(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答:本月是否已开展"),
        ("[已开展]", "请答:演练日期"),
        ("[2 班班通进度]", "请答:“班班通”"),
        ("10/14", "请答:故障设备"),
        ("待办", "待报2项"),
        ("[1接着填]", "请答:演练日期"),
        ("11月17日", "请答:演练类型"),
    )
    assert await drafts(stage, county) == {
        (QINGHE, "drill"): {"drill_done": True, "drill_date": "2026-11-17"},
        (QINGHE, "bbt"): {"bbt": [10, 14]},
    }


async def test_prompts_and_reminders_never_move_the_focus(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[2 班班通进度]", "请答:“班班通”"))
    stage.clock.jump_to(at("2026-11-24 08:50"))
    await someone.play(("待办", "待报"), ("[2开始填报]", "请答:“班班通”"))
    await stage.tick(at("2026-11-24 09:00"))
    assert "明天" in someone.last.text
    await someone.play(("10/14", "请答:故障设备"))
    assert (QINGHE, "bbt") in await drafts(stage, county)


async def test_bare_done_with_two_open_reports_is_asked_and_not_typed_again(
    stage: Stage, county: County, talk: Talk
) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("已完成", ("您说的“已完成”是报哪一项?", "不用重打")))
    assert someone.last.buttons == ["11月应急疏散演练", "11月班班通进度"]
    assert not await drafts(stage, county)
    await someone.play(("[11月应急疏散演练]", "请答:演练日期"))
    assert await drafts(stage, county) == {(QINGHE, "drill"): {"drill_done": True}}


async def test_the_question_which_report_is_answered_once(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("已完成")
    question = someone.last
    await someone.do("[11月应急疏散演练]")
    cards = len(someone.phone.received)
    for label in ("11月应急疏散演练", "11月班班通进度"):
        assert "已更新" in await someone.press_data(question.data[label])
    assert len(someone.phone.received) == cards
    assert not next(m for m in someone.phone.received if m.id == question.id).buttons
    assert await drafts(stage, county) == {(QINGHE, "drill"): {"drill_done": True}}


async def test_focus_decides_before_fit(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="hazard")
    await someone.play(("[1 应急疏散演练]", "请答:隐患"), ("3/4", "【请核对"))
    assert (await drafts(stage, county))[QINGHE, "drill"]["hazard"] == [3, 4]
    assert (QINGHE, "bbt") not in await drafts(stage, county)


async def test_a_reply_to_a_message_decides_before_focus(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[2 班班通进度]")
    card = someone.last
    await someone.do("[1 应急疏散演练]")
    await someone.phone.reply(card, "10/14")
    await stage.settled()
    assert await drafts(stage, county) == {(QINGHE, "bbt"): {"bbt": [10, 14]}}


async def test_a_reply_to_a_sent_report_is_not_given_to_another(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill")
    await someone.play(("[1 应急疏散演练]", "【请核对"), ("[提交]", "✓ 已收到"))
    receipt = someone.last
    await someone.do("[接着填]")
    await someone.phone.reply(receipt, "10/14")
    await stage.settled()
    assert "【请核对更正,未提交】清河镇九年一贯制学校 11月应急疏散演练" in someone.last.text
    assert (QINGHE, "bbt") not in await drafts(stage, county)


async def test_the_only_open_report_takes_what_is_said(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill")
    await someone.play(("[1 应急疏散演练]", "【请核对"), ("对", "✓ 已收到"), ("10/14", "请答:故障设备"))
    assert await drafts(stage, county) == {(QINGHE, "bbt"): {"bbt": [10, 14]}}


async def test_the_only_questions_it_fits_take_what_is_said(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("班班通10/14", "11月班班通进度"))
    assert await drafts(stage, county) == {(QINGHE, "bbt"): {"bbt": [10, 14]}}


@pytest.mark.parametrize("ends", ["取消", "稍后", "[稍后填]", "24 h"])
async def test_the_focus_ends(stage: Stage, county: County, talk: Talk, ends: str) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答:本月是否已开展"))
    if ends == "24 h":
        stage.clock.jump_to(stage.clock.now() + timedelta(hours=24, seconds=1))
    else:
        await someone.do(ends)
        [chat] = await stage.rows(Chat, Chat.id == PRINCIPAL)
        assert (chat.focus_round_id, chat.focus_key, chat.focus_at) == (None, None, None)
    await someone.play(("已完成", "是报哪一项?"))
    assert not await drafts(stage, county)


async def test_the_focus_lasts_a_day(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[1 应急疏散演练]")
    stage.clock.jump_to(stage.clock.now() + timedelta(hours=24))
    await someone.play(("已开展", "请答:演练日期"))


async def test_submitting_ends_the_focus(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"))
    [chat] = await stage.rows(Chat, Chat.id == PRINCIPAL)
    assert (chat.focus_round_id, chat.read_back) == (None, None)


async def test_a_person_with_two_schools_is_asked_which(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(("班班通3/4", "是报哪一项?"))
    assert someone.last.buttons[-2:] == [f"{LI} 11月班班通进度", f"{BRIDGE} 11月班班通进度"]
    assert not await drafts(stage, county)
    await someone.play((f"[{BRIDGE} 11月班班通进度]", (BRIDGE, "班班通3/4个")))
    assert await drafts(stage, county) == {(BRIDGE, "bbt"): {"bbt": [3, 4]}}


async def test_a_name_in_the_words_decides_the_unit(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(("李村小学班班通5/6", LI), ("桥头小学班班通3/4", BRIDGE))
    assert await drafts(stage, county) == {(LI, "bbt"): {"bbt": [5, 6]}, (BRIDGE, "bbt"): {"bbt": [3, 4]}}


async def test_a_name_decides_before_focus(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(("待办", LI), ("[3开始填报]", LI), ("桥头小学班班通3/4", BRIDGE))
    assert await drafts(stage, county) == {(BRIDGE, "bbt"): {"bbt": [3, 4]}}


async def test_what_is_said_of_a_unit_that_owes_nothing_is_not_given_to_the_other(
    stage: Stage, county: County, talk: Talk
) -> None:
    someone = await talk(TWO_SCHOOLS)
    for task in ("drill", "bbt"):
        report = await report_of(stage, county, task, LI)
        report.state, report.first_received_at = "submitted", stage.clock.now()
        async with stage.database.write() as session:
            await session.merge(report)
    await someone.play(("李村小学今天下大雪", "李村小学现在没有待报事项"))
    assert not await drafts(stage, county)


async def test_a_name_within_another_name_is_not_meant(stage: Stage, county: County, talk: Talk) -> None:
    async with stage.database.write() as session:
        unit = await session.get_one(Unit, (county.bureau_id, county.units[LI]))
        unit.name = "石桥头小学"
    someone = await talk(TWO_SCHOOLS)
    await someone.play(("石桥头小学班班通5/6", "石桥头小学 11月班班通进度"))
    assert await drafts(stage, county) == {(LI, "bbt"): {"bbt": [5, 6]}}


async def test_numerals_in_a_name_are_no_answer(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.play(("[2 班班通进度]", "请答:故障设备"), ("清河镇九年一贯制学校 3", "故障3台"))


@pytest.mark.parametrize("name", ["a_b*小学", "<b>&小学[1]", "小学`<i>"])
async def test_a_name_with_markup_is_shown_as_written(stage: Stage, county: County, talk: Talk, name: str) -> None:
    async with stage.database.write() as session:
        unit = await session.get_one(Unit, (county.bureau_id, county.units[QINGHE]))
        unit.name = name
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    report = await report_of(stage, county, "bbt")
    assert report.unit_id == county.units[QINGHE]
    await someone.play(("[2 班班通进度]", f"{name} 11月班班通进度"), ("[提交]", f"✓ 已收到:{name} 11月"))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("待办", "待报2项"),
        ("待报", "待报2项"),
        ("待办。", "待报2项"),
        ("“待办”", "待报2项"),
        ("/todo", "待报2项"),
        ("已报", "还没有报过的"),
        ("/history", "还没有报过的"),
        ("帮助", "没空填、不会填"),
        ("怎么用", "没空填、不会填"),
        ("/help", "没空填、不会填"),
        ("取消", "没有正在填的"),
        ("/cancel", "没有正在填的"),
        ("开始", "待报2项"),
        ("/start", "待报2项"),
        ("/nonsense", "没有这个命令"),
        ("汇总", "没有这个命令"),
    ],
)
async def test_a_command_and_its_chinese_words(talk: Talk, words: str, shown: str) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play((words, shown))


async def test_report_numbers_of_reports_are_kept(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(
        ("[2 班班通进度]", "【请核对"), ("[提交]", "1118-0001"), ("已报", ("11月班班通进度", "1118-0001"))
    )
    assert [row.receipt_number for row in await stage.rows(Report, Report.state == "submitted")] == ["1118-0001"]
