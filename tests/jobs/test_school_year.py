"""A year of one school, September to June: through imports, sweeps and services, day by day on a moving clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from db.session import Database
from db.tables import Account, AnswerRevision, Draft, Membership, Person, Report, Round, Unit
from domain.campaign import read_yaml
from domain.digest import Digest, Head
from domain.messages import ReportKey
from domain.progress import Timeliness, received_timeliness
from domain.roster import Known, read
from jobs.sweeps import tick
from services import campaigns, roster
from services.clock import VirtualClock
from services.digests import roll_up
from services.naming import named_units
from services.outbox import Recipient
from services.people import actor_of, the_bureau_by_id
from services.reporting import Outcome, submit
from services.sheets import sheet_of
from services.spreadsheets import tables_of
from services.turn import Turn
from services.workplace import Workplace
from tests.cast import HOURS, at

HEAD = "单位代码,单位名称,类别,乡镇,学生数,校长,电话,联络员,联络员电话,更名日期,停办日期,并入"
SECTION = "G1,安全股,股室,,,陈刚,0000-6210023,,,,,"
SCHOOL = "A1,柳湾小学,学校,清河镇,520,王建国,0000-6211001,张燕,0000-6211009,,,"
NURSERY = "A2,大坪幼儿园,幼儿园,清河镇,90,孙强,0000-6211002,,,,,"
OTHER = "A3,石桥小学,学校,清河镇,300,刘芳,0000-6211003,,,,,"

CAMPAIGN = """
key: year
name: 教育系统发展提升年活动
document: 云教字〔2026〕18号
tasks:
  - key: drill
    name: 应急疏散演练
    lead: 安全股
    starts: 2026-09-01
    schedule: {every: monthly}
    indicators:
      - {key: held, label: 是否开展, kind: bool, used_by: 通报}
      - {key: people, label: 参演学生, kind: int, unit: 人, used_by: 通报, only_if: {key: held, equals: true}}
"""


@dataclass
class Year:
    workplace: Workplace
    sent: dict[str, datetime] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.workplace.clock.now()

    async def import_(self, *lines: str) -> list[str]:
        """The roster as it is now; what the import says it did."""
        async with self.workplace.database.write() as session:
            there = await roster.find_bureau(session)
            known = await roster.known_units(session, there.id) if there else Known(townships=frozenset({"清河镇"}))
            plan = read(tables_of("\n".join([HEAD, *lines]).encode("utf-8-sig")), known)
            assert plan.clean, [str(problem) for problem in plan.problems]
            bureau = await roster.ensure_bureau(session, plan)
            self.workplace.bureau_id = bureau.id
            return [str(effect) for effect in await roster.apply(session, bureau.id, plan, self.now)]

    async def live_until(self, when: str) -> None:
        """A tick each working day at nine, and one at that instant."""
        clock, end = self.workplace.clock, at(when)
        assert isinstance(clock, VirtualClock)
        day = HOURS.local(self.now).date() + timedelta(days=1)
        while at(f"{day} 09:00") < end:
            if HOURS.calendar.is_working_day(day):
                clock.jump_to(at(f"{day} 09:00"))
                await tick(self.workplace)
            day += timedelta(days=1)
        clock.jump_to(end)
        await tick(self.workplace)

    async def rows(self, table: type[SQLModel], *where: Any) -> list[Any]:
        async with self.workplace.database.read() as session:
            return list((await session.exec(select(table).where(*where))).all())

    async def unit(self, code: str) -> Unit:
        [found] = await self.rows(Unit, col(Unit.code) == code)
        return found

    async def report(self, code: str) -> Report:
        """The newest report that is asked of the unit."""
        unit = await self.unit(code)
        rounds = {one.id: one.due_at for one in await self.rows(Round)}
        return max(await self.rows(Report, Report.unit_id == unit.id), key=lambda one: rounds[one.round_id])

    async def send(self, code: str, name: str, people: int, reason: str = "") -> Outcome:
        """That person submits the unit's newest report, or corrects it with a reason."""
        report = await self.report(code)
        key = ReportKey(report.round_id, report.unit_id)
        async with self.workplace.database.write() as session:
            values = {"held": True, "people": people}
            entries = {one: {"v": value, "words": ""} for one, value in values.items()}
            draft = await session.get(Draft, (report.bureau_id, *key)) or Draft(
                bureau_id=report.bureau_id, **_keys(key)
            )
            draft.entries, draft.revision = entries, draft.revision + 1
            draft.stood_at = draft.changed_at = self.now
            session.add(draft)
            await session.flush()
            return await submit(await self.turn(session, name), key, None, reason)

    async def turn(self, session: Any, name: str) -> Turn:
        bureau_id = self.workplace.bureau_id
        person = (await session.exec(select(Person).where(Person.name == name))).one()
        return Turn(
            session, await the_bureau_by_id(session, bureau_id), HOURS, Recipient(bureau_id, 1, person.id), self.now,
            self.now, 1, await actor_of(session, bureau_id, person.id),
        )  # fmt: skip

    async def bind(self, name: str, chat: int) -> None:
        async with self.workplace.database.write() as session:
            person = (await session.exec(select(Person).where(Person.name == name))).one()
            ids = {"bureau_id": person.bureau_id, "external_id": chat, "person_id": person.id}
            session.add(Account(**ids, channel="telegram", bound_at=self.now))

    async def digest(self) -> Digest:
        """Of the newest round; it would not be made if the six states did not sum to the roster."""
        newest = max(await self.rows(Round), key=lambda one: one.due_at)
        head = Head(1, self.now, "Asia/Shanghai", "云溪县教育局", "年")
        async with self.workplace.database.read() as session:
            return await roll_up(session, self.workplace.bureau_id, head, [newest])


def _keys(key: ReportKey) -> dict[str, int]:
    return {"round_id": key.round_id, "unit_id": key.unit_id}


@pytest.fixture
async def year(database: Database) -> Any:
    clock = VirtualClock(at("2026-09-01 08:30"), speed=0)
    made = Year(Workplace(database, clock, 0, HOURS))
    await made.import_(SECTION, SCHOOL, NURSERY, OTHER)
    async with database.write() as session:
        await campaigns.apply(session, made.workplace.bureau_id, read_yaml(CAMPAIGN).plan, made.now)
    for chat, name in enumerate(("王建国", "张燕", "孙强", "刘芳"), 101):
        await made.bind(name, chat)
    yield made
    await made.workplace.nursery.cancel()


async def _autumn_and_winter(year: Year) -> None:
    for month in ("2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02"):
        await year.live_until(f"{month}-22 10:00")
        assert await year.send("A1", "王建国", 500) is Outcome.DONE
        assert await year.send("A3", "刘芳", 280) is Outcome.DONE


async def _a_new_principal_in_march(year: Year) -> None:
    before = await year.rows(Membership)
    told = await year.import_(
        SECTION, SCHOOL.replace("王建国,0000-6211001", "李明,0000-6211010"), NURSERY, OTHER
    )  # fmt: skip
    assert set(told) >= {"新增 柳湾小学:校长李明", "结束 柳湾小学:校长王建国"}
    after = {row.id: row for row in await year.rows(Membership)}
    assert [row.role for row in before if after[row.id].ended_at] == ["principal"]
    await year.live_until("2027-03-22 10:00")
    assert await year.send("A1", "王建国", 400) is Outcome.NOT_YOURS
    assert (await year.report("A1")).state == "pending"
    assert await year.send("A1", "张燕", 505) is Outcome.DONE  # the deputy stayed, with the account and no new code
    assert len(await year.rows(Account)) == 4
    assert len(await year.rows(Account, col(Account.closed_at).is_(None))) == 4


async def _a_merged_kindergarten_in_april(year: Year) -> None:
    await year.live_until("2027-04-19 10:00")
    [task] = (await year.digest()).tasks
    assert (task.counts.roster, task.counts.expected) == (3, 3)
    await year.import_(NURSERY.replace(",,,,,", ",,,,2027-04-22,A3"))
    await year.live_until("2027-04-21 10:00")
    assert (await year.report("A2")).state == "pending"
    await year.live_until("2027-04-22 09:00")
    report = await year.report("A2")
    assert (report.state, report.state_reason) == ("exempt", "停办:2027-04-22起停办或并入他校")
    [task] = (await year.digest()).tasks
    assert (task.counts.roster, task.counts.expected, task.counts.exempt) == (3, 2, 1)
    assert await year.send("A2", "孙强", 80) is Outcome.NOT_YOURS
    assert await year.send("A1", "张燕", 505) is Outcome.DONE
    async with year.workplace.database.read() as session:
        turn = await year.turn(session, "刘芳")
        assert await named_units(turn, "大坪幼儿园80人") == {(await year.unit("A3")).id}


async def _a_new_name_in_may(year: Year) -> None:
    await year.live_until("2027-05-19 10:00")
    open_round = await year.report("A1")
    school = SCHOOL.replace("王建国,0000-6211001", "李明,0000-6211010")
    await year.import_(school.replace("柳湾小学", "柳湾希望小学").replace("0000-6211009,", "0000-6211009,2027-05-21"))
    assert (await year.unit("A1")).name == "柳湾小学"
    await year.live_until("2027-05-21 09:00")
    assert (await year.unit("A1")).name == "柳湾希望小学"
    async with year.workplace.database.read() as session:
        turn = await year.turn(session, "张燕")
        assert await named_units(turn, "柳湾小学510人") == {(await year.unit("A1")).id}
        sheet = await sheet_of(session, turn.bureau.id, ReportKey(open_round.round_id, open_round.unit_id))
        assert sheet is not None
        assert (sheet.unit.name, sheet.is_open) == ("柳湾希望小学", True)
    assert await year.send("A1", "张燕", 510) is Outcome.DONE
    [task] = (await year.digest()).tasks
    assert task.counts.roster == 2  # the kindergarten is not asked any more


async def _a_corrected_report_in_june(year: Year) -> None:
    await year.live_until("2027-06-22 10:00")
    assert await year.send("A1", "张燕", 512) is Outcome.DONE
    first = await year.report("A1")
    await year.live_until("2027-06-28 10:00")  # after the due day, before the lock
    assert await year.send("A1", "张燕", 521) is Outcome.REASON_WANTED
    assert await year.send("A1", "张燕", 521, "核实后更准") is Outcome.DONE
    again = await year.report("A1")
    assert (again.first_received_at, again.receipt_number) == (first.first_received_at, first.receipt_number)
    assert (again.state, again.versions) == ("submitted", 2)
    told = await year.rows(AnswerRevision, AnswerRevision.round_id == again.round_id, AnswerRevision.key == "people")
    mine = sorted((row for row in told if row.unit_id == again.unit_id), key=lambda row: row.version)
    assert [(row.amount, row.reason) for row in mine] == [(512, ""), (521, "核实后更准")]
    await year.live_until("2027-07-05 10:00")
    assert await year.send("A1", "张燕", 530, "再改") is Outcome.LOCKED


async def _ten_reports_on_time(year: Year) -> None:
    unit = await year.unit("A1")
    rounds = {one.id: one for one in await year.rows(Round)}
    reports = await year.rows(Report, Report.unit_id == unit.id)
    how = [
        received_timeliness(one.first_received_at, rounds[one.round_id].due_at, rounds[one.round_id].grace_until)
        for one in reports
        if one.first_received_at
    ]
    assert how == [Timeliness.ON_TIME] * 10
    assert sorted(rounds[one.round_id].due_at.date() for one in reports)[0] < date(2026, 10, 1)


@pytest.mark.slow
async def test_a_year_of_one_school(year: Year) -> None:
    await _autumn_and_winter(year)
    await _a_new_principal_in_march(year)
    await _a_merged_kindergarten_in_april(year)
    await _a_new_name_in_may(year)
    await _a_corrected_report_in_june(year)
    await _ten_reports_on_time(year)
