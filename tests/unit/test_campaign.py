"""Campaign files: samples that hold the rules, files that break them, and what changed between two versions."""

import copy
import json
import re
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import (
    CampaignForm,
    ChangeKind,
    Every,
    Reading,
    changes,
    json_schema,
    read_sheets,
    read_yaml,
    sheets,
    text,
)
from domain.campaign.load import MOST_A_MONTH, MOST_A_TASK, fullest, load, numbers_in
from domain.indicators import Basic, Indicator, Kind, Nature, OnlyIf
from domain.roster import Stage, Table
from domain.rounds import Frequency, Schedule, Vacation

ROOT = Path(__file__).parents[2]
SAMPLES = ("campaign.yaml", "campaign-small.yaml")


def sample(name: str) -> Reading:
    return read_yaml((ROOT / "samples" / name).read_text(encoding="utf-8"))


def form(name: str = "campaign-small.yaml") -> CampaignForm:
    found = sample(name).form
    assert found is not None
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_strictly_good(name: str) -> None:
    assert sample(name).problems == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_survive_being_written(name: str) -> None:
    written = text.write(form(name))
    assert read_yaml(written).form == form(name)
    assert text.write(form(name)) == text.write(read_yaml(written).form or form(name))


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_no_burden(name: str, stage: Stage) -> None:
    most = fullest(form(name), stage)
    assert most.numbers <= MOST_A_MONTH
    assert all(count <= MOST_A_TASK for count in most.tasks.values())


def test_what_is_not_asked_monthly_says_why() -> None:
    for task in form("campaign.yaml").tasks:
        for indicator in task.indicators:
            assert indicator.used_by
            assert indicator.short
            assert indicator.hint
            assert "问" in indicator.help
            assert indicator.why or (indicator.required and indicator.every is None)
            assert all(column.short and column.hint and "问" in column.help for column in indicator.columns)


def test_the_eight_tasks_and_the_registered_basics_with_their_sections() -> None:
    tasks = form("campaign.yaml").tasks
    assert [task.lead for task in tasks] == [
        "领导小组办公室", "教研室", "教育股", "教育股", "安全股", "装备站", "人事股", "教育股", "计财股",
    ]  # fmt: skip


def test_schools_drill_monthly_and_kindergartens_quarterly() -> None:
    plans = {plan.key: plan for plan in sample("campaign.yaml").plan.tasks}
    assert plans["drill"].schedule.frequency is Frequency.MONTHLY
    assert Stage.KINDERGARTEN not in plans["drill"].stages
    assert plans["drill-kindergarten"].schedule.frequency is Frequency.QUARTERLY
    assert plans["drill-kindergarten"].stages == (Stage.KINDERGARTEN,)
    assert plans["drill"].indicators == plans["drill-kindergarten"].indicators


def test_what_is_asked_per_term_starts_in_its_month() -> None:
    plans = {plan.key: plan for plan in sample("campaign.yaml").plan.tasks}
    assert plans["environment-term"].starts_on == date(2027, 1, 1)
    assert plans["reform-term"].starts_on == date(2026, 10, 1)
    assert plans["feature-once"].every is Every.ONCE


def test_each_drill_is_a_row_and_boarding_schools_have_two() -> None:
    indicators = {one.key: one for plan in sample("campaign.yaml").plan.tasks for one in plan.indicators}
    drills = indicators["drills"]
    assert [column.key for column in drills.columns] == ["date", "place", "type", "students", "staff", "seconds"]
    assert (drills.boarding_minimum, drills.only_if) == (Decimal(2), OnlyIf("drill_done", equals=True))
    assert (indicators["bbt"].not_falling, indicators["guide_plans"].jump) == (True, Decimal(3))
    assert {one.sets for one in indicators.values() if one.sets} == set(Basic)


def test_the_items_of_six_are_configuration() -> None:
    six = next(i for plan in sample("campaign.yaml").plan.tasks for i in plan.indicators if i.key == "six_items")
    assert six.maximum == 6
    assert "6.写一篇成长日记" in six.help


def test_the_demo_campaign() -> None:
    drill, bbt = sample("campaign-small.yaml").plan.tasks
    keys = [indicator.key for indicator in drill.indicators]
    assert keys == [
        "drill_done", "drill_date", "drill_type", "drill_students", "drill_staff", "drill_seconds", "hazard",
        "drill_reason", "next_drill",
    ]  # fmt: skip
    assert [i.key for i in drill.indicators if i.only_if == OnlyIf("drill_done", equals=True)] == keys[1:6]
    assert [i.key for i in drill.indicators if i.only_if == OnlyIf("drill_done", equals=False)] == keys[7:]
    assert [i.key for i in bbt.indicators] == ["bbt", "bbt_fault", "bbt_plan"]
    assert bbt.stages == ()


def test_the_schema_file_is_current() -> None:
    kept = json.loads((ROOT / "docs" / "campaign.schema.json").read_text(encoding="utf-8"))
    assert kept == json_schema()


def test_the_format_page_names_every_entry() -> None:
    page = (ROOT / "docs" / "campaign-format.md").read_text(encoding="utf-8")
    for name, definition in json_schema()["$defs"].items():
        for entry in definition.get("properties", {}):
            assert f"`{entry}`" in page, f"{name}.{entry}"


SMALL: dict[str, Any] = yaml.safe_load("""
key: c
name: 活动
document: 文号
tasks:
  - key: t
    name: 任务
    lead: 安全股
    starts: "2026-09-01"
    schedule: {every: monthly}
    indicators:
      - {key: done, label: 是否开展, kind: bool, used_by: 通报}
      - {key: people, label: 人数, kind: int, unit: 人, used_by: 通报, only_if: {key: done, equals: true}}
      - {key: rest, label: 完成, kind: ratio, unit: 处, used_by: 通报}
""")
TASK = ("tasks", 0)
ONE = (*TASK, "indicators", 1)
ROWS = (*TASK, "indicators", 0)
DAY_COLUMN: dict[str, Any] = {"key": "d", "label": "日期", "kind": "date"}
GROUP: dict[str, Any] = {"key": "g", "label": "逐次", "kind": "rows", "used_by": "通报", "columns": [DAY_COLUMN]}


def changed(path: tuple[str | int, ...], value: object) -> str:
    data = copy.deepcopy(SMALL)
    part: Any = data
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def test_the_small_campaign_is_good() -> None:
    assert read_yaml(yaml.safe_dump(SMALL)).problems == ()


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ((*ONE, "uint"), "人", "[1].indicators[2].uint」:没有这个名称的项,是不是“unit”?"),
        ((*ONE, "unit"), ..., "缺单位"),
        ((*TASK, "indicators", 2, "unit"), ..., "缺单位"),
        ((*ONE, "kind"), "integer", "只能是bool、int"),
        ((*ONE, "label"), ..., "缺这一项"),
        ((*ONE, "label"), 5, "像数字的请加引号"),
        ((*ONE, "key"), "人数", "小写英文字母"),
        ((*ONE, "key"), "done", "在本任务里重复"),
        ((*ONE, "minimum"), "很多", "要写数"),
        ((*ONE, "choices"), ["甲", "乙"], "int 类不能有这一项"),
        ((*ONE, "kind"), "choice", "选项至少两个"),
        ((*ONE, "only_if"), {"key": "rest", "incomplete": True}, "排在前面"),
        ((*ONE, "only_if"), {"key": "done"}, "equals 和 incomplete 要写一个"),
        ((*ONE, "only_if"), {"key": "done", "equals": "是"}, "true 或 false"),
        ((*ONE, "only_if"), {"key": "done", "incomplete": True}, "只用于 ratio"),
        ((*ONE, "earliest"), "today", "int 类不能有这一项"),
        ((*ONE, "every"), "term", "频次不同,不会一起问"),
        ((*TASK, "indicators", 0), {"key": "d", "label": "日", "kind": "date", "earliest": "明天"}, "或年-月-日"),
        ((*TASK, "indicators", 0), {"key": "d", "label": "照片", "kind": "photo"}, "照片不能必交"),
        ((*ONE, "columns"), [{"key": "d", "label": "日", "kind": "date"}], "int 类不能有这一项"),
        ((*ONE, "boarding_minimum"), 2, "int 类不能有这一项"),
        ((*ONE, "jump"), 1, "要大于1"),
        ((*ONE, "sets"), "students", "nature: stock"),
        ((*TASK, "indicators", 2, "not_falling"), True, "nature: stock"),
        (ROWS, GROUP | {"columns": []}, "要写 columns"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN, DAY_COLUMN]}, "重复"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN | {"key": "people"}]}, "重复"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN | {"key": "more"}]}, "留用"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN | {"kind": "rows"}]}, "不能再有逐次"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN | {"every": "term"}]}, "columns[1].every」:没有这个名称的项"),
        (ROWS, GROUP | {"columns": [DAY_COLUMN | {"only_if": {"key": "done", "equals": True}}]}, "同一次里"),
        (ROWS, GROUP | {"columns": [{"key": "n", "label": "人", "kind": "int"}]}, "缺单位"),
        ((*TASK, "schedule"), {"every": "monthly", "opens_before": 0, "at": "08:00"}, "截止早于开启"),
        ((*TASK, "schedule"), {"every": "daily"}, "只能是once"),
        ((*TASK, "schedule"), {"every": "monthly", "day": 32}, "最多31"),
        ((*TASK, "schedule"), {"every": "monthly", "at": "25:00"}, "要写时刻"),
        ((*TASK, "schedule"), "monthly", "缩进"),
        ((*TASK, "starts"), "九月", "要写日期"),
        ((*TASK, "stages"), "小学", "要写成列表"),
        ((*TASK, "stages"), ["大学"], "只能是kindergarten"),
        ((*TASK, "others"), [{"stages": [name], "every": "term"} for name in ("primary", "小学")], "两种频次"),
        ((*TASK, "indicators"), [], "不能为空"),
        (("tasks",), ..., "缺这一项"),
    ],
)  # fmt: skip
def test_faults_are_named_with_line_and_key(path: tuple[str | int, ...], value: object, reason: str) -> None:
    found = read_yaml(changed(path, value))
    assert not found.good()
    assert any(reason in str(problem) for problem in found.problems), [str(p) for p in found.problems]
    assert all(problem.where.startswith("第") for problem in found.problems)


def test_limits_that_contradict() -> None:
    data = copy.deepcopy(SMALL)
    data["tasks"][0]["indicators"][1] |= {"minimum": 9, "maximum": 3, "soft_maximum": 1}
    reasons = "".join(str(problem) for problem in read_yaml(yaml.safe_dump(data)).problems)
    assert "最小值大于最大值" in reasons
    assert "要在最小值和最大值之间" in reasons


def test_the_line_is_that_of_the_entry() -> None:
    source = "key: c\nname: 活动\ntasks:\n  - key: t\n    nam: 任务\n"
    lines = {str(p).split("「")[0]: str(p) for p in read_yaml(source).problems}
    assert "tasks[1].nam" in lines["第5行"]
    assert "tasks[1].lead" in "".join(str(p) for p in read_yaml(source).problems if p.where == "第4行")


def test_shape_and_sense_are_told_in_one_list() -> None:
    data = copy.deepcopy(SMALL)
    data["tasks"][0]["indicators"][1]["uint"] = "人"
    del data["tasks"][0]["indicators"][2]["unit"]
    data["tasks"].append(copy.deepcopy(data["tasks"][0]) | {"starts": "九月"})
    reasons = [problem.reason for problem in read_yaml(yaml.safe_dump(data)).problems]
    assert [any(word in r for r in reasons) for word in ("unit", "缺单位", "要写日期", "重复")] == [True] * 4


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "空的"), ("# 只有注释\n", "空的"), ("key: [1, 2\nname: x\n", "缩进没对齐"), ("key：c\n", "缩进的各项"),
        ("\tkey: c\n", "制表符"), ("key: c\nkey: d\nname: 甲\ntasks: []\n", "写了两次"), ("- 1\n- 2\n", "缩进的各项"),
        ("a: &a [*a]\n", ""), ("key: !!python/object:os.system x\n", ""), ("一句话", "缩进的各项"),
    ],
)  # fmt: skip
def test_what_is_no_campaign_at_all(source: str, reason: str) -> None:
    found = read_yaml(source)
    assert not found.good()
    assert reason in "".join(str(problem) for problem in found.problems)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(source: str) -> None:
    assert not read_yaml(source).good()


@given(st.sampled_from([ONE, (*ONE, "key"), (*ONE, "minimum"), (*TASK, "schedule"), (*TASK, "indicators"), TASK]),
       st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=6),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
                    max_leaves=6))  # fmt: skip
def test_any_entry_is_read_or_refused(path: tuple[str | int, ...], value: object) -> None:
    found = read_yaml(changed(path, value))
    assert found.form is not None or found.problems


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"used_by": ""}, "谁用这个数"), ({"required": False}, "写一句理由"), ({"hint": "“520人”"}, "不要写数字"),
    ],
)  # fmt: skip
def test_strict_refuses(change: dict[str, object], reason: str) -> None:
    data = copy.deepcopy(SMALL)
    data["tasks"][0]["indicators"][1] |= change
    found = read_yaml(yaml.safe_dump(data))
    assert found.good()
    assert not found.good(strict=True)
    assert reason in "".join(str(problem) for problem in found.problems)


def test_strict_refuses_a_burden() -> None:
    data = copy.deepcopy(SMALL)
    data["tasks"][0]["indicators"] += [
        {"key": f"n{n}", "label": "数", "kind": "int", "unit": "个", "used_by": "通报"} for n in range(20)
    ]
    reasons = "".join(str(problem) for problem in read_yaml(yaml.safe_dump(data)).problems)
    assert "小学1月要填23个数,一项任务最多5个" in reasons
    assert "一个月最多20个" in reasons


def test_a_key_is_not_asked_twice_of_a_unit() -> None:
    data = copy.deepcopy(SMALL)
    data["tasks"].append(copy.deepcopy(data["tasks"][0]) | {"key": "t2", "name": "另一任务"})
    found = read_yaml(yaml.safe_dump(data))
    assert "已经问了这个数" in "".join(str(problem) for problem in found.problems)
    data["tasks"][0]["stages"], data["tasks"][1]["stages"] = ["primary"], ["junior"]
    assert read_yaml(yaml.safe_dump(data)).good()


def test_how_numbers_are_counted() -> None:
    indicators = {one.key: one for task in form("campaign.yaml").tasks for one in task.indicators}
    counted = [numbers_in(indicators[key]) for key in ("hazard", "bbt", "drill_done", "drills", "registered_staff")]
    assert counted == [2, 1, 0, 3, 0]  # a repeating group counts as one row, a registered basic as none
    assert load(form("campaign.yaml"), Stage.KINDERGARTEN, 10).tasks.get("drill") is None


BASE = Indicator(
    "n", "人数", Kind.INT, Nature.FLOW, "人", minimum=Decimal(1), maximum=Decimal(10), limit_from=Basic.STUDENTS
)  # fmt: skip
PICK = Indicator("p", "类型", Kind.CHOICE, Nature.FLOW, choices=("甲", "乙"))
DAY = Indicator("d", "日期", Kind.DATE, Nature.FLOW, earliest="2026-09-01", latest="period_to")


@pytest.mark.parametrize(
    ("old", "change", "kind"),
    [
        (BASE, {"label": "参演人数"}, ChangeKind.WORDING),
        (BASE, {"help": "新说明"}, ChangeKind.WORDING),
        (BASE, {"words": ("人",)}, ChangeKind.WORDING),
        (BASE, {"maximum": Decimal(20)}, ChangeKind.LOOSENED),
        (BASE, {"maximum": None}, ChangeKind.LOOSENED),
        (BASE, {"minimum": Decimal(0)}, ChangeKind.LOOSENED),
        (BASE, {"limit_from": None}, ChangeKind.LOOSENED),
        (BASE, {"required": False}, ChangeKind.LOOSENED),
        (PICK, {"choices": ("甲", "乙", "丙")}, ChangeKind.LOOSENED),
        (DAY, {"earliest": "2026-08-01"}, ChangeKind.LOOSENED),
        (DAY, {"latest": None}, ChangeKind.LOOSENED),
        (BASE, {"sets": Basic.STUDENTS}, ChangeKind.WORDING),
        (replace(BASE, soft_minimum=Decimal(4)), {"soft_minimum": Decimal(3)}, ChangeKind.LOOSENED),
        (replace(BASE, jump=Decimal(2)), {"jump": Decimal(3)}, ChangeKind.LOOSENED),
        (replace(BASE, not_falling=True), {"not_falling": False}, ChangeKind.LOOSENED),
        (BASE, {"not_falling": True}, ChangeKind.MEANING),
        (BASE, {"maximum": Decimal(5)}, ChangeKind.MEANING),
        (BASE, {"minimum": Decimal(2)}, ChangeKind.MEANING),
        (BASE, {"soft_maximum": Decimal(5)}, ChangeKind.MEANING),
        (BASE, {"unit": "个"}, ChangeKind.MEANING),
        (BASE, {"kind": Kind.NUMBER}, ChangeKind.MEANING),
        (BASE, {"only_if": OnlyIf("x", equals=True)}, ChangeKind.MEANING),
        (PICK, {"choices": ("甲", "丙")}, ChangeKind.MEANING),
        (DAY, {"earliest": "today"}, ChangeKind.MEANING),
        (DAY, {"latest": "today"}, ChangeKind.MEANING),
    ],
)
def test_what_a_change_does(old: Indicator, change: dict[str, Any], kind: ChangeKind) -> None:
    (found,) = changes([old], [replace(old, **change)])
    assert found.kind is kind
    assert found.field == next(iter(change))


GROUPED = Indicator("g", "逐次", Kind.ROWS, Nature.FLOW, columns=(BASE, DAY), boarding_minimum=Decimal(2))


def test_a_change_inside_a_group_names_its_column() -> None:
    stricter = replace(GROUPED, columns=(replace(BASE, unit="次"), replace(DAY, label="哪天"), PICK))
    found = {(change.key, change.field): change.kind for change in changes([GROUPED], [stricter])}
    assert found == {
        ("g.n", "unit"): ChangeKind.MEANING, ("g.d", "label"): ChangeKind.WORDING, ("g.p", ""): ChangeKind.MEANING,
    }  # fmt: skip
    (looser,) = changes([GROUPED], [replace(GROUPED, boarding_minimum=None)])
    assert looser.kind is ChangeKind.LOOSENED


def test_questions_that_come_and_go() -> None:
    assert [c.kind for c in changes([], [BASE])] == [ChangeKind.MEANING]
    assert [c.kind for c in changes([], [replace(BASE, required=False)])] == [ChangeKind.LOOSENED]
    assert [(c.kind, c.after) for c in changes([BASE], [])] == [(ChangeKind.LOOSENED, "")]
    assert changes([BASE, PICK], [PICK, BASE]) == []


def test_no_sample_shows_a_figure_that_could_be_copied() -> None:
    """Blanks instead of figures in every example and hint; telephones and class counts are no answers."""
    for name in SAMPLES:
        plan = read_yaml((ROOT / "samples" / name).read_text(encoding="utf-8")).plan
        for task in plan.tasks:
            shown = [task.example, *(indicator.hint for indicator in task.indicators)]
            assert not [text for text in shown if re.search(r"\d", text)], task.key


# ---- how often, and who


def scheduled(asks: str = "", **schedule: object) -> Schedule:
    said = ", ".join(f"{name}: {value}" for name, value in schedule.items())
    reading = read_yaml(SCHEDULED.format(schedule=said, asks=asks))
    assert reading.good(), [str(problem) for problem in reading.problems]
    return reading.plan.tasks[0].schedule


SCHEDULED = """
key: c
name: 活动
tasks:
  - key: t
    name: 任务
    lead: 安全股
    {asks}
    starts: 2026-09-01
    schedule: {{{schedule}}}
    indicators:
      - {{key: n, label: 数, kind: int, unit: 个}}
"""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"every": "每周", "weekday": "周五"}, Schedule(Frequency.WEEKLY, weekday=5, opens_before=2)),
        ({"every": "weekly", "weekday": 3, "opens_before": 4}, Schedule(Frequency.WEEKLY, weekday=3, opens_before=4)),
        ({"every": "每教学周"}, Schedule(Frequency.TEACHING_WEEK, opens_before=2)),
        ({"every": "teaching_week", "weeks": "[12, 6]"}, Schedule(Frequency.TEACHING_WEEK, weeks=(6, 12))),
        ({"every": "monthly", "day": "last"}, Schedule(Frequency.MONTHLY, day=31)),
        ({"every": "monthly", "day": "最后一个工作日"}, Schedule(Frequency.MONTHLY, day=31, last_working=True)),
        ({"every": "按事件", "event": "开学", "offset": -3}, Schedule(Frequency.EVENT, event="开学", offset=-3)),
        ({"every": "monthly", "vacation": "并入下期"}, Schedule(Frequency.MONTHLY, vacation=Vacation.MERGE)),
        ({"every": "monthly", "at": '"17:30"'}, Schedule(Frequency.MONTHLY, at=time(17, 30))),
        ({"asks": "asks: [股室]", "every": "monthly"}, Schedule(Frequency.MONTHLY, vacation=Vacation.KEEP)),
    ],
)
def test_how_often_a_task_may_be_asked(said: dict[str, str], meant: Schedule) -> None:
    assert scheduled(**said) == meant


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"every": "monthly", "at": '"20:00"'}, "截止时刻要在08:30到17:30之间"),
        ({"every": "monthly", "at": '"08:00"'}, "截止时刻要在08:30到17:30之间"),
        ({"every": "event"}, "按事件的要写校历里事件的名称"),
        ({"every": "monthly", "event": "开学"}, "只用于“按事件”的任务"),
        ({"every": "weekly", "weeks": "[6]"}, "只用于“每教学周”的任务"),
        ({"every": "weekly", "weekday": 8}, "最多7"),
        ({"every": "weekly", "weekday": "周八"}, "要写整数"),
        ({"every": "teaching_week", "weeks": "[31]"}, "最多30"),
        ({"every": "monthly", "day": "first"}, "schedule.day」"),
        ({"every": "monthly", "vacation": "休息"}, "只能是"),
    ],
)
def test_what_a_schedule_may_not_say(said: dict[str, str], complaint: str) -> None:
    lines = ", ".join(f"{name}: {value}" for name, value in said.items())
    reading = read_yaml(SCHEDULED.format(schedule=lines, asks=""))
    assert not reading.good()
    assert any(complaint in str(problem) for problem in reading.problems), [str(one) for one in reading.problems]


def test_sections_are_no_schools() -> None:
    reading = read_yaml(SCHEDULED.format(schedule="every: monthly", asks="asks: [sections]\n    stages: [小学]"))
    assert "只问股室的任务不写学段" in str(reading.problems[0])
    both = read_yaml(SCHEDULED.format(schedule="every: monthly", asks="asks: [学校, 股室]"))
    assert [one.kind for one in both.plan.tasks[0].asks] == ["school", "section"]


def test_every_schedule_survives_the_sheets() -> None:
    said = {"every": "event", "event": "期末考试", "offset": 3, "vacation": "keep", "day": "last"}
    lines = ", ".join(f"{name}: {value}" for name, value in said.items())
    form = read_yaml(SCHEDULED.format(schedule=lines, asks="asks: [sections]")).form
    assert form is not None
    tables = [Table(name, rows) for name, rows in sheets.to_sheets(form).items()]
    assert read_sheets(tables).form == form


def test_a_frequency_with_nothing_required_is_minded() -> None:
    """A report that nobody needs and everybody is reminded of."""
    raw = (ROOT / "samples" / "campaign.yaml").read_text("utf-8")
    broken = raw.replace("why: 能由人数算出,选填", "why: 能由人数算出,选填\n        every: term")
    found = [problem for problem in read_yaml(broken).problems if "全是选填" in problem.reason]
    assert [problem.fatal for problem in found] == [False]
