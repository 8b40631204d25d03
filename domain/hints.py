"""Soft limits: values that are possible but unusual, asked about once, never refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.indicators import Indicator, Kind, Nature, Ratio, Setting, Value, Values, applicable


class Unusual(StrEnum):
    HIGH = "high"
    LOW = "low"
    FALLEN = "fallen"
    JUMPED = "jumped"
    OTHER_TOTAL = "other_total"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Hint:
    """`bound` is what the value was compared with: a limit, the last value, the registered total; of a day outside the
    period the day itself."""

    key: str
    why: Unusual
    bound: Value


def hints(indicators: Sequence[Indicator], values: Values, setting: Setting, last: Mapping[str, Value]) -> list[Hint]:
    """What to ask about before sending, in the order of the questions; at most one hint for each."""
    found = (_hint(one, values[one.key], setting, last.get(one.key)) for one in indicators if one.key in values)
    return [hint for hint in found if hint is not None]


def _hint(indicator: Indicator, value: Value, setting: Setting, last: Value | None) -> Hint | None:
    if isinstance(value, Ratio):
        return _of_ratio(indicator, value, setting, last)
    if isinstance(value, date):
        return Hint(indicator.key, Unusual.OUTSIDE, value) if _outside(indicator, value, setting) else None
    if isinstance(value, bool):
        few = indicator.soft_minimum is not None and not value and indicator.row < indicator.soft_minimum
        return Hint(indicator.key, Unusual.LOW, indicator.soft_minimum or 0) if few else None
    if not isinstance(value, int | Decimal):
        return None
    if indicator.soft_maximum is not None and value > indicator.soft_maximum:
        return Hint(indicator.key, Unusual.HIGH, indicator.soft_maximum)
    if indicator.soft_minimum is not None and value < indicator.soft_minimum:
        return Hint(indicator.key, Unusual.LOW, indicator.soft_minimum)
    return _against_last(indicator, value, last)


def _outside(indicator: Indicator, day: date, setting: Setting) -> bool:
    """A day of the period 时期数 that lies before or after it; not what is planned, which is still to come."""
    is_planned = indicator.earliest == "today"
    return indicator.nature is Nature.FLOW and not is_planned and not setting.period_from <= day <= setting.period_to


def _against_last(indicator: Indicator, value: int | Decimal, last: Value | None) -> Hint | None:
    if isinstance(last, bool) or not isinstance(last, int | Decimal):
        return None
    if indicator.not_falling and value < last:
        return Hint(indicator.key, Unusual.FALLEN, last)
    if indicator.jump is not None and last > 0 and value > last * indicator.jump:
        return Hint(indicator.key, Unusual.JUMPED, last)
    return None


def _of_ratio(indicator: Indicator, value: Ratio, setting: Setting, last: Value | None) -> Hint | None:
    registered = setting.basics.get(indicator.total_from)
    if registered is not None and abs(value.total - registered) * 10 > registered:
        return Hint(indicator.key, Unusual.OTHER_TOTAL, registered)
    if (
        indicator.nature is Nature.STOCK
        and indicator.not_falling
        and isinstance(last, Ratio)
        and value.done < last.done
    ):
        return Hint(indicator.key, Unusual.FALLEN, last)
    return None


_COUNTS = (Kind.INT, Kind.NUMBER, Kind.RATIO)


def is_all_nought(indicators: Sequence[Indicator], values: Values) -> bool:
    """All that was asked and answered are counts, and every one of them is nought: said of a nil report on purpose, of
    any other perhaps by mistake."""
    asked = [one for one in applicable(tuple(indicators), values) if one.required and one.key in values]
    return bool(asked) and all(one.kind in _COUNTS and _is_nought(values[one.key]) for one in asked)


def _is_nought(value: Value) -> bool:
    return value.done == 0 if isinstance(value, Ratio) else value == 0
