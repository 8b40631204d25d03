"""Yes or no: by what is said of the thing itself; a plan alone is not yet done, not knowing is no answer."""

from __future__ import annotations

import re
from datetime import date

from domain.indicators import Kind, Question
from domain.understanding import dates, labels, negation, repairs
from domain.understanding.alignment import inherited
from domain.understanding.clauses import Clause
from domain.understanding.negation import Polarity
from domain.understanding.outcome import Outcome, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Why
from domain.understanding.roles import other_month
from domain.understanding.rule import Rule
from domain.understanding.same import says_same
from domain.understanding.scene import Scene

_BARE = Rule(
    r"^(?:(?:因|由于)[^，。;]{1,8}?)?(?:(?:下了?大?[雨雪]|停[水电]|放假|降温|有雾)(?:天气)?)?"
    r"(?:我们?校?|学校|本月|这个?月|今年|早就|老早|的确|确实|全部|都|也|均|目前|的|暂时|还|尚|"
    r"嗯|是的|必须的?|当然|[\ue000-\uf8ff]|\d)*"
    r"(?:已|刚|搞|做|弄|讲|授|开展|组织|完成|进行|办|有|是|对|没|未|无|否|不是|练|演|建|制定|成立|准备|计划|打算|正在|在|"
    r"筹|取消|推迟|落实|开始|启动|嗯|必须|当然|yes|no|√|×)"
)
_CONCEDED = Rule(r"([\u4e00-\u9fff]{1,2})(?:倒|就)?是\1(?:过?了|过|$)")
_AGAIN = Rule(r"还有.{0,2}次|第[2-9二三四五六]次|[两二三四2-9]次|又|另外?一?次|再一次|只.{0,3}[一1]次|[一1]次")
"""演练还有第2次吗 is answered by who speaks of times, not by who says that it was held."""
_OTHER_MONTH = Rule(r"上个?月|上学期|去年|上季度|以前|之前")


def read(scene: Scene, profile: Profile) -> Outcome:
    if _AGAIN.search(profile.question.label) and scene.alone is not profile and not _AGAIN.search(scene.raw):
        return None
    outcomes: list[tuple[bool, Clause]] = []
    unsure: Clause | None = None
    cut = _cut(scene)
    contrasted = bool(re.search(r"本月|这个?月|本学期|这学期|今年|现在|后来|刚", scene.raw))
    for clause in scene.clauses:
        if clause.end <= cut or not _speaks(scene, clause, profile):
            continue
        if _CONCEDED.search(clause.words):
            return reading(scene, profile, True, (clause.start, clause.end), "conceded")
        if outcomes and re.match(r"但|不过|只是|就是|可是", clause.words) and not scene.about(clause, profile):
            continue
        if negation.double(clause.words) and len(scene.clauses) > 1:
            continue
        turned = outcomes and not outcomes[0][0] and scene.alone is profile and _turned(clause.words)
        if outcomes and not turned and not scene.about(clause, profile) and not _BARE.match(clause.words):
            continue
        if "本月" in profile.question.label and other_month(clause.words, scene.month_meant):
            continue
        if _NEXT_TIME.search(clause.words) or repairs.reports_as(clause.words):
            continue
        if contrasted and _OTHER_MONTH.search(clause.words):
            continue
        if _planned_day(scene, clause):
            outcomes.append((False, clause))
            continue
        verdict = _verdict(profile, _share(scene, clause, profile), cued=bool(scene.about(clause, profile)))
        if verdict is not None:
            outcomes.append((verdict, clause))
        elif unsure is None:
            unsure = clause
            if not outcomes and negation.polarity(clause.words) is Polarity.UNKNOWN:
                break
    if not outcomes and unsure is None and _bare_among_several(scene):
        return doubt(scene, profile, Why.AMBIGUOUS)
    return _decided(scene, profile, outcomes, unsure)


def _turned(words: str) -> bool:
    """没有拖,11月18日按时搞了: after a no that was none."""
    return negation.affirmed(words) and bool(re.search(r"[了过已]", words))


_NEXT_TIME = Rule(r"^[^没未]*(?:下一?[次回]|再[\u4e00-\u9fff]{1,2}(?:一次|一场|一回))")


def _planned_day(scene: Scene, clause: Clause) -> bool:
    """周四搞, said on Monday, is a plan though nobody says 计划."""
    if re.search(r"了|已|过|下一?[次回]|再", clause.words) or not re.search(
        r"搞|开展|组织|练|举行|弄|做|办|进行|定[在于]|安排在", clause.words
    ):
        return False
    open_question = Question("", "", Kind.DATE)
    days = [dates.resolve(w, open_question, scene.today) for w in scene.whens if clause.start <= w.start < clause.end]
    return any(isinstance(day, date) and dates.is_ahead(day, scene.today) for day in days)


def _bare_among_several(scene: Scene) -> bool:
    """有, to two questions at once."""
    return len(scene.clauses) == 1 and len(scene.raw) <= 8 and bool(_BARE.match(scene.raw)) and not scene.cues


def _cut(scene: Scene) -> int:
    starts = [c.start for c in scene.clauses]
    return repairs.kept_from(scene.raw, starts) if repairs.speaks_of_earlier(scene.raw) else 0


def _decided(scene: Scene, profile: Profile, outcomes: list[tuple[bool, Clause]], unsure: Clause | None) -> Outcome:
    if not outcomes:
        return doubt(scene, profile, Why.NOT_UNDERSTOOD, unsure.start, unsure.end) if unsure else None
    values = {value for value, _ in outcomes}
    clause = outcomes[0][1]
    if len(values) > 1 or (outcomes[0][0] and _unfinished(scene, profile, outcomes[-1][1])):
        return doubt(scene, profile, Why.CONTRADICTORY, clause.start, outcomes[-1][1].end)
    return reading(scene, profile, outcomes[0][0], (clause.start, clause.end), "yes or no")


_NOT_THROUGH = Rule(
    r"(?:没有?|未|尚未|还没)[^，。;]{0,3}(?:出来|下来|批|办|通过|完|好|到手|到位|拿到|签|盖章|齐|挂)|坏了|不能用|用不了|停用|还在|正在(?!执行|运行|实施|落实|用)|等着|待"
)


def _unfinished(scene: Scene, profile: Profile, last: Clause) -> bool:
    """水样送检了,报告没出来: what a yes needs is still to come."""
    later = [c for c in scene.clauses if c.start > last.start]
    others = [p for p in scene.profiles if p is not profile]
    return any(
        _NOT_THROUGH.search(negation.without_harmless(c.words))
        and not any(scene.about(c, p) for p in others)
        and not (others and any(c.start <= q.start < c.end for q in scene.quantities))
        for c in later
    )


_SO_OFTEN = Rule(r"[\d一二两三四五六七八九十](?:次|场|回)$")
"""师德教育一次: so often it was done."""


def _verdict(profile: Profile, words: str, *, cued: bool) -> bool | None:
    if says_same(words) or _no_such_thing(profile, words):
        return None
    if "本月" in profile.question.label and _OTHER_MONTH.search(words) and not re.search(r"本月|这个?月", words):
        return None
    match negation.polarity(words):
        case Polarity.YES | Polarity.ALL:
            if _ONLY.search(words):
                return None
            return (negation.affirmed(words) or (cued and not _LACKS.search(words))) or None
        case Polarity.NO | Polarity.PLAN:
            return False
        case Polarity.NEITHER:
            often = cued and _SO_OFTEN.search(words) is not None
            return negation.affirmed(words) or _echoes(profile, words) or often or None
        case _:
            return None


def _echoes(profile: Profile, words: str) -> bool:
    """封闭管理, where 是否实行封闭管理 is asked: the very words of the question say yes."""
    asked = labels.predicate(profile.question.label)
    said = asked in words or (len(asked) > 2 and words.startswith(asked[:2]) and len(words) <= 4)
    return len(asked) >= 2 and said and not _MARRED.search(words)


_MARRED = Rule(r"不|莫|冇|难|差|缺|没|未|无|待|需|要|等|问题|部分|有的|不太|较|很|率|\d")
_ONLY = Rule(r"只(?:是)?(?:搞|做|弄|开|讲|练|有)了?|仅(?:仅)?(?:是)?(?:搞|做|开|讲|练)")
_LACKS = Rule(r"有(?:困难|问题|待|难度|点|人)|(?:很|太|挺|不太|比较)[^，。;]{1,3}$")


def _no_such_thing(profile: Profile, words: str) -> bool:
    """没有校车 does not say whether the 校车 was inspected."""
    subject = profile.question.label.partition("是否")[0]
    return 2 <= len(subject) <= 8 and bool(re.search(rf"(?:没有?|无){re.escape(subject)}", words))


def _speaks(scene: Scene, clause: Clause, profile: Profile) -> bool:
    if scene.about(clause, profile):
        return _main_cue(scene, clause, profile)
    if any(scene.about(clause, other) for other in scene.profiles if other is not profile):
        return False
    if scene.alone is profile:
        return True
    if scene.focus is not None and len(scene.clauses) == 1:
        return False
    bools = [p for p in scene.profiles if p.family == "bool"]
    bare = (bool(_BARE.match(clause.words)) or _planned_day(scene, clause)) and len(clause.words) <= 14
    amounts = any(clause.start <= q.start < clause.end and not _so_often(scene, q) for q in scene.quantities)
    heard = _heard(scene, clause, profile) and not _planned_day(scene, clause)
    if len(bools) == 1 and bare and not amounts and not heard:
        return clause is scene.clauses[0] or inherited(scene, clause, profile)
    if len(bools) > 1 and bare and not amounts and _all_alike(clause.words) and not _heard(scene, clause, profile):
        return True
    return bare and not amounts and inherited(scene, clause, profile)


def _so_often(scene: Scene, quantity: Quantity) -> bool:
    """做了两次, where nobody asks how often."""
    often = ("次", "场", "回", "遍")
    return quantity.unit in often and not any(p.question.unit in often for p in scene.profiles)


def _all_alike(words: str) -> bool:
    """都有了 answers every yes-or-no question at once."""
    return bool(re.match(r"(?:我们?校?|这|两|三|几)*[个项样者]?(?:都|均|全部|全都|全)", words))


def _heard(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """The clause names something else that is nobody's question."""
    return bool(scene.cues_in(clause)) and not scene.about(clause, profile)


def _main_cue(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """演练学生没伤着 speaks of the pupils; the thing itself is named elsewhere or nowhere."""
    del scene, clause, profile
    return True


_ECHO = Rule(r"是否[^，。;:]{0,14}(?::|(?=是$|否$))")
"""是否开展: 是 repeats the question before its answer."""


def _share(scene: Scene, clause: Clause, profile: Profile) -> str:
    """What a clause says of this thing, without the question it repeats."""
    return _ECHO.sub("", _own_words(scene, clause, profile)) or clause.words


def _own_words(scene: Scene, clause: Clause, profile: Profile) -> str:
    """The words of a clause that speak of this thing, where it speaks of several (方案有了小组还没成立)."""
    bools = [p for p in scene.profiles if p.family == "bool" and scene.about(clause, p)]
    words = clause.words
    if len(bools) < 2:
        return words
    starts = sorted({min(c.start for c in scene.about(clause, p)) for p in bools})
    mine = min(c.start for c in scene.about(clause, profile))
    if starts[0] - clause.start > 4:
        ends = [max(c.end for c in scene.about(clause, p)) for p in bools]
        begin = max([e for e in ends if e <= mine], default=clause.start)
        piece = scene.raw[begin : max(c.end for c in scene.about(clause, profile))]
    else:
        begin = mine if mine > starts[0] else clause.start
        piece = scene.raw[begin : min([s for s in starts if s > mine], default=clause.end)]
    whole = negation.polarity(piece) is not Polarity.NEITHER or _echoes(profile, piece)
    return piece if whole else words
