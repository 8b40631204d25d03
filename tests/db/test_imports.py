"""Rosters and campaigns in a store: repeated they change nothing; what is committed is what the file says."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, col, select

from db.ids import new_id
from db.session import Database
from db.tables import (
    Account,
    Alias,
    Bureau,
    Campaign,
    Membership,
    Person,
    Round,
    Task,
    TaskChange,
    TaskIndicator,
    TaskSupport,
    Unit,
)
from domain.campaign import ChangeKind, read_sheets, read_yaml
from domain.codec import questionnaire_from_json
from domain.roster import Known, Roster, Stage, Table, read
from services import campaigns, roster
from services.people import actor_of
from services.roster import Change, Effect
from services.spreadsheets import tables_of, write_workbook

ROOT = Path(__file__).parents[2]
NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
HEAD = "单位代码,单位名称,类别,乡镇,中心校,学生数,校长,电话,联络员,联络员电话,更名日期,停办日期,并入,别名"


def csv(*lines: str) -> Roster:
    tables = tables_of("\n".join([HEAD, *lines]).encode("utf-8-sig"))
    return read(tables, Known(townships=frozenset({"清河镇", "西岭镇"})))


async def put(database: Database, plan: Roster, now: datetime = NOW) -> list[Effect]:
    assert plan.clean, [str(problem) for problem in plan.problems]
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        return await roster.apply(session, bureau.id, plan, now)


async def every(database: Database, model: type[SQLModel]) -> list[SQLModel]:
    async with database.read() as session:
        return list((await session.exec(select(model))).all())


async def roles(database: Database, unit: str) -> set[tuple[str, str]]:
    """(role, person) present at the unit of that code."""
    statement = (
        select(Membership.role, Person.name)
        .join(Person, col(Person.id) == Membership.person_id)
        .join(Unit, col(Unit.id) == Membership.unit_id)
        .where(Unit.code == unit, col(Membership.ended_at).is_(None))
    )
    async with database.read() as session:
        return set((await session.exec(statement)).all())


async def names(database: Database, unit: str) -> dict[str, str]:
    """Alias → source."""
    statement = select(Alias.text, Alias.source).join(Unit, col(Unit.id) == Alias.unit_id).where(Unit.code == unit)
    async with database.read() as session:
        return dict((await session.exec(statement)).all())


async def unit(database: Database, code: str) -> Unit:
    async with database.read() as session:
        return (await session.exec(select(Unit).where(Unit.code == code))).one()


async def test_the_sample_county(database: Database) -> None:
    plan = roster.read_roster(ROOT / "samples" / "roster.csv")
    await put(database, plan)
    units = await every(database, Unit)
    schools = [one for one in units if one.kind == "school"]
    gardens = [one for one in schools if one.stages == Stage.KINDERGARTEN.value]
    assert (len(schools), len(gardens), len({one.township for one in schools})) == (64, 12, 8)
    (bureau,) = await every(database, Bureau)
    assert (bureau.name, bureau.office_contact, bureau.office_phone, bureau.duty_phone) == (
        "云溪县教育局", "李干事", "0000-6210001", "0000-6210110",
    )  # fmt: skip
    first = await unit(database, "QH01")
    assert (first.name, first.students, first.staff, first.classes) == ("清河镇九年一贯制学校", 524, 42, 14)
    assert {"清河学校", "清河镇学校"} <= set(await names(database, "QH01"))
    assert await roles(database, "GS01") == {("office", "李明轩"), ("section", "李明轩")}
    assert ("central", "刘晓东") in await roles(database, "QH02")
    assert all(one.phone.startswith("0000-62") for one in await every(database, Person))


async def test_a_second_import_changes_nothing(database: Database) -> None:
    plan = roster.read_roster(ROOT / "samples" / "roster.csv")
    assert len(await put(database, plan)) == 76
    before = [len(await every(database, model)) for model in (Unit, Person, Membership, Alias)]
    assert await put(database, plan, NOW + timedelta(days=1)) == []
    assert [len(await every(database, model)) for model in (Unit, Person, Membership, Alias)] == before


async def test_what_changed_is_said_and_nothing_doubled(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,120,王建国,0000-6210001"))
    effects = await put(database, csv("A1,柳湾小学,,清河镇,,131,王建国,0000-6210002", "A2,大坪小学,,清河镇,,90"))
    assert [str(effect) for effect in effects] == ["变更 柳湾小学:学生数、电话", "新增 大坪小学"]
    (person,) = await every(database, Person)
    assert person.phone == "0000-6210002"


async def test_columns_the_file_lacks_are_left_alone(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,120,王建国,0000-6210001"))
    short = read(tables_of("代码,学校名称,班数\nA1,柳湾小学,6\n".encode()), Known({"A1": "柳湾小学"}))
    assert [str(effect) for effect in await put(database, short)] == ["变更 柳湾小学:教学班数"]
    kept = await unit(database, "A1")
    assert (kept.students, kept.classes, kept.township) == (120, 6, "清河镇")
    assert await roles(database, "A1") == {("principal", "王建国")}


async def test_a_new_principal_takes_over(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001,张燕,0000-6210009"))
    effects = await put(database, csv("A1,柳湾小学,,清河镇,,,李明,0000-6210002,张燕,0000-6210009"))
    assert {str(effect) for effect in effects} == {
        "变更 柳湾小学:联系人、电话", "结束 柳湾小学:校长王建国", "新增 柳湾小学:校长李明",
    }  # fmt: skip
    assert await roles(database, "A1") == {("principal", "李明"), ("deputy", "张燕")}


async def test_a_principal_who_moves_keeps_the_account(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001", "A2,大坪小学,,清河镇,,,李明,0000-6210002"))
    async with database.write() as session:
        person = (await session.exec(select(Person).where(Person.name == "王建国"))).one()
        session.add(Account(bureau_id=person.bureau_id, external_id=7, person_id=person.id, bound_at=NOW))
    await put(database, csv("A1,柳湾小学,,清河镇", "A2,大坪小学,,清河镇,,,王建国,0000-6210001"))
    async with database.read() as session:
        actor = await actor_of(session, person.bureau_id, person.id)
    assert actor is not None
    assert [(holding.unit_name, holding.role.value) for holding in actor.holdings] == [("大坪小学", "principal")]


async def test_what_a_colleague_was_handed_stays(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001"))
    async with database.write() as session:
        person = (await session.exec(select(Person))).one()
        helper = Person(bureau_id=person.bureau_id, id=new_id(), name="张燕")
        session.add(helper)
        await session.flush()
        there = (await session.exec(select(Unit))).one()
        session.add(Membership(bureau_id=person.bureau_id, id=new_id(), person_id=helper.id, unit_id=there.id,
                               role="deputy", given_by=person.id))  # fmt: skip
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001,陈东,0000-6210003"))
    assert await roles(database, "A1") == {("principal", "王建国"), ("deputy", "张燕"), ("deputy", "陈东")}


async def test_one_person_heads_two_schools_and_is_one_row(database: Database) -> None:
    same = "王建国,0000-6210001"
    await put(database, csv(f"A1,柳湾小学,,清河镇,,,{same}", f"A2,大坪小学,,清河镇,,,{same}"))
    assert len(await every(database, Person)) == 1
    assert await put(database, csv(f"A1,柳湾小学,,清河镇,,,{same}", f"A2,大坪小学,,清河镇,,,{same}")) == []


async def test_a_new_name_now(database: Database) -> None:
    await put(database, csv("A1,清河镇柳湾小学,,清河镇"))
    effects = await put(database, csv("A1,清河镇希望小学,,清河镇"))
    assert str(effects[0]) == "变更 清河镇柳湾小学:更名为清河镇希望小学;名称"
    found = await names(database, "A1")
    assert (found["清河镇希望小学"], found["清河镇柳湾小学"]) == ("name", "former")


async def test_a_new_name_from_a_day_to_come(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇"))
    await put(database, csv("A1,希望小学,,清河镇,,,,,,,2026-12-01"))
    assert (await unit(database, "A1")).name == "柳湾小学"
    bureau_id = (await unit(database, "A1")).bureau_id
    async with database.write() as session:
        assert await roster.settle(session, bureau_id, NOW) == []
        effects = await roster.settle(session, bureau_id, NOW + timedelta(days=9))
    assert [str(effect) for effect in effects] == ["变更 柳湾小学:更名为希望小学"]
    assert (await unit(database, "A1")).name == "希望小学"
    assert (await names(database, "A1"))["柳湾小学"] == "former"


async def test_a_school_is_merged_into_another(database: Database) -> None:
    await put(database, csv("A1,大坪小学,,清河镇,,,王建国,0000-6210001", "A2,柳湾小学,,清河镇,,,李明,0000-6210002"))
    effects = await put(
        database,
        csv("A1,大坪小学,,清河镇,,,王建国,0000-6210001", "A2,柳湾小学,,清河镇,,,李明,0000-6210002,,,,2026-11-01,A1"),
    )
    assert Effect(Change.ENDED, "柳湾小学", "2026-11-01起停办") in effects
    assert Effect(Change.ENDED, "柳湾小学", "校长李明") in effects
    assert await roles(database, "A2") == set()
    again = "A2,柳湾小学,,清河镇,,,李明,0000-6210002,,,,2026-11-01,A1"
    assert await put(database, csv("A1,大坪小学,,清河镇,,,王建国,0000-6210001", again)) == []
    assert (await unit(database, "A2")).merged_into_id == (await unit(database, "A1")).id
    assert (await names(database, "A1"))["柳湾小学"] == "merged"
    async with database.read() as session:
        alias = (await session.exec(select(Alias).where(Alias.source == "merged", Alias.text == "柳湾小学"))).one()
    assert (alias.since, alias.pinyin) == (date(2026, 11, 1), "liuwanxiaoxue")


async def test_a_closure_to_come_ends_roles_on_its_day(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001,,,,2026-12-31"))
    assert await roles(database, "A1") == {("principal", "王建国")}
    async with database.write() as session:
        bureau_id = (await session.exec(select(Bureau))).one().id
        await roster.settle(session, bureau_id, NOW + timedelta(days=38))
    assert await roles(database, "A1") == set()


async def test_central_schools_come_and_go(database: Database) -> None:
    await put(database, csv("A1,中心小学,,清河镇,,,王建国,0000-6210001", "A2,柳湾小学,,清河镇,A1"))
    assert ("central", "王建国") in await roles(database, "A1")
    await put(database, csv("A2,柳湾小学,,清河镇,"))
    assert await roles(database, "A1") == {("principal", "王建国")}


async def test_another_bureau_is_not_touched(database: Database) -> None:
    await put(database, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001"))
    async with database.write() as session:
        other = Bureau(id=new_id(), name="另一县教育局")
        session.add(other)
        await session.flush()
        await roster.apply(session, other.id, csv("A1,柳湾小学,,清河镇,,,王建国,0000-6210001"), NOW)
    assert len(await every(database, Person)) == 2
    async with database.read() as session:
        with pytest.raises(LookupError):
            await roster.find_bureau(session)


async def test_two_thousand_units_within_seconds(database: Database) -> None:
    rows = [
        f"C{n},清河镇第{n}村小学,,清河镇,,{n % 900},王{n}号,0000-62{n:05d},张{n}号,0000-63{n:05d}" for n in range(2000)
    ]
    content = "\n".join([HEAD, *rows]).encode()
    roster.pinyin_key("热身")  # loading pypinyin's dictionary is paid once, by whichever import comes first
    begun = time.process_time()
    plan = read(tables_of(content), Known(townships=frozenset({"清河镇"})))
    ticks: list[None] = []
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, NOW, lambda: ticks.append(None))
    took = time.process_time() - begun  # of this process: the tests run beside others
    assert len(ticks) == 2000
    assert took < 5, f"{took:.1f} s"  # 3 s is the promise, 2 s the usual; a busy machine counts more


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    plan = read(tables_of("代码,学校名称,乡镇\nA1,柳湾小学,清河镇\n".encode(encoding)))
    assert [one.name for one in plan.units] == ["柳湾小学"]


def test_a_workbook_with_titles_merged_cells_and_other_sheets() -> None:
    import io

    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "封面"
    sheet = book.create_sheet("名册")
    sheet.append(["云溪县学校名册"])
    sheet.append(["代码", "学校名称", "乡镇", "校长", None, "开办日期"])
    sheet.append([None, None, None, "姓名", "电话", None])
    sheet.append(["A1", "柳湾小学", "清河镇", "王建国", "0000-6210001", date(1998, 9, 1)])
    sheet.append(["A2", "大坪小学", None, "李明", "0000-6210002", "1999年9月"])
    for area in ("A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3", "C4:C5"):
        sheet.merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    plan = read(tables_of(buffer.getvalue()))
    assert plan.problems == ()
    assert [(one.township, one.people[0].phone, one.opened_on) for one in plan.units] == [
        ("清河镇", "0000-6210001", date(1998, 9, 1)), ("清河镇", "0000-6210002", date(1999, 9, 1)),
    ]  # fmt: skip


def test_the_sample_roster_survives_the_workbook() -> None:
    (table,) = tables_of((ROOT / "samples" / "roster.csv").read_bytes())
    rows = [["" if cell is None else str(cell) for cell in row] for row in table.rows]
    again = read(tables_of(write_workbook({"名册": rows}, {})))
    first = read([table])
    assert again.problems == first.problems == ()
    assert [replace(unit, place=None) for unit in again.units] == [replace(unit, place=None) for unit in first.units]
    assert again.bureau == first.bureau


def test_a_workbook_keeps_what_looks_like_a_formula_or_a_number() -> None:
    rows = [["代码", "内容"], ["0012", "=1+1"]]
    assert tables_of(write_workbook({"表": rows}, {})) == [Table("表", rows)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0rest", "另存为"), (b"%PDF-1.7", "不是表格"), (b"PK\x03\x04broken", "打不开"),
        (b"\x00\x01\x02\x03", "不是表格"), (b"\x81", "编码"), (b"", "没有找到表头"),
    ],
)  # fmt: skip
def test_files_that_are_no_roster(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(content)
    plan = roster.read_roster(path)
    assert not plan.clean
    assert reason in str(plan.problems[0])


def test_the_template_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "空表.xlsx"
    path.write_bytes(roster.template())
    assert ["没有数据" in str(problem) for problem in roster.read_roster(path).problems] == [True]


@pytest.mark.parametrize("name", ["campaign.yaml", "campaign-small.yaml"])
def test_a_campaign_survives_the_workbook(name: str) -> None:
    form = campaigns.read_campaign(ROOT / "samples" / name).form
    assert form is not None
    again = read_sheets(tables_of(campaigns.workbook(form)))
    assert again.problems == ()
    assert again.form == form


def test_faults_in_a_workbook_are_named_with_sheet_and_column() -> None:
    sheets = {
        "活动": [["项", "内容"], ["代码", "c"], ["活动名称", "活动"], ["口号", "x"]],
        "任务": [["任务代码", "任务名称", "牵头股室", "开始日期", "频次"], ["t", "任务", "安全股", "九月", "每旬"]],
        "指标": [["任务代码", "指标代码", "问题", "类型"], ["t", "n", "人数", "整数"], ["u", "m", "人数", "整数"]],
    }
    found = [str(problem) for problem in read_sheets(tables_of(write_workbook(sheets, {}))).problems]
    assert any(line.startswith("“活动”表第4行") for line in found)
    assert any("“任务”表第2行「开始日期」" in line and "要写日期" in line for line in found)
    assert any("“任务”表第2行「频次」" in line for line in found)
    assert any("“指标”表第3行「任务代码」" in line and "没有这个任务代码" in line for line in found)
    assert any("“指标”表第2行" in line and "缺单位" in line for line in found)


def test_a_column_without_its_group_is_named() -> None:
    sheets = {
        "活动": [["项", "内容"], ["代码", "c"], ["活动名称", "活动"]],
        "任务": [["任务代码", "任务名称", "牵头股室", "开始日期", "频次"], ["t", "事", "安全股", "2026-09-01", "每月"]],
        "指标": [
            ["任务代码", "指标代码", "问题", "类型", "最小"], ["t", "g.day", "日期", "日期", ""],
            ["t", "h", "逐次", "逐次", ""], ["t", "h.n", "人数", "整数", "很多"],
        ],
    }  # fmt: skip
    found = [str(problem) for problem in read_sheets(tables_of(write_workbook(sheets, {}))).problems]
    assert any("“指标”表第2行「指标代码」" in line and "前面没有这个逐次指标" in line for line in found)
    assert any("“指标”表第4行「最小」" in line and "要写数" in line for line in found)


async def campaign(database: Database, source: str | None = None, now: datetime = NOW) -> list[campaigns.Applied]:
    text = source or (ROOT / "samples" / "campaign-small.yaml").read_text(encoding="utf-8")
    async with database.write() as session:
        bureau = (await session.exec(select(Bureau))).one()
        return await campaigns.apply(session, bureau.id, read_yaml(text).plan, now)


@pytest.fixture
async def county(database: Database) -> Database:
    await put(database, roster.read_roster(ROOT / "samples" / "roster.csv"))
    return database


SMALL = (ROOT / "samples" / "campaign-small.yaml").read_text(encoding="utf-8")
FULL = (ROOT / "samples" / "campaign.yaml").read_text(encoding="utf-8")


async def test_the_sample_campaigns(county: Database) -> None:
    assert [one.what for one in await campaign(county)] == ["新增", "新增"]
    assert await campaign(county) == []
    tasks = {task.key: task for task in await every(county, Task)}
    assert (await unit(county, "GS02")).id == tasks["drill"].lead_unit_id
    assert len(await every(county, TaskSupport)) == 3
    rows = [one for one in await every(county, TaskIndicator) if one.task_id == tasks["bbt"].id]
    assert [one.target for one in sorted(rows, key=lambda one: one.position)] == ["100%", "", ""]
    await campaign(county, FULL)
    assert await campaign(county, FULL) == []
    assert len(await every(county, Campaign)) == 1
    assert len(await every(county, Task)) == 18


async def test_a_task_left_out_is_withdrawn_and_may_return(county: Database) -> None:
    await campaign(county, FULL)
    withdrawn = await campaign(county, SMALL)
    assert {one.what for one in withdrawn} == {"撤下", ""}
    assert sum(task.withdrawn_at is None for task in await every(county, Task)) == 2
    await campaign(county, FULL)
    assert all(task.withdrawn_at is None for task in await every(county, Task))


async def test_an_unknown_section_is_refused_before_anything_is_written(county: Database) -> None:
    with pytest.raises(campaigns.UnknownSection, match="保卫股"):
        await campaign(county, SMALL.replace("lead: 安全股", "lead: 保卫股"))
    assert await every(county, Campaign) == []


async def open_round(database: Database, key: str) -> int:
    async with database.write() as session:
        task = (await session.exec(select(Task).where(Task.key == key))).one()
        rows = await session.exec(
            select(TaskIndicator).where(TaskIndicator.task_id == task.id).order_by(col(TaskIndicator.position))
        )
        later = NOW + timedelta(days=5)
        round_ = Round(
            bureau_id=task.bureau_id, id=new_id(), task_id=task.id, label="x", period_from=NOW.date(),
            period_to=later.date(), open_at=NOW, due_at=later, grace_until=later, lock_at=later, issued_at=NOW,
            nominal_due=later.date(), occurrence="2026-10",
            questionnaire=[row.definition for row in rows.all()],
        )  # fmt: skip
        session.add(round_)
        return round_.id


async def test_wording_and_looser_limits_reach_open_rounds_and_the_log(county: Database) -> None:
    await campaign(county)
    await open_round(county, "drill")
    changed = SMALL.replace("疏散用时\n", "疏散所用时间\n").replace("maximum: 1800", "maximum: 2400")
    (one,) = await campaign(county, changed.replace("unit: 处", "unit: 个"), NOW + timedelta(hours=1))
    kinds = {(change.key, change.field): change.kind for change in one.changes}
    assert kinds == {
        ("drill_seconds", "label"): ChangeKind.WORDING, ("drill_seconds", "maximum"): ChangeKind.LOOSENED,
        ("hazard", "unit"): ChangeKind.MEANING,
    }  # fmt: skip
    assert [change.key for change in one.meant] == ["hazard"]
    (round_,) = await every(county, Round)
    asked = {indicator.key: indicator for indicator in questionnaire_from_json(round_.questionnaire)}
    assert (asked["drill_seconds"].label, asked["drill_seconds"].maximum) == ("疏散所用时间", 2400)
    assert asked["hazard"].unit == "处"
    assert {(log.key, log.kind) for log in await every(county, TaskChange)} == {
        ("drill_seconds", "wording"), ("drill_seconds", "loosened"), ("hazard", "meaning"),
    }  # fmt: skip


async def test_a_locked_round_is_left_as_it_was(county: Database) -> None:
    await campaign(county)
    await open_round(county, "drill")
    await campaign(county, SMALL.replace("疏散用时\n", "疏散所用时间\n"), NOW + timedelta(days=6))
    (round_,) = await every(county, Round)
    assert "疏散用时" in {indicator.label for indicator in questionnaire_from_json(round_.questionnaire)}
