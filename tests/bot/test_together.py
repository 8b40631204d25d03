"""Several chats worked on in one transaction: what is read for all at once serves each as if it were alone."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from db.ids import new_id
from db.session import Database
from db.tables import Account, Card, Draft, Membership, Outbox, Person, Role
from domain.messages import ReportCard, ReportKey
from services import conversation, fates, foresight, intake, outbox
from services.outbox import Recipient
from services.people import CHANNEL
from services.rendering import Delivered, Parcel, Rendered
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at, make_county
from tests.stage import Stage, on_stage

DEPUTY = 150
SAID = {
    PRINCIPAL: "昨天地震演练,520人参加",
    SECOND_PRINCIPAL: "昨天火灾演练,290人参加",
    TWO_SCHOOLS: "李村小学演练了,80人",
}
NUMBERS = itertools.count(9_000_000)
QINGHE = "清河镇九年一贯制学校"


@pytest.fixture
async def county(database: Database) -> County:
    made = await make_county(database, at("2026-11-16 09:00"))
    who: dict[str, Any] = {"bureau_id": made.bureau_id}
    bound = {"channel": CHANNEL, "external_id": DEPUTY, "bound_at": at("2026-11-16 09:00")}
    person = Person(**who, id=new_id(), name="丁力", salutation="丁主任")
    unit = made.units[QINGHE]
    async with database.write() as session:
        session.add(person)
        await session.flush()
        session.add(Account(**who, **bound, person_id=person.id))
        session.add(Membership(**who, id=new_id(), person_id=person.id, unit_id=unit, role=Role.DEPUTY.value))
    return made


@pytest.fixture
async def stage(database: Database, county: County) -> AsyncIterator[Stage]:
    async with on_stage(database, county.bureau_id, at("2026-11-18 09:00")) as made:
        for user_id in (*SAID, DEPUTY):
            await made.phone(user_id).start()
        await made.settled()
        await made.tick()
        yield made


def update(chat_id: int, text: str) -> dict[str, Any]:
    number = next(NUMBERS)
    who = {"id": chat_id, "is_bot": False, "first_name": "某"}
    said = {"message_id": number, "date": int(datetime(2026, 11, 18, tzinfo=UTC).timestamp()), "from": who}
    said |= {"chat": {"id": chat_id, "type": "private"}, "text": text}
    return {"update_id": number, "message": said}


async def say(stage: Stage, said: dict[int, str]) -> None:
    """All at once, as one fetch brings them."""
    updates = [update(chat_id, text) for chat_id, text in said.items()]
    async with stage.database.write() as session:
        await intake.accept(session, stage.workplace.bureau_id, updates, stage.clock.now())
    stage.face.worker.wake(said)
    await stage.settled()


async def students(stage: Stage, county: County) -> dict[str, object]:
    names = {unit_id: name for name, unit_id in county.units.items()}
    return {names[d.unit_id]: d.entries["drill_students"]["v"] for d in await stage.rows(Draft) if d.entries}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many turns each look ahead served."""
    sizes, real = list[int](), intake.begin

    async def begin(*given: Any) -> list[foresight.Begun]:
        found = await real(*given)
        sizes.append(sum(one.sheets is not None for one in found))
        return found

    monkeypatch.setattr(intake, "begin", begin)
    return sizes


async def test_each_gets_its_own(stage: Stage, county: County, begun: list[int]) -> None:
    await say(stage, SAID)
    assert max(begun) == 3
    assert await students(stage, county) == {QINGHE: 520, "西岭中学": 290, "李村小学": 80}
    for user_id, number in ((PRINCIPAL, "520人"), (SECOND_PRINCIPAL, "290人"), (TWO_SCHOOLS, "80人")):
        shown = stage.phone(user_id).messages[-1].text
        assert "草稿,未提交" in shown
        assert f"学生{number}" in shown


async def test_two_of_one_school_lose_nothing(stage: Stage, county: County, begun: list[int]) -> None:
    await say(
        stage,
        {PRINCIPAL: SAID[PRINCIPAL], DEPUTY: "疏散用时110秒", SECOND_PRINCIPAL: SAID[SECOND_PRINCIPAL]},
    )
    [draft] = [one for one in await stage.rows(Draft) if one.unit_id == county.units[QINGHE]]
    assert {key: draft.entries[key]["v"] for key in ("drill_students", "drill_seconds")} == {
        "drill_students": 520,
        "drill_seconds": "110",
    }
    assert max(begun) == 1  # only the other school's turn could be read ahead beside them
    for user_id in (PRINCIPAL, DEPUTY):
        shown = stage.phone(user_id).messages[-1].text
        assert "学生520人" in shown
        assert "用时110秒" in shown


async def test_one_that_raises_stops_no_other(stage: Stage, county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FIRST_BACKOFF", 0.0)
    real = conversation.reply

    async def reply(turn: Any, *words: Any) -> None:
        await real(turn, *words)
        if turn.to.chat_id == PRINCIPAL:
            raise RuntimeError("boom")

    monkeypatch.setattr(conversation, "reply", reply)
    await say(stage, SAID)
    assert await students(stage, county) == {"西岭中学": 290, "李村小学": 80}


async def test_words_cost_the_store_about_the_same_for_three_as_for_one(stage: Stage, county: County) -> None:
    counted = 0

    def count(*_: Any) -> None:
        nonlocal counted
        counted += asyncio.current_task() is not None and "chats" in asyncio.current_task().get_name()  # type: ignore[union-attr]

    await say(stage, SAID)
    event.listen(stage.database.engine.sync_engine, "before_cursor_execute", count)
    await say(stage, {PRINCIPAL: "用时100秒"})
    alone, counted = counted, 0
    await say(stage, {PRINCIPAL: "用时101秒", SECOND_PRINCIPAL: "用时102秒", TWO_SCHOOLS: "用时103秒"})
    assert alone > 10
    assert counted <= alone + 3


@pytest.mark.parametrize("store", [pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_a_card_that_just_arrived_gives_way_to_the_next(stage: Stage, county: County) -> None:
    """It is written down as shown while the next one is being queued: the old one loses its buttons all the same."""
    await say(stage, {PRINCIPAL: SAID[PRINCIPAL]})
    database, bureau_id = stage.database, county.bureau_id
    [card] = await stage.rows(Card, Card.chat_id == PRINCIPAL, Card.message_id.is_not(None))  # type: ignore[union-attr]
    report = ReportKey(*map(int, card.key.split(":")[1:]))
    parcel = Parcel(PRINCIPAL, "send", Rendered(""), None, None)
    claimed = fates.Claimed(1, parcel, at("2026-11-18 09:00"), card.key, card.revision)
    arrived = fates.Handed(claimed, Delivered(4711), at("2026-11-18 09:00"))

    async def show_next() -> None:
        async with database.write() as session:
            to = Recipient(bureau_id, PRINCIPAL)
            await outbox.show_card(session, to, ReportCard(report=report), at("2026-11-18 09:01"), below=True)

    async with database.write() as session:
        await fates.write_delivered(session, bureau_id, [arrived])
        showing = asyncio.create_task(show_next())  # noqa: TID251
        await asyncio.sleep(0.3)
    await showing
    strips = await stage.rows(Outbox, Outbox.chat_id == PRINCIPAL, Outbox.kind == "strip")
    assert 4711 in {row.payload["message_id"] for row in strips}
