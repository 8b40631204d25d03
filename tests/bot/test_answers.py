"""Every kind of answer, tapped and typed, and what the cards say about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal

import pytest

from db.tables import Answer, AnswerRevision, Draft, Report
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import PRINCIPAL, County
from tests.stage import Stage

Drill = Callable[[str], Awaitable[Dialogue]]


@pytest.fixture
def drill(stage: Stage, county: County, talk: Talk) -> Callable[[str], Awaitable[Dialogue]]:
    """The drill, opened, with everything answered before this question ("": everything)."""

    async def opened(key: str) -> Dialogue:
        someone = await talk(PRINCIPAL)
        await fill(stage, county, "drill", before=key)
        await someone.do("[1 应急疏散演练]")
        return someone

    return opened


async def entered(stage: Stage) -> dict[str, object]:
    [draft] = await stage.rows(Draft)
    return {key: entry["v"] for key, entry in draft.entries.items()}


@pytest.mark.parametrize(
    ("key", "words", "kept"),
    [
        ("drill_done", "[已开展]", True),
        ("drill_done", "[未开展]", False),
        ("drill_done", "是", True),
        ("drill_done", "已开展", True),
        ("drill_done", "未开展", False),
        ("drill_done", "没有", False),
        ("drill_date", "11月17日", "2026-11-17"),
        ("drill_date", "11-17", "2026-11-17"),
        ("drill_date", "11.17", "2026-11-17"),
        ("drill_date", "昨天", "2026-11-17"),
        ("drill_date", "１１月１７日", "2026-11-17"),
        ("drill_type", "[火灾]", "火灾"),
        ("drill_type", "2", "火灾"),
        ("drill_type", "２", "火灾"),
        ("drill_type", "火灾", "火灾"),
        ("drill_students", "520", 520),
        ("drill_students", "５２０", 520),
        ("drill_students", "520人", 520),
        ("drill_students", "0", 0),
        ("drill_seconds", "110", "110"),
        ("drill_seconds", "110秒", "110"),
        ("hazard", "2/3", [2, 3]),
        ("hazard", "２／３", [2, 3]),
        ("hazard", "0/0", [0, 0]),
    ],
)
async def test_an_answer(stage: Stage, drill: Drill, key: str, words: str, kept: object) -> None:
    someone = await drill(key)
    await someone.do(words)
    assert (await entered(stage))[key] == kept


async def test_the_draft_card_shows_what_is_given_and_what_is_wanting(drill: Drill) -> None:
    someone = await drill("drill_students")
    assert someone.last.text.split("\n") == [
        "【草稿,未提交】清河镇九年一贯制学校 11月应急疏散演练",
        "✓ 已开展,日期11月17日(星期二),地震",
        "还差3项:学生、用时、隐患",
        "请答:参演学生人数,回数字(人)",
        "填的都已保存,11月25日(星期三)17:00前接着填即可。",
    ]
    assert someone.last.buttons == ["修改", "稍后填", "这个怎么填", "申请延期", "交给他人办"]


async def test_a_choice_is_listed_with_numbers_and_buttons(drill: Drill) -> None:
    someone = await drill("drill_type")
    assert "1地震 2火灾 3防踩踏 4其他" in someone.last.text
    assert someone.last.rows[:2] == (("地震", "火灾", "防踩踏"), ("其他",))


async def test_the_read_back_repeats_own_words_only_where_they_were_converted(drill: Drill) -> None:
    someone = await drill("drill_done")
    for words in ("[已开展]", "11月17日", "[地震]", "520", "1分50秒", "2/3"):
        await someone.do(words)
    lines = someone.last.text.split("\n")
    assert lines[0] == "【请核对,未提交】清河镇九年一贯制学校 11月应急疏散演练"
    assert lines[2] == "学生520人,用时110秒(您说“1分50秒”),隐患2/3处"
    assert someone.last.text.count("您说") == 1
    assert lines[-1] == "对,请点“提交”或回“对”;不对,直接说正确的。"
    assert someone.last.rows == (("提交", "修改"),)


async def test_decimals_beyond_the_scale_are_shown_as_they_will_be_kept(stage: Stage, drill: Drill) -> None:
    someone = await drill("drill_seconds")
    await someone.play(("110.4", "用时110秒(您说“110.4”)"))
    assert (await entered(stage))["drill_seconds"] == "110"


async def test_an_unheld_drill_asks_for_reason_and_day_instead(stage: Stage, drill: Drill) -> None:
    someone = await drill("drill_done")
    await someone.play(
        ("[未开展]", "请答:隐患"),
        ("0/0", "请答:未开展的原因"),
        ("停电两天", "请答:计划补做日期"),
        ("11月26日", ("【请核对", "未开展", "原因:停电两天", "补做11月26日(星期四)")),
        ("[提交]", "✓ 已收到"),
    )
    answers = {row.key: row for row in await stage.rows(Answer)}
    assert answers["drill_done"].amount == 0
    assert answers["drill_reason"].text == "停电两天"
    assert answers["next_drill"].day == date(2026, 11, 26)
    assert "drill_students" not in answers


async def test_turning_held_into_unheld_drops_what_no_longer_applies(stage: Stage, drill: Drill) -> None:
    someone = await drill("drill_seconds")
    await someone.do("[修改]")
    await someone.do("[已开展]")
    await someone.do("[未开展]")
    assert await entered(stage) == {"drill_done": False}


async def test_change_lists_the_answers_and_reads_all_back(stage: Stage, drill: Drill) -> None:
    someone = await drill("")
    assert "【请核对,未提交】" in someone.last.text
    before = len(someone.phone.received)
    await someone.play(("[修改]", ("【修改,未提交】", "请点要改的一项")))
    assert someone.last.buttons[-1] == "不改了"
    assert len(someone.phone.received) == before  # in place
    await someone.play(("[学生520人]", "请答:参演学生人数(现为520人)"), ("500", ("【请核对", "学生500人")))
    await someone.play(("[提交]", "✓ 已收到"))
    answers = {row.key: row for row in await stage.rows(Answer)}
    assert answers["drill_students"].amount == 500


async def test_change_and_later_are_words_too(stage: Stage, drill: Drill) -> None:
    someone = await drill("")
    await someone.play(
        ("修改", ("【修改,未提交】", "请点要改的一项")),
        ("[不改了]", "【请核对"),
        ("稍后", "填的都已保存"),
        ("修改。", "【修改,未提交】"),
    )


async def test_nothing_is_changed_by_thinking_better_of_it(stage: Stage, drill: Drill) -> None:
    someone = await drill("")
    before = await entered(stage)
    await someone.play(("[修改]", "【修改"), ("[不改了]", "【请核对"), ("[提交]", "✓ 已收到"))
    assert before["drill_students"] == 520


async def test_the_old_keyboard_comes_off_when_a_typed_answer_posts_the_card_below(drill: Drill) -> None:
    someone = await drill("drill_date")
    old = someone.last
    await someone.do("11月17日")
    now = {message.id: message for message in someone.phone.received}
    assert not now[old.id].buttons
    assert someone.last.id > old.id


async def test_a_tapped_answer_edits_in_place(drill: Drill) -> None:
    someone = await drill("drill_done")
    old = someone.last
    await someone.do("[已开展]")
    assert someone.last.id == old.id
    assert "请答:演练日期" in someone.last.text


async def test_the_receipt_and_the_last_of_the_month(stage: Stage, drill: Drill) -> None:
    someone = await drill("")
    await someone.play(("[提交]", "✓ 已收到"))
    assert len(someone.last.text.split("\n")) == 6
    assert "\n内容:演练=已开展;日期=2026-11-17;" in someone.last.text
    signed = ("内容:", "校验码")
    assert [line for line in someone.last.text.split("\n") if not line.startswith(signed)] == [
        "✓ 已收到:清河镇九年一贯制学校 11月应急疏散演练",
        "11月18日(星期三)09:00,按时。回执号 1118-0001",
        "数有变动,12月2日(星期三)17:00前直接回正确的数即可。",
        "还有1项待报:班班通进度。",
    ]
    await someone.play(
        ("[接着填]", "请答:“班班通”已建班级数"),
        ("10/14", "请答:故障设备"),
        ("0", "【请核对"),
        ("[提交]", ("回执号 1118-0002", "11月2项已报齐,谢谢王校长,不再提醒。")),
    )
    assert someone.last.buttons == ["修改"]
    assert {row.state for row in await stage.rows(Report, Report.submitted_by.is_not(None))} == {"submitted"}


async def test_every_answer_keeps_its_raw_words(stage: Stage, drill: Drill) -> None:
    someone = await drill("drill_done")
    for words in ("[已开展]", "11月17日", "[地震]", "五百二十", "110", "2/3", "[提交]"):
        await someone.do(words)
    revisions = {row.key: row for row in await stage.rows(AnswerRevision)}
    assert "五百二十" in revisions["drill_students"].words
    assert revisions["drill_students"].amount == 520
    answers = {row.key: row for row in await stage.rows(Answer)}
    assert (answers["hazard"].amount, answers["hazard"].denominator) == (2, 3)
    assert Decimal(answers["drill_seconds"].amount) == 110


async def test_messages_stay_short(drill: Drill) -> None:
    someone = await drill("")
    await someone.do("[提交]")
    assert max(text.count("\n") + 1 for text in someone.phone.texts) <= 9
