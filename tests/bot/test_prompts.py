"""What arrives unasked: the prompt when rounds open, the reminder a working day before they are due."""

from __future__ import annotations

from db.session import Database
from db.tables import Task
from domain.rounds import Frequency, Schedule
from services.rounds import schedule_to_json
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at, make_county
from tests.stage import Stage, on_stage

LI, BRIDGE = "李村小学", "桥头小学"


async def sit(stage: Stage, *people: int) -> list[Dialogue]:
    """These phones know the bot before anything opens."""
    found = [Dialogue(stage, stage.phone(person)) for person in people]
    for someone in found:
        await someone.phone.start()
    await stage.settled()
    return found


async def test_a_prompt_says_what_by_when_for_whom_and_why(stage: Stage, county: County) -> None:
    [someone] = await sit(stage, PRINCIPAL)
    await stage.tick()
    assert someone.last.text.split("\n") == [
        "王校长,11月有2项请贵校11月25日(星期三)17:00前报送:",
        "1. 应急疏散演练(安全股)6问",
        "2. 班班通进度(装备站)2问",
        "依据:云教字〔2026〕18号。",
        "统计时段:10月24日至11月25日。",
    ]
    assert someone.last.buttons == ["1 应急疏散演练", "2 班班通进度", "交给他人办"]


async def test_a_moved_deadline_says_why(sqlite: Database) -> None:
    county = await make_county(sqlite, at("2026-09-14 09:00"))
    async with on_stage(sqlite, county.bureau_id, at("2026-09-18 09:00")) as stage:
        [someone] = await sit(stage, PRINCIPAL)
        await stage.tick()
        head = "王校长,9月有2项请贵校9月24日(星期四)17:00前报送(25日中秋放假,提前一天):"
        assert someone.last.text.split("\n")[0] == head


async def test_different_deadlines_stand_beside_their_tasks(stage: Stage, county: County) -> None:
    async with stage.database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, county.tasks["bbt"]))
        task.schedule = schedule_to_json(Schedule(Frequency.MONTHLY, day=22))
    [someone] = await sit(stage, PRINCIPAL)
    await stage.tick()
    assert someone.last.text.split("\n")[:3] == [
        "王校长,11月有2项请贵校报送:",
        "1. 班班通进度(装备站)2问,11月20日(星期五)17:00前(22日是星期日,提前两天),统计10月23日至11月20日",
        "2. 应急疏散演练(安全股)6问,11月25日(星期三)17:00前,统计10月24日至11月25日",
    ]


async def test_two_schools_are_prompted_in_one_message(stage: Stage, county: County) -> None:
    [someone] = await sit(stage, TWO_SCHOOLS)
    await stage.tick()
    prompts = [text for text in someone.phone.texts if "报送" in text]
    assert len(prompts) == 1
    assert prompts[0].split("\n")[:5] == [
        "孙校长,11月有4项请您11月25日(星期三)17:00前报送:",
        f"1. {LI} 应急疏散演练(安全股)6问",
        f"2. {BRIDGE} 应急疏散演练(安全股)6问",
        f"3. {LI} 班班通进度(装备站)2问",
        f"4. {BRIDGE} 班班通进度(装备站)2问",
    ]
    await someone.play(("[4 班班通进度]", f"{BRIDGE} 11月班班通进度"))


async def test_who_has_two_schools_sees_which_school_still_owes_what(stage: Stage, county: County) -> None:
    [someone] = await sit(stage, TWO_SCHOOLS)
    await stage.tick()
    await fill(stage, county, "bbt", unit=LI)
    await someone.play(("[3 班班通进度]", LI), ("[提交]", f"还有3项待报:{LI}应急疏散演练、"))
    assert f"{BRIDGE}班班通进度" in someone.last.text


async def test_the_reminder_names_what_is_missing_and_what_need_not_be_done(stage: Stage, county: County) -> None:
    [wang, liu] = await sit(stage, PRINCIPAL, SECOND_PRINCIPAL)
    await stage.tick()
    await fill(stage, county, "drill", before="drill_seconds")
    await fill(stage, county, "bbt")
    await wang.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-24 09:00"))
    assert wang.last.text.split("\n") == [
        "王校长,还有1项明天(11月25日,星期三)17:00截止:",
        "1. 应急疏散演练(安全股):已填4问,差用时、隐患",
        "已报的班班通进度不用管。",
        "没空填,打电话给李干事 0000-6210001,由办公室代填。",
    ]
    assert [one for one in wang.last.buttons if "延期" not in one] == ["接着填", "明早再说", "交给他人办"]
    assert liu.last.text.split("\n")[1:3] == [
        "1. 应急疏散演练(安全股):6问,还没填",
        "2. 班班通进度(装备站):2问,还没填",
    ]
    await wang.play(("[接着填]", "请答:疏散用时"))


async def test_a_late_principal_is_told_until_when_it_still_counts(stage: Stage, county: County) -> None:
    [someone] = await sit(stage, PRINCIPAL)
    await stage.tick()
    stage.clock.jump_to(at("2026-11-26 10:00"))
    await someone.play(("待办", "已过截止时间,12月2日(星期三)17:00前报仍计入"))


async def test_what_arrives_unasked_is_short(stage: Stage, county: County) -> None:
    people = await sit(stage, PRINCIPAL, TWO_SCHOOLS)
    await stage.tick()
    await stage.tick(at("2026-11-24 09:00"))
    assert max(text.count("\n") + 1 for someone in people for text in someone.phone.texts) <= 9
