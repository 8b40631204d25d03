"""补报 and 延期: what the unit is asked, what the office decides about, and the answer."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import due, in_rows, lines_of, message, office_call, said, section_contact, unit_and_title
from domain import wording
from domain.indicators import applicable
from domain.requests import RequestKind, RequestState, days_to_choose, extended_due
from services.content import Scene
from services.extensions import REASONS, ExtensionContent, WhichExtensionContent
from services.later_content import DecisionContent, RequestContent, ReviewContent
from services.rendering import Button, Rendered
from services.requests import REFUSALS

DAYS = 4
"""Days offered as buttons; any other may be typed."""


def extension_form(content: ExtensionContent, scene: Scene) -> Rendered:
    return _which_day(content, scene) if content.until is None else _why(content, scene)


def _which_day(content: ExtensionContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    days = days_to_choose(sheet.due_at, sheet.lock_at, scene.hours, scene.now)
    lines = [f"【申请延期】{unit_and_title(sheet)},现为{due(sheet, scene)}截止"]
    if content.unclear:
        lines.append("✗ 没看懂延到哪一天,或这一天不行。")
    lines += [
        f"最晚可延到{wording.day(days[-1])}。请点日期,或直接回日期和原因,如“_月_日,_”。",
        "办公室答复前不再提醒;填的都还在,可以接着填。",
    ]
    buttons = [Button(wording.day(day), encode(Verb.UNTIL, sheet.key, day.toordinal())) for day in days[:DAYS]]
    return message(lines, *in_rows(buttons, 2), [Button("不延了", encode(Verb.OPEN, sheet.key))])


def _why(content: ExtensionContent, scene: Scene) -> Rendered:
    sheet, until = content.sheet, content.until
    at = extended_due(until, sheet.due_at, sheet.lock_at, scene.hours) if until else None
    shown = wording.moment(at, scene.hours.zone) if at else ""
    lines = [f"【申请延期】{unit_and_title(sheet)},延到{shown}", "为什么?点一下,或直接回原因,就转办公室。"]
    ordinal = until.toordinal() if until else 0
    buttons = [Button(why, encode(Verb.WHY, sheet.key, ordinal, n)) for n, why in enumerate(REASONS)]
    return message(lines, buttons, [Button("不延了", encode(Verb.OPEN, sheet.key))])


def which_extension(content: WhichExtensionContent, scene: Scene) -> Rendered:
    several = len({sheet.unit.id for sheet in content.sheets}) > 1
    buttons = [
        [Button(unit_and_title(sheet) if several else sheet.title, encode(Verb.EXTEND, sheet.key, content.update_id))]
        for sheet in content.sheets
    ]
    first = min(content.sheets, key=lambda sheet: sheet.due_at)
    return message([f"要申请哪一项延期({due(first, scene)}起截止)?点一下就行,不用重打。"], *buttons)


# ---- the office


def request_card(content: RequestContent, scene: Scene) -> Rendered:
    request = content.request
    lines = [f"【{RequestKind(request.kind).chinese}申请】{unit_and_title(content.sheet)}"]
    lines += _asked(content, scene)
    if request.state != RequestState.PENDING.value:
        return message([*lines, f"{_decided(content)}({content.decider})。"])
    if content.refusing:
        return _refusing(content, lines)
    return message([*lines, f"经办:{section_contact(content.sheet)}"], _decide_buttons(request.id))


def _asked(content: RequestContent, scene: Scene) -> list[str]:
    """Who asked, when and what for."""
    request, zone = content.request, scene.hours.zone
    came = f"{content.asker} {wording.moment(request.received_at, zone)}"
    why = f",原因:{request.reason}" if request.reason else ""
    if request.until is not None:
        return [f"{came}申请延到{wording.moment(request.until, zone)}{why}"]
    return [f"{came}报(报告期已于{wording.moment(content.sheet.lock_at, zone)}关闭){why}", *_values(content)]


def _values(content: RequestContent) -> list[str]:
    sheet = content.sheet
    values = sheet.values_of(content.request.entries)
    before = sheet.sent_values
    asked = applicable(sheet.indicators, values)
    new = [said(one, values[one.key]) for one in asked if one.key in values and values[one.key] != before.get(one.key)]
    return list(lines_of(new))


def _decided(content: RequestContent) -> str:
    if content.request.state == RequestState.GRANTED.value:
        return "✓ 已同意"
    return f"已答复不同意:{content.request.answer}"


def _refusing(content: RequestContent, lines: list[str]) -> Rendered:
    request = content.request
    buttons = [
        Button(why, encode(Verb.REFUSE_WHY, None, request.id, n))
        for n, why in enumerate(REFUSALS[RequestKind(request.kind)])
    ]
    lines.append("不同意的原因?点一下,或直接回;原因会告诉学校。")
    return message(lines, *in_rows(buttons, 2), _decide_buttons(request.id)[:1])


def _decide_buttons(request_id: int, prefix: str = "") -> list[Button]:
    grant = Button(f"{prefix}同意", encode(Verb.GRANT, None, request_id))
    return [grant, Button(f"{prefix}不同意", encode(Verb.REFUSE, None, request_id))]


def review(content: ReviewContent, scene: Scene) -> Rendered:
    if not content.requests:
        return message(["没有待审核的申请。"])
    lines, rows = [f"待审核的申请{content.total}件:"], []
    for number, one in enumerate(content.requests, 1):
        kind = RequestKind(one.request.kind).chinese
        lines.append(f"{number}. 【{kind}】{unit_and_title(one.sheet)}:{','.join(_asked(one, scene))}")
        rows.append(_decide_buttons(one.request.id, str(number)))
    if content.total > len(content.requests):
        lines.append(f"还有{content.total - len(content.requests)}件,办完这些再回“审核”。")
    return message(lines, *rows)


# ---- the answer


def decision(content: DecisionContent, scene: Scene) -> Rendered:
    request, sheet, zone = content.request, content.sheet, scene.hours.zone
    granted = request.state == RequestState.GRANTED.value
    why = f"({request.reason})" if request.reason else ""
    if request.until is not None and granted:
        until = wording.moment(request.until, zone)
        return message([f"{content.address},{sheet.title}同意延至{until}{why}。在此之前报都算按时。"], _go_on(content))
    if request.until is not None:
        return message(
            [
                f"{content.address},{sheet.title}未能延期,仍为{due(sheet, scene)}截止:{request.answer}。",
                f"填的都还在。有困难打{office_call(scene)}。",
            ],
            _go_on(content),
        )
    if granted:
        what = "更正" if sheet.report.versions > 1 else "补报"
        number = sheet.report.receipt_number
        return message([f"✓ 已接收{what}:{unit_and_title(sheet)}", f"计入下期更正。回执号 {number}。不用重报。"])
    return message(
        [
            f"{content.address},{unit_and_title(sheet)}的补报未接收:{request.answer}。",
            f"您报的内容都还在。有疑问打{office_call(scene)}。",
        ]
    )


def _go_on(content: DecisionContent) -> list[Button]:
    sheet = content.sheet
    return [Button("接着填", encode(Verb.OPEN, sheet.key))] if sheet.is_open else []
