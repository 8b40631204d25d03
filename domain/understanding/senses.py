"""What the labels of a choice mean, and how else people say it: for labels nobody has listed.

A sense is a pair: how labels write it, how replies say it. A label fits where the reply says every sense that sets it
apart from the other labels; a label that needs more of what is said beats one that needs less (校内与第三方结合).
"""

from __future__ import annotations

from functools import lru_cache

from domain.understanding.rule import Rule

_NOT_YET = r"(?:没有?|未|尚未|还没|暂未|没得)(?:有)?"
_ALL_BY = r"(?:每个?|一个?|按)"
_SENSES = (
    ("own", r"自[主营办管](?!带|备)|校[内办本]|本校|教师承担|学校(?:组织|承担|自)",
        r"自己(?!带|备|来|回)|自[主营办管建]|校内|校办|本校|[我咱]们?(?:学校|校)?的?(?:老师|教师|食堂|人)|"
        r"学校(?:老师|教师|食堂|组织|在管|管)"),
    ("bring", r"自[带备]", r"自己(?:带|备)|自[带备]|从家.{0,2}带|带的?水"),
    ("outside", r"企业|公司|第三方|机构|外包|托管|承包|社会化|外聘|购买服务",
        r"公司|企业|第三方|机构|外包|外面|承包|外聘|托管|购买服务|中标|请的?人"),
    ("deliver", r"配送|配餐|送餐", r"配送|配餐|送(?:餐|饭|过?来|进来|到校)|盒饭|中央厨房"),
    ("alone", r"自行|独自", r"自己(?:走|回)|自行|独自"),
    ("home", r"家长|家庭|托餐", r"家长|家里|家庭|父母|爷爷|奶奶|小饭桌|托餐"),
    ("rent", r"租", r"租"),
    ("bought", r"自购|购置|采购|自有|自建", r"自己(?:买|的|建)|自[购有建]|买的|学校买|购置|采购"),
    ("lend", r"借", r"借"),
    ("mixed", r"结合|混合|两者|兼有|都有",
        r"结合|混合|都有|兼|两种|[^，。;]{1,9}(?:加上?|和|与|跟|也有|一起)[^，。;]{1,9}"),
    ("none", r"^(?:暂?无|没有|不)|^未(?:设|接|开展|配|装|安|建立)",
        r"^(?:我们?校?|咱们?|学校|目前|现在|暂时?|还|都|本校|什么|啥|也)*"
        r"(?:没有?|无|未|没得|不)(?:[\u4e00-\u9fff]{1,3}(?=过$)|这个?|这项|该项?|\w{0,4}(?:食堂|校车|供|搞|开|开展|组织|设|装|接|做|弄|用|涉及|设备|设施|条件|安排)|(?:搞|开展?|设|做|组织)[^，。;不没]{2,5}$)?(?:了|的|过|$|，)"),
    ("daily", r"每[天日]|日", r"每[天日]|天天|一天一|日日"),
    ("weekly", r"每周|周", rf"{_ALL_BY}(?:周|星期|礼拜)(?![两二三])|周周|一个?(?:周|星期|礼拜)一"),
    ("fortnight", r"两周|双周|半月|隔周", r"[两二]个?(?:周|星期|礼拜)|半个?月|隔(?:一?周|个?星期)|双周|每?月[两二]次"),
    ("monthly", r"每月|月", rf"(?<!半){_ALL_BY}月(?![两二]次)|月月|(?<!半)一个?月一|每月一"),
    ("quarterly", r"每季|季", r"每?个?季度?|一季一"),
    ("termly", r"每学期|学期", r"每个?学期|一(?:个)?学期一|学期初|学期末"),
    ("yearly", r"每年|年", r"每年|一年一|年年"),
    ("irregular", r"不定期", r"不定期|不固定|随时|看情况|没有?固定"),
    ("waiting", r"未(?:开工|启动|开始|实施|建设|动工|安排|整改|办理|检测|完成|施工|改造|立项)$",
        rf"{_NOT_YET}(?:正式)?(?:开始|启动|动工|动手|开工|动|搞|弄|实施|建|安排|着手|进场|施工|立项)"),
    ("under_way", r"在建|进行中|施工|建设中|办理中|整改中|实施中|推进中|改造中|审批中|申报中|正在|筹备中?|检测中",
        r"正在|在(?:建|装|修|做|搞|办|改|走|弄|施|推|审|筹|测)|施工|建设中|进行中|办理中|审批|还在|装修|一半|封顶|筹备"),
    ("stopped", r"停工|暂停|中止|搁置|停用|停办", r"停(?:工|了|着|下|用|办)|暂停|搁置|搁下"),
    ("over", r"竣工|完工|已?完成|建成|办结|已启用|投入使用|结束|已整改|已办理|验收",
        r"完工|竣工|完成|建成|办结|[建做弄装修改办搞]好|[建做弄装修改办搞]完|用上|投入使用|启用|验收|结束|交付|齐了"),
    ("high", r"^高", r"^(?:属于|是|等级|风险|为|比较|较|挺|很|偏|有点|算|:)*高(?:风险|等级|档|的|度|了|吧)*$|高风险"),
    ("middle", r"^中", r"^(?:属于|是|等级|风险|为|比较|算|:)*中(?:风险|等|档|的|度|吧)*$|中等|中风险|一般般?$"),
    ("low", r"^低",
        r"^(?:属于|是|等级|风险|为|比较|较|挺|很|偏|有点|算|:)*低(?:风险|等级|档|的|度|了|吧)*$|"
        r"低风险|风险.{0,2}(?:不高|不大|小)"),
    ("electric", r"电暖", r"电暖|小太阳|油汀|电热|电炉"),
    ("central", r"集中供|暖气|地暖", r"暖气|地暖|集中供|供热|市政"),
    ("coal", r"煤", r"煤|炉子"),
    ("cooling", r"空调", r"空调"),
    ("fresh", r"直饮", r"直饮|净水[器机]|过滤"),
    ("bottle", r"桶装", r"桶装|大桶"),
    ("boiled", r"开水|锅炉水", r"开水|烧水|锅炉"),
    ("by_hand", r"人工|手工|纸质", r"手写|手工|人工|本子|纸质|台账|笔记"),
    ("by_system", r"系统|电子|软件|平台|信息化", r"系统|扫码|电子|软件|电脑|平台|刷卡"),
    ("leaders", r"校领导|校长授课", r"校长|书记|校领导|主任带头"),
    ("callisthenics", r"广播操|体操|课间操", r"广播|做操|体操|课间操"),
    ("by_class", r"分班|各班", r"各班|分班|每个班|班主任(?:自己|组织|各)"),
    ("together", r"全校集中|集中召开|统一召开", r"全校(?:一起|集中|统一)|集中|一起开|大会"),
    ("walk", r"步行|走路", r"走路|步行|走着|走读|自己走"),
    ("coach", r"公共交通|公交", r"公交|班车|大巴|中巴"),
    ("district", r"片区|联片|联合|学区", r"片区|联片|学区|几个学校|几所学校|兄弟学校|邻校|联合"),
    ("fibre", r"光纤|专线", r"光纤|光缆|专线|千兆"),
    ("wireless", r"无线", r"无线|wifi|热点"),
    ("online", r"^线上|网络|远程", r"线上|网上|网课|直播|腾讯会议|钉钉|远程|视频会"),
    ("offline", r"^线下|现场|集中", r"线下|面对面|现场|当面|集中|面授|到校"),
    ("full_time", r"^专职", r"专职|专门的(?:老师|人)"),
    ("part_time", r"^兼职", r"兼职|兼着|兼任|代管|班主任兼"),
    ("government", r"财政|政府|上级|拨款", r"财政|政府|上级|拨|上面给|县里给"),
    ("donated", r"捐", r"捐|赞助"),
)  # fmt: skip
_COMPILED = tuple((name, Rule(label), Rule(reply)) for name, label, reply in _SENSES)


_NARROWER = (("deliver", "outside"), ("bring", "own"), ("bought", "own"), ("fortnight", "weekly"))


@lru_cache(maxsize=512)
def _of_label(label: str) -> frozenset[str]:
    return frozenset(name for name, pattern, _ in _COMPILED if pattern.search(label))


@lru_cache(maxsize=512)
def _distinctive(choices: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """The senses of each label that not all labels share."""
    senses = {label: _of_label(label) for label in choices}
    common = frozenset.intersection(*senses.values()) if senses else frozenset()
    return {label: found - common for label, found in senses.items()}


def fitting(choices: tuple[str, ...], words: str) -> list[str]:
    """The labels whose senses these words say; the most demanding first choice where one includes another."""
    wanted = _distinctive(choices)
    asked = frozenset().union(*wanted.values())
    said = frozenset(name for name, _, reply in _COMPILED if name in asked and reply.search(words))
    fits = {label: senses for label, senses in wanted.items() if senses and senses <= said}
    weaker = {frozenset((less,)) for more, less in _NARROWER if more in said}
    return [
        label for label, senses in fits.items()
        if not any(senses < other for other in fits.values()) and not (len(fits) > 1 and senses in weaker)
    ]  # fmt: skip


_COMMON = frozenset("有无的不是在上下大中小一二三其他未已人学校年月日用式")


@lru_cache(maxsize=512)
def _pieces(choices: tuple[str, ...], question: str) -> dict[str, frozenset[str]]:
    """Pairs of characters, of short labels also single ones, that no other label and not the question has."""
    found = {}
    for label in choices:
        pairs = {label[i : i + 2] for i in range(len(label) - 1)}
        singles = {c for c in label if c not in _COMMON} if len(label) <= 3 else set()
        others = [other for other in (*choices, question) if other != label]
        found[label] = frozenset(p for p in pairs | singles if not any(p in other for other in others))
    return found


def by_pieces(choices: tuple[str, ...], question: str, words: str) -> list[str]:
    """The labels of which a piece of their own stands in the words."""
    words = words.replace("老师", "教师")
    return [label for label, pieces in _pieces(choices, question).items() if any(p in words for p in pieces)]
