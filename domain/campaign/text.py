"""A campaign file as YAML text: read with the line of every entry, and written back.

Read by the rules of YAML 1.2, as editors do: `yes` and `no` are words, 17:00 and 2026-09-01 stay as written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from domain.campaign.form import CampaignForm
from domain.campaign.problems import Path, Problem

if TYPE_CHECKING:
    import yaml

SCHEMA_LINE = "# yaml-language-server: $schema=../docs/campaign.schema.json"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class Lines:
    """The line of every entry; of one that is not there, the line of what it belongs to."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines

    def __call__(self, path: Path) -> str:
        while path and path not in self._lines:
            path = path[:-1]
        return f"第{self._lines.get(path, 1)}行"


def parse(text: str) -> tuple[Any, Lines, list[Problem]]:
    """Plain data, where each entry stands, and what is no YAML or is said twice."""
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        return None, Lines({}), [_broken(problem)]
    if node is None:
        return None, Lines({}), [Problem((), "文件是空的", where="第1行")]
    reader = _Reader()
    data = reader.read(node, ())
    return data, Lines(reader.lines), reader.problems


def _broken(problem: yaml.YAMLError) -> Problem:
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    reason = "写法不合 YAML:多半是缩进没对齐、少了冒号后的空格,或用了制表符、全角冒号"
    return Problem((), reason, where=f"第{mark.line + 1}行" if mark else "文件")


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def read(self, node: yaml.Node, path: Path) -> Any:
        import yaml

        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > 12:
            self._complain(path, "层次太深")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, number)) for number, child in enumerate(node.value)]
        return _scalar(node.value, plain=getattr(node, "style", None) is None)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, child in node.value:
            name = str(key.value) if isinstance(key.value, str) else "?"
            self.lines[(*path, name)] = key.start_mark.line + 1
            if name in data:
                self._complain((*path, name), f"这一项写了两次,后一次在第{key.start_mark.line + 1}行")
            data[name] = self.read(child, (*path, name))
        return data

    def _complain(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(path, reason, where=Lines(self.lines)(path)))


def _scalar(text: str, plain: bool) -> Any:
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 16:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and len(text) < 16 else text


def write(form: CampaignForm) -> str:
    """The file for this campaign; reading it gives the same form."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Lists indented below their key, as people write them."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, False)

    body = yaml.dump(to_data(form), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=110)
    return f"{SCHEMA_LINE}\n{body}"


def to_data(form: CampaignForm) -> dict[str, Any]:
    """Plain data without what is at its default."""
    data: dict[str, Any] = form.model_dump(mode="json", exclude_defaults=True)
    for task in data["tasks"]:
        schedule = task["schedule"]
        if "at" in schedule:
            schedule["at"] = schedule["at"][:5]
        for indicator in task["indicators"]:
            for part in (indicator, *indicator.get("columns", [])):
                part |= {limit: _number(part[limit]) for limit in _LIMITS if limit in part}
    return data


_LIMITS = ("minimum", "maximum", "soft_maximum", "soft_minimum", "jump", "boarding_minimum")


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
