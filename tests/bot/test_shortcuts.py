"""Less work each month: states carried over, one number once, nil reports, several choices, all sent at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from db.session import Database
from db.tables import Answer, Report
from domain.indicators import Indicator, Kind
from tests.bot.conftest import Talk
from tests.bot.drafts import fill, report_of
from tests.cast import FLOW, PRINCIPAL, ROLLOUT, STOCK, County, add_task, at, make_county
from tests.stage import Stage, on_stage

STUDY = (
    Indicator("study_times", "本月集中学习场次", Kind.INT, FLOW, "场", short="学习", jump=Decimal(3)),
    Indicator("publicity", "对外宣传稿件篇数", Kind.INT, FLOW, "篇", short="稿件", soft_maximum=Decimal(20)),
)
THEME = ("法治", "安全", "心理", "禁毒")
THEMES = (
    Indicator(
        "themes", "本月宣传了哪些主题", Kind.CHOICES, FLOW, short="主题", choices=("法治", "安全", "心理", "禁毒")
    ),
    Indicator("theme_walls", "文化墙处数", Kind.INT, STOCK, "处", short="文化墙", not_falling=True),
)
DEVICES = (*(replace(one) for one in ROLLOUT), Indicator("pc_room", "计算机教室", Kind.INT, STOCK, "间", short="机房"))


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    county = await make_county(sqlite, at("2026-10-16 09:00"))
    async with on_stage(sqlite, county.bureau_id, at("2026-10-19 09:00")) as made:
        yield made


@pytest.fixture
async def county(stage: Stage) -> County:
    """The county of this stage, found again by its bureau."""
    return await _known(stage)


async def _known(stage: Stage) -> County:
    from db.tables import Task, Unit

    county = County(stage.workplace.bureau_id)
    county.units = {unit.name: unit.id for unit in await stage.rows(Unit)}
    county.tasks = {task.key: task.id for task in await stage.rows(Task)}
    return county


async def test_last_months_states_are_repeated_by_one_tap(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(("[2 班班通进度]", "【请核对,未提交】"), ("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-18 09:00"))
    await someone.play(
        ("待办", "班班通进度"),
        ("[2开始填报]", ("上次:班班通10/14个,故障0台", "没有变化就点“与上次相同”")),
        ("[与上次相同]", ("【请核对,未提交】", "班班通10/14个,故障0台")),
        ("[提交]", "✓ 已收到:清河镇九年一贯制学校 11月班班通进度"),
    )


async def test_a_drill_is_never_offered_from_last_time(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", drill_date="2026-10-15")
    await someone.play(("[1 应急疏散演练]", "【请核对,未提交】"), ("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-18 09:00"))
    await someone.play(("待办", "应急疏散演练"), ("[1开始填报]", ("!上次", "!520")))
    assert "与上次相同" not in someone.last.buttons


async def test_the_prompt_and_the_reminder_say_what_it_was_last_time(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-18 09:00"))
    assert "班班通进度(装备站)2问,上次10/14个" in someone.last.text
    await stage.tick(at("2026-11-24 09:00"))
    assert "班班通进度上次10/14个,0台,没变化可一键填。" in someone.last.text
    await someone.play(("[2没变化]", "【请核对,未提交】"))


async def test_a_number_given_for_one_task_is_not_asked_for_another(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "devices", "教育装备", DEVICES, lead="装备站")
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(
        ("[2 班班通进度]", "【请核对"),
        ("[提交]", "✓ 已收到"),
        ("待办", "教育装备"),
        ("[2接着填]", ("班班通10/14个(本期已报过)", "请答:计算机教室")),
        ("2", ("【请核对", "班班通10/14个(本期已报过)")),
        ("[提交]", "✓ 已收到"),
    )
    report = await report_of(stage, county, "devices")
    stored = {answer.key: answer.amount for answer in await stage.rows(Answer, Answer.round_id == report.round_id)}
    assert stored == {"bbt": 10, "bbt_fault": 0, "pc_room": 2}


async def test_a_nil_report_is_a_real_answer_and_marked(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "study", "学习宣传", STUDY)
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 学习宣传]", "请答:本月集中学习场次"),
        ("[零报告]", ("【请核对", "零报告:学习0场,稿件0篇")),
        ("[提交]", "✓ 已收到"),
    )
    report = await report_of(stage, county, "study")
    assert (report.nil, report.state) == (True, "submitted")


async def test_noughts_that_were_typed_are_no_nil_report(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "study", "学习宣传", STUDY)
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 学习宣传]", "学习场次"), ("0", "宣传稿件"), ("0", "【请核对"), ("[提交]", "✓ 已收到"))
    assert not (await report_of(stage, county, "study")).nil


async def test_the_unusual_is_asked_about_once_and_not_refused(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "study", "学习宣传", STUDY)
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 学习宣传]", "学习场次"),
        ("4", "宣传稿件"),
        ("25", ("【请核对", "请留意:稿件一般不超过20篇。确认吗?没错就提交。")),
        ("对", "✓ 已收到"),
    )


async def test_several_choices_are_ticked_one_after_the_other(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "themes", "主题宣传", THEMES)
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 主题宣传]", "请答:本月宣传了哪些主题"), ("[安全]", "主题"), ("[法治]", "主题"))
    assert {"✓ 法治", "✓ 安全", "心理", "选好了"} <= set(someone.last.buttons)
    await someone.play(("[✓ 法治]", "主题"), ("[禁毒]", "主题"), ("[选好了]", "请答:文化墙处数"), ("3", "安全、禁毒"))


async def test_a_cumulative_number_that_fell_is_asked_about(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "themes", "主题宣传", THEMES)
    someone = await talk(PRINCIPAL)
    await someone.play(("[3 主题宣传]", "主题"), ("[安全]", "主题"), ("[选好了]", "文化墙"), ("5", "【请核对"))
    await someone.play(("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-18 09:00"))
    await someone.play(
        ("待办", "主题宣传"),
        ("[3开始填报]", "上次:文化墙5处"),
        ("[安全]", "主题"),
        ("[选好了]", "文化墙"),
        ("4", "请留意:文化墙比上次的5处少"),
    )


async def test_all_complete_reports_go_by_one_tap(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", drill_date="2026-10-15")
    await fill(stage, county, "bbt")
    await someone.play(("待办", "已填齐,只差提交"), ("[全部提交(2项)]", "10月2项已报齐,谢谢王校长,不再提醒。"))
    assert len(await stage.rows(Report, Report.state == "submitted")) == 2
