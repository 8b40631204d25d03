"""Who has not reported: the lists of the office and the lead section, and one tap that reminds."""

from __future__ import annotations

import pytest

from bot.buttons import Verb, encode
from db.tables import Account, Extension, Membership, Outbox, Reminder, Role, Unit
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CHIEF, CLERK, DIRECTOR, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.stage import Stage

LATE = at("2026-11-25 17:05")


@pytest.fixture
async def wang(talk: Talk) -> Dialogue:
    return await talk(PRINCIPAL)


@pytest.fixture
async def clerk(talk: Talk, wang: Dialogue) -> Dialogue:
    """The bot has spoken with the principal before, else it finds nobody there."""
    return await talk(CLERK)


@pytest.fixture
async def chief(talk: Talk) -> Dialogue:
    return await talk(CHIEF)


async def cut_off_and_blocked(stage: Stage, county: County) -> None:
    """西岭中学 blocks the bot; 李村 and 桥头 have never begun."""
    async with stage.database.write() as session:
        (await session.get_one(Account, (county.bureau_id, "telegram", SECOND_PRINCIPAL))).unreachable = "blocked"
        (await session.get_one(Account, (county.bureau_id, "telegram", TWO_SCHOOLS))).closed_at = at("2026-11-01")


async def test_five_minutes_after_the_deadline_the_office_and_the_section_know_whom_to_call(
    stage: Stage, county: County, clerk: Dialogue, chief: Dialogue, talk: Talk
) -> None:
    director = await talk(DIRECTOR)
    await fill(stage, county, "drill", before="drill_seconds")
    await fill(stage, county, "bbt")
    await cut_off_and_blocked(stage, county)
    await stage.tick(at("2026-11-25 17:04:59"))
    assert "截至" not in clerk.last.text
    await stage.tick(LATE)
    assert clerk.last.text.split("\n") == [
        "应急疏散演练截至11月25日(星期三)17:05:应报4,已报0,未报4:填了一半1、联系不上1、未开通2。",
        "班班通进度截至11月25日(星期三)17:05:应报4,已报0,未报4:已填未提交1、联系不上1、未开通2。",
    ]
    assert clerk.last.buttons == ["名单和电话", "文字版", "提醒在线的1家"]
    assert chief.last.text.startswith("应急疏散演练截至11月25日(星期三)17:05:应报4")
    assert "班班通" not in chief.last.text
    assert "应报4" not in director.last.text
    await stage.tick(at("2026-11-25 17:06"))
    assert sum("截至" in text for text in clerk.phone.texts) == 1


async def test_the_list_is_protected_and_its_plain_copy_has_no_telephone(
    stage: Stage, county: County, clerk: Dialogue
) -> None:
    await cut_off_and_blocked(stage, county)
    await stage.tick(LATE)
    await clerk.play(("[名单和电话]", "【应急疏散演练】(安全股)11月25日(星期三)17:00截止,未报4家"))
    assert clerk.last.text.split("\n")[1:7] == [
        "没打开1家:",
        "1. 清河镇九年一贯制学校 王校长 0000-6211001,最近11月18日(星期三)09:00来过",
        "联系不上1家:",
        "1. 西岭中学 刘校长 0000-6211002,已屏蔽",
        "未开通2家:",
        "1. 李村小学 孙校长 0000-6211003",
    ]
    assert clerk.last.protected
    await clerk.play(("催报", "未报4"), ("[文字版]", ("王校长", "!0000-6211001")))
    assert not clerk.last.protected


async def test_last_contact_stands_beside_the_name(
    stage: Stage, county: County, clerk: Dialogue, wang: Dialogue
) -> None:
    await wang.do("待办")
    await stage.tick(LATE)
    await clerk.play(("[名单和电话]", "1. 清河镇九年一贯制学校 王校长 0000-6211001,最近11月18日(星期三)09:00来过"))


async def test_one_tap_reminds_who_can_hear_it_once_a_day(
    stage: Stage, county: County, clerk: Dialogue, wang: Dialogue
) -> None:
    await cut_off_and_blocked(stage, county)
    await stage.tick(at("2026-11-25 10:00"))
    before = len(wang.phone.received)
    await clerk.play(("催报", "未报4"), ("[提醒在线的1家]", "已提醒1人。"))
    await stage.settled()
    assert len(wang.phone.received) == before + 1
    assert "还有2项今天17:00截止" in wang.last.text
    await clerk.play(("催报", "未报4"), ("[提醒在线的1家]", "2项今天已经提醒过,没有重复。"))
    assert len(wang.phone.received) == before + 1
    await stage.tick(at("2026-11-25 15:00"))
    assert len(wang.phone.received) == before + 1, "a person has chased: the afternoon rung is left out"
    skipped = await stage.rows(Reminder, Reminder.rung == "due-afternoon", Reminder.state == "skipped")
    mine = county.units["清河镇九年一贯制学校"]
    assert {row.reason for row in skipped if row.unit_id == mine} == {"chased"}
    assert {row.reason for row in skipped if row.unit_id != mine} == {"unreached"}, "nobody hears it there anyway"


async def test_an_extension_leaves_the_count_until_its_day(stage: Stage, county: County, clerk: Dialogue) -> None:
    report = await report_of(stage, county, "bbt")
    async with stage.database.write() as session:
        session.add(
            Extension(
                bureau_id=county.bureau_id, round_id=report.round_id, unit_id=report.unit_id,
                due_at=at("2026-11-27 17:00"), reason="停电", granted_at=at("2026-11-19 09:00"),
            )
        )  # fmt: skip
    await stage.tick(LATE)
    assert "班班通进度截至11月25日(星期三)17:05:应报3,已报0,延期1,未报3" in clerk.last.text


async def test_who_reported_is_silent_and_counted(
    stage: Stage, county: County, clerk: Dialogue, wang: Dialogue
) -> None:
    await fill(stage, county, "bbt")
    await wang.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"))
    await stage.tick(LATE)
    assert "班班通进度截至11月25日(星期三)17:05:应报4,已报1,未报3" in clerk.last.text


async def test_a_section_sees_its_own_and_nobody_elses(
    stage: Stage, county: County, wang: Dialogue, chief: Dialogue
) -> None:
    devices = county.units["装备站"]
    await stage.tick(LATE)
    for verb, numbers in ((Verb.CHASE_LIST, (devices, 0)), (Verb.CHASE_LIST, (0, 0)), (Verb.CHASE, (0,))):
        assert "不由您负责" in await chief.press_data(encode(verb, None, *numbers))
    own = county.units["安全股"]
    assert "不由您负责" in await wang.press_data(encode(Verb.CHASE_LIST, None, own, 0))
    assert "不由您负责" in await wang.press_data(encode(Verb.CHASE, None, own))
    assert not await stage.rows(Outbox, Outbox.kind == "chase_list")


async def test_late_is_said_kindly_with_a_copy_to_the_central_school(
    stage: Stage, county: County, wang: Dialogue, talk: Talk
) -> None:
    liu = await talk(SECOND_PRINCIPAL)
    async with stage.database.write() as session:
        (
            await session.get_one(Unit, (county.bureau_id, county.units["清河镇九年一贯制学校"]))
        ).central_unit_id = county.units["西岭中学"]
        session.add(
            Membership(
                bureau_id=county.bureau_id, id=1, person_id=county.people["刘芳"], unit_id=county.units["西岭中学"],
                role=Role.CENTRAL.value,
            )
        )  # fmt: skip
    await fill(stage, county, "bbt")
    await wang.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"))
    await stage.tick(at("2026-11-26 09:00"))
    assert wang.last.text.split("\n") == [
        "王校长,清河镇九年一贯制学校11月应急疏散演练(安全股)11月25日(星期三)17:00截止,目前还没收到。".replace(
            "清河镇九年一贯制学校", "贵校"
        ),
        "现在报仍进入本期汇总,12月2日(星期三)17:00关闭。",
        "· 办了没填:回一句话就行",
        "· 确实没办:如实说没办和原因,也算报送",
        "· 需要宽限:点“申请延期”",
        "此条已告知西岭中学。经办:陈股长 0000-6210023",
    ]
    assert wang.last.buttons[:2] == ["开始填报", "未开展"]
    assert "以下报送已过截止时间" in "".join(liu.phone.texts)
    assert "应急疏散演练(11月25日(星期三)17:00截止):清河镇九年一贯制学校" in "".join(liu.phone.texts)
    await wang.play(("[未开展]", "未开展"))


async def test_two_working_days_late_the_office_hears_again_and_three_are_noted_for_the_bulletin(
    stage: Stage, county: County, clerk: Dialogue
) -> None:
    await stage.tick(LATE)
    seen = sum("截至" in text for text in clerk.phone.texts)
    await stage.tick(at("2026-11-27 09:00"))
    assert sum("截至" in text for text in clerk.phone.texts) == seen + 1
    await stage.tick(at("2026-11-30 09:00"))
    noted = await stage.rows(Reminder, Reminder.rung == "late-3")
    assert {(row.audience, row.state) for row in noted} == {("bulletin", "planned")}
    assert len(noted) == 8


async def test_who_is_noted_for_the_bulletin_is_seen_by_the_office_now(
    stage: Stage, county: County, clerk: Dialogue, chief: Dialogue, talk: Talk
) -> None:
    director = await talk(DIRECTOR)
    for when in ("2026-11-25 17:06", "2026-11-26 09:00", "2026-11-27 09:00"):
        await stage.tick(at(when))
    await clerk.play(("进度", "!拟列入通报"))
    await stage.tick(at("2026-11-30 09:00"))
    four = "清河镇九年一贯制学校、西岭中学、李村小学等"
    await clerk.play(
        ("进度", f"拟列入通报(逾期3个工作日仍未报):应急疏散演练4家({four})、班班通进度4家({four})。"),
        ("[未报名单和电话]", "1. 清河镇九年一贯制学校 王校长 0000-6211001,拟列入通报"),
    )
    await chief.play(("进度", (f"应急疏散演练4家({four})。", "!班班通")))
    await director.play(("进度", "!拟列入通报"))


async def test_who_has_more_time_or_has_reported_once_is_not_noted_any_more(
    stage: Stage, county: County, clerk: Dialogue
) -> None:
    for when in ("2026-11-25 17:06", "2026-11-26 09:00", "2026-11-27 09:00", "2026-11-30 09:00"):
        await stage.tick(at(when))
    async with stage.database.write() as session:
        extended, returned = await report_of(stage, county, "bbt"), await report_of(stage, county, "drill")
        session.add(
            Extension(
                bureau_id=county.bureau_id, round_id=extended.round_id, unit_id=extended.unit_id,
                due_at=at("2026-12-01 17:00"), reason="停电", granted_at=at("2026-11-30 09:00"),
            )
        )  # fmt: skip
        returned.state, returned.first_received_at = "returned", at("2026-11-24 09:00")
        await session.merge(returned)
    three = "(西岭中学、李村小学、桥头小学)"
    await clerk.play(("进度", f"应急疏散演练3家{three}、班班通进度3家{three}。"))


async def test_whom_a_reminder_does_not_reach_is_for_the_telephone_at_once_and_once(
    stage: Stage, county: County, clerk: Dialogue, chief: Dialogue, wang: Dialogue
) -> None:
    await cut_off_and_blocked(stage, county)
    await stage.tick(at("2026-11-20 09:00"))
    both = "应急疏散演练(11月25日(星期三)17:00截止)、班班通进度(11月25日(星期三)17:00截止)"
    assert clerk.last.text.split("\n") == [
        "有3家收不到提醒,请打电话告知,也可以由办公室代填:",
        "已屏蔽1家:",
        f"1. 西岭中学 刘校长 0000-6211002:{both}",
        "未开通2家:",
        f"1. 李村小学 孙校长 0000-6211003:{both}",
        f"2. 桥头小学 孙校长 0000-6211003:{both}",
    ]
    assert clerk.last.protected
    assert "应急疏散演练" in chief.last.text
    assert "班班通" not in chief.last.text
    skipped = await stage.rows(Reminder, Reminder.rung == "t-3", Reminder.state == "skipped")
    assert {row.reason for row in skipped} == {"unreached"}
    assert {row.unit_id for row in skipped} == {county.units[name] for name in ("西岭中学", "李村小学", "桥头小学")}
    for when in ("2026-11-24 09:00", "2026-11-25 09:00"):
        await stage.tick(at(when))
    assert sum("收不到提醒" in text for text in clerk.phone.texts) == 1
    assert "今天17:00截止" in wang.last.text


async def test_who_falls_away_later_is_told_then(stage: Stage, county: County, clerk: Dialogue, talk: Talk) -> None:
    for who in (SECOND_PRINCIPAL, TWO_SCHOOLS):
        await talk(who)
    await stage.tick(at("2026-11-20 09:00"))
    assert not any("收不到提醒" in text for text in clerk.phone.texts)
    await cut_off_and_blocked(stage, county)
    await stage.tick(at("2026-11-24 09:00"))
    assert "有3家收不到提醒" in clerk.last.text


async def test_a_promise_is_kept_quiet_and_seen_by_the_office(
    stage: Stage, county: County, clerk: Dialogue, wang: Dialogue
) -> None:
    await stage.tick(at("2026-11-24 09:00"))
    await wang.play(("[明早再说]", "好的,明天上午再提醒您。填的都已保存。"))
    before = len(wang.phone.received)
    await stage.tick(at("2026-11-24 17:00"))
    assert len(wang.phone.received) == before
    await clerk.play(("催报", "其中1家说了何时报"), ("[名单和电话]", "王校长 0000-6211001,说“明早再说”"))
    await stage.tick(at("2026-11-25 08:30"))
    assert "还有2项今天17:00截止" in wang.last.text
    assert "明早再说" not in wang.last.buttons, "once under the same deadline"
    await wang.press_data(encode(Verb.SNOOZE))
    assert "已经约过一次" in wang.last.text
    await wang.play(("明天报", "那之前报算按时"))
    before = len(wang.phone.received)
    await stage.tick(at("2026-11-25 15:00"))
    assert len(wang.phone.received) == before
    await stage.tick(at("2026-11-26 09:00"))
    assert "已过截止时间" in wang.last.text
    await stage.tick(LATE)
    assert any("其中1家说了何时报" in text for text in clerk.phone.texts)


async def test_who_has_asked_for_more_time_is_chased_by_nobody(
    stage: Stage, county: County, clerk: Dialogue, wang: Dialogue
) -> None:
    await wang.play(("班班通进度申请延期到27日,停电", "已转办公室李干事"))
    await cut_off_and_blocked(stage, county)
    await stage.tick(at("2026-11-25 10:00"))
    before = len(wang.phone.received)
    await clerk.play(("催报", "未报4"), ("[名单和电话]", "王校长 0000-6211001,已申请延期,待批"))
    await clerk.play(("催报", "未报4"), ("[提醒在线的1家]", "已提醒1人。"))
    await stage.settled()
    assert "应急疏散演练" in "".join(bubble.text for bubble in wang.phone.received[before:])
    assert "班班通" not in "".join(bubble.text for bubble in wang.phone.received[before:])
    drill = await report_of(stage, county, "drill")
    chased = await stage.rows(Reminder, Reminder.rung == "chase-1125")
    assert {row.round_id for row in chased} == {drill.round_id}, "nothing waits for the office to decide"


async def test_who_owes_nothing_has_nothing_to_put_off(stage: Stage, county: County, clerk: Dialogue) -> None:
    assert "不由您负责" in await clerk.press_data(encode(Verb.SNOOZE))


async def test_what_was_put_off_is_asked_for_when_its_time_has_come(
    stage: Stage, county: County, wang: Dialogue
) -> None:
    """Also where no rung of the ladder stands then; once, and not what was reported meanwhile."""
    await stage.tick(at("2026-11-20 09:00"))
    await wang.play(("[明早再说]", "再提醒您"))
    await fill(stage, county, "bbt")
    await wang.play(("待办", "只差提交"), ("[2提交]", "✓ 已收到"))
    before = len(wang.phone.received)
    await stage.tick(at("2026-11-23 08:29"))
    assert len(wang.phone.received) == before
    await stage.tick(at("2026-11-23 08:30"))
    assert "还有1项11月25日(星期三)17:00截止" in wang.last.text
    await stage.tick(at("2026-11-23 08:31"))
    assert len(wang.phone.received) == before + 1
