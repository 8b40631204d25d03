"""预览 and 下发: what a round will bring, the very prompt, and issuing it now."""

from __future__ import annotations

from datetime import date

import pytest

from bot.buttons import Verb, encode
from db.tables import Outbox, Reminder, Report, Round, Task
from domain.ladder import Skip
from tests.bot.conftest import Talk
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, TWO_SCHOOLS, County, at, make_neighbour
from tests.stage import Stage

DECEMBER = date(2026, 12, 25)


@pytest.fixture
async def early(stage: Stage) -> None:
    """Before anything opens, on the Monday."""
    stage.clock.jump_to(at("2026-11-16 09:00"))


def button(verb: Verb, county: County, task: str = "drill", due: date = date(2026, 11, 25)) -> str:
    return encode(verb, None, county.tasks[task], due.toordinal())


async def test_the_coming_rounds_and_what_one_brings(stage: Stage, early: None, county: County, talk: Talk) -> None:
    clerk = await talk(CLERK)
    await clerk.play(("/issue", "近60天要开启的报告期"))
    lines = clerk.last.text.split("\n")
    assert lines[1] == "1. 11月应急疏散演练(安全股):11月18日(星期三)08:30开启,11月25日(星期三)17:00截止,4家"
    assert clerk.last.buttons[:2] == ["1 11月应急疏散演练", "2 11月班班通进度"]
    await clerk.play(("[1 ", ("【下发预览】", "问4家:清河镇1、西岭乡3", "4至6问", "减负账", "!0000-")))
    assert len(clerk.last.text.split("\n")) <= 15
    assert clerk.last.buttons == ["发我看看", "现在下发"]


async def test_what_is_shown_is_what_principals_then_get(stage: Stage, early: None, county: County, talk: Talk) -> None:
    wang, clerk = await talk(PRINCIPAL), await talk(CLERK)
    reports = await stage.rows(Report)
    await clerk.play(("预览", "近60天"), ("[1 ", "【下发预览】"), ("[发我看看]", "【试发】清河镇九年一贯制学校将收到"))
    head, *shown, labels = clerk.last.text.split("\n")
    assert clerk.last.buttons == []
    assert "只给您看" in head
    assert await stage.rows(Report) == reports == []
    await stage.tick(at("2026-11-18 08:30"))
    assert wang.last.text.split("\n") == shown
    assert labels == "".join(f"[{label}]" for label in wang.last.buttons)


async def test_each_school_s_own_text_may_be_looked_at(stage: Stage, early: None, county: County, talk: Talk) -> None:
    sun, clerk = await talk(TWO_SCHOOLS), await talk(CLERK)
    await clerk.play(
        ("发我看看 李村小学", "先打“预览”"),
        ("预览", "近60天"), ("[1 ", "【下发预览】"),
        ("发我看看 李村小学", "【试发】李村小学将收到"),
    )  # fmt: skip
    _, *shown, _ = clerk.last.text.split("\n")
    await clerk.play(("发我看看 王村小学", "没找准“王村小学”"))
    await stage.tick(at("2026-11-18 08:30"))
    assert sun.last.text.split("\n") == shown


async def test_the_words_are_only_words_from_a_principal(stage: Stage, early: None, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.do("发我看看 李村小学")
    assert "试发" not in wang.last.text


async def test_issued_now_after_a_read_back_and_no_past_rung_fires(
    stage: Stage, early: None, county: County, talk: Talk
) -> None:
    wang, clerk = await talk(PRINCIPAL), await talk(CLERK)
    await clerk.play(
        ("下发", "近60天"), ("[1 ", "【下发预览】"),
        ("[现在下发]", ("【请核对,未下发】11月应急疏散演练", "现在就问4家")),
        ("[先不下发]", "【下发预览】"), ("[现在下发]", "未下发"),
    )  # fmt: skip
    assert await stage.rows(Round) == []
    await clerk.play(("[提交]", "✓ 已下发:11月应急疏散演练,4家,11月25日(星期三)17:00截止"))
    assert "11月有1项请贵校11月25日(星期三)17:00前报送" in wang.last.text
    again = await clerk.press_data(button(Verb.ISSUE_SUBMIT, county))
    assert "最新" in again
    await stage.tick(at("2026-11-18 08:30"))
    assert sorted([row.task_id for row in await stage.rows(Round)]) == sorted(county.tasks.values())
    assert not [row for row in await stage.rows(Reminder) if row.state == "queued"]


async def test_rungs_that_are_past_when_it_is_issued_do_not_fire(
    stage: Stage, early: None, county: County, talk: Talk
) -> None:
    wang, clerk = await talk(PRINCIPAL), await talk(CLERK)
    stage.clock.jump_to(at("2026-11-24 09:30"))
    await clerk.play(
        ("下发", "近60天"),
        ("[1 ", "已过的提醒不补发:截止前三天、截止前一天"),
        ("[现在下发]", "未下发"),
        ("[提交]", "✓ 已下发"),
    )
    before = len(wang.phone.texts)
    async with stage.database.write() as session:
        other = await session.get_one(Task, (county.bureau_id, county.tasks["bbt"]))
        other.withdrawn_at = at("2026-11-24 09:30")
    await stage.tick(at("2026-11-24 15:00"))
    assert len(wang.phone.texts) == before
    await stage.tick(at("2026-11-25 09:00"))
    rungs = await stage.rows(Reminder, Reminder.reason != Skip.UNREACHED.value)
    found = {(row.rung, row.state, row.reason) for row in rungs}
    past = Skip.PAST_AT_OPENING.value
    assert found == {("t-3", "skipped", past), ("t-1", "skipped", past), ("due-morning", "queued", "")}
    assert len(wang.phone.texts) == before + 1


async def test_a_section_issues_its_own_and_nobody_else_anything(
    stage: Stage, early: None, county: County, talk: Talk
) -> None:
    chief, director, wang = [await talk(who) for who in (CHIEF, DIRECTOR, TWO_SCHOOLS)]
    await chief.play(("/issue", ("应急疏散演练", "!班班通")))
    clerk, refused = await talk(CLERK), "这一项不由您负责"
    neighbour = await make_neighbour(stage.database, at("2026-11-16 09:00"))
    for verb in (Verb.ISSUE, Verb.ISSUE_SAMPLE, Verb.ISSUE_NOW, Verb.ISSUE_SUBMIT):
        assert refused in await chief.press_data(button(verb, county, "bbt"))
        assert refused in await director.press_data(button(verb, county))
        assert refused in await wang.press_data(button(verb, county))
        assert refused in await clerk.press_data(button(verb, neighbour))
        assert refused in await chief.press_data(encode(verb, None, 12345, DECEMBER.toordinal()))
    await wang.play(("/issue", "!近60天"), ("预览", "!近60天"))
    await director.play(("/issue", "!近60天"))
    assert await stage.rows(Round) == []
    assert not [row for row in await stage.rows(Outbox) if row.kind == "issue_sample"]
