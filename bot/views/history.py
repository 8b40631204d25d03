"""已报: the list of what was sent, and one report with its versions."""

from __future__ import annotations

from collections.abc import Iterator

from bot.buttons import Verb, encode
from bot.views.parts import IN_BACKLOG, in_rows, lines_of, message, said, unit_and_title
from bot.views.photos import photo_button
from domain import wording
from domain.progress import received_timeliness
from services.changes import changes_of
from services.content import Scene
from services.corrections import Version
from services.history import HistoryContent, VersionsContent
from services.rendering import Button, Rendered
from services.sheets import Sheet

MOST_LINES = 5
"""Changes of one version that are listed; the words behind them are shortened to fit a phone."""


def history(content: HistoryContent, scene: Scene) -> Rendered:
    if not content.sheets:
        return message([f"{content.address},还没有报过的。回“待办”看要报什么。"])
    of = f"(第{content.page + 1}页,共{content.pages}页)" if content.pages > 1 else ""
    lines = [f"{content.address},最近报送的{of}:"]
    buttons = []
    for number, sheet in enumerate(content.sheets, 1):
        unit = f"{sheet.unit.name} " if content.several_units else ""
        lines.append(f"{number}. {unit}{sheet.title}:{_when(sheet, scene)}{_corrected(sheet)}")
        buttons.append(Button(f"{number} {sheet.title}", encode(Verb.VERSION, sheet.key, 0, content.page)))
    return message(lines, *in_rows(buttons, 2), _pages(content))


def _when(sheet: Sheet, scene: Scene) -> str:
    """11月18日09:00按时,回执号 1118-0001"""
    at = sheet.report.first_received_at or scene.now
    how = received_timeliness(at, sheet.bounds.due_at, sheet.bounds.grace_until).chinese
    how += IN_BACKLOG if sheet.report.in_backlog else ""
    return f"{wording.short_moment(at, scene.hours.zone)}{how},回执号 {sheet.report.receipt_number}"


def _corrected(sheet: Sheet) -> str:
    return f",更正{sheet.report.versions - 1}次" if sheet.report.versions > 1 else ""


def _pages(content: HistoryContent) -> list[Button]:
    earlier = [Button("上一页", encode(Verb.HISTORY, None, content.page - 1))] if content.page else []
    more = content.page + 1 < content.pages
    return [*earlier, *([Button("下一页", encode(Verb.HISTORY, None, content.page + 1))] if more else [])]


def versions(content: VersionsContent, scene: Scene) -> Rendered:
    version = next((one for one in content.versions if one.number == content.number), None)
    if version is None:
        lines = _present(content.sheet, scene)
    elif version is content.versions[0]:
        lines = _first(content.sheet, version, scene)
    else:
        lines = _correction(content.sheet, version, content.versions.index(version), scene)
    return message(lines, *_version_buttons(content, scene))


def _present(sheet: Sheet, scene: Scene) -> list[str]:
    values = sheet.sent_values
    phrases = [said(one, values[one.key]) for one in sheet.indicators if one.key in values]
    return [f"【已报】{unit_and_title(sheet)}", f"{_when(sheet, scene)}{_corrected(sheet)}", *lines_of(phrases)]


def _first(sheet: Sheet, version: Version, scene: Scene) -> list[str]:
    phrases = [
        f"{said(one, version.after[one.key])}{_words(version, one.key)}"
        for one in sheet.indicators
        if one.key in version.after
    ]
    return [f"【首报】{unit_and_title(sheet)}", _who(version, scene), *lines_of(phrases)]


def _correction(sheet: Sheet, version: Version, number: int, scene: Scene) -> list[str]:
    changed = [one for one in sheet.indicators if version.before.get(one.key) != version.after.get(one.key)]
    phrases = changes_of(sheet, version.before, version.after)
    lines = [
        f"{phrase}{_words(version, one.key)}"
        for one, phrase in zip(changed[:MOST_LINES], phrases[:MOST_LINES], strict=True)
    ]
    if len(changed) > MOST_LINES:
        lines.append(f"等{len(changed)}处。")
    return [f"【更正{number}】{unit_and_title(sheet)}", _who(version, scene), *lines]


def _who(version: Version, scene: Scene) -> str:
    why = f",原因:{version.reason}" if version.reason else ""
    return f"{version.by} {wording.moment(version.rows[0].at, scene.hours.zone)}{why}"


def _words(version: Version, key: str) -> str:
    words = next((row.words for row in version.rows if row.key == key and row.words), "")
    return f"(原话“{words[:20]}”)" if words else ""


def _version_buttons(content: VersionsContent, scene: Scene) -> Iterator[list[Button]]:
    sheet, page = content.sheet, content.page
    present = [Button("现值", encode(Verb.VERSION, sheet.key, 0, page))] if content.number else []
    others = [
        Button("首报" if place == 0 else f"更正{place}", encode(Verb.VERSION, sheet.key, one.number, page))
        for place, one in enumerate(content.versions)
        if one.number != content.number
    ]
    rows = in_rows([*present, *others], 4)
    yield from (list(row) for row in rows)
    back = Button("返回", encode(Verb.HISTORY, None, page))
    may_correct = sheet.is_sent and not sheet.is_locked(scene.now)
    correct = [Button("修改", encode(Verb.CORRECT, sheet.key))] if may_correct else []
    yield [*correct, *photo_button(sheet), back]
