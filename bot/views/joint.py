"""One table for several units: what was understood of each, one 提交 for all, 修改 for each."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.cards import body
from bot.views.doubts import doubt_lines, either_buttons
from bot.views.hints import hint_lines
from bot.views.parts import in_rows, message, open_button, send_button
from services.content import CardContent, JointContent, Scene
from services.rendering import Button, Rendered


def joint(content: JointContent, scene: Scene) -> Rendered:
    sheets = [card.sheet for card in content.cards]
    title, count = sheets[0].title, len(sheets)
    if all(sheet.is_sent for sheet in sheets):
        return message([f"✓ {title}:{'、'.join(sheet.unit.name for sheet in sheets)}都已报送。"])
    complete = all(sheet.is_complete for sheet in sheets)
    lines = [f"【{'请核对' if complete else '草稿'},未提交】{title}({count}所)"]
    for number, card in enumerate(content.cards, 1):
        lines += _rows(number, card, scene)
    lines.append(_closing(content, complete=complete))
    send = [_send(content)] if complete else []
    doubted = [either_buttons(card, str(number)) for number, card in enumerate(content.cards, 1)]
    return message(lines, *doubted, send, *in_rows(_each(content, complete=complete), 3))


def _rows(number: int, card: CardContent, scene: Scene) -> list[str]:
    sheet = card.sheet
    first, *rest = body(sheet) or ["还没填"]
    lines = [f"{number}. {sheet.unit.name}:{first}", *rest]
    lines += [f"还差:{'、'.join(one.name for one in sheet.missing)}"] if sheet.missing else []
    return [*lines, *hint_lines(sheet, scene), *doubt_lines(card, scene)]


def _closing(content: JointContent, *, complete: bool) -> str:
    first = content.cards[0].sheet
    if complete:
        name = first.applicable[-1].name
        return f"对,请点“{_label(content)}”或回“对”;不对,连校名一起说,如“{first.unit.name}{name}_”。"
    asked = [(card.sheet.unit.name, card.sheet.missing[0].name) for card in content.cards if card.sheet.missing]
    return f"请一句话接着说,如“{','.join(f'{unit}{name}_' for unit, name in asked)}”;填的都已保存。"


def _label(content: JointContent) -> str:
    labels = {send_button(card.sheet, card.part).label for card in content.cards}
    return labels.pop() if len(labels) == 1 else "提交"


def _send(content: JointContent) -> Button:
    revisions = [card.sheet.revision for card in content.cards]
    return Button(_label(content), encode(Verb.SEND_JOINT, None, content.update_id, *revisions))


def _each(content: JointContent, *, complete: bool) -> list[Button]:
    buttons = []
    for number, card in enumerate(content.cards, 1):
        sheet = card.sheet
        if complete:
            buttons.append(Button(f"{number}修改", encode(Verb.CHANGES, sheet.key)))
        elif sheet.is_complete:
            buttons.append(send_button(sheet, card.part, str(number)))
        elif sheet.is_open:
            buttons.append(open_button(f"{number}接着填", sheet))
    return buttons
