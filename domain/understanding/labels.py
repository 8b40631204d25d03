"""What the label of a question says: nouns and topics, the words and pieces only it has, sides, predicate."""

from __future__ import annotations

import re
from functools import lru_cache

from domain.understanding.lexicon import CONCEPTS, LABELS, NOUNS, PATTERNS
from domain.understanding.rule import Rule

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


_GENERAL = Rule(
    r"学生|教师|老师|教职|职工|人数|班级|学校|校园|本校|全校|人员|人次|次数|总数|数量|比例|"
    r"情况|本月|本年|今年|学期|本学|本季|季度|每天|年度|今日|最近|近一|一次|日期|时间|是否|"
    r"已经|开展|组织|完成|建立|成立|制定|实行|执行|落实|配备|设立|安装|进行|参加|参与|使用|"
    r"享受|应当|按规|规定|及时|工作|活动|管理|制度|安全|教育|建设|项目|主要|任务|总体|进度|"
    r"状态|专职|个数|名称|其中|数占|新增|累计|预计|计划|下次|生人|师人|生数|师数|人总|校总|"
    r"生参|师参|的学|的教|学总|计日|的日|资金|经费|投入|面积|级数"
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
    return frozenset(
        pair
        for pair in pairs
        if not _GENERAL.fullmatch(pair) and all("\u4e00" <= c <= "\u9fff" and c not in _SMALL for c in pair)
    )


_SMALL = frozenset("的总是否已应和与或及本每数率次个在有了")


_MANNER = Rule(r"^(?:已经?|都|均|全部|按规定|按要求|按时|及时|如期|正常|严格|统一|实行|执行|落实|开展|进行|实施)+")


@lru_cache(maxsize=512)
def predicate(label: str) -> str:
    """What 一键报警装置是否联网 asks whether it is so: 联网; 公示 of 是否公示收费项目."""
    subject, _, asked = re.sub(r"[“”\"《》]", "", label).partition("是否")
    bare = _MANNER.sub("", asked)
    return bare if _BOILERPLATE.sub("", subject) and len(bare) <= 4 else bare[:2] if bare == asked else ""


@lru_cache(maxsize=512)
def words(label: str, words: tuple[str, ...], unit: str, head_only: bool) -> tuple[frozenset[str], str]:
    said = "|".join((label, *words))
    names = frozenset(name for name, pattern in LABELS if pattern.search(said))
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


_TAIL = Rule(r"(?:师风教育|教育|制度|工作|活动|情况)$")
_ALIKE = (
    ("寄宿", "住校"),
    ("寄宿", "住宿"),
    ("缺课", "病假"),
    ("校医", "卫生老师"),
    ("图书", "藏书"),
    ("陪餐", "陪吃"),
    ("探头", "摄像头"),
    ("辍学", "流失"),
)
"""Other names of the same thing."""
_ACT = Rule(
    r"^(?:更换|新购|购置|购买|新建|新装|安装|举办|召开|发放|检修|维修|接受|参加|组织|办理|受理|制作|添置|配备)+"
)


@lru_cache(maxsize=512)
def _head(label: str) -> tuple[frozenset[str], int]:
    """What 是否制定“六个一”活动实施方案 asks for is the 方案, and where it ends; what stands before only says whose."""
    ends = {name: max((m.end() for m in pattern.finditer(label)), default=-1) for name, pattern in LABELS}
    last = max(ends.values())
    return frozenset(name for name, end in ends.items() if end == last >= 0), last


@lru_cache(maxsize=512)
def contained(label: str) -> frozenset[str]:
    return frozenset(
        c.name for c, (_, pattern) in zip(CONCEPTS, PATTERNS, strict=True) if c.noun and pattern.search(label)
    )


NOTHING = Rule(r"(?!)")
"""Matches nowhere: the whole has no word of its own (校车已检修数/校车总数)."""


@lru_cache(maxsize=256)
def parts(label: str) -> tuple[Rule, Rule] | None:
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
