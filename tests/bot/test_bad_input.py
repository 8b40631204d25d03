"""Bad input: one clear sentence each that says what to do; nothing already given is lost."""

from __future__ import annotations

from typing import Any

import pytest

from db.tables import Draft, Report
from tests.bot.conftest import Talk
from tests.bot.drafts import fill
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, County
from tests.stage import Stage


async def entries(stage: Stage) -> dict[str, Any]:
    return {key: entry["v"] for row in await stage.rows(Draft) for key, entry in row.entries.items()}


@pytest.mark.parametrize(
    ("key", "words", "answer"),
    [
        ("drill_students", "很多", "学生"),
        ("drill_students", "五百来人", "学生具体是多少?请回准数"),
        ("drill_students", "577", "学生应在0—576人之间"),
        ("drill_students", "12.5", "学生"),
        ("drill_seconds", "9", "用时应在10—1800秒之间"),
        ("drill_seconds", "快得很", "用时"),
        ("hazard", "5/3", "完成数不能多于总数"),
        ("drill_date", "11月19日", "日期不能晚于11月18日"),
        ("drill_date", "11月31日", "没有这一天"),
        ("drill_type", "9", "请点下面的按钮,或回序号"),
        ("drill_done", "也许吧", "✗"),
    ],
)
async def test_a_value_that_cannot_be(
    stage: Stage, county: County, talk: Talk, key: str, words: str, answer: str
) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before=key)
    await someone.do("[1 应急疏散演练]")
    before = await entries(stage)
    await someone.play((words, ("【草稿,未提交】", answer)))
    assert someone.last.text.count("✗") == 1
    assert await entries(stage) == before


async def test_the_planned_day_cannot_be_over(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", ""),
        ("[未开展]", ""),
        ("0/0", ""),
        ("停电", "请答:计划补做日期"),
        ("11月17日", "补做不能早于11月18日"),
    )
    assert await entries(stage) == {"drill_done": False, "hazard": [0, 0], "drill_reason": "停电"}


async def test_two_failed_tries_name_a_human(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_seconds")
    await someone.play(
        ("[1 应急疏散演练]", "请答:疏散用时"),
        ("快得很", "!陈股长"),
        ("真的快", ("陈股长 0000-6210023", "由局里代填", "已填的都在", "请答:疏散用时")),
        ("110", ("请答:隐患", "!陈股长")),
        ("不好说", "!陈股长"),
    )


async def test_a_tap_ends_the_row_of_failures(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", ""), ("说来话长", "!陈股长"), ("[已开展]", "请答:演练日期"), ("说不上来", "!陈股长")
    )


@pytest.mark.parametrize(
    ("sent", "answer"),
    [("<sticker>", "请用文字或按钮回答"), ("<voice>", "听不了语音。按键盘上的话筒")],
)
async def test_what_is_no_text(stage: Stage, county: County, talk: Talk, sent: str, answer: str) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.play(("[2 班班通进度]", "请答:故障设备"), (sent, (answer, "已填的都在")), ("0", "【请核对"))


async def test_an_old_button_changes_nothing(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.do("[1 应急疏散演练]")
    old = someone.last.data["未开展"]
    await someone.play(("[已开展]", "请答:演练日期"))
    assert "已更新" in await someone.press_data(old)
    assert await entries(stage) == {"drill_done": True}
    assert "请答:演练日期" in someone.last.text


async def test_a_button_of_a_sent_report(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.do("[2 班班通进度]")
    data = dict(someone.last.data)
    await someone.do("[提交]")
    for press in data.values():
        assert "已报送" in await someone.press_data(press)
    assert len(await stage.rows(Report, Report.state == "submitted")) == 1


@pytest.mark.parametrize("data", ["", "zzz", "o:!!.!!", "s:1.1", "c:1.1:2", "o:" + "z" * 40, "🙂", "q:1.1", "x::1:2"])
async def test_a_button_that_says_nothing(stage: Stage, talk: Talk, data: str) -> None:
    someone = await talk(PRINCIPAL)
    before = len(someone.phone.received)
    assert await someone.press_data(data)
    assert len(someone.phone.received) == before


async def test_a_button_of_somebody_elses_report(stage: Stage, county: County, talk: Talk) -> None:
    liu = await talk(SECOND_PRINCIPAL)
    wang = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await wang.do("[2开始填报]")
    before = len(liu.phone.received)
    for press in wang.last.data.values():
        assert "不由您负责" in await liu.press_data(press)
    assert len(liu.phone.received) == before
    assert not await stage.rows(Report, Report.state == "submitted")
