"""突发事件: at once, day and night, whom to call; the office and the safety section are told; nothing is stored."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col

from db.tables import Draft, Evidence, Outbox
from sandbox import Phone
from tests.bot.conftest import Talk
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, SECOND_PRINCIPAL, County, at
from tests.stage import Stage

WORDS = "体育课有学生摔伤,已送医院,520人参加了演练"
CALL = ("立即打:值班 0000-6210110,120、110、119", "本助手不受理突发事件报告", "已同时通知安全股和办公室")


async def watching(stage: Stage, *chats: int) -> list[Phone]:
    phones = [stage.phone(chat) for chat in chats]
    for phone in phones:
        await phone.start()
    await stage.settled()
    return phones


def alarms(phone: Phone) -> list[str]:
    return [bubble.text for bubble in phone.messages if "【疑似突发】" in bubble.text]


async def test_at_any_hour_whom_to_call_and_those_who_must_know(stage: Stage, talk: Talk, county: County) -> None:
    clerk, chief, director = await watching(stage, CLERK, CHIEF, DIRECTOR)
    someone = await talk(PRINCIPAL)
    stage.clock.jump_to(at("2026-11-22 02:30"))  # a Sunday, at night
    await someone.play(("[1 应急疏散演练]", "请答"), (WORDS, CALL))
    for phone in (clerk, chief):
        [said] = alarms(phone)
        assert "清河镇九年一贯制学校 王校长" in said
        assert "0000-6211001" in said
        assert "学生摔伤" in said
        assert phone.last.protected
    assert not alarms(director)
    rows = await stage.rows(Outbox, col(Outbox.kind) == "alarm")
    assert [(row.nag, row.rank, row.not_before) for row in rows] == [(False, 0, None)] * 2
    assert not await stage.rows(Draft, col(Draft.unit_id) == county.units["清河镇九年一贯制学校"])

    await someone.play(("[已打电话]", ("toast:电话畅通", *CALL)))
    assert "已点“已打电话”" in alarms(clerk)[-1]
    await someone.play(("520人", "!突发"))  # the conversation goes on


async def test_once_in_ten_minutes_for_a_person(stage: Stage, talk: Talk) -> None:
    clerk, _ = await watching(stage, CLERK, CHIEF)
    someone, other = await talk(PRINCIPAL), await talk(SECOND_PRINCIPAL)
    await someone.play((WORDS, CALL), ("120来了,有学生昏迷", CALL))
    assert len(alarms(clerk)) == 1
    await other.play(("有学生溺水了", CALL))
    assert len(alarms(clerk)) == 2
    stage.clock.jump_to(stage.clock.now() + timedelta(minutes=11))
    await someone.play(("又有学生送医院了", CALL))
    assert len(alarms(clerk)) == 3


async def test_a_false_alarm_costs_one_tap(stage: Stage, talk: Talk) -> None:
    clerk, _ = await watching(stage, CLERK, CHIEF)
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天搞了地震演练,有学生扭伤送医,520人参加,用时110秒", CALL),
        ("[不是突发]", ("✓ 已开展", "学生520人", "用时110秒")),
        ("没有隐患", "【请核对"),
        ("对", "✓ 已收到"),
    )
    assert "不用处理" in alarms(clerk)[-1]
    await someone.play(("有学生溺水了", CALL))  # what was no alarm does not silence the next one
    assert "溺水" in alarms(clerk)[-1]


async def test_the_buttons_work_once_and_for_the_person_alone(stage: Stage, talk: Talk) -> None:
    someone, other = await talk(PRINCIPAL), await talk(SECOND_PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"), (WORDS, CALL))
    data = someone.last.data["不是突发,是报数"]
    await other.press_data(data)
    assert "学生520人" not in other.last.text
    await someone.press_data(data)
    before = len(someone.phone.messages)
    await someone.press_data(data)
    assert len(someone.phone.messages) == before


async def test_a_picture_with_such_words_is_not_kept(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.phone.photo(caption="学生受伤送医院了")
    await stage.settled()
    assert "立即打" in someone.last.text
    assert not await stage.rows(Evidence)


async def test_an_edited_message_may_be_one(stage: Stage, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[1 应急疏散演练]", "请答"), ("已开展", "✓ 已开展"))
    mine = [bubble for bubble in someone.phone.messages if bubble.text == "已开展"][-1]
    await someone.phone.edit(mine, "有学生受伤了")
    await stage.settled()
    assert "立即打" in someone.last.text


async def test_drills_are_drills(talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[1 应急疏散演练]", "请答"),
        ("昨天演练模拟学生受伤送医,520人,用时110秒,无人受伤", ("学生520人", "!立即打")),
    )
