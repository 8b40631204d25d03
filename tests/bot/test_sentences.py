"""One plain sentence is a whole report; what it leaves out is asked next, without blame."""

from __future__ import annotations

from tests.bot.conftest import Talk
from tests.cast import PRINCIPAL


async def test_a_whole_report_in_one_sentence(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        (
            "昨天上午组织了防震演练，全校五百二十名学生参加，用时2分15秒，查出隐患3处改了2处",
            (
                "【请核对",
                "日期11月17日(星期二)(您说“昨天”)",
                "地震(您说“防震”)",
                "用时135秒(您说“2分15秒”)",
                "隐患2/3处",
            ),
        ),
        ("对", "✓ 已收到"),
    )


async def test_what_a_sentence_leaves_out_is_asked_next(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了消防演练", ("✓ 已开展", "火灾", "还差3项:学生、用时、隐患", "请答:参演学生人数", "!✗")),
    )


async def test_nothing_found_is_said_of_the_question_at_hand_only(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了消防演练,学生510人,用时95秒", "请答:隐患已整改/排查"),
        ("没有", ("【请核对", "已开展", "隐患0/0处")),
    )
