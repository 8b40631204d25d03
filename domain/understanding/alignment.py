"""Which question an amount answers: the noun it counts, the topic it stands in, its unit, its number in a list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.understanding import units
from domain.understanding.clauses import Clause
from domain.understanding.lexicon import NOUNS, PEOPLE
from domain.understanding.nouns import FILLER, Bound, bindings
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene


@dataclass(frozen=True, slots=True)
class Fit:
    """How well an amount fits a question; bigger is better, compared as a tuple."""

    noun: int
    topic: int
    unit: int

    @property
    def rank(self) -> tuple[int, int, int]:
        return (self.noun, self.topic, self.unit)


def sorts_fit(quantity: Quantity, profile: Profile) -> bool:
    """Whether this sort of amount can answer that family of question at all."""
    sort, family = quantity.sort, profile.family
    if family == "percent":
        return sort in ("percent", "fraction", "pair", "count", "range")
    if family == "money":
        return sort in ("money", "range") or (sort == "count" and quantity.unit in ("", "元", "万"))
    if family == "area":
        return sort in ("area", "range") or (sort == "count" and quantity.unit == "")
    if family == "duration":
        return sort in ("duration", "clock", "range") or (sort == "count" and quantity.unit in ("", "秒"))
    if family == "ratio":
        return sort in ("pair", "count", "fraction", "range") and _unit_fits(quantity, profile)
    if sort == "money" and quantity.unit == "块":
        return family == "count" and _unit_fits(quantity, profile)
    return family == "count" and sort in ("count", "range", "fraction") and _unit_fits(quantity, profile)


def _unit_fits(quantity: Quantity, profile: Profile) -> bool:
    return units.fits(profile.question.unit, quantity.unit)


def fit(scene: Scene, quantity: Quantity, profile: Profile, bound: Bound) -> Fit | None:
    """How well, or None where it cannot be."""
    if profile.family == "count" and not quantity.unit and _SPENT.search(scene.lead(quantity)):
        return None
    if profile.family == "percent" and another_rate(scene, quantity, profile):
        return None
    if not sorts_fit(quantity, profile) or _conflicts(scene, quantity, profile, bound):
        return None
    noun = bound.level if bound.concepts & (profile.nouns | {"=" + profile.key}) else 0
    if noun == 0 and "~" + profile.key in bound.concepts:
        noun = bound.level if not profile.nouns else 1
    if noun == 3 and bound.concepts & profile.named:
        noun = 4
    if noun == 0 and bound.concepts & profile.soft:
        noun = 1
    if noun == 0 and "backbone" in profile.nouns and len(scene.profiles) > 1:
        return None
    if noun <= 1 and profile.family == "ratio" and _SHARE.search(scene.lead(quantity)):
        noun = 2
    if noun == 0 and profile.nouns == frozenset() and bound.concepts & profile.topics:
        noun = bound.level - 1
    return Fit(noun, _topic(scene, quantity, profile), _unit(quantity, profile))


_RATE = Rule(r"(?P<of>[\u4e00-\u9fff]{2})率(?:是|为|达到?|约|:|有)*$")


def another_rate(scene: Scene, quantity: Quantity, profile: Profile) -> bool:
    """使用率90%,完好率95%: a rate of another name beside the one asked for by its own."""
    named = _RATE.search(scene.lead(quantity))
    own = re.search(r"([\u4e00-\u9fff]{2})率", profile.question.label)
    if named is None or own is None or named["of"] in profile.question.label:
        return False
    return own[0] in scene.raw


_SPENT = Rule(r"(?:花|投入?|捐|支出|造价|费用|资金|经费|价值|总价|预算)[了去约掉大概是为共:]*$")


_SHARE = Rule(
    r"[应实](?:参加|参训|受训|参|训|到|培|出席)$|参训$|整改$|排查$|"
    r"(?:请假|[病事产公]假|缺席|缺勤|缺|未到|没来|没到|出差|通|总数|一共|共)(?:了|是|为)?$"
)


def _conflicts(scene: Scene, quantity: Quantity, profile: Profile, bound: Bound) -> bool:
    """The amount counts something else: 3名家长 are no pupils."""
    if "学时" in quantity.unit and profile.question.unit == "学时":
        return False
    nouns = bound.concepts & NOUNS if bound.level == 3 else frozenset[str]()
    if quantity.unit and quantity.unit not in ("个", *units.PERSON_UNITS) and profile.family == "count":
        nouns -= PEOPLE
    own = profile.nouns | profile.topics | profile.soft
    if not any("absent" in p.nouns for p in scene.profiles):
        nouns -= {"absent"}
    if "others" in nouns and not bound.concepts & profile.named and bound.text not in profile.question.label:
        return True
    if bound.level < 3 or not nouns or nouns & own or "=" + profile.key in bound.concepts:
        return False
    if "~" + profile.key in bound.concepts and not profile.nouns:
        return False
    if profile.family == "money" and "grant" in nouns and "自筹" in profile.question.label:
        return True
    if profile.family in ("money", "area", "duration"):
        return bool(nouns & {"grant", "tree"}) and not profile.nouns & {"grant"} and profile.family == "area"
    if profile.family == "percent" and quantity.sort == "count" and quantity.unit:
        return False
    if nouns == {"class"} and profile.question.unit not in ("个", "班", "间") and "班" not in quantity.unit:
        return False
    if profile.family == "ratio" and bound.text == "总人数":
        return False
    if profile.family == "ratio" and nouns & {"fault"}:
        return not re.search(r"完好|合格|正常", profile.question.label)
    return bool(nouns - {"fund", "green", "install_rate", "use_rate"}) or profile.family == "percent"


def _topic(scene: Scene, quantity: Quantity, profile: Profile) -> int:
    clause = scene.clause_at(quantity.start)
    if scene.about(clause, profile):
        return 2
    return 1 if inherited(scene, clause, profile) else 0


def inherited(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """The last clause before with any topic of a question asked speaks of this one, and this clause names none."""
    concepts = frozenset().union(*(p.concepts for p in scene.profiles))
    if any(cue.concepts & concepts for cue in scene.cues_in(clause)):
        return False
    for earlier in reversed([c for c in scene.clauses if c.end <= clause.start and c.marker == clause.marker]):
        cues = [cue for cue in scene.cues_in(earlier) if cue.concepts & concepts]
        if cues:
            return any(cue.concepts & profile.concepts for cue in cues)
    return False


def _unit(quantity: Quantity, profile: Profile) -> int:
    if profile.family == "ratio" and quantity.sort == "pair":
        return 2
    if quantity.sort == profile.family and quantity.sort != "count":
        return 2
    if profile.family == "percent" and quantity.sort == "fraction":
        return 2
    if quantity.sort == "clock":
        return 1
    if profile.family == "money" and quantity.sort == "count" and re.search("[万w]", quantity.numeral):
        return 2
    if not quantity.unit:
        return 1 if profile.family == "money" and "万" in quantity.numeral else 0
    return 2 if units.exact(profile.question.unit, quantity.unit) else 1


_ONLY_VALUE = Rule(
    r"(?:是|正确|总计|共计|累计|统共|拢共|实际|其实|应(?!该)|这次|这回|本次|上次|报的|有|共有?|一共|总共|合计|大概|约|大约|"
    r"差不多|就|只有?|报|填|"
    r"应该是?|嗯|哦|那个|了|吧|的|左右|上下|呢|啊|哈|本月|这个?月|我们?校?|学校|目前|现在|今年|搞了?|做了?|"
    r"开了?|上了?|开展了?|组织了?|参加了?|完成了?|写了?|"
    r"编了?|收了?|发了?|坏了?|用了?|花了?|投了?|达到?|:|=|\"|到|去了?|来了?|装了?|我|报告|领导|您好|你好|老师|"
    r"已|已经|好的|都|为|全校|更正|说错|不对|改成?为?|由|提高|从|、|\.|~|!|[\ue000-\uf8ff])*+"
)


def stands_alone(scene: Scene, quantity: Quantity) -> bool:
    """A bare number with nothing but small words around it in its clause."""
    clause = scene.clause_at(quantity.start)
    before = scene.text[clause.start : quantity.start].rpartition("、")[2]
    rest = before + scene.text[quantity.end : clause.end].partition("、")[0]
    return bool(_ONLY_VALUE.fullmatch(rest))


@dataclass(frozen=True, slots=True)
class Assigned:
    quantity: Quantity
    bound: Bound
    fit: Fit


def align(scene: Scene) -> tuple[dict[str, list[Assigned]], dict[str, list[Quantity]]]:
    """Amounts by question, and the amounts nobody could place between several questions (by question as well)."""
    nouns = bindings(scene)
    taken: dict[str, list[Assigned]] = {}
    torn: dict[str, list[Quantity]] = {}
    for quantity in scene.quantities:
        fits = _fits(scene, quantity, nouns[quantity.start])
        best = [p for p, f in fits.items() if f.rank == max(g.rank for g in fits.values())] if fits else []
        if len(best) > 1 and (done := _by_verb(scene, quantity, best)) is not None:
            taken.setdefault(done.key, []).append(Assigned(quantity, nouns[quantity.start], fits[done]))
        elif len(best) == 1 and _enough(scene, quantity, best[0], fits):
            taken.setdefault(best[0].key, []).append(Assigned(quantity, nouns[quantity.start], fits[best[0]]))
        elif best:
            for profile in best:
                torn.setdefault(profile.key, []).append(quantity)
    return {key: _without_strangers(scene, _without_tales(scene, found)) for key, found in taken.items()}, torn


def _without_tales(scene: Scene, found: list[Assigned]) -> list[Assigned]:
    """一个人忙得团团转, 山上几户: what is only told along the way, in a clause that names nothing asked."""
    told = [a for a in found if a.quantity.numeral in ("一", "几") and not a.fit.noun and _along_the_way(scene, a)]
    return [a for a in found if a not in told] if len(told) < len(found) else found


def _along_the_way(scene: Scene, assigned: Assigned) -> bool:
    clause = scene.clause_at(assigned.quantity.start)
    asked = any(scene.about(clause, p) for p in scene.profiles)
    alone = not any(q is not assigned.quantity for q in scene.quantities if clause.start <= q.start < clause.end)
    broken = re.search(r"没[反声图信]|不[亮动了响]|坏", clause.words)
    return alone and not asked and not broken and len(re.findall(r"[\u4e00-\u9fff]", clause.words)) > 6


def _by_verb(scene: Scene, quantity: Quantity, best: list[Profile]) -> Profile | None:
    """查了7次, where 自查次数 and 陪餐次数 are asked: whose label has the verb; 人数345 where one counts people."""
    heads = [p for p in best if _heads_counted(scene, quantity, p)]
    if heads:
        return heads[0]
    measured = [p for p in best if p.question.unit and _measures(scene, quantity, p.question.unit)]
    if len(measured) == 1:
        return measured[0]
    verb = re.search(r"(?P<verb>[\u4e00-\u9fff])了$", scene.lead(quantity))
    if verb is None or verb["verb"] in "有开搞做到共":
        return None
    mine = [p for p in best if verb["verb"] in p.question.label]
    return mine[0] if len(mine) == 1 else None


def _measures(scene: Scene, quantity: Quantity, unit: str) -> bool:
    """学习场次2: the measure word of one question's unit stands before the number."""
    return bool(re.search(rf"{re.escape(unit)}[数次](?:是|为|:|有|共)*$", scene.lead(quantity)))


def _without_strangers(scene: Scene, found: list[Assigned]) -> list[Assigned]:
    """文化墙6处,张贴标语12条: beside what is named, another thing in another measure is no part of it."""
    alone = scene.alone
    if not any(a.fit.noun >= 3 for a in found) or alone is None or alone.family != "count":
        return found
    return [a for a in found if a.fit.noun or a.fit.unit > 1 or not _of_something_else(scene, a.quantity, alone)]


def _fits(scene: Scene, quantity: Quantity, bound: Bound) -> dict[Profile, Fit]:
    numeric = [p for p in scene.profiles if p.numeric]
    found = {p: f for p in numeric if (f := fit(scene, quantity, p, bound)) is not None}
    clause = scene.clause_at(quantity.start)
    shares = [p for p in found if p.family == "percent" and scene.about(clause, p)]
    others = [f for p, f in found.items() if p.family != "percent" and (not shares or f.noun or f.unit == 2)]
    if quantity.unit and quantity.sort == "count" and others:
        found = {p: f for p, f in found.items() if p.family != "percent"}
    found = _per_or_whole(scene, quantity, found)
    focused = next((p for p in found if p.key == scene.focus), None)
    if focused is None:
        return found
    best = found[focused].rank >= max(f.rank for f in found.values())
    return {focused: found[focused]} if best or _bare(scene, quantity) else found


_PER = Rule(r"均|每")


def _per_or_whole(scene: Scene, quantity: Quantity, found: dict[Profile, Fit]) -> dict[Profile, Fit]:
    """藏书18600册,生均31册: what is told of each goes to the question that asks of each, the rest to the others."""
    each = {p: f for p, f in found.items() if _PER.search(p.question.label)}
    if not each or len(each) == len(found):
        return found
    return each if _PER.search(scene.lead(quantity)) else {p: f for p, f in found.items() if p not in each}


def _bare(scene: Scene, quantity: Quantity) -> bool:
    return len(scene.clauses) == 1 and stands_alone(scene, quantity) and not quantity.unit


def _enough(scene: Scene, quantity: Quantity, profile: Profile, fits: dict[Profile, Fit]) -> bool:
    """A unit decides when only one question has it; a bare number needs its noun beside it or to stand alone."""
    best = fits[profile]
    if best.noun >= 3:
        return True
    if scene.alone is not profile and best.noun == 0 and _of_something_else(scene, quantity, profile):
        return False
    alone = scene.alone is profile or len(fits) == 1
    if best.unit >= 1:
        return alone or best.noun >= 1 or best.topic >= 1 or _unit_decides(profile, fits)
    if best.noun >= 2 or best.topic == 2:
        return scene.alone is profile or _beside(scene, quantity, profile)
    if _heads_counted(scene, quantity, profile):
        return True
    if (
        (best.topic == 1 or _only_heads(scene, profile))
        and _named_just_before(scene, quantity, profile)
        and stands_alone(scene, quantity)
    ):
        return True
    return scene.alone is profile


def _heads_counted(scene: Scene, quantity: Quantity, profile: Profile) -> bool:
    """人数345, where one question alone counts people."""
    return _only_heads(scene, profile) and bool(_HEADS.search(scene.lead(quantity)))


_HEADS = Rule(r"(?:^|[，、参演加与])人数(?:是|为|:|共|有)*$|(?:参加|参与|参演|到场)的(?:有|共|是)+$")


def _only_heads(scene: Scene, profile: Profile) -> bool:
    people = [p for p in scene.profiles if p.family in ("count", "ratio") and p.question.unit in units.PERSON_UNITS]
    return people == [profile]


_SLIGHT = Rule(
    r"我们?校?|学校|全校|本校|本[月周期次年]|这个?[月次回周]|今[年天]|目前|现在|截至|已经?|一共|总共|合计|累计|共计|其中|大概|大约|差不多|左右|上下|"
    r"涉及|覆盖|使用|全部|全都|建成|安装|装好|到位|完毕|完好|正常|故障|维修|待修|最近|最后|整个|过程|总数|总计|均在|生均|人均|走访|编写|其他|加起来|全体|全园|师幼|师生|机子|机器|设备|投影仪?机?|一体机|"
    r"请[病事]?假|[病事产]假|缺[席勤课]|[没未差剩欠]|"
    r"语文|数学|英语|科学|音乐|体育|美术|语数英?|接入|配有|设有|拥有|"
    r"开展|组织|举行|举办|召开|进行|完成|参加|参与|实际|应[到参训]?|实[到参训]?|到场|达到?|改[成为]?|更正[成为]?|领导|报告|谢谢|"
    r"[搞开上写编发收做办学练讲听查修装建买换借花投用坏去来到有是全好为共计约就只才都也还又再了过的得呢吧啊哈里中内个各每次场节]|[\ue000-\uf8ff]"
)


def _of_something_else(scene: Scene, quantity: Quantity, profile: Profile) -> bool:
    """发放宣传单500份 answers no 导学案份数, though nobody else asks for what is counted by 份."""
    if quantity.sort != "count" and quantity.unit != "块":
        return False
    if len(quantity.unit) > 1 and _unit(quantity, profile) == 2:
        return False
    lead, tail = len(scene.lead(quantity)), len(scene.tail(quantity))
    around = scene.text[quantity.start - lead : quantity.start] + "，" + scene.text[quantity.end : quantity.end + tail]
    words = _SLIGHT.sub("，", around.rpartition(":")[2])
    if "、" in scene.lead(quantity) and _unit(quantity, profile) == 2:
        return False
    strange = re.findall(r"[\u4e00-\u9fff]{2,}", words)
    known = profile.question.label + "".join(choice for p in scene.profiles for choice in p.question.choices)
    return any(sum(c in known for c in word) < min(2, len(word) - 1) for word in strange)


def _named_just_before(scene: Scene, quantity: Quantity, profile: Profile) -> bool:
    """家访那个数错了,改成21: the clause before names this question alone and no amount."""
    at = scene.clauses.index(scene.clause_at(quantity.start))
    before = scene.clauses[at - 1] if at else None
    if (
        before is not None
        and _only_heads(scene, profile)
        and re.search(r"人数[^，。;\d]{0,4}(?:错|改|不对)", before.words)
    ):
        return True
    if before is None or any(before.start <= q.start < before.end for q in scene.quantities):
        return False
    cues = scene.cues_in(before)
    named = [p for p in scene.profiles if any(cue.concepts & p.named for cue in cues)]
    return (named or [p for p in scene.profiles if scene.about(before, p)]) == [profile]


def _unit_decides(profile: Profile, fits: dict[Profile, Fit]) -> bool:
    return fits[profile].unit == 2 and all(f.unit < 2 for p, f in fits.items() if p is not profile)


_VERB = Rule(
    r"(?:参加|参演|参训|装|建|写|编|花|投|搞|开|上|发|收|坏|用|改成|改为|应为|还是|到|去|来|排查|整改|完成|共|"
    r"总数|人数|总数|数|"
    r"[应实](?:参加|参训|受训|参|训|到|培|出席)|有|是|为|:|班级|推行|达|均|签|检|办|换|借|发放|巡查|(?:现在|目前)[就只]?剩)了?(?:大概|约)?$|"
    r"(?<![坏除为少缺剩差欠多停辞])[\u4e00-\u9fff]了(?:大概|约)?$"
)


def _verb_before(scene: Scene, quantity: Quantity) -> bool:
    return bool(_VERB.search(scene.lead(quantity)))


def _beside(scene: Scene, quantity: Quantity, profile: Profile) -> bool:
    if _verb_before(scene, quantity) or stands_alone(scene, quantity):
        return True
    if profile.family == "ratio" and _SHARE.search(scene.lead(quantity)):
        return True
    clause = scene.clause_at(quantity.start)
    ends = [c.end for c in scene.about(clause, profile) if c.end <= quantity.start]
    return bool(ends) and bool(FILLER.fullmatch(scene.text[max(ends) : quantity.start]))


__all__ = ["PEOPLE", "Assigned", "align", "inherited", "stands_alone"]
