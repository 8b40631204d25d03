"""Values and questionnaires as JSON and back, losing nothing."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import TypeAdapter

from domain.indicators import Indicator, Kind, Ratio, Value

_INDICATORS = TypeAdapter(tuple[Indicator, ...])


def to_json(value: Value) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case Ratio(done, total):
            return [done, total]
        case date():
            return value.isoformat()
        case tuple():
            return list(value)


def from_json(kind: Kind, raw: Any) -> Value:
    match kind:
        case Kind.NUMBER | Kind.PERCENT:
            return Decimal(raw)
        case Kind.RATIO:
            return Ratio(*raw)
        case Kind.DATE:
            return date.fromisoformat(raw)
        case Kind.CHOICES | Kind.PHOTO:
            return tuple(raw)
        case _:
            known: Value = raw
            return known


def questionnaire_to_json(indicators: tuple[Indicator, ...]) -> list[dict[str, object]]:
    dumped: list[dict[str, object]] = _INDICATORS.dump_python(indicators, mode="json", exclude_defaults=True)
    return dumped


def questionnaire_from_json(raw: list[dict[str, object]]) -> tuple[Indicator, ...]:
    """Raises pydantic.ValidationError on anything that is no list of indicators."""
    return _INDICATORS.validate_python(raw)


def to_amount(value: Decimal, scale: int) -> int:
    """The integer kept in the store: 85.14 % at scale 1 is 851."""
    return int((value * 10**scale).quantize(Decimal(1), ROUND_HALF_UP))


def from_amount(amount: int, scale: int) -> Decimal:
    return Decimal(amount).scaleb(-scale)
