"""Free text: the words after its cue, or what is left over once everything else is understood."""

from __future__ import annotations

import re

from domain.understanding.clauses import Clause
from domain.understanding.outcome import Outcome, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.result import Why
from domain.understanding.rule import Rule
from domain.understanding.same import says_same
from domain.understanding.scene import Scene

_LEAD_IN = Rule(r"^(?:是|为|有|:|的|就是|主要是|在于|我们|做的|叫做?|改为|改成|应为|\"|\ue000|、|\s)+")
_HEADINGS = frozenset({"theme", "name", "problem", "bright"})
_PROBLEM = Rule(
    r"没|无|不|问题|困难|缺|慢|窄|少|难|乱|堵|拥|差|旧|老化|偏|弱|小|晚|打闹|说笑|滞后|不足|个别|欠|短|紧|大班额|低"
)
_VALUE_LESS = Rule(r"^(?:好的?|收到|谢谢.*|辛苦.*|报告完毕|以上|领导好?|您好|你好|是|否|有|没有|搞了|已开展|对|嗯)$")


def read(scene: Scene, profile: Profile, used: list[tuple[int, int]]) -> Outcome:
    if says_same(scene.raw.strip("，。 ")) and len(scene.raw) <= 10:
        return None if profile.question.previous is not None else doubt(scene, profile, Why.NOT_UNDERSTOOD)
    if scene.alone is profile and len([p for p in scene.profiles if p.family != "text"]) == 0:
        return _whole(scene, profile)
    cued = _behind_cue(scene, profile)
    if cued is not None:
        return cued
    if scene.alone is profile and scene.focus == profile.key and not used:
        return _whole(scene, profile)
    return _left_over(scene, profile, used)


_NO_WORDS = Rule(
    r"(?:这个?|我|还|也|暂时|一时|一下子|真|具体)*(?:说不(?:上来|清楚?|好|准)|不(?:太|大|是很)?(?:知道|清楚|好说|晓得|了解)|"
    r"没(?:想好|了解|总结)|想不(?:出来|起来))[吧啊了呢]*"
)


def _whole(scene: Scene, profile: Profile) -> Outcome:
    bare = scene.raw.strip("，。!?~、. \n")
    if not bare:
        return None
    if _NO_WORDS.fullmatch(bare):
        return doubt(scene, profile, Why.PUT_OFF)
    return reading(scene, profile, scene.normal.original.strip(), (0, len(scene.raw)), "the words")


_THEME = Rule(
    r"以[\"《](?P<a>[^\"》]{2,40})[\"》]为(?:主题|题)|(?:讲|学|谈|说|讨论)的(?:内容|主题)?(?:就?是)(?P<b>[^，。;]{3,40})|围绕(?P<c>[^，。;]{3,40}?)(?:开展|进行|展开|$|[，。;])"
)
_PROJECT = Rule(r"(?:搞|做|弄|办|整|主打|打造)的(?:就?是)(?P<a>[^，。;]{2,30})|主打(?P<b>[^，。;]{2,30})")


def _told_as(scene: Scene, profile: Profile) -> Outcome:
    """以“教育观念大讨论”为主题, 讲的是防欺凌; 我们搞的是竹竿舞."""
    form = _THEME if "theme" in profile.topics else _PROJECT if "name" in profile.topics else None
    match = form.search(scene.raw) if form else None
    if match is None or match.lastgroup is None:
        return None
    span = match.span(match.lastgroup)
    return reading(scene, profile, scene.words(*span), span, "the words of its form")


def _behind_cue(scene: Scene, profile: Profile) -> Outcome:
    if (told := _told_as(scene, profile)) is not None:
        return told
    headed, named = profile.topics & _HEADINGS, frozenset(("=" + profile.key,))
    plain = [clause for clause in scene.clauses if not _counts(scene, clause)]
    for clause, own in [(c, headed | named) for c in plain] + [(c, headed) for c in scene.clauses if c not in plain]:
        cues = [c for c in scene.cues_in(clause) if c.concepts & own and _is_label(scene, clause, c.start, c.end)]
        if cues:
            start = cues[-1].end
            start += len(m.group()) if (m := _LEAD_IN.match(scene.raw[start:])) else 0
            end = _until_next_answer(scene, clause, profile)
            words = _unquoted(scene.words(start, end).strip("，。；;,. "))
            if len(words) >= 2 or (words and clause.words.strip().endswith("无")):
                return reading(scene, profile, words, (start, end), "the words after its name")
    return None


def _unquoted(words: str) -> str:
    """Quotation marks around the whole go, those inside stay."""
    whole = len(words) > 2 and words[0] in '“"' and words[-1] in '”"' and words.count("“") <= 1
    return words[1:-1] if whole else words.removeprefix("“") if words.count("“") > words.count("”") else words


def _is_label(scene: Scene, clause: Clause, start: int, end: int) -> bool:
    """困难是…, 主题：…: the cue stands as a heading, not inside 没什么困难."""
    behind = scene.raw[end : end + 4]
    return bool(re.match(r"是|为|:|有|叫|在于|就是|改|主要|方面|\"|《", behind)) or (
        start - clause.start <= 2 and end < clause.end and not re.match(r"不|没|太|较|很|有点|多", behind)
    )


def _until_next_answer(scene: Scene, clause: Clause, profile: Profile) -> int:
    """A text runs on over commas until a clause that answers another question."""
    end = clause.end
    for later in scene.clauses:
        if later.start < end or later.marker != clause.marker:
            continue
        if any(scene.about(later, p) for p in scene.profiles if p is not profile) or _counts(scene, later):
            break
        end = later.end
    return end


def _counts(scene: Scene, clause: Clause) -> bool:
    return any(clause.start <= q.start < clause.end for q in scene.quantities)


def _left_over(scene: Scene, profile: Profile, used: list[tuple[int, int]]) -> Outcome:
    texts = [p for p in scene.profiles if p.family == "text"]
    free = [
        c
        for c in scene.clauses
        if not any(s < c.end and c.start < e for s, e in used) and _says_something(scene, c, profile)
    ]
    if not free or len(texts) != 1:
        return None
    start, end = free[0].start, free[-1].end
    if any(start < u[0] < end for u in used):
        end = free[0].end
    words = scene.words(start, end).strip("，。；;,. ")
    return reading(scene, profile, words, (start, end), "the words left over")


def _says_something(scene: Scene, clause: Clause, profile: Profile) -> bool:
    words = clause.words.strip("、. \ue000")
    if len(words) < 4 or _VALUE_LESS.match(words) or _counts(scene, clause):
        return False
    if "problem" in profile.topics:
        return bool(_PROBLEM.search(words))
    return bool(scene.about(clause, profile)) or bool(re.search(r"《.+》|\".+\"", words))
