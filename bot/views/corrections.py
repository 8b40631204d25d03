"""更正: the read-back of a correction, the question why, and what the lead section is told."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.doubts import doubt_lines
from bot.views.hints import hint_lines
from bot.views.parts import lines_of, message, send_button, unit_and_title
from bot.views.photos import photo_button
from domain import wording
from domain.requests import RequestKind
from services.changes import changed
from services.content import CardContent, Scene
from services.corrections import REASONS, CorrectedContent
from services.rendering import Button, Rendered
from services.sheets import Sheet


def late(sheet: Sheet, scene: Scene) -> bool:
    return sheet.is_locked(scene.now)


def head(sheet: Sheet, scene: Scene, what: str) -> str:
    """【草稿,未提交】…; of a correction 更正, after the lock 补报."""
    if sheet.is_sent:
        what = {"草稿": "更正", "请核对": "请核对更正", "修改": "更正"}[what]
    if late(sheet, scene):
        what = {"草稿": "补报", "请核对": "请核对补报", "修改": "补报"}.get(what, what)
    return f"【{what},未提交】{unit_and_title(sheet)}"


def closed_line(sheet: Sheet, scene: Scene) -> str:
    return f"报告期已于{wording.moment(sheet.lock_at, scene.hours.zone)}关闭;提交后转办公室,接收后按补报计入下期更正。"


def keep_button(sheet: Sheet) -> Button:
    return Button("不改了", encode(Verb.KEEP, sheet.key))


def changed_lines(sheet: Sheet) -> list[str]:
    """学生520人→518人(您说“五百一十八”), several in a line."""
    before, after = sheet.sent_values, sheet.values
    phrases = []
    for indicator in sheet.indicators:
        old, new = before.get(indicator.key), after.get(indicator.key)
        if old != new:
            phrases.append(changed(indicator, old, new) + _words(sheet, indicator.key))
    return list(lines_of(phrases))


def _words(sheet: Sheet, key: str) -> str:
    entry = sheet.entries.get(key, {})
    return f"(您说“{entry['words']}”)" if entry.get("changed") and entry.get("words") else ""


def read_back(content: CardContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    lines = [head(sheet, scene, "请核对"), *changed_lines(sheet), "其余不变。"]
    lines += hint_lines(sheet, scene)
    lines += doubt_lines(content, scene)
    lines += [closed_line(sheet, scene)] if late(sheet, scene) else []
    send = send_button(sheet, content.part)
    lines.append(f"对,请点“{send.label}”或回“对”;不对,直接说正确的。")
    buttons = [send, Button("再改一处", encode(Verb.CORRECT, sheet.key))]
    return message(lines, buttons, [keep_button(sheet)])


def reason(content: CardContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    lines = [head(sheet, scene, "草稿"), *changed_lines(sheet), "为什么更正?点一下,或直接回原因,就提交。"]
    buttons = [Button(why, encode(Verb.REASON, sheet.key, sheet.revision, n)) for n, why in enumerate(REASONS)]
    return message(lines, buttons, [keep_button(sheet)])


def submitted(sheet: Sheet, scene: Scene) -> Rendered:
    """What was sent, and how it is corrected."""
    at = sheet.report.submitted_at
    when = f"{wording.moment(at, scene.hours.zone)}," if at else ""
    lines = [f"【已提交】{unit_and_title(sheet)}", f"{when}回执号 {sheet.report.receipt_number}"]
    if RequestKind.LATE in sheet.standing.asked:
        lines.append("更正已转办公室,等接收。")
    correct = [] if late(sheet, scene) else [Button("修改", encode(Verb.CORRECT, sheet.key))]
    return message(lines, [*correct, *photo_button(sheet)])


def corrected(content: CorrectedContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    why = f"原因:{content.reason}。" if content.reason else ""
    lines = [f"更正:{unit_and_title(sheet)}", *lines_of(content.changes), f"{why}{content.by}报,原报送时间不变。"]
    if sheet.is_locked(scene.now):
        lines[-1] = f"{why}{content.by}报,报告期已关闭,计入下期更正。"
    return message(lines)
