"""A campaign as sheets of a workbook, for those who will not open YAML: the same entries under Chinese headings.

Four sheets: 活动 (one entry a row), 任务, 频次 (audiences with another schedule), 指标 (one question a row; those of a
repeating group follow it, their keys behind its own: drills.date).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from domain.campaign.form import CampaignForm, Every
from domain.campaign.problems import Path, Problem
from domain.campaign.text import to_data
from domain.occurrences import Vacation
from domain.roster.model import Cell, Table
from domain.stages import STAGE_NAMES

CAMPAIGN = {"key": "代码", "name": "活动名称", "short": "短名", "document": "依据文号"}
TASK = {
    "key": "任务代码", "name": "任务名称", "short": "短名", "lead": "牵头股室", "support": "配合股室",
    "document": "依据文号", "stages": "问哪些学段", "starts": "开始日期", "schedule.every": "频次",
    "schedule.day": "截止日", "schedule.weekday": "星期几", "schedule.weeks": "第几教学周", "schedule.event": "事件",
    "schedule.offset": "事件后几个工作日", "schedule.vacation": "寒暑假",
    "asks": "谁来报", "schedule.at": "截止时刻", "schedule.shift": "遇放假",
    "schedule.opens_before": "提前几个工作日发出", "schedule.lock_after": "截止后几个工作日关闭",
    "schedule.term_month": "学期第几个月", "example": "一句话报的样子",
}  # fmt: skip
OTHER = {"task": "任务代码", "stages": "哪些学段", "every": "频次", "why": "理由"}
INDICATOR = {
    "task": "任务代码", "key": "指标代码", "label": "问题", "short": "短名", "kind": "类型", "nature": "性质",
    "unit": "单位", "scale": "小数位数", "minimum": "最小", "maximum": "最大", "soft_maximum": "超过则请确认",
    "soft_minimum": "低于则请确认", "boarding_minimum": "寄宿制低于则请确认", "not_falling": "只增不减",
    "jump": "超过上次几倍则请确认", "sets": "更正在册",
    "limit_from": "不超过在册", "total_from": "总数取自在册", "earliest": "最早日期", "latest": "最晚日期",
    "choices": "选项", "items": "要数的各项", "words": "别的说法", "required": "必填", "only_if": "什么时候才问",
    "yes": "肯定的说法", "no": "否定的说法", "hint": "照着填的话", "help": "口径和问谁", "used_by": "谁用",
    "every": "频次", "why": "理由", "target": "目标",
}  # fmt: skip

_KINDS = {
    "bool": "是否", "int": "整数", "number": "小数", "percent": "百分比", "ratio": "完成/总数", "date": "日期",
    "choice": "单选", "choices": "多选", "text": "文字", "photo": "照片", "rows": "逐次",
}  # fmt: skip
_BASICS = {"students": "学生数", "staff": "教职工数", "classes": "教学班数"}
_BOUNDS = {"today": "今天", "period_from": "统计起日", "period_to": "统计止日"}
_EVERY = {every.value: every.chinese for every in Every}
_NAMED: dict[str, dict[str, str]] = {
    "kind": _KINDS, "nature": {"stock": "时点数", "flow": "时期数"}, "limit_from": _BASICS, "total_from": _BASICS,
    "sets": _BASICS, "earliest": _BOUNDS, "latest": _BOUNDS, "every": _EVERY,
    "vacation": {one.value: one.chinese for one in Vacation}, "asks": {"schools": "学校", "sections": "股室"},
    "day": {"last": "最后一天", "last_working": "最后一个工作日"},
    "shift": {"earlier": "提前", "later": "顺延"}, "stages": {stage.value: name for stage, name in STAGE_NAMES.items()},
}  # fmt: skip
_LISTS = frozenset({"support", "stages", "choices", "items", "words", "asks", "weeks"})
_CONDITION = re.compile(r'([a-z][a-z0-9_]*)\s*(?:(未完成)|[==]\s*(?:"(.*)"|(.*)))', re.DOTALL)
_SHEETS = {"任务": TASK, "频次": OTHER, "指标": INDICATOR}

CHOICES: dict[str, list[str]] = {
    "类型": list(_KINDS.values()), "性质": ["时点数", "时期数"], "频次": list(_EVERY.values()), "必填": ["是", "否"],
    "遇放假": ["提前", "顺延"],
    "寒暑假": [one.chinese for one in Vacation],
    "不超过在册": list(_BASICS.values()), "总数取自在册": list(_BASICS.values()),
    "更正在册": list(_BASICS.values()), "只增不减": ["是", "否"],
}  # fmt: skip
"""Lists to pick from, by heading."""


def to_sheets(form: CampaignForm) -> dict[str, list[list[str]]]:
    """Rows of text, the first one of each sheet its headings."""
    data = to_data(form)
    sheets: dict[str, list[list[str]]] = {
        "活动": [["项", "内容"], *([title, str(data.get(name, ""))] for name, title in CAMPAIGN.items())]
    }
    sheets |= {name: [list(columns.values())] for name, columns in _SHEETS.items()}
    for task in data["tasks"]:
        flat = task | {f"schedule.{name}": value for name, value in task["schedule"].items()}
        sheets["任务"].append(_row(flat, TASK))
        sheets["频次"] += [_row({"task": task["key"], **other}, OTHER) for other in task.get("others", [])]
        sheets["指标"] += [_row({"task": task["key"], **one}, INDICATOR) for one in _questions(task)]
    return sheets


def _questions(task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in task["indicators"]:
        yield one
        yield from ({**column, "key": f"{one['key']}.{column['key']}"} for column in one.get("columns", []))


def _row(data: dict[str, Any], columns: dict[str, str]) -> list[str]:
    texts = {name: _text(name.rpartition(".")[2], value) for name, value in data.items() if name in columns}
    return [texts.get(name, "") for name in columns]


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return _condition_text(value)
    names = _NAMED.get(name, {})
    if isinstance(value, list):
        return _listed([names.get(str(item), str(item)) for item in value])
    if isinstance(value, bool):
        return "是" if value else "否"
    return names.get(str(value), str(value))


def _listed(items: list[str]) -> str:
    """One line with 、 between, or one item a line where an item itself holds a 、."""
    if any("、" in item for item in items):
        return "\n".join(items) + ("\n" if len(items) == 1 else "")
    return "、".join(items)


def _condition_text(condition: dict[str, Any]) -> str:
    if condition.get("incomplete"):
        return f"{condition['key']}未完成"
    equals = condition.get("equals")
    if isinstance(equals, bool):
        return f"{condition['key']}={'是' if equals else '否'}"
    return f'{condition["key"]}="{equals}"'


@dataclass(slots=True)
class _Book:
    """Data gathered from the sheets, where each entry stands, and what is wrong with the sheets themselves."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    tasks: dict[str, int] = field(default_factory=dict)

    def __call__(self, path: Path) -> str:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, "文件")

    def complain(self, place: str, reason: str, value: str = "", fatal: bool = True) -> None:
        self.problems.append(Problem((), reason, value, fatal, place))


def parse(tables: Sequence[Table]) -> tuple[Any, Callable[[Path], str], list[Problem]]:
    """Plain data as from YAML; None when the sheets of a campaign are not there."""
    book = _Book()
    by_name = {table.name.strip(): table for table in tables}
    missing = [name for name in ("活动", "任务", "指标") if name not in by_name]
    if missing:
        book.complain("文件", f"缺少这些表:{'、'.join(missing)};可用 --template 生成一份照填")
        return None, book, book.problems
    _read_campaign(by_name["活动"], book)
    book.data["tasks"] = []
    for name, take in (("任务", _take_task), ("频次", _take_other), ("指标", _take_indicator)):
        if name in by_name:
            _read_sheet(by_name[name], _SHEETS[name], book, take)
    return book.data, book, book.problems


def _read_campaign(table: Table, book: _Book) -> None:
    names = {title: name for name, title in CAMPAIGN.items()}
    for number, row in enumerate(table.rows, 1):
        title, value = (_plain(cell) for cell in [*row, None, None][:2])
        if title in names and value:
            book.data[names[title]] = value
            book.places[names[title],] = f"“活动”表第{number}行"
        elif title not in names and title not in ("", "项"):
            book.complain(f"“活动”表第{number}行", "没有这个名称的项,请删去或改正", title)


Take = Callable[[dict[str, Any], str, dict[str, str], _Book], None]


def _read_sheet(table: Table, columns: dict[str, str], book: _Book, take: Take) -> None:
    heading = [_plain(cell) for cell in table.rows[0]] if table.rows else []
    names = {title: name for name, title in columns.items()}
    top = f"“{table.name}”表第1行"
    for title in heading:
        if title and title not in names:
            book.complain(top, "没有这个名称的列,请删去或改正", title)
    for name in ("task", "key"):
        if name in columns and columns[name] not in heading:
            book.complain(top, f"缺少“{columns[name]}”这一列")
            return
    for number, row in enumerate(table.rows[1:], 2):
        cells = {names[t]: cell for t, cell in zip(heading, row, strict=False) if t in names and _plain(cell)}
        if cells:
            place = f"“{table.name}”表第{number}行"
            take({name: _value(name.rpartition(".")[2], cell) for name, cell in cells.items()}, place, columns, book)


def _take_task(values: dict[str, Any], place: str, columns: dict[str, str], book: _Book) -> None:
    path: Path = ("tasks", len(book.data["tasks"]))
    book.tasks.setdefault(str(values.get("key", "")), len(book.data["tasks"]))
    _mark(book, path, values, place, columns)
    task: dict[str, Any] = {"schedule": {}}
    for name, value in values.items():
        group, _, entry = name.rpartition(".")
        (task[group] if group else task)[entry] = value
    book.data["tasks"].append(task | {"indicators": []})


def _take_other(values: dict[str, Any], place: str, columns: dict[str, str], book: _Book) -> None:
    _take_part("others", values, place, columns, book)


def _take_indicator(values: dict[str, Any], place: str, columns: dict[str, str], book: _Book) -> None:
    group, dot, key = str(values.get("key", "")).partition(".")
    if not dot:
        _take_part("indicators", values, place, columns, book)
        return
    number = _task_of(values, place, columns, book)
    if number is None:
        return
    asked = book.data["tasks"][number]["indicators"]
    position = next((position for position, one in enumerate(asked) if one.get("key") == group), None)
    if position is None:
        book.complain(f"{place}「{columns['key']}」", "前面没有这个逐次指标,要先写它一行", group)
        return
    _put(asked[position].setdefault("columns", []), ("tasks", number, "indicators", position, "columns"),
         values | {"key": key}, place, columns, book)  # fmt: skip


def _take_part(part: str, values: dict[str, Any], place: str, columns: dict[str, str], book: _Book) -> None:
    number = _task_of(values, place, columns, book)
    if number is not None:
        listed = book.data["tasks"][number].setdefault(part, [])
        _put(listed, ("tasks", number, part), values, place, columns, book)


def _task_of(values: dict[str, Any], place: str, columns: dict[str, str], book: _Book) -> int | None:
    """The number of the task that a row belongs to; None, and a complaint, where there is no such task."""
    task = str(values.pop("task", ""))
    if task not in book.tasks:
        book.complain(f"{place}「{columns['task']}」", "“任务”表里没有这个任务代码", task)
    return book.tasks.get(task)


def _put(
    listed: list[Any], path: Path, values: dict[str, Any], place: str, columns: dict[str, str], book: _Book
) -> None:
    _mark(book, (*path, len(listed)), values, place, columns)
    listed.append(values)


def _mark(book: _Book, path: Path, values: dict[str, Any], place: str, columns: dict[str, str]) -> None:
    book.places[path] = place
    for name in values:
        book.places[*path, *name.split(".")] = f"{place}「{columns[name]}」"


def _plain(cell: Cell | time) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    return str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).strip(" \t\r　")


def _value(name: str, cell: Cell) -> Any:
    text = _plain(cell)
    codes = {title: code for code, title in _NAMED.get(name, {}).items()}
    if name in _LISTS:
        items = (item.strip() for item in (text.splitlines() if "\n" in text else re.split("[、,,]", text)))
        return [codes.get(item, item) for item in items if item]
    if name in ("required", "not_falling"):
        return {"是": True, "否": False}.get(text, text)
    if name == "only_if":
        return _condition(text)
    return codes.get(text, text)


def _condition(text: str) -> Any:
    found = _CONDITION.fullmatch(text)
    if found is None:
        return {"key": text}
    key, incomplete, quoted, plain = found.groups()
    if incomplete:
        return {"key": key, "incomplete": True}
    if quoted is not None:
        return {"key": key, "equals": quoted}
    return {"key": key, "equals": {"是": True, "否": False}.get(plain.strip(), plain.strip())}
