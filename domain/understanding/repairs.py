"""A slip put right: inside one message (520,哦不对,530) or of an earlier one (刚才报错了,是32个)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from domain.understanding.rule import Rule

_INSIDE = Rule(
    r"哦?不对(?!称|口)|[哦噢喔啊呃嗯哎额诶][，、]?不(?:是)?(?=[，、\d一二三四五六七八九十两]|是|应)|哦不是?|等[等下]，|(?<=[，。、;])不是?(?=[，、])|(?:说|写|打|报|填|搞|弄)(?:错|反|漏)了?|口误|"
    r"更正|纠正|错了|有误|应该?(?:是|为)|(?<!整)改(?:成|为|到)|抱歉|笔误|sorry|呸"
)
_EARLIER = Rule(
    r"(?:刚才|刚刚|之前|前面|前头|上午|上次|上回|昨天|早上|先前|方才|我)[^，。;]{0,8}(?:报|填|写|说|发|弄|搞|"
    r"交)[^，。;]{0,12}(?:错|不对|有误|反了|少了|多了|漏了|少写|多写|重新|改(?:成|为|一下))"
    r"|(?:刚才|刚刚|之前|前面|上午|上次|昨天|早上)(?:那个|的|报的|填的)[^，。;]{0,8}(?:错|不对|有误|改(?:成|为|一下))"
    r"|更正|更改|(?:报|填|写|搞|弄|说|打|录|输)(?:错|反|少|多)了?|改(?:成|为)(?!\d*班)|改一下|改下|修改(?=$|[，。为成一下])|纠正|"
    r"^(?:不对|错了|不是的)|(?:数|数据|人数|日期|类型|金额)(?:不对|错了?|有误|弄错|搞错)|(?:少|多|漏)(?:写|报|"
    r"填|打|算)了|(?:时间|日期|人数|数据|数字|数)(?:改|调整)(?:到|在|成|为)|重新报|重报|以这个为准|以此为准|"
    r"作废|前面多写|前面少写"
)
_REVOKED = Rule(r"(?:不是|并非|而非|不到|不再是)(?:说)?$")
_CHANGE_ONLY = Rule(r"(?:多|少|漏|错)(?:报|写|填|算|录|统计)了?")


def markers(raw: str) -> list[tuple[int, int]]:
    return [match.span() for match in _INSIDE.finditer(raw)]


def speaks_of_earlier(raw: str) -> bool:
    return bool(_EARLIER.search(raw))


def revoked(lead: str) -> bool:
    """不是30个 (, 是32个)."""
    return bool(_REVOKED.search(lead))


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
    before = raw[:cut]
    return not re.search(
        r"(?:刚才|刚刚|之前|前面|上午|上次|昨天|早上|先前)[^，。;]{0,10}(?:报|填|写|说|那|的)|报错|填错|报的|"
        r"填的|报多|报少",
        before,
    )


_SLIP = Rule(
    r"(?:[，、。;!]*(?:[哦噢喔啊呃嗯哎额诶唉]|不对|不是|错了|(?:说|写|打|报|填|搞|弄|看|记)(?:错|反)了?|口误|笔误|更正(?:一下)?|"
    r"纠正(?:一下)?|等[等下]|一下|sorry|抱歉|不好意思|呸|应该?[是为]|实际[上是]?|其实))+[，、:!。]*(?:是|有|为)?"
)
_STRONG = Rule(r"不对|不是|错|反了|误|更正|纠正|等[等下]|sorry|抱歉|不好意思|呸")


def taken_back(raw: str, amounts: Sequence[tuple[int, int, str]]) -> list[tuple[int, int]]:
    """Where a slip stands that the same message takes back: 520, and ，哦不对， behind it, in 520人，哦不对，530人.

    `amounts` are start, end and kind of each amount and day. Earlier messages are put right elsewhere.
    """
    if not _STRONG.search(raw) or not within(raw, [start for start, _, _ in amounts]):
        return []
    spans = []
    for first, second in pairwise(amounts):
        match = _SLIP_BEFORE.search(raw[first[1] : second[0]]) if first[2] == second[2] else None
        if match and _STRONG.search(match["slip"]):
            spans += [first[:2], (first[1] + match.start("slip"), second[0])]
    return spans


_SLIP_BEFORE = Rule(rf"^[^，。;!]{{0,8}}?(?P<slip>{_SLIP.pattern})$")


def sets_right(raw: str) -> bool:
    """Beside a value said before: 应该是, 实际, 不好意思 put it right (这次 only tells the next)."""
    return bool(re.search(r"应|实际|其实|不好意思|抱歉|更正|改", raw))
