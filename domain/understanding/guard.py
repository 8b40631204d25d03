"""The last look: a figure is not stored while something in the reply speaks against it that no reader has explained.

The readers decide what an amount means; these checks ask only whether the reply leaves another way to read it. Where it
does the figure is asked about: a needless question costs a tap, a wrong figure a bulletin.
"""

from __future__ import annotations

import re

from domain.understanding import repairs
from domain.understanding.alignment import PEOPLE, Assigned, another_rate, sorts_fit
from domain.understanding.amounts import per
from domain.understanding.lexicon import NOUNS
from domain.understanding.nouns import Bound, bindings
from domain.understanding.outcome import Outcome, doubt
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Reading, Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role
from domain.understanding.units import PERSON_UNITS

Taken = dict[str, list[Assigned]]


def checked(scene: Scene, profile: Profile, outcome: Outcome, taken: Taken) -> Outcome:
    """The outcome, or a doubt in its place."""
    if not isinstance(outcome, Reading) or profile.family not in _FIGURES:
        return _real(scene, profile, outcome)
    mine = [assigned.quantity for assigned in taken.get(profile.key, ())]
    if mine and outcome.rule != "same as last time":
        named = any(a.fit.noun >= 3 for a in taken.get(profile.key, ()))
        if _rivals(scene, profile, mine, taken, named=named or "fault" not in profile.nouns):
            return doubt(scene, profile, Why.AMBIGUOUS)
        if _part_missing(scene, profile, mine, taken):
            return doubt(scene, profile, Why.AMBIGUOUS)
        if _broken_else(scene, profile, mine) or _total_for_each(scene, profile, mine):
            return doubt(scene, profile, Why.AMBIGUOUS)
        if _none_of_them(scene, profile, mine):
            return doubt(scene, profile, Why.CONTRADICTORY)
        if _half_a_day(scene, profile, mine):
            return doubt(scene, profile, Why.AMBIGUOUS)
        if _provisional(scene, mine):
            return doubt(scene, profile, Why.PUT_OFF)
        if _hedged(scene, profile, mine) or _checked_whole(scene, profile, mine):
            return doubt(scene, profile, Why.NOT_UNDERSTOOD)
        if _whole_for_new(scene, profile, mine):
            return doubt(scene, profile, Why.NOT_UNDERSTOOD)
        if _governed_by_the_past(scene, mine):
            return doubt(scene, profile, Why.NOT_UNDERSTOOD)
    return outcome


_FIGURES = frozenset({"count", "money", "area", "duration", "ratio", "percent"})
_IRREAL = r"如果|要是|假如|假设|万一|可能|也许|或许|希望|建议|考虑|据说|听说|应该(?![是为到参有])"
_FOREIGN = (
    r"遗留|报名|最[快慢先多少]|规定|要求|标准|合同|定额|名额|额度|上限|下限|限额|指标(?!值|完成)|之间|"
    r"再(?!次|生)|借(?!助|阅|调)|退(?!休|役)|报废|处分|罚|欠|历史|同期|合并前|撤并|均价|全[县镇](?=平均|水平|的?排|第)"
)
_LEFT_OUT = Rule(
    r"参|到场|来了|去了|实[到际有]|其余|剩下|收|交|装|完成|已|还|做|办|搞|写|编|上了|改|坏|修|换|不含|不算|除"
)


def _part_missing(scene: Scene, profile: Profile, mine: list[Quantity], taken: Taken) -> bool:
    """442人,5人请假没参加: nobody says whether the 442 are with or without the five."""
    if profile.family != "count" or not re.search(r"参|实到|到校|出勤", profile.question.label):
        return False
    away = [a.quantity for a in taken.get(profile.key, ()) if a.quantity not in mine or len(mine) > 1]
    missing = [q for q in away if roles(scene, q) is Role.REMAIN]
    there = [q for q in mine if roles(scene, q) in (Role.VALUE, Role.SUM)]
    said = "".join(scene.lead(q) + scene.tail(q) for q in there)
    return bool(missing) and not _LEFT_OUT.search(said)


_NO_DEVICE = Rule(r"灯|窗|门(?!禁)|[桌椅凳床]|龙头|水管|插座|插头|开关|玻璃|黑板|锁|厕|栏杆")


_WORKS = Rule(r"[^，。;坏不]{0,6}(?:正常|完好|没坏|能用$|能用[，。]|可用|好用)")


def _broken_else(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """灯泡坏了2个 says nothing of the equipment; 24台里22台正常 counts those that work."""
    if "fault" not in profile.nouns or "设备" not in profile.question.label:
        return False
    if any(_WORKS.match(scene.tail(q)) and q.numeral not in ("一", "1") for q in mine):
        return True
    return any(q.unit in ("个", "") and _NO_DEVICE.search(scene.lead(q) + scene.tail(q)) for q in mine)


def _total_for_each(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """120学时,30个人, where 人均 is asked: the hours may be those of all together."""
    each = per(profile)
    if not each or re.search(each, scene.raw) or profile.family != "count":
        return False
    return any(
        q not in mine and q.sort == "count" and (q.unit in PERSON_UNITS or _counts_people(bindings(scene)[q.start]))
        for q in scene.quantities
    )


_NONE_WAS = Rule(
    r"^(?:不过|但是?|可是?|可惜)?(?:全|一[篇个次节份场]|[这那]些?)?(?:都|也)(?:还)?(?:没有?|未)(?=[发用采登录刊播搞开])"
)


def _none_of_them(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """投了五篇,都没发出来: five, or none?"""
    if profile.family != "count":
        return False
    return any(c.start > max(q.start for q in mine) and _NONE_WAS.search(c.words) for c in scene.clauses)


_MORNING, _LATER_THAT_DAY = Rule(r"(?:上午|早上)[有是来共]?$"), Rule(r"(?:下午|晚上)[^，。;\d]{0,4}$")


def _half_a_day(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """上午305,下午老师22: nobody says who the 305 are."""
    if profile.family != "count" or len(mine) != 1 or mine[0].unit or not _MORNING.search(scene.lead(mine[0])):
        return False
    return any(_LATER_THAT_DAY.search(scene.lead(q)) for q in scene.quantities if q is not mine[0])


_FOR_NOW = Rule(r"先(?:写|填|报|按|记|算|登)(?:个|成|上|为|着)?$")
_LATER_SURE = Rule(r"再(?:核|改|确认|调|更正|补报|报准)|有(?:变|出入)再|后面再|回头")


def _provisional(scene: Scene, mine: list[Quantity]) -> bool:
    """先写500,回头我再核: nobody's figure yet."""
    if _WHOLE_UNKNOWN.search(scene.raw):
        return True
    return any(_FOR_NOW.search(scene.lead(q)) for q in mine) and bool(_LATER_SURE.search(scene.raw))


_WHOLE_UNKNOWN = Rule(
    r"(?:全校|总数|总的|其他班|其余|别的班|我们的|其他年级)[^，。;\d]{0,4}(?:还|暂时|尚)?(?:没|未)有?(?:合计|统计|汇总|报|算|收齐|加)"
)


def _checked_whole(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """28个老师查了,1个不合格: the 28 are all that were looked at, not those that passed."""
    if profile.family != "percent" or len(mine) != 2:
        return False
    looked = any(re.match(r"[^，。;合]{0,4}(?:检|抽)?查了?(?:$|[，。;])", scene.tail(q)) for q in mine)
    return looked and bool(re.search(r"不(?:合格|达标)", scene.raw))


_ODD = Rule(rf"{_IRREAL}|{_FOREIGN}")
_ODD_COUNT = Rule(
    rf"{_IRREAL}|{_FOREIGN}|^比$|缺(?!陷)|(?<!误)差(?!不多)|少(?![年先儿数部于])|补(?!助|贴)|"
    r"(?:没|未)(?!有?增加|有?变|有?新增|成年|来)[^，。;]{1,6}$"
)
_JUDGED = Rule(r"合格|及格|优秀")
_UNREAL = Rule(_IRREAL)


def _real(scene: Scene, profile: Profile, outcome: Outcome) -> Outcome:
    """可能搞了: no yes."""
    if not isinstance(outcome, Reading) or profile.family not in ("bool", "choice"):
        return outcome
    return doubt(scene, profile, Why.NOT_UNDERSTOOD) if _UNREAL.search(outcome.words) else outcome


def _hedged(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """Words around the figure that make it another thing's, a rule's, or nobody's; unless the question has them."""
    if profile.family == "duration" and any(roles(scene, q) is Role.REMAIN for q in mine):
        return True
    odd = _ODD if profile.family in ("ratio", "percent") else _ODD_COUNT
    sums = [q for q in mine if roles(scene, q) is Role.SUM]
    for quantity in sums or mine:
        if not _open(scene, quantity):
            continue
        judged = _JUDGED.search(scene.tail(quantity)) if profile.family == "ratio" else None
        match = judged or odd.search(scene.lead(quantity)) or _ODD.search(scene.tail(quantity)[:6])
        if match and match.group()[:2] not in profile.question.label:
            return True
    return False


def _rivals(scene: Scene, profile: Profile, mine: list[Quantity], taken: Taken, *, named: bool) -> bool:
    """An amount in the very unit of the one stored, which no question took and no noun of its own explains."""
    claimed = {a.quantity.start for amounts in taken.values() for a in amounts}
    free = [
        q
        for q in scene.quantities
        if q.start not in claimed
        and q.sort != "fraction"
        and not (q.numeral in ("一", "几") and len(scene.clauses) > 2)
        and sorts_fit(q, profile)
        and not (profile.family == "percent" and another_rate(scene, q, profile))
    ]
    if not free or any(roles(scene, q) is Role.SUM for q in mine):
        return False
    nouns = bindings(scene)
    units = {q.unit for q in mine if q.unit or not repairs.speaks_of_earlier(scene.raw)}
    sorts = {q.sort for q in mine}
    beside = {
        scene.clause_at(q.start)
        for q in mine
        if scene.alone is profile and q.unit and not per(profile) and "fault" not in profile.nouns
    }
    if any(
        q.unit in units
        and q.unit
        and scene.clause_at(q.start) in beside
        and _open(scene, q)
        and not _counts_people(nouns[q.start])
        for q in free
    ):
        return True
    return any(
        q.unit in units
        and (q.unit or q.sort in sorts)
        and not (named and nouns[q.start].level == 3 and nouns[q.start].concepts & NOUNS)
        and _open(scene, q)
        for q in free
    )


def _counts_people(bound: Bound) -> bool:
    return bool(bound.concepts & PEOPLE)


def _open(scene: Scene, quantity: Quantity) -> bool:
    return roles(scene, quantity) in (Role.VALUE, Role.SUM)


_WHOLE = Rule(r"总面积|总[^，。;\d]{1,4}面积|总量|总数|馆藏|现有|共有|面积共|累计|历年|一直|总共有|原有")
_NEW = Rule(r"新|今年|本年|又|增|种|铺|添|建了|补|这次")


_BUILT = Rule(r"新[建增种铺修栽]")


def _whole_for_new(scene: Scene, profile: Profile, mine: list[Quantity]) -> bool:
    """绿化面积共5200平方米 is no 新增."""
    leads = [scene.lead(q) for q in mine]
    if "新增" in profile.question.label and any(re.search(r"翻[新修]|改造|修整|维护", lead) for lead in leads):
        return True
    return (
        "新增" in profile.question.label
        and any(_WHOLE.search(lead) for lead in leads)
        and not any(_NEW.search(lead) for lead in leads)
        and not any(_BUILT.search(scene.raw[max(0, q.start - 20) : q.start]) for q in mine)
    )


_PAST = Rule(
    r"(?<![比跟和与较])(?:去年|上个?月|上个?学期|上学年|上个?季度|前年)[^，。;]*(?:搞|开展|组织|举行|举办|演练|开了|培训|活动|练)"
)
_PRESENT = Rule(r"今年|本年|本月|这个?月|这次|本次|现在|目前|本学期|这个?学期|今天|昨天|前天|刚|本周|这周|上周")


def _governed_by_the_past(scene: Scene, mine: list[Quantity]) -> bool:
    """上个月搞了演练,520人参加: what was said of another period holds until something turns to the present."""
    start = max(q.start for q in mine)
    sentence = re.split(r"[。;!\n]", scene.raw[:start])[-1]
    past = _PAST.search(sentence)
    if past is None:
        return False
    rest = sentence[past.start() + 2 :]
    day_named = any(start - len(rest) <= w.start < start and not w.vague for w in scene.whens)
    return not day_named and not _PRESENT.search(rest)
