"""What raises is set aside after bounded tries; the office hears of it once, a retry mends it, the rest goes on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from db.session import Database
from db.tables import Answer, DigestSnapshot, Inbox, Outbox, Reminder, Round, Task, Trouble
from domain.phrases import Phrase
from jobs.agenda import next_event
from jobs.sweeps import tick
from services import aside, intake, merging
from services.aside import Kind
from services.asking import say
from services.clock import VirtualClock
from services.delegations import by_person
from services.intake import Worker, accept
from services.troubles import MOST_TRIES
from services.turn import Turn
from services.vitals import Vitals
from services.workplace import Workplace
from tests.cast import CLERK, HOURS, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, add_schools, at, make_county
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
Deliver = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL):
        yield


def poison(monkeypatch: pytest.MonkeyPatch, units: set[int]) -> None:
    """Whoever asks whom a report of these units concerns, gets an error."""

    async def poisoned(session: Any, bureau_id: int, keys: Any, **how: Any) -> Any:
        if bad := {key.unit_id for key in keys} & units:
            raise KeyError(f"王校长报了{bad}")
        return await by_person(session, bureau_id, keys, **how)

    monkeypatch.setattr(merging, "by_person", poisoned)


async def go_on(workplace: Workplace, **by: float) -> None:
    workplace.clock.jump_to(workplace.clock.now() + timedelta(**by))  # type: ignore[attr-defined]
    await tick(workplace)


async def give_up(workplace: Workplace) -> None:
    """From now on until everything that raises has been tried as often as it will be."""
    for _ in range(MOST_TRIES):
        await go_on(workplace, minutes=5)


async def retry(workplace: Workplace, kind: Kind | None = None, key: str | None = None) -> int:
    async with workplace.database.write() as session:
        return await aside.retry(session, workplace.bureau_id, workplace.clock.now(), kind, key)


async def listed(workplace: Workplace) -> list[tuple[str, str, int, bool]]:
    async with workplace.database.read() as session:
        found = await aside.listed(session, workplace.bureau_id)
    return [(one.kind.value, one.what, one.attempts, one.given_up) for one in found]


async def all_left(database: Database) -> None:
    """What waits has reached people, so that nothing is merged with it."""
    async with database.write() as session:
        waiting = (await session.execute(select(Outbox).where(col(Outbox.fate) == "pending"))).scalars().all()
        for row in waiting:
            row.fate, row.claimed_at, row.sent_at = "sent", row.queued_at, row.queued_at


async def chats(database: Database, kind: str) -> set[int]:
    return {row.chat_id for row in await rows(database, Outbox, Outbox.kind == kind)}


async def test_a_poisoned_school_is_prompted_when_its_cause_is_mended(
    database: Database,
    workplace: Workplace,
    county: County,
    deliver: Deliver,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Golden 25."""
    with monkeypatch.context() as while_broken:
        poison(while_broken, {county.units["西岭中学"]})
        await tick(workplace)
        assert await chats(database, "prompt") == {PRINCIPAL, TWO_SCHOOLS}
        undone = "西岭中学的填报通知没能发出"
        assert await listed(workplace) == [("item", undone, 1, False)] * 2  # one for each round
        async with database.read() as session:
            again = await next_event(session, workplace, workplace.clock.now())
        assert again - workplace.clock.now() == timedelta(seconds=30)
        await go_on(workplace, seconds=29)
        assert (await listed(workplace))[0][2] == 1  # it rests
        await give_up(workplace)
        assert await listed(workplace) == [("item", undone, MOST_TRIES, True)] * 2
        [trouble, _] = await rows(database, Trouble)
        assert trouble.error.startswith("KeyError ")
        assert "王" not in trouble.error
        await deliver()
        assert sum(undone in text for text in post.to(CLERK)) == 1
        assert "有2件事几次都没办成" in post.to(CLERK)[-1]
        await go_on(workplace, hours=2)
        await deliver()
        assert sum(undone in text for text in post.to(CLERK)) == 1  # told once
        assert not post.to(SECOND_PRINCIPAL)
    await go_on(workplace, seconds=15)
    assert await chats(database, "prompt") == {PRINCIPAL, TWO_SCHOOLS}  # nobody said that it is mended
    assert await retry(workplace, Kind.ITEM) == 2
    await tick(workplace)
    await deliver()
    assert "刘校长" in post.to(SECOND_PRINCIPAL)[-1]
    assert "2项" in post.to(SECOND_PRINCIPAL)[-1]
    assert await listed(workplace) == []
    assert len(await rows(database, Outbox, Outbox.kind == "prompt")) == 3


async def test_a_poisoned_school_is_reminded_when_its_cause_is_mended(
    database: Database, workplace: Workplace, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tick(workplace)
    await all_left(database)
    workplace.clock.jump_to(at("2026-11-24 09:00"))  # type: ignore[attr-defined]
    xiling = county.units["西岭中学"]
    with monkeypatch.context() as while_broken:
        poison(while_broken, {xiling})
        await tick(workplace)
        assert await chats(database, "reminder") == {PRINCIPAL, TWO_SCHOOLS}
        assert xiling not in {row.unit_id for row in await rows(database, Reminder, Reminder.rung == "t-1")}
        await give_up(workplace)
        assert {one[1:] for one in await listed(workplace)} == {("西岭中学的提醒没能发出", MOST_TRIES, True)}
        assert xiling not in {row.unit_id for row in await rows(database, Reminder, Reminder.rung == "t-1")}
    assert await retry(workplace) == 2
    await tick(workplace)
    assert await chats(database, "reminder") == {PRINCIPAL, TWO_SCHOOLS, SECOND_PRINCIPAL}
    assert len(await rows(database, Outbox, Outbox.kind == "reminder")) == 3
    assert await listed(workplace) == []


async def test_what_is_set_aside_is_tried_once_a_day_by_itself(
    database: Database, workplace: Workplace, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as while_broken:
        poison(while_broken, {county.units["西岭中学"]})
        await tick(workplace)
        await give_up(workplace)
    await go_on(workplace, hours=23)
    assert await chats(database, "prompt") == {PRINCIPAL, TWO_SCHOOLS}
    await go_on(workplace, hours=1, minutes=30)
    assert await chats(database, "prompt") == {PRINCIPAL, TWO_SCHOOLS, SECOND_PRINCIPAL}


@pytest.mark.parametrize("mended", [False, True])
async def test_a_task_that_cannot_be_opened(
    database: Database, workplace: Workplace, county: County, mended: bool
) -> None:
    key = (county.bureau_id, county.tasks["drill"])
    async with database.write() as session:
        task = await session.get_one(Task, key)
        schedule, task.schedule = task.schedule, {"frequency": "whenever"}
    await tick(workplace)
    await give_up(workplace)
    assert await listed(workplace) == [("item", "“应急疏散演练”的报告期没能开启", MOST_TRIES, True)]
    if mended:
        async with database.write() as session:
            (await session.get_one(Task, key)).schedule = schedule
    assert await retry(workplace, Kind.ITEM, f"open:{key[1]}") == 1
    await tick(workplace)
    assert len(await rows(database, Round)) == 1 + mended
    assert len(await listed(workplace)) == 1 - mended


async def test_a_school_whose_answers_cannot_be_read_is_left_out_of_the_totals_only(
    database: Database,
    workplace: Workplace,
    county: County,
    report: Report_,
    deliver: Deliver,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from services import digests

    await tick(workplace)
    await report("bbt", QINGHE, "2026-11-19 10:00")
    await report("bbt", "西岭中学", "2026-11-19 10:00", person="刘芳", bbt=[3, 9])
    real = digests.value_of

    def poisoned(indicator: Any, answer: Answer) -> Any:
        if answer.unit_id == county.units["西岭中学"]:
            raise ValueError("3/9")
        return real(indicator, answer)

    with monkeypatch.context() as while_broken:
        while_broken.setattr(digests, "value_of", poisoned)
        workplace.clock.jump_to(at("2026-11-25 18:00"))  # type: ignore[attr-defined]
        await tick(workplace)
        [snapshot] = await rows(database, DigestSnapshot)
        [bbt] = [task for task in snapshot.snapshot["tasks"] if "bbt" in str(task)]
        assert await listed(workplace) == [("item", "西岭中学的数没能计入汇总", 1, True)]
        assert "10" in str(bbt)
        await go_on(workplace, hours=15)  # in the office again
        await deliver()
        assert sum("西岭中学的数没能计入汇总" in text for text in post.to(CLERK)) == 1
    workplace.clock.jump_to(at("2026-11-30 08:30"))  # type: ignore[attr-defined]
    await tick(workplace)
    assert len(await rows(database, DigestSnapshot)) == 2
    assert await listed(workplace) == []


async def test_a_round_whose_questionnaire_cannot_be_read_costs_no_other_its_digest(
    database: Database, workplace: Workplace, county: County
) -> None:
    await tick(workplace)
    workplace.clock.jump_to(at("2026-11-25 17:59"))  # type: ignore[attr-defined]
    await tick(workplace)
    [drill] = [row for row in await rows(database, Round) if row.task_id == county.tasks["drill"]]
    async with database.write() as session:
        row = await session.get_one(Round, (county.bureau_id, drill.id))
        row.questionnaire = [{"key": "broken"}]
    await go_on(workplace, minutes=1)
    [snapshot] = await rows(database, DigestSnapshot)
    assert [task["task_id"] for task in snapshot.snapshot["tasks"]] == [str(county.tasks["bbt"])]
    assert ("item", "2026年11月一项任务的问卷读不出,没有计入汇总", 1, False) in await listed(workplace)


async def test_a_sweep_that_fails_as_a_whole_is_listed_until_it_is_well(
    workplace: Workplace,
) -> None:
    """Also when it is a process later: what was counted before is none of its memories."""
    broken = True

    async def send_reminders(session: object, _workplace: Workplace) -> None:
        if broken:
            raise RuntimeError("boom")

    for _ in range(2):
        await tick(workplace, (send_reminders,))  # type: ignore[arg-type]
    assert await listed(workplace) == [("item", "提醒整个没能完成", 2, False)]
    broken, workplace.vitals = False, Vitals()
    await tick(workplace, (send_reminders,))  # type: ignore[arg-type]
    assert await listed(workplace) == []


async def test_one_that_names_no_chat_does_not_hold_up_its_batch(county_of_sqlite: Workplace) -> None:
    batch: list[dict[str, Any]] = [
        {"update_id": 1, "callback_query": {"id": "1"}},
        {"update_id": 2, "message": {"chat": "me"}},
        {"update_id": 3, "message": {"message_id": 1, "chat": {"id": 5, "type": "private"}, "text": "待办"}},
    ]
    async with county_of_sqlite.database.write() as session:
        await accept(session, county_of_sqlite.bureau_id, batch, county_of_sqlite.clock.now())
    assert [row.chat_id for row in await rows(county_of_sqlite.database, Inbox)] == [0, 0, 5]


async def test_a_batch_of_300_with_one_raising(
    sqlite: Database, county_of_sqlite: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Golden 29: 299 are served; the one is set aside, its person told, and served too when that is mended."""
    monkeypatch.setattr(intake, "FIRST_BACKOFF", 0.0)
    workplace, broken, served = county_of_sqlite, True, set[int]()

    async def handle(turn: Any, update: dict[str, Any]) -> None:
        if broken and turn.to.chat_id == 1150:
            raise RuntimeError("boom")
        served.add(turn.to.chat_id)

    async def nothing(turn: Any) -> None:
        return None

    batch = [
        {"update_id": n, "message": {"message_id": n, "chat": {"id": 1000 + n, "type": "private"}, "text": "待办"}}
        for n in range(1, 301)
    ]
    async with sqlite.write() as session:
        await accept(session, workplace.bureau_id, batch, workplace.clock.now())
    worker = Worker(workplace, handle, nothing)
    for _ in range(intake.MAX_ATTEMPTS):
        await worker.drain()
    assert len(served) == 299
    assert 1150 not in served
    [row] = await rows(sqlite, Inbox, Inbox.state == "set_aside")
    assert (row.update_id, row.attempts) == (150, 5)
    [told] = await rows(sqlite, Outbox)
    assert (told.chat_id, told.payload["phrase"]) == (1150, "failed")
    broken = False
    assert await listed(workplace) == [("update", "收到的一条消息没能处理", 5, True)]
    assert await retry(workplace, Kind.UPDATE, "149") == 0
    assert await retry(workplace, Kind.UPDATE, "150") == 1
    await worker.drain()
    assert len(served) == 300
    assert await listed(workplace) == []


async def test_chats_worked_on_together_with_one_raising(sqlite: Database, county_of_sqlite: Workplace) -> None:
    """What the others of its transaction had done is undone with it, and done once more, alone and once only."""
    workplace, begun = county_of_sqlite, list[tuple[int, int]]()

    async def handle(turn: Turn, _update: dict[str, Any]) -> None:
        begun.append((turn.to.chat_id, turn.update_id))
        await say(turn, Phrase.LATER)
        if turn.to.chat_id == 1004:
            raise RuntimeError("boom")

    async def nothing(_turn: Turn) -> None:
        return None

    batch = [
        {"update_id": n, "message": {"message_id": n, "chat": {"id": 1000 + n % 10, "type": "private"}, "text": "待办"}}
        for n in (1, 2, 3, 4, 5, 6, 12, 22)
    ]
    async with sqlite.write() as session:
        await accept(session, workplace.bureau_id, batch, workplace.clock.now())
    worker = Worker(workplace, handle, nothing)
    worker.wake(range(1001, 1007))
    await workplace.nursery.drain(30)
    assert begun[:5] == [(1001, 1), (1002, 2), (1003, 3), (1004, 4), (1001, 1)]
    assert [number for chat, number in begun[4:] if chat == 1002] == [2, 12, 22]
    assert sorted(row.chat_id for row in await rows(sqlite, Outbox)) == [1001, 1002, 1002, 1002, 1003, 1005, 1006]
    states = {row.update_id: (row.state, row.attempts) for row in await rows(sqlite, Inbox)}
    assert states == {row["update_id"]: ("done", 0) for row in batch} | {4: ("pending", 1)}


@pytest.fixture
async def county_of_sqlite(sqlite: Database) -> Workplace:
    county = await make_county(sqlite, at("2026-11-16 09:00"))
    return Workplace(sqlite, VirtualClock(at("2026-11-18 09:00"), speed=0), county.bureau_id, HOURS)


SCHOOLS = 12


def _copied(migrated: Path, folder: Path) -> Path:
    for left in folder.glob("duban.db*"):
        left.unlink()
    return Path(shutil.copy(migrated, folder / "duban.db"))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bad=st.sets(st.integers(0, SCHOOLS - 1)))
async def test_any_subset_may_raise_and_exactly_the_others_are_served(
    bad: set[int], migrated: Path, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{_copied(migrated, tmp_path)}")
    county = await make_county(database, at("2026-11-16 09:00"))
    await add_schools(database, county, SCHOOLS, 5000)
    workplace = Workplace(database, VirtualClock(at("2026-11-18 09:00"), speed=0), county.bureau_id, HOURS)
    with pytest.MonkeyPatch.context() as monkeypatch:
        poison(monkeypatch, {county.units[f"第{number + 1}村小"] for number in bad})
        await tick(workplace)
        wanted = {PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS} | {5000 + n for n in range(SCHOOLS) if n not in bad}
        assert await chats(database, "prompt") == wanted
        await all_left(database)
        workplace.clock.jump_to(at("2026-11-24 09:00"))
        await tick(workplace)
        assert await chats(database, "reminder") == wanted
    await database.close()
