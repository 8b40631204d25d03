"""Many replies at once: lines as in the dev file in, lines with intent and values out (`duban understand --batch`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.indicators import Kind, Question, Ratio, Value
from domain.understanding.result import Intent
from domain.understanding.understand import understand

NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
"""The day of the corpora, where a line names none."""

_KNOWN = {Intent.ANSWER, Intent.CORRECTION, Intent.QUESTION, Intent.REFUSE}


def run(lines: Iterable[str]) -> Iterator[str]:
    """One JSON line for each JSON line; empty lines are skipped."""
    for line in lines:
        if line.strip():
            yield json.dumps(answer(json.loads(line)), ensure_ascii=False)


def answer(item: Mapping[str, Any]) -> dict[str, Any]:
    """`id`, `context`, `text`, optional `now` → `id`, `intent`, `values`."""
    asked = [question(entry) for entry in item.get("context") or ()]
    now = datetime.fromisoformat(item["now"]) if item.get("now") else NOW
    understood = understand(str(item.get("text") or ""), asked, now=now)
    intent = understood.intent if understood.intent in _KNOWN else Intent.UNCLEAR
    values = {r.key: plain(r.value) for r in understood.readings}
    return {"id": item.get("id"), "intent": intent.value, "values": values}


def question(entry: Mapping[str, Any]) -> Question:
    """A context entry as a `Question`; a ratio's `max` is its registered total, a count's is only a limit."""
    kind = Kind(entry["type"])
    low, high = entry.get("min"), entry.get("max")
    numeric = kind in (Kind.INT, Kind.NUMBER, Kind.PERCENT)
    total = entry.get("total")
    if kind is Kind.RATIO and total is None:
        total = high
    return Question(
        key=str(entry["key"]),
        label=str(entry.get("label") or entry["key"]),
        kind=kind,
        unit=str(entry.get("unit") or ""),
        minimum=_decimal(low) if numeric else None,
        maximum=_decimal(high) if numeric else None,
        earliest=_day(low) if kind is Kind.DATE else None,
        latest=_day(high) if kind is Kind.DATE else None,
        total=int(total) if total is not None else None,
        choices=tuple(entry.get("choices") or ()),
        words=tuple(entry.get("words") or ()),
        previous=parse(kind, entry.get("previous")),
    )


def _decimal(value: Any) -> Decimal | None:
    return None if value is None or isinstance(value, bool) else Decimal(str(value))


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def parse(kind: Kind, value: Any) -> Value | None:
    """A JSON value as the kind's own."""
    if value is None:
        return None
    match kind:
        case Kind.BOOL:
            return bool(value)
        case Kind.INT:
            return int(value)
        case Kind.NUMBER | Kind.PERCENT:
            return Decimal(str(value))
        case Kind.RATIO:
            return Ratio(int(value["done"]), int(value["total"]))
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.CHOICES:
            return tuple(value)
        case _:
            return str(value)


def plain(value: Value) -> Any:
    """A value as JSON has it."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Ratio):
        return {"done": value.done, "total": value.total}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return int(value) if value == int(value) else float(value)
