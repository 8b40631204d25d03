"""A slip put right: inside one message (520,哦不对,530) or of an earlier one (刚才报错了,是32个)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.understanding.rule import Rule

_INSIDE = Rule(
    r"哦?不对(?!称|口)|[哦噢喔啊呃嗯哎额诶][，、]?不(?:是)?(?=[，、\d一二三四五六七八九十两]|是|应)|哦不是?|等一?[等下]，|(?<=[，。、;])不是?(?=[，、])|(?:说|写|打|报|填|搞|弄)(?:错|反|漏)了?|口误|"
    r"更正|纠正|错了|有误|应该?(?:是|为)|(?<!整)改(?:成|为|到)|抱歉|笔误|sorry|呸"
)
_EARLIER = Rule(
    r"^[^\d，。;]{0,12}(?<!整)改[:：]?(?=\d)|"
    r"原(?:先|来)?(?:填报?|上?报)[^，。;]{0,10}(?:有误|错|不对|不准)|"
    r"(?:报|填|写|说|录|点|选|记|打|登|传|讲|整|搞|弄|算|统计|看)(?:错|反|岔|差|颠倒|混|串|花眼|漏|高了|低了|大了|小了)了?|(?:报|填|写|说|录|点|选|记|打|登)成|"
    r"把[^，。;]{1,6}(?:写|填|报|录|打)(?:上去|进去|上)了|请改|正确的?(?:是|为)|更正[成为]|应[是为](?=\d)|前面说|少[录记填]了|"
    r"(?:刚才|刚刚|之前|前面|前头|上午|上次|上回|昨天|早上|先前|方才|我)[^，。;]{0,8}(?:报|填|写|说|发|弄|搞|"
    r"交)[^，。;]{0,12}(?:错|不对|有误|反了|少了|多了|漏了|少写|多写|重新|改(?:成|为|一下))"
    r"|(?:刚才|刚刚|之前|前面|上午|上次|昨天|早上)(?:那个|的|报的|填的)[^，。;]{0,8}(?:错|不对|有误|改(?:成|为|一下))"
    r"|(?:刚才|刚刚|之前|前面|上午|上次|昨天|早上)我?(?:说|报|填)[^，。;]{1,8}，(?:其实|实际|应该)"
    r"|更正|更改|(?:报|填|写|搞|弄|说|打|录|输)(?:错|反|少|多)了?|改(?:成|为)(?!\d*班)|改一下|改下|修改(?=$|[，。为成一下])|纠正|"
    r"^(?:不对|错[了啦]|不是的)|(?:数|数据|人数|日期|类型|金额)(?:不对|错了?|有误|弄错|搞错)|(?:少|多|漏)(?:写|报|"
    r"填|打|算)了|(?:时间|日期|人数|数据|数字|数)(?:改|调整)(?:到|在|成|为)|重新报|重报|以这个为准|以此为准|"
    r"作废|前面多写|前面少写"
)
_REVOKED = Rule(r"(?:不是|并非|而非|不到|不再是)(?:说)?$")
_CHANGE_ONLY = Rule(r"(?:多|少|漏|错)(?:报|写|填|算|录|统计)了?$")


def markers(raw: str) -> list[tuple[int, int]]:
    return [match.span() for match in _INSIDE.finditer(raw)]


def speaks_of_earlier(raw: str) -> bool:
    return bool(_EARLIER.search(raw))


def revoked(lead: str) -> bool:
    """不是30个 (, 是32个)."""
    return bool(_REVOKED.search(lead))


def changes_only(lead: str) -> bool:
    """少写了一个: by how much an earlier figure was wrong."""
    return bool(_CHANGE_ONLY.search(lead))


def kept_from(raw: str, starts: list[int]) -> int:
    """Where the last word begins: amounts before it were taken back, if others stand behind it."""
    for start, end in reversed(markers(raw)):
        if any(at < start for at in starts) and any(at >= end for at in starts):
            return end
    return 0


def within(raw: str, starts: list[int]) -> bool:
    """Whether this message itself says the first value it takes back (then it is an answer, not a correction)."""
    cut = kept_from(raw, starts)
    if not cut:
        return False
    if re.match(
        r"更正|更改|.{0,8}由[^，。;]{1,8}改|[^，。;]{0,8}[\d一二三四五六七八九十百千两][个人名篇份节次台处间门项场位件%]{0,2}(?:要|得)?改[成为]",
        raw,
    ):
        return False
    changed = _CHANGED_TO.search(raw)
    if changed and not any(at < changed.start() for at in starts):
        return False
    return not _REFERS.search(raw[:cut])


_CHANGED_TO = Rule(r"(?<!整)改[成为]|更正[成为]")


Spot = tuple[int, int, str]
"""Start, end and kind of an amount or a day."""

_SLIP = Rule(
    r"(?:^|(?<=[，。;、!]))(?:[哦噢喔啊呃嗯哎额诶唉]+(?!了|对了)|不+对|不+(?=[，、])|不是|等一?[等下]|不好意思|抱歉|sorry|更正|纠正|呸|"
    r"口误|笔误|更?准确|(?:我|刚才?)?(?:说|写|打|报|填|搞|弄|看|记|数|念)?(?:错|反|漏|岔|差)了?(?=[，。;、!]))"
    r"|(?<=[\u4e00-\u9fff\d%])[哦噢喔啊呃嗯]*(?:不对|说错了|错了)+(?=[\d一二三四五六七八九十两])|(?<=吧)不是(?=是?[\d一二三四五六七八九十两])"
    r"|(?<=[\u4e00-\u9fff\d%])不+对(?=[，。;、!]|是|应)|(?<=[\d%人名个次场篇份台节])(?:错了|不是)(?=[，、])"
)
_SMALL = (
    r"不好意思|[，。、:!哦噢喔啊呃嗯哎额诶唉\ue000]|不+对?|错了|(?:说|写|打|报|填|搞|弄|看|记|念)错了?|"
    r"更?准确(?:地|来)?说?|应该?|是|为|就|吧|了|实际上?|其实|现在|这|那个?|更正|一下|大?概|共|sorry|抱歉"
)
_ONLY_SMALL = Rule(f"(?:{_SMALL})*+")
_SENTENCE = Rule(r"[;\n]")
_PART = Rule(r"[，。;!\n]")


def taken_back(raw: str, spots: Sequence[Spot]) -> list[tuple[int, int]]:
    """What the message itself takes back: 520 and ，哦不对， of 520，哦不对，530; 520 of 520改成530; 县级 of 填成县级.

    A blank in its place leaves a sentence that says the last word only.
    """
    spans = [match.span(match.lastgroup or 0) for match in _REPORTED_AS.finditer(raw)]
    spans += [spot[:2] for spot in spots if _TO_ANOTHER.match(raw, spot[1])]
    slips = [m for m in _SLIP.finditer(raw) if not _REFERS.search(raw[: m.start()])]
    return spans + [span for slip in slips for span in _slipped(raw, spots, slip.start())]


_REPORTED_AS = Rule(
    r"(?:报|填|写|说|录|点|选|记|打|登|传|发|(?<![折换])算|统计|看)成了?(?![^，。;]*[吗?])(?P<said>[^，。;!]{1,10}?)(?=了?[，。;!]|$)|"
    r"(?:刚才|刚刚|之前|前面|上午|上次|昨天|早上)我?(?:说|报|填)的?(?:是)?(?P<prior>[^，。;!\d]{1,8})(?=，(?:其实|实际|应该))|"
    r"把(?P<put>[^，。;]{1,6})(?:写|填|报|录|打)(?:上去|进去|上)了"
)


def reports_as(words: str) -> bool:
    """我点成有了: what was said before and is taken back."""
    return bool(re.search(r"(?:报|填|写|说|录|点|选|记|打|登)成", words))


_TO_ANOTHER = Rule(r"[^，。;\d]{0,3}?(?:要|得)?(?:(?<!整)改|更正|调整|换|变更)(?:成|为|到)")
_REFERS = Rule(
    r"(?:刚才|刚刚|之前|前面|前头|上午|上次|昨天|早上|先前|方才)[^，。;]{0,10}(?:报|填|写|说|那|的|讲)|报错|填错|报的|填的|报多|报少"
)


def _slipped(raw: str, spots: Sequence[Spot], at: int) -> list[tuple[int, int]]:
    """The amount before a slip of the tongue, and everything from the slip to the amount that replaces it."""
    before, after = [s for s in spots if s[1] <= at], [s for s in spots if s[0] > at]
    for new in after:
        old = next((s for s in reversed(before) if _alike(s[2], new[2])), None)
        if old is None or _SENTENCE.search(raw[old[1] : new[0]]) or raw[slice(*old[:2])] == raw[slice(*new[:2])]:
            continue
        if (start := _replacing(raw, at, old, new)) is not None:
            return [old[:2], *(s[:2] for s in after if s[0] < new[0]), (len(raw[:at].rstrip("，。、!")), start)]
    return []


def _alike(one: str, other: str) -> bool:
    """Two counts of one measure, or one of them without any."""
    (sort, unit), (sort_, unit_) = one.partition(" ")[::2], other.partition(" ")[::2]
    return sort == sort_ and (unit == unit_ or not unit or not unit_)


def _replacing(raw: str, at: int, old: Spot, new: Spot) -> int | None:
    """Where the words begin that go with the new amount, if they are those of the old one or none."""
    start = max([at, *(m.end() for m in _PART.finditer(raw, at, new[0]))])
    small = _ONLY_SMALL.match(raw, start, new[0])
    start = small.end() if small else start
    lead, tail = raw[start : new[0]], _behind(raw, new[1])
    before = raw[: old[0]].rstrip("是为共:")
    same_lead = not lead.rstrip("是为共:") or before.endswith(lead.rstrip("是为共:"))
    same_tail = not tail or not _behind(raw, old[1]) or tail[:2] == _behind(raw, old[1])[:2]
    return start if same_lead and same_tail else None


def _behind(raw: str, at: int) -> str:
    """The words behind an amount, up to the next comma."""
    words = re.split(r"[，。;!、\n]", raw[at : at + 12])[0]
    small = _ONLY_SMALL.match(words)
    return words[small.end() :] if small else words


def sets_right(raw: str) -> bool:
    """Beside a value said before: 应该是, 实际, 不好意思 put it right (这次 only tells the next)."""
    return bool(re.search(r"应|实际|其实|不好意思|抱歉|更正|改", raw))
