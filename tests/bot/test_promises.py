"""稍后, 明早报: kept with an instant, answered with when we ask again."""

from __future__ import annotations

from datetime import timedelta

from db.tables import Chat, Promise
from domain.messages import ReportKey
from services.promises import promised_until
from tests.bot.conftest import Talk
from tests.bot.drafts import round_of
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import Stage


async def test_a_promise_is_kept_with_its_instant_and_words(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("明早报", ("好的,明天上午再提醒您。填的都已保存。", "!✗", "!截止")),
    )
    [kept] = await stage.rows(Promise)
    drill = await round_of(stage, county, "drill")
    assert (kept.round_id, kept.unit_id) == (drill.id, county.units["清河镇九年一贯制学校"])
    assert (kept.person_id, kept.words, kept.said_at) == (county.people["王建国"], "明早报", at("2026-11-18 09:00"))
    assert kept.until == at("2026-11-19 08:30")
    [chat] = await stage.rows(Chat, Chat.id == PRINCIPAL)
    assert (chat.focus_key, chat.failures) == (None, 0)

    key, other = ReportKey(kept.round_id, kept.unit_id), ReportKey(kept.round_id, county.units["西岭中学"])
    async with stage.database.read() as session:
        held = await promised_until(session, county.bureau_id, [key, other], at("2026-11-19 08:29"))
        over = await promised_until(session, county.bureau_id, [key], at("2026-11-19 08:30"))
        assert await promised_until(session, county.bureau_id, [], at("2026-11-18 09:00")) == {}
    assert [(one, row.id) for one, row in held.items()] == [(key, kept.id)]
    assert over == {}


async def test_to_a_reminder_of_several_it_is_of_all_of_them(stage: Stage, talk: Talk) -> None:
    someone = await talk(SECOND_PRINCIPAL)
    await someone.play(("下午报", "好的,今天15:00再提醒您。"))
    assert {row.until for row in await stage.rows(Promise)} == {at("2026-11-18 15:00")}
    assert len(await stage.rows(Promise)) == 2


async def test_the_deadline_is_said_where_it_comes_before(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    stage.clock.jump_to(at("2026-11-25 15:30"))
    await someone.play(("明天报", ("好的,明天上午再提醒您", "今天17:00截止", "由办公室代填")))


async def test_once_more_and_then_the_office_sees_it(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"), ("稍后", "好的,今天11:00再提醒您。"))
    stage.clock.jump_to(stage.clock.now() + timedelta(hours=3))
    await someone.play(
        ("[1 应急疏散演练]", "请答"), ("晚点报", "再提醒您"), ("[1 应急疏散演练]", "请答"),
        ("晚点报", ("已经约过两次,办公室看得到", "李干事 0000-6210001", "!再提醒您")),
    )  # fmt: skip
    assert len(await stage.rows(Promise)) == 2
    await someone.play(
        ("[2 班班通进度]", "请答"), ("晚点报", "再提醒您")
    )  # another report, promised for the first time


async def test_the_named_unit_alone_is_put_off(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(TWO_SCHOOLS)
    await someone.play(("桥头小学晚点报", "再提醒您"))
    assert {row.unit_id for row in await stage.rows(Promise)} == {county.units["桥头小学"]}


async def test_what_is_said_besides_is_taken(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"), ("昨天搞了地震演练,学生520人,用时等会儿报", ("学生520人", "!再提醒您"))
    )  # fmt: skip
    await someone.play(("用时先写100秒,回头我再核", ("等您核实后再回就行", "!再提醒您")))
    assert not await stage.rows(Promise)
