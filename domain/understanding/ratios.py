"""done of total: 30/36, 36个班装了30个, 就剩两个班没装, parts per campus added; stated totals win."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from domain.indicators import Ratio
from domain.understanding import negation, nothing, repairs
from domain.understanding.alignment import Assigned, inherited
from domain.understanding.clauses import Clause
from domain.understanding.frames import Frame, frame
from domain.understanding.nouns import bindings
from domain.understanding.outcome import Outcome, doubt, ratio, reading
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role


def read(scene: Scene, profile: Profile, found: list[Assigned], torn: list[Quantity]) -> Outcome:
    starts = [a.quantity.start for a in found]
    cut = repairs.kept_from(scene.raw, starts)
    kept = [a.quantity for a in found if a.quantity.start >= cut and not repairs.revoked(scene.lead(a.quantity))]
    kept = [q for q in kept if q.sort != "pair" or roles(scene, q, ratio=True) not in _ELSEWHERE] or kept
    if not kept:
        return _worded(scene, profile, torn)
    if "hazard" in profile.nouns and all(_none_there(scene, q) for q in kept):
        return _made(scene, profile, Decimal(0), Decimal(0), (kept[0].start, kept[-1].end), "none found")
    frame = _fields(scene, profile, kept)
    span = (kept[0].start, kept[-1].end)
    if isinstance(frame, Why):
        return doubt(scene, profile, frame, *span)
    value = ratio(*frame)
    if len(kept) == 1 and torn and profile.question.total is None:
        value = Why.AMBIGUOUS
    if value is Why.DONE_OVER_TOTAL:
        turned = ratio(frame[1], frame[0])
        clash = doubt(scene, profile, value, *span)
        return clash if isinstance(turned, Why) else replace(clash, either=(turned,))
    if isinstance(value, Why):
        return doubt(scene, profile, value, *span)
    if _something_missing(scene, kept, value):
        return doubt(scene, profile, Why.AMBIGUOUS, *span)
    about = any(q.approximate for q in kept)
    literal = any(q.sort == "pair" for q in kept) or {Decimal(value.done), Decimal(value.total)} <= {
        q.value for q in kept
    }
    return reading(scene, profile, value, span, "ratio", approximate=about, changed=not literal)


def _none_there(scene: Scene, quantity: Quantity) -> bool:
    """一处都没有, 一处没查出; 一处也没改 says that there are some."""
    return roles(scene, quantity, ratio=True) is Role.DENIED and not _LEFT_ALONE.match(scene.tail(quantity))


_LEFT_ALONE = Rule(r"[^，。;]{0,6}(?:没有?|未)(?:来得及|开始)?(?:整|改|处理|动|弄|修|解决|落实|销)")
_BUT_FOR = Rule(r"[，。](?:就|只)?除了[^，。;\d]{1,10}$")
"""8个班都装了,除了美术室."""
_MISSING = Rule(r"还?差(?!不多|异|旅|点)|缺(?!陷|乏|少人)|还?剩(?!余)|欠|(?:没有?|未|尚未)(?!来得及)")


_MISSING_HERE = Rule(rf"(?:{_MISSING.pattern})[^，。;(共总]{{0,6}}$")


def _something_missing(scene: Scene, kept: list[Quantity], value: Ratio) -> bool:
    """All of them, or so many, and yet 差, 剩, 没 in the same clauses: something was not read."""
    if any(q.sort == "pair" for q in kept):
        return False
    read = (Role.REMAIN, Role.DENIED, Role.OTHER, Role.PLANNED)
    left = [q for q in kept if roles(scene, q, ratio=True) in read]
    if any(q not in left and _MISSING_HERE.search(scene.lead(q)) for q in kept):
        return True
    told = {scene.clause_at(q.start) for q in kept}
    words = "，".join(negation.without_harmless(c.words) for c in told)
    if value.done == value.total > 0 and _BUT_FOR.search(scene.raw):
        return True
    whole = value.done == value.total > 0 and not negation.nobody_missing(words)
    return whole and not left and bool(_MISSING.search(words))


_ELSEWHERE = (Role.OTHER, Role.PLANNED, Role.CHANGE)


def _fields(scene: Scene, profile: Profile, kept: list[Quantity]) -> Frame | Why:
    groups = _by_clause(scene, kept)
    if len(groups) > 1 and not _names_sum(scene, kept):
        frames = [frame(scene, group, None, clause, profile) for clause, group in groups]
        if (again := _told_again(groups, frames)) is not None:
            return again
        if all(not isinstance(f, Why) for f in frames) and all(_complete(c, g) for c, g in groups):
            whole = [f for f in frames if not isinstance(f, Why)]
            return sum((f[0] for f in whole), Decimal(0)), sum((f[1] for f in whole), Decimal(0))
    return frame(scene, kept, profile.question.total, profile=profile)


def _told_again(groups: list[tuple[Clause, list[Quantity]]], frames: list[Frame | Why]) -> Frame | None:
    """安装26套,26个班都有: beside a whole frame the same figure in another measure."""
    whole = [f for f in frames if not isinstance(f, Why)]
    if len({*whole}) != 1 or len({group[0].unit for _, group in groups}) < len(groups):
        return None
    known = all(len(group) == 1 and group[0].value in whole[0] for _, group in groups)
    return whole[0] if known else None


def _by_clause(scene: Scene, kept: list[Quantity]) -> list[tuple[Clause, list[Quantity]]]:
    found: list[tuple[Clause, list[Quantity]]] = []
    for quantity in kept:
        clause = scene.clause_at(quantity.start)
        if found and found[-1][0] == clause:
            found[-1][1].append(quantity)
        else:
            found.append((clause, [quantity]))
    return found


def _complete(clause: Clause, group: list[Quantity]) -> bool:
    return len(group) > 1 or group[0].sort == "pair" or negation.everything(clause.words)


def _names_sum(scene: Scene, kept: list[Quantity]) -> bool:
    return any(scene.lead(q).rstrip("有计是为").endswith(("一共", "总共", "合计", "共", "总数")) for q in kept[1:])


def _worded(scene: Scene, profile: Profile, torn: list[Quantity]) -> Outcome:
    """No amount: 没有隐患 is 0 of 0, 全部 the registered total, 一个都没 none of it."""
    clauses = [c for c in scene.clauses if _speaks(scene, c, profile)]
    if not clauses or torn:
        return doubt(scene, profile, Why.AMBIGUOUS) if torn else None
    words = "，".join(c.words for c in clauses)
    span = (clauses[0].start, clauses[-1].end)
    total = profile.question.total
    if negation.unknown(words):
        return doubt(scene, profile, Why.PUT_OFF, *span)
    if "hazard" in profile.nouns and (nothing.no_hazard(words) or nothing.no_hazard(clauses[0].words)):
        return _made(scene, profile, Decimal(0), Decimal(0), span, "none found")
    if any(negation.everything(c.words) or (total and _ALL_OVER.search(c.words)) for c in clauses):
        if total is None or negation.all_of_a_part(words):
            return doubt(scene, profile, Why.TOTAL_UNKNOWN, *span)
        return _made(scene, profile, Decimal(total), Decimal(total), span, "all of the registered")
    if total is not None and negation.denied(words) and _plain_none(words):
        return _made(scene, profile, Decimal(0), Decimal(total), span, "none of the registered")
    return doubt(scene, profile, Why.NOT_A_NUMBER, *span)


_ALL_OVER = Rule(r"^(?:已经?|我们?校?|早就?|班班通)*(?:[装建改通弄]|安装|整改|推行)完了?$")


def _speaks(scene: Scene, clause: Clause, profile: Profile) -> bool:
    return bool(scene.about(clause, profile)) or scene.alone is profile or inherited(scene, clause, profile)


def _plain_none(words: str) -> bool:
    return bool(
        re.search(
            r"(?:一[个处人]?(?:都|也)?没|都没|没有|还没|未)(?:装|通|建|搞|参|推|开|整|动|做)?[^，。;]{0,4}$", words
        )
    ) and not re.search(r"[只全完齐好满增]", words)


def _made(scene: Scene, profile: Profile, done: Decimal, total: Decimal, span: tuple[int, int], rule: str) -> Outcome:
    value = ratio(done, total)
    if isinstance(value, Why):
        return doubt(scene, profile, value, *span)
    return reading(scene, profile, value, span, rule, changed=True)


def crowd(scene: Scene) -> list[Quantity]:
    """Amounts of pupils and of staff, when both are told."""
    found: dict[str, list[Quantity]] = {"student": [], "staff": []}
    nouns = bindings(scene)
    for quantity in scene.quantities:
        bound = nouns[quantity.start]
        if bound.level < 3 or quantity.sort != "count" or roles(scene, quantity) is not Role.VALUE:
            continue
        for name, list_ in found.items():
            if name in bound.concepts:
                list_.append(quantity)
    return [*found["student"], *found["staff"]] if all(found.values()) else []
