"""同上, 无变化, 和上次一样: the value of last time, where the question carries one; never a 0."""

from __future__ import annotations

import re

from domain.understanding.outcome import Outcome, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.result import Why
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

_SAME = Rule(
    r"同上|[没不]增[没不]减|没多没少|(?:无|没有?|未|没得)(?:什么|任何|啥)?(?:变化?|变动|改变|更新)|(?:没有?|未|无)(?:再)?(?:增加|增减|"
    r"增长)|没变|不变|照旧|老样子|维持原|保持原|"
    r"(?:和|跟|与|同|还是|照|按)?(?:上一?次|上个?月|上期|上个?季度|上周|上个?学期|上回|之前|以前|去年|原来|"
    r"前一次)(?:报的|填的|的)?(?:数|情况)?(?:都)?(?:一样|相同|一致|没变|差不多一样|持平|不变|的数?$)"
)


def says_same(words: str) -> bool:
    return bool(_SAME.search(words))


def read(scene: Scene, profile: Profile) -> Outcome:
    """Last time's value if a clause about this question says so."""
    for clause in scene.clauses:
        match = _SAME.search(clause.words)
        if match and "新增" in profile.question.label and re.search("增|新", match.group()):
            continue
        if match is None or not _concerns(scene, clause.start, profile):
            continue
        span = (clause.start, clause.end)
        previous = profile.question.previous
        if previous is None:
            return doubt(scene, profile, Why.NOT_UNDERSTOOD, *span)
        return reading(scene, profile, previous, span, "same as last time", changed=True)
    return None


def _concerns(scene: Scene, at: int, profile: Profile) -> bool:
    clause = scene.clause_at(at)
    if any(clause.start <= q.start < clause.end for q in scene.quantities):
        return False
    if scene.about(clause, profile):
        return True
    named = any(scene.about(clause, other) for other in scene.profiles)
    return not named and (scene.alone is profile or len(scene.clauses) == 1 or profile.question.previous is not None)
