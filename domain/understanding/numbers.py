"""Counts, percentages, money, areas and durations: the value among the amounts aligned with one question."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from domain.understanding import negation, nothing, ratios, units
from domain.understanding.alignment import PEOPLE, Assigned, bindings, fit, sorts_fit
from domain.understanding.amounts import RECTIFIED, Amount, amounts_of, per
from domain.understanding.lexicon import Profile
from domain.understanding.outcome import Outcome, bounded, doubt, one_decimal, reading
from domain.understanding.parts import are_parts, only_named, partial_sums, summed_up, told_apart, without_articles
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import Role, roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

_UNSURE = Rule(r"记不清|记不得|不(?:太|大|是很)?确定|不敢确定|拿不准|吃不准|说不准")


def read(scene: Scene, profile: Profile, found: list[Assigned], torn: list[Quantity]) -> Outcome:
    if scene.alone is profile and _UNSURE.search(scene.raw):
        return doubt(scene, profile, Why.PUT_OFF)
    if profile.family == "count" and found and _other_measure(scene, profile, found):
        return doubt(scene, profile, Why.AMBIGUOUS)
    amounts = amounts_of(scene, profile, found)
    if profile.family == "percent" and negation.everything(scene.raw):
        amounts = [a for a in amounts if a.quantity.numeral != "一"]
    if profile.family == "percent" and (computed := _share(scene, profile, amounts)) is not None:
        return computed
    if "people" in profile.nouns and (added := _people(scene, profile, amounts)) is not None:
        return added
    usable = [a for a in amounts if a.role in (Role.VALUE, Role.SUM)]
    if "自筹" in profile.question.label or not any(a.assigned.fit.noun >= 3 for a in usable):
        usable = _own_subset(scene, profile, amounts) or usable
    if profile.family == "percent" and any(a.role is Role.EACH and a.quantity.sort == "percent" for a in amounts):
        usable = [a for a in usable if not re.search(r"昨|今[天早]|前天|周|星期|\d[日号]", scene.lead(a.quantity))]
    if (told := _bracketed(scene, usable)) is None:
        return doubt(scene, profile, Why.CONTRADICTORY)
    usable = told
    usable = _in_its_measure(scene, profile, usable)
    usable = summed_up(scene, without_articles(usable))
    if usable and _left_unsaid(scene, profile, amounts):
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(amounts))
    if usable:
        return _combined(scene, profile, usable, amounts)
    return _without_amount(scene, profile, amounts, torn)


def _other_measure(scene: Scene, profile: Profile, found: list[Assigned]) -> bool:
    """报道1次,推文4篇: the thing asked about, told in two measures; without a sum that cannot be added."""
    own = profile.nouns | {"=" + profile.key}
    strange = [
        q
        for q in scene.quantities
        if q.sort == "count"
        and q.unit
        and not sorts_fit(q, profile)
        and q.unit not in units.PERSON_UNITS
        and (bound := bindings(scene)[q.start]).level == 3
        and bound.concepts & own
        and not any(f for p in scene.profiles if p is not profile and (f := fit(scene, q, p, bound)))
        and roles(scene, q) is Role.VALUE
        and "每" not in scene.lead(q)
    ]
    return bool(strange) and not any(roles(scene, a.quantity) is Role.SUM for a in found)


_QUALIFIED = Rule(r"自筹|自己出|学校出|我们出|自有")


def _own_subset(scene: Scene, profile: Profile, amounts: list[Amount]) -> list[Amount]:
    """其中骨干教师5人 is a part of something else, but all of the 骨干 asked about."""
    own = (profile.nouns & {"backbone"}) | {"=" + profile.key}
    if (
        narrow := [a for a in amounts if _QUALIFIED.search(scene.lead(a.quantity))]
    ) and "自筹" in profile.question.label:
        return [replace(narrow[0], role=Role.VALUE)] if len(narrow) == 1 else []
    if any(b.level == 3 and "people" in b.concepts for b in bindings(scene).values()):
        own |= profile.nouns & {"student", "staff"}
    return [
        replace(a, role=Role.VALUE) for a in amounts
        if a.role is Role.SUBSET and a.assigned.bound.level == 3 and a.assigned.bound.concepts & own
        and re.search(r"其中|包括|含", scene.lead(a.quantity))
    ]  # fmt: skip


_OF_THEM = Rule(r"其中|包括|包含|含|当中|里面|\(")


def _left_unsaid(scene: Scene, profile: Profile, amounts: list[Amount]) -> bool:
    """An amount set aside although nothing says whether the others hold it: 公众号4篇,县里采用1篇; 平均94%."""
    if profile.family == "duration" and any(a.role is Role.SUBSET for a in amounts):
        return True
    if any(a.role is Role.SUM for a in amounts):
        return False
    for a in amounts:
        if a.role is Role.SUBSET and profile.family == "count" and not RECTIFIED.search(scene.lead(a.quantity)) and not _OF_THEM.search(scene.lead(a.quantity)):
            if not _leads_with_whole(scene, a, amounts):
                return True
        if a.role is Role.PLANNED and re.search(r"正在(?:开展|进行|实施)", scene.lead(a.quantity)):
            return True
        if a.role is Role.EACH and profile.family in ("percent", "duration") and a.quantity.sort == profile.family:
            return True
    return False


_CHANNEL = Rule(r"公众号|网站|抖音|视频号|电视台|报纸?$|融媒")
_TAKEN_IN = Rule(r"(?:本月|共|一共|总共)*[收交接发写编买排查报做受][到了出上来集发]*")


def _leads_with_whole(scene: Scene, part: Amount, amounts: list[Amount]) -> bool:
    """4篇,有一篇上了县融媒: the whole told first, by itself or by the question's own name."""
    before = [a for a in amounts if a.quantity.start < part.quantity.start and a.role in (Role.VALUE, Role.SUM)]
    lead = scene.lead(before[0].quantity).strip("，、 ") if before else "?"
    if _CHANNEL.search(lead):
        return False
    return bool(before) and (not lead or before[0].assigned.fit.noun >= 2 or bool(_TAKEN_IN.match(lead)))


def _bracketed(scene: Scene, usable: list[Amount]) -> list[Amount] | None:
    """4节(语文2、数学1、英语1): what stands in brackets adds up to the figure before them, or somebody is wrong."""
    opened = scene.raw.find("(", usable[0].quantity.end) if len(usable) > 2 else -1
    inside = [a for a in usable[1:] if opened >= 0 and opened < a.quantity.start < scene.raw.find(")", opened)]
    if len(inside) < 2 or any(a.value is None for a in inside):
        return usable
    added = sum((a.value for a in inside if a.value is not None), Decimal(0))
    return [a for a in usable if a not in inside] if added == usable[0].value else None


def _in_its_measure(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """换了12根灯管、3个开关: beside the unit asked for, so many 个 of a thing named are something else."""
    own = [a for a in usable if a.quantity.unit and units.exact(profile.question.unit, a.quantity.unit)]
    if not own or profile.question.unit in ("个", ""):
        return usable
    return [a for a in usable if a in own or not (a.quantity.unit == "个" and re.match(r"[\u4e00-\u9fff]{2}", scene.tail(a.quantity)))]


def _combined(scene: Scene, profile: Profile, usable: list[Amount], amounts: list[Amount]) -> Outcome:
    usable = _newest(scene, profile, usable)
    if profile.nouns & {"student", "staff"}:
        usable = _own_crowd(scene, profile, usable)
    if "fault" in profile.nouns:
        if (kept := _broken(scene, usable, amounts)) is None:
            return doubt(scene, profile, Why.AMBIGUOUS, *_span(amounts))
        usable = kept
    usable = partial_sums(scene, usable)
    sums = [a for a in usable if a.role is Role.SUM]
    parts = [a for a in usable if a.role is Role.VALUE]
    if sums and parts and any(a.role is Role.OTHER for a in amounts):
        return doubt(scene, profile, Why.AMBIGUOUS, *_span([*sums, *parts]))
    if sums:
        return _with_sum(scene, profile, sums, parts)
    if not parts or any(a.role is Role.EACH and scene.lead(a.quantity).endswith("各") for a in amounts):
        return doubt(scene, profile, Why.AMBIGUOUS)
    if len(parts) == 1 or (len({a.value for a in parts}) == 1 and not told_apart(scene, parts)):
        return _single(scene, profile, parts[0])
    if any(a.value is None for a in parts):
        return doubt(scene, profile, Why.FUZZY, *_span(parts))
    if profile.family == "percent" and (same := _said_twice(parts)) is not None:
        return _single(scene, profile, same)
    if profile.family in ("count", "money", "area") and not per(profile) and are_parts(scene, parts, profile.family):
        total = sum((a.value for a in parts if a.value is not None), Decimal(0))
        return _valued(scene, profile, total, parts, "parts added", changed=True)
    if (own := only_named(scene, parts)) is not None:
        return _single(scene, profile, own)
    return doubt(scene, profile, Why.AMBIGUOUS, *_span(parts))


def _said_twice(parts: list[Amount]) -> Amount | None:
    """95.6%(402/420): the share and the counts it comes from."""
    shares = [a for a in parts if a.quantity.sort == "percent"]
    pairs = [a.quantity for a in parts if a.quantity.sort == "pair"]
    if len(shares) != 1 or len(pairs) != 1 or len(parts) != 2 or not pairs[0].second or pairs[0].first is None:
        return None
    close = abs((shares[0].value or Decimal(0)) - pairs[0].first * 100 / pairs[0].second) < Decimal("0.6")
    return shares[0] if close else None


_MENDED = Rule(r"(?:修|搞|弄|处理|换)好了|恢复|(?:已经?|都)修")


def _broken(scene: Scene, usable: list[Amount], amounts: list[Amount]) -> list[Amount] | None:
    """坏过三台,都修好了 says nothing of now; 有50台,坏了2台 leaves the fifty aside; else each kind of fault counts."""
    if {Role.SUBSET, Role.REMAIN} <= {a.role for a in amounts}:
        return None
    if any(a.role is Role.SUBSET and re.search(r"(?<!报)(?:修|处理|解决)[好了]", scene.lead(a.quantity)) and "其中" not in scene.lead(a.quantity) for a in amounts):
        return None
    mended = _MENDED.search(scene.raw, usable[0].quantity.end) if len(usable) == 1 else None
    if mended and not any(usable[0].quantity.end <= a.quantity.start < mended.start() for a in amounts):
        return None
    named = [a for a in usable if a.assigned.fit.noun >= 3]
    rest = [a for a in usable if a not in named]
    biggest = max((a.value for a in named if a.value is not None), default=None)
    whole = all(a.value is None or biggest is None or a.value > biggest for a in rest)
    return (named or usable) if whole else usable


def _newest(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """提高到85%: the end of a development; 新增260平方米 where the new is asked; 人均 where that is asked."""
    usable = _per_told(scene, profile, _without_wholes(scene, usable))
    if (attended := _attended(scene, profile, usable)) is not None:
        return attended
    ends = [
        a
        for a in usable
        if a.quantity.sort != "clock" and re.search(r"(?:到|至|升为|变为|增为|现在(?:是|有)?|目前(?:是|有)?)$", scene.lead(a.quantity))
    ]
    if len(ends) == 1 and len(usable) > 1 and profile.family in ("percent", "count", "duration"):
        return ends
    new = [a for a in usable if re.search(r"新增|今年|新建|新", scene.lead(a.quantity))]
    if "新增" in profile.question.label and len(new) == 1:
        return new
    if len(usable) > 1 and profile.family == "duration":
        near = [a for a in usable if re.search(r"用时|耗时|历时|时长|共用|用了", scene.lead(a.quantity))]
        plain = [a for a in usable if a.quantity.sort == "duration"]
        return near if len(near) == 1 else plain if len(plain) == 1 else usable
    return usable


def _per_told(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """总共1200学时,25个老师,人均48: the one that says what each has, where that is asked."""
    each = per(profile)
    told = [a for a in usable if each and re.search(rf"(?:{each})[^，。;]{{0,3}}$", scene.lead(a.quantity))]
    return told or usable


def _is_whole(scene: Scene, amount: Amount) -> bool:
    tail = scene.tail(amount.quantity)
    return bool(_ENROLLED.search(scene.lead(amount.quantity)) or re.match(r"(?:学生|老师|教师|教职工|人)*[里中]", tail))


def _without_wholes(scene: Scene, usable: list[Amount]) -> list[Amount]:
    """六项中开展了四项: the four."""
    parts = [a for a in usable if not re.match(r"(?:里面?|里头|当中|之中|中)(?!心|午)", scene.tail(a.quantity))]
    return parts or usable


def _own_crowd(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """学生500,老师30,共530: beside another crowd only the amount that names its own is its own."""
    own = profile.nouns & PEOPLE
    others = [q for q, b in bindings(scene).items() if b.level == 3 and b.concepts & PEOPLE and not b.concepts & own]
    if not others or _all_left_out(scene, others):
        return usable
    if any(a.role is Role.VALUE and not a.assigned.bound.concepts & PEOPLE for a in usable):
        return [] if len(usable) > 1 else usable
    if any(a.role is Role.SUM and not a.assigned.bound.concepts & own for a in usable) and _own_hands(scene):
        return []
    return [a for a in usable if a.assigned.bound.level >= 2 and a.assigned.bound.concepts & own]


def _all_left_out(scene: Scene, starts: list[int]) -> bool:
    """437人,老师28人没算."""
    amounts = [q for q in scene.quantities if q.start in starts]
    return all(
        re.match(r"(?:没|不|未)(?:算|计|含|包括)|除外|另[算计]", scene.tail(q)) or re.search(r"(?:不|没)(?:含|算|包括|计)[^，。;]{0,6}$", scene.lead(q))
        for q in amounts
    )


def _own_hands(scene: Scene) -> bool:
    """Guards and cooks are staff to some: a sum with them is nobody's."""
    return bool(re.search(r"保安|保育|宿管|食堂|后勤|阿姨|工勤|炊事", scene.raw))


_ATTENDING = Rule(r"参加|参与|参演|参训|实际|实到|到场|去了|来了|实参")
_ENROLLED = Rule(r"全校|一共|共|总|在校|在册|应|学校")


def _attended(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount] | None:
    """全校405名学生,参与398人: those who took part, where they are asked."""
    if not re.search(r"参加|参与|参演|参训", profile.question.label) or len(usable) < 2:
        return None
    there = [
        a
        for a in usable
        if _ATTENDING.search(scene.lead(a.quantity)) or re.match("参加|参与|参演|到场", scene.tail(a.quantity))
    ]
    whole = [a for a in usable if a not in there and _is_whole(scene, a)]
    if len(there) != 1 or len(there) + len(whole) != len(usable):
        return None
    values = [a.value for a in whole if a.value is not None]
    return there if there[0].value is not None and all(there[0].value <= v for v in values) else None


def _span(amounts: list[Amount]) -> tuple[int, int]:
    return min(a.quantity.start for a in amounts), max(a.quantity.end for a in amounts)


def _with_sum(scene: Scene, profile: Profile, sums: list[Amount], parts: list[Amount]) -> Outcome:
    """A stated sum wins; parts that add up to something else are asked about."""
    values = {a.value for a in sums}
    if len(values) > 1:
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(sums))
    known = [a.value for a in parts if a.value is not None]
    if len(known) > 1 and len(known) == len(parts) and sums[0].value != sum(known):
        return doubt(scene, profile, Why.CONTRADICTORY, *_span([*sums, *parts]))
    if len(known) == 1 and sums[0].value is not None and known[0] > sums[0].value:
        return doubt(scene, profile, Why.CONTRADICTORY, *_span([*sums, *parts]))
    return _single(scene, profile, sums[0])


def _single(scene: Scene, profile: Profile, amount: Amount) -> Outcome:
    quantity = amount.quantity
    if amount.value is None:
        return doubt(scene, profile, _why_none(amount), quantity.start, quantity.end)
    if "fault" in profile.nouns and amount.assigned.fit.noun < 3 and re.match(r"都|全|均", scene.tail(quantity)):
        return doubt(scene, profile, Why.AMBIGUOUS, quantity.start, quantity.end)
    if _mixed_crowd(scene, profile, amount):
        return doubt(scene, profile, Why.AMBIGUOUS, quantity.start, quantity.end)
    if profile.family == "percent" and quantity.unit and negation.everything(scene.tail(quantity)):
        return _valued(scene, profile, Decimal(100), [amount], "all", changed=True)
    if profile.family == "percent" and quantity.sort == "count" and (0 < amount.value < 1 or quantity.unit):
        return doubt(scene, profile, Why.AMBIGUOUS, quantity.start, quantity.end)
    if (
        profile.family == "percent"
        and _OPPOSITE.search(scene.lead(quantity))
        and not re.search("不|未|缺", profile.question.label)
    ):
        return doubt(scene, profile, Why.AMBIGUOUS, quantity.start, quantity.end)
    if profile.family == "percent" and quantity.unit == "点":
        return doubt(scene, profile, Why.AMBIGUOUS, quantity.start, quantity.end)
    if quantity.sort == "clock" and not _is_stopwatch(scene, amount):
        return doubt(scene, profile, Why.NOT_UNDERSTOOD, quantity.start, quantity.end)
    return _valued(scene, profile, amount.value, [amount], quantity.sort, changed=amount.changed)


_OPPOSITE = Rule(r"(?:(?<!差)不|未|没|缺)[^，。;]{0,4}率?(?:为|是|达|占|:)*$")


def _why_none(amount: Amount) -> Why:
    return Why.AMBIGUOUS if amount.quantity.value is not None else Why.FUZZY


def _is_stopwatch(scene: Scene, amount: Amount) -> bool:
    """2:06 is a stopwatch's; 9:30 beside 开始 or 上午 is the hour of the day."""
    quantity = amount.quantity
    if quantity.unit == "点" or re.search(
        r"开始|上午|下午|早上|点|至|到", scene.lead(quantity)[-4:] + scene.tail(quantity)[:4]
    ):
        return False
    if re.search(r"用时|耗时|历时|时长|用了|时间", scene.lead(quantity)):
        return True
    return quantity.value is not None and quantity.value < 420


def _mixed_crowd(scene: Scene, profile: Profile, amount: Amount) -> bool:
    """520人,其中教师30人 does not say how many pupils."""
    if not profile.nouns & {"student", "staff"} or amount.assigned.bound.level == 3:
        return False
    if "people" in amount.assigned.bound.concepts:
        return True
    other = "老师|教师|教职工" if "student" in profile.nouns else "学生|孩子|娃"
    return bool(re.search(rf"(?:其中|包括|含)[^，。;]{{0,4}}(?:{other})", scene.raw[amount.quantity.end :]))


_LISTED = Rule(
    r"(?P<names>[^，。;每至到\-~]*[、和与及][^，。;每至到\-~]*)各[有是坏开上写交报]?$|(?:^|"
    r"[^\u4e00-\u9fff])(?P<subjects>[语数英科音体美物化生史地政]{2,})各[有是坏开上写交报]?$"
)


def _listed(scene: Scene, profile: Profile, amounts: list[Amount]) -> Outcome:
    """301班和402班各一台: one each of those listed."""
    if len(amounts) != 1 or amounts[0].role is not Role.EACH or amounts[0].value is None:
        return None
    match = _LISTED.search(scene.lead(amounts[0].quantity))
    if match is None:
        return None
    names = len(re.split(r"[、和与及]", match["names"])) if match["names"] else len(match["subjects"])
    return _valued(scene, profile, amounts[0].value * names, amounts, "each of the listed", changed=True)


def _valued(
    scene: Scene, profile: Profile, value: Decimal, amounts: list[Amount], rule: str, *, changed: bool = False
) -> Outcome:
    span = _span(amounts)
    outcome = bounded(profile.question, value)
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome, *span)
    about = any(a.quantity.approximate for a in amounts)
    return reading(scene, profile, outcome, span, rule, approximate=about, changed=changed)


def _people(scene: Scene, profile: Profile, amounts: list[Amount]) -> Outcome:
    """师生 asked, pupils and staff told: added; a stated whole must agree."""
    parts = ratios.crowd(scene)
    if len(parts) < 2:
        return None
    if any(p.value is None for p in parts):
        return None
    total = sum((p.value for p in parts if p.value is not None), Decimal(0))
    sums = [a for a in amounts if a.role in (Role.SUM, Role.VALUE) and a.assigned.bound.level < 3]
    if sums and sums[0].value != total:
        return doubt(scene, profile, Why.CONTRADICTORY)
    span = (min(p.start for p in parts), max(p.end for p in parts))
    outcome = bounded(profile.question, total)
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome, *span)
    return reading(scene, profile, outcome, span, "parts added", changed=True)


def _share(scene: Scene, profile: Profile, amounts: list[Amount]) -> Outcome:
    """四十个人去了三十八个 as a percentage."""
    kept = [a for a in amounts if a.role is not Role.REVOKED]
    if any(a.quantity.sort == "percent" for a in kept):
        return None
    pairs = [a for a in kept if a.quantity.sort == "pair"]
    counts = [a.quantity for a in kept if a.quantity.sort in ("count", "pair")]
    if not pairs and len(counts) < 2:
        return None
    frame = ratios.frame(scene, counts, None)
    if isinstance(frame, Why) or frame[1] == 0:
        return doubt(scene, profile, frame if isinstance(frame, Why) else Why.AMBIGUOUS)
    done, total = frame
    if done > total:
        return doubt(scene, profile, Why.DONE_OVER_TOTAL)
    value = one_decimal(done * 100 / total)
    return reading(scene, profile, value, _span(kept), "computed", changed=True)


def _without_amount(scene: Scene, profile: Profile, amounts: list[Amount], torn: list[Quantity]) -> Outcome:
    if any(a.role is Role.DENIED for a in amounts) or (
        not torn
        and not any(a.value is None and a.role is Role.VALUE for a in amounts)
        and nothing.is_none(scene, profile, {scene.clause_at(a.quantity.start) for a in amounts})
    ):
        return _nothing(scene, profile)
    if (each := _listed(scene, profile, amounts)) is not None:
        return each
    if (whole := _whole(scene, profile, amounts)) is not None:
        return whole
    if amounts:
        why = Why.FUZZY if any(a.value is None for a in amounts) else Why.NOT_UNDERSTOOD
        return doubt(scene, profile, why, *_span(amounts))
    if torn:
        return doubt(scene, profile, Why.AMBIGUOUS, torn[0].start, torn[0].end)
    return _spoken_of(scene, profile)


def _nothing(scene: Scene, profile: Profile) -> Outcome:
    outcome = bounded(profile.question, Decimal(0))
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome)
    return reading(scene, profile, outcome, (0, len(scene.raw)), "none", changed=True)


def _whole(scene: Scene, profile: Profile, amounts: list[Amount]) -> Outcome:
    """全部: 100 %; for a count the registered total; 除了2个 and 还差2个 take away from it."""
    if profile.family not in ("percent", "count"):
        return None
    valued = {scene.clause_at(a.quantity.start) for a in amounts if a.role is Role.VALUE}
    relevant = [c for c in scene.clauses if nothing.speaks(scene, c, profile) and c not in valued]
    total = Decimal(100) if profile.family == "percent" else profile.question.total
    left = [a for a in amounts if a.role is Role.REMAIN and a.value is not None]
    if left and profile.family == "count" and total is not None and left[0].value is not None:
        return _valued(scene, profile, Decimal(total) - left[0].value, left, "registered total less", changed=True)
    if left or not any(negation.everything(c.words) for c in relevant):
        return None
    if any(negation.unknown(c.words) for c in relevant) or negation.excepts(scene.raw):
        return None
    if total is None:
        return doubt(scene, profile, Why.TOTAL_UNKNOWN)
    outcome = bounded(profile.question, Decimal(total))
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome)
    return reading(scene, profile, outcome, (relevant[0].start, relevant[-1].end), "all", changed=True)


def _spoken_of(scene: Scene, profile: Profile) -> Outcome:
    clauses = [c for c in scene.clauses if scene.about(c, profile) or scene.alone is profile]
    if not clauses:
        return None
    why = Why.PUT_OFF if any(negation.unknown(c.words) for c in clauses) else Why.NOT_A_NUMBER
    return doubt(scene, profile, why, clauses[0].start, clauses[-1].end)
