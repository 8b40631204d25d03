"""What part an amount plays in its sentence: whole, part, done, left over, planned, of another period, a change."""

from __future__ import annotations

import re
from datetime import date

from domain.understanding import dates, negation, numerals
from domain.understanding.quantities import Quantity
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import (
    DONE_OWN,
    EXCEPT,
    EXCEPT_TAIL,
    NOT_DONE,
    OF_THE_NEXT,
    REMAIN_TAIL,
    Role,
    last,
    leading_on,
    share,
    words_follow,
)

_OTHER = Rule(
    r"暑假|寒假|第?[一二三四]季度|上一?期|去年|上年|前年|往年|上上?个?月(?!(?:[12]?\d|3[01])(?!\d))|上个?季度|上个?学期|上学年|(?<!线)上一?次(?!的?(?:\d+|"
    r"[一二三四五六七八九十]+)处)|上回|以前|(?<!加)(?<!加上)原来|原先|(?<!加)(?<!加上)原有|之前(?!报)|此前|历年|"
    r"下个?月|下个?学期|下季度|明年|后年|下次|今年(?:一共|总共|累计|"
    r"以来)|本学期累计|全年|截至去年"
)


_NOW = Rule(
    r"今年(?!一共|总共|累计|以来)|本年|本月|这个?月|当月|本次|这次|这回|本期|这期|现在|目前|如今|本学期(?!累计)|"
    r"这个?学期|本季度|实际|已|到了|更正|还是"
)
_CURRENT = Rule(rf"{_NOW.pattern}|(?<!打算)(?<!计划)(?<!预计)(?<!准备)(?<!争取)(?<![拟要])完成|花了")


_PLANNED = Rule(
    r"布置|安排了|下达|分配|应交|应收|(?<!培)原?(?<!培)计划|预计|预算|打算|准备|拟|目标|原定|原本|本来|预定|争取|将(?:要|有|会)|任务(?:[数量是为:]*$|[数是])|需要?|要求|规定|标准(?!化)|[达合][标格]线|红线|底线|定额|"
    r"指标数|应配|设计|可容纳|容纳|最多可|力争|(?<![接招看对期])待"
)


_SUBSET = Rule(
    r"其中|里面|包括|包含|含(?!量)|当中有|报修|已修|修好|(?:才|都|又|已经?)修了|在修|送修|评出|评选|选送|推荐|获|入选|采用|录用|处理了|转走|除外"
)


_A_RULE = Rule(r"(?:以?内)?(?:的|是|为)?(?:标准|规定|要求|目标|红线)(?:$|，)")


def _is_a_rule(scene: Scene, tail: str) -> bool:
    """2分钟标准, where no 标准 is asked for."""
    rule = _A_RULE.match(tail)
    return rule is not None and not any("标准" in p.question.label for p in scene.profiles)


_AFTERWARDS = Rule(
    r"(?:准备|计划|打算|要到?|放在|留到|等)?(?:下个?学期|下个?月|明年|下周|以后|月底|年底)(?:再|才|搞|开|装|做|补)"
)


_EACH = Rule(
    r"每(?:一)?(?:[个名位人周天日月间层节台篇场次班处年学]|星期|礼拜|学期|小时|学校|[一二三四五六日](?=$|"
    r"[上下]))*(?:级|班|楼)*[都各为是有配约开上写交编搞]*$|人均[为是约达]*(?:编写|编|写|完成)?$|"
    r"平均(?:每.{1,3})?[为是约]?$|各[有是坏开上写交报编讲]?了?$|生均$|班均$|人手$|单价[是为]?$|每(?:一)?[^，。;、\d应实到参共计]{1,8}$|[单双隔]周$|[周月日]均$|"
    r"(?:一|每)[台套间]$|单个$"
)


_SUM = Rule(
    r"(?:共有?|一共|总共|合计|总计|共计|累计|加起来|(?:加|合|算|凑|拢)(?:在|到)?一[起块]儿?|总人数|总数|合起来|全部加|总的|统共|拢共|"
    r"一起)(?:[^，。;、]{0,6})$|(?:^|[，。;、])总[^，。;、]{0,3}$|现在(?:有|是|共)?$|全年$"
)


_CHANGE = Rule(
    r"(?:又|再|另|新|多|少|漏|错(?=[报写填算]))(?:开设?|做|上|招|参加|建|装|增|添|通|搞|报|写|算|填|坏|加|修|建成|了|"
    r"出)+(?:了)?[^，。;、]{0,3}$|(?<!没有)(?<!没)(?<!未)(?:新增|增加|减少|增长|提高|下降|上升|降低|多出|少了|拆了|停了|拆除了?|报废了?|淘汰了?|转走了?|撤了|"
    r"多了|追加|(?:今年|本月|这个?月|这次|又|再)(?:加|增)了)(?:了|约)*[^到至为，。;]{0,2}$|比.{1,8}(?:多|少|高|低|增加|减少)(?:了)?$"
)


_NOT_CHANGE = Rule(r"(?:增加|提高|上升|提升|升|增|减少|下降)(?:到|至|为)了?$")


_SAID_BEFORE = Rule(
    r"(?:刚才?|刚刚|之前|前面|前头|上午|上次|先前|昨天|早上|原来|方才|前一条|上一条)[^，。;]{0,10}(?:报|填|写|"
    r"发|说|交|打)(?:的|成|(?=[\d零一二三四五六七八九十百千两]))(?!.*(?:改|更正|应该?[是为]|实际|其实))[^，。;]{0,12}$"
)


_DENIED_TAIL = Rule(
    r"(?:[^，。;]{0,4})?(?:都|也|都还|也还|还)(?:没|未|不|无|冇|莫得)|^(?:没有?|"
    r"未)(?:[搞开写坏装参到发编上建查收交报做弄学]|有|发现)"
)


_DENIED_LEAD = Rule(r"(?:没有?|无|未)(?:任何)?(?:[搞开写坏装参到发编上建组][织设加训成]?)?(?:有|过)?$")


_RATE = Rule(r"(?:/|每|一)(?:个?[人班]|节|堂|次|天|周|月|本|套|台|棵|份|场|位|名|张|平|米)(?=$|[，。;、)]|的价)")


_YEAR = Rule(r"(?<!\d)(20\d\d)年(?!级)")
_MONTH = Rule(
    r"(?<![\d年])(?P<month>\d{1,2}|十?[一二三四五六七八九十])月(?:份|的|(?=[搞练做没未已还就也开组演学上写编发收办讲查走共])|$)"
)


_RISEN_TO = Rule(r"[由从](?:去年|上年|上个?月|上个?学期|原来|以前)[^，。;]*(?:到|至|为)了?$")
"""由去年的70%提高到86%: where the way from then ends is now."""


def _scope(before: str, today: date, *, yearly: bool) -> int:
    """Where words of another period stand last, or -1 if words of this one stand behind them."""
    other, current = last(_OTHER, before), last(_NOW, before)
    if _RISEN_TO.search(before):
        return -1
    if yearly and other == before.rfind("全年"):
        other = -1
    for match in _YEAR.finditer(before):
        if int(match[1]) == today.year:
            current = max(current, match.start())
        else:
            other = max(other, match.start())
    for match in _MONTH.finditer(before):
        numeral = numerals.read(match["month"])
        if numeral is not None and numeral.value == today.month:
            current = max(current, match.start())
        else:
            other = max(other, match.start())
    return other if other > current else -1


def other_month(words: str, today: date) -> bool:
    """10月份搞过, said in November."""
    return bool(_MONTH.search(words)) and _scope(words, today, yearly=False) >= 0


def roles(scene: Scene, quantity: Quantity, *, ratio: bool = False, per_head: str = "") -> Role:
    """The part one amount plays. In a ratio 共 and 应 name the whole; elsewhere a sum."""
    if (rate := _RATE.match(scene.raw, quantity.end)) and not (per_head and re.search(per_head, rate.group())):
        return Role.EACH
    lead, tail = scene.lead(quantity), scene.tail(quantity)
    before = scene.raw[scene.clause_at(quantity.start).start : quantity.start]
    if ratio:
        before = _LAST_TIMES.sub("", before)
    if _one_denied(quantity, lead, tail):
        return Role.OTHER if re.search(r"伤|掉队|落下|缺|漏|差|少|事|问题", tail[:6]) else Role.DENIED
    if ratio and re.search(r"(?:还?剩下?|还?差)(?:的)?$", lead):
        return Role.REMAIN
    if not ratio and re.match(r"(?:正|还)?在?(?:筹[备建划]|酝酿|申请|准备)", tail):
        return Role.PLANNED
    if _AFTERWARDS.match(tail) or (not ratio and _is_a_rule(scene, tail)):
        return Role.PLANNED
    if _ahead(scene, quantity) or _last_weeks(scene, quantity):
        return Role.PLANNED
    role = _set_aside(scene, quantity, before, lead, per_head)
    if role is not None:
        return role
    if ratio:
        tail = negation.without_nobody_missing(tail)
        leads_on = leading_on(scene, quantity)
        lead = "" if words_follow(scene, scene.clause_at(quantity.start)) else lead
        own = OF_THE_NEXT.sub("", tail) if leads_on and not DONE_OWN.match(tail) else tail
        return share(lead, own, leads_on)
    role = _standing(lead, tail)
    if role is Role.VALUE and _picked_out(scene, quantity, lead, tail):
        return Role.SUBSET
    return Role.SUBSET if role is Role.VALUE and _goes_on(scene, quantity) else role


_LAST_TIMES = Rule(r"上一?次(?:检查|排查|自查|查)?(?:出|发现|到)?(?:来)?的?(?=[^，。;]*$)")


def _goes_on(scene: Scene, quantity: Quantity) -> bool:
    """其中一等奖10件二等奖20件: what is told of the parts goes on to the end of the clause, in the same unit."""
    start = scene.clause_at(quantity.start).start
    earlier = [q for q in scene.quantities if start <= q.start < quantity.start and q.unit == quantity.unit != ""]
    return (
        bool(earlier) and any(_SUBSET.search(scene.lead(q)) for q in earlier) and not _SUM.search(scene.lead(quantity))
    )


_PICKED = Rule(
    r"^(?:是|已|已经|被|还|都)*(?:获|被?评|入选|采用|录用|上了|登|发在|发到|刊|转发|转载|优秀|送[县市省教]|推荐|选送|报送|得奖|拿)"
)


def _picked_out(scene: Scene, quantity: Quantity, lead: str, tail: str) -> bool:
    """4篇,有一篇上了县融媒: of those told before."""
    if not _PICKED.match(tail) or lead.strip("，、") not in ("", "有", "还有", "另有"):
        return False
    earlier = [
        q for q in scene.quantities if q.start < quantity.start and q.unit == quantity.unit and q.value is not None
    ]
    return quantity.value is not None and any(q.value is not None and q.value >= quantity.value for q in earlier)


_LENGTHS = ("", "米", "厘米", "公里", "里")


_DIMENSION = Rule(r"(?<![站校班组队园处局科股所部成])[长宽高厚深](?:度|为|是|约)*$")


def said_before(scene: Scene, quantity: Quantity) -> bool:
    """刚发的是354: what an earlier message said."""
    return bool(_SAID_BEFORE.search(scene.raw[scene.clause_at(quantity.start).start : quantity.start]))


def _one_denied(quantity: Quantity, lead: str, tail: str) -> bool:
    """一台都没坏, 没有一个: none, not one."""
    if (
        quantity.numeral not in ("一", "1", "半")
        or (quantity.numeral == "1" and not quantity.unit)
        or re.search(r"(?:差|剩|缺|欠|还有|除|只|就|才|仅|(?<!没)有)[有了下]?$", lead)
    ):
        return False
    return bool(_DENIED_TAIL.match(tail)) or (quantity.numeral != "1" and bool(_DENIED_LEAD.search(lead)))


def _last_weeks(scene: Scene, quantity: Quantity) -> bool:
    """上周78%,这周82%: of a share the newer is meant."""
    week = r"(?:周|个?星期|个?礼拜)(?![一二三四五六日天])"
    lead, behind = scene.lead(quantity), scene.raw[quantity.end :]
    return quantity.sort == "percent" and bool(re.search("上" + week, lead) and re.search("[这本]" + week, behind))


def _ahead(scene: Scene, quantity: Quantity) -> bool:
    """还有两节排在下周, 下周五再上两节: a day to come in its own words, and nothing says that it is done."""
    clause = scene.clause_at(quantity.start)
    around = scene.lead(quantity) + scene.tail(quantity)
    return not _HAPPENED.search(around) and (
        bool(_TO_COME.search(around))
        or any(clause.start <= w.start < clause.end and dates.lies_ahead(w, scene.today) for w in scene.whens)
    )


_TO_COME = Rule(
    r"(?:排|安排|定|放|推|留|改|延)(?:在|到|至)了?(?:下|明|后|月底|年底|12|十二)|下周|下个?星期|下个?礼拜|明天|后天"
)


_HAPPENED = Rule(r"已|了(?!解)|完成|实际")


def _set_aside(scene: Scene, quantity: Quantity, before: str, lead: str, per_head: str) -> Role | None:
    """Amounts that are not the value asked for."""
    if _to_come(scene, quantity, before, lead):
        return Role.PLANNED
    yearly = any("年" in p.question.label for p in scene.profiles)
    if _SAID_BEFORE.search(before) or _scope(before, scene.month_meant, yearly=yearly) >= 0:
        return Role.OTHER
    if _THEIRS.match(before) and _OURS.search(scene.raw):
        return Role.OTHER
    planned = [m for m in _PLANNED.finditer(lead) if not any(m.group() in p.question.label for p in scene.profiles)]
    if (planned and planned[-1].start() > last(_CURRENT, lead)) or re.search(r"正在[^，。;、]{1,3}$", lead):
        return Role.PLANNED
    if (
        quantity.sort in ("money", "count")
        and re.search(r"申请了?$", lead)
        and _PENDING.search(scene.raw, quantity.end)
    ):
        return Role.PLANNED
    if _PUT_FORWARD.search(lead) and _IN_THE_END.search(scene.raw, quantity.end):
        return Role.PLANNED
    if _of_other_things(scene, quantity, lead):
        return Role.OTHER
    if not per_head and _AT_A_TIME.search(before):
        return Role.EACH
    if re.search(r"比[^，。;]{1,10}(?:多|少|高|低)了?$", before):
        return Role.CHANGE
    if _EACH.search(lead) and not (per_head and re.search(rf"(?:{per_head})[^，。;]{{0,6}}$", lead)):
        return Role.EACH
    return Role.CHANGE if _CHANGE.search(lead) and not _NOT_CHANGE.search(lead) else None


_PUT_FORWARD = Rule(r"(?:推荐|报名|申报|申请|上报|报)了?(?:有|是)?$")
_PENDING = Rule(r"(?:还|尚)?(?:没|未)(?:有)?[^，。;]{0,3}(?:下来|批|到账|到位|拨|答复)")
_IN_THE_END = Rule(
    r"[，。;](?:参加|实到|到场|参训|去了|来了)|[，。;但](?:但是)?(?:最后|最终|实际上?|结果|真正)(?:只|就|才|仅)?(?:去|来|到|参加|参训|成行|选上|批)"
)
"""推荐了3人,最后去了2人."""
_THEIRS = Rule(
    r"(?:中心校|中心小学|隔壁[^，。;:]{0,4}|邻校|兄弟学校|[别人其]他?[的家]?学校|[\u4e00-\u9fff]{1,3}(?:小学|中学|[小中]))(?:那边|他们)?(?=[是有收报写搞开装上])"
)
_OURS = Rule(r"我们|我校|本校|咱们|我园|俺们")
_AT_A_TIME = Rule(
    r"(?<!最后)(?<!最慢的)(?:每|一|(?<![前近后这头第\d])[两二三四半隔])个?(?:周|天|月|星期|学期|人|班|家|户|组|校|村)"
    r"(?:都|要|有|上|搞|开|来|出|交|写|派|去)*$"
)
_BESIDE_THE_POINT = Rule(
    r"(?:阅读|点击|浏览|播放|转发)(?:量|数)|节约|节省|结余|剩余|还欠|未付|招生|毕业(?!班)|遗留|结转|剩下的老|占地|校园面积|建筑面积|总面积|"
    r"(?:另有|另外(?:还)?有|此外(?:还)?有?)[^，。;、\d]+$"
)


def _to_come(scene: Scene, quantity: Quantity, before: str, lead: str) -> bool:
    """还有两节, said after something that is done."""
    if not re.search(r"还(?:有|要[上开搞])$", lead) or NOT_DONE.match(scene.tail(quantity)):
        return False
    return "已" in scene.raw[: scene.raw.find(before) + len(before)]


def _of_other_things(scene: Scene, quantity: Quantity, lead: str) -> bool:
    """A height, what was saved, those on the register, what came besides."""
    dimension = _DIMENSION.search(lead) if quantity.unit in _LENGTHS else None
    if dimension and not any(dimension[0][0] in p.question.label for p in scene.profiles):
        return True
    if quantity.sort == "duration" and re.search(r"(?:演练|活动)?(?:共|一共)?持续了?$", lead):
        return True
    if re.search(r"每(?:人每)?(?:年|学年)(?:要|需|应|不少于)?[^，。;\d]{0,3}$", lead) and not _yearly(scene):
        return True
    if re.search(r"在[册校籍编]|学籍|花名册", lead) and not _enrolment(scene):
        return True
    beside = _BESIDE_THE_POINT.search(lead)
    if beside is not None and beside[0] == "剩余" and quantity.sort == "count" and quantity.unit:
        return False
    return beside is not None and not any(beside[0][:2] in p.question.label for p in scene.profiles)


def _yearly(scene: Scene) -> bool:
    return any("年" in p.question.label for p in scene.profiles)


def _enrolment(scene: Scene) -> bool:
    """Where the enrolled are asked for, or all of them did it, the number enrolled is the value."""
    return any(
        p.family in ("ratio", "percent") or re.search(r"在[册校籍]|总数|现有", p.question.label) for p in scene.profiles
    ) or (negation.everything(scene.raw))


_SHOULD = Rule(r"(?<![反响适])应该?(?:参加|参训|受训|参演|参|训|到|出席|来|去)[^，。;、\d没未已实]{0,3}$")


_DONE_OF = Rule(r"^(?:里面?|里头|当中|之中|中)(?:已经?|只|目前)*(?:搞|开|完成|开展|参加|去|来|装|做|弄|落实|启动)了?$")
"""6项里面搞了4项."""


def _standing(lead: str, tail: str) -> Role:
    if _SHOULD.search(lead):
        return Role.PLANNED
    if _SUM.search(lead):
        return Role.SUM
    if _DONE_OF.match(lead) or (_SUBSET.search(lead) and re.search(r"本月|这个?月|本次|这次", lead)):
        return Role.VALUE
    if _SUBSET.search(lead) or re.match(r"(?:已|在|送)(?:报?修|修好)", tail):
        return Role.SUBSET
    if re.search(r"(?:现在|目前)(?:就|只)?剩$", lead):
        return Role.VALUE
    if (
        (EXCEPT.search(lead) and EXCEPT_TAIL.match(tail))
        or REMAIN_TAIL.match(tail)
        or re.search(
            r"(?:没有?|未)(?!包括|含|算|有?增|有?变|有?减|有?新)[^，。;、\d]{1,4}(?:的)?$|(?:还?差|还?剩|只剩|就剩|请假|缺席|缺勤|缺|(?<![扫消解清拆排铲免])除了?)了?$",
            lead,
        )
    ):
        return Role.REMAIN
    return Role.VALUE
