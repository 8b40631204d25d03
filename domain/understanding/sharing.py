"""The parts amounts play in so many of so many: done, whole, left over."""

from __future__ import annotations

import re
from enum import Enum, auto

from domain.understanding.clauses import Clause
from domain.understanding.quantities import Quantity
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene


class Role(Enum):
    VALUE = auto()
    SUM = auto()
    TOTAL = auto()
    DONE = auto()
    REMAIN = auto()
    SUBSET = auto()
    EACH = auto()
    CHANGE = auto()
    PLANNED = auto()
    OTHER = auto()
    DENIED = auto()
    REVOKED = auto()


REMAIN_TAIL = Rule(
    r"^(?:的)?(?:学生|老师|教师|教职工|毕业班|班级?|隐患|人)?(?:因[病事产公伤故]|生病|临时)?(?:因?[病事产公]?(?:假|出)|请|缺|未|没(?!错|问题|变)|还没|尚未|"
    r"不合格|不达标|在改|就(?:全|都)?(?:齐|完|满|装[完好齐])|正在|还在|在?等|在[走办弄修补学训]|待|限期|限时|不在|外出|在外|在家|出差|住院|休|列入|纳入|计划)|^[^，。;]{0,8}(?:没有?|未)(?:来|到|参|装|通|改|整|建|完|合|"
    r"推|搞|有装)"
)


_NOT_DONE_LEAD = Rule(
    r"(?<!有)(?:没有?|未|尚未|待)(?!包括|含|算|有?增|有?变|发现)[\u4e00-\u9fff][^，。;、\d(共总]{0,2}的?$"
)


NOT_DONE = Rule(r"^[^，。;\d]{0,6}(?:没有?|未|尚未)(?!有|问题|发现|事|错|变)[\u4e00-\u9fff]")


_REMAIN_LEAD = Rule(
    r"(?:还?差|还?剩余?|余下|缺席?|缺勤|请假|在建|在装|未建|只剩|就剩|(?<![扫消解清拆排铲免])除|除了|除去|除开|欠|剩下|(?:限期|限时|正在|还在|有待|待|"
    r"尚待|准备|计划)(?:整改|改|安装|装)|(?:没|未|没有)[^，。;、]{1,4}的|没装|未装|没到|没来|没参加|"
    r"未参加|未参训|未到|请假|还有|(?:没|未)[^，。;、\d]{1,4}的(?:只|就|仅)|坏了?|损坏|过期|失效|未整改|没整改|不合格|未通|没通)(?:的)?(?:有|了|是)?(?:老师|教师|班|[一二三四五六七八九初高]{0,6}年?级(?:的|那)?)?$|"
    r"(?<![扫消解清拆排铲免])除(?:了|开|去)?[^，。;\d外]{0,8}(?:[那这]|[病事产公婚丧]假|出差|住院|生病)(?:的|有)?$"
)


EXCEPT = Rule(r"(?<![扫消解清拆排铲免])除(?!了?以?外)[^，。;\d外]{0,8}$")


EXCEPT_TAIL = Rule(r"^[^，。;\d]{0,6}?(?:以外|之外|外(?![出地来聘面])|其[余他它]|都|均|全)")


_DONE_LEAD = Rule(
    r"已(?!有)|装好|装了|安装|装上|建成|建好|建了|通了|开通|完成|整改|改了|改好|改完|实到|实训|实培|实参|实际|"
    r"到了|来了|去了|参训|参加|参与|其中|解决|消除|排除|清除|推行|落实|处理|合格|到会|到场|装有|(?<![共总现])有$|受训|"
    r"出席|用上|覆盖|(?<![没未流交沟畅班])通$|"
    r"到位|销号|搞了|做了|达标|闭环|销账|清零|结案|治理|已建|培训了|完工|竣工|[做弄搞办修换配][好完]|只有?$|达到?$|能正常|(?<![没未有])[装建通过用][^，。;、\d没未不]{0,4}的$"
)


_TOTAL_LEAD = Rule(
    r"共|总|全校|全体|应到|应训|应参|应(?=$)|应该?(?:参|到|有)|现有|排查|查出|发现|查找|查了|查到|查|摸排|在册|"
    r"在编|全县|在岗|专任|本校有|我校有|学校有|一起|辖|占|名册|抽查|检查|班额|设有|原有"
)


_DONE_TAIL = Rule(
    r"^(?:的)?(?:班级?|教学班|老师|教师|教职工|学生|隐患|问题|人|个班)?(?:都|全部?)?(?:(?:已经?|均已)(?![没未不])[\u4e00-\u9fff]|"
    r"(?![没未不坏除少缺差停走])[\u4e00-\u9fff]{1,2}了[^，。;\d没未]{0,6}$)|"
    r"^(?:的)?(?:班级?|教学班|老师|教师|教职工|学生|隐患|问题|人|个班)?(?:都|全|全部|已|已经|均|"
    r"是)*(?:有(?![没\d一二两三四五六七八九十])|装|通|建|整改|改|参加|参训|到|去|来|完成|推行|合格|参与|用上|"
    r"消除|解决|处理|销号|搞|做|落实|受训|出席|达标|覆盖|开通|满意|通过|过关|知晓)|"
    r"^(?:[装建改通弄搞做]|安装|整改|完成)[好完上]?了(?=还|就|只|差|剩)"
)


OF_THE_NEXT = Rule(r"(?:请[^，。;]?假|缺[席勤]?|未到|没到|没来|还?差|还?剩|欠|[没未][^，。;]{1,4}的)(?:的|有|是|了)*$")


_OWN_WORD = Rule(r"(?:应|实际?|已|参)[到参训加培出][加训席到]?")


_OWN_BEFORE = Rule(rf"(?:{_OWN_WORD.pattern}|[装建改通])[了的]?$")


_DONE_ALONE = Rule(r"(?:已经?|都)?(?:完成|合格|参加|到[场会]|来了|去了|通过|达标)")
"""50人完成3人在学."""


def words_follow(scene: Scene, clause: Clause) -> bool:
    """41人应训39人参训: each amount, from the clause's start, has its own word behind it."""
    amounts = [q for q in scene.quantities if clause.start <= q.start < clause.end]
    if not 2 <= len(amounts) <= 6 or _OWN_BEFORE.search(scene.lead(amounts[0])):
        return False
    tails = [scene.tail(q).strip("，、 ") for q in amounts]
    if (
        len(tails) == 2
        and re.fullmatch(r"[没未][\u4e00-\u9fff]{1,2}[的了]?", tails[1])
        and tails[0][:1] == tails[1][1:2]
    ):
        return True
    if len(tails) == 2 and _DONE_ALONE.fullmatch(tails[0]) and REMAIN_TAIL.match(tails[1]):
        return True
    return all(_OWN_WORD.fullmatch(tail) for tail in tails)


def leading_on(scene: Scene, quantity: Quantity) -> bool:
    """36个班已装30个: the words between two amounts belong to the second; in 41人应训39人参训 to the first."""
    clause, tail = scene.clause_at(quantity.start), scene.tail(quantity)
    if words_follow(scene, clause):
        return False
    return quantity.end + len(tail) < clause.end and not re.search(r"[、(]", tail)


_NO_GOOD = Rule(r"[^，。;\d]{0,3}(?:不[亮能通合达行响]|坏|损|失效|过期|故障)")


_THE_REST = Rule(r"(?:其[余它他]|剩余|余下|剩下)的?(?:有|还有)?$")
_NOT_YET = Rule(r"列入|纳入|计划|安排|正在|待|限期|没|未|预计|争取|持续|推进中|[改装建办]中")


def share(lead: str, tail: str, leads_on: bool) -> Role:
    if _THE_REST.search(lead) and (_NOT_YET.search(tail) or not _DONE_TAIL.match(tail)):
        return Role.REMAIN
    if (
        (EXCEPT.search(lead) and (EXCEPT_TAIL.match(tail) or not tail.strip("，、 ")))
        or _REMAIN_LEAD.search(lead)
        or REMAIN_TAIL.match(tail)
    ):
        return Role.REMAIN
    if (not leads_on and (NOT_DONE.match(tail) or _NO_GOOD.match(tail))) or _NOT_DONE_LEAD.search(lead):
        return Role.REMAIN
    if re.search(r"应(?:为|该是|是|更正)$", lead):
        return Role.VALUE
    if re.match(r"(?:老师|教师|学生|班级?)?(?:里面?|里头|当中|之中|中)(?!心|午)", tail):
        return Role.TOTAL
    if re.search(
        r"应该?(?:参加|参训|受训|参|训|到|培|出席|来|去)|(?<![反响适])应(?!该|急|用|为|是|更|改|当)[^，。;、\d没未已实]{0,4}$",
        lead,
    ):
        return Role.TOTAL
    stated = None if leads_on else re.match(r"(?P<due>应|实)[到参训培](?:[加训])?$", tail)
    if stated:
        return Role.TOTAL if stated["due"] == "应" else Role.DONE
    done, total = last(_DONE_LEAD, lead), last(_TOTAL_LEAD, lead)
    if done < 0 and total < 0:
        own = not leads_on or bool(DONE_OWN.match(tail))
        return Role.DONE if _DONE_TAIL.match(tail) and own else Role.VALUE
    if total > done and _DONE_TAIL.match(tail) and not re.match(r"^[^，。;]{0,3}(?:都|全|均|已全)", tail):
        return Role.TOTAL
    return Role.DONE if done > total else Role.TOTAL


DONE_OWN = Rule(r"^(?:都|全|全部|已经?)*(?:[装建改通弄搞做]|安装|整改|完成)[好完上]?了(?=还|就|只|差|剩)")


def last(pattern: Rule, words: str) -> int:
    at = -1
    for match in pattern.finditer(words):
        at = match.start()
    return at
