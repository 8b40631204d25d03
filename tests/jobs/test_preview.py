"""What the preview says beforehand is what the sweeps then do, when nobody answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from time import monotonic

import pytest

from db.ids import new_id
from db.session import Database
from db.tables import Account, Membership, Outbox, Role, Round, Task, Unit
from domain.calendar import OfficeHours, WorkCalendar
from domain.calendar_file import read
from domain.messages import ReportCard, ReportKey
from domain.rounds import Frequency, Schedule
from jobs.sweeps import tick
from services.nagging import NAGGING
from services.outbox import Recipient, card_key, show_card
from services.preview import Preview, preview
from services.preview_text import preview_lines, round_lines
from services.rounds import schedule_to_json
from services.taken import Taken
from services.workplace import Workplace
from tests.cast import HOURS, PRINCIPAL, ROLLOUT, County, add_schools, add_task, at, make_neighbour
from tests.jobs.conftest import Post, Report_
from tests.jobs.test_rounds import rows

Deliver = Callable[[], Awaitable[None]]
Counted = Counter[tuple[int, date]]
TIMES = ("08:30", "09:00", "09:30", "10:00", "15:00", "16:00", "17:05")


async def look(database: Database, county: County, now: datetime, **more: object) -> Preview:
    async with database.read() as session:
        found = await preview(session, county.bureau_id, HOURS, now, **more)  # type: ignore[arg-type]
    assert found is not None
    return found


def predicted(found: Preview) -> Counted:
    return Counter((who, HOURS.local(one).date()) for who, all_ in found.nags.items() for one in all_)


async def sent(database: Database, after: datetime) -> Counted:
    went = [row for row in await rows(database, Outbox, Outbox.fate == "sent") if row.kind in NAGGING]
    return Counter((r.person_id, HOURS.local(r.claimed_at).date()) for r in went if r.claimed_at > after)


async def two_weeks(workplace: Workplace, deliver: Deliver, since: datetime, *, first: bool = True) -> None:
    """The sweeps as they run, from that instant on (`first`: at it, too)."""
    day = HOURS.local(since).date()
    instants = [at(f"{day + timedelta(days=n)} {wall}") for n in range(15) for wall in TIMES]
    for instant in instants:
        if since <= instant < since + timedelta(days=14) and (first or instant > since):
            workplace.clock.jump_to(instant)  # type: ignore[attr-defined]
            await tick(workplace)
            await deliver()


@pytest.fixture
async def varied(database: Database, county: County) -> None:
    """A third task due earlier, with a ladder of its own; a deputy in one school; the village school's central one."""
    await add_task(database, county, "more", "装备清查", ROLLOUT[1:])
    async with database.write() as session:
        [more] = await rows(database, Task, Task.key == "more")
        more.schedule = schedule_to_json(Schedule(Frequency.MONTHLY, day=24))
        more.ladder = {"t-3": False, "t-1": "11:00", "due-afternoon": "14:00"}
        await session.merge(more)
        qinghe, village = county.units["清河镇九年一贯制学校"], county.units["李村小学"]
        unit = await session.get_one(Unit, (county.bureau_id, village))
        unit.central_unit_id = qinghe
        deputy, central = county.people["刘芳"], county.people["王建国"]
        for person, role, where in ((deputy, Role.DEPUTY, qinghe), (central, Role.CENTRAL, qinghe)):
            row = Membership(bureau_id=county.bureau_id, id=new_id(), person_id=person, unit_id=where, role=role.value)
            session.add(row)


@pytest.mark.parametrize("when", ["2026-11-16 09:00", "2026-11-18 09:00"])
async def test_what_is_predicted_is_what_is_sent(
    database: Database, workplace: Workplace, county: County, varied: None, deliver: Deliver, post: Post, when: str
) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]
    before = predicted(await look(database, county, at(when)))
    await two_weeks(workplace, deliver, at(when))
    assert before == await sent(database, at(when) - timedelta(seconds=1))
    assert sum(before.values()) > 20
    assert max(before.values()) == 2


async def test_it_goes_on_from_the_middle(
    database: Database, workplace: Workplace, county: County, varied: None, deliver: Deliver, post: Post
) -> None:
    await two_weeks_until(workplace, deliver, "2026-11-18 09:00", "2026-11-23 10:00")
    middle = at("2026-11-23 10:00")
    before = predicted(await look(database, county, middle))
    await two_weeks(workplace, deliver, middle, first=False)
    assert before == await sent(database, middle)


async def two_weeks_until(workplace: Workplace, deliver: Deliver, since: str, until: str) -> None:
    day = HOURS.local(at(since)).date()
    for instant in (at(f"{day + timedelta(days=n)} {wall}") for n in range(15) for wall in TIMES):
        if at(since) <= instant <= at(until):
            workplace.clock.jump_to(instant)  # type: ignore[attr-defined]
            await tick(workplace)
            await deliver()


async def test_what_a_round_asks_of_whom(database: Database, county: County) -> None:
    async with database.write() as session:
        account = await session.get_one(Account, (county.bureau_id, "telegram", PRINCIPAL))
        account.unreachable = "blocked"
    found = await look(database, county, at("2026-11-24 08:30"))
    drill, rollout = found.rounds
    assert dict(drill.townships) == {"清河镇": 1, "西岭乡": 3}
    assert (drill.questions.least, drill.questions.most) == (4, 6)
    assert drill.questions.conditions == (("演练已开展", 6), ("演练未开展", 4))
    assert drill.past == ("t-3",)
    assert (rollout.questions.least, rollout.questions.most, rollout.minutes) == (2, 2, 1)
    assert [(one.unit, one.reason) for one in found.unreachable] == [("清河镇九年一贯制学校", "已屏蔽")]


async def test_numbers_known_for_the_period_and_everybody_at_once(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post, report: Report_
) -> None:
    """What one task has been told this month, another does not ask again; another bureau's rows do not count."""
    await make_neighbour(database, at("2026-11-16 09:00"))
    now = at("2026-11-19 11:00")
    workplace.clock.jump_to(at("2026-11-18 09:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    await deliver()
    await report("bbt", "清河镇九年一贯制学校", "2026-11-19 10:00")
    await add_task(database, county, "more", "装备清查", ROLLOUT[1:])
    found = await look(database, county, now, task_key="more")
    [more] = found.rounds
    assert [(one.name, one.units) for one in more.known] == [("故障", 1)]
    assert len(more.units) == 4
    [week, *_] = found.weeks
    wang = county.people["王建国"]
    assert found.people[wang] == "王校长(清河镇九年一贯制学校)"
    assert (week.first, week.most, week.least_most) == (date(2026, 11, 16), 3, 2)  # prompt, prompt, t-3


async def test_a_county_of_three_hundred_schools_is_looked_at_in_seconds(database: Database, county: County) -> None:
    await add_schools(database, county, 300, first_chat=2000)
    began = monotonic()
    found = await look(database, county, at("2026-11-17 09:00"))
    assert monotonic() - began < 5
    assert len(found.nags) == 303


# ---- 寒暑假, and what the calendar lacks


async def previewed_in(workplace: Workplace, calendar: WorkCalendar, now: str, days: int) -> list[str]:
    hours = OfficeHours(HOURS.zone, calendar)
    async with workplace.database.read() as session:
        found = await preview(session, workplace.bureau_id, hours, at(now), days)
    assert found is not None
    return preview_lines(found, hours)


def winter() -> WorkCalendar:
    terms = [{"from": "2026-09-01", "to": "2027-01-22"}, {"from": "2027-02-25", "to": "2027-07-09"}]
    return read({"terms": terms, "years": [2027], "holidays": {"2027-02-05..2027-02-11": "春节"}}).calendar


async def test_a_period_that_is_mostly_holiday_is_named(workplace: Workplace, county: County) -> None:
    lines = await previewed_in(workplace, winter(), "2027-02-01 09:00", 60)
    [skipped] = [line for line in lines if "应急疏散演练" in line and line.startswith("不开启")]
    assert skipped == "不开启:2月应急疏散演练(统计1月26日至2月25日),18个工作日里17天寒假,这一期不开"
    assert any("3月应急疏散演练" in line for line in lines)


async def test_what_the_preview_leaves_out_the_clock_leaves_out(workplace: Workplace, county: County) -> None:
    workplace.hours = OfficeHours(HOURS.zone, winter())
    workplace.clock.jump_to(at("2027-02-24 09:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    assert await rows(workplace.database, Round) == []
    workplace.clock.jump_to(at("2027-03-18 09:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    assert {row.period_from for row in await rows(workplace.database, Round)} == {date(2027, 2, 26)}


async def test_a_task_that_goes_by_what_the_calendar_lacks_is_named(workplace: Workplace, county: County) -> None:
    async with workplace.database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, county.tasks["bbt"]))
        task.schedule = schedule_to_json(Schedule(Frequency.TEACHING_WEEK, weeks=(6,)))
    lines = await previewed_in(workplace, WorkCalendar(), "2026-11-16 09:00", 14)
    assert "不会开启:班班通进度按学期安排,校历里还没有,请补校历(duban import calendar)" in lines
    assert not any(
        line.startswith("不会开启") for line in await previewed_in(workplace, winter(), "2026-11-16 09:00", 14)
    )


async def test_the_period_is_said(workplace: Workplace, county: County) -> None:
    lines = await previewed_in(workplace, WorkCalendar(), "2026-11-16 09:00", 14)
    assert lines.count("   统计时段:10月24日至11月25日") == 2


async def test_minutes_are_measured_where_schools_have_reported(
    database: Database, workplace: Workplace, county: County, deliver: Deliver, post: Post, report: Report_
) -> None:
    """From card to card until it was sent; a long pause counts as five minutes; of two schools nothing is said."""
    workplace.clock.jump_to(at("2026-11-18 09:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    schools = (("清河镇九年一贯制学校", "王建国"), ("西岭中学", "刘芳"), ("李村小学", "孙强"))
    [round_] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
    for number, (unit, person) in enumerate(schools):
        if number == 2:
            [bbt] = [
                one for one in (await look(database, county, at("2026-12-17 09:00"))).rounds if one.task.key == "bbt"
            ]
            assert bbt.taken is None
        async with database.write() as session:
            to, key = Recipient(county.bureau_id, 1, county.people[person]), ReportKey(round_.id, county.units[unit])
            for when in ("10:00", "10:02", "11:00"):
                await show_card(session, to, ReportCard(report=key), at(f"2026-11-19 {when}"), key=card_key(key))
        await report("bbt", unit, "2026-11-19 11:01", person=person, bbt=[2, 4] if number else [10, 14])
    [bbt] = [one for one in (await look(database, county, at("2026-12-17 09:00"))).rounds if one.task.key == "bbt"]
    assert bbt.taken == Taken(2 * 60 + 5 * 60 + 60, 3)
    assert bbt.minutes == 8
    assert any("每校约8分钟(前几期3份实际用时的中位)" in line for line in round_lines(bbt, HOURS))
