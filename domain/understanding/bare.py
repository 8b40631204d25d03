"""Whether words say anything that the question at hand could take or would have to refuse."""

from __future__ import annotations

from datetime import date

from domain.indicators import Kind, Question
from domain.understanding import dates, quantities
from domain.understanding.alignment import sorts_fit
from domain.understanding.masks import mask
from domain.understanding.normalise import normalise
from domain.understanding.profiles import profile_of


def concerns(text: str, question: Question, today: date) -> bool:
    """参演520人 is no day and no 用时; a bare number, or words of any other kind, may be for any question."""
    masked = mask(normalise(text).text)
    if question.kind is Kind.DATE:
        spoken = any("\u4e00" <= character <= "\u9fff" for character in masked)
        return not spoken or bool(dates.find(masked, today, weak=True))
    if question.kind in (Kind.INT, Kind.NUMBER, Kind.PERCENT, Kind.RATIO):
        amounts = quantities.find(masked)
        return not amounts or any(sorts_fit(amount, profile_of(question)) for amount in amounts)
    return True
