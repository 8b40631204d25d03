"""Rounds by other schedules and of other units, through the sweeps."""

from __future__ import annotations

from datetime import date

from sqlalchemy import event

from db.session import Database
from db.tables import Membership, Outbox, Report, Role, Round, Task, Unit
from domain.calendar import OfficeHours
from domain.calendar_file import read
from domain.rounds import Frequency, Schedule, Vacation
from jobs.sweeps import open_rounds, tick
from services.clock import VirtualClock
from services.preview import preview
from services.schedule import schedule_to_json
from services.workplace import Workplace
from tests.cast import CHIEF, HOURS, PRINCIPAL, County, at
from tests.jobs.test_rounds import rows


async def put(database: Database, county: County, key: str, **more: object) -> None:
    async with database.write() as session:
        task = await session.get_one(Task, (county.bureau_id, county.tasks[key]))
        for name, value in more.items():
            setattr(task, name, schedule_to_json(value) if isinstance(value, Schedule) else value)


def jump(workplace: Workplace, when: str) -> None:
    workplace.clock.jump_to(at(when))  # type: ignore[attr-defined]


async def test_every_friday_for_a_month(database: Database, workplace: Workplace, county: County) -> None:
    weekly = Schedule(Frequency.WEEKLY, weekday=5, opens_before=2, vacation=Vacation.KEEP)
    await put(database, county, "bbt", schedule=weekly, starts_on=date(2026, 11, 1))
    workplace.clock = VirtualClock(at("2026-11-02 08:00"), speed=0)
    for day in range(2, 28):
        jump(workplace, f"2026-11-{day:02} 09:00")
        await tick(workplace)
    found = await rows(database, Round, Round.task_id == county.tasks["bbt"])
    assert sorted((row.label, row.period_from.day, row.period_to.day) for row in found) == [
        ("2026年11月第1周", 31, 6), ("2026年11月第2周", 7, 13), ("2026年11月第3周", 14, 20),
        ("2026年11月第4周", 21, 27),
    ]  # fmt: skip


async def test_the_friday_of_teaching_week_six(database: Database, workplace: Workplace, county: County) -> None:
    calendar = read({"terms": [{"from": "2026-09-01", "to": "2027-01-22"}]}).calendar
    workplace.hours = OfficeHours(HOURS.zone, calendar)
    await put(database, county, "bbt", schedule=Schedule(Frequency.TEACHING_WEEK, weeks=(6,)))
    workplace.clock = VirtualClock(at("2026-09-29 09:00"), speed=0)
    await tick(workplace)
    [found] = await rows(database, Round, Round.task_id == county.tasks["bbt"])
    assert (found.label, found.due_at) == ("2026年秋季第6教学周", at("2026-10-09 17:00"))


async def test_sections_report_too(database: Database, workplace: Workplace, county: County) -> None:
    """The task asks sections: both owe it, no school does, and the section's 联络员 is prompted."""
    await put(database, county, "drill", asks="section", stages="")
    await put(database, county, "bbt", asks="school,section")
    async with database.write() as session:
        session.add(
            Membership(bureau_id=county.bureau_id, id=77, person_id=county.people["陈刚"],
                       unit_id=county.units["安全股"], role=Role.DEPUTY.value)
        )  # fmt: skip
    async with database.read() as session:
        seen = await preview(session, county.bureau_id, HOURS, at("2026-11-18 08:00"), 7)
    assert seen is not None
    foreseen = {one.task.key: {unit.name for unit in one.units} for one in seen.rounds}
    await tick(workplace)
    owed: dict[str, set[str]] = {}
    units = {row.id: row.name for row in await rows(database, Unit)}
    tasks = {row.id: row.task_id for row in await rows(database, Round)}
    keys = {task_id: key for key, task_id in county.tasks.items()}
    for report in await rows(database, Report):
        owed.setdefault(keys[tasks[report.round_id]], set()).add(units[report.unit_id])
    assert owed == foreseen
    assert owed["drill"] == {"安全股", "装备站"}
    assert owed["bbt"] == {"安全股", "装备站", "清河镇九年一贯制学校", "西岭中学", "李村小学", "桥头小学"}
    prompts = {row.chat_id: row.payload for row in await rows(database, Outbox, Outbox.kind == "prompt")}
    assert len(prompts[CHIEF]["reports"]) == 2
    assert len(prompts[PRINCIPAL]["reports"]) == 1


async def test_a_tick_with_nothing_to_open_reads_little(
    database: Database, workplace: Workplace, county: County
) -> None:
    """However long a task runs: one statement for the tasks, one for their last rounds, no questionnaire."""
    await tick(workplace)
    said: list[str] = []
    engine = database.engine.sync_engine
    listener = lambda _c, _u, statement, *_: said.append(statement)  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    async with database.write() as session:
        await open_rounds(session, workplace)
    event.remove(engine, "before_cursor_execute", listener)
    about = [one for one in said if "FROM round" in one]
    assert len(about) == 1
    assert "questionnaire" not in about[0]
