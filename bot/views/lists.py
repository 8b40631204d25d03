"""Messages about several reports at once: the prompt when rounds open, the merged reminder, what is owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.buttons import Verb, encode
from bot.views.parts import (
    before,
    due,
    extend_buttons,
    handing_buttons,
    in_rows,
    message,
    office_call,
    open_button,
    question_count,
    section_contact,
    section_name,
    send_button,
    task_name,
    with_whom,
)
from domain import wording
from domain.indicators import Kind
from services.content import BackContent, PromptContent, ReminderContent, Scene, TodoContent
from services.delegations import Part
from services.rendering import Button, Rendered
from services.sheets import Sheet


def prompt(content: PromptContent, scene: Scene) -> Rendered:
    sheets = content.sheets
    lines = _announced(content, scene)
    return message(lines, *_open_buttons(sheets), *handing_buttons(sheets, content.part))


def _announced(content: PromptContent, scene: Scene) -> list[str]:
    sheets = content.sheets
    first = sheets[0]
    one_due = len({sheet.due_at for sheet in sheets}) == 1
    one_label = len({sheet.round.label for sheet in sheets}) == 1
    one_span = len({_span(sheet) for sheet in sheets}) == 1
    lines = [_prompt_head(content, scene, one_due=one_due)]
    for number, sheet in enumerate(sheets, 1):
        until = "" if one_due else f",{due(sheet, scene)}前{_moved(sheet)}"
        of = "" if one_span else f",统计{_span(sheet)}"
        before = _last_time(sheet, scene)
        when = "" if one_label else wording.short_label(sheet.round.label)
        lines.append(f"{number}. {_unit_prefix(sheet, content.several_units)}{when}{_asks(sheet)}{before}{until}{of}")
    lines += _grounds(sheets)
    lines += [f"统计时段:{_span(first)}。"] if one_span else []
    examples = [sheet.task.example for sheet in sheets if sheet.task.example]
    return [*lines, f"可以一句话报,如:{examples[0]}"] if examples else lines


def _prompt_head(content: PromptContent, scene: Scene, *, one_due: bool) -> str:
    first = content.sheets[0]
    labels = {sheet.round.label for sheet in content.sheets}
    month = wording.short_label(first.round.label) if len(labels) == 1 else ""
    whom = "您" if content.several_units else "贵校"
    until = f"{due(first, scene)}前" if one_due else ""
    moved = _moved(first) if one_due else ""
    return f"{content.address},{month}有{len(content.sheets)}项请{whom}{until}报送{moved}:"


def _moved(sheet: Sheet) -> str:
    return f"({sheet.round.moved_because})" if sheet.round.moved_because else ""


def _span(sheet: Sheet) -> str:
    return wording.span(sheet.round.period_from, sheet.round.period_to)


def _asks(sheet: Sheet) -> str:
    return f"{task_name(sheet)}({section_name(sheet)}){question_count(sheet)}问"


def _unit_prefix(sheet: Sheet, several_units: bool) -> str:
    return f"{sheet.unit.name} " if several_units else ""


def _last_time(sheet: Sheet, scene: Scene) -> str:
    """,上次10/14个: the first state that may be carried over."""
    carried = sheet.carried(scene.today)
    first = next((i for i in sheet.indicators if i.key in carried), None)
    return f",{before([first])}{wording.value(first, carried[first.key], (first.yes, first.no))}" if first else ""


def _grounds(sheets: Sequence[Sheet]) -> list[str]:
    documents = list(dict.fromkeys(sheet.task.document for sheet in sheets if sheet.task.document))
    return [f"依据:{'、'.join(documents)}。"] if documents else []


def _open_buttons(sheets: Sequence[Sheet]) -> list[Sequence[Button]]:
    if len(sheets) == 1:
        return [[open_button("开始填报", sheets[0])]]
    buttons = [open_button(f"{number} {task_name(sheet)}", sheet) for number, sheet in enumerate(sheets, 1)]
    return in_rows(buttons, 2)


def reminder(content: ReminderContent, scene: Scene) -> Rendered:
    """C6: what is still owed, how far each is, and what need not be done; C7 where it is late. What has just opened
    stands in front."""
    new = PromptContent(content.address, content.opened, content.several_units, content.part)
    lines = [*_announced(new, scene), ""] if content.opened else []
    sheets = content.sheets
    if not sheets:
        return prompt(new, scene)
    late = all(scene.now > sheet.due_at for sheet in sheets)
    lines += [content.words] if content.words else []
    lines += _late(content, scene) if late else _soon(content, scene)
    several = len(sheets) > 1
    buttons = [*_open_buttons(content.opened), *_same_buttons(sheets, scene), *_go_on_buttons(sheets, content.part)]
    last = [*_not_done(sheets[0]), *extend_buttons(sheets, scene)] if not several else extend_buttons(sheets, scene)
    pause = [] if late or not content.may_snooze else [Button("明早再说", encode(Verb.SNOOZE))]
    return message(lines, *buttons, [*last, *pause], *handing_buttons(sheets, content.part))


def _soon(content: ReminderContent, scene: Scene) -> Iterator[str]:
    sheets = content.sheets
    when = wording.near_moment(sheets[0].due_at, scene.now, scene.hours.zone)
    same = len({sheet.due_at for sheet in sheets}) == 1
    yield f"{content.address},还有{len(sheets)}项" + (f"{when}截止:" if same else "待报:")
    for number, sheet in enumerate(sheets, 1):
        over = "已过截止时间" if scene.now > sheet.due_at else f"{due(sheet, scene)}截止"
        until = "" if same else f",{over}"
        yield f"{number}. {_unit_prefix(sheet, content.several_units)}{_standing(sheet, content.part)}{until}"
    if unchanged := _unchanged(sheets, scene):
        yield unchanged
    if content.reported:
        yield f"已报的{'、'.join(content.reported)}不用管。"
    yield f"没空填,打电话给{office_call(scene)},由办公室代填。"


def _late(content: ReminderContent, scene: Scene) -> Iterator[str]:
    """The truth is an equal answer; nothing is threatened."""
    sheets = content.sheets
    first = sheets[0]
    if len(sheets) == 1:
        whose = first.unit.name if content.several_units else "贵校"
        state = "已填齐,只差提交" if first.is_complete else "目前还没收到"
        yield f"{content.address},{whose}{first.title}({section_name(first)}){due(first, scene)}截止,{state}。"
    else:
        yield f"{content.address},有{len(sheets)}项已过截止时间,目前还没收到:"
        for number, sheet in enumerate(sheets, 1):
            prefix = _unit_prefix(sheet, content.several_units)
            yield f"{number}. {prefix}{_standing(sheet, content.part)},{due(sheet, scene)}截止"
    closes = wording.moment(min(sheet.lock_at for sheet in sheets), scene.hours.zone)
    yield f"现在报仍进入本期汇总,{closes}关闭。"
    yield "· 办了没填:回一句话就行"
    yield "· 确实没办:如实说没办和原因,也算报送"
    if extend_buttons(sheets, scene):
        yield "· 需要宽限:点“申请延期”"
    told = f"此条已告知{'、'.join(content.told)}。" if content.told else ""
    yield f"{told}经办:{section_contact(first) if len(sheets) == 1 else office_call(scene)}"


def _not_done(sheet: Sheet) -> list[Button]:
    """[未开展]: one tap for the truth, where that is the first question."""
    first = sheet.indicators[0]
    if first.kind is not Kind.BOOL or sheet.values:
        return []
    return [Button(first.no, encode(Verb.CHOOSE, sheet.key, sheet.revision, 0, 0))]


def _unchanged(sheets: Sequence[Sheet], scene: Scene) -> str:
    """上次班班通10/14个: what one tap would repeat."""
    phrases = [
        f"{task_name(sheet)}{before(known)}{','.join(wording.value(i, carried[i.key], (i.yes, i.no)) for i in known)}"
        for sheet in sheets
        if (carried := sheet.carried(scene.today)) and (known := [i for i in sheet.indicators if i.key in carried])
    ]
    return f"{';'.join(phrases)},没变化可一键填。" if phrases else ""


def _same_buttons(sheets: Sequence[Sheet], scene: Scene) -> list[Sequence[Button]]:
    many = len(sheets) > 1
    buttons = [
        Button(f"{number if many else ''}没变化", encode(Verb.SAME, sheet.key, sheet.revision))
        for number, sheet in enumerate(sheets, 1)
        if sheet.carried(scene.today)
    ]
    return in_rows(buttons, 2)


def _standing(sheet: Sheet, part: Part) -> str:
    """应急疏散演练(安全股)(张老师在办):7问已填5问,差教职工、隐患"""
    whose = with_whom(part.handed.get(sheet.key))
    name = f"{task_name(sheet)}({section_name(sheet)}){whose}"
    if sheet.is_complete:
        return f"{task_name(sheet)}{whose}:已填齐,只差{part.shown_to.get(sheet.key, '')}提交"
    if not sheet.values:
        return f"{name}:{question_count(sheet)}问,还没填"
    wanting = "、".join(indicator.name for indicator in sheet.missing[:3])
    more = "等" if len(sheet.missing) > 3 else ""
    return f"{name}:已填{len(sheet.values)}问,差{wanting}{more}"


def _go_on_buttons(sheets: Sequence[Sheet], part: Part) -> list[Sequence[Button]]:
    prefixes = [str(number) if len(sheets) > 1 else "" for number in range(1, len(sheets) + 1)]
    rows = in_rows([_go_on(prefix, sheet, part) for prefix, sheet in zip(prefixes, sheets, strict=True)], 2)
    complete = sum(sheet.is_complete and sheet.key not in part.shown_to for sheet in sheets)
    return [*rows, [Button(f"全部提交({complete}项)", encode(Verb.SUBMIT_ALL))]] if complete > 1 else rows


def _go_on(prefix: str, sheet: Sheet, part: Part) -> Button:
    if sheet.is_complete:
        return send_button(sheet, part, prefix)
    return open_button(f"{prefix}{'接着填' if sheet.values else '开始填报'}", sheet)


def todo(content: TodoContent, scene: Scene) -> Rendered:
    if not content.sheets:
        return message([f"{content.address},现在没有待报事项。"])
    return _listed(f"{content.address},待报{len(content.sheets)}项:", content, scene)


def back(content: BackContent, scene: Scene) -> Rendered:
    """Once, to who let the bot in again."""
    if content.todo is None:
        return message([f"{content.address},您又能收到消息了。汇总会按时发到这里。"])
    if not content.todo.sheets:
        return message([f"{content.address},您又能收到消息了。现在没有待报事项。"])
    return _listed(f"{content.address},您又能收到消息了,现在待报{len(content.todo.sheets)}项:", content.todo, scene)


def _listed(first: str, content: TodoContent, scene: Scene) -> Rendered:
    lines = [first]
    for number, sheet in enumerate(content.sheets, 1):
        prefix = _unit_prefix(sheet, content.several_units)
        lines.append(f"{number}. {prefix}{_standing(sheet, content.part)},{_until(sheet, scene)}")
    buttons = [*_go_on_buttons(content.sheets, content.part), extend_buttons(content.sheets, scene)]
    return message(lines, *buttons, *handing_buttons(content.sheets, content.part))


def _until(sheet: Sheet, scene: Scene) -> str:
    if scene.now <= sheet.due_at:
        return f"{due(sheet, scene)}前"
    locks = wording.moment(sheet.lock_at, scene.hours.zone)
    return f"已过截止时间,{locks}前报仍计入"
