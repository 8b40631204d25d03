"""What was understood of one reply: an intent, readings with their evidence, and doubts to ask about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.indicators import Value


class Intent(StrEnum):
    ANSWER = "answer"
    CORRECTION = "correction"
    QUESTION = "question"
    REFUSE = "refuse"
    UNCLEAR = "unclear"
    CONFIRM = "confirm"
    LATER = "later"
    CHATTER = "chatter"
    EMERGENCY = "emergency"


class Why(StrEnum):
    """Why words that speak of an indicator gave no value."""

    FUZZY = "fuzzy"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_NUMBER = "not_a_number"
    DONE_OVER_TOTAL = "done_over_total"
    TOTAL_UNKNOWN = "total_unknown"
    FUTURE = "future"
    PAST = "past"
    VAGUE_DATE = "vague_date"
    NO_SUCH_DATE = "no_such_date"
    NO_SUCH_CHOICE = "no_such_choice"
    AMBIGUOUS = "ambiguous"
    CONTRADICTORY = "contradictory"
    PUT_OFF = "put_off"
    NOT_UNDERSTOOD = "not_understood"


@dataclass(frozen=True, slots=True)
class Reading:
    """A value with its evidence. `words` are the reply's own; `changed` says that the value does not stand there
    literally (converted, approximated, inferred), so the read-back shows the words beside it."""

    key: str
    value: Value
    words: str
    rule: str
    approximate: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Words that speak of this indicator but gave no value; asked again for this key only. Of words that contradict
    themselves, `either` are the values that may be meant: one tap chooses."""

    key: str
    why: Why
    words: str = ""
    either: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """`readings` may be stored. Of a question, `held` are the values found beside it, to offer with one tap and never
    to store silently; `aside` are the words that ask, also where an answer asks something besides."""

    intent: Intent
    readings: tuple[Reading, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    explanation: tuple[str, ...] = ()
    held: tuple[Reading, ...] = ()
    aside: str = ""

    @property
    def values(self) -> dict[str, Value]:
        return {reading.key: reading.value for reading in self.readings}
