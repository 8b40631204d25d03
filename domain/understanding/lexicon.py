"""What the words of the trade speak of: nouns that are counted, topics they belong to; a question's share in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from domain.indicators import Kind, Question
from domain.understanding import units
from domain.understanding.rule import Rule

Family = Literal["count", "percent", "money", "area", "duration", "ratio", "date", "bool", "choice", "text", "none"]


@dataclass(frozen=True, slots=True)
class Concept:
    """`label` finds the questions about it, `reply` the words people use. A noun is what an amount counts."""

    name: str
    noun: bool
    label: str
    reply: str


_NOUNS = (
    ("student", "学生|幼儿|生参与",
        r"学生|男生|女生|娃儿|娃娃|娃|孩子|小朋友|同学|幼儿|儿童(?!节)|小学生|(?<!其)中学生|寄宿生|住校生|(?<=\d)生(?![产活])"),
    ("staff", "教职工|教师|老师|职工|参训|应训",
        r"教职员工|教职工|教师|老师|教员|教工|职工|员工|班主任|(?<=\d)师(?![范德生])"),
    ("people", "师生|总人数", "师生|总人数|全校人员"),
    ("others", "家长|志愿者",
        "家长|志愿者|民警|消防员|消防官兵|官兵|村干部|村民|群众|领导|专家|医生|保安|党员|外聘|工作人员"),
    ("backbone", "骨干", "骨干教师|骨干老师|骨干"),
    ("class", "班级|教学班|教室数", "教学班|班级|普通教室"),
    ("absent", "缺课|缺勤|病假|请假", "缺课|缺勤|病假|请假|没来(?!得及)|没到校|生病|因病"),
    ("hazard", "隐患", "安全隐患|隐患"),
    ("guide", "导学案份|导学案数|编写导学案", "导学案|教学案|学案"),
    ("open_class", "公开课|研讨课", "公开课|研讨课|示范课|汇报课|观摩课|优质课|展示课"),
    ("school_course", "校本课程", "校本课程|校本课"),
    ("subject", "学科", "学科|科目"),
    ("essay", "心得", "心得体会|心得|体会"),
    ("publicity", "宣传|稿",
        "宣传稿件|宣传稿|稿件|稿子|投稿|发稿|稿|宣传报道|报道|美篇|公众号|推文|新闻|融媒体?|外宣|宣传|抖音|视频号|"
        "网站|电视台|报纸|媒体"),
    ("paper", "论文|反思|笔记|作业", "论文|反思|学习笔记|笔记|作业|教案|总结|手抄报|简报"),
    ("pc_room", "计算机教室|微机|机房|电脑室",
        "计算机教室|计算机室|微机教室|微机室|微机房|机房|电脑教室|电脑室|电脑房|信息教室"),
    ("computer", "电脑数|计算机数", "电脑(?![室教房])|计算机(?![室教])|平板"),
    ("fault", "故障",
        "故障设备|设备故障|故障|坏了|损坏|坏掉|坏的|坏|黑屏|花屏|死机|没声音|开不了机|打不开|不能用|用不了|不亮|"
        "出问题|有问题|待修"),
    ("culture", "文化墙|长廊", "文化墙|文化长廊|长廊|宣传墙|橱窗|文化角"),
    ("tree", "树|苗木", "棵树|树苗|树|花木|苗木|盆栽|绿植"),
    ("green", "绿化面积", "绿化面积|新增绿化|绿化|草坪|花坛|草皮|绿地|种草"),
    ("green_rate", "绿化覆盖|绿化率", "绿化覆盖率|覆盖率|绿化率|绿化覆盖"),
    ("clean", "大扫除|清扫", "大扫除|(?<!小)扫除|清扫|打扫|大清洁|卫生"),
    ("recite", "诵读", "经典诵读|诵读|晨诵|朗诵|诵经典|吟诵"),
    ("train_times", "校本研修|研修次", "校本研修|校本教研|研修|教研活动|教研"),
    ("hours", "学时|课时", "人均学时|学时|课时"),
    ("use_rate", "使用率|利用率", "课堂使用率|使用率|利用率|使用|用上|在用|常用"),
    ("install_rate", "安装率", "安装率|安装|装|建成率"),
    ("pass_rate", "合格率", "备课检查合格率|合格率|合格|达标"),
    ("other_rate", "优秀率|优良率", "优秀率|优良率|满意率|满意度|及格率|知晓率|出勤率"),
    ("feature_rate", "特色活动比例|参与特色", "参与比例|参与率|参与面"),
    ("train_rate", "参训率", "参训率|培训率"),
    ("six_rate", "六个一.{0,4}(?:参与率|比例)", "参与率|参与面|参与比例"),
    ("six_items", "项数", "项数|已开展项"),
    ("seconds", "用时|时长|耗时", "疏散用时|用时|耗时|历时|疏散时间|时长|撤离时间"),
    ("fund", "投入|经费|资金", "投入|资金|经费|自筹|花费|开支|采购|花了|投了|花|投"),
    ("grant", "拨款|补助|配套",
        "财政拨款|拨款|配套|拨了|下拨|拨付|上级下?拨款?|补助|捐赠|捐款|捐了|捐助|支持|赞助|村委会|乡贤|"
        "校友|企业家"),
    ("meeting", "学习讨论|集中学习",
        "集中学习讨论|集中学习|大讨论|专题研讨|研讨会?(?!课)|学习讨论|学习会|政治学习|理论学习|学习|次会|个会|场会"),
)  # fmt: skip
_TOPICS = (
    ("drill", "演练|疏散|参演", "应急疏散演练|疏散演练|演练|参演|疏散|练过|练了"),
    ("bbt", "班班通", "班班通|装备|多媒体|一体机|大屏|设备|安装|装(?![备修饰])"),
    ("reform", "课改|问题导学|互动探究", "课改|问题导学|互动探究|推行|实验|改革"),
    ("prep", "备课", "备课检查|查备课|备课|检查|教案检查"),
    ("feature", "特色", "特色学校|特色项目|特色活动|特色"),
    ("train", "培训|参训|应训|学时", "培训|参训|应训|实训|受训"),
    ("study", "学习|讨论", "集中学习|学习|讨论"),
    ("six", "六个一", "六个一|6个1"),
    ("plan", "实施方案|方案", "实施方案|活动方案|方案"),
    ("group", "领导小组", "领导小组|小组"),
    ("rule", "长效机制|制度|机制", "长效机制|机制|制度|管理办法|办法|规定"),
    ("ethics", "师德", "师德师风|师德|师风"),
    ("env", "环境|净化|文化墙|绿化", "校园环境|环境建设|环境|净化|绿化|文化"),
    ("rectify", "整改|隐患", "整改|排查|查出|查找|发现"),
    ("next", "下次|计划日期|预计|计划", "下次|下一次|下回|再搞|预计|计划|打算|准备|拟|争取|定在|安排在|力争|初步定"),
    ("photo", "照片", "照片|图片|视频"),
    ("theme", "主题", "主题|题目|学的是|学习内容|内容"),
    ("name", "名称|项目名", "特色项目|项目|名称|名字|叫|做的是|主打|搞的是"),
    ("problem", "问题|困难", "主要困难|困难|存在问题|问题|不足|难点"),
    ("bright", "亮点|做法|经验", "亮点做法|亮点|做法|特色做法|经验"),
    ("level", "级别", "级别|层级"),
    ("status", "状态|进度|阶段", "状态|进度|阶段"),
)  # fmt: skip
CONCEPTS = tuple(Concept(n, True, label, reply) for n, label, reply in _NOUNS) + tuple(
    Concept(n, False, label, reply) for n, label, reply in _TOPICS
)
NOUNS = frozenset(c.name for c in CONCEPTS if c.noun)
PEOPLE = frozenset({"student", "staff", "people", "others", "backbone"})

_LABELS = tuple((c.name, Rule(c.label)) for c in CONCEPTS)
PATTERNS = tuple((c.name, Rule(c.reply)) for c in CONCEPTS)

_BOILERPLATE = Rule(
    r"本月|本年度|本年|本学期|今年|最近一次|是否|已经|已|应急|总人数|人数|人次|总数|数量|次数|节数|份数|篇数|门数|"
    r"间数|处数|台数|场次|项数|户数|册数|辆数|条数|件数|棵数|个数|"
    r"日期|时间|比例|情况|开展|制定|建立|成立|组织|进行|新增|累计|的|[率数]$"
)
_SPLIT = Rule(r"[/()（）、，,“”\"《》\s]+")
_COMMON = frozenset(
    (
        "学校",
        "教育",
        "工作",
        "活动",
        "校园",
        "教学",
        "项目",
        "本校",
        "全校",
        "主要",
        "任务",
        "总体",
        "参加",
        "参与",
        "使用",
    )
)


_GENERAL = frozenset(
    "学生 教师 老师 教职 职工 人数 班级 学校 校园 本校 全校 人员 人次 次数 总数 数量 比例 情况 本月 本年 今年 学期 本学 本季 季度 每天 年度 今日 "
    "最近 近一 一次 日期 时间 是否 已经 开展 组织 完成 建立 成立 制定 实行 执行 落实 配备 设立 安装 进行 参加 参与 使用 享受 应当 按规 规定 及时 "
    "工作 活动 管理 制度 安全 教育 建设 项目 主要 任务 总体 进度 状态 专职 个数 名称 其中 数占 新增 累计 预计 计划 下次 生人 师人 生数 师数 人总 校总 "
    "生参 师参 的学 的教 学总 计日 的日 资金 经费 投入 面积 级数".split()
)


@lru_cache(maxsize=512)
def pieces(label: str, unit: str) -> frozenset[str]:
    """Pairs of characters that only a label about this thing has: 接送, 送卡 of 是否执行接送卡制度."""
    label = re.sub(rf"{re.escape(unit)}[数次]$", "", label) if unit else label
    unquoted = re.sub(r"[“\"《][^”\"》]*[”\"》]", "", label)
    label = unquoted if len(_BOILERPLATE.sub("", unquoted)) > 3 else label
    chunks = [chunk for part in _SPLIT.split(label) for chunk in _BOILERPLATE.split(part)]
    pairs = {chunk[i : i + 2] for chunk in chunks for i in range(len(chunk) - 1)}
    pairs |= {chunk[0] + chunk[-1] for chunk in chunks if 3 <= len(chunk) <= 4}
    return frozenset(pair for pair in pairs - _GENERAL if all("\u4e00" <= c <= "\u9fff" and c not in _SMALL for c in pair))


_SMALL = frozenset("的总是否已应和与或及本每数率次个在有了")


_MANNER = Rule(r"^(?:已经?|都|均|全部|按规定|按要求|按时|及时|如期|正常|严格|统一|实行|执行|落实|开展|进行|实施)+")


@lru_cache(maxsize=512)
def predicate(label: str) -> str:
    """What 一键报警装置是否联网 asks whether it is so: 联网; 公示 of 是否公示收费项目."""
    subject, _, asked = re.sub(r"[“”\"《》]", "", label).partition("是否")
    bare = _MANNER.sub("", asked)
    return bare if _BOILERPLATE.sub("", subject) and len(bare) <= 4 else bare[:2] if bare == asked else ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A question as the grammar sees it: its family of amounts, the nouns and topics it accepts, its own words.

    `soft` are the nouns its label merely contains (学生 in 寄宿生人数): it may be meant, but more narrowly.
    """

    question: Question
    family: Family
    nouns: frozenset[str]
    topics: frozenset[str]
    own: Rule | None
    parts: tuple[Rule, Rule] | None = None
    soft: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def numeric(self) -> bool:
        return self.family in ("count", "percent", "money", "area", "duration", "ratio")

    @property
    def concepts(self) -> frozenset[str]:
        return self.nouns | self.topics | self.named

    @property
    def named(self) -> frozenset[str]:
        """Cues that only this question has: its own words, and pieces of its label."""
        return frozenset(("=" + self.key, "~" + self.key))

    @property
    def prefix(self) -> str:
        return self.key.rsplit("_", 1)[0] if "_" in self.key else self.key


@lru_cache(maxsize=512)
def _words(label: str, words: tuple[str, ...], unit: str, head_only: bool) -> tuple[frozenset[str], str]:
    said = "|".join((label, *words))
    names = frozenset(name for name, pattern in _LABELS if pattern.search(said))
    if unit and len(label) > 4:
        label = re.sub(rf"{re.escape(unit)}[数次]$", "", label)
    chunks = [c for c in _SPLIT.split(label) for c in _BOILERPLATE.split(c) if len(c) >= 2]
    if head_only and (head := _head(label))[0]:
        if len(_TAIL.sub("", label)) > head[1]:
            return frozenset(), "|".join(map(re.escape, sorted({*words, *chunks}, key=len, reverse=True)))
        names, chunks = head[0], [c for c in chunks if label.rfind(c) + len(c) >= head[1]]
    if not names:
        chunks += [piece for c in chunks for piece in (c[:2], c[-2:])]
    if not names & NOUNS:
        chunks += [bare for c in chunks if len(bare := _ACT.sub("", c)) >= 2]
    chunks += [also for chunk in chunks for one, also in _ALIKE if one in chunk]
    own = sorted({w for w in (*words, *chunks) if len(w) >= 2 and w not in _COMMON}, key=len, reverse=True)
    return names, "|".join(map(re.escape, own))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Rule:
    return Rule(pattern)


_TAIL = Rule(r"(?:师风教育|教育|制度|工作|活动|情况)$")
_ALIKE = (("寄宿", "住校"), ("寄宿", "住宿"), ("缺课", "病假"), ("校医", "卫生老师"), ("图书", "藏书"), ("陪餐", "陪吃"), ("探头", "摄像头"), ("辍学", "流失"))
"""Other names of the same thing."""
_ACT = Rule(r"^(?:更换|新购|购置|购买|新建|新装|安装|举办|召开|发放|检修|维修|接受|参加|组织|办理|受理|制作|添置|配备)+")


@lru_cache(maxsize=512)
def _head(label: str) -> tuple[frozenset[str], int]:
    """What 是否制定“六个一”活动实施方案 asks for is the 方案, and where it ends; what stands before only says whose."""
    ends = {name: max((m.end() for m in pattern.finditer(label)), default=-1) for name, pattern in _LABELS}
    last = max(ends.values())
    return frozenset(name for name, end in ends.items() if end == last >= 0), last


def profile(question: Question) -> Profile:
    """Cheap after the first time for a label."""
    names, own = _words(question.label, question.words, question.unit, question.kind is Kind.BOOL)
    nouns = _nouns(question, names & NOUNS)
    return Profile(
        question,
        _family(question),
        nouns,
        names - NOUNS,
        _compiled(own) if own else None,
        _parts(question.label) if question.kind is Kind.RATIO else None,
        _soft(question, names) - nouns,
    )


def _soft(question: Question, names: frozenset[str]) -> frozenset[str]:
    """Where people are counted and no kind of them is named, any kind may be meant."""
    persons = question.unit in units.PERSON_UNITS and not names & PEOPLE
    return _contained(question.label) | (PEOPLE - {"others"} if persons else frozenset())


@lru_cache(maxsize=512)
def _contained(label: str) -> frozenset[str]:
    return frozenset(
        c.name for c, (_, pattern) in zip(CONCEPTS, PATTERNS, strict=True) if c.noun and pattern.search(label)
    )


NOTHING = Rule(r"(?!)")
"""Matches nowhere: the whole has no word of its own (校车已检修数/校车总数)."""


@lru_cache(maxsize=256)
def _parts(label: str) -> tuple[Rule, Rule] | None:
    """The words of either side of a label like 住校生人数/床位数, without those that both have."""
    done, slash, total = label.partition("/")
    sides = [{c for c in _BOILERPLATE.split(side) for c in _SPLIT.split(c) if len(c) >= 2} for side in (done, total)]
    first, second = sides[0] - sides[1], sides[1] - sides[0]
    told = [pieces(done, "") - pieces(total, ""), pieces(total, "") - pieces(done, "")]
    first |= told[0] | {c[:2] for c in first if len(c) > 3 and c[:2] not in total}
    second |= told[1] | {c[:2] for c in second if len(c) > 3 and c[:2] not in done}
    if not slash or not first:
        return None
    if not second:
        return Rule(re.escape(re.sub(r"(?:人|户|份|套|辆|个|台|具|间|所|处|件|名)?数$", "", done)[-2:])), NOTHING
    return Rule("|".join(map(re.escape, sorted(first)))), Rule("|".join(map(re.escape, sorted(second))))


def _nouns(question: Question, names: frozenset[str]) -> frozenset[str]:
    if question.kind is Kind.PERCENT and (names - PEOPLE or pieces(question.label, "")):
        return names - PEOPLE
    if question.kind in (Kind.PERCENT, Kind.BOOL, Kind.DATE, Kind.CHOICE, Kind.TEXT):
        return names
    if "people" in names:
        return names - {"staff", "student"}
    if "backbone" in names:
        return names - {"staff"}
    return names


def _family(question: Question) -> Family:
    match question.kind:
        case Kind.BOOL:
            return "bool"
        case Kind.PERCENT:
            return "percent"
        case Kind.RATIO:
            return "ratio"
        case Kind.DATE:
            return "date"
        case Kind.CHOICE | Kind.CHOICES:
            return "choice"
        case Kind.TEXT:
            return "text"
        case Kind.PHOTO:
            return "none"
        case _:
            return _amount(question.unit)


def _amount(unit: str) -> Family:
    if unit in units.MONEY:
        return "money"
    if unit in units.AREA:
        return "area"
    return "duration" if unit in units.SECONDS else "count"
