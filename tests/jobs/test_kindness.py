"""Quiet, merged, capped, and silent the second a report arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from db.ids import new_id
from db.session import Database
from db.tables import Account, Chat, Extension, Membership, Outbox, Person, Report, Role, Round, Task, Unit
from domain.messages import Prompt, Reminder, ReportKey
from domain.progress import State
from jobs.sweeps import tick
from services import roster, unreached
from services.chasing import remind
from services.nagging import Nag, copy_to_central, nag
from services.outbox import Recipient
from services.stopping import stop_nagging
from services.workplace import Workplace
from tests.cast import HOURS, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

QINGHE = "清河镇九年一贯制学校"
Deliver = Callable[[], Awaitable[None]]


@pytest.fixture
async def opened(workplace: Workplace, deliver: Deliver, post: Post) -> None:
    await tick(workplace)
    await deliver()
    post.parcels.clear()


async def at_time(workplace: Workplace, when: str) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    await tick(workplace)


async def key_of(database: Database, county: County, task: str, unit: str = QINGHE) -> ReportKey:
    [round_] = await rows(database, Round, Round.task_id == county.tasks[task])
    return ReportKey(round_.id, county.units[unit])


async def nags(database: Database, fate: str = "pending", chat: int = PRINCIPAL) -> list[Outbox]:
    return await rows(database, Outbox, Outbox.chat_id == chat, Outbox.nag, Outbox.fate == fate)


async def test_what_waits_is_taken_up_in_one_message(
    database: Database, workplace: Workplace, opened: None, deliver: Deliver, post: Post
) -> None:
    """The office was closed, then two rungs and the line stood still: one message, the newest rung of each report."""
    await at_time(workplace, "2026-11-20 09:00")
    await at_time(workplace, "2026-11-24 09:00")
    assert [row.payload["rung"] for row in await nags(database)] == ["t-1"]
    assert len(await nags(database, "superseded")) == 1
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1


async def test_a_prompt_that_waits_is_said_with_the_reminder(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post
) -> None:
    await tick(workplace)
    drill, bbt = await key_of(database, county, "drill"), await key_of(database, county, "bbt")
    await deliver()
    post.parcels.clear()
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    now = at("2026-11-18 10:00")
    workplace.clock.jump_to(now)  # type: ignore[attr-defined]
    async with database.write() as session:
        await nag(session, county.bureau_id, {to: Nag(opened=[drill])}, HOURS, now)
        await nag(session, county.bureau_id, {to: Nag(reminded={drill: "t-1", bbt: "t-1"})}, HOURS, now)
    await deliver()
    [said] = post.to(PRINCIPAL)
    assert said.startswith("王校长,11月有1项请贵校11月25日(星期三)17:00前报送:\n1. 应急疏散演练(安全股)6问")
    assert "王校长,还有1项11月25日(星期三)17:00截止:\n1. 班班通进度(装备站):2问,还没填" in said


async def test_no_more_than_two_a_day_the_third_waits_and_is_merged(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post
) -> None:
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    drill = await key_of(database, county, "drill")
    await at_time(workplace, "2026-11-25 09:00")
    await deliver()
    for when in ("2026-11-25 10:00", "2026-11-25 11:00", "2026-11-25 12:00"):
        workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
        async with database.write() as session:
            await nag(session, county.bureau_id, {to: Nag(reminded={drill: "chase"})}, HOURS, at(when))
        await deliver()
    assert len(post.to(PRINCIPAL)) == 2
    [waiting] = await nags(database)
    assert waiting.not_before == at("2026-11-26 08:30")
    await at_time(workplace, "2026-11-26 08:29:59")
    await deliver()
    assert len(post.to(PRINCIPAL)) == 2
    await at_time(workplace, "2026-11-26 09:00")
    await deliver()
    assert len(post.to(PRINCIPAL)) == 3, "the one that waited and the rung of today are one message"
    assert "有2项已过截止时间" in post.to(PRINCIPAL)[-1]


async def test_two_of_them_are_an_hour_apart(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post
) -> None:
    """After a night off: what was held comes at the opening, the rung of nine o'clock not half an hour later."""
    to = Recipient(county.bureau_id, PRINCIPAL, county.people["王建国"])
    drill = await key_of(database, county, "drill")
    await at_time(workplace, "2026-11-24 08:30")
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1
    await at_time(workplace, "2026-11-24 09:00")
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1
    assert [row.not_before for row in await nags(database)] == [at("2026-11-24 09:30")]
    async with database.write() as session:
        await nag(
            session, county.bureau_id, {to: Nag(reminded={drill: "chase"})}, HOURS, at("2026-11-24 09:10"), spaced=False
        )
    workplace.clock.jump_to(at("2026-11-24 09:10"))  # type: ignore[attr-defined]
    await deliver()
    assert len(post.to(PRINCIPAL)) == 2, "a person who chases is not made to wait"


async def test_what_was_settled_drops_out_of_what_waits_in_the_same_transaction(
    database: Database, workplace: Workplace, opened: None, report: Report_, county: County
) -> None:
    await at_time(workplace, "2026-11-24 09:00")
    await report("drill", QINGHE, "2026-11-24 09:00")
    [waiting] = await nags(database)
    assert waiting.payload["reports"] == [list(await key_of(database, county, "bbt"))]
    await report("bbt", QINGHE, "2026-11-24 09:00")
    assert not await nags(database)
    assert [row.error for row in await nags(database, "cancelled")] == ["not_owed"]
    assert len(await nags(database, chat=SECOND_PRINCIPAL)) == 1


async def test_a_school_that_closes_drops_out_of_what_waits_in_the_same_transaction(
    database: Database, workplace: Workplace, opened: None, county: County
) -> None:
    await at_time(workplace, "2026-11-24 09:00")
    assert len(await nags(database)) == 1
    async with database.write() as session:
        (await session.get_one(Unit, (county.bureau_id, county.units[QINGHE]))).closed_on = at(
            "2026-11-24 09:00"
        ).date()
        await session.flush()
        await roster.settle(session, county.bureau_id, at("2026-11-24 09:00"))
    assert not await nags(database)
    assert [row.error for row in await nags(database, "cancelled")] == ["not_owed"]
    assert len(await nags(database, chat=SECOND_PRINCIPAL)) == 1, "the other schools are reminded as before"


async def test_only_this_units_people_are_looked_at(
    database: Database, workplace: Workplace, opened: None, county: County
) -> None:
    await at_time(workplace, "2026-11-24 09:00")
    async with database.write() as session:
        await stop_nagging(session, county.bureau_id, [await key_of(database, county, "drill", "李村小学")])
    [both] = await nags(database, chat=TWO_SCHOOLS)
    assert len(both.payload["reports"]) == 3
    assert len((await nags(database))[0].payload["reports"]) == 2


async def test_a_withdrawn_task_is_spoken_of_no_more(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post
) -> None:
    """Golden 13."""
    await at_time(workplace, "2026-11-24 09:00")
    async with database.write() as session:
        (await session.get_one(Task, (county.bureau_id, county.tasks["drill"]))).withdrawn_at = at("2026-11-24 09:00")
    await deliver()
    assert "还有1项" in post.to(PRINCIPAL)[-1]
    assert "应急疏散演练(安全股)" not in post.to(PRINCIPAL)[-1]
    await at_time(workplace, "2026-11-25 09:00")
    await deliver()
    assert "应急疏散演练(安全股)" not in post.to(PRINCIPAL)[-1]


async def test_whoever_fills_is_reminded_and_the_head_from_the_due_day_on(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post
) -> None:
    deputy = 120
    async with database.write() as session:
        person = Person(bureau_id=county.bureau_id, id=new_id(), name="张敏", salutation="张主任")
        session.add(person)
        await session.flush()
        session.add(
            Account(bureau_id=county.bureau_id, external_id=deputy, person_id=person.id, bound_at=at("2026-11-01"))
        )
        session.add(
            Membership(
                bureau_id=county.bureau_id, id=new_id(), person_id=person.id, unit_id=county.units[QINGHE],
                role=Role.DEPUTY.value,
            )
        )  # fmt: skip
    await at_time(workplace, "2026-11-24 09:00")
    await deliver()
    assert not post.to(PRINCIPAL)
    assert len(post.to(deputy)) == 1
    await at_time(workplace, "2026-11-25 09:00")
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1
    assert len(post.to(deputy)) == 2


async def test_with_nothing_due_the_ledger_is_not_asked_again(
    database: Database, workplace: Workplace, opened: None, county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services import chasing

    await at_time(workplace, "2026-11-24 09:00")
    await tick(workplace)
    asked = []
    monkeypatch.setattr(chasing, "_plan", lambda *given: asked.append(given))
    async with database.write() as session:
        known = workplace.planned
        assert await remind(session, county.bureau_id, HOURS, workplace.clock.now(), known) == 0
    assert not asked


async def test_a_report_that_rested_is_reminded_of_once_it_is_decided(
    database: Database, workplace: Workplace, opened: None, county: County
) -> None:
    """Rungs that were found entered while somebody rested are looked at again."""
    from db.tables import Request

    drill = await key_of(database, county, "drill")
    async with database.write() as session:
        session.add(
            Request(
                bureau_id=county.bureau_id, id=new_id(), kind="extension", round_id=drill.round_id,
                unit_id=drill.unit_id, person_id=county.people["王建国"], received_at=at("2026-11-23 09:00"),
                until=at("2026-11-27 17:00"), reason="停电",
            )
        )  # fmt: skip
    await at_time(workplace, "2026-11-24 09:00")
    await tick(workplace)
    [waiting] = await nags(database)
    assert len(waiting.payload["reports"]) == 1
    async with database.write() as session:
        for request in await rows(database, Request):
            request.state = "refused"
            await session.merge(request)
    await at_time(workplace, "2026-11-24 10:00")
    [waiting] = await nags(database)
    assert len(waiting.payload["reports"]) == 2


@pytest.mark.parametrize("state", [State.EXEMPT, State.SUBMITTED])
async def test_delivery_looks_once_more(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post, state: State
) -> None:
    """Even where nobody took it out of what waits: a merged message about two goes out with one."""
    await at_time(workplace, "2026-11-24 09:00")
    drill = await key_of(database, county, "drill")
    async with database.write() as session:
        report = await session.get_one(Report, (county.bureau_id, *drill))
        report.state, report.first_received_at = state.value, at("2026-11-24 09:00")
    await deliver()
    assert "还有1项" in post.to(PRINCIPAL)[-1]


async def test_nobody_is_interrupted_while_writing(
    database: Database, workplace: Workplace, opened: None, county: County, deliver: Deliver, post: Post
) -> None:
    async with database.write() as session:
        session.add(Chat(bureau_id=county.bureau_id, id=PRINCIPAL, focus_at=at("2026-11-24 08:57")))
    await at_time(workplace, "2026-11-24 09:00")
    await deliver()
    assert not post.to(PRINCIPAL)
    assert [row.not_before for row in await nags(database)] == [at("2026-11-24 09:07")]
    workplace.clock.jump_to(at("2026-11-24 09:07"))  # type: ignore[attr-defined]
    await deliver()
    assert len(post.to(PRINCIPAL)) == 1


def test_merging_keeps_the_newest_rung_and_announces_what_is_new() -> None:
    first, second, third = (ReportKey(1, unit) for unit in (1, 2, 3))
    one = Nag(reminded={first: "t-1"})
    one.take_up(Reminder(rung="t-3", reports=(first, second)))
    one.take_up(Prompt(reports=(third, second)))
    message = one.message()
    assert isinstance(message, Reminder)
    assert (message.reports, message.rungs, message.opened) == ((first,), ("t-1",), (third, second))
    assert Nag(opened=[first]).message() == Prompt(reports=(first,))


# ---- the central school's copy is a nag too


@pytest.fixture
async def central(database: Database, county: County) -> Recipient:
    """刘芳 heads 西岭中学, which looks after 清河镇九年一贯制学校 as its central school."""
    async with database.write() as session:
        (await session.get_one(Unit, (county.bureau_id, county.units[QINGHE]))).central_unit_id = county.units[
            "西岭中学"
        ]
        session.add(
            Membership(
                bureau_id=county.bureau_id, id=new_id(), person_id=county.people["刘芳"],
                unit_id=county.units["西岭中学"], role=Role.CENTRAL.value,
            )
        )  # fmt: skip
    return Recipient(county.bureau_id, SECOND_PRINCIPAL, county.people["刘芳"])


async def test_a_copy_and_a_reminder_of_one_moment_are_no_third_message_of_the_day(
    database: Database, workplace: Workplace, opened: None, county: County, central: Recipient, deliver: Deliver,
    post: Post,
) -> None:  # fmt: skip
    """Both were queued while one had gone: the second to leave is looked at once more, whatever queued it."""
    drill = await key_of(database, county, "drill", "西岭中学")
    workplace.clock.jump_to(at("2026-11-26 08:30"))  # type: ignore[attr-defined]
    async with database.write() as session:
        nags_ = {central: Nag(reminded={drill: "chase"})}
        await nag(session, county.bureau_id, nags_, HOURS, at("2026-11-26 08:30"), spaced=False)
    await deliver()
    await at_time(workplace, "2026-11-26 09:00")
    workplace.clock.jump_to(at("2026-11-26 10:00"))  # type: ignore[attr-defined]
    await deliver()
    assert len(post.to(SECOND_PRINCIPAL)) == 2
    [waiting] = await nags(database, chat=SECOND_PRINCIPAL)
    assert waiting.not_before == at("2026-11-27 08:30")
    workplace.clock.jump_to(at("2026-11-27 08:30"))  # type: ignore[attr-defined]
    await deliver()
    assert len(post.to(SECOND_PRINCIPAL)) == 3


async def test_a_copy_that_waits_is_said_in_the_next_one(
    database: Database, workplace: Workplace, opened: None, county: County, central: Recipient, deliver: Deliver,
    post: Post,
) -> None:  # fmt: skip
    drill, bbt = await key_of(database, county, "drill"), await key_of(database, county, "bbt")
    now = at("2026-11-26 18:00")
    workplace.clock.jump_to(now)  # type: ignore[attr-defined]
    async with database.write() as session:
        for key in (drill, bbt, drill):
            await copy_to_central(session, county.bureau_id, {central: [key]}, HOURS, now)
    workplace.clock.jump_to(at("2026-11-27 08:30"))  # type: ignore[attr-defined]
    await deliver()
    [said] = post.to(SECOND_PRINCIPAL)
    assert said.count(QINGHE) == 2
    assert "应急疏散演练(" in said
    assert "班班通进度(" in said


async def test_what_is_settled_leaves_the_copy_that_waits_too(
    database: Database, workplace: Workplace, opened: None, county: County, central: Recipient, report: Report_
) -> None:
    drill, bbt = await key_of(database, county, "drill"), await key_of(database, county, "bbt")
    async with database.write() as session:
        await copy_to_central(session, county.bureau_id, {central: [drill, bbt]}, HOURS, at("2026-11-26 18:00"))
    await report("drill", QINGHE, "2026-11-26 18:05")
    [waiting] = await nags(database, chat=SECOND_PRINCIPAL)
    assert waiting.payload["reports"] == [list(bbt)]


async def test_a_copy_names_nobody_whose_day_is_still_to_come(
    database: Database, workplace: Workplace, opened: None, county: County, central: Recipient, deliver: Deliver,
    post: Post,
) -> None:  # fmt: skip
    """Queued in the moment in which an extension was granted: delivery looks once more."""
    drill, bbt = await key_of(database, county, "drill"), await key_of(database, county, "bbt")
    now = at("2026-11-26 09:00")
    workplace.clock.jump_to(now)  # type: ignore[attr-defined]
    async with database.write() as session:
        session.add(
            Extension(
                bureau_id=county.bureau_id, round_id=drill.round_id, unit_id=drill.unit_id,
                due_at=at("2026-11-27 17:00"), reason="停电", granted_at=now,
            )
        )  # fmt: skip
        await copy_to_central(session, county.bureau_id, {central: [drill, bbt]}, HOURS, now)
    await deliver()
    [said] = post.to(SECOND_PRINCIPAL)
    assert "班班通进度(" in said
    assert "应急疏散演练" not in said


async def test_a_county_that_has_only_begun_is_listed_in_part(
    database: Database, workplace: Workplace, opened: None, county: County
) -> None:
    """Nobody is bound yet: no statement grows beyond what a store takes, no message beyond what can be read."""
    drill = await key_of(database, county, "drill")
    nobody = [ReportKey(round_id, unit) for round_id in (drill.round_id, 2, 3) for unit in range(1, 9001)]
    async with database.write() as session:
        now = at("2026-11-20 09:00")
        assert await unreached.note(session, county.bureau_id, "t-3", nobody, now) == nobody
        assert await unreached.tell(session, county.bureau_id, nobody[:9000], now) == 2
    listed = await rows(database, Outbox, Outbox.kind == "unreached")
    assert [(len(row.payload["reports"]), row.payload["more"]) for row in listed] == [(60, 8940)] * 2
