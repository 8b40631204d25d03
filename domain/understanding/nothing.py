"""None of it: 没有, 还没收, 无故障, 都正常; by what is denied of the thing itself, never by 没统计 or 没收齐."""

from __future__ import annotations

import re

from domain.understanding import negation
from domain.understanding.alignment import inherited
from domain.understanding.clauses import Clause, Cue
from domain.understanding.lexicon import PEOPLE
from domain.understanding.negation import Polarity
from domain.understanding.normalise import BLANK
from domain.understanding.profiles import Profile
from domain.understanding.rule import Rule
from domain.understanding.same import says_same
from domain.understanding.scene import Scene


def speaks(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """Whether a clause speaks of this question: by a cue, by the one before, or because nothing else is asked."""
    if scene.about(clause, profile) or _says_new(scene, clause, profile):
        return True
    return scene.alone is profile or inherited(scene, clause, profile)


def _says_new(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """没新增: of the only question that asks for what is new."""
    asked = [p for p in scene.profiles if "新增" in p.question.label]
    return "新增" in clause.words and asked == [profile] and not scene.cues_in(clause)


_WELL = Rule(
    r"正常|(?:都|全|均)是?好的|完好|良好|没坏|好用|好着|没毛病|没问题|运转|(?:都|全|均)(?:部|已经?)?(?:能用|可用|修好)"
)


_SPENDING = Rule(r"花|投|出|用|钱|筹|资金|经费|捐|^(?:暂时?|还|目前|都|本月|今年)*(?:没有?|无|未|零)$")


_NOT_YET_KNOWN = Rule(r"预算|批|下来|到账|结算|报账|审计|核完|发票")


_NONE_BEHIND = Rule(
    r"(?:方面|这块|这个?|情况|数|人数|设备)?(?:暂时|目前|还|都|也|均|尚|本月|这个?月|今年|暂|是|为|:|的)*(?:没|"
    r"未|无|零(?!星)|冇|0(?![\d.%/个台次节份篇人]))"
)


_NONE_BEFORE = Rule(
    r"(?:没有?|无|未|零|没得|莫得|冇)(?:[搞做写开发交编上现出新增坏安装组织设建办收到]*)(?:了|过|任何|什么|啥|"
    r"新的?|专门的?|农村|一个|其他)*$"
)


def is_none(scene: Scene, profile: Profile, valued: set[Clause]) -> bool:
    """没有, 还没收, 无故障, 零故障: none of it."""
    if profile.family == "percent":
        return False
    return any(_none_said(scene, clause, profile) for clause in scene.clauses if clause not in valued)


def _none_said(scene: Scene, clause: Clause, profile: Profile) -> bool:
    words = clause.words
    grown = "新增" in profile.question.label and "增" in words
    if (says_same(words) and not grown) or negation.unknown(words) or negation.nobody_missing(words):
        return False
    if re.search(r"(?:没有?|未|无)再?新增", words) and not re.search(
        r"新增|本月|本年|本学期|隐患|投入", profile.question.label
    ):
        return False
    if re.search(r"(?:没|未)[^，。;]{0,3}[完齐够满全好]", words):
        return False
    if re.search(r"(?:没有?|无)(?:什么|啥)?(?:太?大|严重)的?(?:问题|毛病|故障)", words):
        return False
    if re.search(r"(?:没有?|无)(?:多少|太多|几[个人次台块份]|怎么)", words):
        return False
    if profile.family == "money" and (_NOT_YET_KNOWN.search(words) or not _SPENDING.search(words)):
        return False
    if "fault" in profile.nouns and _WELL.search(words) and not re.search(r"不正常|除", words):
        return speaks(scene, clause, profile) or bool(re.search(r"设备|班班通|一体机|都", words))
    if _none_beside(scene, clause, profile) or ("hazard" in profile.nouns and no_hazard(words)):
        return True
    amounts = any(clause.start <= q.start < clause.end for q in scene.quantities)
    cues = scene.about(clause, profile)
    if cues and all(_of_another(scene, cue, profile) for cue in cues):
        return False
    if amounts or re.search(r"上个?月|去年|上学期", words):
        return False
    if not _BARE_NONE.fullmatch(_without_cues(scene, clause, profile).strip("、.() ")):
        return False
    return (
        speaks(scene, clause, profile)
        and negation.polarity(words) in (Polarity.NO, Polarity.NEITHER, Polarity.YES)
        and negation.denied(words)
        and _speaks_only(scene, clause, profile)
    )


def _without_cues(scene: Scene, clause: Clause, profile: Profile) -> str:
    words = clause.words
    for cue in scene.about(clause, profile):
        at, end = cue.start - clause.start, cue.end - clause.start
        words = words[:at] + BLANK * (end - at) + words[end:]
    return words


_BARE_NONE = Rule(
    r"(?:(?:因|由于)[^，。;]{1,10}?)?(?:[我咱]们?(?:校|学校|这|这里|这边|村小|教学点)?|村小|教学点|我?自己|分文|方面|这块|这一块|这项|情况|工作|活动|的|数|是|为|:|新|农村|学校|本校|全校|本月|这个?月|本年度?|今年|本学期|这个?学期|目前|现在|暂时?|至今|"
    r"到现在|截至目前|还|尚|都|也|均|一直|真的?|确实|的确|实在|报告|回复|"
    r"一[个次名位台处节篇份项场]|[\ue000-\uf8ff])*+"
    r"(?:没有?|未|无|零|冇|莫得|没得|不曾|为零|0)[^，。;]{0,12}"
)


def _speaks_only(scene: Scene, clause: Clause, profile: Profile) -> bool:
    cues = scene.about(clause, profile)
    if scene.alone is profile or not cues:
        return True
    return any(c.concepts & (profile.nouns | {"=" + profile.key}) for c in cues)


def _none_beside(scene: Scene, clause: Clause, profile: Profile) -> bool:
    own = profile.nouns | profile.named
    for cue in scene.cues_in(clause):
        if not cue.concepts & own or _of_another(scene, cue, profile):
            continue
        behind = negation.without_harmless(scene.raw[cue.end : min(clause.end, cue.end + 10)])
        before = negation.without_harmless(scene.raw[max(clause.start, cue.start - 8) : cue.start])
        if _NONE_BEFORE.search(before):
            return True
        if _BOTH_NONE.search(clause.words) and re.match(
            r"(?:数|情况)?(?:和|、|与|跟|及|以及)", scene.raw[cue.end : clause.end]
        ):
            return True
        if _NONE_BEHIND.match(behind) and negation.polarity(behind) is Polarity.NO:
            return True
    return False


def _of_another(scene: Scene, cue: Cue, profile: Profile) -> bool:
    """无辍学学生 speaks of 学生, but not of the pupils another question asks about."""
    if not cue.nouns <= PEOPLE or not cue.nouns:
        return False
    theirs = frozenset[str]().union(*(p.named for p in scene.profiles if p is not profile))
    beside = [c for c in scene.cues if c.start <= cue.end and cue.start <= c.end]
    return any(c.concepts & theirs for c in beside) and not any(c.concepts & profile.named for c in beside)


_BOTH_NONE = Rule(r"(?:都|均|全)(?:还)?(?:没有?|无|未|是零|为零|是0|为0)[^，。;]{0,4}$")


def no_hazard(words: str) -> bool:
    """没有发现安全隐患, 没查出问题."""
    return bool(
        re.search(
            r"(?:没有?|未|无|暂无|零)(?:发现|查出|排查出|查到|存在|新的?|任何|什么|啥|新增|安全|大的|"
            r"重大)*(?:安全)?(?:隐患|问题|异常)?$|[没未]查出|"
            r"(?:没有?|未|无)(?:发现|查出|排查出|查到|存在)?(?:任何|什么|啥|新的?)?(?:安全)?隐患|隐患(?:暂时|"
            r"目前|排查)?(?:没有?|无|为零|零|0)(?!整改|改)|一处(?:都|也)?(?:没|未)",
            words,
        )
    )
