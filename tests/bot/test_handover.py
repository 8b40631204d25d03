"""交给他人办: by a one-time code, this once or from now on; he or the principal submits; taken back any time."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from bot.buttons import Verb, encode
from db.ids import new_id
from db.tables import Account, Bureau, Delegation, Draft, Membership, Outbox, Person, Report
from domain.messages import ReportKey
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at, invite_person, make_neighbour
from tests.stage import Stage

COLLEAGUE = 401
QINGHE = "清河镇九年一贯制学校"


class Given(NamedTuple):
    """What the principal forwards."""

    text: str
    digits: str
    link: str


@pytest.fixture(autouse=True)
async def named(stage: Stage, county: County) -> None:
    async with stage.database.write() as session:
        bureau = await session.get(Bureau, county.bureau_id)
        assert bureau is not None
        bureau.bot_username = "duban_bot"


def sits(stage: Stage, user_id: int, name: str = "") -> Dialogue:
    return Dialogue(stage, stage.phone(user_id, name))


def forwarded(principal: Dialogue) -> Given:
    text = principal.last.text
    digits, link = re.search(r"(\d{4} \d{4})", text), re.search(r"start=(\S+)", text)
    assert digits is not None
    assert link is not None
    return Given(text, digits[1], link[1])


async def handed(principal: Dialogue, *ways: str, task: str = "[1 应急疏散演练]") -> Given:
    """From the prompt, in two taps (and one for each way that differs from the usual)."""
    await principal.do("[交给他人办]")
    for way in ways:
        await principal.do(way)
    await principal.do(task)
    return forwarded(principal)


async def joined(stage: Stage, given: Given, user: int = COLLEAGUE, name: str = "张敏") -> Dialogue:
    colleague = sits(stage, user, name)
    await colleague.play((given.digits, ("王校长请您填", "应急疏散演练")), ("[是我]", "应急疏散演练"))
    return colleague


# ---- giving


async def test_two_taps_give_a_code_to_forward(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(("[交给他人办]", ("交给他人办", "只这一次,填好先送我看,由我提交", "随时可以收回")))
    await wang.do("[1 应急疏散演练]")
    given = forwarded(wang)
    assert given.text.split("\n") == [
        f"您好!王校长请您填{QINGHE}11月应急疏散演练(11月25日(星期三)17:00前)。",
        "填好后先送王校长看,由王校长提交。",
        f"请点开 https://t.me/duban_bot?start={given.link} 后按“开始”。",
        f"打不开,在Telegram里找 @duban_bot,发这8位码:{given.digits}。",
        "本码只能用一次,12月2日(星期三)09:00前有效。",
    ]
    assert not wang.last.protected
    control = wang.phone.received[-2]
    assert "请把下面一条转给同事" in control.text
    assert control.buttons == ["收回"]


async def test_the_code_is_kept_nowhere(stage: Stage, county: County, talk: Talk) -> None:
    given = await handed(await talk(PRINCIPAL))
    kept = "".join(f"{row.payload}" for row in await stage.rows(Outbox))
    assert given.link not in kept
    assert given.digits not in kept
    assert given.digits.replace(" ", "") not in kept


@pytest.mark.parametrize("where", ["prompt", "reminder", "todo", "draft"])
async def test_every_prompt_reminder_todo_and_draft_offers_it(
    stage: Stage, county: County, talk: Talk, where: str
) -> None:
    wang = await talk(PRINCIPAL)
    if where == "reminder":
        await stage.tick(at("2026-11-24 09:00"))
    elif where == "todo":
        await wang.do("待办")
    elif where == "draft":
        await wang.do("[1 应急疏散演练]")
    assert "交给他人办" in wang.last.buttons


async def test_this_once_or_from_now_on_and_who_submits_are_chosen(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(
        ("[交给他人办]", "只这一次,填好先送我看"),
        ("[改:以后都]", "以后都由同事填,填好先送我看"),
        ("[改:他自己提交]", "以后都由同事填,他自己提交"),
        ("[改:只这一次]", "只这一次,他自己提交"),
        ("[改:我看过再提交]", "只这一次,填好先送我看"),
        ("[改:以后都]", "以后都由同事填"),
    )
    await wang.do("[1 应急疏散演练]")
    assert "以后各期也请您填" in wang.last.text
    [row] = await stage.rows(Delegation)
    assert (row.lasting, row.may_submit, row.membership_id) == (True, False, None)


# ---- taking over


async def test_a_stranger_gives_no_data_but_a_yes(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    assert "请答" in colleague.last.text
    assert any("谢谢您,张敏老师" in text and "送校长看" in text for text in colleague.phone.texts)
    assert "张敏老师已接手" in wang.last.text
    [person] = await stage.rows(Person, Person.is_delegate)
    [membership] = await stage.rows(Membership, Membership.person_id == person.id)
    assert (person.name, membership.role, membership.given_by) == ("张敏", "deputy", county.people["王建国"])


async def test_the_link_works_as_well(stage: Stage, county: County, talk: Talk) -> None:
    given = await handed(await talk(PRINCIPAL))
    await sits(stage, COLLEAGUE, "张敏").play(
        (f"/start {given.link}", "王校长请您填"), ("[是我]", "请答"), (f"/start {given.link}", "已用过或已过期")
    )


async def test_a_colleague_of_the_roster_keeps_his_own_work(stage: Stage, county: County, talk: Talk) -> None:
    given = await handed(await talk(PRINCIPAL))
    liu = await talk(SECOND_PRINCIPAL)
    await liu.play((given.digits, "王校长请您填"), ("[是我]", f"{QINGHE} 11月应急疏散演练"))
    await liu.play(("待办", ("刘校长,待报3项", f"{QINGHE} 应急疏散演练", "西岭中学 班班通进度")))
    assert not await stage.rows(Person, Person.is_delegate)


async def test_not_me_voids_the_code_and_tells_the_principal(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    given = await handed(wang)
    await sits(stage, COLLEAGUE).play((given.digits, "王校长请您填"), ("[不是我]", "已作废"), (given.digits, "已用过"))
    assert "还没有交出去" in wang.last.text
    assert not await stage.rows(Account, Account.external_id == COLLEAGUE)


async def test_the_principal_cannot_take_his_own_code(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    given = await handed(wang)
    await wang.play((given.digits, "王校长请您填"), ("[是我]", "请转给同事"))
    await joined(stage, given)


# ---- filling


async def test_he_fills_and_the_principal_confirms(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await fill(stage, county, "drill", before="hazard")
    await colleague.play(("查出3处改了2处", ("【请核对", "请点“送校长看”或回“对”")))
    assert colleague.last.buttons == ["送校长看", "修改"]
    await colleague.play(("[送校长看]", "已送王校长看"))
    report = await report_of(stage, county, "drill")
    assert report.state == "pending"
    await wang.play(("[提交]", "✓ 已收到"))
    report = await report_of(stage, county, "drill")
    assert (report.state, report.submitted_by) == ("submitted", county.people["王建国"])
    assert any("【已提交】" in message.text for message in colleague.phone.received)


async def test_the_read_back_reaches_the_principal_with_submit_and_change(
    stage: Stage, county: County, talk: Talk
) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await fill(stage, county, "drill", before="hazard")
    await colleague.play(("没有隐患", "【请核对"), ("对", "已送王校长看"))
    assert "张敏代填,请您过目" in wang.last.text
    assert wang.last.buttons == ["提交", "修改"]
    await wang.play(("对", "✓ 已收到"))


async def test_sent_up_twice_the_principal_is_asked_once(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await fill(stage, county, "drill", before="hazard")
    await colleague.play(("没有隐患", "【请核对"), ("[送校长看]", "已送王校长看"))
    shown = len(wang.phone.received)
    await colleague.play(("[送校长看]", "toast:已送校长看"))
    assert len(wang.phone.received) == shown
    await colleague.play(("疏散用时100秒", "【请核对"), ("[送校长看]", "已送王校长看"))
    assert "用时100秒" in wang.last.text


async def test_a_colleague_may_submit_himself_where_he_was_told_so(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang, "[改:他自己提交]"))
    await fill(stage, county, "drill", before="hazard")
    await colleague.play(("没有隐患", ("【请核对", "请点“提交”")), ("[提交]", "✓ 已收到"))
    [person] = await stage.rows(Person, Person.is_delegate)
    assert (await report_of(stage, county, "drill")).submitted_by == person.id


async def test_draft_and_card_are_shared(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(("[1 应急疏散演练]", "请答"), ("11月17日搞了地震演练,学生520人", "学生520人"))
    card = wang.last
    await wang.do("[交给他人办]")
    await wang.do("[就这样,生成邀请码]")
    colleague = await joined(stage, forwarded(wang))
    assert "学生520人" in colleague.last.text
    await colleague.play(("用时110秒", "用时110秒"))
    assert "用时110秒" in next(m.text for m in wang.phone.messages if m.id == card.id)
    assert len(await stage.rows(Draft)) == 1


async def test_nobody_to_confirm_is_said(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await fill(stage, county, "drill", before="hazard")
    await wang.phone.block()
    await stage.settled()
    await colleague.play(("没有隐患", "【请核对"), ("[送校长看]", ("收不到消息", "李干事 0000-6210001")))


# ---- what he may not


async def test_a_deputy_for_one_task_touches_nothing_else(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await colleague.play(("待办", ("张敏老师,待报1项", "应急疏散演练", "!班班通")))
    bbt = await report_of(stage, county, "bbt")
    key = ReportKey(bbt.round_id, bbt.unit_id)
    for verb, numbers in ((Verb.OPEN, ()), (Verb.CHOOSE, (0, 0, 1)), (Verb.SUBMIT, (0,)), (Verb.LATER, ())):
        assert "不由您负责" in await colleague.press_data(encode(verb, key, *numbers))
    await colleague.do("班班通10/14")
    assert not await stage.rows(Draft, Draft.round_id == bbt.round_id)
    await fill(stage, county, "bbt")
    await wang.play(("待办", "班班通进度:已填齐"), ("[2提交]", "✓ 已收到"))
    await colleague.play(("已报", "!班班通"))


async def test_a_deputy_cannot_hand_on_nor_take_back(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    assert "交给他人办" not in colleague.last.buttons
    [row] = await stage.rows(Delegation)
    key = ReportKey(row.round_id, row.unit_id)
    for data in (
        encode(Verb.HAND_OVER),
        encode(Verb.HAND_OVER, key),
        encode(Verb.HAND_TO, key, 3),
        encode(Verb.TAKE_BACK, None, row.id),
    ):
        assert "不由您负责" in await colleague.press_data(data)
    [after] = await stage.rows(Delegation)
    assert after.ended_at is None


async def test_forged_ids_hand_over_and_take_back_nothing(stage: Stage, county: County, talk: Talk) -> None:
    """Another school's and another bureau's, and ways that there are not."""
    neighbour = await make_neighbour(stage.database, stage.clock.now())
    wang, liu = await talk(PRINCIPAL), await talk(SECOND_PRINCIPAL)
    await handed(wang)
    [row] = await stage.rows(Delegation)
    mine = ReportKey(row.round_id, county.units["西岭中学"])
    for data in (
        encode(Verb.TAKE_BACK, None, row.id),
        encode(Verb.TAKE_BACK, None, 12345),
        encode(Verb.HAND_TO, ReportKey(row.round_id, row.unit_id), 0),
        encode(Verb.HAND_TO, ReportKey(row.round_id, neighbour.units["邻县一小"]), 0),
    ):
        assert "不由您负责" in await liu.press_data(data)
    for data in (encode(Verb.HAND_TO, mine, 9), encode(Verb.HAND_TO, mine), encode(Verb.TAKE_BACK)):
        assert "已更新" in await liu.press_data(data)
    clerk = sits(stage, CLERK)
    await clerk.do("帮助")
    assert "不由您负责" in await clerk.press_data(encode(Verb.TAKE_BACK, None, row.id))
    assert [(one.id, one.ended_at) for one in await stage.rows(Delegation)] == [(row.id, None)]


async def test_anothers_code_cannot_be_confirmed(stage: Stage, county: County, talk: Talk) -> None:
    given = await handed(await talk(PRINCIPAL))
    colleague, thief = sits(stage, COLLEAGUE, "张敏"), sits(stage, 999)
    await colleague.play((given.digits, "王校长请您填"))
    await thief.do("你好")
    await thief.press_data(colleague.last.data["是我"])
    await thief.press_data(colleague.last.data["不是我"])
    assert not await stage.rows(Account, Account.external_id == 999)
    await colleague.play(("[是我]", "请答"))


# ---- taking back


async def test_taken_back_by_button_the_colleague_is_told_and_can_do_nothing(
    stage: Stage, county: County, talk: Talk
) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    stale = colleague.last.data
    await wang.play(("待办", "应急疏散演练(安全股)(张敏在办)"), ("[1收回]", "已收回"))
    assert "已由王校长收回" in colleague.last.text
    await colleague.do("520")
    assert "只对已登记的学校和股室开放" in colleague.last.text
    await colleague.press_data(next(iter(stale.values())))
    assert f"{QINGHE}的报送已由王校长负责,此按钮不再有效。谢谢您以前的支持。" in colleague.last.text
    assert not await stage.rows(Draft)
    await wang.play(("待办", "!在办"))
    assert "交给他人办" in wang.last.buttons


async def test_taken_back_by_words(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(("收回", "没有交给同事的"))
    colleague = await joined(stage, await handed(wang))
    await wang.play(("收回", "已收回"))
    assert "已由王校长收回" in colleague.last.text


async def test_of_several_one_is_chosen(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await joined(stage, await handed(wang))
    await wang.do("待办")
    await wang.do("[交给他人办]")
    await wang.do("[就这样,生成邀请码]")
    await wang.play(
        ("收回", ("交给同事的有2项", "张敏在办", "邀请码还没人用")), ("[收回2]", f"已收回:{QINGHE} 11月班班通进度")
    )
    ended = [row.ended_at is None for row in await stage.rows(Delegation)]
    assert sorted(ended) == [False, True]


async def test_a_code_taken_back_before_it_was_used_is_void(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    given = await handed(wang)
    await wang.do("[收回]")
    await sits(stage, COLLEAGUE).play((given.digits, "已用过或已过期"), (f"/start {given.link}", "已用过或已过期"))


async def test_taken_back_between_the_code_and_the_yes(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    given = await handed(wang)
    colleague = sits(stage, COLLEAGUE)
    await colleague.play((given.digits, "王校长请您填"))
    await wang.do("[收回]")
    await colleague.play(("[是我]", "已用过或已过期"))
    assert not await stage.rows(Account, Account.external_id == COLLEAGUE)


async def test_given_anew_the_first_colleague_is_relieved(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    first = await joined(stage, await handed(wang))
    [row] = await stage.rows(Delegation)
    await wang.press_data(encode(Verb.HAND_TO, ReportKey(row.round_id, row.unit_id), 0))
    assert "收回" in first.last.text
    second = await joined(stage, forwarded(wang), 402, "李丽")
    await second.play(("待办", "李丽老师,待报1项"))


# ---- who hears of it


async def _with_one_task_left(stage: Stage, county: County, talk: Talk) -> tuple[Dialogue, Dialogue]:
    """The principal has reported one task and handed the other over."""
    wang = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await wang.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"), ("待办", "待报1项"))
    await wang.do("[交给他人办]")
    await wang.do("[就这样,生成邀请码]")
    return wang, await joined(stage, forwarded(wang))


async def test_reminders_go_to_who_fills(stage: Stage, county: County, talk: Talk) -> None:
    wang, colleague = await _with_one_task_left(stage, county, talk)
    before = len(wang.phone.received)
    await stage.tick(at("2026-11-24 09:00"))
    assert "张敏老师,还有1项明天" in colleague.last.text
    assert "班班通" not in colleague.last.text
    assert len(wang.phone.received) == before


async def test_what_waits_for_the_head_is_his_reminder(stage: Stage, county: County, talk: Talk) -> None:
    wang, colleague = await _with_one_task_left(stage, county, talk)
    await fill(stage, county, "drill")
    before = len(colleague.phone.received)
    await stage.tick(at("2026-11-24 09:00"))
    assert "王校长,还有1项明天" in wang.last.text
    assert "应急疏散演练(张敏在办):已填齐,只差提交" in wang.last.text
    assert {"提交", "收回"} <= set(wang.last.buttons)
    assert "交给他人办" not in wang.last.buttons
    assert len(colleague.phone.received) == before


async def test_what_was_handed_over_for_good_is_asked_of_the_colleague_next_month(
    stage: Stage, county: County, talk: Talk
) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang, "[改:以后都]"))
    await stage.tick(at("2026-12-18 09:00"))
    assert "12月有1项请贵校" in colleague.last.text
    assert "应急疏散演练" in colleague.last.text
    assert "应急疏散演练" not in wang.last.text
    assert "班班通" in wang.last.text


async def test_what_was_handed_over_once_comes_back_next_month(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await stage.tick(at("2026-12-18 09:00"))
    assert "应急疏散演练" in wang.last.text
    assert not any("12月" in text for text in colleague.phone.texts)


async def test_an_unreachable_colleague_leaves_it_to_the_principal(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await colleague.phone.block()
    await stage.settled()
    await stage.tick(at("2026-11-24 09:00"))
    assert "应急疏散演练" in wang.last.text


async def test_who_heads_two_schools_says_of_which(stage: Stage, county: County, talk: Talk) -> None:
    sun = await talk(TWO_SCHOOLS)
    await sun.play(("[交给他人办]", "请点要交的一项"))
    assert "1 李村小学 应急疏散演练" in sun.last.buttons
    await sun.do("[2 桥头小学 应急疏散演练]")
    assert "桥头小学11月应急疏散演练" in sun.last.text
    reports = {row.unit_id for row in await stage.rows(Report)}
    [row] = await stage.rows(Delegation)
    assert row.unit_id == county.units["桥头小学"]
    assert row.unit_id in reports


async def test_what_was_handed_stays_with_who_joins_the_roster(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    async with stage.database.write() as session:
        await session.delete(await session.get_one(Account, (county.bureau_id, "telegram", SECOND_PRINCIPAL)))
    code = await invite_person(stage.database, county, "刘芳", stage.clock.now())
    await colleague.play((f"/start {code}", "请核对:西岭中学 校长 刘芳"), ("[是我]", "刘校长,待报3项"))
    assert f"{QINGHE} 应急疏散演练" in colleague.last.text


async def test_a_successor_finds_what_was_handed_over_and_may_take_it_back(
    stage: Stage, county: County, talk: Talk
) -> None:
    colleague = await joined(stage, await handed(await talk(PRINCIPAL)))
    async with stage.database.write() as session:
        for row in await stage.rows(Membership, Membership.person_id == county.people["王建国"]):
            row.ended_at = stage.clock.now()
            await session.merge(row)
        session.add(
            Membership(
                bureau_id=county.bureau_id,
                id=new_id(),
                person_id=county.people["刘芳"],
                unit_id=county.units[QINGHE],
                role="principal",
            )
        )
    liu = sits(stage, SECOND_PRINCIPAL)
    await liu.play(("待办", f"{QINGHE} 应急疏散演练(安全股)(张敏在办)"), ("收回", "已收回"))
    assert "已由刘校长收回" in colleague.last.text


async def test_a_correction_by_the_colleague_goes_to_the_principal_too(
    stage: Stage, county: County, talk: Talk
) -> None:
    wang = await talk(PRINCIPAL)
    colleague = await joined(stage, await handed(wang))
    await fill(stage, county, "drill")
    await wang.play(("待办", "已填齐"), ("[1提交]", "✓ 已收到"))
    await colleague.play(("更正", "请点要改的一项"), ("用时100秒", "请点“送校长看”"), ("[送校长看]", "已送王校长看"))
    assert "用时110秒→100秒" in wang.last.text
    assert (await report_of(stage, county, "drill")).state == "submitted"
    await wang.play(("[提交]", "为什么更正"), ("[录入有误]", "✓ 已更正"))
