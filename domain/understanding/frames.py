"""done and total from amounts and the parts they play; what does not add up is a doubt."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.understanding import negation
from domain.understanding.clauses import Clause
from domain.understanding.labels import NOTHING
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import NOT_DONE, Role

Frame = tuple[Decimal, Decimal]


Parts = tuple[Rule, Rule] | None


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
    if pairs := [q for q in kept if q.sort == "pair"]:
        sides = {side for q in pairs for side in (q.first, q.second)}
        strange = [q for q in kept if q.sort == "count" and q.value not in sides and len(kept) > len(pairs) + 1]
        return Why.AMBIGUOUS if strange else _paired(scene, pairs)
    fractions = [q for q in kept if q.sort == "fraction" and q.first is not None and q.second is not None]
    if len(fractions) == 1 == len(kept) and (fractions[0].second or 0) >= 6:
        return fractions[0].first or Decimal(0), fractions[0].second or Decimal(0)
    if fractions and len(kept) > 2:
        kept = [q for q in kept if q not in fractions]
    if len(kept) == 1 and _FOUND_AND_MENDED.search(scene.lead(kept[0])):
        return kept[0].value or Decimal(0), kept[0].value or Decimal(0)
    if _none_of_all(scene, kept):
        return Decimal(0), kept[0].value or Decimal(0)
    if (whole := _none_of_whole(scene, kept)) is not None:
        return Decimal(0), whole
    kept = _without_parts(scene, _without_breakdown(scene, kept))
    if any(q.sort != "count" for q in kept):
        return Why.TOTAL_UNKNOWN
    return _framed(scene, kept, registered, only, profile)


def _framed(
    scene: Scene, kept: list[Quantity], registered: int | None, only: Clause | None, profile: Profile | None
) -> Frame | Why:
    if _both_ways(scene, kept) or _bad_ones(scene, kept):
        return Why.AMBIGUOUS
    shares = _due_of_totals(_shares(scene, kept, profile), _due(scene, kept, profile))
    if isinstance(shares, Why):
        return shares
    if profile and "hazard" in profile.nouns and [*shares.values()] == [[Decimal(0)]]:
        return Decimal(0), Decimal(0)
    if (drawn := _drawn_from(scene, kept, shares)) is not None:
        return drawn
    clauses = [only] if only else _told(scene, kept, profile)
    if list(shares) in ([Role.TOTAL], [Role.VALUE]) and len(kept) == 1 and _none_done(kept[0], clauses):
        return Decimal(0), kept[0].value or Decimal(0)
    return _solved(shares, _all_done(scene, clauses), registered, _kinds_found(scene, kept, profile))


_FOUND_AND_MENDED = Rule(
    r"(?:发现|查出|排查|查找)出?(?:并|且|、|和)(?:全部|已|及时|立即)*(?:整改|消除|处理|解决)了?[^，。;\d没未]{0,4}$"
)
"""发现并整改隐患4处: as many as were found."""
_ALL_THERE = Rule(r"全体[^，。;\d]{0,6}$")
_TOOK_PART = Rule(r"^(?:的)?(?:教职工|教师|老师|学生)?(?:都|均)?(?:参加|参训|到会|到场|出席|参与)")


def _both_ways(scene: Scene, kept: list[Quantity]) -> bool:
    """全体48人参加,请假2人: with the two, or without them?"""
    whole = [q for q in kept if _ALL_THERE.search(scene.lead(q)) and _TOOK_PART.match(scene.tail(q))]
    left = [q for q in kept if roles(scene, q, ratio=True) is Role.REMAIN]
    return len(kept) == 2 and len(whole) == len(left) == 1


_BAD = Rule(r"^[^，。;]{0,6}(?:坏|损|过期|失效|不合格|老化)[了的]?")


def _bad_ones(scene: Scene, kept: list[Quantity]) -> bool:
    """12个灭火器过期,换了10个: ten of the twelve, or ten besides?"""
    if len(kept) != 2 or scene.clause_at(kept[0].start) is scene.clause_at(kept[1].start):
        return False
    return bool(_BAD.match(scene.tail(kept[0])) and re.search(r"[换修弄]好?了?$", scene.lead(kept[1])))


def _none_of_all(scene: Scene, kept: list[Quantity]) -> bool:
    """两处都没改; 20个班都没问题 says another thing."""
    if len(kept) != 1 or kept[0].numeral in ("一", "1"):
        return False
    return bool(re.match(r"(?:都|全都?|均)(?:还)?(?:没|未)", negation.without_harmless(scene.tail(kept[0]))))


def _none_of_whole(scene: Scene, kept: list[Quantity]) -> Decimal | None:
    """一共9个班一个都没装: none of the nine; 一个都没坏 says another thing."""
    if len(kept) != 2 or kept[1].numeral not in ("一", "1"):
        return None
    whole = roles(scene, kept[0], ratio=True) in (Role.TOTAL, Role.SUM, Role.VALUE)
    return kept[0].value if whole and _NOT_ONE.match(scene.tail(kept[1])) else None


_NOT_ONE = Rule(
    r"(?:班|人|处)?[都也](?:还|尚|暂时)*(?:没有?|未)(?:开始)?(?:装|安|通|建|整改|改|推|参加|参训|去|来|训|配|签|办|做|搞|弄|动)"
    r"[^，。;]{0,4}$"
)


def _shares(scene: Scene, kept: list[Quantity], profile: Profile | None) -> dict[Role, list[Decimal]]:
    """Values by role. What 需要 or 换了 says of an amount counts only where nothing stronger takes its place."""
    shares: dict[Role, list[Decimal]] = {}
    needed, just_done = [], []
    for quantity in kept:
        value, lead = quantity.value or Decimal(0), scene.lead(quantity)
        role = _role(scene, quantity, profile.parts if profile else None)
        if role is Role.REMAIN and quantity is kept[0] and len(kept) > 1 and _STILL_HAS.search(lead):
            role = Role.REMAIN if NOT_DONE.match(scene.tail(quantity)) else Role.VALUE
        if role is Role.VALUE and profile and _done_verb(profile.question.label, lead):
            role = Role.DONE
        if role is Role.VALUE and _NEEDED.match(scene.tail(quantity)):
            needed.append(value)
        elif role is Role.VALUE and _JUST_DONE.search(lead):
            just_done.append(value)
        else:
            shares.setdefault(role, []).append(value)
    if set(shares) == {Role.TOTAL, Role.REMAIN} and len(kept) == 2 and _side_by_side(scene, kept):
        shares = {Role.DONE: shares[Role.TOTAL], Role.REMAIN: shares[Role.REMAIN]}
    if needed:
        known = Role.TOTAL in shares or {Role.VALUE, Role.DONE} <= set(shares)
        shares.setdefault(Role.REMAIN if known else Role.TOTAL, []).extend(needed)
    if just_done:
        as_what = Role.VALUE if Role.DONE in shares or len(just_done) > 1 else Role.DONE
        shares.setdefault(as_what, []).extend(just_done)
    return shares


def _side_by_side(scene: Scene, kept: list[Quantity]) -> bool:
    """上级挂牌的1处没改,自查的4处改了: each of its own kind."""
    kinds = all(re.search(r"[\u4e00-\u9fff]{2}的$", scene.lead(q)) for q in kept)
    return kinds and any(re.match(r"(?:都|已经?|全)*[改修装换建处办][^没未]{0,3}了", scene.tail(q)) for q in kept)


_STILL_HAS = Rule(r"^(?!.*(?:没|未)[^，。;]{1,6}的).*还有(?:了|是)?$")
"""还有3处 at the head may be all there are; 没整改的还有3处 are left."""


def _due(scene: Scene, kept: list[Quantity], profile: Profile | None) -> list[Decimal]:
    """The wholes that 应 names."""
    parts = profile.parts if profile else None
    due = [q for q in kept if _DUE.search(scene.lead(q)) and _role(scene, q, parts) is Role.TOTAL]
    return [q.value for q in due if q.value is not None]


def _due_of_totals(shares: dict[Role, list[Decimal]], due: list[Decimal]) -> dict[Role, list[Decimal]] | Why:
    """全校67名教师应训60人实训58人: of two wholes the one due; 一共派出8人,应派8人: the other was done."""
    totals = shares.get(Role.TOTAL, [])
    if set(shares) == {Role.TOTAL} and len(totals) == 2 and len(due) == 1:
        rest = [value for value in totals if value not in due] or due
        return {Role.TOTAL: due, Role.DONE: rest}
    if len(totals) > len(shares.get(Role.DONE, ())) > 0:
        return {**shares, Role.TOTAL: due} if len(due) == 1 else Why.AMBIGUOUS
    return shares


def _without_breakdown(scene: Scene, kept: list[Quantity]) -> list[Quantity]:
    """隐患4处(电线2处、器材2处): what stands in brackets and adds up to the figure before them."""
    whole = kept[0]
    opened = scene.raw.find("(", whole.end)
    closed = scene.raw.find(")", opened) if opened >= 0 else -1
    inside = [q for q in kept[1:] if opened < q.start < closed]
    added = sum((q.value for q in inside if q.value is not None), Decimal(0))
    return [q for q in kept if q not in inside] if len(inside) > 1 and added == whole.value else kept


_SUM = Rule(r"(?:一共|总共|合计|共计|共|加起来)(?:是|有|查出|发现)?$")


def _without_parts(scene: Scene, kept: list[Quantity]) -> list[Quantity]:
    """上级检查2处自查3处共5处: what adds up to the sum behind it."""
    for at, quantity in enumerate(kept):
        before = kept[:at]
        if at > 1 and _SUM.search(scene.lead(quantity)):
            if any(roles(scene, q, ratio=True) is Role.REMAIN for q in before):
                return kept
            added = sum((q.value for q in before if q.value is not None), Decimal(0))
            return kept[at:] if added == quantity.value else kept
    return kept


def _done_verb(label: str, lead: str) -> bool:
    """建档40人, where 已建档留守儿童数 is asked: the verb of the label's first half."""
    match = re.match(r"已(?P<verb>[\u4e00-\u9fff]{2})", label)
    if match is None:
        return False
    return bool(re.search(rf"(?<![应需待要]){match['verb']}了?[^，。;\d]{{0,2}}$", lead))


_NEEDED = Rule(r"[^，。;\d没未不]{0,6}(?:需要?|要|待|计划)(?![要求点])[^，。;\d没未不了]{1,6}$")


_JUST_DONE = Rule(r"(?<![坏除为少缺剩差欠多停辞])[\u4e00-\u9fff]了(?:有|约|大概)?$")


_DUE = Rule(r"(?<![反响适])应(?!该|急|用|为)[^，。;、\d没未已实]{0,4}(?:有|是|为)?$")


_OF_A_KIND = Rule(r"[^，。;\d没未不坏缺差剩欠无还待旧]{1,4}的(?:只?有|是)?$")
_DREW = Rule(r"^[^没未不无还差剩缺，。;]*了[^没未不无还差剩缺，。;]*$")


def _drawn_from(scene: Scene, kept: list[Quantity], shares: dict[Role, list[Decimal]]) -> Frame | None:
    """36间教室换了护眼灯30间: whatever was done to the first, it was done to as many as the second says."""
    if len(kept) != 2 or set(shares) - {Role.VALUE, Role.DONE, Role.TOTAL}:
        return None
    whole, part = kept
    if whole.value is None or part.value is None or part.value > whole.value or not whole.unit.startswith(part.unit):
        return None
    between, behind = scene.raw[whole.end : part.start], scene.tail(part)
    if set(shares) == {Role.VALUE} and _OF_A_KIND.search(scene.lead(part)) and not negation.denied(behind):
        return part.value, whole.value
    roles_told = set(shares) != {Role.VALUE}
    if roles_told or not _DREW.search(between) or negation.denied(behind):
        return None
    return part.value, whole.value


def _role(scene: Scene, quantity: Quantity, parts: Parts) -> Role:
    """The role, and where nothing tells it the side of the label whose words stand before (住校生210人,床位240个)."""
    role = roles(scene, quantity, ratio=True)
    if role is Role.PLANNED and re.search(r"(?:要求|通知|分配|派|安排)[^，。;\d]{0,3}$", scene.lead(quantity)):
        return Role.TOTAL
    if role is Role.PLANNED and parts and (parts[1].search(scene.lead(quantity)) or _due_asked(scene, quantity, parts)):
        return Role.TOTAL
    if role is not Role.VALUE or parts is None or not (parts[1] is NOTHING or parts[1].search(scene.raw)):
        return role
    lead = scene.lead(quantity)
    if re.search(r"[中里]有?$", lead):
        return Role.DONE
    done, total = parts[0].search(lead), parts[1].search(lead)
    return role if bool(done) == bool(total) else Role.DONE if done else Role.TOTAL


def _due_asked(scene: Scene, quantity: Quantity, parts: Parts) -> bool:
    """需修16套, where 需维修套数 is the whole asked for."""
    word = re.search(r"需|任务|计划", scene.lead(quantity))
    labels = [p.question.label.partition("/")[2] for p in scene.profiles if p.parts == parts]
    return word is not None and any(word[0] in label for label in labels)


_PLACE = Rule(r"^[、和及]?[\u4e00-\u9fff]{1,5}(?:组|部|校区|年级|学校|本部|教学点)?:?$")
_ANOTHER_TIME = Rule(r"上|原|前|本|今|去|其|到|为|是|改|应|现")


def _paired(scene: Scene, pairs: list[Quantity]) -> Frame | Why:
    """30/36; 语文12/12数学10/11, each with its own name, are added."""
    if any(p.first is None or p.second is None for p in pairs):
        return Why.FUZZY
    done = sum((p.first for p in pairs if p.first is not None), Decimal(0))
    total = sum((p.second for p in pairs if p.second is not None), Decimal(0))
    names = [scene.lead(p).strip("，。; ") for p in pairs]
    apart = len({*names}) == len(names) and all(_PLACE.match(n) and not _ANOTHER_TIME.search(n) for n in names)
    return (done, total) if len(pairs) == 1 or apart else Why.AMBIGUOUS


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
    r"^(?:已经?|现已|都)?(?:整改|改|装|建|弄|搞|处理)(?:完毕|完成|完|好|到位)了?$|"
    r"^(?:我们|校长)?(?:当场|当天|当日|立即|立刻|马上|随即|及时|第一时间)(?:就|都|已经?|进行了?)*(?:整改|改|处理|消除|修)[好完掉]?(?:完毕|到位)?了?$|"
    r"^(?:已经?|现已)(?:整改|改|装|"
    r"建|处理)了?$|^(?:已经?|均已|都已)(?![没未不请])[\u4e00-\u9fff]{2,4}了?$"
)


def _kinds_found(scene: Scene, kept: list[Quantity], profile: Profile | None) -> bool:
    """用电隐患2处,消防隐患3处: kinds of the thing asked for, each with its name."""
    if profile is None or "hazard" not in profile.nouns:
        return False
    leads = [scene.lead(q).strip("，、和及有查出是 ") for q in kept[:-1]]
    named = [lead for lead in leads if re.fullmatch(r"[\u4e00-\u9fff]{1,6}隐患", lead)]
    return len(named) == len(leads) > 1 and len({*named}) == len(named)


def _solved(
    shares: dict[Role, list[Decimal]], everything: bool, registered: int | None, kinds: bool = False
) -> Frame | Why:
    if set(shares) & {Role.CHANGE, Role.EACH} and not {Role.DONE, Role.TOTAL} <= set(shares):
        return Why.NOT_UNDERSTOOD
    if Role.DENIED in shares:
        return (Decimal(0), Decimal(registered)) if registered is not None else Why.TOTAL_UNKNOWN
    total, done, left, open_ = (_added(shares.get(role)) for role in (Role.TOTAL, Role.DONE, Role.REMAIN, Role.VALUE))
    if open_ is not None:
        if kinds and done is not None and total is None and left is None and len(shares[Role.VALUE]) > 1:
            return (done, open_) if done <= open_ else Why.DONE_OVER_TOTAL
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
