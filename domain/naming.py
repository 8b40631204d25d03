"""Which of a person's own units do typed words name, by name, alias or a slip of the pinyin keyboard?

Only names of the person's own units are compared, and whole names with pieces of the words as long as they are; what
fits two units names both, so that the person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.fuzz import ratio

SLIP = 90.0
"""So alike (of 100) the toneless pinyin of a piece and of a name must be, for the piece to be that name mistyped."""
TIE = 3.0
"""Names as close to each other as this are not told apart."""
_SHORT = 2
"""Names of so few characters count only where they stand alone: 一小 is not in 一小时."""
_LONGEST = 60
"""Mistyped names are looked for in the beginning of the words."""
_BEFORE = r"(?:(?<=[\s,,。;;、::])|(?<![\s\S]))"
_AFTER = r"(?=[\s,,。;;、::\d]|$)"

Spell = Callable[[str], Sequence[str]]
"""Toneless pinyin, one syllable for each Chinese character; other characters as they are."""


@dataclass(frozen=True, slots=True)
class UnitName:
    """A name people use for a unit; `pinyin` is its toneless key (empty: mistypings are not looked for)."""

    text: str
    unit_id: int
    pinyin: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A piece of the words that names one unit, or several that share the name."""

    start: int
    end: int
    units: frozenset[int]


def mentions(names: Iterable[UnitName], words: str) -> list[Mention]:
    """Every name that stands in the words, the longer one first where two overlap: 石桥头小学 is not 桥头小学."""
    units: dict[str, set[int]] = {}
    for name in names:
        units.setdefault(name.text, set()).add(name.unit_id)
    found: list[Mention] = []
    for text in sorted(units, key=len, reverse=True):
        for at in _places(text, words):
            if all(at + len(text) <= other.start or at >= other.end for other in found):
                found.append(Mention(at, at + len(text), frozenset(units[text])))
    return sorted(found, key=lambda mention: mention.start)


def _places(text: str, words: str) -> Iterator[int]:
    alone = len(text) <= _SHORT
    pattern = f"{_BEFORE}{re.escape(text)}{_AFTER}" if alone else re.escape(text)
    return (match.start() for match in re.finditer(pattern, words))


def slips(names: Iterable[UnitName], words: str, spell: Spell) -> list[Mention]:
    """The piece of the words that sounds most like one of the names, as one mention; none where nothing is close."""
    syllables = spell(words[:_LONGEST])
    scored = [
        (ratio("".join(syllables[at : at + len(name.text)]), name.pinyin), at, name)
        for name in names
        if len(name.text) > _SHORT and name.pinyin
        for at in _pieces(words[: len(syllables)], len(name.text))
    ]
    best = max((score for score, *_ in scored), default=0.0)
    close = [(at, name) for score, at, name in scored if score >= max(SLIP, best - TIE)]
    if not close:
        return []
    length = max(len(name.text) for _, name in close)  # 中心小雪 is no 中心校 either
    longest = [(at, name) for at, name in close if len(name.text) == length]
    start = min(at for at, _ in longest)
    return [Mention(start, start + length, frozenset(name.unit_id for _, name in longest))]


def _pieces(words: str, length: int) -> Iterator[int]:
    return (match.start() for match in re.finditer(rf"(?=[一-鿿]{{{length}}})", words))


def without(found: Iterable[Mention], words: str) -> str:
    """The words without the names, which may hold numerals (九年一贯制)."""
    for mention in sorted(found, key=lambda mention: -mention.start):
        words = f"{words[: mention.start]} {words[mention.end :]}"
    return words
