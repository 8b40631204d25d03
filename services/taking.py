"""What is taken of words that were understood, and what they leave to ask about."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain import codec
from domain.indicators import Indicator, Kind, Ratio, Value, pruned
from domain.messages import Unread
from domain.understanding.result import Doubt, Reading, Understanding, Why
from services.reading import CANNOT_BE
from services.sheets import Sheet


def applying(sheet: Sheet, readings: Sequence[Reading]) -> list[Reading]:
    """Those that answer a question which applies, together with what stands and with each other."""
    known = [reading for reading in readings if sheet.indicator(reading.key) is not None]
    kept = pruned(sheet.indicators, sheet.values | {reading.key: reading.value for reading in known})
    return [reading for reading in known if reading.key in kept]


def _is_idle(doubt: Doubt, taken: set[str]) -> bool:
    """Words that gave another question its value are no failed answer to this one, which is simply asked next."""
    if doubt.why is Why.NOT_A_NUMBER:
        return any(words and words in doubt.words for words in taken)
    return doubt.why is Why.AMBIGUOUS and doubt.words in taken


def _amounts(sheet: Sheet, doubt: Doubt) -> tuple[tuple[int, ...], ...]:
    """What may be meant, as numbers that a button can carry."""
    indicator = sheet.indicator(doubt.key)
    if indicator is None:
        return ()
    return tuple(
        (value.done, value.total) if isinstance(value, Ratio) else (codec.to_amount(Decimal(value), indicator.scale),)
        for value in doubt.either
        if isinstance(value, Ratio | int | Decimal)
    )


def meant(indicator: Indicator, amounts: Sequence[int]) -> Value | None:
    """The value that such a button names; None for what names none."""
    match indicator.kind, tuple(amounts):
        case Kind.RATIO, (done, total) if 0 <= done <= total:
            return Ratio(done, total)
        case Kind.INT, (amount,):
            return amount
        case ((Kind.NUMBER | Kind.PERCENT), (amount,)):
            return codec.from_amount(amount, indicator.scale)
        case _:
            return None


def unread_of(
    sheet: Sheet, understood: Understanding, readings: Sequence[Reading], words: str, *, is_closed: bool
) -> tuple[Unread, ...]:
    """What the reply leaves to ask about; of a correction only what cannot be, not what it leaves alone."""
    taken = {reading.words for reading in readings}
    doubts = [doubt for doubt in understood.doubts if not _is_idle(doubt, taken)]
    if is_closed and readings:
        doubts = [doubt for doubt in doubts if doubt.why in CANNOT_BE]
    unread = tuple(
        Unread(key=doubt.key, why=doubt.why, words=doubt.words, either=_amounts(sheet, doubt)) for doubt in doubts
    )
    if not readings and not unread:
        return (Unread(key=None, why=Why.NOT_UNDERSTOOD, words=words[:40]),)
    return unread


def cannot_be(understood: Understanding) -> bool:
    """An answer of the right kind was given, but one that is refused."""
    return any(doubt.why in CANNOT_BE for doubt in understood.doubts)
