"""After two tries that gave nothing: digits to tap, the nearest days, and a human being with a telephone."""

from __future__ import annotations

import pytest
from sqlmodel import col

from db.tables import Draft, Outbox
from domain.indicators import Indicator, Kind, Nature
from services.pads import BACK, DOT, SLASH, typed
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, County
from tests.stage import Stage

GIVEN_UP = ("是我没看懂,不耽误您。请点数字,或打电话给陈股长 0000-6210023,由局里代填;已填的都在。", "请答:")


async def at_question(stage: Stage, county: County, talk: Talk, key: str) -> Dialogue:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before=key)
    await someone.play(("[1 应急疏散演练]", "请答"), ("不好说啊", "✗"))
    assert "数字键盘" not in someone.last.buttons
    return someone


async def tap(someone: Dialogue, keys: str) -> None:
    for key in keys.split():
        await someone.press(key)


async def test_a_number_is_tapped_on_the_card_itself(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "drill_students")
    await someone.play(("真的不好说啊", GIVEN_UP), ("[数字键盘]", "请点数字"))
    card = someone.last.id
    before = len(someone.phone.messages)
    await someone.play(("[确定]", "toast:请先点数字"))
    await tap(someone, "5 2 2 ⌫ 0")
    assert "已点:520人" in someone.last.text
    await someone.play(("[确定]", ("学生520人", "请答:疏散用时", "!您说")))
    assert (someone.last.id, len(someone.phone.messages)) == (card, before)


async def test_fast_taps_on_the_old_keyboard_lose_nothing(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "drill_students")
    await someone.play(("真的不好说啊", GIVEN_UP), ("[数字键盘]", "请点数字"))
    data, on = someone.last.data, someone.last
    for key in ("5", "2", "0", "确定"):
        await someone.phone.press_data(data[key], on=on)
    await stage.settled()
    assert "学生520人" in someone.last.text


async def test_what_cannot_be_leaves_the_pad_open(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "drill_students")
    await someone.play(("真的不好说啊", GIVEN_UP), ("[数字键盘]", "请点数字"))
    await tap(someone, "9 9 9")
    await someone.play(("[确定]", ("应在0—576人之间", "请点数字")))
    assert "确定" in someone.last.buttons
    await someone.play(("520", "学生520人"))  # typing works all the while


async def test_a_ratio_takes_two_numbers(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "hazard")
    await someone.play(("真的不好说啊", GIVEN_UP), ("[数字键盘]", "先点完成数"))
    await tap(someone, "/ 2 / / 3")
    assert "已点:2/3" in someone.last.text
    await someone.play(("[确定]", ("【请核对", "隐患2/3处")))


async def test_days_are_offered_for_a_day(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "drill_date")
    await someone.play(
        ("真的不好说啊", ("请点按钮,或打电话给陈股长 0000-6210023", "请答")), ("[11月17日", "日期11月17日")
    )
    [draft] = await stage.rows(Draft)
    assert draft.entries["drill_date"]["v"] == "2026-11-17"


async def test_a_day_that_cannot_be_is_not_taken(stage: Stage, county: County, talk: Talk) -> None:
    someone = await at_question(stage, county, talk, "drill_date")
    await someone.do("真的不好说啊")
    code = next(data for label, data in someone.last.data.items() if label.startswith("11月"))
    for ordinal in ("zz", "0", "zzzzzzzzz"):
        await someone.press_data(":".join([*code.split(":")[:-1], ordinal]))
    [draft] = await stage.rows(Draft)
    assert "drill_date" not in draft.entries


async def test_the_pad_is_one_person_s_and_of_one_draft(stage: Stage, county: County, talk: Talk) -> None:
    someone, other = await at_question(stage, county, talk, "drill_students"), await talk(SECOND_PRINCIPAL)
    await someone.play(("真的不好说啊", GIVEN_UP), ("[数字键盘]", "请点数字"))
    data = someone.last.data["5"]
    assert "不由您负责" in await other.press_data(data)
    await someone.play(("[5]", "已点:5"), ("520", "学生520人"))
    assert "已更新" in await someone.press_data(data)
    cards = await stage.rows(Outbox, col(Outbox.kind) == "report_card", col(Outbox.chat_id) == SECOND_PRINCIPAL)
    assert not cards


COUNT = Indicator("a", "a", Kind.INT, Nature.FLOW)
MONEY = Indicator("a", "a", Kind.NUMBER, Nature.FLOW, scale=2)
SHARE = Indicator("a", "a", Kind.RATIO, Nature.FLOW)


@pytest.mark.parametrize(
    ("before", "code", "indicator", "after"),
    [
        ("", 5, COUNT, "5"), ("52", BACK, COUNT, "5"), ("", BACK, COUNT, ""), ("5", DOT, COUNT, "5"),
        ("5", SLASH, COUNT, "5"), ("5", DOT, MONEY, "5."), ("5.1", DOT, MONEY, "5.1"), ("", DOT, MONEY, ""),
        ("3", SLASH, SHARE, "3/"), ("3/", SLASH, SHARE, "3/"), ("", SLASH, SHARE, ""), ("1" * 12, 1, COUNT, "1" * 12),
        ("5", 99, COUNT, "5"),
    ],
)  # fmt: skip
def test_a_key_that_makes_no_number_changes_nothing(before: str, code: int, indicator: Indicator, after: str) -> None:
    assert typed(before, code, indicator) == after
