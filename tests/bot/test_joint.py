"""Two units in one sentence: one table, one 提交 for both, 修改 for each; whoever has one unit never sees it."""

from __future__ import annotations

import pytest
from sqlmodel import col

from db.tables import Draft, Report
from tests.bot.conftest import Talk
from tests.cast import PRINCIPAL, TWO_SCHOOLS, County
from tests.stage import Stage

LI, BRIDGE = "李村小学", "桥头小学"


async def entered(stage: Stage, county: County) -> dict[str, dict[str, object]]:
    names = {unit_id: name for name, unit_id in county.units.items()}
    return {names[d.unit_id]: {k: e["v"] for k, e in d.entries.items()} for d in await stage.rows(Draft) if d.entries}


async def test_two_units_in_one_sentence_go_with_one_tap(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(
        (
            "李村小学班班通5/6,故障0台;桥头小学班班通3/4,故障1台",
            ("【请核对,未提交】11月班班通进度(2所)", "1. 李村小学:班班通5/6个", "2. 桥头小学:班班通3/4个", "点“提交”"),
        ),
    )
    assert someone.last.buttons == ["提交", "1修改", "2修改"]
    assert await entered(stage, county) == {
        LI: {"bbt": [5, 6], "bbt_fault": 0},
        BRIDGE: {"bbt": [3, 4], "bbt_fault": 1},
    }
    data = someone.last.data["提交"]
    await someone.press("提交")
    receipts = [bubble.text for bubble in someone.phone.messages if "✓ 已收到" in bubble.text]
    assert [LI in receipts[0], BRIDGE in receipts[1], len(receipts)] == [True, True, 2]
    assert len(await stage.rows(Report, col(Report.state) == "submitted")) == 2
    assert "已报送" in await someone.press_data(data)


async def test_what_is_missing_is_asked_in_one_message(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(
        (
            "昨天两所学校搞了地震演练,李村小学86人,桥头小学60人,都没有隐患",
            (
                "【草稿,未提交】11月应急疏散演练(2所)",
                "学生86人",
                "学生60人",
                "隐患0/0处",
                "如“李村小学用时_,桥头小学用时_”",
            ),
        ),
    )
    assert someone.last.buttons == ["1接着填", "2接着填"]
    await someone.play(
        ("李村小学95秒,桥头小学80秒", ("【请核对", "用时95秒", "用时80秒")),
        ("对", "✓ 已收到"),
    )
    assert len(await stage.rows(Report, col(Report.state) == "submitted")) == 2


async def test_each_is_changed_by_itself(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.do("李村小学班班通5/6,故障0台;桥头小学班班通3/4,故障1台")
    table, data = someone.last, someone.last.data["提交"]
    await someone.play(
        ("[2修改]", ("【修改,未提交】桥头小学", "请点要改的")), ("[故障1台]", "请答"), ("2", ("故障2台", BRIDGE))
    )
    assert "已更新" in await someone.press_data(data)  # the table was read back before
    assert "故障2台" in next(b.text for b in someone.phone.messages if b.id == table.id)
    assert not await stage.rows(Report, col(Report.state) == "submitted")
    await someone.press("提交", on=table.id)
    assert len(await stage.rows(Report, col(Report.state) == "submitted")) == 2


async def test_words_that_name_no_unit_are_asked_about(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.do("李村小学86人,桥头小学60人参加演练,昨天搞的,用时100秒")
    await someone.play(("100秒", "是报哪一项?"))


async def test_an_edited_message_corrects_each_its_own(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.do("李村小学班班通5/6,故障0台;桥头小学班班通3/4,故障1台")
    mine = [bubble for bubble in someone.phone.messages if bubble.mine][-1]
    await someone.phone.edit(mine, "李村小学班班通5/6,故障0台;桥头小学班班通4/4,故障1台")
    await stage.settled()
    assert await entered(stage, county) == {
        LI: {"bbt": [5, 6], "bbt_fault": 0},
        BRIDGE: {"bbt": [4, 4], "bbt_fault": 1},
    }


@pytest.mark.parametrize("words", ["共146人,李村小学和桥头小学都搞了", "李村小学桥头小学都不好说"])
async def test_what_is_of_no_unit_is_given_to_none(stage: Stage, county: County, talk: Talk, words: str) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play((words, "!(2所)"))
    assert "drill_students" not in str(await entered(stage, county))


async def test_who_has_one_unit_is_not_affected(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"), ("昨天和李村小学、桥头小学一起搞了地震演练", ("✓ 已开展", "!(2所)"))
    )
