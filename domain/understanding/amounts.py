"""Amounts in the unit and the scope their question asks for, each with its part in the sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from domain.understanding import repairs, units
from domain.understanding.alignment import Assigned
from domain.understanding.outcome import one_decimal
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role


@dataclass(frozen=True, slots=True)
class Amount:
    """An aligned amount in the question's own unit (None: fuzzy or not convertible) and its part in the sentence."""

    assigned: Assigned
    role: Role
    value: Decimal | None
    changed: bool

    @property
    def quantity(self) -> Quantity:
        return self.assigned.quantity


def amounts_of(scene: Scene, profile: Profile, found: list[Assigned]) -> list[Amount]:
    cut = repairs.kept_from(scene.raw, [a.quantity.start for a in found])
    amounts: list[Amount] = []
    for assigned in found:
        quantity = assigned.quantity
        role = _asked(scene, profile, assigned, roles(scene, quantity, per_head=per(profile)), alone=len(found) == 1)
        if quantity.start < cut or repairs.revoked(scene.lead(quantity)):
            role = Role.REVOKED
        if role is Role.SUM and "本月" in profile.question.label and _not_this_month(scene, quantity, found, amounts):
            role = Role.OTHER
        amounts.append(Amount(assigned, role, *convert(quantity, profile)))
    return amounts


def _not_this_month(scene: Scene, quantity: Quantity, found: list[Assigned], before: list[Amount]) -> bool:
    """累计18次 behind this month's, 一共8600册 beside 这个月借出390册."""
    if "累计" in scene.lead(quantity) and before:
        return True
    named = [a for a in found if a.quantity is not quantity and _THIS_MONTH.search(scene.lead(a.quantity))]
    return bool(named) and not _THIS_MONTH.search(scene.lead(quantity))


_THIS_MONTH = Rule(r"本月|这个?月|当月")


def _asked(scene: Scene, profile: Profile, assigned: Assigned, role: Role, *, alone: bool) -> Role:
    """The role with regard to what is asked: 坏了两台 is the value where faults are, 新增60套 where the new are."""
    lead, label = scene.lead(assigned.quantity), profile.question.label
    if role is Role.REMAIN and "fault" in profile.nouns:
        broken = "fault" in assigned.bound.concepts or _BROKEN.match(scene.tail(assigned.quantity))
        in_repair = alone and re.match(r"(?:正在|在|待)维?修", scene.tail(assigned.quantity))
        return Role.VALUE if broken or in_repair else role
    if role is Role.REMAIN and "absent" in profile.nouns:
        return Role.VALUE
    if role is Role.CHANGE:
        return Role.VALUE if _ASKS_NEW.search(label) and not _LESS.search(lead) else role
    if role is Role.SUBSET and _asked_for(scene, profile, assigned, alone=alone):
        role = Role.VALUE
    if role is Role.VALUE and _DEALT_WITH.search(lead) and not _DEALT_WITH.search(label):
        return Role.SUBSET
    return Role.SUBSET if role is Role.VALUE and "改" not in label and RECTIFIED.search(lead) else role


_LESS = Rule(r"[转撤拆搬]走|转出|减|拆|报废|淘汰|少了")
_ASKS_NEW = Rule(r"新[增购建买招聘添置]|增加|转入|转出|更换")
_DEALT_WITH = Rule(r"(?:已|已经)?(?:处理|办结|办理|修复|解决|回复)[完好]?了?$|(?:修|处理)好了?$")


def _asked_for(scene: Scene, profile: Profile, assigned: Assigned, *, alone: bool) -> bool:
    """报修7件, where 报修 is asked; 坏了1台在修, where nothing else is told."""
    lead = scene.lead(assigned.quantity)
    named = [
        word
        for word in ("报修", "获奖", "推荐", "处理", "采用", "评选")
        if word in lead and word in profile.question.label
    ]
    return bool(named) or (alone and "fault" in assigned.bound.concepts & profile.nouns)


_BROKEN = Rule(r"[^，。;]{0,4}(?:没(?:有)?(?:反应|声音|信号|图像|画面)|不(?:了机|亮|动|出|能|显|开))")
RECTIFIED = Rule(r"(?:整改[完好]?了?|改[完好]了?|改了)$")


_PER = (
    (Rule(r"[人生]均|每[人名位生]"), r"[人生平]均|每[人名位生]|一人|/人"),
    (Rule(r"平均"), r"均|每"),
    (Rule(r"每[天日]"), r"每[天日]"),
    (Rule(r"每个?(?:周|星期)"), r"每个?(?:周|星期|礼拜)"),
    (Rule(r"每个?月"), r"每个?月"),
    (Rule(r"班均|每个?班"), r"班均|每个?班"),
)


@lru_cache(maxsize=512)
def _per(label: str) -> str:
    return "|".join(reply for asked, reply in _PER if asked.search(label))


def per(profile: Profile) -> str:
    """What each is asked for (人均, 每天), as a pattern of the words that say so; empty where the whole is asked."""
    return _per(profile.question.label)


def convert(quantity: Quantity, profile: Profile) -> tuple[Decimal | None, bool]:
    """The amount in the question's unit, and whether that is another figure than the one written."""
    if quantity.value is None:
        return None, False
    match profile.family:
        case "money":
            return _money(quantity, profile)
        case "duration":
            factor = Decimal(units.SECONDS[profile.question.unit])
            bare = quantity.sort == "count" and quantity.unit == ""
            return (quantity.value if bare else quantity.value / factor), not bare and quantity.unit not in ("秒", "")
        case "area":
            factor = Decimal(str(units.AREA[profile.question.unit]))
            if quantity.sort == "count":
                return quantity.value, False
            area = (quantity.value / factor).quantize(Decimal("0.01"))
            return area, quantity.unit not in profile.question.unit
        case "percent":
            if quantity.sort == "fraction":
                return one_decimal(quantity.value * 100), True
            return quantity.value, "成" in quantity.numeral
        case _:
            if (times := units.FACTORS.get((profile.question.unit, quantity.unit))) is not None:
                return quantity.value * Decimal(times), True
            return (None, False) if quantity.sort == "fraction" else (quantity.value, False)


def _money(quantity: Quantity, profile: Profile) -> tuple[Decimal | None, bool]:
    if quantity.value is None:
        return None, False
    factor = Decimal(units.MONEY[profile.question.unit])
    if quantity.sort == "money" or quantity.unit in ("元", "万") or re.search(r"[万w亿]", quantity.numeral):
        value = quantity.value * (10000 if quantity.unit == "万" else 1)
        return value / factor, factor != 1 and "万" not in quantity.numeral
    if factor == 1 or quantity.value < 100:
        return quantity.value, False
    top = profile.question.maximum
    if not re.fullmatch(r"[\d.,]+", quantity.numeral) and top is not None and quantity.value > top:
        return quantity.value / factor, True
    return (quantity.value, False) if top is not None and quantity.value > top else (None, False)
