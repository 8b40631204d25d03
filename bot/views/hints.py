"""What is unusual in a read-back: said once, confirmed by sending."""

from __future__ import annotations

from domain import wording
from domain.hints import Hint, Unusual, hints, is_all_nought
from domain.indicators import Indicator, Value
from services.content import Scene
from services.reporting import is_nil
from services.sheets import Sheet


def hint_lines(sheet: Sheet, scene: Scene) -> list[str]:
    found = hints(sheet.applicable, sheet.values, sheet.setting(scene.today), sheet.earlier.last)
    span = wording.span(sheet.round.period_from, sheet.round.period_to)
    phrases = [_phrase(hint, sheet.indicator(hint.key), span) for hint in found]
    phrases += ["数都是0"] if is_all_nought(sheet.indicators, sheet.values) and not is_nil(sheet) else []
    return [f"请留意:{';'.join(phrases)}。确认吗?没错就提交。"] if phrases else []


def _phrase(hint: Hint, indicator: Indicator | None, span: str) -> str:
    if indicator is None:
        return ""
    bound = _bound(indicator, hint.bound)
    match hint.why:
        case Unusual.HIGH:
            return f"{indicator.name}一般不超过{bound}"
        case Unusual.LOW:
            return f"{indicator.name}一般不少于{bound}"
        case Unusual.FALLEN:
            return f"{indicator.name}比上次的{bound}少"
        case Unusual.JUMPED:
            return f"{indicator.name}比上次的{bound}多很多"
        case Unusual.OUTSIDE:
            return f"{indicator.name}{bound}不在统计时段({span})里"
        case Unusual.OTHER_TOTAL:
            return f"{indicator.name}的总数与在册{bound}不同"


def _bound(indicator: Indicator, bound: Value) -> str:
    if isinstance(bound, int) and not isinstance(bound, bool):
        return f"{bound}{indicator.unit}"
    return wording.value(indicator, bound)
