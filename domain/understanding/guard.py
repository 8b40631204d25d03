"""The last look: a figure is not stored while something in the reply speaks against it that no reader has explained.

The readers decide what an amount means; these checks ask only whether the reply leaves another way to read it. Where it
does the figure is asked about: a needless question costs a tap, a wrong figure a bulletin.
"""

from __future__ import annotations

import re

from domain.understanding.alignment import Assigned, bindings, sorts_fit
from domain.understanding.lexicon import NOUNS, Profile
from domain.understanding.outcome import Outcome, doubt
from domain.understanding.quantities import Quantity
from domain.understanding.result import Reading, Why
from domain.understanding.roles import Role, roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

Taken = dict[str, list[Assigned]]


def checked(scene: Scene, profile: Profile, outcome: Outcome, taken: Taken) -> Outcome:
    """The outcome, or a doubt in its place."""
    if not isinstance(outcome, Reading) or profile.family not in _FIGURES:
        return outcome
    mine = [assigned.quantity for assigned in taken.get(profile.key, ())]
    if mine and outcome.rule != "same as last time":
        if _rivals(scene, profile, mine, taken):
            return doubt(scene, profile, Why.AMBIGUOUS)
        if _whole_for_new(scene, profile, mine):
            return doubt(scene, profile, Why.NOT_UNDERSTOOD)
        if _governed_by_the_past(scene, mine):
            return doubt(scene, profile, Why.NOT_UNDERSTOOD)
    return outcome


_FIGURES = frozenset({"count", "money", "area", "duration", "ratio"})


def _rivals(scene: Scene, profile: Profile, mine: list[Quantity], taken: Taken) -> bool:
    """An amount in the very unit of the one stored, which no question took and no noun of its own explains."""
    claimed = {a.quantity.start for amounts in taken.values() for a in amounts}
    free = [q for q in scene.quantities if q.start not in claimed and q.sort != "fraction" and sorts_fit(q, profile)]
    if not free:
        return False
    nouns = bindings(scene)
    units = {q.unit for q in mine if q.unit}
    return any(
        q.unit in units and not (nouns[q.start].level == 3 and nouns[q.start].concepts & NOUNS) and _open(scene, q)
        for q in free
    )


def _open(scene: Scene, quantity: Quantity) -> bool:
    return roles(scene, quantity) in (Role.VALUE, Role.SUM)


_WHOLE = Rule(r"总面积|现有|共有|面积共|累计|历年|一直|总共有|原有")
_NEW = Rule(r"新|今年|本年|又|增|种|铺|添|建了|补|这次")


def _whole_for_new(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """绿化面积共5200平方米 is no 新增."""
    return "新增" in profile.question.label and any(
        _WHOLE.search(scene.lead(q)) and not _NEW.search(scene.lead(q)) for q in mine
    )


_PAST = Rule(
    r"(?<![比跟和与较])(?:去年|上个?月|上个?学期|上学年|上个?季度|前年)[^，。;]*(?:搞|开展|组织|举行|举办|演练|开了|培训|活动|练)"
)
_PRESENT = Rule(r"今年|本年|本月|这个?月|这次|本次|现在|目前|本学期|这个?学期|今天|昨天|前天|刚|本周|这周|上周")


def _governed_by_the_past(scene: Scene, mine: list[Quantity]) -> bool:
    """上个月搞了演练,520人参加: what was said of another period holds until something turns to the present."""
    start = max(q.start for q in mine)
    sentence = re.split(r"[。;!\n]", scene.raw[:start])[-1]
    past = _PAST.search(sentence)
    if past is None:
        return False
    rest = sentence[past.start() + 2 :]
    day_named = any(start - len(rest) <= w.start < start and not w.vague for w in scene.whens)
    return not day_named and not _PRESENT.search(rest)
