"""「这个怎么填?」: explained at the question at hand, which stays asked; nothing is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from db.tables import Chat, Draft, Round
from domain.codec import questionnaire_from_json, questionnaire_to_json
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, round_of
from tests.cast import PRINCIPAL, County
from tests.stage import Stage

Drill = Callable[[str], Awaitable[Dialogue]]
HELP = "到场参加疏散的学生,不含教职工;请假的不算。"


@pytest.fixture
def drill(stage: Stage, county: County, talk: Talk) -> Drill:
    """The drill, opened at this question; the number of students has a definition."""

    async def opened(key: str) -> Dialogue:
        someone = await talk(PRINCIPAL)
        round_ = await round_of(stage, county, "drill")
        async with stage.database.write() as session:
            row = await session.get_one(Round, (round_.bureau_id, round_.id))
            asked = questionnaire_from_json(row.questionnaire)
            helped = tuple(replace(one, help=HELP) if one.key == "drill_students" else one for one in asked)
            row.questionnaire = questionnaire_to_json(helped)
        await fill(stage, county, "drill", before=key)
        await someone.do("[1 应急疏散演练]")
        return someone

    return opened


async def standing(stage: Stage) -> tuple[str | None, dict[str, object]]:
    [chat] = await stage.rows(Chat, Chat.id == PRINCIPAL)
    [draft] = await stage.rows(Draft)
    return chat.focus_key, draft.entries


@pytest.mark.parametrize("asks", ["[这个怎么填]", "这个怎么填?", "怎么填", "老师算不算在学生里?"])
async def test_a_question_is_explained_and_stays_asked(stage: Stage, drill: Drill, asks: str) -> None:
    someone = await drill("drill_students")
    before = await standing(stage)
    await someone.play((asks, "【怎么填】参演学生人数"))
    assert someone.last.text.split("\n") == [
        "【怎么填】参演学生人数",
        HELP,
        "单位:人。应在0—576之间。",
        "拿不准就打电话给陈股长 0000-6210023;填的都还在。",
        "请答:参演学生人数,回数字(人)",
    ]
    assert await standing(stage) == before
    await someone.play(("520", "请答:疏散用时"))


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("drill_done", "回“已开展”或“未开展”"),
        ("drill_date", "不晚于11月18日(星期三)。"),
        ("drill_type", "地震、火灾、防踩踏、其他"),
        ("drill_seconds", "单位:秒。应在10—1800之间。"),
        ("hazard", "如“查出_处改了_处”"),
    ],
)
async def test_every_kind_of_question(drill: Drill, key: str, shown: str) -> None:
    someone = await drill(key)
    await someone.play(("[这个怎么填]", ("【怎么填】", shown, "陈股长 0000-6210023", "请答:")))


async def test_an_answer_by_reply_to_the_explanation(stage: Stage, drill: Drill) -> None:
    someone = await drill("drill_students")
    await someone.do("[这个怎么填]")
    await someone.phone.reply(someone.last, "520")
    await stage.settled()
    assert "请答:疏散用时" in someone.last.text


async def test_two_questions_are_no_failed_answers(drill: Drill) -> None:
    someone = await drill("drill_students")
    await someone.play(
        ("怎么填?", "【怎么填】"), ("要不要算老师?", "【怎么填】"), ("不好说", ("【草稿", "!由局里代填"))
    )
