"""The number pad of a question, and the button that opens it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.buttons import Verb, encode
from bot.views.parts import in_rows
from domain import wording
from domain.indicators import Indicator, Kind, fits
from services.content import CardContent, Scene
from services.pads import BACK, DOT, ENTER, NUMERIC, OPEN, SLASH, mark_of
from services.rendering import Button
from services.sheets import Sheet

DAYS = 6


def is_shown(content: CardContent, asked: Indicator | None) -> bool:
    return content.pad is not None and asked is not None and asked.kind in NUMERIC


def lines(content: CardContent, asked: Indicator) -> list[str]:
    """What was tapped so far."""
    how = ",先点完成数,再点“/”和总数" if asked.kind is Kind.RATIO else ""
    return [f"已点:{content.pad}{asked.unit}" if content.pad else f"请点数字{how},再点“确定”;打字也可以。"]


def instead_of_words(sheet: Sheet, asked: Indicator, scene: Scene) -> list[Sequence[Button]]:
    """What may be tapped where words failed: the way to the number pad, or the nearest days."""
    if asked.kind in NUMERIC:
        return [[_key("数字键盘", sheet, asked, OPEN)]]
    question = sheet.question(asked.key, scene.today) if asked.kind is Kind.DATE else None
    if question is None:
        return []
    ahead = question.earliest is not None and question.earliest >= scene.today
    days = [scene.today + timedelta(days=number if ahead else -number) for number in range(DAYS)]
    position = sheet.indicators.index(asked)
    buttons = [
        Button(wording.short_day(day), encode(Verb.CHOOSE, sheet.key, sheet.revision, position, day.toordinal()))
        for day in days
        if fits(question, day)
    ]
    return in_rows(buttons, 3)


def keys(sheet: Sheet, asked: Indicator) -> list[Sequence[Button]]:
    sign = mark_of(asked)
    digits = [_key(str(digit), sheet, asked, digit) for digit in (*range(1, 10),)]
    last = [_key("⌫", sheet, asked, BACK), _key("0", sheet, asked, 0)]
    enter = _key("确定", sheet, asked, ENTER)
    if not sign:
        return [*in_rows(digits, 3), [*last, enter]]
    return [*in_rows(digits, 3), [*last, _key(sign, sheet, asked, DOT if sign == "." else SLASH)], [enter]]


def _key(label: str, sheet: Sheet, asked: Indicator, code: int) -> Button:
    return Button(label, encode(Verb.PAD, sheet.key, sheet.revision, sheet.indicators.index(asked), code))
