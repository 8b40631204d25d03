"""出差、请假: the deputies of the unit are reminded meanwhile."""

from __future__ import annotations

import pytest

from db.ids import new_id
from db.tables import Account, Membership, Person, Role
from tests.bot.conftest import Talk
from tests.bot.dialogue import Dialogue
from tests.cast import County, at
from tests.stage import Stage

XILING = "西岭中学"


@pytest.fixture
async def deputy(stage: Stage, county: County, talk: Talk) -> Dialogue:
    async with stage.database.write() as session:
        person = Person(bureau_id=county.bureau_id, id=new_id(), name="张伟", salutation="张主任")
        session.add(person)
        await session.flush()
        session.add_all(
            [
                Account(bureau_id=county.bureau_id, external_id=130, person_id=person.id, bound_at=at("2026-11-01")),
                Membership(
                    bureau_id=county.bureau_id, id=new_id(), person_id=person.id, unit_id=county.units[XILING],
                    role=Role.DEPUTY.value,
                ),
            ]
        )  # fmt: skip
    return await talk(130)


async def test_away(stage: Stage, liu: Dialogue, deputy: Dialogue) -> None:
    await liu.play(
        ("出差到下周三", ("【请核对】您出差到11月25日(星期三)17:30,这期间的提醒改发给张主任。",)),
        ("[确认]", "✓ 到11月25日(星期三)17:30为止,提醒改发给张主任,之后自动恢复。"),
    )
    heard = len(liu.phone.received)
    await stage.tick(at("2026-11-25 09:00"))
    assert len(liu.phone.received) == heard
    assert "今天17:00截止" in deputy.last.text
    await stage.tick(at("2026-11-26 09:00"))
    assert "已过截止时间" in liu.last.text


async def test_a_person_of_the_bureau_who_chases_reaches_the_deputy_too(
    stage: Stage, clerk: Dialogue, liu: Dialogue, deputy: Dialogue
) -> None:
    await liu.play(("出差到下周五", "提醒改发给张主任"), ("[确认]", "✓"))
    await stage.tick(at("2026-11-25 10:00"))
    mine, heard = len(liu.phone.received), len(deputy.phone.received)
    await clerk.play(("催报", "未报4"))
    await clerk.do(next(f"[{label}]" for label in clerk.last.buttons if label.startswith("提醒在线的")))
    await stage.settled()
    assert len(liu.phone.received) == mine
    assert len(deputy.phone.received) == heard + 1


async def test_back_earlier(stage: Stage, liu: Dialogue, deputy: Dialogue) -> None:
    await liu.play(("请假到11月27日,有事找张主任", "提醒改发给张主任"), ("[确认]", "✓"), ("[回来了]", "提醒照常发给您"))
    await stage.tick(at("2026-11-24 09:00"))
    assert "17:00截止" in liu.last.text or "截止" in deputy.last.text
    await stage.tick(at("2026-11-25 09:00"))
    assert "今天17:00截止" in liu.last.text


async def test_without_a_deputy_nothing_changes(stage: Stage, someone: Dialogue) -> None:
    await someone.play(("出差到下周三", ("还没有登记能收消息的联络员", "提醒仍发给您")))
    assert not someone.last.buttons
    await stage.tick(at("2026-11-24 09:00"))
    assert "截止" in someone.last.text


async def test_the_office_says_it_for_somebody(stage: Stage, clerk: Dialogue, liu: Dialogue, deputy: Dialogue) -> None:
    await clerk.play(("刘芳出差到下周三", "【请核对】刘校长出差到"), ("[确认]", "提醒改发给张主任"))
    heard = len(liu.phone.received)
    await stage.tick(at("2026-11-25 09:00"))
    assert len(liu.phone.received) == heard


async def test_an_answer_in_words_is_an_answer(stage: Stage, someone: Dialogue) -> None:
    await someone.play(("[1 应急疏散演练]", "演练"), ("[未开展]", "原因"), ("出差到下周三", "!【请核对】您出差"))


async def test_of_somebody_else_nobody_else_says_it(
    stage: Stage, someone: Dialogue, liu: Dialogue, deputy: Dialogue
) -> None:
    await someone.play(("刘芳出差到下周三", "!提醒改发"))
