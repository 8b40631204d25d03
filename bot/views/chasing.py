"""Who has not reported: the office's few lines at the deadline, the list with telephones, the central school's copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from bot.buttons import Verb, encode
from bot.views.parts import due, message, office_call, task_name
from domain import wording
from domain.digest import Chase
from domain.messages import ChaseList
from domain.split import split
from services.chase_lists import CopyContent, MissingContent, MissingRound, MissingUnit
from services.content import Scene
from services.rendering import Button, Rendered
from services.unreached import UnreachedContent


def missing(content: MissingContent, scene: Scene) -> list[Rendered]:
    if isinstance(content.shown, ChaseList):
        return _list(content, scene, plain=content.shown.plain)
    return [_summary(content, scene)]


def _summary(content: MissingContent, scene: Scene) -> Rendered:
    as_of = wording.moment(scene.now, scene.hours.zone)
    if not content.rounds:
        return message([f"截至{as_of},没有正在进行的报告期。"])
    section = content.shown.section_id or 0
    lines = [_sum(one, as_of) for one in content.rounds]
    if not any(one.units for one in content.rounds):
        return message(lines)
    rows = [
        [
            Button("名单和电话", encode(Verb.CHASE_LIST, None, section, 0)),
            Button("文字版", encode(Verb.CHASE_LIST, None, section, 1)),
        ]
    ]
    if content.reachable:
        rows.append([Button(f"提醒在线的{content.reachable}家", encode(Verb.CHASE, None, section))])
    return message(lines, *rows)


def _sum(one: MissingRound, as_of: str) -> str:
    """班班通截至24日17:05:应报58,已报49,未报9:已填未提交2、填了一半3…"""
    extended = f",延期{one.extended}" if one.extended else ""
    received = one.expected - len(one.units)
    head = f"{one.task}截至{as_of}:应报{one.expected},已报{received}{extended}"
    if not one.units:
        return f"{head},全部报齐。"
    counts = "、".join(f"{chase.value}{len(units)}" for chase, units in _by_chase(one.units))
    promised = sum(bool(unit.promise) for unit in one.units)
    return f"{head},未报{len(one.units)}:{counts}{f';其中{promised}家说了何时报' if promised else ''}。"


def _by_chase(units: Sequence[MissingUnit]) -> Iterator[tuple[Chase, list[MissingUnit]]]:
    for chase, group in groupby(units, key=lambda one: one.chase):
        yield chase, list(group)


def _list(content: MissingContent, scene: Scene, *, plain: bool) -> list[Rendered]:
    lines: list[str] = []
    for one in content.rounds:
        if one.units:
            until = wording.moment(one.due_at, scene.hours.zone)
            lines.append(f"【{one.task}】({one.section}){until}截止,未报{len(one.units)}家")
            for chase, units in _by_chase(one.units):
                lines.append(f"{chase.value}{len(units)}家:")
                lines += [f"{n}. {_unit(unit, scene, plain=plain)}" for n, unit in enumerate(units, 1)]
    lines = lines or ["没有未报的单位。"]
    texts = split("\n".join(escape(line, quote=False) for line in lines))
    return [Rendered(text, protect=not plain) for text in texts]


def _unit(unit: MissingUnit, scene: Scene, *, plain: bool) -> str:
    """清河镇九年一贯制学校 王校长 0000-6210003,最近9月24日10:32来过"""
    name = " ".join(filter(None, (unit.unit, unit.person, "" if plain else unit.phone)))
    last = f"最近{wording.moment(unit.last, scene.hours.zone)}来过" if unit.last else ""
    promise = f"说“{unit.promise}”" if unit.promise else ""
    asks = "已申请延期,待批" if unit.asks else ""
    noted = "拟列入通报" if unit.noted else ""
    reason = unit.reason if unit.chase is Chase.UNREACHABLE or unit.reason != "未开通" else ""
    return ",".join(filter(None, (name, reason, promise, asks, noted, last)))


def central_copy(content: CopyContent, scene: Scene) -> Rendered:
    """抄告: so that the central school can help, not to blame anybody."""
    lines = [f"{content.address},以下报送已过截止时间,今天提醒了学校,同时告知贵校,请帮助了解有没有困难:"]
    by_task: dict[str, list[str]] = {}
    for sheet in content.sheets:
        by_task.setdefault(f"{task_name(sheet)}({due(sheet, scene)}截止)", []).append(sheet.unit.name)
    lines += [f"{task}:{'、'.join(units)}" for task, units in by_task.items()]
    lines.append(f"需要办公室代填或延期,请打{office_call(scene)}。")
    return message(lines)


def unreached(content: UnreachedContent, scene: Scene) -> list[Rendered]:
    """提醒发不到: a person telephones, before the deadline and not after it."""
    lines = [f"有{len(content.units) + content.more}家收不到提醒,请打电话告知,也可以由办公室代填:"]
    for reason, group in groupby(content.units, key=lambda one: one[0].reason):
        units = list(group)
        lines.append(f"{reason}{len(units)}家:")
        for number, (unit, sheets) in enumerate(units, 1):
            owed = "、".join(f"{task_name(sheet)}({due(sheet, scene)}截止)" for sheet in sheets)
            lines.append(f"{number}. {' '.join(filter(None, (unit.unit, unit.person, unit.phone)))}:{owed}")
    lines += [f"另有{content.more}家,办公室回“人员 联系不上”可看全部。"] if content.more else []
    return [Rendered(text, protect=True) for text in split("\n".join(escape(line, quote=False) for line in lines))]
