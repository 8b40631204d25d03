"""A question as the grammar sees it: its family of amounts, the nouns and topics it accepts, its own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from domain.indicators import Kind, Question
from domain.understanding import labels, units
from domain.understanding.lexicon import NOUNS, PEOPLE
from domain.understanding.rule import Rule

Family = Literal["count", "percent", "money", "area", "duration", "ratio", "date", "bool", "choice", "text", "none"]


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Rule:
    return Rule(pattern)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A question as the grammar sees it: its family of amounts, the nouns and topics it accepts, its own words.

    `soft` are the nouns its label merely contains (学生 in 寄宿生人数): it may be meant, but more narrowly. `named` are
    cues that only this question has: its own words, and pieces of its label.
    """

    question: Question
    family: Family
    nouns: frozenset[str]
    topics: frozenset[str]
    own: Rule | None
    parts: tuple[Rule, Rule] | None = None
    soft: frozenset[str] = frozenset()

    key: str = field(init=False)
    named: frozenset[str] = field(init=False)
    concepts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        key = self.question.key
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "named", frozenset(("=" + key, "~" + key)))
        object.__setattr__(self, "concepts", self.nouns | self.topics | self.named)

    @property
    def numeric(self) -> bool:
        return self.family in ("count", "percent", "money", "area", "duration", "ratio")

    @property
    def prefix(self) -> str:
        return self.key.rsplit("_", 1)[0] if "_" in self.key else self.key


def profile_of(question: Question) -> Profile:
    """Cheap after the first time for a label."""
    names, own = labels.words(question.label, question.words, question.unit, question.kind is Kind.BOOL)
    nouns = _nouns(question, names & NOUNS)
    return Profile(
        question,
        _family(question),
        nouns,
        names - NOUNS,
        _compiled(own) if own else None,
        labels.parts(question.label) if question.kind is Kind.RATIO else None,
        _soft(question, names) - nouns,
    )


def _soft(question: Question, names: frozenset[str]) -> frozenset[str]:
    """Where people are counted and no kind of them is named, any kind may be meant."""
    persons = question.unit in units.PERSON_UNITS and not names & PEOPLE
    return labels.contained(question.label) | (PEOPLE - {"others"} if persons else frozenset())


def _nouns(question: Question, names: frozenset[str]) -> frozenset[str]:
    if question.kind is Kind.PERCENT and (names - PEOPLE or labels.pieces(question.label, "")):
        return names - PEOPLE
    if question.kind in (Kind.PERCENT, Kind.BOOL, Kind.DATE, Kind.CHOICE, Kind.TEXT):
        return names
    if "people" in names:
        return names - {"staff", "student"}
    if "backbone" in names:
        return names - {"staff"}
    return names


def _family(question: Question) -> Family:
    match question.kind:
        case Kind.BOOL:
            return "bool"
        case Kind.PERCENT:
            return "percent"
        case Kind.RATIO:
            return "ratio"
        case Kind.DATE:
            return "date"
        case Kind.CHOICE | Kind.CHOICES:
            return "choice"
        case Kind.TEXT:
            return "text"
        case Kind.PHOTO:
            return "none"
        case _:
            return _amount(question.unit)


def _amount(unit: str) -> Family:
    if unit in units.MONEY:
        return "money"
    if unit in units.AREA:
        return "area"
    return "duration" if unit in units.SECONDS else "count"
