"""Parts of one figure: when amounts may be added up, and when one of them is the figure."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from domain.understanding.alignment import stands_alone
from domain.understanding.amounts import Amount
from domain.understanding.normalise import BLANK
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role
from domain.understanding.units import PERSON_UNITS

_PART = Rule(
    r"[一二三四五六七八九\d]+年级|小学|中学|初中|高中|学前|语文|数学|英语|语|数|英|科学|体育|音乐|美术|道法|男|女|校区|小学部|"
    r"初中部|中学部|高中部|幼儿|本部|分校|教学点|村小|[校镇乡县省市班国]级|班|上册|高年级|低年级|中年级|"
    r"[东西南北]|室[内外]|楼[上下]|校[内外]|线[上下]|"
    r"[县市省日晚校]报|电视台|网站|(?:教育|政府|校园|官)网|电台|头条|学习强国|公众号|融媒|抖音|视频号|走读|住校|寄宿|通校|通学|教室|走廊|楼道|[校大]门|门口|操场|食堂|宿舍|办公|功能室|围墙|月[初中底]|[上下]半场|[上中下]旬|一楼|二楼|三楼|初一|初二|初三|七|八|九|部|组|村"
)


_SUM_OF_PART = Rule(
    r"(?:[一二三四五六七八九\d]年级|校区|教学点|[小初高]中?部)[^，。;]{0,3}(?:一共|共|加起来|合计|总共)"
)


def without_articles(usable: list[Amount]) -> list[Amount]:
    """一项技能 among counts names a thing; 一 counts only where it is all there is."""
    counts = [a for a in usable if a.quantity.numeral != "一" or a.assigned.bound.level == 3]
    return counts if len(usable) > 2 and counts and len(usable) - len(counts) > 1 else usable


def summed_up(scene: Scene, usable: list[Amount]) -> list[Amount]:
    """读一本好书、学一项技能,两项: the amount that closes the list by itself is its sum."""
    last = usable[-1] if len(usable) > 2 else None
    if last is None or last.role is Role.SUM or not stands_alone(scene, last.quantity):
        return usable
    if any(scene.clause_at(a.quantity.start) is scene.clause_at(last.quantity.start) for a in usable[:-1]):
        return usable
    if _PART.search(scene.lead(last.quantity)):
        return usable
    return [*usable[:-1], replace(last, role=Role.SUM)]


def told_apart(scene: Scene, parts: list[Amount]) -> bool:
    """上周一次,这周一次: the same figure twice, of two things; 520人,一共520人 is one."""
    named = {scene.lead(a.quantity).strip("，、和及:了 ") for a in parts}
    tails = {scene.tail(a.quantity).strip("，、和及的。 ") for a in parts}
    if len(tails) == len(parts) and all(len(t) >= 2 for t in tails):
        return True
    return len(named) == len(parts) and (all(len(n) >= 2 for n in named) or are_parts(scene, parts))


def only_named(scene: Scene, parts: list[Amount], label: str) -> Amount | None:
    """在研课题3项,结题1项: the first is named by the question, the others by something else and are no more."""
    named = [a for a in parts if a.assigned.fit.noun >= 3]
    others = [a for a in parts if a.assigned.fit.noun <= 1]
    spelt = bool(named) and len(named[0].assigned.bound.text) > 1 and named[0].assigned.bound.text in label
    if named and not spelt and any(_parallel(scene, named[0], a) for a in others):
        return None
    first = named[0] if len(named) == 1 else None
    if first is None or first.value is None or len(others) + 1 != len(parts):
        return None
    leads = [(scene.lead(a.quantity) + scene.tail(a.quantity)).strip("，、 的了") for a in others]
    strange = all(len(lead) >= 2 and not re.match(r"还|另|再|加|以及|和", lead) for lead in leads)
    strange = strange and not any(stands_alone(scene, a.quantity) for a in others)
    less = sum((a.value for a in others if a.value is not None), Decimal(0)) <= first.value
    apart = all(scene.clause_at(a.quantity.start) is not scene.clause_at(first.quantity.start) for a in others)
    return first if strange and ((spelt and first.quantity.sort == "count") or (less and apart)) else None


def _parallel(scene: Scene, one: Amount, other: Amount) -> bool:
    """柏树30棵,桂花20棵; 老师24个,校医1个: two things of one kind, told alike."""
    leads = [scene.lead(a.quantity).strip("，、 ") for a in (one, other)]
    tails = [scene.tail(a.quantity).strip("，、。 的了") for a in (one, other)]
    alike = one.quantity.unit == other.quantity.unit or "" in (one.quantity.unit, other.quantity.unit)
    return alike and not any(tails) and all(1 < len(lead) < 5 and not _EVENT.search(lead) for lead in leads)


_EVENT = Rule(r"[修改结装获评退缺坏新用办完成]|其中|在")


def partial_sums(scene: Scene, usable: list[Amount]) -> list[Amount]:
    """一年级12个,四五六年级加起来28个: the sum of a part named is one part more, unless it is the sum of the others."""
    known = [a.value for a in usable if a.role is Role.VALUE and a.value is not None]
    return [
        replace(a, role=Role.VALUE)
        if a.role is Role.SUM and known and a.value != sum(known) and _SUM_OF_PART.search(scene.lead(a.quantity))
        else a
        for a in usable
    ]


def are_parts(scene: Scene, parts: list[Amount], family: str = "") -> bool:
    """Each amount is named by its own part (语文2节数学1节), or counts its own noun of the same kind."""
    if any("grant" in a.assigned.bound.concepts for a in parts):
        return False
    leads = [scene.lead(a.quantity) + scene.raw[a.quantity.end : a.quantity.end + 4] for a in parts]
    if any(re.search(r"第[一二三四五六七八九\d]+[次回遍]|或|要么|前后", lead) for lead in leads):
        return False
    if len(parts) == 2 and re.search(r"加上?$", scene.lead(parts[1].quantity)):
        return _all_counts(parts)
    if re.search(r"(?:校区|年级|班级?|部|教学点|组)，?(?:分别|各)[是为有]?$", scene.raw[: parts[0].quantity.start]):
        return True
    named = [scene.lead(a.quantity).strip("，、和及:了 ") for a in parts]
    if parts[0].quantity.unit in PERSON_UNITS and all(_TIME_OF_DAY.fullmatch(name) for name in named):
        return False
    if all(_names_part(scene, name, a) for name, a in zip(named, parts, strict=True)):
        return len(set(named)) == len(named)
    if all(named) and len(set(named)) == len(named) and _alike(named):
        return _all_counts(parts) or parts[0].quantity.sort == "money"
    if _each_of_its_kind(scene, parts):
        return True
    if family == "money" and all(len(n) >= 2 for n in named) and len(set(named)) == len(named):
        return not any(_bare_and_small(a) for a in parts)
    texts = {a.assigned.bound.text for a in parts}
    if _all_counts(parts) and len(texts) == len(parts) and all(a.assigned.fit.noun >= 2 for a in parts):
        return True
    return parts[0].quantity.sort == "money" and len(set(named)) == len(named) and all(len(n) >= 2 for n in named)


def _bare_and_small(amount: Amount) -> bool:
    """20 of money could be of anything; 0.8万 says what it is."""
    quantity = amount.quantity
    return quantity.unit == "" and (amount.value or 0) < 100 and not re.search(r"[万w亿]", quantity.numeral)


_TIME_OF_DAY = Rule(r"(?:早上?|上午|中午|下午|晚上?|夜[里间]|白天|早晨)(?:是|有|各)?")
_KIND = Rule(r"(?:是)?(?P<kind>[^，。;、了没未]{1,6})的|是(?P<is>[^，。;、了没未]{1,6})")
_EVENTS = ("次", "场", "节", "期", "回")
_ENUMERATED = Rule(r"[一1][处块个片间面条段](?:是|有|约)?$")


def _each_of_its_kind(scene: Scene, parts: list[Amount]) -> bool:
    """两次大的,三次小组的; 两台黑屏,一台没声音; 一处40平方米,一处35平方米."""
    if not _all_counts(parts):
        return False
    if all(_ENUMERATED.search(scene.raw[: a.quantity.start]) for a in parts):
        return True
    tails = [scene.tail(a.quantity).strip("，、和。 了") for a in parts]
    if len(set(tails)) < len(tails) or not all(tails):
        return False
    if parts[0].quantity.unit in _EVENTS and not any(scene.lead(a.quantity).strip("，、和 ") for a in parts):
        alike = len({a.assigned.fit.noun >= 3 for a in parts}) == 1
        return alike and all(2 <= len(tail) <= 8 and not re.search(r"[了没未正有]", tail) for tail in tails)
    broken = all("fault" in a.assigned.bound.concepts or a.assigned.fit.topic >= 0 for a in parts)
    if broken and any("fault" in a.assigned.bound.concepts for a in parts):
        return True
    return all(_KIND.fullmatch(tail) for tail in tails)


def _alike(named: list[str]) -> bool:
    """国培, 省培: names that end in the same word for a part."""
    return (
        min(map(len, named)) > 1
        and len({name[-1] for name in named}) == 1
        and (
            len({name[-2:] for name in named}) == 1 < min(map(len, named)) - 1
            or named[0][-1] in "组培级楼部区段科村园院坡边侧校周月谈写交发上开做办编走搞讲买花投捐种挂收坏换修建类的"
        )
    )


def _names_part(scene: Scene, name: str, amount: Amount) -> bool:
    """三年级, 语文, 男 before the amount; grades and classes are masked in the text."""
    at = amount.quantity.start
    days = [w.end for w in scene.whens]
    blank = scene.text.rfind(BLANK, max(0, at - 8), at) + 1
    return bool(_PART.search(name)) or (blank > 0 and blank not in days)


def _all_counts(parts: list[Amount]) -> bool:
    return all(a.quantity.sort in ("count", "area") for a in parts)
