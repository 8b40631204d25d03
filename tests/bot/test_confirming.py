"""A read-back is confirmed by the button or by a word, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.tables import Answer, Draft, Report
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import PRINCIPAL, County, at
from tests.stage import Stage

WORDS = ("对", "是", "好", "好的", "可以", "没错", "提交", "嗯", "OK", "👍")


@pytest.fixture
async def read_back(stage: Stage, county: County, talk: Talk) -> Dialogue:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await someone.play(("[2 班班通进度]", "【请核对,未提交】"))
    return someone


async def submitted(stage: Stage) -> list[Report]:
    return await stage.rows(Report, Report.state == "submitted")


@pytest.mark.parametrize("word", [*WORDS, "ok", "好的。", "对!"])
async def test_a_word_confirms_an_open_read_back(stage: Stage, read_back: Dialogue, word: str) -> None:
    await read_back.play((word, "✓ 已收到:清河镇九年一贯制学校 11月班班通进度"))
    assert len(await submitted(stage)) == 1


@pytest.mark.parametrize("word", ["对了还有", "好像不对", "不对", "提交吗?"])
async def test_a_longer_sentence_confirms_nothing(stage: Stage, read_back: Dialogue, word: str) -> None:
    await read_back.do(word)
    assert not await submitted(stage)
    assert (await stage.rows(Draft))[0].entries


async def test_no_word_confirms_while_nothing_is_read_back(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.do("[2 班班通进度]")
    for word in WORDS:
        await someone.play((word, "!已收到"))
    assert not await submitted(stage)


async def test_yes_to_a_question_asked_once_more_is_an_answer(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill")
    await someone.play(
        ("[1 应急疏散演练]", "【请核对"),
        ("[修改]", "【修改"),
        ("[已开展]", ("请答:本月是否已开展", "现为已开展")),
        ("是", ("【请核对", "!已收到")),
    )
    assert not await submitted(stage)
    await someone.play(("是", "✓ 已收到"))


async def test_a_bare_good_is_no_answer_to_a_yes_or_no_question(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"), ("好", ("【草稿", "!已收到")))
    assert not await submitted(stage)


async def test_while_the_list_of_changes_is_open_a_word_only_reads_back(stage: Stage, read_back: Dialogue) -> None:
    await read_back.play(("[修改]", "【修改"), ("好", "【请核对,未提交】"))
    assert not await submitted(stage)
    await read_back.play(("好", "✓ 已收到"))


async def test_after_cancel_a_word_reads_back_first(stage: Stage, read_back: Dialogue) -> None:
    await read_back.play(("取消", "先放下"), ("好的", "【请核对,未提交】"))
    assert not await submitted(stage)
    await read_back.play(("好的", "✓ 已收到"))


async def test_after_a_day_a_word_reads_back_first(stage: Stage, read_back: Dialogue) -> None:
    stage.clock.jump_to(stage.clock.now() + timedelta(hours=24, seconds=1))
    await read_back.play(("对", "【请核对,未提交】"), ("对", "✓ 已收到"))


async def test_a_word_never_confirms_what_somebody_else_changed_since(
    stage: Stage, county: County, read_back: Dialogue
) -> None:
    report = await report_of(stage, county, "bbt")
    async with stage.database.write() as session:
        draft = await session.get_one(Draft, (report.bureau_id, report.round_id, report.unit_id))
        draft.entries = draft.entries | {"bbt_fault": {"v": 7, "words": "7"}}
        draft.revision += 1
    await read_back.play(("对", ("【请核对,未提交】", "故障7台")))
    assert not await submitted(stage)
    await read_back.play(("对", "✓ 已收到"))
    assert {row.amount for row in await stage.rows(Answer, Answer.key == "bbt_fault")} == {7}


async def test_a_button_never_confirms_what_somebody_else_changed_since(
    stage: Stage, county: County, read_back: Dialogue
) -> None:
    old = read_back.last.data["提交"]
    await read_back.play(("故障5", ("【请核对", "故障5台")))
    assert "已更新" in await read_back.press_data(old)
    assert not await submitted(stage)
    assert "【请核对" in read_back.last.text


async def test_a_value_that_fits_nowhere_leaves_the_read_back_open(stage: Stage, read_back: Dialogue) -> None:
    await read_back.play(("三百二十五号文件", "【请核对,未提交】"), ("对", "✓ 已收到"))
    assert {row.amount for row in await stage.rows(Answer, Answer.key == "bbt_fault")} == {0}


async def test_a_reply_to_the_read_back_confirms_it(stage: Stage, county: County, read_back: Dialogue) -> None:
    card = read_back.last
    await read_back.phone.reply(card, "对")
    await stage.settled()
    assert "✓ 已收到" in read_back.last.text


async def test_submitting_what_is_not_filled_says_what_is_wanting(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "bbt", before="bbt_fault")
    await someone.play(("[2 班班通进度]", "还差1项:故障"), ("提交", ("【草稿,未提交】", "还差1项:故障", "!没看懂")))
    assert not await submitted(stage)


async def test_a_double_tap_makes_one_report_and_one_receipt(stage: Stage, read_back: Dialogue) -> None:
    card = read_back.last
    await read_back.phone.press("提交")
    await read_back.phone.press_data(card.data["提交"], on=card)
    await stage.settled()
    assert len(await submitted(stage)) == 1
    assert sum("已收到" in text for text in read_back.phone.texts) == 1
    assert "已报送" in (await read_back.phone.wait_answer()).text


async def test_complete_but_unsent_is_told_by_the_reminder_and_sent_from_it(
    stage: Stage, county: County, read_back: Dialogue
) -> None:
    await stage.tick(at("2026-11-24 09:00"))
    assert "2. 班班通进度:已填齐,只差提交" in read_back.last.text
    shown = [one for one in read_back.last.buttons if "延期" not in one]
    assert shown == ["1开始填报", "2提交", "明早再说", "交给他人办"]
    await read_back.play(("待办", "已填齐,只差提交"), ("[2提交]", "✓ 已收到"))
    assert len(await submitted(stage)) == 1
