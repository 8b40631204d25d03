"""Codes: a deep link, or eight digits typed where the link does not open; guessing them is slowed down and reported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.tables import Account, Invitation, WrongCode
from services.invitations import Code, digits_in, grouped, invite
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, STRANGER, TWO_SCHOOLS, County, make_neighbour
from tests.stage import Stage

NEW = 301
WRONG = "3141 5926"


async def code_for(stage: Stage, county: County, name: str = "王建国") -> Code:
    async with stage.database.write() as session:
        return await invite(session, county.bureau_id, county.people[name], stage.clock.now())


def sits(stage: Stage, user_id: int) -> Dialogue:
    return Dialogue(stage, stage.phone(user_id))


async def test_the_eight_digits_work_where_the_link_does_not_open(stage: Stage, county: County) -> None:
    code = await code_for(stage, county)
    someone = sits(stage, NEW)
    await someone.play(
        ("你好", "只对已登记的学校和股室开放"),
        (grouped(code.digits), "请核对:清河镇九年一贯制学校 校长 王建国。"),
        ("[是我]", "王校长,已开通"),
    )
    assert [row.person_id for row in await stage.rows(Account, Account.external_id == NEW)] == [county.people["王建国"]]


@pytest.mark.parametrize("written", ["{0}{1}", "{0} {1}", "{0}-{1}", "/start {0}{1}", "/start {0} {1}", "码:{0} {1}"])
async def test_however_the_digits_are_written(stage: Stage, county: County, written: str) -> None:
    digits = (await code_for(stage, county)).digits
    await sits(stage, NEW).play((written.format(digits[:4], digits[4:]), "请核对:清河镇九年一贯制学校"))


async def test_full_width_digits_are_digits(stage: Stage, county: County) -> None:
    digits = (await code_for(stage, county)).digits
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
    await sits(stage, NEW).play((wide, "请核对:清河镇九年一贯制学校"))


async def test_link_and_digits_are_one_code(stage: Stage, county: County) -> None:
    code = await code_for(stage, county)
    await sits(stage, NEW).play((f"/start {code.link}", "请核对"), ("[是我]", "已开通"))
    await sits(stage, STRANGER).play((code.digits, "已用过或已过期"), (f"/start {code.link}", "已用过或已过期"))


async def test_digits_end_after_fourteen_days_and_with_a_newer_code(stage: Stage, county: County) -> None:
    first, second = await code_for(stage, county), await code_for(stage, county)
    await sits(stage, NEW).play((first.digits, "已用过或已过期"), (second.digits, "请核对"))
    stage.clock.jump_to(stage.clock.now() + timedelta(days=14))
    await sits(stage, STRANGER).play((second.digits, "已用过或已过期"))


async def test_neither_link_nor_digits_are_kept(stage: Stage, county: County) -> None:
    code = await code_for(stage, county)
    [row] = await stage.rows(Invitation)
    kept = f"{row!r}"
    assert code.link not in kept
    assert code.digits not in kept
    assert grouped(code.digits) not in kept


async def test_a_code_of_another_bureau_fits_nothing(stage: Stage, county: County) -> None:
    neighbour = await make_neighbour(stage.database, stage.clock.now())
    code = await code_for(stage, neighbour, "外人")
    await sits(stage, NEW).play((code.digits, "已用过或已过期"), (f"/start {code.link}", "已用过或已过期"))


async def test_five_wrong_codes_pause_this_chat_for_an_hour(stage: Stage, county: County) -> None:
    right = (await code_for(stage, county)).digits
    guesser, clerk = sits(stage, STRANGER), sits(stage, CLERK)
    await clerk.phone.start()
    await stage.settled()
    for _ in range(5):
        await guesser.play((WRONG, "已用过或已过期"))
    await guesser.play((right, ("暂停核对1小时", "李干事 0000-6210001")), (WRONG, "暂停核对"))
    assert "有人在试邀请码:1小时内5次没对上" in clerk.last.text
    await sits(stage, NEW).play((right, "请核对"))  # nobody else is held up
    stage.clock.jump_to(stage.clock.now() + timedelta(minutes=61))
    await guesser.play((right, "请核对"))


async def test_the_pause_outlives_a_restart_because_it_is_kept(stage: Stage, county: County) -> None:
    guesser = sits(stage, STRANGER)
    for _ in range(5):
        await guesser.do(WRONG)
    assert [row.chat_id for row in await stage.rows(WrongCode)] == [STRANGER] * 5


async def test_a_burst_is_reported_once(stage: Stage, county: County) -> None:
    clerk = sits(stage, CLERK)
    await clerk.phone.start()
    for user in (STRANGER, NEW):
        for _ in range(7):
            await sits(stage, user).do(WRONG)
    assert sum("有人在试邀请码" in text for text in clerk.phone.texts) == 1
    stage.clock.jump_to(stage.clock.now() + timedelta(hours=2))
    for _ in range(5):
        await sits(stage, STRANGER).do(WRONG)
    assert sum("有人在试邀请码" in text for text in clerk.phone.texts) == 2


async def test_many_chats_guessing_pause_the_digits_but_not_the_links(stage: Stage, county: County) -> None:
    code = await code_for(stage, county)
    for user in range(1000, 1005):
        for _ in range(4):
            await sits(stage, user).do(WRONG)
    newcomer = sits(stage, NEW)
    await newcomer.play((code.digits, "暂停核对"), (f"/start {code.link}", "请核对"))


async def test_eight_digits_from_somebody_known_may_be_an_answer(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(("[2 班班通进度]", "请答"), ("10/14", "请答:故障设备"), ("12345678", "!邀请码"))
    assert "邀请码" not in "".join(someone.phone.texts)


async def test_who_is_bound_already_may_take_another_persons_code(stage: Stage, county: County) -> None:
    """The person moves to another account with the code meant for him; the old binding of this chat is replaced."""
    code = await code_for(stage, county)
    await sits(stage, TWO_SCHOOLS).play((grouped(code.digits), "请核对:清河镇九年一贯制学校"), ("[是我]", "王校长"))


def test_what_counts_as_a_code() -> None:
    assert digits_in("4827 1936", alone=True) == "48271936"
    assert digits_in("20261118", alone=True) is None  # a date is an answer
    assert digits_in("12345678人", alone=True) is None
    assert digits_in("我的码是4827 1936,谢谢", alone=False) == "48271936"
    assert digits_in("482719361", alone=False) is None
    assert digits_in("今天有一件事想问一下领导,我们学校的编号是48271936,不知道对不对,还请指教", alone=False) is None
