"""One reply laid out: its clauses, days, amounts and the words of the trade, with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.indicators import Question
from domain.understanding import dates, lexicon, quantities, repairs
from domain.understanding.dates import When
from domain.understanding.lexicon import Profile
from domain.understanding.masks import mask
from domain.understanding.normalise import BLANK, MARKER, Normal, normalise
from domain.understanding.quantities import Quantity
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


@dataclass(frozen=True, slots=True)
class Scene:
    """`raw` is the normalised reply, `text` the same with masks over what is no value; one length, same places."""

    normal: Normal
    raw: str
    text: str
    profiles: tuple[Profile, ...]
    clauses: tuple[Clause, ...]
    whens: tuple[When, ...]
    quantities: tuple[Quantity, ...]
    cues: tuple[Cue, ...]
    today: date
    focus: str | None

    def clause_at(self, at: int) -> Clause:
        for clause in self.clauses:
            if at < clause.end:
                return clause
        return self.clauses[-1]

    def words(self, start: int, end: int) -> str:
        return self.normal.words(start, end)

    def said(self, clause: Clause) -> str:
        return self.normal.words(clause.start, clause.end).strip("，,。.；;！!？?、 \n")

    def cues_in(self, clause: Clause) -> list[Cue]:
        return [cue for cue in self.cues if clause.start <= cue.start < clause.end]

    def about(self, clause: Clause, profile: Profile) -> list[Cue]:
        """The cues of this question in the clause."""
        return [cue for cue in self.cues_in(clause) if cue.concepts & profile.concepts]

    def lead(self, quantity: Quantity) -> str:
        """What stands before an amount in its clause, behind the amount before."""
        start = self.clause_at(quantity.start).start
        earlier = [q.end for q in self.quantities if start <= q.start < quantity.start]
        return self.raw[max([start, *earlier]) : quantity.start]

    def tail(self, quantity: Quantity) -> str:
        """What stands behind an amount in its clause, before the next."""
        end = self.clause_at(quantity.start).end
        later = [q.start for q in self.quantities if quantity.end <= q.start < end]
        return self.raw[quantity.end : min([end, *later])]

    @property
    def core(self) -> str:
        """The reply without greetings and thanks."""
        return "，".join(clause.words for clause in self.clauses).strip("，。!、.~ \n" + BLANK)

    @property
    def alone(self) -> Profile | None:
        """The only question a bare word can belong to: the only one asked, or the one just asked."""
        if self.focus is not None:
            return next((p for p in self.profiles if p.key == self.focus), None)
        return self.profiles[0] if len(self.profiles) == 1 else None


def build(text: str, asked: Sequence[Question], today: date, focus: str | None) -> Scene:
    profiles = tuple(lexicon.profile(question) for question in asked)
    scene = _laid_out(normalise(text), profiles, today, focus)
    slips = repairs.taken_back(scene.raw, _told(scene))
    if not slips:
        return scene
    raw = scene.raw
    for start, end in slips:
        raw = raw[:start] + BLANK * (end - start) + raw[end:]
    return _laid_out(scene.normal.with_text(raw), profiles, today, focus)


def _told(scene: Scene) -> list[tuple[int, int, str]]:
    """Amounts and days from left to right."""
    amounts = [(q.start, q.end, f"{q.sort} {q.unit}") for q in scene.quantities]
    return sorted([*amounts, *((w.start, w.end, "day") for w in scene.whens)])


def _laid_out(normal: Normal, profiles: tuple[Profile, ...], today: date, focus: str | None) -> Scene:
    masked = mask(normal.text)
    cues = _cues(normal.text, profiles)
    clauses = tuple(part for clause in _clauses(normal.text) for part in _run_on(clause, cues, profiles))
    whens = _whens(masked, profiles, clauses, cues, today)
    for when in whens:
        masked = masked[: when.start] + BLANK * (when.end - when.start) + masked[when.end :]
    masked = _YEAR.sub(lambda match: BLANK * len(match.group()), masked)
    amounts = tuple(_in_asked_units(masked, quantities.find(masked), profiles))
    return Scene(normal, normal.text, masked, profiles, clauses, tuple(whens), amounts, cues, today, focus)


def _in_asked_units(text: str, amounts: list[Quantity], profiles: tuple[Profile, ...]) -> list[Quantity]:
    """带宽200兆, where 兆 is asked for: the unit of a question is a measure, though no list has it."""
    asked = {unit.lower() for p in profiles if (unit := p.question.unit) and p.family == "count"}
    found = []
    for amount in amounts:
        unit = next((u for u in asked if amount.sort == "count" and not amount.unit and text.startswith(u, amount.end)), "")
        found.append(replace(amount, unit=unit, end=amount.end + len(unit)) if unit else amount)
    return found


_YEAR = Rule(r"(?<!\d)(?:19|20)\d\d年(?!级)度?")
_SEPARATOR = Rule(
    r"(?=(?<!不)但(?!愿)|可是|不过|然而)|"
    r"(?<=如下):|(?<=[\u4e00-\u9fff\d%])(?:然后(?:就是|呢)?|再就是|接下来|此外|另外(?![有还一二三四五六七八九十\d来加])|[嗯呃]+|"
    r"还有(?:就是|个)?(?=[\u4e00-\u9fff]{2})(?![一二三四五六七八九十两几百]|问题|困难|待|没|部分|些|个别|很多|剩))|"
    r"(?<=[\u4e00-\u9fff\d%])(?=(?:就这样|就这些|就这么多|没了)[吧啊哈]?(?:$|[，。!\ue000]))|[，。;!?\n~\U0001f300-\U0001faff\u2600-\u2712\u2715\u2716\u2719-\u27bf]|\ue000*[\ue101-\ue1ff]\ue000*"
)


def _clauses(raw: str) -> tuple[Clause, ...]:
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


_WHOLE = Rule(rf"[\d零一二三四五六七八九十百千万两半](?:\d|[\u4e00-\u9fff%]|\")|[了过没未]|已|完成|到位|有")
_BEGINNING = Rule(
    r"(?:(?:20\d\d年)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]|(?:20\d\d-)?\d{1,2}-\d{1,2}|"
    r"[\d一二三四五六七八九十]{1,3}[日号]|[上下本这]周[一二三四五六日]|昨天|今天|前天|本月|这个?月|全校|我校|"
    r"还没有?|没有?|未|已经?|有|开展了?|组织了?|搞了?|上了?|发了?|写了?|编了?|收了?|建立了?|成立了?|制定了?|建成|下次|计划|预计|"
    r"一共|总共|共|应|实|也|都|本)+$"
)


def _run_on(clause: Clause, cues: tuple[Cue, ...], profiles: tuple[Profile, ...]) -> list[Clause]:
    """演练搞了学生420老师31三分钟撤完: behind a whole statement the name of another question begins the next."""
    if len(profiles) < 2 or len(clause.words) < 10:
        return [clause]
    found, start, owners = [], clause.start, frozenset[str]()
    for cue in (c for c in cues if clause.start <= c.start and c.end <= clause.end):
        mine = frozenset(p.key for p in profiles if cue.concepts & (p.nouns | p.named))
        if not mine:
            continue
        counted = any(p.key in mine and p.family == "count" for p in profiles)
        at = None if mine & owners else _turn(clause.words[start - clause.start : cue.start - clause.start], counted, not owners)
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


_CLOSED = Rule(r"[\d零一二三四五六七八九十百千万两半][个名位人台节份篇场次门间处项户册套元秒分]$|%$|[了过搞建设立成定]$")


def _ended(words: str, counted: bool) -> bool:
    """Something is told, and it does not end in an amount that counts what follows."""
    if len(words) < 3 or not _WHOLE.search(words) or _LEANS.search(words):
        return False
    return bool(_SHARE_TOLD.search(words)) or not (_COUNTS_ON.search(words) if counted else _MEASURED.search(words))


_SHARE_TOLD = Rule(r"(?:百分之[\d零一二三四五六七八九十百]+|%|成)$")
_MEASURED = Rule(r"[\d零一二三四五六七八九十百千万两多来][个名位人台节份篇场次门间处项户册套堂条]的?$")
_COUNTS_ON = Rule(r"[\d零一二三四五六七八九十百千万两多来][个名位人台节份篇场次门间处项户册套堂条]?的?$")
_LEANS = Rule(
    r"[、和与及为是在对按向从把由比用跟的]$|其中$|各$|每$"
)
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


def _cues(raw: str, profiles: tuple[Profile, ...]) -> tuple[Cue, ...]:
    found: dict[tuple[int, int], set[str]] = {}
    for name, pattern in lexicon.PATTERNS:
        for match in pattern.finditer(raw):
            found.setdefault(match.span(), set()).add(name)
    nouns = [(span, names & lexicon.NOUNS) for span, names in found.items()]
    for profile in profiles:
        for match in profile.own.finditer(raw) if profile.own else ():
            if not _narrowed(match.span(), nouns, profile):
                found.setdefault(match.span(), set()).add("=" + profile.key)
    for span, key in _pieces(raw, profiles):
        found.setdefault(span, set()).add("~" + key)
    return tuple(Cue(start, end, frozenset(names)) for (start, end), names in sorted(found.items()))


def _pieces(raw: str, profiles: tuple[Profile, ...]) -> list[tuple[tuple[int, int], str]]:
    """Runs of pairs that stand in the label of one question asked and in no other."""
    owners: dict[str, list[str]] = {}
    for profile in profiles:
        for pair in lexicon.pieces(profile.question.label, profile.question.unit):
            owners.setdefault(pair, []).append(profile.key)
    found: list[tuple[tuple[int, int], str]] = []
    for at in range(len(raw) - 1):
        keys = owners.get(raw[at : at + 2], ())
        if len(keys) != 1:
            continue
        if found and found[-1][1] == keys[0] and found[-1][0][1] > at:
            found[-1] = ((found[-1][0][0], at + 2), keys[0])
        else:
            found.append(((at, at + 2), keys[0]))
    return found


def _narrowed(span: tuple[int, int], nouns: list[tuple[tuple[int, int], set[str]]], profile: Profile) -> bool:
    """教师参训 inside 骨干教师参训 is another question's."""
    return any(
        start < span[0] < end and names and not names & profile.nouns and not names & profile.soft
        for (start, end), names in nouns
    )


def _whens(
    masked: str, profiles: tuple[Profile, ...], clauses: tuple[Clause, ...], cues: tuple[Cue, ...], today: date
) -> list[When]:
    """Days named; 11-20 and 11.20 are days only where a day is asked and nothing else can be meant."""
    asked = [p for p in profiles if p.family == "date"]
    found = dates.find(masked, today, weak=bool(asked))
    if not any(when.weak for when in found):
        return found
    only = len(profiles) == len(asked)
    shares = any(p.family in ("ratio", "percent") for p in profiles)
    return [w for w in found if not w.weak or only or _stands_as_day(masked, w, clauses, cues, asked, shares)]


_AROUND = Rule(
    r"(?:已经|已|练|搞|了|演练|开展|做|日期|时间|是|在|于|为|:|的|号|日|下午|上午|、|\ue000|[\ue101-\ue1ff])*+"
)


def _heads(masked: str, when: When, clauses: tuple[Clause, ...]) -> bool:
    """11.18防踩踏412人: a dotted day at the very head, before what was done then."""
    dotted = masked[when.start : when.end].count(".") == 1
    return (
        dotted
        and clauses[0].start == when.start
        and bool(re.match(r"[\u4e00-\u9fff]{2}", masked[when.end : when.end + 2]))
    )


def _stands_as_day(
    masked: str,
    when: When,
    clauses: tuple[Clause, ...],
    cues: tuple[Cue, ...],
    asked: list[Profile],
    ratio_asked: bool,
) -> bool:
    clause = next(c for c in clauses if when.start < c.end)
    rest = masked[clause.start : when.start].rpartition("、")[2] + masked[when.end : clause.end].partition("、")[0]
    if _AROUND.fullmatch(rest):
        return "/" not in masked[when.start : when.end] or bool(re.search(r"日期|时间", rest)) or clause.marker > 0
    before = masked[clause.start : when.start]
    if (
        when.start == clause.start
        and re.match(r"[搞开组举练进做]|的?演练", masked[when.end :])
        and "/" not in masked[when.start : when.end]
    ):
        return True
    if _heads(masked, when, clauses):
        return True
    shares = "/" in masked[when.start : when.end] and ratio_asked
    return bool(re.search(r"(?:日期|时间)[是为:在]?$", before)) or not shares and any(
        cue.end == when.start and cue.concepts & p.concepts for cue in cues for p in asked
    )
