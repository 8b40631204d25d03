"""人员 for the office: who is bound, a lost phone or a wrong binding in one step; successors, and who is gone."""

from __future__ import annotations

import re

import pytest

from bot.buttons import Verb, encode
from db.ids import new_id
from db.tables import Account, Bureau, Invitation, Membership, Outbox, Person
from domain.messages import ReportKey
from jobs.sweeps import tick
from services.invitations import cut_off
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import fill, report_of
from tests.cast import (
    CHIEF,
    CLERK,
    DIRECTOR,
    PRINCIPAL,
    SECOND_PRINCIPAL,
    TWO_SCHOOLS,
    County,
    invite_person,
    make_neighbour,
)
from tests.stage import Stage

NEW = 301
QINGHE = "清河镇九年一贯制学校"


def sits(stage: Stage, user_id: int, name: str = "") -> Dialogue:
    return Dialogue(stage, stage.phone(user_id, name))


async def succeed(stage: Stage, county: County, name: str = "李卫东", unit: str = QINGHE) -> int:
    """As an import of a new roster does: the unit's principal is another person from now on."""
    async with stage.database.write() as session:
        for row in await stage.rows(Membership, Membership.unit_id == county.units[unit]):
            row.ended_at = stage.clock.now()
            await session.merge(row)
        person = Person(bureau_id=county.bureau_id, id=new_id(), name=name, salutation=f"{name[0]}校长")
        session.add(person)
        await session.flush()
        session.add(
            Membership(
                bureau_id=county.bureau_id,
                id=new_id(),
                person_id=person.id,
                unit_id=county.units[unit],
                role="principal",
            )
        )
    county.people[name] = person.id
    return person.id


# ---- looking


async def test_the_office_sees_how_many_are_bound(stage: Stage, county: County) -> None:
    await succeed(stage, county)
    clerk = sits(stage, CLERK)
    await clerk.play(
        ("人员", ("名册6人:已开通5人,未开通1人。", "未开通:清河镇1")),
        ("/people 未开通", ("1人", "李卫东", "未开通")),
    )
    assert clerk.last.protected


@pytest.mark.parametrize("query", ["清河镇九年一贯制学校", "清河", "清河镇", "王建国", "建国"])
async def test_people_are_found_by_school_township_or_name(stage: Stage, county: County, query: str) -> None:
    clerk = sits(stage, CLERK)
    await clerk.play((f"人员 {query}", (f"王建国 {QINGHE}校长 已开通 0000-6211001",)))
    assert clerk.last.protected
    await clerk.play(("人员 没有这个", "没有找到“没有这个”"))


async def test_one_person_with_two_schools_is_one_line(stage: Stage, county: County) -> None:
    await sits(stage, CLERK).play(("人员 西岭乡", ("2人", "孙强 李村小学校长、桥头小学校长")))


@pytest.mark.parametrize("person", [PRINCIPAL, CHIEF, DIRECTOR])
async def test_nobody_else_may_look(stage: Stage, county: County, person: int) -> None:
    someone = sits(stage, person)
    await someone.play(("/people", "没有这个命令"), ("/people 清河", "没有这个命令"))
    await someone.do("人员 清河")
    assert "0000-6211001" not in "".join(someone.phone.texts)
    for verb in (Verb.PERSON, Verb.REINVITE, Verb.CUT_OFF):
        data = encode(verb, None, county.people["刘芳"])
        assert "不由您负责" in await someone.press_data(data)
    assert {row.closed_at for row in await stage.rows(Account)} == {None}
    assert not await stage.rows(Invitation)


async def test_ids_of_another_bureau_do_not_exist(stage: Stage, county: County) -> None:
    neighbour = await make_neighbour(stage.database, stage.clock.now())
    clerk = sits(stage, CLERK)
    await clerk.play(("人员 邻县", "没有找到"), ("人员 外人", "没有找到"))
    for verb in (Verb.PERSON, Verb.REINVITE, Verb.CUT_OFF):
        assert "不由您负责" in await clerk.press_data(encode(verb, None, neighbour.people["外人"]))
        assert "已更新" in await clerk.press_data(encode(verb))
    assert {row.closed_at for row in await stage.rows(Account)} == {None}
    assert not await stage.rows(Invitation)


# ---- a lost phone, a wrong binding


async def test_a_lost_phone_is_one_tap(stage: Stage, county: County, talk: Talk) -> None:
    async with stage.database.write() as session:
        (await session.get_one(Bureau, county.bureau_id)).bot_username = "duban_bot"
    lost = await talk(PRINCIPAL)
    await lost.do("[1 应急疏散演练]")
    clerk = sits(stage, CLERK)
    await clerk.play(("人员 清河", "王建国"), ("[1 王建国]", ("开通", "现在的账号同时停用")))
    await clerk.do("[重发邀请码]")
    found = re.search(r"8位码:(\d{4} \d{4})", clerk.last.text)
    assert found is not None
    assert "王校长:您好!" in clerk.last.text
    assert "仅供清河镇九年一贯制学校,12月2日(星期三)09:00前有效,请勿转发" in clerk.last.text
    [account] = await stage.rows(Account, Account.external_id == PRINCIPAL)
    assert account.closed_at is not None
    await lost.press("修改" if "修改" in lost.last.buttons else "稍后填")
    await stage.settled()
    assert "此按钮不再有效" in lost.last.text
    fresh = sits(stage, NEW)
    await fresh.play((found[1], f"请核对:{QINGHE} 校长 王建国"), ("[是我]", "王校长,待报2项"))
    await lost.press_data(encode(Verb.OPEN, ReportKey(*await _some_report(stage, county))))
    assert f"{QINGHE}的报送已改用王校长的新账号,此按钮不再有效。谢谢您以前的支持。" in lost.last.text


async def _some_report(stage: Stage, county: County) -> tuple[int, int]:
    report = await report_of(stage, county, "drill")
    return report.round_id, report.unit_id


async def test_an_account_is_cut_off_at_once(stage: Stage, county: County, talk: Talk) -> None:
    wrong = await talk(PRINCIPAL)
    clerk = sits(stage, CLERK)
    await clerk.play(("人员 王建国", "已开通"), ("[1 王建国]", "开通"), ("[停用账号]", "toast:已停用"))
    assert "账号:未开通" in clerk.last.text
    assert clerk.last.buttons == ["重发邀请码"]
    await wrong.play(("520", "尚未登记"), ("待办", "尚未登记"))
    await clerk.press_data(encode(Verb.CUT_OFF, None, county.people["王建国"]))


async def test_a_prompt_queued_for_a_lost_phone_is_not_delivered_there(stage: Stage, county: County) -> None:
    lost = sits(stage, PRINCIPAL)
    await lost.phone.start()
    await lost.phone.wait_for("已开通")
    await stage.settled()
    seen = len(lost.phone.received)
    stage.face.delivery.pace.rest(None, stage.clock.monotonic() + 0.5)
    await tick(stage.workplace)
    async with stage.database.write() as session:
        assert await cut_off(session, county.bureau_id, county.people["王建国"], stage.clock.now()) == 1
    await stage.settled()
    assert len(lost.phone.received) == seen


async def test_the_code_of_the_office_is_kept_nowhere(stage: Stage, county: County) -> None:
    clerk = sits(stage, CLERK)
    await clerk.play(("人员 王建国", "已开通"), ("[1 王建国]", "开通"), ("[重发邀请码]", "8位码"))
    found = re.search(r"(\d{4}) (\d{4})", clerk.last.text)
    assert found is not None
    kept = "".join(f"{row.payload}" for row in await stage.rows(Outbox))
    assert found[0] not in kept
    assert found[1] + found[2] not in kept


# ---- 校长交接


async def test_a_new_principal_is_told_where_things_stand(stage: Stage, county: County, talk: Talk) -> None:
    old = await talk(PRINCIPAL)
    await fill(stage, county, "bbt")
    await old.play(("[2 班班通进度]", "【请核对"), ("[提交]", "✓ 已收到"), ("[接着填]", "请答"))
    stale = old.last
    await succeed(stage, county)
    new = sits(stage, NEW)
    await new.play((f"/start {await invite_person(stage.database, county, '李卫东', stage.clock.now())}", "李卫东"))
    await new.do("[是我]")
    assert new.last.text.split("\n") == [
        f"李校长,您好!您已负责{QINGHE}。",
        "待报1项:应急疏散演练,最近的11月25日(星期三)17:00前。",
        "前任已报的,打“已报”可看;前任填了一半的都在,接着填即可。",
        "在册学生524、教职工42、教学班14,有变请告诉局里。",
    ]
    assert new.phone.keyboard == [["待办", "已报", "帮助"]]
    await new.play(("已报", "班班通进度"), ("待办", "待报1项"))
    await old.press("稍后填", on=stale)
    assert f"{QINGHE}的报送已由李校长负责,此按钮不再有效。谢谢您以前的支持。" in old.last.text


async def test_the_first_principal_of_a_school_is_welcomed_plainly(stage: Stage, county: County) -> None:
    new = sits(stage, NEW)
    await new.play((f"/start {await invite_person(stage.database, county, '刘芳', stage.clock.now())}", "刘芳"))
    await new.play(("[是我]", ("已开通", "!您已负责")))


async def test_a_role_comes_and_goes_without_a_new_code(stage: Stage, county: County, talk: Talk) -> None:
    """Who is bound already and heads one more school by the roster needs no code; the school that was lost is gone."""
    liu = await talk(SECOND_PRINCIPAL)
    async with stage.database.write() as session:
        for row in await stage.rows(Membership, Membership.unit_id == county.units[QINGHE]):
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
    await liu.play(("待办", ("待报4项", f"{QINGHE} 应急疏散演练", "西岭中学 应急疏散演练")))
    old = sits(stage, PRINCIPAL)
    await old.play(("待办", "尚未登记"))


async def test_who_keeps_another_school_is_told_of_the_one_he_lost(stage: Stage, county: County, talk: Talk) -> None:
    sun = await talk(TWO_SCHOOLS)
    await sun.do("[2 应急疏散演练]")
    stale = sun.last
    await succeed(stage, county, "赵云", "桥头小学")
    await sun.press("稍后填", on=stale)
    assert "桥头小学的报送已由赵校长负责,此按钮不再有效" in sun.last.text
    await sun.play(("待办", ("待报2项", "!桥头小学")))


async def test_several_units_are_named_in_every_list(stage: Stage, county: County, talk: Talk) -> None:
    sun = await talk(TWO_SCHOOLS)
    await sun.play(("待办", ("1. 李村小学 应急疏散演练", "2. 桥头小学 应急疏散演练", "4. 桥头小学 班班通进度")))
    await fill(stage, county, "bbt", unit="桥头小学")
    await sun.play(("待办", "桥头小学"), ("[4提交]", "✓ 已收到:桥头小学"), ("已报", "桥头小学 11月班班通进度"))
    await sun.play(("520", "您说的“520”是报哪一项"))
