"""An edited message corrects what it said: the draft while it is open, then the report."""

from __future__ import annotations

from typing import Any

import pytest

from db.tables import Answer, AnswerRevision, Draft, Request
from sandbox import Bubble
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import PRINCIPAL, County, at
from tests.stage import Stage


@pytest.fixture
async def someone(stage: Stage, county: County, talk: Talk) -> Dialogue:
    made = await talk(PRINCIPAL)
    await fill(stage, county, "drill", before="drill_students")
    await made.do("[1 应急疏散演练]")
    return made


async def says(someone: Dialogue, words: str) -> Bubble:
    said = await someone.phone.say(words)
    await someone.stage.settled()
    return said


async def edits(someone: Dialogue, message: Bubble, words: str) -> None:
    await someone.phone.edit(message, words)
    await someone.stage.settled()


async def entered(stage: Stage) -> dict[str, Any]:
    return {key: entry["v"] for row in await stage.rows(Draft) for key, entry in row.entries.items()}


async def test_a_bare_value_is_read_for_the_question_it_answered(stage: Stage, someone: Dialogue) -> None:
    students = await says(someone, "520")
    await says(someone, "110")
    await edits(someone, students, "518")
    assert (await entered(stage))["drill_students"] == 518
    assert (await entered(stage))["drill_seconds"] == "110"
    assert "学生518人" in someone.last.text
    assert "请答:隐患" in someone.last.text


async def test_what_the_message_says_no_more_is_asked_again(stage: Stage, someone: Dialogue) -> None:
    said = await says(someone, "学生520人,用时110秒")
    await edits(someone, said, "学生518人")
    kept = await entered(stage)
    assert kept["drill_students"] == 518
    assert "drill_seconds" not in kept
    assert "请答:疏散用时" in someone.last.text


async def test_the_read_back_is_shown_anew_and_the_old_button_is_stale(stage: Stage, someone: Dialogue) -> None:
    said = await says(someone, "学生520人,用时110秒,隐患2/3")
    old = dict(someone.last.data)
    assert "【请核对" in someone.last.text
    await edits(someone, said, "学生518人,用时110秒,隐患2/3")
    assert "学生518人" in someone.last.text
    assert "已更新" in await someone.press_data(old["提交"])
    await someone.play(("对", "✓ 已收到"))
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 518


@pytest.mark.parametrize("words", ["520", "520人", "学生520人"])
async def test_an_edit_that_changes_nothing_says_nothing(stage: Stage, someone: Dialogue, words: str) -> None:
    said = await says(someone, "520")
    shown, kept = len(someone.phone.received), await entered(stage)
    await edits(someone, said, words)
    assert len(someone.phone.received) == shown
    assert await entered(stage) == kept


@pytest.mark.parametrize(
    ("words", "refused"), [("577", "学生应在0—576人之间"), ("五百来人", "请回准数")], ids=["too many", "fuzzy"]
)
async def test_an_edit_passes_the_same_validation(stage: Stage, someone: Dialogue, words: str, refused: str) -> None:
    """Golden 22."""
    said = await says(someone, "520")
    await edits(someone, said, words)
    assert refused in someone.last.text
    assert (await entered(stage))["drill_students"] == 520


async def test_what_a_later_message_replaced_is_not_brought_back(stage: Stage, someone: Dialogue) -> None:
    first = await says(someone, "学生520人")
    await says(someone, "学生518人")
    shown = len(someone.phone.received)
    await edits(someone, first, "学生520人左右")
    assert (await entered(stage))["drill_students"] in (518, 520)
    assert len(someone.phone.received) >= shown


async def test_a_message_that_gave_nothing_may_give_something_now(stage: Stage, someone: Dialogue) -> None:
    said = await says(someone, "学生五百来人")
    assert "请回准数" in someone.last.text
    await edits(someone, said, "学生520人")
    assert (await entered(stage))["drill_students"] == 520


async def test_chatter_edited_says_nothing(stage: Stage, someone: Dialogue) -> None:
    said = await says(someone, "好的")
    shown = len(someone.phone.received)
    await edits(someone, said, "好的,谢谢")
    assert len(someone.phone.received) == shown


async def sent(someone: Dialogue) -> Bubble:
    said = await says(someone, "学生520人,用时110秒,隐患2/3")
    await someone.play(("对", "✓ 已收到"))
    return said


async def test_after_sending_it_begins_a_correction(stage: Stage, someone: Dialogue) -> None:
    said = await sent(someone)
    await edits(someone, said, "学生518人,用时110秒,隐患2/3")
    assert "【请核对更正,未提交】" in someone.last.text
    assert "学生520人→518人" in someone.last.text
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 520
    await someone.play(("[提交]", "为什么"), ("[录入有误]", "✓ 已更正"))
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 518
    assert len(await stage.rows(AnswerRevision, AnswerRevision.version == 2)) == 1


async def test_after_sending_an_edit_of_nothing_says_nothing(stage: Stage, someone: Dialogue) -> None:
    said = await sent(someone)
    shown = len(someone.phone.received)
    await edits(someone, said, "学生520人、用时110秒、隐患2/3")
    assert len(someone.phone.received) == shown
    assert not await entered(stage)


async def test_after_the_lock_it_becomes_a_late_correction(stage: Stage, someone: Dialogue) -> None:
    said = await sent(someone)
    stage.clock.jump_to(at("2026-12-02 17:12"))
    await edits(someone, said, "学生518人,用时110秒,隐患2/3")
    await someone.play(("[提交]", "为什么"), ("[录入有误]", ("已完整收到", "报告期已于12月2日(星期三)17:00关闭")))
    [request] = await stage.rows(Request)
    assert request.entries["drill_students"]["v"] == 518
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 520
