"""Small parts that several views share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from bot.buttons import Verb, encode
from domain import wording
from domain.indicators import Indicator, Kind, Value
from domain.requests import days_to_choose
from services.content import Scene
from services.delegations import HandedOver, Part
from services.rendering import Button, Rendered
from services.sheets import Sheet


def message(lines: Iterable[str], *rows: Sequence[Button], protect: bool = False) -> Rendered:
    """Plain lines, escaped here and nowhere else, with rows of buttons (empty ones left out)."""
    text = "\n".join(escape(line, quote=False) for line in lines)
    return Rendered(text, tuple(tuple(row) for row in rows if row), protect=protect)


IN_BACKLOG = "(线路中断期间补收)"


def unit_and_title(sheet: Sheet) -> str:
    return f"{sheet.unit.name} {sheet.title}"


def task_name(sheet: Sheet) -> str:
    return sheet.task.short_name or sheet.task.name


def section_name(sheet: Sheet) -> str:
    return sheet.section.name


def section_contact(sheet: Sheet) -> str:
    """陈股长 0000-6210023"""
    return f"{sheet.section.contact or sheet.section.name} {sheet.section.phone}".strip()


def office_call(scene: Scene) -> str:
    """李干事 0000-6210001"""
    return f"{scene.bureau.office_contact} {scene.bureau.office_phone}".strip()


def said(indicator: Indicator, value: Value) -> str:
    """An answer with as much of its name as it needs: 已开展, 学生520人, 用时110秒."""
    shown = wording.value(indicator, value, (indicator.yes, indicator.no))
    if indicator.kind in (Kind.BOOL, Kind.CHOICE, Kind.CHOICES):
        return shown
    colon = ":" if indicator.kind is Kind.TEXT else ""
    return f"{indicator.name}{colon}{shown}"


def before(indicators: Iterable[Indicator]) -> str:
    """What the values are that may be kept: 上次, or for registered basics 在册."""
    return "在册" if all(indicator.sets for indicator in indicators) else "上次"


def due(sheet: Sheet, scene: Scene) -> str:
    """9月24日(星期四)17:00"""
    return wording.moment(sheet.due_at, scene.hours.zone)


def question_count(sheet: Sheet) -> int:
    """How many questions the usual answers lead to: dependents of a 是 count, those of a 否 do not."""
    return sum(1 for i in sheet.indicators if i.required and (i.only_if is None or i.only_if.equals is True))


def open_button(label: str, sheet: Sheet) -> Button:
    return Button(label, encode(Verb.OPEN, sheet.key))


def send_button(sheet: Sheet, part: Part, prefix: str = "") -> Button:
    """提交, or 送校长看 for whom the principal has asked to see it first."""
    return submit_button(f"{prefix}{'送校长看' if sheet.key in part.shown_to else '提交'}", sheet)


def with_whom(handed: HandedOver | None) -> str:
    if handed is None:
        return ""
    return f"({handed.name}在办)" if handed.name else "(邀请码还没人用)"


def handing_buttons(sheets: Sequence[Sheet], part: Part) -> list[Sequence[Button]]:
    """交给他人办 what is still the principal's own, 收回 what is not."""
    free = [sheet.key for sheet in sheets if sheet.unit.id in part.heads and sheet.key not in part.handed]
    give = [Button("交给他人办", encode(Verb.HAND_OVER, free[0] if len(free) == 1 else None))] if free else []
    back = [
        Button(f"{number if len(sheets) > 1 else ''}收回", encode(Verb.TAKE_BACK, None, one.handed.delegation_id))
        for number, sheet in enumerate(sheets, 1)
        if (one := part.handed.get(sheet.key))
    ]
    return in_rows([*give, *back], 3)


def submit_button(label: str, sheet: Sheet) -> Button:
    return Button(label, encode(Verb.SUBMIT, sheet.key, sheet.revision))


def in_rows(buttons: Sequence[Button], width: int) -> list[Sequence[Button]]:
    """Rows of at most `width` buttons."""
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]


def extend_buttons(sheets: Sequence[Sheet], scene: Scene) -> list[Button]:
    """申请延期, where something is still to be done and the deadline may still be moved; of several reports each card
    offers its own."""
    may = [sheet for sheet in sheets if _may_extend(sheet, scene)]
    return [Button("申请延期", encode(Verb.EXTEND, may[0].key))] if len(may) == 1 else []


def _may_extend(sheet: Sheet, scene: Scene) -> bool:
    may = sheet.is_open and not sheet.is_complete and not sheet.rests
    return may and bool(days_to_choose(sheet.due_at, sheet.lock_at, scene.hours, scene.now))


PER_LINE = 3
MOST_TO_EXTEND = 3


def lines_of(phrases: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(phrases), PER_LINE):
        yield ",".join(phrases[start : start + PER_LINE])


def how(asked: Indicator) -> str:
    if asked.hint:
        return f",如{asked.hint}"
    match asked.kind:
        case Kind.BOOL:
            return f",回“{asked.yes}”或“{asked.no}”"
        case Kind.INT | Kind.NUMBER:
            return f",回数字({asked.unit})" if asked.unit else ",回数字"
        case Kind.PERCENT:
            return ",回百分数"
        case Kind.RATIO:
            return ",回“_/_”"
        case Kind.DATE:
            return ",如“_月_日”“昨天”"
        case Kind.CHOICE | Kind.CHOICES:
            return ",点选或回序号"
        case _:
            return ""
