"""How well replies are understood: wholly right, wrong values stored, needless questions (domain 4, last paragraph)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.understanding.batch import answer


@dataclass(slots=True)
class Tally:
    """`wrong`: at least one value stored that should not be, or another; `needless`: a value there and not taken."""

    replies: int = 0
    right: int = 0
    wrong: int = 0
    needless: int = 0


@dataclass(slots=True)
class Score:
    """Tallies by type of the questions asked (`mixed` for several), by intent, and in all."""

    whole: Tally = field(default_factory=Tally)
    by_type: dict[str, Tally] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def table(self) -> str:
        rows = [*sorted(self.by_type.items()), ("in all", self.whole)]
        head = f"{'type':<12}{'replies':>9}{'right':>9}{'':>8}{'wrong stored':>14}{'needless':>10}"
        return "\n".join([head, *(_row(name, tally) for name, tally in rows)])


def _row(name: str, tally: Tally) -> str:
    share = f"{100 * tally.right / tally.replies:.1f} %" if tally.replies else "-"
    return f"{name:<12}{tally.replies:>9}{tally.right:>9}{share:>8}{tally.wrong:>14}{tally.needless:>10}"


def score(lines: Iterable[str]) -> Score:
    """Reads labelled lines, understands each, and counts."""
    total = Score()
    for line in lines:
        if line.strip():
            _count(total, json.loads(line))
    return total


def _count(total: Score, item: Mapping[str, Any]) -> None:
    found = answer(item)
    expected: dict[str, Any] = item.get("expected") or {}
    entries = {entry["key"]: entry for entry in item["context"]}
    stored = found["values"]
    wrong = [k for k, v in stored.items() if k not in expected or not equal(entries[k], expected[k], v)]
    missed = [k for k in expected if k not in stored]
    right = not wrong and not missed and found["intent"] == item["expected_intent"]
    for tally in (total.whole, total.by_type.setdefault(_type(item), Tally())):
        tally.replies += 1
        tally.right += right
        tally.wrong += bool(wrong)
        tally.needless += bool(missed) and not wrong
    if not right:
        total.misses.append(_miss(item, found, bool(wrong)))


def _type(item: Mapping[str, Any]) -> str:
    types = {str(entry["type"]) for entry in item["context"]}
    return types.pop() if len(item["context"]) == 1 else "mixed"


def _miss(item: Mapping[str, Any], found: Mapping[str, Any], wrong: bool) -> str:
    said = json.dumps(found["values"], ensure_ascii=False)
    want = json.dumps(item.get("expected"), ensure_ascii=False)
    mark = "WRONG " if wrong else ""
    return (
        f"{mark}{item.get('id')} {item['text']!r}: {found['intent']} {said}, expected {item['expected_intent']} {want}"
    )


def equal(entry: Mapping[str, Any], expected: Any, found: Any) -> bool:
    """Whether a value counts as right: tolerances by type and unit."""
    kind = entry["type"]
    if isinstance(found, bool) != isinstance(expected, bool):
        return False
    if kind == "text":
        return _squeezed(expected) in _squeezed(found)
    if kind in ("percent", "number") and not isinstance(found, str | dict | list):
        return abs(float(found) - float(expected)) <= _tolerance(kind, str(entry.get("unit") or "")) + 1e-9
    return bool(found == expected)


def _tolerance(kind: str, unit: str) -> float:
    if kind == "number" and unit in ("元", "千元", "万元"):
        return 0.005
    if kind == "number" and unit == "秒":
        return 0
    if kind == "number" and unit in ("平方米", "㎡"):
        return 1
    return 0.1


def _squeezed(words: Any) -> str:
    return "".join(str(words).split())
