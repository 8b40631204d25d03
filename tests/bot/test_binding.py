"""Who may sit at the chat: one-time invitations, strangers, people cut off."""

from __future__ import annotations

from datetime import timedelta

from db.tables import Account, Invitation, Outbox
from tests.bot.dialogue import Dialogue
from tests.cast import PRINCIPAL, STRANGER, County, at, invite_person
from tests.stage import Stage

NEW = 301


async def invited(stage: Stage, county: County, name: str = "王建国") -> str:
    return await invite_person(stage.database, county, name, stage.clock.now())


def sits(stage: Stage, user_id: int) -> Dialogue:
    return Dialogue(stage, stage.phone(user_id))


async def bound(stage: Stage) -> dict[int, bool]:
    return {row.external_id: row.closed_at is None for row in await stage.rows(Account)}


async def test_a_deep_link_is_confirmed_by_name_and_unit(stage: Stage, county: County) -> None:
    code = await invited(stage, county)
    someone = sits(stage, NEW)
    await someone.phone.start(code)
    await stage.settled()
    assert someone.last.text == "请核对:清河镇九年一贯制学校 校长 王建国。"
    assert NEW not in await bound(stage)
    await someone.play(
        ("[是我]", ("王校长,已开通", "晚上和节假日不打扰", "0000-6210110")), ("待办", "现在没有待报事项")
    )
    assert someone.phone.keyboard == [["待办", "已报", "帮助"]]


async def test_rebinding_cuts_off_the_old_account(stage: Stage, county: County) -> None:
    old = sits(stage, PRINCIPAL)
    await old.play(("待办", "现在没有待报事项"))
    new = sits(stage, NEW)
    await new.phone.start(await invited(stage, county))
    await stage.settled()
    await new.play(("[是我]", "已开通"))
    assert await bound(stage) | {PRINCIPAL: False, NEW: True} == await bound(stage)
    await old.play(("待办", "尚未登记"))


async def test_not_me_voids_the_code(stage: Stage, county: County) -> None:
    code = await invited(stage, county)
    someone = sits(stage, NEW)
    await someone.phone.start(code)
    await stage.settled()
    await someone.play(("[不是我]", ("已作废", "李干事 0000-6210001")), (f"/start {code}", "已用过或已过期"))
    assert NEW not in await bound(stage)


async def test_a_code_serves_once(stage: Stage, county: County) -> None:
    code = await invited(stage, county)
    first, second = sits(stage, NEW), sits(stage, STRANGER)
    await first.play((f"/start {code}", "请核对"), ("[是我]", "已开通"))
    await second.play((f"/start {code}", "已用过或已过期"))
    assert STRANGER not in await bound(stage)


async def test_this_is_me_tapped_twice_welcomes_once(stage: Stage, county: County) -> None:
    someone = sits(stage, NEW)
    await someone.play((f"/start {await invited(stage, county)}", "请核对"), ("[是我]", "已开通"))
    await someone.play(("[是我]", ("toast:已经开通", "已开通")))
    assert sum("已开通" in text for text in someone.phone.texts) == 1


async def test_an_old_code_is_refused(stage: Stage, county: County) -> None:
    code = await invited(stage, county)
    stage.clock.jump_to(stage.clock.now() + timedelta(days=14))
    await sits(stage, NEW).play((f"/start {code}", "已用过或已过期"))


async def test_a_confirmation_that_comes_too_late_is_refused(stage: Stage, county: County) -> None:
    someone = sits(stage, NEW)
    await someone.play((f"/start {await invited(stage, county)}", "请核对"))
    stage.clock.jump_to(stage.clock.now() + timedelta(days=15))
    await someone.play(("[是我]", "已用过或已过期"))
    assert NEW not in await bound(stage)


async def test_a_newer_code_ends_the_older(stage: Stage, county: County) -> None:
    older = await invited(stage, county)
    newer = await invited(stage, county)
    await sits(stage, NEW).play((f"/start {older}", "已用过或已过期"), (f"/start {newer}", "请核对"))


async def test_another_chat_cannot_press_this_is_me(stage: Stage, county: County) -> None:
    invited_one, thief = sits(stage, NEW), sits(stage, STRANGER)
    await invited_one.play((f"/start {await invited(stage, county)}", "请核对"))
    await thief.do("hello")
    await thief.press_data(invited_one.last.data["是我"])
    assert "已用过或已过期" in thief.last.text
    await thief.press_data(invited_one.last.data["不是我"])
    assert STRANGER not in await bound(stage)
    assert (await stage.rows(Invitation))[0].expires_at > stage.clock.now()
    await invited_one.play(("[是我]", "已开通"))


async def test_only_the_hash_of_a_code_is_kept(stage: Stage, county: County) -> None:
    code = await invited(stage, county)
    [row] = await stage.rows(Invitation)
    assert code not in (row.code_hash, str(row.id))


async def test_a_stranger_gets_one_sentence_for_whatever_he_tries(stage: Stage) -> None:
    someone = sits(stage, STRANGER)
    for does in ("/start", "你好", "待办", "/digest", "汇总", "取消", "修改", "稍后", "/todo", "<sticker>", "<voice>"):
        await someone.play((does, "只对已登记的学校和股室开放"))
    assert len(set(someone.phone.texts)) == 1
    before = len(someone.phone.received)
    assert "尚未登记" in await someone.press_data("o:1.1")
    assert len(someone.phone.received) == before
    assert not someone.last.buttons


async def test_who_was_revoked_is_a_stranger_and_gets_no_prompt(stage: Stage, county: County) -> None:
    from db.tables import Membership

    async with stage.database.write() as session:
        for row in await stage.rows(Membership, Membership.person_id == county.people["王建国"]):
            row.ended_at = at("2026-11-17 09:00")
            await session.merge(row)
    revoked = sits(stage, PRINCIPAL)
    await revoked.play(("待办", "尚未登记"))
    await stage.tick()
    assert not await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL, Outbox.kind == "prompt")
    await revoked.play(("520", "尚未登记"))


async def test_who_is_revoked_after_the_prompt_was_queued_does_not_get_it(stage: Stage, county: County) -> None:
    from jobs.sweeps import tick

    stage.phone(PRINCIPAL)
    from db.tables import Membership

    stage.face.delivery.pace.rest(None, stage.clock.monotonic() + 3)
    await tick(stage.workplace)
    async with stage.database.write() as session:
        for row in await stage.rows(Membership, Membership.person_id == county.people["王建国"]):
            row.ended_at = stage.clock.now()
            await session.merge(row)
    await stage.settled()
    [prompt] = await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL)
    assert (prompt.kind, prompt.fate) == ("prompt", "cancelled")
