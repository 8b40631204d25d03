"""What a change of a task does to a questionnaire that is frozen in an open round."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from domain.campaign.changes import Change, ChangeKind, changes
from domain.indicators import Indicator

Questions = tuple[Indicator, ...]


def meant(frozen: Iterable[Indicator], new: Iterable[Indicator]) -> list[Change]:
    """The changes of meaning between what a round asks and the task as it is now."""
    return [change for change in changes(frozen, new) if change.kind is ChangeKind.MEANING]


def mended(frozen: Questions, new: Questions) -> Questions:
    """With the new wording and looser limits of every question (or column) whose meaning stayed; the order is kept, and
    nothing comes or goes."""
    return _revised(frozen, new, leave={change.key for change in meant(frozen, new)}, add=())


def asked_again(frozen: Questions, new: Questions) -> Questions:
    """With the questions that mean something else as they are now, and new ones that must be answered."""
    return _revised(frozen, new, leave=(), add={change.key for change in meant(frozen, new)})


def _revised(
    frozen: Questions, new: Questions, leave: Collection[str], add: Collection[str], inside: str = ""
) -> Questions:
    now = {indicator.key: indicator for indicator in new}
    kept = [_question(old, now.get(old.key, old), leave, add, inside) for old in frozen]
    for position, indicator in enumerate(new):
        if inside + indicator.key in add and all(indicator.key != one.key for one in kept):
            kept.insert(_place(kept, new[:position]), indicator)
    return tuple(kept)


def _question(old: Indicator, new: Indicator, leave: Collection[str], add: Collection[str], inside: str) -> Indicator:
    taken = old if inside + old.key in leave else new
    if not old.columns or not new.columns:
        return taken
    return replace(taken, columns=_revised(old.columns, new.columns, leave, add, f"{inside}{old.key}."))


def _place(kept: Sequence[Indicator], before: Sequence[Indicator]) -> int:
    """Behind the nearest question that stands before it in the file."""
    keys = [one.key for one in kept]
    return next((keys.index(one.key) + 1 for one in reversed(before) if one.key in keys), 0)
