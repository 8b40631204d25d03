# ruff: noqa: E501
"""Replies composed from parts, whose meaning is known by construction: values × labels × orders × separators × chatter."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

TODAY = date(2026, 11, 23)
_DIGITS = "零一二三四五六七八九"


@dataclass(slots=True)
class Composed:
    """`truth` holds what may be stored; a key that is not in it must not be."""

    text: str
    context: list[dict[str, Any]]
    truth: dict[str, Any] = field(default_factory=dict)


def han(n: int, *, drop: bool = False) -> str:
    """520 as 五百二十, with `drop` 五百二."""
    if n < 10:
        return _DIGITS[n]
    if n < 20:
        return "十" + (_DIGITS[n % 10] if n % 10 else "")
    words, rest, gap = "", n, False
    for size, unit in ((10000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, rest = divmod(rest, size)
        if digit and unit == "万":
            words += han(digit) + unit
        elif digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + unit
        gap = bool(words) and not digit if not digit else False
        if drop and digit and size >= 100 and rest and rest % (size // 10) == 0:
            return words + _DIGITS[rest // (size // 10)]
        if not rest:
            break
    return words


def spelt(rng: random.Random, n: int) -> str:
    """One of the ways a count is written."""
    ways: list[Callable[[], str]] = [lambda: str(n)] * 5 + [lambda: han(n)] * 2
    if n >= 100:
        ways += [lambda: han(n, drop=True), lambda: f"{n:,}" if n >= 1000 else str(n)]
    if n == 2:
        ways += [lambda: "两"] * 3
    ways.append(lambda: "".join(chr(ord(c) + 0xFEE0) for c in str(n)))
    return rng.choice(ways)()


@dataclass(frozen=True, slots=True)
class Kind:
    """One indicator and the ways its answer is said; `{n}` is the amount, with its unit where {u} stands."""

    entry: dict[str, Any]
    says: tuple[str, ...]
    low: int = 1
    high: int = 30
    units: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


def count(
    key: str,
    label: str,
    unit: str,
    says: str,
    *,
    low: int = 1,
    high: int = 30,
    top: int = 500,
    units: str = "",
    none: str = "",
) -> Kind:
    entry = {"key": key, "label": label, "type": "int", "unit": unit, "min": 0, "max": top}
    return Kind(entry, tuple(says.split()), low, high, tuple((units or unit).split()), tuple(none.split()))


COUNTS = (
    count("study_times", "本月集中学习讨论场次", "场", "集中学习{n}{u} 组织集中学习{n}{u} 学习讨论{n}{u} 集中学习讨论：{n}{u} 开展了{n}{u}集中学习",
          high=9, top=31, units="场 次", none="本月没有集中学习 集中学习没搞"),
    count("essays", "心得体会篇数", "篇", "心得体会{n}{u} 收到心得{n}{u} 交了{n}{u}心得 心得{n}{u} 心得体会共{n}{u} 心得体会：{n}",
          low=5, high=90, top=1000, none="心得还没收 没有心得体会"),
    count("publicity", "本月对外宣传稿件篇数", "篇", "宣传稿{n}{u} 发稿{n}{u} 对外宣传稿件{n}{u} 发了{n}{u}稿子 宣传稿件数{n} 宣传稿件：{n}{u}",
          high=20, top=100, none="没发稿 宣传稿没有"),
    count("guide_plans", "本月编写导学案份数", "份", "导学案{n}{u} 编写导学案{n}{u} 编了{n}{u}导学案 导学案：{n}{u} 导学案写了{n}{u} 导学案{n}",
          low=10, high=400, top=5000, none="导学案没写 没编导学案"),
    count("guide_subjects", "使用导学案学科数", "科", "{n}{u}用导学案 使用导学案的学科{n}{u} 学科{n}{u}",
          low=2, high=9, top=15, units="科 个学科 门学科"),
    count("open_class", "本月公开课(研讨课)节数", "节", "公开课{n}{u} 上了{n}{u}公开课 公开课上了{n}{u} 研讨课{n}{u} 公开课：{n} 公开课有{n}{u}",
          high=20, top=300, units="节 堂", none="公开课没上 没有公开课"),
    count("school_course", "已开设校本课程门数", "门", "校本课程{n}{u} 开设校本课程{n}{u} 开了{n}{u}校本课程 校本课{n}{u} 校本课程有{n}{u}",
          high=12, top=60, none="没开校本课程"),
    count("recite", "本月经典诵读活动次数", "次", "经典诵读{n}{u} 诵读活动{n}{u} 开展诵读{n}{u} 诵读{n}{u} 搞了{n}{u}经典诵读",
          high=12, top=60, units="次 场", none="诵读没搞"),
    count("culture", "文化墙(长廊)处数", "处", "文化墙{n}{u} 建成文化墙{n}{u} 文化长廊{n}{u} 有{n}{u}文化墙", high=9, top=200, none="没有文化墙"),
    count("clean_times", "本月大扫除次数", "次", "大扫除{n}{u} 全校大扫除{n}{u} 搞了{n}{u}大扫除 大扫除：{n}{u}", high=9, top=31, none="大扫除没搞"),
    count("drill_students", "参演学生人数", "人", "学生{n}{u} {n}{u}学生 {n}{u}学生参加 参演学生{n}{u} 学生：{n} 参加学生{n}{u} 学生参加{n}{u}",
          low=60, high=1900, top=5000, units="人 名 个"),
    count("drill_staff", "参演教职工人数", "人", "老师{n}{u} {n}{u}老师 教师{n}{u} 教职工{n}{u} 参演教职工{n}{u} {n}{u}教师参加 老师：{n}",
          low=8, high=120, top=500, units="人 名 个 位"),
    count("bbt_fault", "故障设备数", "台", "故障{n}{u} 坏了{n}{u} 故障设备{n}{u} 有{n}{u}故障 {n}{u}设备坏了 设备故障{n}{u}",
          high=9, top=200, none="没有故障 无故障设备 设备都正常"),
    count("pc_room", "计算机教室间数", "间", "计算机教室{n}{u} 机房{n}{u} 有{n}{u}计算机教室 微机室{n}{u}", high=5, top=20, none="没有机房"),
    count("train_times", "本月校本研修次数", "次", "校本研修{n}{u} 开展校本研修{n}{u} 研修{n}{u} 搞了{n}{u}校本研修", high=9, top=31, none="校本研修没搞"),
    count("backbone", "农村骨干教师参训人数", "人", "骨干教师{n}{u} 骨干教师参训{n}{u} {n}{u}骨干教师参训 农村骨干{n}{u}", high=9, units="人 名 位"),
    count("six_items", "“六个一”已开展项数", "项", "开展了{n}{u} 已开展{n}{u} 六个一开展{n}{u} 六个一做了{n}{u}", high=6, top=6),
    count("six_students", "“六个一”参与学生人数", "人", "参与学生{n}{u} {n}{u}学生参与 学生参与{n}{u} 学生{n}{u}参加", low=60, high=1900, top=5000, units="人 名"),
    count("boarders", "寄宿生人数", "人", "寄宿生{n}{u} 住校生{n}{u} 寄宿学生{n}{u} {n}{u}寄宿生", low=30, high=800, top=3000, units="人 名"),
    count("visits", "本月家访户数", "户", "家访{n}{u} 走访了{n}{u} 家访了{n}{u} 家访户数{n}", low=3, high=90, units="户 家", none="家访没搞"),
    count("lectures", "法治讲座场数", "场", "法治讲座{n}{u} 开了{n}{u}法治讲座 法治讲座办了{n}{u}", high=6, top=50, units="场 次", none="法治讲座没开"),
    count("books", "本学期新购图书册数", "册", "新购图书{n}{u} 买了{n}{u}图书 新购图书：{n}{u} 图书新购{n}{u}", low=50, high=3000, top=20000, units="册 本"),
    count("extinguishers", "更换灭火器具数", "具", "更换灭火器{n}{u} 灭火器换了{n}{u} 换了{n}{u}灭火器", high=30, units="具 个"),
)  # fmt: skip

RATIOS: tuple[tuple[dict[str, Any], tuple[str, ...], int], ...] = (
    ({"key": "bbt", "label": "“班班通”已建班级数/教学班总数", "type": "ratio", "unit": "个"}, (
        "班班通{a}/{b}", "{b}个班已装{a}个", "共{b}个班，装了{a}个", "班班通{b}个班通了{a}个", "班班通装了{a}个班，共{b}个班",
        "{b}个班还差{c}个没装", "教学班{b}个，已建{a}个", "{b}个教学班中{a}个装了班班通", "班班通已建{a}个，总共{b}个班"), 36),
    ({"key": "hazard", "label": "安全隐患已整改数/排查总数", "type": "ratio", "unit": "处"}, (
        "隐患{b}处，已整改{a}处", "排查隐患{b}处整改{a}处", "查出{b}处隐患，改了{a}处", "隐患整改{a}/{b}", "整改隐患{a}处，共排查{b}处",
        "发现隐患{b}处，还有{c}处没改", "排查出{b}处，整改完成{a}处", "隐患{b}处，整改{a}处，剩{c}处"), 15),
    ({"key": "train", "label": "教师参训人数/应训人数", "type": "ratio", "unit": "人"}, (
        "应训{b}人，实训{a}人", "应训{b}人参训{a}人", "参训{a}人，应训{b}人", "培训应到{b}人实到{a}人", "参训{a}/{b}", "{b}名教师应训，到了{a}名",
        "应训教师{b}人，实际参训{a}人", "应训{b}人，{c}人请假"), 90),
    ({"key": "study", "label": "参加学习教职工人数/教职工总数", "type": "ratio", "unit": "人"}, (
        "{b}名教职工，{a}人参加学习", "教职工{b}人，参加学习{a}人", "参加学习{a}人，教职工共{b}人", "学习{a}/{b}", "全校{b}名教职工{a}名参加了学习"), 90),
    ({"key": "reform", "label": "推行“问题导学、互动探究”班级数/教学班总数", "type": "ratio", "unit": "个"}, (
        "{b}个班推行了{a}个", "课改{a}/{b}", "推行课改{a}个班，共{b}个班", "共{b}个教学班，{a}个班推行", "教学班{b}个，推行{a}个"), 36),
)  # fmt: skip
PERCENTS: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = tuple(
    ({"key": key, "label": label, "type": "percent", "unit": "%", "min": 0, "max": 100}, tuple(says.split()))
    for key, label, says in (
        ("prep_rate", "备课检查合格率", "备课合格率{p} 备课检查合格率{p} 合格率{p} 备课检查{p}合格"),
        ("feature_rate", "学生参与特色活动比例", "参与比例{p} 特色活动参与率{p} 学生参与比例{p} {p}的学生参与"),
        ("green_rate", "绿化覆盖率", "绿化覆盖率{p} 绿化率{p} 绿化覆盖率达到{p}"),
        ("bbt_use", "“班班通”课堂使用率", "使用率{p} 课堂使用率{p} 班班通使用率{p} 使用率达{p}"),
        ("six_rate", "“六个一”学生参与率", "参与率{p} 六个一参与率{p} 学生参与率{p}"),
    )
)
MONEY = (
    ({"key": "env_fund", "label": "校园环境建设投入", "type": "number", "unit": "万元", "min": 0, "max": 500},
     ("投入{m}", "环境建设投入{m}", "花了{m}", "环境投入资金{m}")),
    ({"key": "bbt_fund", "label": "本年度学校自筹装备投入", "type": "number", "unit": "万元", "min": 0, "max": 1000},
     ("自筹{m}", "装备投入{m}", "自筹资金{m}", "学校自筹投入{m}")),
)  # fmt: skip
SECONDS = ({"key": "drill_seconds", "label": "疏散用时", "type": "number", "unit": "秒", "min": 10, "max": 1800},
           ("用时{t}", "疏散用时{t}", "用了{t}", "{t}疏散完毕", "耗时{t}", "{t}撤离到操场"))  # fmt: skip
DATES = (
    ({"key": "drill_date", "label": "演练日期", "type": "date", "unit": None, "max": "2026-11-23"},
     ("{d}演练", "{d}搞的演练", "演练日期{d}", "{d}组织了疏散演练", "演练是{d}搞的", "{d}开展应急演练"), -1),
    ({"key": "study_date", "label": "最近一次集中学习日期", "type": "date", "unit": None, "max": "2026-11-23"},
     ("最近一次学习{d}", "{d}集中学习", "学习日期{d}", "最近一次集中学习是{d}"), -1),
    ({"key": "prep_date", "label": "最近一次备课检查日期", "type": "date", "unit": None, "max": "2026-11-23"},
     ("{d}检查备课", "备课检查日期{d}", "{d}查的备课", "最近一次备课检查{d}"), -1),
    ({"key": "next_drill", "label": "下次演练计划日期", "type": "date", "unit": None, "min": "2026-11-23"},
     ("下次{d}", "下次演练{d}", "下次演练计划{d}", "计划{d}再搞一次"), 1),
    ({"key": "bbt_plan", "label": "预计全部建成日期", "type": "date", "unit": None, "min": "2026-11-23"},
     ("预计{d}建成", "{d}前全部建成", "预计{d}全部建成", "计划{d}前装完"), 1),
)  # fmt: skip
BOOLS = (
    ({"key": "drill_done", "label": "本月是否已开展应急疏散演练", "type": "bool", "unit": None},
     ("演练搞了", "演练已开展", "本月已组织疏散演练", "开展了应急疏散演练"),
     ("演练还没搞", "本月未开展演练", "演练没有组织", "疏散演练还没开展")),
    ({"key": "env_rule", "label": "是否建立净化绿化文化长效机制", "type": "bool", "unit": None},
     ("长效机制已建立", "建立了长效机制", "有长效机制", "机制建好了"), ("长效机制还没建立", "没有长效机制", "机制未建立")),
    ({"key": "ethics", "label": "是否开展师德师风教育", "type": "bool", "unit": None},
     ("师德师风教育已开展", "开展了师德教育", "师德教育搞了", "组织了师德师风教育"), ("师德教育没搞", "未开展师德师风教育", "师德教育还没开展")),
    ({"key": "six_plan", "label": "是否制定“六个一”活动实施方案", "type": "bool", "unit": None},
     ("方案已制定", "制定了实施方案", "方案有了", "实施方案已经下发"), ("方案还没制定", "没有方案", "实施方案未制定")),
    ({"key": "six_group", "label": "是否成立“六个一”活动领导小组", "type": "bool", "unit": None},
     ("领导小组已成立", "成立了领导小组", "小组成立了"), ("领导小组还没成立", "没成立小组", "领导小组未成立")),
)  # fmt: skip
CHOICES: tuple[tuple[dict[str, Any], dict[str, tuple[str, ...]]], ...] = (
    ({"key": "drill_type", "label": "演练类型", "type": "choice", "unit": None,
      "choices": ["地震", "火灾", "防踩踏", "防溺水", "校车事故", "防暴恐", "其他"]},
     {"地震": ("防震演练", "地震演练", "地震的"), "火灾": ("消防演练", "火灾逃生演练", "消防的"), "防踩踏": ("防踩踏演练", "防踩踏的"),
      "防暴恐": ("防暴演练", "反恐的")}),
    ({"key": "train_level", "label": "培训级别", "type": "choice", "unit": None, "choices": ["国家级", "省级", "市级", "县级", "校本"]},
     {"国家级": ("国培",), "省级": ("省培", "省级培训"), "市级": ("市级培训", "市里的培训"), "县级": ("县里的培训", "县级培训")}),
    ({"key": "bbt_status", "label": "“班班通”建设状态", "type": "choice", "unit": None, "choices": ["未启动", "进行中", "基本完成", "已完成"]},
     {"未启动": ("还没启动", "未启动"), "进行中": ("正在建设", "进行中"), "基本完成": ("基本完成",), "已完成": ("已全部完成", "建设完成了")}),
    ({"key": "feature_stage", "label": "特色学校创建阶段", "type": "choice", "unit": None, "choices": ["未申报", "已申报", "创建中", "已挂牌"]},
     {"未申报": ("还没申报", "未申报"), "已申报": ("已经申报", "申报了"), "创建中": ("正在创建", "创建中"), "已挂牌": ("已挂牌", "挂牌了")}),
)  # fmt: skip
GROUPS = (
    ("study_times", "study", "study_date", "essays", "publicity"),
    ("reform", "guide_plans", "guide_subjects", "open_class", "prep_rate", "prep_date"),
    ("feature_stage", "feature_rate", "school_course", "recite"),
    ("culture", "clean_times", "env_rule", "green_rate", "env_fund"),
    (
        "drill_done",
        "drill_date",
        "drill_type",
        "drill_students",
        "drill_staff",
        "drill_seconds",
        "hazard",
        "next_drill",
    ),
    ("bbt", "bbt_status", "bbt_use", "bbt_fault", "pc_room", "bbt_fund", "bbt_plan"),
    ("train", "train_level", "train_times", "ethics", "backbone"),
    ("six_plan", "six_group", "six_items", "six_students"),
    ("boarders", "visits", "lectures", "books", "extinguishers"),
)
FUZZY = ("{n}多{u}", "至少{n}{u}", "将近{n}{u}", "{n}{u}以上", "不到{n}{u}", "{n}来{u}", "最多{n}{u}")
"""Said of a round number: no one amount."""
NOISE = (
    "联系电话13873712345", "联系人王主任 0737-4221188", "根据教安〔2026〕15号文件要求", "2026年秋季学期", "三年级2班表现突出",
    "由李副校长负责组织", "上午9点开始", "家长12人到场观摩", "按县局统一部署", "邀请了3名消防员指导", "七年级1班获得表扬",
    "活动照片已发群里", "九点半结束", "105班最快",
)  # fmt: skip
AMOUNTS_BESIDE = (
    "家长300余人到场", "历时一个半小时", "比去年增长12%", "位居全县第3名", "发放宣传单500份", "校园占地面积12000平方米", "有教学楼3栋", "每班选2名安全员",
    "张贴标语12条", "召开动员会1次", "评出优秀班级6个", "为期两周", "8:30-9:10进行", "气温降到零下3度", "距上次检查15天", "上学期只有2次", "去年同期40人",
    "邀请专家2人", "制作展板8块", "出动志愿者15名", "表彰先进个人5名", "学校现有教学楼2栋", "发放资料1200份", "下学期再增加3个", "满分100分平均92分",
    "车程40分钟", "印制手册600本", "悬挂横幅4条", "拍摄照片30张", "第3次被县里表扬", "安排值班教师每天2人", "收到建议7条", "培训费每人200元",
)  # fmt: skip
"""Amounts that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How the parts of a reply are put together."""

    heads: tuple[str, ...]
    tails: tuple[str, ...]
    separators: tuple[str, ...]
    beside: tuple[str, ...]


WRITTEN = Manner(
    ("", "", "", "领导您好，", "报告：", "我校情况如下：", "收到，", "中心小学：", "您好，现报告如下：", "本月"),
    ("", "", "", "。谢谢", "，请查收", "。报告完毕", "。辛苦了！", "😊"),
    ("，", "，", "；", "。", "、", " ", "\n", ","),
    (*NOISE, *AMOUNTS_BESIDE),
)
SPOKEN = Manner(
    ("", "", "那个", "就是", "我们学校", "领导好"),
    ("", "", "就这样", "没了"),
    ("", "", "然后", "还有", "嗯"),
    ("三年级2班表现突出",),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """Which indicators there are, and which are asked together."""

    counts: tuple[Kind, ...]
    ratios: tuple[tuple[dict[str, Any], tuple[str, ...], int], ...]
    percents: tuple[tuple[dict[str, Any], tuple[str, ...]], ...]
    money: tuple[tuple[dict[str, Any], tuple[str, ...]], ...]
    seconds: tuple[tuple[dict[str, Any], tuple[str, ...]], ...]
    dates: tuple[tuple[dict[str, Any], tuple[str, ...], int], ...]
    bools: tuple[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]], ...]
    choices: tuple[tuple[dict[str, Any], dict[str, tuple[str, ...]]], ...]
    groups: tuple[tuple[str, ...], ...]


EIGHT_TASKS = Tables(COUNTS, RATIOS, PERCENTS, MONEY, (SECONDS,), DATES, BOOLS, CHOICES, GROUPS)


class Composer:
    """Composes one reply after another from one seed."""

    def __init__(self, seed: int, tables: Tables = EIGHT_TASKS, manner: Manner = WRITTEN) -> None:
        self.rng = random.Random(seed)
        self.tables = tables
        self.manner = manner
        self.makers = self._makers()

    def reply(self) -> Composed:
        group = self.rng.choice(self.tables.groups)
        keys = self.rng.sample(group, self.rng.randint(1, min(4, len(group))))
        context = [self.makers[key][0] for key in (keys if self.rng.random() < 0.5 else group)]
        made = [(key, *self.makers[key][1]()) for key in self.rng.sample(keys, len(keys))]
        if ("drill_done", False) in [(key, value) for key, _, value in made]:
            made = [part for part in made if part[0] in ("drill_done", "next_drill", "hazard")]
        pieces = [words for _, words, _ in made]
        if self.rng.random() < 0.35:
            pieces.insert(self.rng.randint(0, len(pieces)), self.rng.choice(self.manner.beside))
        manner = self.manner
        body = self.rng.choice(manner.separators).join(pieces)
        text = self.rng.choice(manner.heads) + body + self.rng.choice(manner.tails)
        return Composed(text, context, {key: value for key, _, value in made if value is not None})

    def _makers(self) -> dict[str, tuple[dict[str, Any], Callable[[], tuple[str, Any]]]]:
        makers: dict[str, tuple[dict[str, Any], Callable[[], tuple[str, Any]]]] = {}
        for kind in self.tables.counts:
            makers[kind.entry["key"]] = (kind.entry, partial(self._count, kind))
        for entry, says, top in self.tables.ratios:
            makers[entry["key"]] = (entry, partial(self._ratio, says, top))
        for entry, says in self.tables.percents:
            makers[entry["key"]] = (entry, partial(self._percent, says))
        for entry, says in self.tables.money:
            makers[entry["key"]] = (entry, partial(self._money, says))
        for entry, says in self.tables.seconds:
            makers[entry["key"]] = (entry, partial(self._seconds, says))
        for entry, says, way in self.tables.dates:
            makers[entry["key"]] = (entry, partial(self._date, says, way))
        for entry, yes, no in self.tables.bools:
            makers[entry["key"]] = (entry, partial(self._bool, yes, no))
        for entry, words in self.tables.choices:
            makers[entry["key"]] = (entry, partial(self._choice, words))
        return makers

    def _count(self, kind: Kind) -> tuple[str, Any]:
        rng = self.rng
        if kind.none and rng.random() < 0.1:
            return rng.choice(kind.none), 0
        n, unit, says = rng.randint(kind.low, kind.high), rng.choice(kind.units), rng.choice(kind.says)
        if "{u}" not in says:
            return says.format(n=n), n
        roll = rng.random()
        if roll < 0.1 and kind.high >= 90:
            amount = rng.choice(FUZZY).format(n=spelt(rng, max(10, n // 10 * 10)), u=unit)
            return says.replace("{n}{u}", amount), None
        if roll < 0.16:
            return says.replace("{n}{u}", f"{n + 1}{unit}，哦不对，{n}{unit}"), n
        if roll < 0.22:
            return says.format(n="大概" + spelt(rng, n), u=unit), n
        bare = rng.random() < 0.15 and says.endswith("{n}{u}")
        return says.format(n=spelt(rng, n), u="" if bare else unit), n

    def _ratio(self, says: tuple[str, ...], top: int) -> tuple[str, Any]:
        total = self.rng.randint(3, top)
        done = self.rng.randint(max(1, total // 2), total - 1)
        spell = [spelt(self.rng, n) for n in (done, total, total - done)]
        return self.rng.choice(says).format(a=spell[0], b=spell[1], c=spell[2]), {"done": done, "total": total}

    def _percent(self, says: tuple[str, ...]) -> tuple[str, Any]:
        n = self.rng.randint(51, 99)
        ways = [
            f"{n}%",
            f"百分之{han(n)}",
            f"{n}％",
            f"{n}.5%",
            f"{han(n // 10)}成",
            "百分之百",
            "大概" + f"{n}%",
            f"百分之{n}",
        ]
        values = [n, n, n, n + 0.5, n // 10 * 10, 100, n, n]
        at = self.rng.randrange(len(ways))
        return self.rng.choice(says).format(p=ways[at]), values[at]

    def _money(self, says: tuple[str, ...]) -> tuple[str, Any]:
        n = self.rng.randint(2, 98)
        ways = [(f"{n}00元", n / 100), (f"{n / 10:g}万元", n / 10), (f"{han(n)}万", n), (f"{n}万元", n), (f"{han(n % 9 + 1)}千元", (n % 9 + 1) / 10),
                (f"{n % 9 + 1}.{n % 10}万", n % 9 + 1 + n % 10 / 10), (f"{n},000元", n / 10), (f"一万{_DIGITS[n % 8 + 2]}", 1 + (n % 8 + 2) / 10)]  # fmt: skip
        words, value = self.rng.choice(ways)
        return self.rng.choice(says).format(m=words), value

    def _seconds(self, says: tuple[str, ...]) -> tuple[str, Any]:
        minutes, seconds = self.rng.randint(1, 5), self.rng.randint(5, 58)
        ways = [(f"{minutes}分{seconds}秒", minutes * 60 + seconds), (f"{minutes}分钟", minutes * 60), (f"{minutes * 40}秒", minutes * 40),
                (f"{minutes}分半", minutes * 60 + 30), (f"{han(minutes)}分{han(seconds)}秒", minutes * 60 + seconds),
                (f"{minutes}分{seconds}", minutes * 60 + seconds) if seconds > 9 else (f"{minutes}分整", minutes * 60),
                (f"{minutes}'{seconds:02}\"", minutes * 60 + seconds), (f"{minutes}分{seconds}秒左右", minutes * 60 + seconds)]  # fmt: skip
        words, value = self.rng.choice(ways)
        return self.rng.choice(says).format(t=words), value

    def _date(self, says: tuple[str, ...], way: int) -> tuple[str, Any]:
        day = TODAY + timedelta(days=way * self.rng.randint(1, 21))
        ways = [f"{day.month}月{day.day}日", f"{day.month}月{day.day}号", f"{han(day.month)}月{han(day.day)}号"]
        if day.month == TODAY.month:
            ways += [f"{day.day}号", f"本月{day.day}日"]
        ways += [f"{day.year}年{day.month}月{day.day}日", f"{day:%Y-%m-%d}"]
        weeks = (day - timedelta(days=day.weekday()) - TODAY).days // 7
        if weeks in (-1, 1) and way * weeks > 0:
            ways += [("上" if weeks < 0 else "下") + "周" + "一二三四五六日"[day.weekday()]] * 2
        return self.rng.choice(says).format(d=self.rng.choice(ways)), day.isoformat()

    def _bool(self, yes: tuple[str, ...], no: tuple[str, ...]) -> tuple[str, Any]:
        return (self.rng.choice(yes), True) if self.rng.random() < 0.65 else (self.rng.choice(no), False)

    def _choice(self, words: dict[str, tuple[str, ...]]) -> tuple[str, Any]:
        label = self.rng.choice(list(words))
        return self.rng.choice(words[label]), label
