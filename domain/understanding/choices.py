"""One of several: by its label, its position (第二个), or what people call it; two that fit are asked about."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from domain.indicators import Kind
from domain.understanding import dates, negation, numerals, repairs, senses
from domain.understanding.clauses import Clause
from domain.understanding.normalise import BLANK, normalise
from domain.understanding.outcome import Outcome, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.result import Why
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

_SYNONYMS = {
    "地震": r"地震|防震|抗震|避震|震灾",
    "火灾": r"火灾|消防(?!日|员|队|官兵|宣传|站|大队|安全日|月|通道|栓)|防火|灭火|火警|失火|着火|起火|火场",
    "防踩踏": r"踩踏|拥挤|拥堵踩",
    "防溺水": r"溺水",
    "校车事故": r"校车",
    "防暴恐": r"暴恐|反恐|防暴|防恐|恐怖|持刀|歹徒|暴力",
    "其他": r"其他(?!的|人|班|老师|学生|都|一切)|其它(?!的|人|都)|别的类型|不在.{0,4}里面",
    "国家级": r"国培|国家(?!智慧|中小学|平台)|部级|教育部",
    "省级": r"省培|省里|省级|省教育厅|省厅|省教科院|省师训|省",
    "市级": r"市里|市级|市教育局|市局|市培|市教科|市",
    "县级": r"县里|县级|县教育局|县局|县培|县教师|县进修|县教研|局里|县",
    "区级": r"区里|区级|区教育局|区",
    "镇级": r"镇里|镇级|镇中心|乡里|学区",
    "校本": r"校本|校级|校内|学校自己|自己学校|本校|我们自己|自己搞|校里|学校(?:内部)?组织|我校自",
}
_PROGRESS = (
    ("进行中",
        r"(?:[一二三四五六七八九]成|(?<![\d.])(?!100%)\d+(?:\.\d+)?%|百分之(?!百)[\u4e00-\u9fff]{1,4}?|大部分|多半|一半)[^，。;\d没未]{0,2}(?:完成|[装建做弄搞]好)|"
        r"没(?:有)?(?:完全|全部)|未(?:完全|全部)|尚未(?:完全|全部)|[完装建做弄搞]成?了?(?:一半|一大?部分|百分之|一?大半|"
        r"大半|多半|\d+%|[一二三四五六七八九]成)|完成(?:了)?(?:近|约|大概)?\d+(?:\.\d+)?%(?<!100%)"),
    ("",
        r"[装建做弄搞]完了?[^，。;]{0,2}在(?:调试|验收|测试)|"
        r"(?:没|未|没有|尚未|还没|还没有)(?:完成|[弄搞装建做整]?(?:完|好|成|齐)|完工|结束|收尾|扫尾)|"
        r"[\d一二三四五六七八九十两几][个间台套][^，。;]{0,4}(?:没|未)"),
    ("",
        r"(?:快要?|即将|马上|预计|计划|争取|力争|有望|将(?:于|在)|[日号]前|(?:月底|(?<![去前上])年底|明年|下月|下个月)(?:前|能|"
        r"可)?)[^，。;]{0,8}(?:完|好|竣工|建成|装上|到位)"),
    ("未启动",
        r"(?:没|未|没有|尚未|还没|还没有|暂未)(?:开始|启动|动工|动静|动|开工|搞|弄|做|实施|开展|建设|安装|装|着手|"
        r"进场)|未启动|零进度|还没影|没动|等.{1,6}(?:才|再)(?:能)?(?:开始|启动|动工)"),
    ("基本完成", r"基本|大体|大致|差不多(?:了|$|完|弄|装|好|搞|建|都)|扫尾|收尾|尾声|接近完成"),
    ("进行中",
        r"进行中|正在|[搞整弄做装建改]着|推进|在建|在装|在做|在弄|在搞|在办|施工|进展|一半|过半|部分|还在(?:装|建|弄|搞|做|整(?!改|理))|陆续|安装中|"
        r"建设中|进行当中|着手|已启动|已经启动|启动了|开始了|刚开始|刚启动|刚开工|刚动|才开始|起步|开了?个?头"),
    ("已完成",
        r"完成|完结|利索|利落|完工|搞定|[弄装建做搞办]完|建成|竣工|齐了|到位|[弄装建做搞办]好|全通|投入使用|启用|通了|完毕|"
        r"验收|结束了|收官|"
        r"全部.{0,6}[装建通]|都(?:已)?[装建通]|全装|全建"),
)  # fmt: skip
_STAGES = (
    ("未申报",
        r"(?:没|未|没有|尚未|还没|还没有|暂未)(?:申报|报|申请)|未申报|(?:准备|打算|计划|拟|想|明年|下学期|"
        r"下半年)[^，。;]{0,6}(?:申报|报|申请)|不打算"),
    ("",
        r"(?:快要?|即将|马上|准备|争取|计划|有望|拟|将|等|打算)[^，。;]{0,6}(?:挂牌|授牌|命名|[发下给领拿]牌)|牌子?还?没|没(?:有)?(?:通过|"
        r"批准|评上)|未(?:通过|获批)"),
    ("", r"(?:没|未|没有|尚未|还没|还没有)(?:挂牌|授牌|命名|挂)"),
    ("已挂牌",
        r"挂牌|授牌|[授挂]的牌|命名|牌子(?:[都已经也早刚才]|上个?月|上周|前几天|昨天|去年|今年)*(?:挂|拿|到|下|发)|[拿领发]到?了?牌|[拿领]到?了?[^，。;]{0,4}牌|"
        r"挂[的了上过]+牌|挂起|挂上|"
        r"挂了"),
    ("创建中", r"创建中|正在.{0,2}创|在创(?!新)|"
        r"正在(?:建|搞|做|弄|推进|进行)|在创建|创建当中|打造|建设中|正创|创建过程|创建期|创建阶段(?!是|为|:)"),
    ("已申报",
        r"申报了|刚刚?申?报|已报|报的|报了|已申报|已经申报|申报(?:上去|完|过|材料)|报上去|材料.{0,4}(?:交|报|递)|[交递报送]了?(?:上去)?[^，。;没未]{0,4}申[报请](?:书|表|材料)|等批|"
        r"等(?:待)?(?:批复|验收|评审|审批)|待批|送审|提交|重新申报"),
)  # fmt: skip
_POSITION = Rule(
    r"(?:选|是|选择|应该?是|属于|第一题|答)*第(?P<n>[一二三四五六七八九十\d])(?:个|项|种|类|条|选项|档|"
    r"级)?(?:选项|阶段)?[吧了的]?|选(?:项)?(?P<m>[1-9])[吧了]?"
)
_NOT_THAT = Rule(r"(?:不是|并非|不属于|而非|不算)[^，。;]{1,8}")
_ENDS = Rule(r"[是为在已的]$|级$|本$")


def read(scene: Scene, profile: Profile) -> Outcome:
    cut = _cut(scene)
    clauses = [c for c in scene.clauses if c.end > cut and _speaks(scene, c, profile)]
    if (placed := _by_position(scene, profile, clauses)) is not None:
        return placed
    found: dict[str, Clause] = {}
    clauses = [replace(c, words=_own_words(scene, c, profile)) for c in clauses if not _only_counts(scene, c, profile)]
    now = [c for c in clauses if not _awaited(scene, c)]
    if _KNOWN_SCALES & {*profile.question.choices} or any(_fits(profile, c.words) for c in now):
        clauses = now
    if sum(bool(_fits(profile, c.words)) for c in clauses) > 1:
        clauses = [
            c for c in clauses if not re.search(r"去年|上学期|上次|原来|原先|之前|以前|上个?月", c.words)
        ] or clauses
    for clause in clauses:
        words = clause.words[max(0, cut - clause.start) :]
        for label in _fits(profile, words) or _by_pieces(scene, profile, words):
            found.setdefault(label, clause)
    if profile.question.kind is Kind.CHOICES and found:
        ordered = tuple(c for c in profile.question.choices if c in found)
        return reading(scene, profile, ordered, _span(found), "choices")
    return _one(scene, profile, found, clauses)


def _only_counts(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """班班通二十个班通了12个 tells how many, not how far."""
    counts = [
        q
        for q in scene.quantities
        if q.sort in ("count", "pair") and clause.start <= q.start < clause.end and q.unit not in _SPANS
    ]
    if not counts or any(label in clause.words for label in profile.question.choices):
        return False
    return _fits(profile, clause.words) in (["已完成"], ["已挂牌"]) and not negation.everything(clause.words)


_SPANS = ("年", "个年", "月", "个月", "天", "周", "个周")


def _awaited(scene: Scene, clause: Clause) -> bool:
    """12月8日前全部建成: a day to come says that it is not yet so."""
    days = [w for w in scene.whens if clause.start <= w.start < clause.end]
    return any(w.deadline or dates.lies_ahead(w, scene.today) for w in days) and not _ALREADY.search(clause.words)


_ALREADY = Rule(r"已|了(?!解)|还没|未")


def _own_words(scene: Scene, clause: Clause, profile: Profile) -> str:
    """校本研修3次 is another question's and says nothing of 校本."""
    words = clause.words
    others = frozenset().union(*(p.concepts for p in scene.profiles if p is not profile))
    for cue in scene.cues_in(clause):
        if cue.end - cue.start > 3 and cue.concepts & others and not cue.concepts & profile.concepts:
            at, end = cue.start - clause.start, cue.end - clause.start
            words = words[:at] + BLANK * (end - at) + words[end:]
    return words


def _by_pieces(scene: Scene, profile: Profile, words: str) -> list[str]:
    """Where nothing else was asked: a piece of one label that no other label has (片区 of 片区联合)."""
    if all(label in _SYNONYMS for label in profile.question.choices):
        return []
    if scene.alone is not profile or negation.denied(words) or _KNOWN_SCALES & {*profile.question.choices}:
        return []
    return senses.by_pieces(profile.question.choices, profile.question.label, words)


_KNOWN_SCALES = frozenset(("进行中", "已挂牌", "已申报"))


def _one(scene: Scene, profile: Profile, found: dict[str, Clause], clauses: list[Clause]) -> Outcome:
    if "已完成" in found and any(_NOT_OVER.search(c.words) for c in clauses if c is not found["已完成"]):
        return doubt(scene, profile, Why.CONTRADICTORY, *_span(found))
    if {"已申报", "已挂牌"} <= set(found):
        found = {"已挂牌": found["已挂牌"]}
    if len(found) == 1:
        label, clause = next(iter(found.items()))
        literal = label in clause.words
        return reading(
            scene, profile, label, _words_for(label, clause), "label" if literal else "synonym", changed=not literal
        )
    if len(found) > 1:
        return doubt(scene, profile, Why.AMBIGUOUS, *_span(found))
    if scene.alone is profile and clauses:
        return doubt(scene, profile, Why.NO_SUCH_CHOICE)
    return None


_NOT_OVER = Rule(r"还[剩差有要需]|下个?月|下周|预计|正在|接下来|等着|才能|再[装建进开]")


def _words_for(label: str, clause: Clause) -> tuple[int, int]:
    """防震 of 昨天组织了防震演练; the whole clause where no single word says it."""
    match = _pattern(label).search(clause.words)
    return (clause.start + match.start(), clause.start + match.end()) if match else (clause.start, clause.end)


def _span(found: dict[str, Clause]) -> tuple[int, int]:
    return min(c.start for c in found.values()), max(c.end for c in found.values())


def _cut(scene: Scene) -> int:
    """Behind the last 不对, 应该是, 改成 of a correction."""
    if not repairs.speaks_of_earlier(scene.raw):
        spans = [
            m
            for m in repairs.markers(scene.raw)
            if m[0] > 0 and scene.raw[m[0] : m[1]] not in ("应该是", "应是", "应为")
        ]
    else:
        spans = repairs.markers(scene.raw)
    return max((end for _, end in spans if scene.raw[end:].strip("，。! 了的")), default=0)


def _speaks(scene: Scene, clause: Clause, profile: Profile) -> bool:
    """Any clause may, unless it is about another choice asked."""
    others = [p for p in scene.profiles if p.family == "choice" and p is not profile]
    return bool(scene.about(clause, profile)) or not any(scene.about(clause, p) for p in others)


def _by_position(scene: Scene, profile: Profile, clauses: list[Clause]) -> Outcome:
    for clause in clauses:
        words = clause.words.strip("、.~ \ue000")
        match = _POSITION.fullmatch(words)
        if match and (scene.alone is profile or clause.marker or _only_choice(scene)):
            return _at(scene, profile, match["n"] or match["m"], clause)
        if scene.focus == profile.key and words.isdigit() and len(scene.clauses) == 1:
            return _at(scene, profile, words, clause)
    return None


def _only_choice(scene: Scene) -> bool:
    return sum(p.family == "choice" for p in scene.profiles) == 1


def _at(scene: Scene, profile: Profile, words: str, clause: Clause) -> Outcome:
    numeral = numerals.read(words)
    at = int(numeral.value) if numeral and numeral.value is not None else 0
    if not 1 <= at <= len(profile.question.choices):
        return doubt(scene, profile, Why.NO_SUCH_CHOICE, clause.start, clause.end)
    return reading(
        scene, profile, profile.question.choices[at - 1], (clause.start, clause.end), "position", changed=True
    )


def _fits(profile: Profile, words: str) -> list[str]:
    choices = profile.question.choices
    plain = _NOT_THAT.sub(lambda m: "\ue000" * len(m.group()), words)
    if "进行中" in choices or "已完成" in choices:
        return _staged(_PROGRESS, choices, plain)
    if "已挂牌" in choices or "已申报" in choices:
        return _staged(_STAGES, choices, plain)
    if negation.unknown(plain):
        return []
    if _SCALES.issuperset(choices) and _PRAISED.search(plain) and not re.search("培|训", plain):
        return []
    fits = _longest([label for label in choices if _pattern(label).search(plain)])
    return fits or senses.fitting(choices, plain)


def _longest(fits: list[str]) -> list[str]:
    """校本 inside 校本研修 is one; 基本完成 beats 完成."""
    return [f for f in fits if not any(f != g and f in g for g in fits)]


_SCALES = frozenset(("国家级", "省级", "市级", "县级", "区级", "镇级", "校本"))
_PRAISED = Rule(r"表扬|表彰|通报|部署|要求|名次|排名|位居|位列|第\d+名|评为|获|检查|督查|验收|媒体|报道|电视台|采用")
_COUNTED = Rule(r"(?:已经?)?(?:完成|装好|建好|安装|装|建)了?(?=[\d一二三四五六七八九十两]+个)")


def _staged(rules: tuple[tuple[str, str], ...], choices: tuple[str, ...], words: str) -> list[str]:
    """The first rule that speaks decides: a denial before what it denies."""
    for label in choices:
        if words.strip("、. 的了吧是") == label:
            return [label]
    if re.search(r"(?:前期|勘[测察]|设计|招标|采购|方案|预算)[^，。;]{0,6}[完好]", words):
        return []
    words = _COUNTED.sub("\ue000", words)
    if re.search(r"(?:到货?|买|采购|招标|进场|签合同)[好完]?了[^，。;]{0,6}(?:没|未)", words):
        return []
    for label, pattern in rules:
        if re.search(pattern, words):
            return [label] if label in choices else []
    return [label for label in choices if label in words]


_AROUND = r"(?:属于|是|等级|为|比较|较|挺|很|偏|算|选|:|的|级|等|档|类|型|吧|了)*"


@lru_cache(maxsize=256)
def _pattern(label: str) -> Rule:
    if label in _SYNONYMS:
        return Rule(_SYNONYMS[label])
    label = normalise(label).text or label
    if len(label) == 1:
        return Rule(rf"^[^不没未，]{{0,4}}?{_AROUND}{re.escape(label)}{_AROUND}$")
    stem = _ENDS.sub("", label) if len(label) > 2 else label
    stem = stem.removeprefix("已").removeprefix("防") if len(stem) > 2 else stem
    loose = "[^，。;]{0,2}".join(map(re.escape, label)) if 2 <= len(label) <= 5 else re.escape(label)
    undone = rf"|(?:没有?|未)(?:正式)?{re.escape(label[1:])}" if label[0] == "未" and len(label) > 2 else ""
    return Rule(f"{re.escape(label)}|{re.escape(stem)}|{loose}{undone}")
