"""线路中断: what it moved, to those who are awaited and to the office."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import message, open_button, unit_and_title
from domain import wording
from services.content import Scene
from services.line_content import MovedContent, OutageContent
from services.rendering import Button, Rendered
from services.sheets import Sheet


def moved(content: MovedContent, scene: Scene) -> Rendered:
    lines = _taken_back(content, scene) if content.undone else _told(content, scene)
    buttons = [open_button("接着填", content.sheets[0])] if len(content.sheets) == 1 else []
    return message(lines, buttons)


def _told(content: MovedContent, scene: Scene) -> list[str]:
    return [
        f"{content.address},报送线路{_span(content, scene)}中断,责任在局方,截止时间顺延,不用着急:",
        *_dues(content, scene),
        "在此之前报都算按时。已发的话都收到了,不用重发。",
    ]


def _taken_back(content: MovedContent, scene: Scene) -> list[str]:
    return [
        f"{content.address},因线路中断的顺延已由办公室撤销,截止时间是:",
        *_dues(content, scene),
        "填的都还在;已报的不受影响。",
    ]


def _dues(content: MovedContent, scene: Scene) -> list[str]:
    by_due: dict[str, list[Sheet]] = {}
    for sheet in content.sheets:
        by_due.setdefault(wording.moment(sheet.due_at, scene.hours.zone), []).append(sheet)
    return [f"{_named(sheets, content)}:{due}" for due, sheets in by_due.items()]


def _named(sheets: list[Sheet], content: MovedContent) -> str:
    return "、".join(unit_and_title(sheet) if content.several_units else sheet.title for sheet in sheets)


def _span(content: MovedContent | OutageContent, scene: Scene) -> str:
    """11月25日16:30至17:20; with the second day where it is another."""
    zone, outage = scene.hours.zone, content.outage
    first, last = outage.since.astimezone(zone), outage.until.astimezone(zone)
    until = wording.clock(outage.until, zone) if first.date() == last.date() else wording.short_moment(last, zone)
    return f"{wording.short_moment(first, zone)}至{until}"


def outage_card(content: OutageContent, scene: Scene) -> Rendered:
    zone = scene.hours.zone
    lines = [
        f"【线路中断】{_span(content, scene)}",
        "截止前3小时内中断超过15分钟,待报的已顺延并告知:",
        *(
            f"{number}. {task.title}:{task.reports}家,顺延至{wording.moment(task.due_at, zone)}"
            for number, task in enumerate(content.tasks, 1)
        ),
    ]
    if content.undone_by is not None:
        return message([*lines, f"✓ 已撤销顺延({content.undone_by}),已告知还没报的;已报的不受影响。"])
    lines.append("不需要顺延,点“撤销顺延”:没报的恢复原截止时间(已过的到当天下班),已报的不受影响。")
    return message(lines, [Button("撤销顺延", encode(Verb.UNDO_MOVE, None, content.outage.id))])
