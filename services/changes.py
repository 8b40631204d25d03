"""What a correction moved, in words: 学生520人→518人."""

from __future__ import annotations

from domain import wording
from domain.indicators import Indicator, Value, Values
from services.sheets import Sheet

GONE = "不再适用"


def changes_of(sheet: Sheet, before: Values, after: Values) -> tuple[str, ...]:
    """One phrase for each answer that differs, in the order of the questions."""
    return tuple(
        changed(indicator, before.get(indicator.key), after.get(indicator.key))
        for indicator in sheet.indicators
        if before.get(indicator.key) != after.get(indicator.key)
    )


def changed(indicator: Indicator, before: Value | None, after: Value | None) -> str:
    """学生520人→518人; without the arrow for a question that did not apply before."""
    if before is None:
        return f"{indicator.name}{_shown(indicator, after)}"
    return f"{indicator.name}{_shown(indicator, before)}→{_shown(indicator, after)}"


def _shown(indicator: Indicator, value: Value | None) -> str:
    return GONE if value is None else wording.value(indicator, value, (indicator.yes, indicator.no))
