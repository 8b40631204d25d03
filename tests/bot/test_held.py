"""Values beside a question: the question is answered, the values are held and kept with one tap."""

from __future__ import annotations

from db.tables import Draft
from tests.bot.conftest import Talk
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, County
from tests.stage import Stage


async def test_the_value_beside_a_question_is_kept_with_one_tap(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了地震演练", "请答:参演学生人数"),
        ("学生520人,学前班算不算?", ("【怎么填】", "您刚才说的学生520人还没有记", "0000-6210023")),
    )
    assert someone.last.buttons == ["记下:学生520人"]
    [draft] = await stage.rows(Draft)
    assert "drill_students" not in draft.entries
    await someone.play(("[记下]", ("✓ 已开展", "学生520人", "请答:疏散用时")))
    [draft] = await stage.rows(Draft)
    asked = next(bubble for bubble in someone.phone.messages if "学前班" in bubble.text)
    assert draft.entries["drill_students"]["said_in"] == [PRINCIPAL, asked.id]
    assert all("记下" not in label for bubble in someone.phone.messages for label in bubble.buttons)


async def test_it_is_offered_to_the_person_alone_and_once(stage: Stage, talk: Talk, county: County) -> None:
    someone, other = await talk(PRINCIPAL), await talk(SECOND_PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"), ("520人,老师算不算在里面", "记下"))
    data = someone.last.data[someone.last.buttons[0]]
    assert "不由您负责" in await other.press_data(data)
    assert not await stage.rows(Draft)
    await someone.press_data(data)
    [draft] = await stage.rows(Draft)
    revision = draft.revision
    assert "已更新" in await someone.press_data(data)
    [draft] = await stage.rows(Draft)
    assert draft.revision == revision


async def test_several_values_and_ratios(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了消防演练,学生501人,用时2分,隐患查出3处改了2处,幼儿园的要不要报?", "还没有记"),
        ("[记下这", ("【请核对", "学生501人", "用时120秒", "隐患2/3处", "您说“2分”")),
        ("对", "✓ 已收到"),
    )


async def test_a_question_how_to_hand_in_is_answered_beside_the_values(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了地震演练,学生520人,照片发到哪里?", "学生520人"),
    )
    assert any("【怎么填】" in bubble.text for bubble in someone.phone.messages[-3:])
