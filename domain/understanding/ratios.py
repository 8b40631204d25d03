"""done of total: 30/36, 36个班装了30个, 就剩两个班没装, parts per campus added; stated totals win."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.understanding import negation, nothing, repairs
from domain.understanding.alignment import Assigned, bindings, inherited
from domain.understanding.lexicon import Profile
from domain.indicators import Ratio
from domain.understanding.outcome import Outcome, doubt, ratio, reading
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import Role, roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Clause, Scene

Frame = tuple[Decimal, Decimal]
Parts = tuple[Rule, Rule] | None


def read(scene: Scene, profile: Profile, found: list[Assigned], torn: list[Quantity]) -> Outcome:
    starts = [a.quantity.start for a in found]
    cut = repairs.kept_from(scene.raw, starts)
    kept = [a.quantity for a in found if a.quantity.start >= cut and not repairs.revoked(scene.lead(a.quantity))]
    kept = [q for q in kept if q.sort != "pair" or roles(scene, q, ratio=True) not in _ELSEWHERE] or kept
    if not kept:
        return _worded(scene, profile, torn)
    if "hazard" in profile.nouns and all(roles(scene, q, ratio=True) is Role.DENIED for q in kept):
        return _made(scene, profile, Decimal(0), Decimal(0), (kept[0].start, kept[-1].end), "none found")
    frame = _fields(scene, profile, kept)
    span = (kept[0].start, kept[-1].end)
    if isinstance(frame, Why):
        return doubt(scene, profile, frame, *span)
    value = ratio(*frame)
    if isinstance(value, Why):
        return doubt(scene, profile, value, *span)
    if _something_missing(scene, kept, value):
        return doubt(scene, profile, Why.AMBIGUOUS, *span)
    about = any(q.approximate for q in kept)
    literal = any(q.sort == "pair" for q in kept) or {Decimal(value.done), Decimal(value.total)} <= {
        q.value for q in kept
    }
    return reading(scene, profile, value, span, "ratio", approximate=about, changed=not literal)


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


def frame(
    scene: Scene,
    kept: list[Quantity],
    registered: int | None,
    only: Clause | None = None,
    profile: Profile | None = None,
) -> Frame | Why:
    """done and total from amounts and their roles; `registered` stands in for a total not stated."""
    if any(q.value is None for q in kept):
        return Why.FUZZY
    pairs = [q for q in kept if q.sort == "pair"]
    if pairs:
        return _paired(pairs)
    fractions = [q for q in kept if q.sort == "fraction" and q.first is not None and q.second is not None]
    if len(fractions) == 1 == len(kept) and (fractions[0].second or 0) >= 6:
        return fractions[0].first or Decimal(0), fractions[0].second or Decimal(0)
    if fractions and len(kept) > 2:
        kept = [q for q in kept if q not in fractions]
    if (
        len(kept) == 1
        and kept[0].numeral not in ("一", "1")
        and re.match(r"(?:都|全都?|均)(?:还)?(?:没|未)", negation.without_harmless(scene.tail(kept[0])))
    ):
        return Decimal(0), kept[0].value or Decimal(0)
    kept = _without_breakdown(scene, kept)
    shares: dict[Role, list[Decimal]] = {}
    due: list[Decimal] = []
    weak: list[Decimal] = []
    needed: list[Decimal] = []
    for quantity in kept:
        if quantity.value is None or quantity.sort != "count":
            return Why.TOTAL_UNKNOWN
        role = _role(scene, quantity, profile.parts if profile else None)
        if role is Role.VALUE and profile and _done_verb(profile.question.label, scene.lead(quantity)):
            role = Role.DONE
        if role is Role.VALUE and _NEEDED.match(scene.tail(quantity)):
            needed.append(quantity.value)
            continue
        if role is Role.VALUE and _JUST_DONE.search(scene.lead(quantity)):
            weak.append(quantity.value)
            continue
        shares.setdefault(role, []).append(quantity.value)
        if role is Role.TOTAL and _DUE.search(scene.lead(quantity)):
            due.append(quantity.value)
    if needed:
        shares.setdefault(Role.REMAIN if Role.TOTAL in shares else Role.TOTAL, []).extend(needed)
    if weak:
        as_what = Role.VALUE if Role.DONE in shares or len(weak) > 1 else Role.DONE
        shares.setdefault(as_what, []).extend(weak)
    if not set(shares) - {Role.TOTAL} and len(shares.get(Role.TOTAL, ())) == 2 and len(due) == 1:
        shares = {Role.TOTAL: due, Role.DONE: [next(v for v in shares[Role.TOTAL][::-1] if v not in due)] if {*shares[Role.TOTAL]} != {*due} else due}
    if len(shares.get(Role.TOTAL, ())) > len(shares.get(Role.DONE, ())) > 0:
        if len(due) != 1:
            return Why.AMBIGUOUS
        shares[Role.TOTAL] = due
    if profile and "hazard" in profile.nouns and [*shares.values()] == [[Decimal(0)]]:
        return Decimal(0), Decimal(0)
    if (drawn := _drawn_from(scene, kept, shares)) is not None:
        return drawn
    clauses = [only] if only else _told(scene, kept, profile)
    if list(shares) in ([Role.TOTAL], [Role.VALUE]) and len(kept) == 1 and _none_done(kept[0], clauses):
        return Decimal(0), kept[0].value or Decimal(0)
    return _solved(shares, _all_done(scene, clauses), registered)


def _without_breakdown(scene: Scene, kept: list[Quantity]) -> list[Quantity]:
    """隐患4处(电线2处、器材2处): what stands in brackets and adds up to the figure before them."""
    whole = kept[0]
    opened = scene.raw.find("(", whole.end)
    closed = scene.raw.find(")", opened) if opened >= 0 else -1
    inside = [q for q in kept[1:] if opened < q.start < closed]
    added = sum((q.value for q in inside if q.value is not None), Decimal(0))
    return [q for q in kept if q not in inside] if len(inside) > 1 and added == whole.value else kept


def _done_verb(label: str, lead: str) -> bool:
    """建档40人, where 已建档留守儿童数 is asked: the verb of the label's first half."""
    match = re.match(r"已(?P<verb>[\u4e00-\u9fff]{2})", label)
    return bool(match) and re.search(rf"(?<![应需待要]){match['verb']}了?[^，。;\d]{{0,2}}$", lead) is not None if match else False


_NEEDED = Rule(r"[^，。;\d没未不]{0,6}(?:需要?|要|待|计划)(?![要求点])[^，。;\d没未不了]{1,6}$")
_JUST_DONE = Rule(r"(?<![坏除为少缺剩差欠多停辞])[\u4e00-\u9fff]了(?:有|约|大概)?$")
_DUE = Rule(r"(?<![反响适])应(?!该|急|用|为)[^，。;、\d没未已实]{0,4}(?:有|是|为)?$")
_DREW = Rule(r"^[^没未不无还差剩缺，。;]*了[^没未不无还差剩缺，。;]*$")


def _drawn_from(scene: Scene, kept: list[Quantity], shares: dict[Role, list[Decimal]]) -> Frame | None:
    """36间教室换了护眼灯30间: whatever was done to the first, it was done to as many as the second says."""
    if len(kept) != 2 or set(shares) - {Role.VALUE, Role.DONE, Role.TOTAL}:
        return None
    whole, part = kept
    if whole.value is None or part.value is None or part.value > whole.value or not whole.unit.startswith(part.unit):
        return None
    between, behind = scene.raw[whole.end : part.start], scene.tail(part)
    roles_told = set(shares) != {Role.VALUE}
    if roles_told or not _DREW.search(between) or negation.denied(behind):
        return None
    return part.value, whole.value


def _role(scene: Scene, quantity: Quantity, parts: Parts) -> Role:
    """The role, and where nothing tells it the side of the label whose words stand before (住校生210人,床位240个)."""
    role = roles(scene, quantity, ratio=True)
    if role is not Role.VALUE or parts is None or not parts[1].search(scene.raw):
        return role
    lead = scene.lead(quantity)
    done, total = parts[0].search(lead), parts[1].search(lead)
    return role if bool(done) == bool(total) else Role.DONE if done else Role.TOTAL


def _paired(pairs: list[Quantity]) -> Frame | Why:
    if any(p.first is None or p.second is None for p in pairs):
        return Why.FUZZY
    done = sum((p.first for p in pairs if p.first is not None), Decimal(0))
    total = sum((p.second for p in pairs if p.second is not None), Decimal(0))
    return (done, total) if len(pairs) == 1 else Why.AMBIGUOUS


def _told(scene: Scene, kept: list[Quantity], profile: Profile | None) -> list[Clause]:
    """The clauses that go on about these amounts: their own, and later ones that name nothing else."""
    first = scene.clauses[0] if profile is not None and scene.alone is profile else scene.clause_at(kept[0].start)
    own = {scene.clause_at(q.start) for q in kept if roles(scene, q, ratio=True) not in (Role.OTHER, Role.PLANNED)}
    later = [c for c in scene.clauses if c.start >= first.start and c.marker == first.marker]
    aside = {scene.clause_at(q.start) for q in kept} - own
    going_on = [c for c in later if c not in aside]
    if profile is not None and scene.alone is profile:
        return going_on
    return [c for c in going_on if c in own or not scene.cues_in(c) or (profile and scene.about(c, profile))]


def _none_done(quantity: Quantity, clauses: list[Clause]) -> bool:
    """发现一处,还没整改: none of it."""
    bare = [c for c in clauses if c.start > quantity.start]
    return any(_NOT_BEGUN.search(c.words) for c in bare)


_NOT_BEGUN = Rule(
    r"^(?:都|均|全)?(?:还|尚|暂时?|目前)*(?:没有?|未)(?:来得及|开始)?(?:整改|改|装|安装|建|处理|动|通|推行|修|换|弄|签|办|检|测|查|做|搞)好?(?:[呢了]|$)"
)


def _all_done(scene: Scene, clauses: list[Clause]) -> bool:
    bare = [c for c in clauses if not any(c.start <= q.start < c.end for q in scene.quantities)]
    return any(negation.everything(c.words) for c in clauses) or any(_FINISHED.search(c.words) for c in bare)


_FINISHED = Rule(
    r"^(?:已经?|现已|都)?(?:整改|改|装|建|弄|搞|处理)(?:完毕|完成|完|好|到位)了?$|^(?:已经?|现已)(?:整改|改|装|"
    r"建|处理)了?$|^(?:已经?|均已|都已)(?![没未不])[\u4e00-\u9fff]{2,4}了?$"
)


def _solved(shares: dict[Role, list[Decimal]], everything: bool, registered: int | None) -> Frame | Why:
    if set(shares) & {Role.CHANGE, Role.EACH}:
        return Why.NOT_UNDERSTOOD
    if Role.DENIED in shares:
        return (Decimal(0), Decimal(registered)) if registered is not None else Why.TOTAL_UNKNOWN
    total, done, left, open_ = (_added(shares.get(role)) for role in (Role.TOTAL, Role.DONE, Role.REMAIN, Role.VALUE))
    if open_ is not None:
        if len(shares[Role.VALUE]) == 2 and total is None and done is not None and left is None:
            low, high = sorted(shares[Role.VALUE])
            return (done, high) if done + low == high else Why.AMBIGUOUS
        if len(shares[Role.VALUE]) > 1 and not (everything and total is None and done is None and left is None):
            return Why.AMBIGUOUS
        if total is None and (done is not None or left is not None or everything):
            total = open_
        elif done is None and not everything:
            done = open_
        elif everything and total == open_ and left is None:
            pass
        else:
            return Why.AMBIGUOUS
    return _closed(total, done, left, everything, Decimal(registered) if registered is not None else None)


def _closed(
    total: Decimal | None, done: Decimal | None, left: Decimal | None, everything: bool, registered: Decimal | None
) -> Frame | Why:
    if total is None and done is not None and left is not None:
        total = done + left
        if registered is not None and registered != total:
            return Why.CONTRADICTORY
    if total is None:
        total = registered
    if total is None:
        return (done, done) if everything and done is not None and left is None else Why.TOTAL_UNKNOWN
    if done is not None and left is not None and done + left != total:
        return Why.CONTRADICTORY
    if done is None:
        done = total - left if left is not None else total if everything else None
    return Why.TOTAL_UNKNOWN if done is None else (done, total)


def _added(values: list[Decimal] | None) -> Decimal | None:
    return sum(values, Decimal(0)) if values else None


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
    if "hazard" in profile.nouns and nothing.no_hazard(words):
        return _made(scene, profile, Decimal(0), Decimal(0), span, "none found")
    if any(negation.everything(c.words) or (total and _ALL_OVER.search(c.words)) for c in clauses):
        if total is None:
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
