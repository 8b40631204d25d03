"""Values as the columns of an answer row, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from db.tables import Answer, AnswerRevision
from domain import codec
from domain.indicators import Indicator, Kind, Ratio, Value


def columns_of(indicator: Indicator, value: Value) -> dict[str, Any]:
    """The answer's columns for a value: an integer amount at the indicator's scale, denominator, text or day."""
    empty: dict[str, Any] = {"amount": None, "denominator": None, "text": None, "day": None}
    match value:
        case bool() | int():
            return empty | {"amount": int(value)}
        case Decimal():
            return empty | {"amount": codec.to_amount(value, indicator.scale)}
        case Ratio(done, total):
            return empty | {"amount": done, "denominator": total}
        case str():
            return empty | {"text": value}
        case tuple():
            return empty | {"text": "\n".join(value)}
        case _:
            return empty | {"day": value}


def value_of(indicator: Indicator, answer: Answer | AnswerRevision) -> Value | None:
    """The value that an answer row (or a revision of it) holds; None for a row without one."""
    if indicator.kind is Kind.BOOL:
        return None if answer.amount is None else bool(answer.amount)
    if indicator.kind is Kind.RATIO and answer.amount is not None and answer.denominator is not None:
        return Ratio(answer.amount, answer.denominator)
    if indicator.kind in (Kind.NUMBER, Kind.PERCENT) and answer.amount is not None:
        return codec.from_amount(answer.amount, indicator.scale)
    if indicator.kind in (Kind.CHOICES, Kind.PHOTO) and answer.text is not None:
        return tuple(answer.text.split("\n"))
    return answer.day or answer.text if answer.amount is None else answer.amount
