"""Rosters as clerks write them: variants of headings, bad rows, and good rows that survive them."""

from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import Basics
from domain.roster import Cell, Known, Roster, Stage, Table, aliases, read
from domain.roster.cells import count, day, phone, stages
from services.spreadsheets import Unreadable, tables_of

HEAD: list[Cell] = [
    "单位代码",
    "单位名称",
    "乡镇",
    "中心校",
    "学生数",
    "教职工数",
    "教学班数",
    "校长",
    "电话",
    "停办日期",
    "并入",
]


def row(code: str, name: str, **more: Cell) -> list[Cell]:
    cells: dict[str, Cell] = {"单位代码": code, "单位名称": name, "乡镇": "清河镇"} | more
    return [cells.get(str(title)) for title in HEAD]


def roster(*rows: list[Cell], known: Known | None = None) -> Roster:
    return read([Table("", [HEAD, *rows])], known)


def reasons(found: Roster) -> list[str]:
    return [str(problem) for problem in found.problems]


def test_it_reads_a_plain_row() -> None:
    found = roster(
        row("A1", "柳湾小学", 学生数="５２４人", 教职工数=42.0, 教学班数="1,014", 校长="欧阳建国", 电话="0000-6210001")
    )
    (unit,) = found.units
    assert found.problems == ()
    assert unit.basics == Basics(524, 42, 1014)
    assert unit.stages == (Stage.PRIMARY,)
    assert unit.people[0].salutation == "欧阳校长"


@pytest.mark.parametrize(
    "titles",
    [
        ["学校标识码", "学校名称", "所在乡镇", "在校生", "校长姓名", "联系电话"],
        ["代码", "名 称", "乡镇(街道)", "学生数(人)", "校(园)长", "手机号码"],
        ["编号", "*学校(单位)名称", "镇", "在册学生:", "姓名", "电话(必填)"],
        ["代码", "单位全称", "学校", "乡镇", "学生人数", "负责人"],
    ],
)
def test_headings_come_in_many_forms(titles: list[Cell]) -> None:
    known = {"学校标识码", "代码", "编号"}
    data: list[Cell] = ["A1" if title in known else "柳湾小学" if "名" in str(title) and "姓" not in str(title) else
                        "柳湾小学" if title == "学校" else "清河镇" if "镇" in str(title) else
                        "120" if "生" in str(title) else "0000-6210001" if "话" in str(title) or "手机" in str(title)
                        else "王建国" for title in titles]  # fmt: skip
    (unit,) = read([Table("", [["云溪县学校名册"], titles, data])]).units
    assert (unit.code, unit.name, unit.township, unit.basics.students) == ("A1", "柳湾小学", "清河镇", 120)
    assert unit.people[0].name == "王建国"


def test_a_heading_of_two_storeys() -> None:
    upper: list[Cell] = ["代码", "学校名称", "乡镇", "校长", "校长", "填报人", "填报人"]
    lower: list[Cell] = ["代码", "学校名称", "乡镇", "姓名", "电话", "姓名", "电话"]
    data: list[Cell] = ["A1", "柳湾小学", "清河镇", "王建国", "0000-6210001", "张三", "0000-6210002"]
    (unit,) = read([Table("", [["名册"] * 7, upper, lower, data])]).units
    assert [(p.name, p.phone, p.roles[0]) for p in unit.people] == [
        ("王建国", "0000-6210001", "principal"), ("张三", "0000-6210002", "deputy"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "reason", "kept"),
    [
        ([row("", "柳湾小学")], "缺单位代码", 0),
        ([row("A1", "")], "缺单位名称", 0),
        ([row("A1", "柳湾小学", 学生数="五百多")], "请填整数(现在是“五百多”)", 0),
        ([row("A1", "柳湾小学", 学生数=-3)], "请填整数", 0),
        ([row("A1", "柳湾小学", 学生数=99999999)], "数太大", 0),
        ([row("A1", "柳湾小学", 停办日期="去年")], "请填日期", 0),
        ([row("A1", "柳湾小学", 停办日期="2026-02-30")], "没有这一天", 0),
        ([row("A1", "柳湾小学", 校长="王建国", 电话="1.38E+10")], "科学计数", 0),
        ([row("A1", "柳湾小学", 校长="王建国", 电话="123")], "电话位数不对", 0),
        ([row("A1", "柳湾小学", 电话="0000-6210001")], "有电话没有姓名", 0),
        ([row("A1", "柳湾")], "看不出学段", 0),
        ([row("A1", "柳湾小学", 乡镇=None)], "缺乡镇", 0),
        ([row("A1", "柳湾小学", 并入="大坪小学")], "请同时填停办日期", 0),
        ([row("A1", "柳湾小学"), row("a1", "大坪小学")], "代码与第2行柳湾小学重复", 1),
        ([row("A1", "柳湾小学"), row("A2", "柳湾小学")], "名称与第2行重复", 1),
        ([row("A1", "柳湾小学", 校长="王建国", 电话="0000-6210001"),
          row("A2", "大坪小学", 校长="李明", 电话="0000-6210001")], "与第2行柳湾小学王建国的相同", 1),
        ([row("A1", "柳湾小学", 中心校="大坪小学"), row("A2", "大坪小学", 中心校="A1")], "绕成了圈", 0),
        ([row("A1", "柳湾小学", 中心校="大评小学"), row("A2", "大坪小学")], "是不是“大坪小学”", 2),
        ([row("A1", "柳湾小学", 中心校="大坪小学"), row("", "大坪小学")], "那一行有错", 1),
    ],
)  # fmt: skip
def test_bad_rows_are_listed_and_the_others_kept(rows: list[list[Cell]], reason: str, kept: int) -> None:
    found = roster(*rows)
    assert reason in "\n".join(reasons(found))
    assert len(found.units) == kept


def test_an_unknown_township_names_the_nearest() -> None:
    found = roster(row("A1", "柳湾小学", 乡镇="青河镇"), known=Known(townships=frozenset({"清河镇", "西岭镇"})))
    assert reasons(found) == [
        "第2行「乡镇」:没有这个乡镇。是不是“清河镇”?确是新乡镇的,请在表中加一行,类别填“乡镇”(现在是“青河镇”)"
    ]


def test_a_lonely_township_is_doubted_but_taken() -> None:
    found = roster(*(row(f"A{n}", f"第{n}村小学") for n in range(3)), row("B1", "大坪小学", 乡镇="青河镇"))
    assert reasons(found) == ["第5行「乡镇」:只有这一家,是不是“清河镇”?(现在是“青河镇”)"]
    assert len(found.units) == 4


def test_one_list_holds_everything() -> None:
    found = roster(row("", "柳湾小学", 学生数="很多"), row("A2", "", 停办日期="明年"), row("A3", "大坪小学"))
    assert [(p.place.row if p.place else 0, p.column) for p in found.problems] == [
        (2, "单位代码"), (2, "学生数"), (3, "单位名称"), (3, "停办日期"),
    ]  # fmt: skip
    assert [unit.code for unit in found.units] == ["A3"]


def test_one_person_may_head_two_schools() -> None:
    same = {"校长": "王建国", "电话": "0000-6210001"}
    assert roster(row("A1", "柳湾小学", **same), row("A2", "大坪小学", **same)).clean


def test_notes_blank_rows_and_totals_are_no_units() -> None:
    note: list[Cell] = ["注:以九月为准"] * len(HEAD)
    found = roster(row("A1", "柳湾小学"), [None] * len(HEAD), row("合计", "", 学生数=3), note)
    assert found.clean
    assert len(found.units) == 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [([], "没有找到表头"), ([["甲", "乙"], ["丙"]], "没有找到表头"),
     ([["学校名称", "乡镇"], ["柳湾小学", "清河镇"]], "单位代码"), ([HEAD], "没有数据")],
)  # fmt: skip
def test_a_wrong_sheet_says_what_to_do(rows: list[list[Cell]], reason: str) -> None:
    found = read([Table("名册", rows)])
    assert reason in "".join(reasons(found))
    assert found.units == ()


@pytest.mark.parametrize(
    ("cell", "value"),
    [("2026年9月1日", date(2026, 9, 1)), ("2026.9.1", date(2026, 9, 1)), ("２０２６－９－１", date(2026, 9, 1)),
     ("20260901", date(2026, 9, 1)), ("2026年9月", date(2026, 9, 1)), (46266, date(2026, 9, 1)),
     (datetime.fromisoformat("2026-09-01"), date(2026, 9, 1)), (None, None)],
)  # fmt: skip
def test_days_as_people_write_them(cell: Cell, value: date | None) -> None:
    assert day(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0000-6210001", "0000-6210001"), ("0000－6210001", "0000-6210001"), ("(0000)6210001", "0000-6210001"),
     (6210001, "6210001"), ("+86 100 0000 0000", "10000000000"), (None, "")],
)  # fmt: skip
def test_phones_as_people_write_them(cell: Cell, value: str) -> None:
    assert phone(cell) == value


def test_stages_may_be_several() -> None:
    assert stages("小学、初中", "x") == (Stage.PRIMARY, Stage.JUNIOR)
    assert stages(None, "高坪九年一贯制学校") == (Stage.PRIMARY, Stage.JUNIOR)
    assert count("14个班") == 14


@pytest.mark.parametrize(
    ("name", "alias"),
    [("城关镇第一小学", "一小"), ("城关镇第一小学", "城关一小"), ("云溪县第一中学", "县一中"),
     ("清河镇中心小学", "镇小"), ("清河镇中心小学", "中心校"), ("清河镇中心小学", "清河小学"),
     ("清河镇九年一贯制学校", "清河学校"), ("云溪县实验小学", "实小"),
     ("云溪县特殊教育学校", "特校"), ("清河镇中心幼儿园", "清河中心园"), ("西岭镇初级中学", "西岭中学")],
)  # fmt: skip
def test_short_names_people_use(name: str, alias: str) -> None:
    assert alias in aliases(name)
    assert name not in aliases(name)


def test_no_alias_is_a_mere_kind() -> None:
    mere = {"小学", "学校", "中学", "幼儿园", "中心小学"}
    assert not mere & {*aliases("清河镇小学"), *aliases("云溪县学校"), *aliases("清河镇中心小学")}


junk = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(allow_nan=True), st.booleans(),
    st.dates(), st.datetimes(),
    st.sampled_from(["是", "2026-13-01", "0000-6210001", "=1+1", "合计", "教育局", "乡镇", "A1", "清河镇", "注:"]),
)  # fmt: skip


@given(st.lists(st.lists(junk, max_size=14), max_size=12), st.integers(0, 12))
def test_junk_never_crashes_and_never_costs_a_good_row(rows: list[list[Cell]], at: int) -> None:
    good = [row(f"GOOD{n}", f"好{n}村小学", 学生数=n, 校长=f"王好{n}", 电话=f"0000-629000{n}") for n in range(3)]
    found = read([Table("", [HEAD, *good, *rows[:at], *rows[at:]])], Known(townships=frozenset({"清河镇"})))
    assert [unit.code for unit in found.units[:3]] == ["GOOD0", "GOOD1", "GOOD2"]
    assert [unit.basics.students for unit in found.units[:3]] == [0, 1, 2]


@given(st.lists(st.lists(junk, max_size=14), max_size=20))
def test_any_sheet_is_read_or_refused(rows: list[list[Cell]]) -> None:
    found = read([Table("表", rows)])
    assert found.units or found.problems or found.bureau.name or found.clean


@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Unreadable):
        assert all(unit.code and unit.name for unit in read(tables_of(raw)).units)


@pytest.mark.parametrize(("said", "means"), [("是", True), ("否", False), (None, None)])
def test_sharing_of_phone_numbers_is_the_bureaus_to_turn_on(said: Cell, means: bool | None) -> None:
    heads: list[Cell] = ["类别", "单位代码", "单位名称", "乡镇", "校长", "电话", "手机号开通"]
    bureau: list[Cell] = ["教育局", None, "云溪县教育局", None, None, None, said]
    found = read([Table("", [heads, bureau])])
    assert found.bureau.name == "云溪县教育局"
    assert found.bureau.contact_sharing is means
    without = read([Table("", [heads[:-1], bureau[:-1]])])
    assert without.bureau.contact_sharing is None


def test_sharing_of_phone_numbers_is_yes_or_no() -> None:
    heads: list[Cell] = ["类别", "单位代码", "单位名称", "乡镇", "校长", "电话", "手机号开通"]
    found = read([Table("", [heads, ["教育局", None, "云溪县教育局", None, None, None, "也许"]])])
    assert any("请填“是”或“否”" in str(problem) for problem in found.problems)
