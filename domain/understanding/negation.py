"""Yes and no in Chinese: 没/未/无 in all their forms, what only looks like them, and not knowing, planning, doing."""

from __future__ import annotations

from enum import Enum

from domain.understanding.rule import Rule


class Polarity(Enum):
    YES = "yes"
    NO = "no"
    ALL = "all"
    PLAN = "plan"
    PROGRESS = "progress"
    UNKNOWN = "unknown"
    PARTLY = "partly"
    NEITHER = "neither"


_UNKNOWN = Rule(
    r"(?:没有?|未|还没有?|不曾)(?:人|开始|具体|专门|认真|详细|仔细|细|准确|做过?|进行|来得及|去)?(?:统计|计(?![划算])|细数|"
    r"数(?!据)|测|量|算|问|记(?!录在)|掐|计时|清点|核实|汇总|查(?!出|到|找)|了解|登记|看|评估|弄清|搞清|摸清|"
    r"听说|点(?:人数|数|清|过)|留意|注意|关注|过问|确定|定下?(?!期|方案|制度|计划)|出来数|报齐|收齐|核)"
    r"|(?:没有?|未)[^，。;没]{0,4}(?:量|测|数|称|统计)过"
    r"|(?:不|弄不|搞不|说不|记不|拿不|吃不|闹不)(?:太|大|是很|怎么)?(?:清楚|知道|晓得|了解|确定|记得|清|准|好说|"
    r"明白|掌握)|忘(?:了|记)|[查找联][不没]到|找不着|联系不上|没(?:印象|把握|底|数$|准)|没必要|不需要|(?:没有?|未)(?:交|报|收)(?:上来|齐|过来|"
    r"到)|待定|未定|没定(?!方案|制度|计划)|还没定(?!方案|制度|计划)|待核|统计中|汇总中|"
    r"在统计|在汇总|还在统计|正在统计|再看|到时候"
)
_DOUBLE = Rule(
    r"(?:怎么(?:会|可能|能)|哪[有能会]|岂能)[没不]|不是没有?|并非没有?|没有不|没少|不是不|不无|没有一[个名位处台班]不|无不"
)
_NONE_LEFT = Rule(
    r"没有?(?:哪|任何)一?[个名位次餐天人]不|没有?(?:一个|人|谁)?不(?:参加|参与|去|来|到|用|通)的(?:$|[，。;])|"
    r"(?:一|1)[个名位处台班人项次节份篇户间]?(?:班|人|学生|孩子|娃|老师|教师)?(?:都|也)?(?:不|没有?|未|无)(?:落下?|少|漏|缺|差|剩|拉下?)|"
    r"无一(?:遗漏|例外|缺席|人缺|人请假)|(?:没有?|无|不)(?:任何)?(?:遗漏|例外|漏掉?|落下|缺席|缺|拉下|人缺席|"
    r"人请假)"
)
_HARMLESS = Rule(
    r"(?:没有?|未|无)(?:发现|出现|发生|存在|产生|出)?(?:任何|什么|啥|其他|其它|大的|明显|人员|"
    r"学生)?(?:的)?(?:安全)?(?:问题|异常|意外|事故|受伤|伤亡|困难|踩踏|摔倒|摔伤|混乱|情况|风险)"
    r"|(?:没有?|未|无)(?:发生|出现|发现|出)[^，。;没未]{0,6}(?:事故|事件|伤亡|伤人|中毒|火情|险情|欺凌)"
    r"|没有?(?:拖|耽误|耽搁|忘|敢(?!搞)|停过?|断过|马虎|含糊|走过场)|不仅|不但|不光|不只|不断|不少|不错|不定期|不久|没多久|没几天|无论|无线|无人机|无缝|未来|未成年|无障碍|"
    r"不锈钢|非常|并无不|没问题|没有问题|没错|不好意思|不过|不同|不仅仅|不大|无纸化|无烟|不影响"
)
_NOT = Rule(
    r"^[×✗✘]$|没|未|无|冇|莫得|(?<!是)否|不是|不具备|尚缺|缺(?!席|勤|少人)|取消|停止|暂停|(?<![十百千万两\d])零(?![下星碎零散食距售报\d一二三四五六七八九])|不(?:曾|搞|做|"
    r"开展|组织|打算|存在|涉及|再|含)|(?:^|[:])0$|空白"
)
_DENIAL = Rule(
    r"(?:没有?|未|尚未|无|没得|冇|莫得)(?:人|新|能|法|办法|去|来得及|顾上|顾得上|专门|专项|正式|真正|单独|系统|统一|再|"
    r"时间|条件|及时|按时|如期|\ue000)*(?:地)?"
    r"(?:$|[的了呢啊哦哈吧，。、;!)]|"
    r"[搞做弄写收交报投发编上花建坏练演办订设挂动定印开参组安立通装改用学读扫讲诵种刷]|出(?!问题|事|现|差)|"
    r"下(?:来|发)|到位|成形|成型|进行|举行|举办|实施|落实|制定|成立|出台|完成|启动|有|这|该|此|相关|专|形成|"
    r"健全|完善|农村|新增|故障|方案|制度|机制|小组|计划|演练|教育|培训|隐患|稿|心得)"
    r"|(?<!是)否|^[×✗✘]$|^不是|不具备|取消|停(?:止|了|办)|暂停|(?<![十百千万两\d])零(?![下星碎零散食距售报\d一二三四五六七八九])|不(?:曾|搞|做|开展|组织|打算|存在|涉及|再|"
    r"含)|(?:^|[:])0$|空白|没(?:得|有)?$|(?:没有?|"
    r"未)(?![^，。;]*[伤摔丢乱慌吵错事病缺题据空法])[^，。;没未不\ue000]{1,3}$|(?:莫得|冇)[\u4e00-\u9fff]{2}|(?:没有?|未)(?=[\u4e00-\u9fff]{2})(?:执|配|公|联|留|实|设|签|接|招|购|采|换|修|补|体|测|评|认|检|审|备|聘|核|拨|发)"
)
_DONE_BEFORE = Rule(r"[搞做写弄建定立展成好完]了|已(?!经$)(?!$)")
_NOT_OTHER = Rule(r"(?:没有?|未|无)..?")

_PLAN = Rule(
    r"(?<![不才没])会(?:搞|开展|组织|举行|做|办|练)|计划(?!生育|完成|书)|准备(?!好|了|充分|工作|就绪)|打算|(?<![在正草模虚比])拟(?!定|好)|预计|即将|将(?:于|在|要|"
    r"会)|争取|下周|下个?月|下学期|明天|后天|明年|月底|年底|(?<![接招看对期优款])待(?!遇|命)|等(?:到|着|上级|通知|文件|资金|设备)|"
    r"还要|要等|择期|定于|定在|推迟|延期|改期|在酝酿|马上(?:就|要)|快要|就要|等[^，。;]{1,10}(?:再|才)|等[^，。;]{1,6}了就?[搞做开弄练]|再(?=成立|建|搞|开展|做|弄|制定|办|装)"
)
_ON_THE_LIST = Rule(r"已经?(?:列入|纳入|排进|写进)了?[^，。;]{0,6}(?:计划|日程|安排)")
"""已列入明年计划 is a plan, whatever its 已."""
_PROGRESS = Rule(
    r"正在|已经?(?:列入|纳入|计划|打算|安排|准备|部署)|在(?:完善|健全|修订|整理|申请|做|写|搞|建|制定|起草|弄|装|推|办|创|改|施|进|修|"
    r"拟)|还在|起草|草拟|想法|思路|雏形|意向|初步|筹备|初稿|征求意见|讨论中|进行中|推进中|筹建|建设中|制定中|[写拟做搞弄办建]中|着手"
)
_PARTLY = Rule(
    r"部分|大多|多数|大半|一半|半数|个别|有的班|有些|有一些|某些|少数|几乎|基本|差不多(?!\d)|大体|大致|快(?:完|"
    r"好|装|弄)|接近|将近|主要"
)
_DONE = Rule(
    r"已|了|过(?!年|程|几|于|来|两|后|去年)|完毕|到位|开展|组织|举行|举办|进行|落实|实施|完成|建立|成立|制定|"
    r"健全|完善|执行(?![得情不])|有|(?<![就还但只可不总])是|对|嗯|必须|当然|肯定|搞|每(?:周|月|次|个|天|学期)|都|天天(?![^，。;]{0,2}(?:填|报|催|忙|加班|要|问))|经常|坚持|"
    r"常态|常抓|结束|签订|出台|印发|上墙|齐全|做|yes|√|✓|✔"
)
_DONE_ITSELF = Rule(
    r"已(?!知|婚|死|是)|[搞做弄办写建练演定立成印挂开订签设报检学讲装配][好完]?了|整[好完]?了|整过|[搞做弄建立组办]起来了|"
    r"[搞做弄办练开展织行成立定检学讲]过|完毕|完成|到位|(?:开展|组织|举行|举办|落实|实施|建立|成立|制定|健全|执行(?![得情不])|"
    r"完善|出台|印发|下发|上墙|签订)|"
    r"每(?:周|月|次|个月|学期).{0,6}(?:搞|讲|有|练|开)|天天(?![^，。;]{0,2}(?:填|报|催|忙|加班|要|问))|经常|坚持|搞了|(?:早就?|早已|已经?|都|刚刚?|去年|上个?月|上周|昨天|前年|今年)[^，。;没未不]{1,8}[下来好完到过成]了$|刚(?:刚)?(?:结束|搞|开|练|弄|做|组织)"
)
_PLAIN_YES = Rule(
    r"^有(?:专人|人|专门|老师|制度|台账|记录|方案|文件|一[个套块名位间])|^每(?:个|一)?[^，。;没未]{1,7}都?有|"
    r"^[^，。;没未不]{0,6}有人(?:在岗|值守|在|值班|看|管)?$|(?:天天|年年|月月|周周|每[年月周天次])[^，。;没未不]{0,3}[讲搞做开学有在查练]|"
    r"(?:[号日天周一二三四五六]|上午|下午)[^，。;没未不]{0,4}(?:搞|开展|组织|举行|练|做|弄|开)的|(?:齐全|完备|规范)了?$|^由[^，。;没未]{1,10}负责|"
    r"^(?:严格|认真|一直|按要求|按规定|全面|坚持)[^，。;没未不]{1,8}$|"
    r"^[^，。;没未不]{1,8}(?:就|都|也|那里?|处|边|口)有[^，。;没未不]{1,6}$|"
    r"^(?:都|已经?|早就?)*[\u4e00-\u9fff]在[^，。;没未]{1,8}了$|"
    r"^(?:嗯+|都|早就?|当然|确实|的确|我们?校?|学校|目前|本月|这个?月|全)*(?:是的?|有的?|对的?(?!了)|必须的?|"
    r"肯定的?|yes|√|✓|✔|当然|嗯+|齐全|有了)(?:[啊呀哈呢哦了]|，|$)"
)
_ALL = Rule(
    r"(?<!\d)100%|应(?P<due>[训参到改收做开通装])尽(?P=due)|齐全|(?<![没未不])齐了|全部|(?<!安)全员|全体|全都|都|(?<![平人生班户月日年])均|所有|百分之?百|悉数|每(?:一)?[个名位]|个个|人人|一律|整个|(?<!安)[全满](?=勤|员)|(?<!安)全(?=装|通|到|参|覆|优|有(?!无)|"
    r"改|齐|部|用|合|完|建|去|来|训|开|好|亮|推|铺|搞|弄|做|修|换|配|上)|统统|通通|覆盖"
)


_ALWAYS = Rule(r"(?:每[天周月次]|天天|经常|平时|一直|一般)[^，。;]{0,3}都")


_EXCEPTED = Rule(r"(?<![扫解消])除(?!了?以?外|[雪草尘湿])[^。;]{1,14}?(?:外(?![出地])|都|均|全|其[他它余])")


_ONLY_TOLD = Rule(r"(?:都|均|全部?)(?:已经?)?(?:上报|报[给到告]|登记|通知|拍照|列入|纳入|汇报)")


_UNDER_WAY = Rule(r"(?:都|均|全部?)(?:还|正|仍)?在(?:整改|改|装|修|弄|办|建|处理|做|推)")


_SO_SO = Rule(r"都(?:还|很|挺|比较|蛮|算|是)*(?:不错|可以|行|好的?|顺利|满意)$")


def double(words: str) -> bool:
    """不是没搞, 怎么会没开展: says neither by itself."""
    return bool(_DOUBLE.search(words))


def excepts(words: str) -> bool:
    """除了几个生病的,都去了: not all of them, and nobody knows how many."""
    return bool(_EXCEPTED.search(words))


def unknown(words: str) -> bool:
    """没统计, 没掐表, 不清楚: not a no, and no answer."""
    return bool(_UNKNOWN.search(words))


def nobody_missing(words: str) -> bool:
    """一个不落, 无一遗漏: all of them, in spite of the 不."""
    return bool(_NONE_LEFT.search(words))


def without_nobody_missing(words: str) -> str:
    """一个没缺 leaves nobody out, whatever its 没 says."""
    return _NONE_LEFT.sub("", words)


def without_harmless(words: str) -> str:
    """The words without what only looks like a no (没发现问题, 不仅, 无论), same length."""
    return _HARMLESS.sub(lambda m: "\ue000" * len(m.group()), words)


def denied(words: str) -> bool:
    """A plain no in these words."""
    return bool(_NOT.search(without_harmless(words))) and not _DOUBLE.search(words) and not nobody_missing(words)


def everything(words: str) -> bool:
    """全部/都/一个不落, undenied and unsoftened."""
    if nobody_missing(words):
        return True
    return (
        bool(_ALL.search(words))
        and not _SO_SO.search(words)
        and not _UNDER_WAY.search(words)
        and not _ONLY_TOLD.search(words)
        and not _ALWAYS.search(words)
        and not _EXCEPTED.search(words)
        and not _PARTLY.search(words)
        and not _NOT.search(without_harmless(words))
    )


_A_PART = Rule(
    r"(?<![到至\-~])[一二三四五六七八九1-9]年级|[初高][一二三123](?!到|至)|毕业班|[高中低]年级|[小初高]中?部|[男女]生|[东南西北老新]校区|(?:部分|有的|几个)[班人]"
)
_THE_WHOLE = Rule(r"全校|各[班年校]|所有|每个?[班年]|全园|一[到至]六|一[到至]九|七[到至]九|初一[到至]初三")


def all_of_a_part(words: str) -> bool:
    """一二三年级全部参加: all of these, not of the school."""
    return bool(_A_PART.search(words)) and not _THE_WHOLE.search(words)


def polarity(words: str) -> Polarity:
    """Whether the thing these words speak of is so."""
    if _UNKNOWN.search(words) or _DOUBLE.search(words):
        return Polarity.UNKNOWN
    if nobody_missing(words):
        return Polarity.ALL
    plain = without_harmless(words)
    if denial := _DENIAL.search(plain):
        return Polarity.PARTLY if _DONE_BEFORE.search(plain[: denial.start()]) else Polarity.NO
    plain = _NOT_OTHER.sub("", plain)
    if _ON_THE_LIST.search(plain):
        return Polarity.PLAN
    if _PLAN.search(plain) and not _already(plain):
        return Polarity.PLAN
    if _PROGRESS.search(plain):
        return Polarity.PROGRESS
    if _PARTLY.search(plain):
        return Polarity.PARTLY
    return Polarity.YES if _DONE.search(plain) else Polarity.NEITHER


def affirmed(words: str) -> bool:
    """A yes by itself, without the thing being named: 搞了, 是的, 已开展; not 有困难, 都很辛苦."""
    return bool(_DONE_ITSELF.search(words) or _PLAIN_YES.search(words))


_ALREADY = Rule(r"已|[搞做弄开展练织成立定建]了|过了|(?<=[搞做练开展])过")


def _already(words: str) -> bool:
    return bool(_ALREADY.search(words))
