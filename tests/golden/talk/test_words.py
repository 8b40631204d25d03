"""Golden 20 and 34: noughts by mistake and on purpose; a button that is labelled like a command."""

from __future__ import annotations

import pytest

from db.session import Database
from db.tables import Answer
from domain.indicators import Indicator, Kind
from tests.bot.conftest import Talk
from tests.bot.drafts import report_of
from tests.cast import CHIEF, CLERK, FLOW, PRINCIPAL, SECOND_PRINCIPAL, County, add_task, at
from tests.stage import Stage

STUDY = (
    Indicator("study_times", "本月集中学习场次", Kind.INT, FLOW, "场", short="学习"),
    Indicator("publicity", "对外宣传稿件篇数", Kind.INT, FLOW, "篇", short="稿件"),
)
LABELS = ("帮助", "取消", "待办", "提交", "/start")
QINGHE, XILING = "清河镇九年一贯制学校", "西岭中学"


async def test_golden_20_noughts_are_flagged_and_a_nil_report_is_accepted(
    stage: Stage, county: County, sqlite: Database, talk: Talk
) -> None:
    await add_task(sqlite, county, "study", "学习宣传", STUDY)
    wang, liu = await talk(PRINCIPAL), await talk(SECOND_PRINCIPAL)
    await wang.play(
        ("[3 学习宣传]", "学习场次"), ("0", "宣传稿件"), ("0", "请留意:数都是0。确认吗?没错就提交。"),
        ("[提交]", "✓ 已收到"),
    )  # fmt: skip
    await liu.play(
        ("[3开始填报]", "学习场次"), ("[零报告]", ("零报告:学习0场,稿件0篇", "!请留意")), ("[提交]", "✓ 已收到")
    )  # fmt: skip
    assert [(await report_of(stage, county, "study", unit)).nil for unit in (QINGHE, XILING)] == [False, True]
    await stage.tick(at("2026-11-25 18:00"))
    clerk, chief = await talk(CLERK), await talk(CHIEF)
    for reader in (clerk, chief):
        await reader.do("汇总")
        assert f"其中零报告1家。\n数都是0、没有注明零报告的1家,请核实:{QINGHE}" in reader.last.text


@pytest.mark.parametrize("label", LABELS)
async def test_golden_34_a_button_labelled_like_a_command_gives_its_value(
    stage: Stage, county: County, sqlite: Database, talk: Talk, label: str
) -> None:
    wanted = Indicator("wanted", "最需要局里做什么", Kind.CHOICE, FLOW, short="需要", choices=LABELS)
    await add_task(sqlite, county, "wanted", "需求", (wanted, STUDY[0]))
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 需求]", "请答:最需要局里做什么"),
        (f"[{label}]", ("【草稿,未提交】", f"✓ {label}", "请答:本月集中学习场次")),
        ("2", "【请核对"), ("[提交]", "✓ 已收到"),
    )  # fmt: skip
    assert {row.key: row.text for row in await stage.rows(Answer)}["wanted"] == label
