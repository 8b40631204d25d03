"""The noun each amount counts: beside it, or in its clause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.understanding import units
from domain.understanding.clauses import Clause, Cue
from domain.understanding.quantities import Quantity
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role
from domain.understanding.units import PERSON_UNITS

FILLER = Rule(
    r"(?:人数|总人数|总数|数量|次数|份数|篇数|节数|门数|间数|处数|台数|项数|场次|面积|比例|数|有|是|为|共计|"
    r"共有|一共|总共|合计|共|计|约|大概|大约|差不多|达到|达|:|参加|参演|参与|培训|参训|应训|实训|受训|来了|到了|"
    r"去了|到|搞了|搞|"
    r"上了|上|开了|开设|开展|写了|写|发了|发|编写|编了|编|收了|收|完成|了|的|就|只|仅|才|应该|应|改成?|改为|"
    r"更正[为成]|更正|家|些|们|方面|这块|那边|已经|已|都|得|组织|举行|进行|名|设|建了|建|室|用了|用|花了|投了|率|"
    r"本月|今年|目前|现在|实际|大致|估计|从|由|还|\"|\)|\(|=|-|\ue000|达成|在|建设|学生参与|里|集中|没有增加|"
    r"没有变|不变)*+"
)


_ADJECTIVE = Rule(
    r"(?:的|\ue000|县级|镇级|校级|市级|农村|在校|参训|小|新|优秀|教学|应急|集中|校园|经典|左右|多|余|次|大|宣传|"
    r"安全|学生的?)*+"
)


@dataclass(frozen=True, slots=True)
class Bound:
    """The noun an amount counts, and how near: 3 next to it, 2 in its clause."""

    concepts: frozenset[str]
    level: int
    text: str = ""


NO_NOUN = Bound(frozenset(), 0)


def bindings(scene: Scene) -> dict[int, Bound]:
    """For each amount (by its start) the noun it counts."""
    found: dict[int, Bound] = {}
    own = frozenset[str]().union(*(p.named for p in scene.profiles if p.numeric))
    for clause in scene.clauses:
        amounts = [q for q in scene.quantities if clause.start <= q.start < clause.end]
        cues = [c for c in scene.cues_in(clause) if c.nouns or c.concepts & own]
        if amounts:
            found.update(_bind_clause(scene, clause, amounts, cues))
    return found | _held(scene, found)


_CROWDS = frozenset({"student", "staff"})
_GRADE = Rule(r"年级|[初高][一二三]|[大中小]班")
_GROUP = Rule(rf"{_GRADE.pattern}|[班部]$|校区|教学点|小学|[初高]中|幼儿园?|村小|分校|男|女")
_PUPILS = Bound(frozenset({"student"}), 2, "年级")


def _held(scene: Scene, found: dict[int, Bound]) -> dict[int, Bound]:
    """学生一年级200人,二年级220人,总共420人: the crowd at the head holds for its groups, and for the sum where
    nobody else was named; who stands in grades is a pupil."""
    held: dict[int, Bound] = {}
    head: Bound | None = None
    for amount in scene.quantities:
        bound = found.get(amount.start, NO_NOUN)
        if bound.level:
            head = Bound(bound.concepts, 2, bound.text) if len(bound.concepts & _CROWDS) == 1 else None
        elif head is not None and amount.sort == "count" and amount.unit in ("", "个", *PERSON_UNITS):
            if (roles(scene, amount) is Role.SUM and _one_crowd(scene, amount)) or _GROUP.search(scene.lead(amount)):
                held[amount.start] = head
        elif amount.unit in PERSON_UNITS and _GRADE.search(scene.lead(amount)):
            head = held[amount.start] = _PUPILS
    return held


def _one_crowd(scene: Scene, amount: Quantity) -> bool:
    """Nobody else was named before."""
    crowds = _CROWDS | {"people"}
    return len({name for cue in scene.cues if cue.end <= amount.start for name in cue.concepts & crowds}) <= 1


def _bind_clause(scene: Scene, clause: Clause, amounts: list[Quantity], cues: list[Cue]) -> dict[int, Bound]:
    """老师19娃娃205 leads with the noun, 19个老师205个娃娃 follows with it; one clause keeps to one habit."""
    leading = _before(scene, clause, amounts, 0, cues).level == 3
    found: dict[int, Bound] = {}
    taken = -1
    for at, amount in enumerate(amounts):
        before = _before(scene, clause, amounts, at, [c for c in cues if c.start >= taken])
        behind = _behind(scene, clause, amounts, at, cues)
        habit = leading and before.level == 3
        led = before.level >= 2 or (at + 1 < len(amounts) and _measured_by_next(scene, amounts, at, behind))
        if habit or (led and _stolen(scene, clause, amounts, at, cues, behind)):
            found[amount.start] = before
        elif behind.level == 3:
            found[amount.start] = behind
            taken = amount.end + scene.raw[amount.end :].find(behind.text) + len(behind.text)
        else:
            found[amount.start] = max(before, behind, key=lambda bound: bound.level)
    return found


def _stolen(scene: Scene, clause: Clause, amounts: list[Quantity], at: int, cues: list[Cue], behind: Bound) -> bool:
    """故障三台电脑室两间: the noun behind the first amount leads the next."""
    if behind.level < 3 or at + 1 >= len(amounts):
        return False
    ahead = _before(scene, clause, amounts, at + 1, cues)
    if ahead.level == 3 and _measured_by_next(scene, amounts, at, behind):
        return True
    return ahead.level == 3 and _behind(scene, clause, amounts, at + 1, cues).level < 3


def _measured_by_next(scene: Scene, amounts: list[Quantity], at: int, noun: Bound) -> bool:
    """推了十四个导学案一百二十份: 份 is the measure of 导学案, 个 is not."""
    asked = [p.question.unit for p in scene.profiles if p.nouns & noun.concepts and p.family == "count"]
    this, following = amounts[at].unit, amounts[at + 1].unit
    return bool(asked and following) and all(units.exact(u, following) and not units.exact(u, this) for u in asked)


def _joined(cues: list[Cue], at: Cue) -> frozenset[str]:
    """All that the words at this place say (教师 inside 骨干教师 is part of it; 故障电脑 are faults)."""
    names: set[str] = set()
    for cue in cues:
        touching = (cue.end == at.start or at.end == cue.start) and (cue.weak or at.weak)
        if touching or (cue.start < at.end and at.start < cue.end):
            names |= cue.concepts
    if "fault" in names or any(c.end == at.start and "fault" in c.concepts for c in cues):
        names = {"fault"} | (names - {"computer"})
    if "backbone" in names:
        names.discard("staff")
    if "people" in names:
        names -= {"student", "staff"}
    return frozenset(names)


def _before(scene: Scene, clause: Clause, amounts: list[Quantity], at: int, cues: list[Cue]) -> Bound:
    floor = amounts[at - 1].end if at else clause.start
    near = [c for c in cues if floor <= c.start and c.end <= amounts[at].start]
    if not near:
        return NO_NOUN
    cue = max(near, key=lambda c: (c.end, c.end - c.start))
    direct = FILLER.fullmatch(scene.text[cue.end : amounts[at].start])
    if _coordinated(scene, near, cue):
        return Bound(frozenset({"people"}), 3 if direct else 2, "师生")
    return Bound(_joined(near, cue), 3 if direct else 2, scene.raw[cue.start : cue.end])


def _coordinated(scene: Scene, near: list[Cue], cue: Cue) -> bool:
    """学生、老师一共500人 are neither pupils nor staff alone."""
    crowds = {"student", "staff"}
    before = [c for c in near if c.end < cue.start and c.concepts & crowds and not c.concepts & cue.concepts]
    if not cue.concepts & crowds or not before:
        return False
    return scene.raw[before[-1].end : cue.start] in ("", "、", "和", "及", "与", "加", "加上", "以及", "跟")


def _behind(scene: Scene, clause: Clause, amounts: list[Quantity], at: int, cues: list[Cue]) -> Bound:
    ceiling = amounts[at + 1].start if at + 1 < len(amounts) else clause.end
    near = [c for c in cues if amounts[at].end - 1 <= c.start and c.end <= ceiling]
    if not near:
        return NO_NOUN
    cue = min(near, key=lambda c: (c.start, -c.end))
    gap = scene.raw[amounts[at].end : cue.start]
    grouped = gap.startswith("的") and re.search(r"年级|班|校区|学校|小组|学科", amounts[at].unit)
    direct = (
        _ADJECTIVE.fullmatch(gap)
        and "、" not in gap
        and not grouped
        and amounts[at].unit not in ("人", "口", "号人", "人次")
    )
    if direct and at + 1 < len(amounts) and not amounts[at].unit and (gap or cue.end - cue.start > 1):
        direct = None
    return Bound(_joined(near, cue), 3 if direct else 1, scene.raw[cue.start : cue.end])
