"""Whatever a button, a deep link or words name, a person changes and reads only what the membership allows.

Buttons of every verb are forged with ids drawn from every row of both bureaus; the store before and after is compared
row by row, and what reached the phone is searched for what is not theirs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import pytest
from sqlmodel import SQLModel, select
from telegram.ext import Application

from bot import course
from bot.buttons import Verb, encode
from bot.words import CHANGE_WORDS, COMMAND_WORDS, LATER_WORDS, RELEASE_WORDS, REVIEW_WORDS, TAKE_BACK_WORDS
from db.ids import new_id
from db.session import Database
from db.tables import Absence, CourseChange, Inbox, Round
from domain.messages import ReportKey
from sandbox import Phone
from services.rounds import open_due_rounds
from tests.cast import (
    CHIEF,
    CLERK,
    DIRECTOR,
    HOURS,
    PRINCIPAL,
    REVOKED,
    SECOND_PRINCIPAL,
    STRANGER,
    County,
    at,
    invite_person,
    make_neighbour,
)
from tests.stage import Stage

OPEN = at("2026-11-18 08:30")
PRESSES = 100
QUEUES = frozenset({"inbox", "outbox", "chat", "card", "wrong_code", "heartbeat"})
"""What a person's own words always leave behind."""
OTHERS_PHONE, NEIGHBOUR = "0000-6211002", "邻县一小"

Row = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Change:
    table: str
    row: dict[str, Any]


async def _store(stage: Stage) -> set[tuple[str, Row]]:
    """Every row of every table; JSON as its text, so that rows can be compared."""
    rows: set[tuple[str, Row]] = set()
    async with stage.database.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in (await session.execute(table.select())).mappings():
                rows.add((table.name, tuple((name, _plain(value)) for name, value in row.items())))
    return rows


def _plain(value: object) -> object:
    return repr(value) if isinstance(value, dict | list) else value


def _ids(store: set[tuple[str, Row]]) -> list[int]:
    """All ids of all rows, and numbers no row has."""
    found = {value for _, row in store for name, value in row if name.endswith("id") and isinstance(value, int)}
    return [*sorted(found), 0, 1, 2, 3, 740000, 12345, 2**62]


SAID = ("撤回 班班通 重复下发", "延期 西岭中学 班班通 到11月27日 停电", "刘芳出差到11月25日", "外人出差到11月25日")
"""Changes of course and absences that are not this person's to say."""


async def _pending(stage: Stage, county: County, person: str, task: str) -> None:
    """A change that waits for its 确认, and an absence: of tasks and people that are not the actor's."""
    async with stage.database.write() as session:
        statement = select(Round).where(Round.bureau_id == county.bureau_id, Round.task_id == county.tasks[task])
        round_ = (await session.exec(statement)).one()
        who, now = county.people[person], stage.clock.now()
        session.add(
            CourseChange(
                bureau_id=county.bureau_id, id=new_id(), kind="withdraw", round_id=round_.id, reason="重复下发",
                proposed_by=who, proposed_at=now, reports=1,
            )
        )  # fmt: skip
        session.add(
            Absence(
                bureau_id=county.bureau_id, id=new_id(), person_id=who, said_at=now, until=at("2026-11-25 17:30"),
                words="出差",
            )
        )  # fmt: skip


def _forged(store: set[tuple[str, Row]], seed: int) -> Iterator[str]:
    """Every verb with somebody's report, with somebody's id, and with anything at all."""
    draw, ids = random.Random(seed), _ids(store)
    owed = sorted(
        (row["round_id"], row["unit_id"]) for table, pairs in store if table == "report" for row in [dict(pairs)]
    )
    people = sorted(dict(pairs)["id"] for table, pairs in store if table == "person")
    pending = sorted(dict(pairs)["id"] for table, pairs in store if table in ("course_change", "absence"))
    for verb in Verb:
        for numbers in ((), (0,), (0, 0), (0, 0, 1)):
            yield encode(verb, ReportKey(*draw.choice(owed)), *numbers)
        for person in draw.sample(people, 3):
            yield encode(verb, None, person)
        for waiting in pending if verb in course.PRESSED else ():
            yield encode(verb, None, waiting)
    for _ in range(PRESSES):
        report = draw.choice([ReportKey(*draw.choice(owed)), ReportKey(draw.choice(ids), draw.choice(ids)), None])
        yield encode(draw.choice(list(Verb)), report, *draw.choices([*ids, *range(5)], k=draw.randrange(4)))


def _changes(before: set[tuple[str, Row]], after: set[tuple[str, Row]]) -> list[Change]:
    return [Change(table, dict(row)) for table, row in before ^ after]


@pytest.fixture
async def neighbour(sqlite: Database, stage: Stage) -> County:
    made = await make_neighbour(sqlite, OPEN)
    async with sqlite.write() as session:
        await open_due_rounds(session, made.bureau_id, HOURS, OPEN)
    return made


async def _say_everything(phone: Phone, code: str) -> None:
    """Something for every handler, in the neighbour's name where a name fits."""
    words = [word for said in COMMAND_WORDS.values() for word in said]
    words += [*CHANGE_WORDS, *REVIEW_WORDS, *LATER_WORDS, *TAKE_BACK_WORDS, *RELEASE_WORDS, "/nothing"]
    words += ["校历", "校历 12月2日 休 暴雪", f"发我看看 {NEIGHBOUR}"]
    words += [f"人员 {NEIGHBOUR}", f"照片 {NEIGHBOUR}", f"/people {NEIGHBOUR}", f"/start {code}", RECEIPT]
    for said in [*words, f"{NEIGHBOUR}520人", "西岭中学演练520人", f"应急疏散演练延期到{NEIGHBOUR}"]:
        await phone.say(said)
    mine = next(one for one in reversed(phone.messages) if one.mine)
    await phone.edit(mine, f"{NEIGHBOUR}518人")
    await phone.photo("操场", caption=f"{NEIGHBOUR}520人")
    await phone.document("表.pdf", b"%PDF-1.7", "application/pdf")
    await phone.voice()
    await phone.sticker()
    await phone.block()
    await phone.unblock()


RECEIPT = (
    f"✓ 已收到:{NEIGHBOUR} 11月应急疏散演练\n11月18日(星期三)09:00,按时。回执号 1118-0001\n内容:演练=已开展\n"
    "校验码 ABCD-EFGH"
)
TRIED_ELSEWHERE = {
    "contact": "tests/bot/test_contacts.py",
    "moved": "tests/bot/test_groups.py",
    "heard": "tests/bot/test_groups.py",
    "pressed": "above: every verb",
}


def _callbacks(application: Application) -> set[str]:  # type: ignore[type-arg]
    """The handlers of the bot, by name: a new one needs something said to it above."""
    handlers = (handler for group in application.handlers.values() for handler in group)
    return {getattr(handler.callback, "__name__", "") for handler in handlers}


def _listened_to(application: Application) -> set[str]:  # type: ignore[type-arg]
    """The names of those that are called from now on."""
    reached: set[str] = set()

    def noted(callback: Any) -> Any:
        @wraps(callback)
        async def call(*args: Any) -> None:
            reached.add(callback.__name__)
            await callback(*args)

        return call

    for group in application.handlers.values():
        for handler in group:
            handler.callback = noted(handler.callback)
    return reached


OWN = {PRINCIPAL: ["清河镇九年一贯制学校"], SECOND_PRINCIPAL: ["西岭中学"], CHIEF: ["安全股"]}
ACTORS = {"principal": PRINCIPAL, "stranger": STRANGER, "revoked": REVOKED, "section": CHIEF, "director": DIRECTOR,
          "office": CLERK}  # fmt: skip


@pytest.mark.parametrize("who", ACTORS)
async def test_forged_buttons_and_words(stage: Stage, county: County, neighbour: County, who: str) -> None:
    actor = ACTORS[who]
    phone = stage.phone(actor)
    await phone.start()
    await stage.tick()
    await _pending(stage, county, "刘芳", "bbt")
    await _pending(stage, neighbour, "外人", "drill")
    before = await _store(stage)
    code = await invite_person(stage.database, neighbour, "外人", stage.clock.now())
    invited = await _store(stage)
    place = phone.messages[-1]
    for data in _forged(before, seed=actor):
        await phone.press_data(data, on=place)
    await stage.settled()
    reached = _listened_to(stage.face.application)
    await _say_everything(phone, code)
    for said in SAID if who != "office" else SAID[3:]:
        await phone.say(said)
    await stage.settled()
    assert reached | TRIED_ELSEWHERE.keys() == _callbacks(stage.face.application)

    changes = _changes(invited, await _store(stage))
    assert len(changes) > PRESSES, "the presses did not arrive"
    assert not [one for one in changes if one.row.get("bureau_id") == neighbour.bureau_id]
    if who != "office":
        mine = {county.units[name] for name in OWN.get(actor, [])}
        may = QUEUES | ({"digest"} if who in ("section", "director") else set())
        wrong = [one for one in changes if one.table not in may and one.row.get("unit_id") not in mine]
        assert not wrong
    heard = "\n".join(bubble.text for bubble in phone.received)
    if who in ("principal", "stranger", "revoked"):
        assert OTHERS_PHONE not in heard
    for theirs in ("吴校长", "邻县教育局", "城关镇"):
        assert theirs not in heard
    assert not await stage.rows(Inbox, Inbox.state == "set_aside")
