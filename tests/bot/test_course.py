"""改期、延期、豁免、撤回、重开: one sentence of the bureau, read back, done by one tap, told once."""

from __future__ import annotations

import pytest

from bot.buttons import Verb, encode
from db.ids import new_id
from db.tables import (
    Account,
    CourseChange,
    Draft,
    Extension,
    Outbox,
    Reminder,
    Report,
    Request,
    Round,
)
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CHIEF, DIRECTOR, SECOND_PRINCIPAL, County, at
from tests.stage import Stage

QINGHE, XILING, VILLAGE, BRIDGE = "清河镇九年一贯制学校", "西岭中学", "李村小学", "桥头小学"


async def the_round(stage: Stage, county: County, task: str) -> Round:
    [found] = await stage.rows(Round, Round.task_id == county.tasks[task])
    return found


async def changes(stage: Stage) -> list[CourseChange]:
    return await stage.rows(CourseChange)


# ---- read back before anything is done


async def test_read_back_first(stage: Stage, county: County, clerk: Dialogue, liu: Dialogue) -> None:
    heard = len(liu.phone.received)
    await clerk.play(("延期 西岭乡 班班通 至 11月27日17:00 停电", "【请核对,还没有办】"))
    assert clerk.last.text.split("\n") == [
        "【请核对,还没有办】西岭乡3家的11月班班通进度延至11月27日(星期五)17:00(停电)",
        "涉及3家(西岭中学、李村小学、桥头小学)。填的都还在,别的学校不变。",
        "对,请点“确认”,确认后立即告知;不对,点“不改了”再说一遍。",
    ]
    assert not await stage.rows(Extension)
    assert len(liu.phone.received) == heard
    await clerk.play(("[不改了]", "没有办:"))
    assert not clerk.last.buttons
    assert not await stage.rows(Extension)


async def test_the_reason_is_asked(stage: Stage, clerk: Dialogue) -> None:
    await clerk.play(
        ("班班通改期到11月27日", ("为什么?请回一句原因", "【请核对,还没有办】11月班班通进度截止由11月25日17:00改为")),
        ("市里延期", ("(市里延期)", "请点“确认”")),
        ("[确认]", "✓ 已办:11月班班通进度截止由11月25日17:00改为11月27日(星期五)17:00(市里延期)"),
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("改期 班班通 市里延期", "请写明到哪一天"),
        ("改期 班班通 11月28日 市里延期", "11月28日不上班(周末),请换一个工作日"),
        ("改期 班班通 11月17日 市里延期", "“11月17日”已经过了"),
        ("改期 班班通 今天8:50 市里延期", "这个时间已经过了"),
        ("改期 班班通 11月27日19:00 市里延期", "请定在上班时间(08:30至17:30)"),
        ("延期 班班通 到11月24日 停电", "这个时间不比原截止时间晚"),
        ("改期 班班通 到11月25日17:00 停电", "现在就是这个截止时间"),
        ("豁免 演练 撤并中", "请写明是哪所学校或哪个乡镇"),
        ("改期到11月27日 停电", "请写明改期哪一项:11月应急疏散演练、11月班班通进度"),
        ("重开 班班通 到12月9日 省里要", "现在没有可以重开的报告期"),
        ("改期 西岭中学 班班通 11月24日 省里要", "这个时间不比原截止时间晚"),
    ],
)
async def test_what_is_wrong_is_said(stage: Stage, clerk: Dialogue, words: str, says: str) -> None:
    before = await changes(stage)
    await clerk.play((words, says))
    assert await changes(stage) == before


async def test_nobody_concerned(stage: Stage, county: County, clerk: Dialogue, someone: Dialogue) -> None:
    await fill(stage, county, "bbt")
    await someone.play(("待办", "班班通"), ("[2提交]", "✓ 已收到"))
    await clerk.play((f"豁免 {QINGHE} 班班通 撤并", "没有可以豁免的学校"))


# ---- 延期


async def test_extended_for_a_township(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, someone: Dialogue, sun: Dialogue
) -> None:
    mine = len(someone.phone.received)
    await clerk.play(("延期 西岭乡 班班通 至 11月27日17:00 停电", "涉及3家"), ("[确认]", "✓ 已办:西岭乡3家"))
    assert liu.last.text.split("\n") == [
        "刘校长,11月班班通进度延至11月27日(星期五)17:00(停电)。在此之前报都算按时,已填的都在。",
        "经办:赵站长 0000-6210024",
    ]
    assert "李村小学 11月班班通进度、桥头小学 11月班班通进度延至" in sun.last.text
    assert len(someone.phone.received) == mine
    dues = {row.unit_id: (row.due_at, row.reason) for row in await stage.rows(Extension)}
    concerned = {county.units[name] for name in (XILING, VILLAGE, BRIDGE)}
    assert dues == {unit: (at("2026-11-27 17:00"), "停电") for unit in concerned}
    [change] = await changes(stage)
    assert (change.kind, change.reports, change.reason, change.done_at) == ("extend", 3, "停电", at("2026-11-18 09:00"))


async def test_extended_for_all_who_are_missing(
    stage: Stage, county: County, clerk: Dialogue, someone: Dialogue
) -> None:
    await fill(stage, county, "bbt")
    await someone.play(("待办", "班班通"), ("[2提交]", "✓ 已收到"))
    mine = len(someone.phone.received)
    await clerk.play(("班班通全部延期到11月27日,系统检修", ("未报的3家", "(系统检修)")), ("[确认]", "已告知3家"))
    assert county.units[QINGHE] not in {row.unit_id for row in await stage.rows(Extension)}
    assert len(someone.phone.received) == mine


async def test_reminders_arm_again_for_the_new_due(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, someone: Dialogue
) -> None:
    await clerk.play(("延期 西岭中学 班班通 到11月27日 停电", "涉及1家"), ("[确认]", "✓"))
    await clerk.play(("延期 西岭中学 演练 到11月27日 停电", "涉及1家"), ("[确认]", "✓"))
    heard = len(liu.phone.received)
    await stage.tick(at("2026-11-24 09:00"))
    assert [bubble.text for bubble in liu.phone.received[heard:]][-1].startswith(
        "刘校长,还有2项11月27日(星期五)17:00截止"
    )
    await stage.tick(at("2026-11-25 15:00"))
    assert "今天17:00截止" in someone.last.text
    assert "今天17:00" not in liu.last.text


async def test_a_request_that_it_answers_is_settled(stage: Stage, clerk: Dialogue, liu: Dialogue) -> None:
    await liu.play(("应急疏散演练延期报送到11月26日,停电", "已转办公室"))
    await clerk.play(("延期 西岭乡 演练 到11月27日 停电", "涉及3家"), ("[确认]", "✓"), ("审核", "没有待审核的申请"))
    [request] = await stage.rows(Request)
    assert request.state == "granted"


async def test_a_due_behind_the_lock_moves_the_lock(stage: Stage, county: County, clerk: Dialogue) -> None:
    await clerk.play(("延期 西岭中学 班班通 到12月4日 停电", "延至12月4日(星期五)17:00"), ("[确认]", "✓"))
    assert (await the_round(stage, county, "bbt")).lock_at == at("2026-12-04 17:00")


# ---- 改期


async def test_moved_later(stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, someone: Dialogue) -> None:
    await clerk.play(("改期 班班通 27日 市里延期", "涉及4家"), ("[确认]", "已告知4家"))
    assert liu.last.text.split("\n")[0] == (
        "刘校长,11月班班通进度截止时间由11月25日(星期三)17:00改为11月27日(星期五)17:00(市里延期)。已填的都在,不用重填。"
    )
    moved = await the_round(stage, county, "bbt")
    assert (moved.due_at, moved.grace_until) == (at("2026-11-27 17:00"), at("2026-11-30 12:00"))
    assert moved.lock_at == at("2026-12-04 17:00")
    await stage.tick(at("2026-11-25 17:06"))
    assert "班班通" not in "".join(row.rung for row in await stage.rows(Reminder, Reminder.round_id == moved.id))
    rungs = {row.effective_due for row in await stage.rows(Reminder, Reminder.round_id == moved.id)}
    assert rungs == {at("2026-11-27 17:00")}


async def test_moved_earlier_makes_nobody_late(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, someone: Dialogue
) -> None:
    stage.clock.jump_to(at("2026-11-23 16:00"))
    await fill(stage, county, "bbt")
    await someone.play(("待办", "班班通"), ("[2提交]", ("✓ 已收到", "按时")))
    stage.clock.jump_to(at("2026-11-24 09:30"))
    await clerk.play(("改期 班班通 11月24日12:00 省里催要", "涉及3家"), ("[确认]", "✓"))
    stage.clock.jump_to(at("2026-11-24 13:00"))
    await clerk.play(("进度", "班班通进度(11月24日12:00截止):应报4,按时1、宽限0、迟报0、待报0、未报3"))


async def test_a_rung_that_the_move_has_passed_does_not_fire(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue
) -> None:
    stage.clock.jump_to(at("2026-11-19 10:00"))
    await clerk.play(("改期 班班通 11月20日 省里催要", "涉及4家"), ("[确认]", "✓"))
    await stage.tick(at("2026-11-19 10:05"))
    moved = await the_round(stage, county, "bbt")
    skipped = {row.rung: row.reason for row in await stage.rows(Reminder, Reminder.round_id == moved.id)}
    assert skipped == {"t-3": "past_at_opening", "t-1": "past_at_opening"}
    await stage.tick(at("2026-11-20 09:00"))
    assert "班班通进度" in liu.last.text


async def test_an_own_later_due_is_kept(stage: Stage, county: County, clerk: Dialogue) -> None:
    await clerk.play(("延期 西岭中学 班班通 到12月1日 停电", "涉及1家"), ("[确认]", "✓"))
    await clerk.play(("延期 李村小学 班班通 到11月26日 停电", "涉及1家"), ("[确认]", "✓"))
    await clerk.play(("改期 班班通 27日 市里延期", "涉及4家"), ("[确认]", "✓"))
    assert {row.unit_id: row.due_at for row in await stage.rows(Extension)} == {
        county.units[XILING]: at("2026-12-01 17:00")
    }


# ---- 豁免、恢复


async def test_exempted_and_owed_again(stage: Stage, county: County, clerk: Dialogue, liu: Dialogue) -> None:
    await clerk.play(("豁免西岭中学演练,撤并中", ("西岭中学11月应急疏散演练豁免1家(撤并中)", "涉及1家(西岭中学)")))
    await clerk.play(
        ("[确认]", "✓ 已办"), ("进度", "应急疏散演练(11月25日17:00截止):应报4,按时0、宽限0、迟报0、待报3、未报0、豁免1")
    )
    assert liu.last.text.startswith("刘校长,11月应急疏散演练这次不用报了(撤并中)。")
    [report] = await stage.rows(Report, Report.state == "exempt")
    assert (report.unit_id, report.state_reason) == (county.units[XILING], "撤并中")
    await stage.tick(at("2026-11-24 09:00"))
    assert "应急疏散演练" not in liu.last.text
    await clerk.play(("恢复 西岭中学 演练 不撤并了", "恢复填报1家"), ("[确认]", "✓"))
    assert liu.last.text.startswith("刘校长,11月应急疏散演练这次还请报送(不撤并了)。")
    assert (await report_of(stage, county, "drill", XILING)).state == "pending"


# ---- 撤回、重开


async def test_withdrawn(stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, someone: Dialogue) -> None:
    await someone.play(("[2 班班通进度]", "班班通"), ("10", "班班通"))
    card = dict(someone.last.data)
    await clerk.play(("撤回班班通,重复下发", ("11月班班通进度已撤回(重复下发)", "涉及4家")), ("[确认]", "✓ 已办"))
    assert someone.last.text.startswith("王校长,11月班班通进度已撤回,不用报了(重复下发)。填的和报的都留着。")
    [draft] = [row for row in await stage.rows(Draft) if row.entries]
    assert draft.entries["bbt"]["v"] == [10, 14]
    await clerk.play(("进度", "!班班通"), ("汇总", ("改动:11月班班通进度已撤回(重复下发)。",)))
    assert "班班通进度(已报" not in clerk.last.text
    for data in card.values():
        assert "已撤回" in await someone.press_data(data)
    await someone.play(("待办", "!班班通"), ("班班通10/14,故障2台", "!【请核对"))
    heard = len(liu.phone.received)
    for when in ("2026-11-24 09:00", "2026-11-25 15:00", "2026-11-25 17:06", "2026-11-26 09:00"):
        await stage.tick(at(when))
    assert all("班班通" not in bubble.text for bubble in liu.phone.received[heard:])


async def test_withdrawn_and_opened_again(stage: Stage, county: County, clerk: Dialogue, liu: Dialogue) -> None:
    await clerk.play(("撤回班班通,重复下发", "涉及4家"), ("[确认]", "✓"))
    await clerk.play(("重开 班班通 到11月27日17:00 还是要报", "重新开放,报到11月27日(星期五)17:00"), ("[确认]", "✓"))
    assert "11月班班通进度重新开放,11月27日(星期五)17:00前都可以报(还是要报)。已填的都在。" in liu.last.text
    opened = await the_round(stage, county, "bbt")
    assert (opened.withdrawn_at, opened.due_at) == (None, at("2026-11-27 17:00"))
    await liu.play(("待办", "班班通"))


async def test_a_closed_round_is_opened_again(stage: Stage, county: County, clerk: Dialogue, someone: Dialogue) -> None:
    stage.clock.jump_to(at("2026-12-03 09:00"))
    await clerk.play(("重开 班班通 到12月4日 省里要重新报", "报到12月4日(星期五)17:00"), ("[确认]", "已告知4家"))
    opened = await the_round(stage, county, "bbt")
    assert (opened.lock_at, opened.due_at) == (at("2026-12-04 17:00"), at("2026-11-25 17:00"))
    await someone.play(("班班通10/14,故障2台", "【请核对"), ("对", ("✓ 已收到", "迟报")))


async def test_one_report_is_exempted_where_a_round_would_be_withdrawn(
    stage: Stage, county: County, clerk: Dialogue, someone: Dialogue
) -> None:
    """A school that is named is never passed over: the sentence is about its report alone."""
    await clerk.play(("撤回 西岭中学 班班通 重复下发", "西岭中学11月班班通进度豁免1家(重复下发)"), ("[确认]", "✓"))
    assert (await the_round(stage, county, "bbt")).withdrawn_at is None
    assert [row.unit_id for row in await stage.rows(Report, Report.state == "exempt")] == [county.units[XILING]]
    await clerk.play(("改期 李村小学 班班通 到27日 停电", "李村小学1家的11月班班通进度延至11月27日"), ("[确认]", "✓"))
    assert (await the_round(stage, county, "bbt")).due_at == at("2026-11-25 17:00")


async def test_single_schools_are_not_opened_again_with_all(stage: Stage, county: County, clerk: Dialogue) -> None:
    stage.clock.jump_to(at("2026-12-03 09:00"))
    await clerk.play(("重开 西岭中学 班班通 到12月4日 漏报", ("重开是全部单位的", "同意补报")))
    assert not await changes(stage)


async def test_a_request_of_a_withdrawn_round_is_closed(stage: Stage, clerk: Dialogue, liu: Dialogue) -> None:
    await liu.play(("应急疏散演练延期报送到11月26日,停电", "已转办公室"))
    await clerk.play(("撤回演练,重复下发", "涉及4家"), ("[确认]", "✓"), ("审核", "没有待审核的申请"))


# ---- silence at once, in the same transaction


@pytest.mark.parametrize(
    "words",
    [
        "豁免 西岭中学 班班通 撤并",
        "撤回班班通,重复下发",
        "改期 班班通 27日 市里延期",
        "延期 西岭中学 班班通 到27日 停电",
    ],
)
async def test_what_waited_to_be_said_is_cancelled(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, words: str
) -> None:
    """A reminder that is held stands in the outbox; it goes with the tap, or goes without this report."""
    await stage.tick(at("2026-11-20 09:00"))
    stage.clock.jump_to(at("2026-11-24 08:55"))
    await liu.do("[1开始填报]")  # at it: reminders wait
    await stage.tick(at("2026-11-24 09:00"))
    pending = (Outbox.kind == "reminder", Outbox.fate == "pending", Outbox.chat_id == SECOND_PRINCIPAL)
    [waiting] = await stage.rows(Outbox, *pending)
    assert len(waiting.payload["reports"]) == 2
    await clerk.play((words, "涉及"), ("[确认]", "✓"))
    [row] = await stage.rows(Outbox, Outbox.id == waiting.id)
    bbt = await the_round(stage, county, "bbt")
    assert str(bbt.id) not in {str(key[0]) for key in row.payload["reports"]}
    await stage.tick(at("2026-11-24 09:20"))
    assert "班班通" not in liu.last.text


async def test_what_waited_is_cancelled_when_a_request_is_granted(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue
) -> None:
    """A request is granted while a reminder is held: that goes without this report from the same transaction on."""
    await stage.tick(at("2026-11-20 09:00"))
    stage.clock.jump_to(at("2026-11-24 08:55"))
    await liu.do("[1开始填报]")
    await stage.tick(at("2026-11-24 09:00"))
    pending = (Outbox.kind == "reminder", Outbox.fate == "pending", Outbox.chat_id == SECOND_PRINCIPAL)
    [waiting] = await stage.rows(Outbox, *pending)
    drill, request_id = await the_round(stage, county, "drill"), new_id()
    async with stage.database.write() as session:
        session.add(
            Request(
                bureau_id=county.bureau_id, id=request_id, kind="extension", round_id=drill.id,
                unit_id=county.units[XILING], person_id=county.people["刘芳"], received_at=at("2026-11-24 08:56"),
                until=at("2026-11-27 17:00"), reason="停电",
            )
        )  # fmt: skip
    await clerk.press_data(encode(Verb.GRANT, None, request_id))
    [row] = await stage.rows(Outbox, Outbox.id == waiting.id)
    assert str(drill.id) not in {str(key[0]) for key in row.payload["reports"]}
    assert len(row.payload["reports"]) == 1


# ---- who may, and once


async def test_the_lead_section_changes_its_own(
    stage: Stage, county: County, clerk: Dialogue, talk: Talk, liu: Dialogue
) -> None:
    chief = await talk(CHIEF)
    await chief.play(("延期 西岭中学 演练 到27日 停电", "涉及1家"), ("[确认]", "✓"))
    assert clerk.last.text == "陈股长已办:西岭中学1家的11月应急疏散演练延至11月27日(星期五)17:00(停电)。"
    [change] = await changes(stage)
    assert change.proposed_by == county.people["陈刚"]


@pytest.mark.parametrize("who", [SECOND_PRINCIPAL, CHIEF, DIRECTOR])
async def test_nobody_else_does(
    stage: Stage, county: County, clerk: Dialogue, liu: Dialogue, talk: Talk, who: int
) -> None:
    await clerk.do("撤回班班通,重复下发")
    [change] = await changes(stage)
    other = liu if who == SECOND_PRINCIPAL else await talk(who)
    for verb in (Verb.COURSE_DO, Verb.COURSE_DROP):
        for number in (change.id, 12345):
            assert "不由您负责" in await other.press_data(encode(verb, None, number))
    await other.do("撤回班班通,重复下发")
    assert await changes(stage) == [change]
    assert (await the_round(stage, county, "bbt")).withdrawn_at is None


async def test_done_once(stage: Stage, clerk: Dialogue, liu: Dialogue) -> None:
    await clerk.do("撤回班班通,重复下发")
    data = dict(clerk.last.data)
    await clerk.play(("[确认]", "✓ 已办"))
    heard = len(liu.phone.received)
    for label in ("确认", "不改了"):
        assert "已更新" in await clerk.press_data(data[label])
    assert len(liu.phone.received) == heard


async def test_a_tap_that_comes_too_late(stage: Stage, county: County, clerk: Dialogue) -> None:
    await clerk.do("改期 班班通 今天17:00 省里催要")
    data = dict(clerk.last.data)
    stage.clock.jump_to(at("2026-11-18 17:01"))
    assert "已更新" in await clerk.press_data(data["确认"])
    assert (await the_round(stage, county, "bbt")).due_at == at("2026-11-25 17:00")


async def test_told_by_day(stage: Stage, clerk: Dialogue, liu: Dialogue) -> None:
    stage.clock.jump_to(at("2026-11-18 22:00"))
    heard = len(liu.phone.received)
    await clerk.play(("改期 班班通 27日 市里延期", "涉及4家"), ("[确认]", "✓"))
    assert len(liu.phone.received) == heard
    await stage.tick(at("2026-11-19 08:30"))
    assert "改为11月27日" in liu.last.text


# ---- what is kept of it


async def test_the_guide_lists_the_last_changes(stage: Stage, clerk: Dialogue) -> None:
    await clerk.play(("撤回班班通,重复下发", "涉及4家"), ("[确认]", "✓"), ("进度", "报送进度"))
    await clerk.play(
        ("[改期、延期、豁免]", ("一句话就能改", "最近的改动:\n11月18日09:00 李干事:11月班班通进度已撤回(重复下发)"))
    )


async def test_the_digest_says_it(stage: Stage, clerk: Dialogue, someone: Dialogue, talk: Talk) -> None:
    await clerk.play(("延期 西岭乡 班班通 至 11月27日 停电", "涉及3家"), ("[确认]", "✓"))
    await clerk.play(("汇总", "改动:西岭乡3家的11月班班通进度延至11月27日(星期五)17:00(停电)。"))
    chief = await talk(CHIEF)
    await chief.play(("汇总", "!改动"))


async def test_who_is_noted_for_the_bulletin(stage: Stage, county: County, clerk: Dialogue, talk: Talk) -> None:
    for when in ("2026-11-25 17:06", "2026-11-26 09:00", "2026-11-27 09:00", "2026-11-30 09:00"):
        await stage.tick(at(when))
    await clerk.play(("汇总", f"应急疏散演练拟列入通报4家:{QINGHE}、{XILING}、{VILLAGE}、{BRIDGE}。"))
    director = await talk(DIRECTOR)
    await director.play(("汇总", "!拟列入通报"))


async def test_who_cannot_be_told_is_for_the_telephone(stage: Stage, county: County, clerk: Dialogue) -> None:
    async with stage.database.write() as session:
        account = await session.get_one(Account, (county.bureau_id, "telegram", SECOND_PRINCIPAL))
        account.unreachable = "Forbidden: bot was blocked by the user"
    await clerk.play(
        ("改期 班班通 27日 市里延期", "涉及4家"), ("[确认]", "已告知3家;1家收不到消息(未开通或已停用),请打电话告知。")
    )
