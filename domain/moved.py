"""更正 in a digest: what moved since the last one was published, because a published snapshot never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moved:
    """A report whose answers moved. `changes` are phrases (学生520人→518人); `late`: handed in after the lock 补报."""

    task: str
    section_id: int | None
    unit: str
    changes: tuple[str, ...]
    reason: str
    late: bool = False


def moved_lines(moved: Sequence[Moved], most: int) -> list[str]:
    """At most so many of them, then how many there are; nothing when nothing moved."""
    if not moved:
        return []
    lines = [f"上期以来更正{len(moved)}份:"]
    lines += [_line(number, one) for number, one in enumerate(moved[:most], 1)]
    return lines if len(moved) <= most else [*lines, f"等{len(moved)}份。"]


def _line(number: int, one: Moved) -> str:
    what = "补报:" if one.late else ":"
    why = f"({one.reason})" if one.reason and not one.late else ""
    return f"{number}. {one.unit} {one.task}{what}{','.join(one.changes)}{why}"
