"""Which of the amounts that belong to a question are its figure: its own crowd, measure, end of a development."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from domain.understanding import units
from domain.understanding.alignment import PEOPLE, Assigned, fit, sorts_fit
from domain.understanding.amounts import RECTIFIED, Amount, per
from domain.understanding.nouns import bindings
from domain.understanding.profiles import Profile
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import EXCEPT, EXCEPT_TAIL, Role


def other_measure(scene: Scene, profile: Profile, found: list[Assigned]) -> bool:
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


def own_subset(scene: Scene, profile: Profile, amounts: list[Amount]) -> list[Amount]:
    """其中骨干教师5人 is a part of something else, but all of the 骨干 asked about."""
    own = (profile.nouns & {"backbone"}) | {"=" + profile.key}
    aside = "".join(re.findall(r"[（(]([^）)]*)[）)]", profile.question.label))
    if (
        narrow := [a for a in amounts if _QUALIFIED.search(scene.lead(a.quantity))]
    ) and "自筹" in profile.question.label:
        return [replace(narrow[0], role=Role.VALUE)] if len(narrow) == 1 else []
    crowd = any(b.level == 3 and "people" in b.concepts for b in bindings(scene).values())
    crowd = crowd or bool(re.search(r"师生(?:都|全部|全员)?参", scene.raw))
    if crowd:
        own |= profile.nouns & {"student", "staff"}
    return [
        replace(a, role=Role.VALUE) for a in amounts
        if a.role is Role.SUBSET and a.assigned.bound.level == 3 and a.assigned.bound.concepts & own
        and (crowd or re.search(r"其中|包括|含", scene.lead(a.quantity))) and a.assigned.bound.text not in aside
    ]  # fmt: skip


def rural_only(scene: Scene, profile: Profile, amounts: list[Amount]) -> Amount | None:
    """骨干教师2名,其中1名是农村的, where 农村骨干 is asked: the one."""
    if "农村" not in profile.question.label or len(amounts) < 2:
        return None
    own = [a for a in amounts if "农村" in scene.lead(a.quantity) + scene.tail(a.quantity)]
    told = len(own) == 1 and own[0].role in (Role.VALUE, Role.SUBSET)
    return replace(own[0], role=Role.VALUE) if told else None


_OF_THEM = Rule(r"其中|包括|包含|含|当中|里面|\(")


def left_unsaid(scene: Scene, profile: Profile, amounts: list[Amount]) -> bool:
    """An amount set aside although nothing says whether the others hold it: 公众号4篇,县里采用1篇; 平均94%."""
    if profile.family == "duration" and any(a.role is Role.SUBSET for a in amounts):
        return True
    if any(a.role is Role.SUM for a in amounts):
        return False
    return any(_set_aside_blindly(scene, profile, a, amounts) for a in amounts)


def _set_aside_blindly(scene: Scene, profile: Profile, amount: Amount, amounts: list[Amount]) -> bool:
    quantity, lead = amount.quantity, scene.lead(amount.quantity)
    if amount.role is Role.SUBSET and profile.family == "count":
        before = scene.raw[scene.clause_at(quantity.start).start : quantity.start]
        told = RECTIFIED.search(lead) or _OF_THEM.search(before)
        return not told and not _leads_with_whole(scene, amount, amounts)
    if amount.role is Role.CHANGE and profile.family == "count":
        olds = [
            a for a in amounts if a.role is Role.VALUE and re.search(r"[旧老]的(?:有|是)?$", scene.lead(a.quantity))
        ]
        return bool(olds)
    if amount.role is Role.PLANNED:
        return bool(re.search(r"正在(?:开展|进行|实施)", lead))
    return amount.role is Role.EACH and profile.family in ("percent", "duration") and quantity.sort == profile.family


_CHANNEL = Rule(r"公众号|网站|抖音|视频号|电视台|报纸?$|融媒")


_TAKEN_IN = Rule(r"(?:本月|共|一共|总共)*[收交接发写编买排查报做受][到了出上来集发]*")


def _leads_with_whole(scene: Scene, part: Amount, amounts: list[Amount]) -> bool:
    """4篇,有一篇上了县融媒: the whole told first, by itself or by the question's own name."""
    before = [a for a in amounts if a.quantity.start < part.quantity.start and a.role in (Role.VALUE, Role.SUM)]
    lead = scene.lead(before[0].quantity).strip("，、 ") if before else "?"
    if _CHANNEL.search(lead):
        return False
    return bool(before) and (not lead or before[0].assigned.fit.noun >= 2 or bool(_TAKEN_IN.match(lead)))


def bracketed(scene: Scene, usable: list[Amount]) -> list[Amount] | None:
    """4节(语文2、数学1、英语1): what stands in brackets adds up to the figure before them, or somebody is wrong."""
    opened = scene.raw.find("(", usable[0].quantity.end) if len(usable) > 2 else -1
    inside = [a for a in usable[1:] if opened >= 0 and opened < a.quantity.start < scene.raw.find(")", opened)]
    if len(inside) < 2 or any(a.value is None for a in inside):
        return usable
    added = sum((a.value for a in inside if a.value is not None), Decimal(0))
    return [a for a in usable if a not in inside] if added == usable[0].value else None


def in_its_measure(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """换了12根灯管、3个开关: beside the unit asked for, so many 个 of a thing named are something else."""
    own = [a for a in usable if a.quantity.unit and units.exact(profile.question.unit, a.quantity.unit)]
    if not own or profile.question.unit in ("个", ""):
        return usable
    return [
        a
        for a in usable
        if a in own
        or (a.assigned.fit.noun >= 3 and _counts_its_noun(scene, a))
        or not (a.quantity.unit == "个" and re.match(r"[\u4e00-\u9fff]{2}", scene.tail(a.quantity)))
    ]


def _counts_its_noun(scene: Scene, amount: Amount) -> bool:
    """3个骨干: the noun stands behind."""
    return scene.tail(amount.quantity).startswith(amount.assigned.bound.text)


def said_twice(parts: list[Amount]) -> Amount | None:
    """95.6%(402/420): the share and the counts it comes from."""
    shares = [a for a in parts if a.quantity.sort == "percent"]
    pairs = [a.quantity for a in parts if a.quantity.sort == "pair"]
    if len(shares) != 1 or len(pairs) != 1 or len(parts) != 2 or not pairs[0].second or pairs[0].first is None:
        return None
    close = abs((shares[0].value or Decimal(0)) - pairs[0].first * 100 / pairs[0].second) < Decimal("0.6")
    return shares[0] if close else None


_MENDED = Rule(
    r"(?:修|搞|弄|处理|换)好了|刚(?:刚)?(?:修|搞|弄|换|处理)好|(?:修|换)好$|恢复|换新|(?:已经?|都)(?:修|更换|换了)"
)


def broken(scene: Scene, usable: list[Amount], amounts: list[Amount]) -> list[Amount] | None:
    """坏过三台,都修好了 says nothing of now; 有50台,坏了2台 leaves the fifty aside; else each kind of fault counts."""
    if {Role.SUBSET, Role.REMAIN} <= {a.role for a in amounts}:
        return None
    if any(
        a.role is Role.SUBSET
        and re.search(r"(?<!报)(?:修|处理|解决)[好了]", scene.lead(a.quantity))
        and "其中" not in scene.lead(a.quantity)
        for a in amounts
    ):
        return None
    mended = _MENDED.search(scene.raw, usable[0].quantity.end) if len(usable) == 1 else None
    if mended and not any(usable[0].quantity.end <= a.quantity.start < mended.start() for a in amounts):
        return None
    named = [a for a in usable if a.assigned.fit.noun >= 3]
    rest = [a for a in usable if a not in named]
    biggest = max((a.value for a in named if a.value is not None), default=None)
    whole = all(a.value is None or biggest is None or a.value > biggest for a in rest)
    return (named or usable) if whole else usable


def newest(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
    """提高到85%: the end of a development; 新增260平方米 where the new is asked; 人均 where that is asked."""
    usable = _per_told(scene, profile, _without_wholes(scene, usable))
    if (attended := _attended(scene, profile, usable)) is not None:
        return attended
    if (drawn := _drawn(scene, profile, usable)) is not None:
        return [drawn]
    ends = [
        a
        for a in usable
        if a.quantity.sort != "clock"
        and re.search(r"(?:到|至|升为|变为|增为|现在(?:是|有)?|目前(?:是|有)?)$", scene.lead(a.quantity))
    ]
    if len(ends) == 1 and len(usable) > 1 and profile.family in ("percent", "count", "duration"):
        return ends
    new = [a for a in usable if re.search(r"新增|今年|新建|新", scene.lead(a.quantity))]
    if "新增" in profile.question.label and len(new) == 1:
        return new
    if len(usable) > 1 and profile.family == "duration":
        whole = [
            a for a in usable if re.search(r"(?:全部|全校|总共|一共|全程|共)[^，。;\d]{0,4}$", scene.lead(a.quantity))
        ]
        named = [a for a in usable if a.assigned.fit.noun >= 3 and "又" not in scene.lead(a.quantity)]
        if len(whole) == 1 or len(named) == 1:
            return whole if len(whole) == 1 else named
        near = [a for a in usable if re.search(r"用时|耗时|历时|时长|共用|用了", scene.lead(a.quantity))]
        plain = [a for a in usable if a.quantity.sort == "duration"]
        return near if len(near) == 1 else plain if len(plain) == 1 else usable
    return usable


_DONE_SO_FAR = Rule(
    r"(?:都|已经?|只|才|里|目前)*(?P<verb>(?!了)[\u4e00-\u9fff](?!了)[\u4e00-\u9fff]?|[\u4e00-\u9fff])了?(?:有)?"
)
_DOING = ("开", "搞", "做", "弄", "办", "干", "完成", "开展", "落实", "启动", "组织", "装", "建", "安装")


def _drawn(scene: Scene, profile: Profile, usable: list[Amount]) -> Amount | None:
    """六项开展了五项, 六项开了四项, where 已开展 is asked: as many as were done of them."""
    if len(usable) != 2 or profile.family != "count" or any(a.value is None for a in usable):
        return None
    whole, part = usable
    verb = _DONE_SO_FAR.fullmatch(scene.raw[whole.quantity.end : part.quantity.start])
    asked = (
        "已" in profile.question.label
        and (verb is not None)
        and (verb["verb"] in _DOING or f"已{verb['verb']}" in profile.question.label)
    )
    told = asked and whole.quantity.unit == part.quantity.unit
    return part if told and (part.value or 0) <= (whole.value or 0) else None


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


def own_crowd(scene: Scene, profile: Profile, usable: list[Amount]) -> list[Amount]:
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


def less_excepted(scene: Scene, profile: Profile, usable: list[Amount], amounts: list[Amount]) -> Decimal | None:
    """全校498人除5人请假外都参加了: all there are, without those excepted."""
    left = [a for a in amounts if a.role is Role.REMAIN and EXCEPT.search(scene.lead(a.quantity))]
    if profile.family != "count" or len(usable) != 1 or len(left) != 1 or len(amounts) != 2:
        return None
    whole, out = usable[0], left[0]
    if whole.value is None or out.value is None or not whole.quantity.end <= out.quantity.start:
        return None
    rest = scene.tail(out.quantity)
    told = re.search(r"(?:都|全部|均|全)[^没未不，。;]{1,6}$", rest.strip("的，。 ")) and EXCEPT_TAIL.match(rest)
    return whole.value - out.value if told else None


def _all_left_out(scene: Scene, starts: list[int]) -> bool:
    """437人,老师28人没算."""
    amounts = [q for q in scene.quantities if q.start in starts]
    return all(
        re.match(r"(?:没|不|未)(?:算|计|含|包括)|除外|另[算计]", scene.tail(q))
        or re.search(r"(?:不|没)(?:含|算|包括|计)[^，。;]{0,6}$", scene.lead(q))
        for q in amounts
    )


def _own_hands(scene: Scene) -> bool:
    """Guards and cooks are staff to some: a sum with them is nobody's."""
    return bool(re.search(r"保安|保育|宿管|食堂|后勤|阿姨|工勤|炊事", scene.raw))


_ATTENDING = Rule(r"参加|参与|参演|参训|实际|实到|到场|去了|来了|实参")


_ENROLLED = Rule(r"全校|一共|共|总|在校|在册|在编|编制|聘|应|学校")


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
