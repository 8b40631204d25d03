"""手机号开通: off unless the bureau wants it; one's own number only; the one person of the roster who has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from db.session import Database
from db.tables import Account, Bureau, Inbox, Invitation, Membership, Person, WrongCode
from sandbox import NoSuchButton
from tests.bot.dialogue import Dialogue
from tests.cast import STRANGER, County, at, invite_person
from tests.stage import Stage, on_stage

NUMBER, ASKS = "12300000001", "分享我的手机号"


@pytest.fixture
async def sharing(sqlite: Database, county: County) -> AsyncIterator[Stage]:
    """The bureau has turned it on; 赵丽 of the roster has no account yet."""
    async with sqlite.write() as session:
        (await session.get_one(Bureau, county.bureau_id)).contact_sharing = True
    await add_person(sqlite, county, "赵丽", f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}")
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00")) as made:
        yield made


async def add_person(database: Database, county: County, name: str, phone: str) -> int:
    number = 10 + len(county.people)
    async with database.write() as session:
        session.add(Person(bureau_id=county.bureau_id, id=number, name=name, salutation="赵校长", phone=phone))
        await session.flush()
        session.add(
            Membership(
                bureau_id=county.bureau_id, id=number, person_id=number,
                unit_id=county.units["清河镇九年一贯制学校"], role="deputy",
            )
        )  # fmt: skip
    county.people[name] = number
    return number


async def comes(stage: Stage, user_id: int = STRANGER, phone: str = f"86{NUMBER}") -> Dialogue:
    stage.server.add_user(user_id, "某人", phone=phone)
    someone = Dialogue(stage, stage.phone(user_id))
    await someone.phone.start()
    await stage.settled()
    return someone


async def share(someone: Dialogue) -> str:
    await someone.phone.share_contact(ASKS)
    await someone.stage.settled()
    return someone.last.text


@pytest.mark.parametrize("number", [f"86{NUMBER}", f"+86{NUMBER}", f"+86 {NUMBER[:3]} {NUMBER[3:]}"])
async def test_whoever_shares_the_rosters_number_confirms_and_is_bound(
    sharing: Stage, county: County, number: str
) -> None:
    someone = await comes(sharing, phone=number)
    assert ASKS in someone.last.text
    assert someone.phone.keyboard == [[ASKS]]
    assert await share(someone) == "请核对:清河镇九年一贯制学校 联络员 赵丽。"
    assert await sharing.rows(Account, col(Account.external_id) == STRANGER) == []
    await someone.play(("[是我]", "赵校长,已开通"))
    [account] = await sharing.rows(Account, col(Account.external_id) == STRANGER)
    assert account.person_id == county.people["赵丽"]
    assert someone.phone.keyboard == [["待办", "已报", "帮助"]]


async def test_a_code_that_was_still_about_is_void_then(sharing: Stage, county: County) -> None:
    code = await invite_person(sharing.database, county, "赵丽", sharing.clock.now())
    someone = await comes(sharing)
    await share(someone)
    await someone.play(("[是我]", "已开通"))
    other = Dialogue(sharing, sharing.phone(300))
    await other.play((f"/start {code}", "已用过或已过期"))


async def test_not_me_binds_nobody_and_leaves_the_real_ones_code_good(sharing: Stage, county: County) -> None:
    code = await invite_person(sharing.database, county, "赵丽", sharing.clock.now())
    someone = await comes(sharing)
    await share(someone)
    await someone.play(("[不是我]", "已作废"), ("[是我]", "已用过或已过期"))
    assert await sharing.rows(Account, col(Account.external_id) == STRANGER) == []
    real = Dialogue(sharing, sharing.phone(300))
    await real.play((f"/start {code}", "请核对"))


async def test_off_it_is_not_offered_and_does_nothing(stage: Stage, county: County) -> None:
    await add_person(stage.database, county, "赵丽", NUMBER)
    someone = await comes(stage)
    assert "尚未登记" in someone.last.text
    assert ASKS not in someone.last.text
    with pytest.raises(NoSuchButton):
        await someone.phone.share_contact(ASKS)
    await someone.phone.send_contact(f"86{NUMBER}", "某人", STRANGER)
    await stage.settled()
    assert "尚未登记" in someone.last.text
    assert await stage.rows(Invitation) == []


@pytest.mark.parametrize("owner", [None, 300], ids=["no account", "another's"])
async def test_another_ones_card_is_refused(sharing: Stage, owner: int | None) -> None:
    someone = await comes(sharing, phone="8612300000099")
    await someone.phone.send_contact(f"86{NUMBER}", "赵丽", owner)
    await sharing.settled()
    assert someone.last.text == "这不是您自己的手机号。请点下面的“分享我的手机号”,不要转发名片。"
    assert await sharing.rows(Invitation) == []


@pytest.mark.parametrize("number", ["8612300000099", "1230000001", "85212300000001"])
async def test_a_number_that_is_not_in_the_roster(sharing: Stage, number: str) -> None:
    someone = await comes(sharing, phone=number)
    assert await share(someone) == ("这个手机号在名册上核对不上,请打电话给李干事 0000-6210001,由局里帮您开通。")
    assert len(await sharing.rows(WrongCode)) == 1


async def test_a_number_two_people_have(sharing: Stage, county: County) -> None:
    await add_person(sharing.database, county, "赵二", f"0000-6210009、{NUMBER}")
    assert "核对不上" in await share(await comes(sharing))


async def test_an_account_that_was_cut_off_does_not_come_back_this_way(sharing: Stage, county: County) -> None:
    """A thief has the telephone, and the number with it."""
    someone = await comes(sharing)
    await share(someone)
    await someone.play(("[是我]", "已开通"))
    async with sharing.database.write() as session:
        mine = col(Account.external_id) == STRANGER
        await session.execute(update(Account).where(mine).values(closed_at=sharing.clock.now()))
    again = await comes(sharing)
    assert "核对不上" in await share(again)


async def test_who_left_is_not_found(sharing: Stage, county: County) -> None:
    async with sharing.database.write() as session:
        mine = col(Membership.person_id) == county.people["赵丽"]
        await session.execute(update(Membership).where(mine).values(ended_at=sharing.clock.now()))
    assert "核对不上" in await share(await comes(sharing))


async def test_trying_numbers_is_slowed_down_like_codes(sharing: Stage, county: County) -> None:
    someone = await comes(sharing, phone="8612300000099")
    for _ in range(5):
        await share(someone)
        await someone.phone.start()
        await sharing.settled()
    sharing.server.add_user(STRANGER, "某人", phone=f"86{NUMBER}")
    assert "暂停核对1小时" in await share(someone)
    await someone.phone.start()
    await sharing.settled()
    sharing.clock.jump_to(sharing.clock.now() + timedelta(hours=2))
    assert "请核对" in await share(someone)


async def test_the_number_is_not_kept(sharing: Stage) -> None:
    await share(await comes(sharing))
    raw = str([row.raw for row in await sharing.rows(Inbox)])
    assert NUMBER not in raw
    assert "/start" in raw


async def test_who_is_bound_already_is_told_to_use_words(sharing: Stage) -> None:
    someone = await comes(sharing)
    await share(someone)
    await someone.play(("[是我]", "已开通"))
    await someone.phone.send_contact(f"86{NUMBER}", "某人", STRANGER)
    await sharing.settled()
    assert "请用文字或按钮回答" in someone.last.text


async def test_shared_twice_it_is_one_person_all_the_same(sharing: Stage) -> None:
    someone = await comes(sharing)
    await share(someone)
    await someone.phone.send_contact(f"86{NUMBER}", "某人", STRANGER)
    await sharing.settled()
    await someone.play(("[是我]", "已开通"))
    now = sharing.clock.now()
    assert [row for row in await sharing.rows(Invitation) if row.used_at is None and row.expires_at > now] == []
