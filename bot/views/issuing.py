"""下发: the rounds to come, one of them with what it brings (fifteen lines at most), and the prompt as it will look."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot.buttons import Verb, encode
from bot.views.lists import prompt
from bot.views.parts import in_rows, message
from domain import wording
from services.coming import Coming
from services.content import PromptContent, Scene
from services.issuing import IssueContent, IssuedContent, IssueListContent
from services.issuing_content import IssuingLive, SampleContent
from services.preview_text import burden_lines, round_lines, warnings
from services.rendering import Button, Rendered

MOST_LISTED, MOST_LINES = 10, 15


def issuing(content: IssuingLive, scene: Scene) -> Rendered:
    match content:
        case IssueListContent():
            return _list(content, scene)
        case IssueContent():
            return _confirm(content, scene) if content.confirming else _card(content, scene)
        case IssuedContent():
            due = wording.moment(content.round.due_at, scene.hours.zone)
            named = _named(content.round.label, content.task.short_name or content.task.name)
            return message([f"✓ 已下发:{named},{content.units}家,{due}截止。通知正在发出;已过的提醒不补发。"])
        case _:
            return _sample(content, scene)


def _named(label: str, task: str) -> str:
    return f"{wording.short_label(label)}{task}"


def _of(one: Coming) -> str:
    return _named(one.plan.label, one.task.short_name or one.task.name)


def _button(label: str, verb: Verb, one: Coming) -> Button:
    return Button(label, encode(verb, None, one.task.id, one.plan.due_day.toordinal()))


def _list(content: IssueListContent, scene: Scene) -> Rendered:
    if not content.rounds:
        return message(["近60天没有要开启的报告期。"])
    zone = scene.hours.zone
    shown = sorted(content.rounds, key=lambda one: one.issued_at)[:MOST_LISTED]
    lines = ["近60天要开启的报告期,点开可预览:"]
    for number, one in enumerate(shown, 1):
        opens, due = wording.moment(one.issued_at, zone), wording.moment(one.plan.due_at, zone)
        lines.append(f"{number}. {_of(one)}({one.section.name}):{opens}开启,{due}截止,{len(one.units)}家")
    if more := len(content.rounds) - len(shown):
        lines.append(f"另有{more}项,更晚开启。")
    return message(lines, *in_rows([_button(f"{n} {_of(one)}", Verb.ISSUE, one) for n, one in enumerate(shown, 1)], 2))


def _card(content: IssueContent, scene: Scene) -> Rendered:
    one, found = content.one, content.preview
    lines = ["【下发预览】", *round_lines(one, scene.hours), *burden_lines(found)[:5]]
    reasons = Counter(unit.reason for unit in found.unreachable)
    if reasons:
        lines.append(f"发不到{reasons.total()}家:{'、'.join(f'{why}{count}' for why, count in reasons.items())}")
    lines += warnings(found)
    now = [_button("现在下发", Verb.ISSUE_NOW, one)] if content.is_next else []
    return message([line.strip() for line in lines][:MOST_LINES], [_button("发我看看", Verb.ISSUE_SAMPLE, one), *now])


def _confirm(content: IssueContent, scene: Scene) -> Rendered:
    one, zone = content.one, scene.hours.zone
    lines = [
        f"【请核对,未下发】{_of(one)}({one.section.name})",
        f"现在就问{len(one.units)}家,{wording.moment(one.plan.due_at, zone)}截止,"
        f"不等{wording.moment(one.issued_at, zone)}。",
        "已过的提醒不补发。对,请点“提交”。",
    ]
    return message(lines, [_button("提交", Verb.ISSUE_SUBMIT, one), _button("先不下发", Verb.ISSUE, one)])


def _sample(content: SampleContent, scene: Scene) -> Rendered:
    then = replace(scene, now=content.issued_at)
    shown = prompt(PromptContent(content.address, content.sheets, content.several_units, content.part), then)
    labels = "".join(f"[{button.label}]" for row in shown.buttons for button in row)
    head = f"【试发】{content.unit}将收到下面的话,只给您看,按钮不能用(看别的学校,说“发我看看 _小学”):"
    return Rendered(f"{head}\n{shown.text}\n{labels}")
