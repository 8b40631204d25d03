"""口径变更: a question of a running round that means something else is asked again, and that question only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from db.session import Database
from db.tables import Answer, AnswerRevision, Draft, Report, Task
from domain.campaign import CampaignPlan, Every, TaskPlan
from domain.codec import questionnaire_from_json
from domain.indicators import Indicator, Kind, OnlyIf
from domain.rounds import Frequency, Schedule
from services import campaigns
from services.campaigns import Applied
from services.rounds import schedule_to_json
from tests.bot.conftest import Talk
from tests.bot.drafts import fill, report_of, round_of
from tests.cast import DRILL, FLOW, PRINCIPAL, ROLLOUT, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import Stage

HAZARD = next(one for one in DRILL if one.key == "hazard")
IN_PIECES = tuple(replace(one, unit="个") if one.key == "hazard" else one for one in DRILL)
WITH_PLACE = (*DRILL[:2], Indicator("place", "演练地点", Kind.TEXT, FLOW, short="地点",
                                    only_if=OnlyIf("drill_done", equals=True)), *DRILL[2:])  # fmt: skip


def plan(drill: Sequence[Indicator]) -> CampaignPlan:
    """The county's campaign as a file would give it."""
    made = [
        TaskPlan(key, name, "", lead, (), "云教字〔2026〕18号", "", (), Every.MONTH, Schedule(Frequency.MONTHLY),
                 date(2026, 9, 1), tuple(asked))
        for key, name, lead, asked in (
            ("drill", "应急疏散演练", "安全股", drill), ("bbt", "班班通进度", "装备站", ROLLOUT)
        )
    ]  # fmt: skip
    return CampaignPlan("fazhan", "教育系统发展提升年活动", "发展提升年", "", tuple(made))


async def bring(stage: Stage, drill: Sequence[Indicator], *, reask: bool = True) -> list[Applied]:
    async with stage.database.write() as session:
        done = await campaigns.apply(session, stage.workplace.bureau_id, plan(drill), stage.clock.now(), reask=reask)
    await stage.settled()
    return done


@pytest.fixture(autouse=True)
async def same_as_the_file(sqlite: Database, county: County) -> None:
    """The cast's tasks are what the plan above makes of them."""
    async with sqlite.write() as session:
        for task in (await session.exec(select(Task))).all():
            task.schedule = schedule_to_json(Schedule(Frequency.MONTHLY))
        made = await campaigns.apply(session, county.bureau_id, plan(DRILL), at("2026-11-16 09:00"))
        assert all(not one.changes for one in made)


async def sent(stage: Stage, county: County, talk: Talk, **values: Any) -> Any:
    someone = await talk(PRINCIPAL)
    await fill(stage, county, "drill", **values)
    await someone.play(("[1 应急疏散演练]", "【请核对,未提交】"), ("[提交]", "✓ 已收到"))
    return someone


async def test_who_had_sent_it_answers_that_one_question_again(stage: Stage, county: County, talk: Talk) -> None:
    someone = await sent(stage, county, talk)
    before = await report_of(stage, county, "drill")
    stage.clock.jump_to(at("2026-11-19 10:00"))
    [done] = await bring(stage, IN_PIECES)
    assert done.units == {county.units["清河镇九年一贯制学校"]}
    assert someone.last.text == (
        "王校长,11月应急疏散演练有1处口径改了,只需重答这一项:隐患(单位:处→个)。\n"
        "其余都留着,不用重报,报送时间不变;12月2日(星期三)17:00前答即可。"
    )
    report = await report_of(stage, county, "drill")
    assert (report.state, report.first_received_at) == ("returned", before.first_received_at)
    assert report.state_reason == "口径改了:隐患(单位:处→个)"
    await someone.play(
        ("[重答]", ("草稿", "口径改了:隐患(单位:处→个)。只差要重答的。", "学生520人", "还差1项:隐患", "请答:隐患已")),
        ("查出5个改了4个", ("【请核对", "隐患4/5个", "学生520人")),
        ("[提交]", ("✓ 已更正", "按时,不变")),
    )  # fmt: skip
    report = await report_of(stage, county, "drill")
    assert (report.state, report.state_reason) == ("submitted", "")
    assert (report.first_received_at, report.receipt_number) == (before.first_received_at, before.receipt_number)
    hazard = [row for row in await stage.rows(AnswerRevision, AnswerRevision.key == "hazard")]
    told = [(row.version, row.amount, row.denominator, row.reason) for row in sorted(hazard, key=lambda row: row.id)]
    assert told == [(1, 2, 3, ""), (2, None, None, "口径改了:隐患(单位:处→个)"), (3, 4, 5, "")]
    answers = {answer.key: answer.amount for answer in await stage.rows(Answer)}
    assert (answers["hazard"], answers["drill_students"]) == (4, 520)


async def test_a_draft_loses_that_answer_and_keeps_the_rest(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(SECOND_PRINCIPAL)
    await fill(stage, county, "drill", unit="西岭中学", drill_students=290)
    await bring(stage, IN_PIECES)
    await someone.play(("[重答]", ("学生290人", "请答:隐患已整改/排查")), ("没有", "【请核对"))
    [row] = await stage.rows(AnswerRevision)
    assert (row.key, row.version, row.amount, row.denominator) == ("hazard", 0, 2, 3)
    assert (await report_of(stage, county, "drill", "西岭中学")).state == "pending"
    await someone.play(("[提交]", "✓ 已收到"))


async def test_who_has_not_begun_is_asked_the_new_question_and_told_nothing(
    stage: Stage, county: County, talk: Talk
) -> None:
    someone = await talk(PRINCIPAL)
    shown = len(someone.phone.messages)
    [done] = await bring(stage, IN_PIECES)
    assert done.units == frozenset()
    assert len(someone.phone.messages) == shown
    asked = questionnaire_from_json((await round_of(stage, county, "drill")).questionnaire)
    assert next(one for one in asked if one.key == "hazard").unit == "个"


async def test_a_card_shown_before_may_not_be_tapped_any_more(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答:本月是否已开展"))
    await bring(stage, IN_PIECES)
    await someone.play(("[已开展]", "toast:已更新"))
    assert [draft.entries for draft in await stage.rows(Draft) if draft.entries] == []


async def test_without_reask_it_waits_and_may_still_be_asked_later(stage: Stage, county: County, talk: Talk) -> None:
    someone = await sent(stage, county, talk)
    shown = len(someone.phone.messages)
    [done] = await bring(stage, IN_PIECES, reask=False)
    assert (len(done.units), [change.key for change in done.meant]) == (1, ["hazard"])
    assert (await report_of(stage, county, "drill")).state == "submitted"
    assert len(someone.phone.messages) == shown
    [later] = await bring(stage, IN_PIECES)
    assert (later.changes, len(later.units)) == ((), 1)
    assert (await report_of(stage, county, "drill")).state == "returned"
    assert await bring(stage, IN_PIECES) == []


async def test_a_new_question_is_asked_of_those_it_concerns(stage: Stage, county: County, talk: Talk) -> None:
    someone = await sent(stage, county, talk)
    [done] = await bring(stage, WITH_PLACE)
    assert len(done.units) == 1
    await someone.play(
        ("[重答]", "请答:演练地点"), ("教学楼", ("【请核对", "地点:教学楼")), ("[提交]", "✓ 已更正"),
    )  # fmt: skip


async def test_a_new_dependent_question_leaves_the_others_alone(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    async with stage.database.write() as session:
        report = await report_of(stage, county, "drill")
        entries = {"drill_done": False, "hazard": [0, 0], "drill_reason": "停课", "next_drill": "2026-12-01"}
        session.add(
            Draft(bureau_id=report.bureau_id, round_id=report.round_id, unit_id=report.unit_id, revision=1,
                  entries={key: {"v": value, "words": ""} for key, value in entries.items()})
        )  # fmt: skip
    await someone.play(("[1 应急疏散演练]", "【请核对"), ("[提交]", "✓ 已收到"))
    [done] = await bring(stage, WITH_PLACE)
    assert done.units == frozenset()
    assert (await report_of(stage, county, "drill")).state == "submitted"


async def test_one_person_hears_once_of_two_schools(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    for unit in ("李村小学", "桥头小学"):
        await fill(stage, county, "drill", unit=unit, drill_students=50)
    shown = len(someone.phone.messages)
    await bring(stage, IN_PIECES)
    assert len(someone.phone.messages) == shown + 1
    assert someone.last.text.startswith(
        "孙校长,李村小学 11月应急疏散演练、桥头小学 11月应急疏散演练有2处口径改了,只需重答这2项:\n"
        "1. 李村小学 11月应急疏散演练:隐患(单位:处→个)"
    )
    await someone.play(("[2重答]", ("桥头小学", "请答:隐患")), ("没有", "【请核对"))


async def test_a_locked_round_is_not_asked_again(stage: Stage, county: County, talk: Talk) -> None:
    await sent(stage, county, talk)
    stage.clock.jump_to(at("2026-12-03 09:00"))
    [done] = await bring(stage, IN_PIECES)
    assert (done.reasks, (await report_of(stage, county, "drill")).state) == ((), "submitted")


async def test_all_of_it_is_known_to_the_counts(stage: Stage, county: County, talk: Talk) -> None:
    await sent(stage, county, talk)
    await bring(stage, IN_PIECES)
    drafts = {draft.unit_id: draft for draft in await stage.rows(Draft)}
    reports = await stage.rows(Report, Report.round_id == (await round_of(stage, county, "drill")).id)
    assert {report.unit_id for report in reports} <= drafts.keys()
    assert sorted(report.state for report in reports) == ["pending", "pending", "pending", "returned"]
