"""What is wrong with a campaign file, in Chinese, with the place where a clerk finds it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.campaign import form as forms

Path = tuple[str | int, ...]
Locate = Callable[[Path], str]
"""Where an entry stands: 第12行, or “指标”表第5行."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` leads to the entry (tasks, 0, indicators, 3, unit). Not `fatal`: only `--strict` minds it."""

    path: Path
    reason: str
    value: str = ""
    fatal: bool = True
    where: str = ""

    def __str__(self) -> str:
        shown = f"(现在是“{self.value}”)" if self.value else ""
        key = f"「{written(self.path)}」" if self.path else ""
        return f"{self.where}{key}:{self.reason}{shown}"


def written(path: Path) -> str:
    """tasks[0].indicators[3].unit, counted from 1 as people count."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shape_problems(error: ValidationError) -> list[Problem]:
    """Everything pydantic found, reworded."""
    found: dict[Path, Problem] = {}
    for detail in error.errors():
        path = tuple(part for part in detail["loc"] if not _machinery(part))
        found.setdefault(path, Problem(path, _reason(detail, path), _value(detail)))
    return list(found.values())


def _machinery(part: str | int) -> bool:
    """Pydantic names the branch of a union in the path: not an entry of the file."""
    return part in ("bool", "str", "none", "int") or str(part).startswith(("literal[", "function-"))


def _value(detail: Any) -> str:
    if detail["type"] in ("missing", "extra_forbidden"):
        return ""
    raw = detail["input"]
    return "" if isinstance(raw, dict | list) or raw is None else str(raw)[:40]


def _reason(detail: Any, path: Path) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"没有这个名称的项{_nearest(str(path[-1]), path)}"
        case "missing":
            return "缺这一项,必须填写"
        case "enum":
            return f"只能是{_listed(str(context.get('expected', '')))}"
        case "string_pattern_mismatch":
            return "只能用小写英文字母、数字和下划线(任务和活动用短横),以字母开头"
        case "string_too_long" | "too_long":
            return f"太长,最多{context.get('max_length')}"
        case "string_too_short" | "too_short":
            return "不能为空"
        case other:
            return _number_or_type(other, context)


def _number_or_type(kind: str, context: dict[str, Any]) -> str:
    match kind:
        case "greater_than_equal" | "greater_than":
            return f"太小,至少{context.get('ge', context.get('gt'))}"
        case "less_than_equal" | "less_than":
            return f"太大,最多{context.get('le', context.get('lt'))}"
    for word, reason in _TYPES:
        if word in kind:
            return reason
    return "写法不对,请对照说明"


_TYPES = (
    ("date", "要写日期:年-月-日"), ("time", "要写时刻,如“17:00”的样子"), ("bool", "只能是 true 或 false"),
    ("int", "要写整数"), ("decimal", "要写数"), ("float", "要写数"), ("list", "要写成列表,每行以“- ”开头"),
    ("model", "下面要有缩进的各项"), ("dict", "下面要有缩进的各项"), ("string", "要写文字;像数字的请加引号"),
)  # fmt: skip


def _listed(expected: str) -> str:
    return "、".join(part.strip(" '") for part in expected.replace(" or ", ",").split(","))


def _nearest(name: str, path: Path) -> str:
    near = difflib.get_close_matches(name, list(_model(path).model_fields), 1, 0.6)
    return f",是不是“{near[0]}”?" if near else ",请删去或改正"


def _model(path: Path) -> type[BaseModel]:
    names = [part for part in path[:-1] if isinstance(part, str)]
    models: dict[str, type[BaseModel]] = {
        "tasks": forms.TaskForm, "indicators": forms.IndicatorForm, "schedule": forms.ScheduleForm,
        "others": forms.OtherForm, "only_if": forms.OnlyIfForm, "columns": forms.ColumnForm,
    }  # fmt: skip
    return models.get(names[-1], forms.CampaignForm) if names else forms.CampaignForm


def placed(problems: Iterable[Problem], locate: Locate) -> Iterator[Problem]:
    for problem in problems:
        yield Problem(problem.path, problem.reason, problem.value, problem.fatal, locate(problem.path))
