"""Counts, percentages, money, areas and durations: the value among the amounts aligned with one question."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.understanding import frames, negation, nothing, ratios
from domain.understanding.alignment import Assigned
from domain.understanding.amounts import Amount, amounts_of, per
from domain.understanding.chosen import (
    bracketed,
    broken,
    in_its_measure,
    left_unsaid,
    less_excepted,
    newest,
    other_measure,
    own_crowd,
    own_subset,
    rural_only,
    said_twice,
)
from domain.understanding.clauses import Clause
from domain.understanding.lexicon import PEOPLE
from domain.understanding.outcome import Outcome, bounded, doubt, one_decimal, reading, torn_between
from domain.understanding.parts import are_parts, only_named, partial_sums, summed_up, told_apart, without_articles
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role

_UNSURE = Rule(r"记不清|记不得|不(?:太|大|是很)?确定|不敢确定|拿不准|吃不准|说不准")


def read(scene: Scene, profile: Profile, found: list[Assigned], torn: list[Quantity]) -> Outcome:
    if scene.alone is profile and _UNSURE.search(scene.raw):
        return doubt(scene, profile, Why.PUT_OFF)
    if profile.family == "count" and found and other_measure(scene, profile, found):
        return doubt(scene, profile, Why.AMBIGUOUS)
    amounts = amounts_of(scene, profile, found)
    if profile.family == "percent":
        amounts = _without_strangers(scene, amounts)
    if profile.family == "percent" and negation.everything(scene.raw):
        amounts = [a for a in amounts if a.quantity.numeral != "一"]
    if profile.family == "percent" and (computed := _share(scene, profile, amounts)) is not None:
        return computed
    if "people" in profile.nouns and (added := _people(scene, profile, amounts)) is not None:
        return added
    if (rural := rural_only(scene, profile, amounts)) is not None:
        return _single(scene, profile, rural)
    usable = [a for a in amounts if a.role in (Role.VALUE, Role.SUM)]
    if "自筹" in profile.question.label or not any(a.assigned.fit.noun >= 3 for a in usable):
        usable = own_subset(scene, profile, amounts) or usable
    if profile.family == "percent" and any(a.role is Role.EACH and a.quantity.sort == "percent" for a in amounts):
        usable = [a for a in usable if not re.search(r"昨|今[天早]|前天|周|星期|\d[日号]", scene.lead(a.quantity))]
    if (told := bracketed(scene, usable)) is None:
        return doubt(scene, profile, Why.CONTRADICTORY)
    usable = told
    usable = in_its_measure(scene, profile, usable)
    usable = summed_up(scene, without_articles(usable))
    if usable and (left_unsaid(scene, profile, amounts) or _sum_unplaced(scene, usable, torn)):
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(amounts))
    if usable and _denied_by_name(scene, profile, usable):
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(amounts))
    if usable:
        return _combined(scene, profile, usable, amounts)
    return _without_amount(scene, profile, amounts, torn)


def _denied_by_name(scene: Scene, profile: Profile, usable: list[Amount]) -> bool:
    """没搞研修,搞了一次赛课: what is asked is denied by its name, and the amount counts something without one."""
    if profile.family != "count" or any(a.assigned.fit.noun or a.assigned.fit.topic > 1 for a in usable):
        return False
    valued = {scene.clause_at(a.quantity.start) for a in usable}
    named = {c for c in scene.clauses if c not in valued and scene.about(c, profile)}
    return any(c.start < usable[0].quantity.start for c in named) and nothing.is_none(
        scene, profile, {c for c in scene.clauses if c not in named}
    )


def _sum_unplaced(scene: Scene, usable: list[Amount], torn: list[Quantity]) -> bool:
    """又集中了一回,一共3场; 坏了2台,一台黑屏一台死机: a sum or a part of the same that was given to nobody."""
    mine = {a.quantity.unit for a in usable}
    sums = any(a.role is Role.SUM for a in usable)
    return any(
        (roles(scene, q) is Role.SUM and not sums) or (len(usable) > 1 and q.unit in mine and q.unit and not sums)
        for q in torn
    )


def _combined(scene: Scene, profile: Profile, usable: list[Amount], amounts: list[Amount]) -> Outcome:
    usable = newest(scene, profile, usable)
    if profile.nouns & {"student", "staff"}:
        usable = own_crowd(scene, profile, usable)
    if "fault" in profile.nouns:
        if (kept := broken(scene, usable, amounts)) is None:
            return doubt(scene, profile, Why.AMBIGUOUS, *_span(amounts))
        usable = kept
    if (less := less_excepted(scene, profile, usable, amounts)) is not None:
        return _valued(scene, profile, less, usable, "all but these", changed=True)
    usable = partial_sums(scene, usable)
    sums = [a for a in usable if a.role is Role.SUM]
    parts = [a for a in usable if a.role is Role.VALUE]
    if (own := _own_part(scene, profile, sums, parts) or _done_so_far(scene, profile, sums, parts)) is not None:
        return _single(scene, profile, own)
    if sums and parts and any(a.role is Role.OTHER for a in amounts):
        return doubt(scene, profile, Why.AMBIGUOUS, *_span([*sums, *parts]))
    if sums:
        return _with_sum(scene, profile, sums, parts)
    if not parts or any(a.role is Role.EACH and scene.lead(a.quantity).endswith("各") for a in amounts):
        return doubt(scene, profile, Why.AMBIGUOUS)
    if len(parts) == 1 or (len({a.value for a in parts}) == 1 and not told_apart(scene, parts)):
        return _single(scene, profile, parts[0])
    exact = [a for a in parts if a.quantity.numeral != "几" or a.quantity.unit]
    if len(exact) == 1 < len(parts) and exact[0].assigned.fit.noun >= 3:
        return _single(scene, profile, exact[0])
    if any(a.value is None for a in parts):
        return doubt(scene, profile, Why.FUZZY, *_span(parts))
    if profile.family == "percent" and (same := said_twice(parts)) is not None:
        return _single(scene, profile, same)
    if profile.family in ("count", "money", "area") and not per(profile) and are_parts(scene, parts, profile.family):
        total = sum((a.value for a in parts if a.value is not None), Decimal(0))
        return _valued(scene, profile, total, parts, "parts added", changed=True)
    if (own := only_named(scene, parts, profile.question.label)) is not None:
        return _single(scene, profile, own)
    return doubt(scene, profile, Why.AMBIGUOUS, *_span(parts))


def _own_part(scene: Scene, profile: Profile, sums: list[Amount], parts: list[Amount]) -> Amount | None:
    """全校共502人,享受营养餐的261人: what bears the question's own name, beside all there are."""
    whole = [
        a for a in sums if not a.assigned.bound.concepts & profile.named and _ALL_THERE.search(scene.lead(a.quantity))
    ]
    own = [a for a in parts if a.assigned.bound.level >= 2 and a.assigned.bound.concepts & profile.named]
    return own[0] if len(whole) == len(sums) == 1 == len(own) == len(parts) and whole[0].value is not None else None


def _done_so_far(scene: Scene, profile: Profile, sums: list[Amount], parts: list[Amount]) -> Amount | None:
    """共六项,已开展四项,正在开展一项, where 已开展 is asked."""
    if "已" not in profile.question.label or len(sums) != 1:
        return None
    done = [a for a in parts if re.search(r"已经?[\u4e00-\u9fff]{1,2}了?$", scene.lead(a.quantity))]
    if len(done) != 1 or done[0].quantity.start < sums[0].quantity.end:
        return None
    return done[0] if done[0].value is not None and done[0].value <= (sums[0].value or 0) else None


_ALL_THERE = Rule(r"(?:全校|全园|学校|图书馆|总人数|在校)[^，。;\d]{0,4}$")


def _span(amounts: list[Amount]) -> tuple[int, int]:
    return min(a.quantity.start for a in amounts), max(a.quantity.end for a in amounts)


def _with_sum(scene: Scene, profile: Profile, sums: list[Amount], parts: list[Amount]) -> Outcome:
    """A stated sum wins; parts that add up to something else are asked about."""
    values = {a.value for a in sums}
    if len(values) > 1:
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(sums))
    known = [a.value for a in parts if a.value is not None]
    clash = doubt(scene, profile, Why.CONTRADICTORY, *_span([*sums, *parts]))
    written = [a.quantity.value for a in parts if a.quantity.value is not None]
    if profile.family == "money" and len(written) > 1 and sum(written) == sums[0].quantity.value:
        return _single(scene, profile, sums[0])
    if len(known) > 1 and len(known) == len(parts) and sums[0].value != sum(known):
        return torn_between(profile, clash, sums[0].value, sum(known, Decimal(0)))
    if len(known) == 1 and sums[0].value is not None and known[0] > sums[0].value:
        return torn_between(profile, clash, sums[0].value, known[0])
    return _single(scene, profile, sums[0])


def _single(scene: Scene, profile: Profile, amount: Amount) -> Outcome:
    quantity = amount.quantity
    if amount.value is None:
        return doubt(scene, profile, _why_none(amount), quantity.start, quantity.end)
    if (
        "fault" in profile.nouns
        and amount.assigned.fit.noun < 3
        and re.match(r"(?:都|全|均)(?!是)", scene.tail(quantity))
    ):
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


_OPPOSITE = Rule(r"(?:(?<!差)不|未|没|缺)[^，。;]{0,4}率?的?(?:只|仅|就|有|为|是|达|占|:)*$")


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
    r"[^\u4e00-\u9fff])(?P<subjects>[语数英科音体美物化生史地政]{2,}|[一二三四五六七八九]{2,}(?=年级))(?:年级)?各[有是坏开上写交报]?$"
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
    if any(p.value is None for p in parts) or _third_crowd(scene, parts):
        return None
    total = sum((p.value for p in parts if p.value is not None), Decimal(0))
    sums = [a for a in amounts if a.role in (Role.SUM, Role.VALUE) and a.assigned.bound.level < 3]
    if sums and sums[0].value != total:
        return torn_between(profile, doubt(scene, profile, Why.CONTRADICTORY), sums[0].value, total)
    span = (min(p.start for p in parts), max(p.end for p in parts))
    outcome = bounded(profile.question, total)
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome, *span)
    return reading(scene, profile, outcome, span, "parts added", changed=True)


_HANDS = Rule(r"保安|保洁|保育|宿管|食堂|后勤|阿姨|工勤|炊事|门卫|校医")


def _third_crowd(scene: Scene, parts: list[Quantity]) -> bool:
    """430名学生、26名教师、3名保安: with or without the three?"""
    rest = [q for q in scene.quantities if q not in parts and q.sort == "count"]
    return any(_HANDS.search(scene.lead(q)) or _HANDS.match(scene.tail(q)) for q in rest)


def _without_strangers(scene: Scene, amounts: list[Amount]) -> list[Amount]:
    """邀请了3名消防员,参与率96%: beside a percentage, counts of another clause are not its parts."""
    shares = {scene.clause_at(a.quantity.start) for a in amounts if a.quantity.sort == "percent"}
    return [
        a for a in amounts if not shares or a.quantity.sort != "count" or scene.clause_at(a.quantity.start) in shares
    ]


def _has_whole(scene: Scene, counts: list[Quantity]) -> bool:
    """One of them is told as the whole, or is the sum of the others (40份,39份合格,1份返工)."""
    values = sorted(q.value for q in counts if q.value is not None)
    adds_up = len(values) == len(counts) and values[-1] == sum(values[:-1], Decimal(0))
    return adds_up or any(roles(scene, q, ratio=True) in (Role.TOTAL, Role.SUM) for q in counts)


def _share(scene: Scene, profile: Profile, amounts: list[Amount]) -> Outcome:
    """四十个人去了三十八个 as a percentage."""
    kept = [a for a in amounts if a.role is not Role.REVOKED]
    if any(a.quantity.sort == "percent" for a in kept):
        return None
    pairs = [a for a in kept if a.quantity.sort == "pair"]
    counts = [a.quantity for a in kept if a.quantity.sort in ("count", "pair")]
    if not pairs and len(counts) < 2:
        return None
    if not pairs and len(counts) > 2 and not _has_whole(scene, counts):
        return doubt(scene, profile, Why.AMBIGUOUS)
    frame = frames.frame(scene, counts, None)
    if isinstance(frame, Why) or frame[1] == 0:
        return doubt(scene, profile, frame if isinstance(frame, Why) else Why.AMBIGUOUS)
    done, total = frame
    if done > total:
        return doubt(scene, profile, Why.DONE_OVER_TOTAL)
    value = one_decimal(done * 100 / total)
    return reading(scene, profile, value, _span(kept), "computed", changed=True)


def _without_amount(scene: Scene, profile: Profile, amounts: list[Amount], torn: list[Quantity]) -> Outcome:
    near = [q for q in torn if scene.about(scene.clause_at(q.start), profile) or scene.alone is profile]
    if any(a.role is Role.DENIED for a in amounts) or (
        not near
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
    relevant = [c for c in scene.clauses if _wholly_about(scene, c, profile) and c not in valued]
    total = Decimal(100) if profile.family == "percent" else profile.question.total
    left = [a for a in amounts if a.role is Role.REMAIN and a.value is not None]
    if left and profile.family == "count" and total is not None and left[0].value is not None:
        return _valued(scene, profile, Decimal(total) - left[0].value, left, "registered total less", changed=True)
    if left or not any(negation.everything(c.words) for c in relevant):
        return None
    if any(negation.unknown(c.words) for c in relevant) or negation.excepts(scene.raw):
        return None
    if all(negation.all_of_a_part(c.words) for c in relevant if negation.everything(c.words)):
        return doubt(scene, profile, Why.AMBIGUOUS)
    if total is None:
        return doubt(scene, profile, Why.TOTAL_UNKNOWN)
    outcome = bounded(profile.question, Decimal(total))
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome)
    return reading(scene, profile, outcome, (relevant[0].start, relevant[-1].end), "all", changed=True)


def _wholly_about(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """全部建成 is no 使用率 of 100 %: beside other questions a share is named by its own noun."""
    if scene.alone is profile or not profile.nouns or profile.family == "count":
        return nothing.speaks(scene, clause, profile)
    rivals = [p for p in scene.profiles if p.family == "percent" and p is not profile and p.soft & profile.soft]
    own = profile.nouns | profile.named | (frozenset() if rivals else profile.soft & PEOPLE)
    return any(cue.concepts & own for cue in scene.cues_in(clause))


def _spoken_of(scene: Scene, profile: Profile) -> Outcome:
    clauses = [c for c in scene.clauses if scene.about(c, profile) or scene.alone is profile]
    if not clauses:
        return None
    why = Why.PUT_OFF if any(negation.unknown(c.words) for c in clauses) else Why.NOT_A_NUMBER
    return doubt(scene, profile, why, clauses[0].start, clauses[-1].end)
