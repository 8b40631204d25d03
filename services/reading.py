"""What words say about one report's questions."""

from __future__ import annotations

from domain.indicators import Kind
from domain.understanding import understand
from domain.understanding.bare import concerns
from domain.understanding.period import of_period
from domain.understanding.result import Understanding, Why
from services.naming import unnamed
from services.sheets import Sheet
from services.turn import Turn

CANNOT_BE = frozenset(
    {Why.FUTURE, Why.PAST, Why.NO_SUCH_DATE, Why.NO_SUCH_CHOICE, Why.OUT_OF_RANGE, Why.DONE_OVER_TOTAL, Why.FUZZY}
)
"""The right kind of answer, but one that cannot be."""


def read_words(turn: Turn, sheet: Sheet, words: str, focus: str | None = None) -> Understanding:
    """What is said about all questions; but a bare value that the question at hand must refuse is not handed to another
    (a day that is over is no planned day, and does not turn 未开展 into 已开展)."""
    said = (sheet.key, sheet.revision, words, focus)
    if said not in turn.heard:
        turn.heard[said] = _read(turn, sheet, words, focus)
    return turn.heard[said]


def _read(turn: Turn, sheet: Sheet, words: str, focus: str | None) -> Understanding:
    now = turn.hours.local(turn.now)
    asked = sheet.question(focus, turn.today) if focus else None
    if asked is None or asked.kind is not Kind.TEXT:
        words = of_period(unnamed(turn, words), sheet.round.period_to, turn.today)
    understood = understand(words, sheet.questions(turn.today, focus), now=now, focus=focus, calm=turn.calm)
    if asked is None or asked.key in understood.values or not concerns(words, asked, now.date()):
        return understood
    alone = understand(words, [asked], now=now, focus=focus, calm=turn.calm)
    refused = " ".join(doubt.words for doubt in alone.doubts if doubt.why in CANNOT_BE)
    taken = refused and all(reading.words in refused for reading in understood.readings)
    return alone if taken else understood
