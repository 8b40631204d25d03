"""What became different in a running task, and what that does to rounds that are open.

`wording` and `loosened` are put into open rounds as they are; `meaning` re-asks that question only, because answers
given to the old one do not answer the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.campaign.sheets import INDICATOR
from domain.indicators import Indicator, Kind, OnlyIf


class ChangeKind(StrEnum):
    WORDING = "wording"
    LOOSENED = "loosened"
    MEANING = "meaning"

    @property
    def chinese(self) -> str:
        return {"wording": "改文字", "loosened": "放宽", "meaning": "改口径"}[self.value]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of one indicator. `field` is empty when the indicator as a whole came or went."""

    key: str
    kind: ChangeKind
    field: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        what = f"的“{INDICATOR.get(self.field, self.field)}”" if self.field else ""
        return f"{self.kind.chinese} {self.key}{what}:{self.before or '无'} → {self.after or '无'}"


_WORDING = frozenset({"label", "short", "hint", "help", "used_by", "words", "yes", "no", "nature", "sets"})


def changes(old: Iterable[Indicator], new: Iterable[Indicator]) -> list[Change]:
    """All differences between two versions of a task, in the order of the new one; another order is none."""
    before = {indicator.key: indicator for indicator in old}
    after = {indicator.key: indicator for indicator in new}
    found = [change for key in after for change in (*_of(before.get(key), after[key]), *_columns(before, after[key]))]
    gone = [Change(key, ChangeKind.LOOSENED, "", before[key].label, "") for key in before if key not in after]
    return found + gone


def _columns(before: Mapping[str, Indicator], new: Indicator) -> Iterator[Change]:
    """Those of a repeating group's own questions, by drills.date."""
    old = before.get(new.key)
    for change in changes(old.columns, new.columns) if old else ():
        yield replace(change, key=f"{new.key}.{change.key}")


def _of(old: Indicator | None, new: Indicator) -> list[Change]:
    if old is None:
        kind = ChangeKind.MEANING if new.required else ChangeKind.LOOSENED
        return [Change(new.key, kind, "", "", new.label)]
    compared = (f.name for f in fields(Indicator) if f.name != "columns")
    differing = [name for name in compared if getattr(old, name) != getattr(new, name)]
    return [
        Change(new.key, _kind(name, getattr(old, name), getattr(new, name), old.kind), name,
               _shown(getattr(old, name)), _shown(getattr(new, name)))
        for name in differing
    ]  # fmt: skip


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, OnlyIf):
        return f"{value.key}{'未完成' if value.incomplete else f'={value.equals}'}"
    return "、".join(value) if isinstance(value, tuple) else str(value)


def _kind(name: str, old: Any, new: Any, kind: Kind) -> ChangeKind:
    """A limit that now lets more through is loosened; anything that questions answers already given is meaning."""
    if name in _WORDING:
        return ChangeKind.WORDING
    if _looser(name, old, new, kind):
        return ChangeKind.LOOSENED
    return ChangeKind.MEANING


def _looser(name: str, old: Any, new: Any, kind: Kind) -> bool:
    match name:
        case "minimum" | "earliest" | "soft_minimum" | "boarding_minimum":
            return new is None or (old is not None and _comparable(old, new) and bool(new <= old))
        case "maximum" | "soft_maximum" | "latest" | "jump":
            return new is None or (old is not None and _comparable(old, new) and bool(new >= old))
        case "limit_from" | "only_if":
            return new is None and name == "limit_from"
        case "choices":
            return kind in (Kind.CHOICE, Kind.CHOICES) and set(old) <= set(new)
        case "required" | "not_falling":
            return not new
    return False


def _comparable(old: Any, new: Any) -> bool:
    """Two numbers, or two ISO days; a word like period_to is comparable to nothing."""
    return isinstance(new, Decimal) or all(text[:1].isdigit() for text in (old, new))
