"""Values as the columns of an answer row, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Protocol

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


class Kept(Protocol):
    """A row of answers, of their revisions, or of these columns of them."""

    @property
    def amount(self) -> int | None: ...
    @property
    def denominator(self) -> int | None: ...
    @property
    def text(self) -> str | None: ...
    @property
    def day(self) -> date | None: ...


def value_of(indicator: Indicator, answer: Kept) -> Value | None:
    """The value that an answer row (or a revision of it) holds; None for a row without one, and for one that was given
    to a question of another kind."""
    match indicator.kind:
        case Kind.DATE:
            return answer.day
        case Kind.TEXT | Kind.CHOICE:
            return answer.text
        case Kind.CHOICES | Kind.PHOTO:
            return tuple(answer.text.split("\n")) if answer.text is not None else None
        case Kind.RATIO:
            counted = answer.amount is not None and answer.denominator is not None
            return Ratio(answer.amount or 0, answer.denominator or 0) if counted else None
    if answer.amount is None:
        return None
    match indicator.kind:
        case Kind.BOOL:
            return bool(answer.amount)
        case Kind.NUMBER | Kind.PERCENT:
            return codec.from_amount(answer.amount, indicator.scale)
        case _:
            return answer.amount
