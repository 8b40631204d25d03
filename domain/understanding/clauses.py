"""Clauses: where people part what they tell: punctuation, connectors, lists by 、, and run-on speech."""

from __future__ import annotations

import re
from dataclasses import dataclass

from domain.understanding import lexicon
from domain.understanding.normalise import BLANK, MARKER
from domain.understanding.profiles import Profile
from domain.understanding.rule import Rule


@dataclass(frozen=True, slots=True)
class Clause:
    """Words between two separators. `marker` is the number of the list item it stands in (0: none)."""

    start: int
    end: int
    words: str
    marker: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    start: int
    end: int
    concepts: frozenset[str]

    @property
    def weak(self) -> bool:
        """Only a piece of a label."""
        return not self.nouns and not any(name.startswith("=") for name in self.concepts)

    @property
    def nouns(self) -> frozenset[str]:
        return self.concepts & lexicon.NOUNS


_SEPARATOR = Rule(
    r"(?=(?<!不)但(?!愿)|可是|不过|然而)|"
    r"(?<=如下):|(?<=[\u4e00-\u9fff\d%])(?:然后(?:就是|呢)?|再就是|接下来|此外|另外(?![有还一二三四五六七八九十\d来加])|[嗯呃]+|"
    r"还有(?:就是|个)?(?=[\u4e00-\u9fff]{2})(?![一二三四五六七八九十两几百]|问题|困难|待|没|部分|些|个别|很多|剩))|"
    r"(?<=[\u4e00-\u9fff\d%])(?=(?:就这样|就这些|就这么多|没了)[吧啊哈]?(?:$|[，。!\ue000]))|(?<=[次场回期])(?=[讲学谈]的(?:就?是|内容))|[，。;!?\n~\U0001f300-\U0001faff\u2600-\u2712\u2715\u2716\u2719-\u27bf]|\ue000*[\ue101-\ue1ff]\ue000*"
)


def parted(raw: str) -> tuple[Clause, ...]:
    found: list[Clause] = []
    at, marker = 0, 0
    for match in _SEPARATOR.finditer(raw):
        _add(found, raw, at, match.start(), marker)
        at = match.end()
        marker = next((ord(c) - MARKER for c in match.group() if MARKER < ord(c) < MARKER + 256), marker)
    _add(found, raw, at, len(raw), marker)
    found = [part for clause in found for part in _listed_apart(clause)]
    telling = [clause for clause in found if not _POLITE.fullmatch(clause.words.strip(" 、:.()" + BLANK))]
    return tuple(telling or found) or (Clause(0, len(raw), raw),)


_AMOUNT = Rule(r"[\d零一二三四五六七八九十百千万两半](?P<unit>[^\d零一二三四五六七八九十百千万两半、]?)")
_TELLS = Rule(r"[\d一二三四五六七八九十两百千半]|[没未无]|已|了|有")
_PLANS = Rule(r"计划|预计|下次|下一次|准备|打算|拟|没有|无|还没|尚未|未")
_TOGETHER = Rule(r"其中|分别|包括|\((?!20\d\d\))|:$")
_OF_ALL = Rule(r"都|(?<!平)均|各(?!种|类|项)")


def _listed_apart(clause: Clause) -> list[Clause]:
    """方案还没制定、成立了小组 tells two things; 语文2节、数学1节 tells one in parts."""
    pieces = clause.words.split("、")
    if len(pieces) == 1 or _TOGETHER.search(clause.words) or _OF_ALL.search(pieces[-1]):
        return [clause]
    parts = pieces[:1]
    for piece in pieces[1:]:
        if _PLANS.match(piece) or (_tells(parts[-1]) and _tells(piece) and _differ(parts[-1], piece)):
            parts.append(piece)
        else:
            parts[-1] += "、" + piece
    found, at = [], clause.start
    for part in parts:
        found.append(Clause(at, at + len(part), part, clause.marker))
        at += len(part) + 1
    return found


def _tells(words: str) -> bool:
    return len(re.findall(r"[\u4e00-\u9fff]", words)) >= 3 and bool(_TELLS.search(words))


def _differ(one: str, other: str) -> bool:
    """The measure words of their last amounts; where neither has one, each says its own yes or no."""
    measures = [(_AMOUNT.findall(words) or [""])[-1] for words in (one, other)]
    return measures[0] != measures[1] or measures == ["", ""]


_WHOLE = Rule(r"[\d零一二三四五六七八九十百千万两半](?:\d|[\u4e00-\u9fff%]|\")|[了过没未]|已|完成|到位|有")
_BEGINNING = Rule(
    r"(?:(?:20\d\d年)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]|(?:20\d\d-)?\d{1,2}-\d{1,2}|"
    r"[\d一二三四五六七八九十]{1,3}[日号]|[上下本这]周[一二三四五六日]|昨天|今天|前天|本月|这个?月|全校|我校|"
    r"还没有?|没有?|未|已经?|有|开展了?|组织了?|搞了?|上了?|发了?|写了?|编了?|收了?|建立了?|成立了?|制定了?|建成|下次|计划|预计|"
    r"一共|总共|共|应|实|也|都|本)+$"
)


def run_on(clause: Clause, cues: tuple[Cue, ...], profiles: tuple[Profile, ...]) -> list[Clause]:
    """演练搞了学生420老师31三分钟撤完: behind a whole statement the name of another question begins the next."""
    if len(profiles) < 2 or len(clause.words) < 10:
        return [clause]
    found, start, owners = [], clause.start, frozenset[str]()
    for cue in (c for c in cues if clause.start <= c.start and c.end <= clause.end):
        mine = frozenset(p.key for p in profiles if cue.concepts & (p.nouns | p.named))
        if not mine:
            continue
        counted = any(p.key in mine and p.family == "count" for p in profiles)
        at = (
            None
            if mine & owners
            else _turn(clause.words[start - clause.start : cue.start - clause.start], counted, not owners)
        )
        if at is not None:
            found.append((start, start + at))
            start, owners = start + at, mine
        else:
            owners = owners & mine or owners | mine
    parts = [*found, (start, clause.end)]
    return [Clause(s, e, clause.words[s - clause.start : e - clause.start], clause.marker) for s, e in parts]


def _turn(said: str, counted: bool, first: bool) -> int | None:
    """Where, in the words before a name, the statement ends that stands before it."""
    opening = _BEGINNING.search(said)
    for at in (opening.start() if opening else len(said), len(said)):
        if _ended(said[:at], counted) and not (first and not _CLOSED.search(said[:at])):
            return at
    return None


_CLOSED = Rule(
    r"[\d零一二三四五六七八九十百千万两半][个名位人台节份篇场次门间处项户册套元秒分]$|%$|[了过搞建设立成定]$"
)


def _ended(words: str, counted: bool) -> bool:
    """Something is told, and it does not end in an amount that counts what follows."""
    if len(words) < 3 or not _WHOLE.search(words) or _LEANS.search(words) or _NO_SUBJECT.fullmatch(words):
        return False
    return bool(_SHARE_TOLD.search(words)) or not (_COUNTS_ON.search(words) if counted else _MEASURED.search(words))


_NO_SUBJECT = Rule(
    r"(?:并|也|还|又|同时|均|都|已经?|我们?校?|学校|本月)*(?:开展|组织|进行|举行|举办|实施|落实|制定|建立|成立|召开)了?"
)
"""并开展了 waits for its object."""
_SHARE_TOLD = Rule(r"(?:百分之[\d零一二三四五六七八九十百]+|%|成)$")
_MEASURED = Rule(r"[\d零一二三四五六七八九十百千万两多来][个名位人台节份篇场次门间处项户册套堂条]的?$")
_COUNTS_ON = Rule(r"[\d零一二三四五六七八九十百千万两多来][个名位人台节份篇场次门间处项户册套堂条]?的?$")
_LEANS = Rule(r"[、和与及为是在对按向从把由比用跟的]$|其中$|各$|每$")
_POLITE = Rule(
    r"(?:就这样|就这些|就这么多|没了)[吧啊哈]?|那个|就是|"
    r"(?:按照?|根据|依据|遵照)[^，。;]*(?:要求|部署|通知|精神|安排|文件|规定)|"
    r"(?:报告|尊敬的|各位)?(?:领导|局长|主任|科长|股长|校长|老师|各位|大家|同志|您|你)*(?:好|们好|上午好|早上好|"
    r"下午好|晚上好)?|"
    r"收到|谢谢.{0,6}|感谢.{0,6}|辛苦.{0,4}|(?:请|敬请)?(?:查收|审阅|过目|知悉|查阅|指正|阅|批评指正)|(?:报告|"
    r"汇报|回复)完毕|(?:特此|现)?(?:报告|汇报)(?:如下)?|"
    r"以上|如下|好的?|好嘞|好滴|嗯+|哦+|ok|不好意思打扰了?|打扰了?|麻烦了?|回复|回复如下|我校情况(?:如下)?|"
    r"情况如下|哈+|呵呵|祝好|此复|完毕"
)


_BEFORE_NOW = Rule(r"去年|上个?月|上个?学期|上学年|上一?次|以前|原来|之前")
_NOW = Rule(r"(?<![到至从和比、的截由])(?:今年|本年|这个?月|本月|现在|目前|本学期|这个?学期|这次|本次)(?=[^，。;]{2})")


def _split_by_scope(raw: str, start: int, end: int) -> int:
    """去年新增了一百套今年还没动: where a sentence turns to the present, a new clause begins."""
    earlier = _BEFORE_NOW.search(raw, start, end)
    now = _NOW.search(raw, earlier.end(), end) if earlier else None
    return now.start() if now else end


def _add(found: list[Clause], raw: str, start: int, end: int, marker: int) -> None:
    turn = _split_by_scope(raw, start, end)
    if turn < end:
        found.append(Clause(start, turn, raw[start:turn], marker))
        start = turn
    if raw[start:end].strip(" 、:.()\"'~" + BLANK):
        found.append(Clause(start, end, raw[start:end], marker))
