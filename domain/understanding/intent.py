"""What a reply is, besides its values: a question, a refusal, a promise, thanks, an emergency."""

from __future__ import annotations

import re

from domain.indicators import Kind
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

CONFIRM = Rule(
    r"(?:对+的?|是的?|好+的?|行|可以|没错|没问题|提交|确认|确定|嗯+|ok|okay|okk|\U0001f44d|\U0001f44c|✅|正确|"
    r"无误|就这样|对对+|提交吧|确认提交)[吧了啊呀哈的]*"
)

_ASKING = Rule(
    r"吗|请(?:予以)?(?:明确|答复|解答|示下)|是否(?:列入|计入|纳入|包括|包含|算|需要|可以|也|要)|怎么(?:填|报|算|写|统计|界定|弄|交|理解|区分|处理|办|看|改|回事|样填|没)|如何(?:填|报|算|写|统计|界定|"
    r"理解|区分|处理)|咋(?:个)?(?:填|报|算|写|弄|整|办)|"
    r"要不要|算不算|能不能|可不可以|行不行|需不需要|用不用|该不该|(?<!不)是不是(?:要|包括|指|也|算|得|只|按|说|"
    r"可以)|(?<!不)对不对|有没有(?:模板|格式|要求|标准|统一|具体|表|样表|参考)|"
    r"(?:标准|定义|口径|范围|依据|要求|指的|意思)是(?:什么|啥|多少)|指(?:的是)?(?:什么|哪|啥)|什么(?:时候|意思|"
    r"标准|材料|口径|叫|算|格式|要求)|(?:算|填|报|是|要|在|到|从|按|指|交|找|发)(?:哪|啥|什么(?!都)|谁|几)|"
    r"(?<![什这那怎要])么[?]?$|哪(?:天|里|种|类|些|一|个|六|几|级|档)|"
    r"(?<![没不])怎么(?!样|都|也)[^，。;了]{1,4}$|是[^，。;]{1,8}还是[^，。;]{1,8}$|^(?:是|算|按|报)[^，。;]{1,14}还是[^，。;]{1,14}$|算[^，。;]{1,8}还是[^，。;]{1,8}$|不(?:是很|太|大)?(?:明白|懂|理解)[^，。;]{0,3}(?:口径|意思|指标|要求|定义)|"
    r"多少(?:算|合适|才)|几时|为什么|为啥|为何|请问|想问|咨询(?!室|师|台|热线|服务|中心|站|活动|课|辅导|人|\d)|问一下[^，。;]{0,3}(?!再|后)[^，。;]*(?:算|要|"
    r"包括|能|可)|(?:包括|包含|算|统计|计入|算进|加进).{0,8}不$|(?:要|用|需要)?(?:上传|填|报|交|算|写|发)不$|"
    r"(?:算|填|是按|按|从|交|选|写|报|属于|是).{1,14}还是(?:算|按|填|从|报|选|写|属|校|县|市|省|班|起|公|个|上|实)|"
    r"还是[^，。;]{1,8}(?:也|都)算|(?:分|含|算|要|有|用|能|包括|单独|一起|交|报|填|写)[^，。;没未]{0,8}不(?:嘛|呢)?$"
)
_STRICT = Rule(
    r"吗[?]?$|请问|怎么(?:填|报|写|算)|要不要|算不算|是不是要|可不可以|能不能|填什么|写什么|报什么|哪方面|"
    r"指什么|指的是|什么意思|什么叫|啥叫|还是写|要写|多少字|行不行"
)
_HARMLESS = Rule(
    r"没(?:什么|啥|多少|有什么)|不(?:怎么|知道怎么|晓得怎么)|怎么也|哪怕|哪里都|谁都|什么都|什么的|多多少少|多少有"
)
_PROCEDURE = Rule(r"照片|截图|佐证|材料|表格|系统|链接|截止|几点|盖章|纸质|群里|发给谁|发哪|发到哪|传哪|交给谁|平台")

_REFUSE = Rule(
    r"(?:^|[，。;!、])?(?:这个|这块|这事|此项|数据|材料|人数|具体)?(?:要|得|请|你们?|您|可以|直接|麻烦|"
    r"还是)*(?:去)?(?:找|联系(?!人|电话|方式)|问)(?!题|一?下(?!他|她|他们|王|李|张|陈|刘|杨|安|教|总|政|电)|了|过|卷|到|出|准|"
    r"清|我)[^，。;]{0,8}(?:主任|校长|老师|他们?|她们?|会计|书记|专干|干事|办|处|室|股|站|科|中心|局|要|部门|干部|师傅|组长?|"
    r"园长|管理员)"
    r"|[^，。;]{1,10}(?:负责(?!人签|制|同志)|在管|(?:主任|校长|老师|书记|会计|专干|干事|园长|组长|他们?|她们?|"
    r"[处室股站科办委])在弄|分管|主管|管着|管的|牵头的)(?:这|的|此|着|"
    r"人)?[^，。;]{0,6}(?:$|，|。|;)|归[^，。;]{1,8}(?:管|负责)|归[^，。;]{0,6}(?:[处室股站科办]|中心|主任|校长|老师)(?=$|，|。)|不是我(?:经手|经办|弄|搞|统计)|不归|不(?:是)?我(?:管|负责|分管)|我不管|"
    r"不清楚这块|"
    r"你们?(?:去|直接)?[找问](?!题)[^，。;]{1,8}[嘛吧]?$|没[得有]?空|忙不过来|没时间(?:搞|弄|填|报|做)|没工夫|没功夫|没精力|不想(?:填|报|弄|搞)|不填了?|不报了?(?!错)|"
    r"不再(?:重复)?(?:填|报|上报)|不(?:再)?重复(?:填|报|上报|交|提交)|[收交]过了?[，,].{0,6}不|不予(?:填报|上报|填写|回复)|不(?:属于|在)[^，。;]{0,6}(?:统计|填报|上报)?范围|(?:说|讲|报)过(?:好|很多|多|几)?[几多两三]?[遍次]|别(?:再)?(?:问|催)了?$|拒绝|懒得|不配合|"
    r"别再要|不要再要|(?:主任|校长|老师|书记|会计)管(?:这|着)|[跟向](?:他|她)们?要|(?:已经?|早就|早已|昨天|前天|上周|上个?(?:星期|礼拜|周|月)|前几天|刚|都|以前)[^，。;]{0,8}(?:报过|填过|交过|登记过|报送过|上报过|"
    r"报给|报送给|上报给|交给|发给|填给)[^，。;]{0,10}(?:了|过|$|，)|(?:报|填|交)过(?:了|几遍|好几|两遍|多次)|"
    r"已(?:经)?(?:上报|报送|报)(?!名|修|告|警|废|了\d|[一二三四五六七八九十\d])[^，。;]{1,8}(?:，|$)|"
    r"自己(?:去)?(?:查|看)|系统里?(?:都)?有|不适用|不涉及|没有?(?:这项|此项|该项)(?:任务|工作|业务)?|无(?:此|该|"
    r"这)项|与我们?校?无关|不属于我|不该我|不是我们?校?的"
)
_LATER = Rule(
    r"稍后|稍等|晚点|晚些|晚上(?:再|回|给|报)|过(?:一?会|几天|两天|些天)|等(?:下|会|一下|一会|我|会计|班主任|"
    r"统计|核|[^，。;]{1,6}(?:再|后)(?:报|填|回))|一会儿?|回头|(?:明天|明早|明日|今晚|下午|后天|下周|"
    r"周[一二三四五])[^，。;]{0,3}(?:再|给|报|回|答复|填|补|上报)|待会|"
    r"再(?:报|回|填|答复|告诉|补)|问(?:一?下|问|清楚)[^，。;]{0,10}再|(?:查|核实|核对|统计|了解|确认)(?:一?下|"
    r"完|清楚|好)?[^，。;]{0,6}(?:再|后)|还?在(?:统计|汇总|核实|收集|整理|核对)|马上(?:报|填|办|弄|统计)|"
    r"尽快|还没(?:报齐|收齐|统计|汇总|定|想好|确定)|正在(?:统计|汇总|整理|核)|不要急|别急|别催|改天|有空"
)
_ONLY_LATER = Rule(
    r"(?:(?:好+的?|嗯+|收到|我们?|那|等|大概|估计|应该|争取|尽量|放到)[,，]?)*"
    r"(?:今天|今日|今晚|今夜|晚上|上午|下午|中午|明早|明晚|明天|明日|大?后天|[这本下]?个?(?:周|星期|礼拜)[一二三四五六日天]?|"
    r"[\d一二三四五六七八九十]{1,3}[号日]|晚点|晚些|稍后|稍等|过?一?会儿?|等一?[下会]儿?|待会儿?|回头|过[一几两三些]天|改天|"
    r"有空)(?:上午|下午|早上|中午|晚上|早晨)?(?:之?前)?(?:再|就|才|一定|给您?你?|我们?|来|去|统一)*"
    r"(?:报|填|回复?|交|答复|补报|上报|报送|填报|汇报)(?:给?您|给?你|过来|上来|上去|一下|好)?[吧哈啊了哦的。!~]*"
)
_CHATTER = Rule(
    r"(?:好+的?|收到|谢谢.{0,8}|感谢.{0,6}|辛苦.{0,6}|您好|你好|在吗?|知道了?|了解了?|明白了?|ok|okay|嗯+|哦+|"
    r"噢|哈+|呵呵|早上好|下午好|晚上好|领导好|没问题|可以|行|是的?|对的?|对对|👌|👍|🙏|😊|🌹|遵命|照办|马上办|"
    r"好嘞|好滴|得|中|要得|[!~。，、.?]|各位领导|局长|主任|老师|领导|[\U0001f300-\U0001faff])++"
)

_ALARM = Rule(
    r"受伤|摔伤|骨折|烫伤|烧伤|咬伤|砍伤|送医|送(?:到|往|去)?(?:县|市|镇|人民|中)?(?:人民|中|卫生)?(?:医院|"
    r"卫生院)|住院|抢救|昏迷|晕倒|昏倒|中毒|失联|走失|失踪|溺水了|溺亡|落水|掉(?:进|到)(?:水|河|塘)|着火了|"
    r"起火了?|失火了?|火灾了|发生火灾|冒烟|坍塌|倒塌|塌了|垮塌|爆炸|触电|坠楼|跳楼|自杀|自残|割腕|"
    r"死亡|遇难|没气了|打架.{0,6}(?:伤|流血)|流血|被困|绑架|持刀(?:伤|闯|行)|行凶|砍人|闯进(?:学校|校园)|车祸|"
    r"翻车|撞(?:了|伤|到)(?:学生|人|孩子)|集体呕吐|食物中毒|呕吐腹泻|煤气|燃气泄漏|漏气|洪水|被淹|出事了|救命|"
    r"出人命|摔下(?:来|去|楼)|[车校]翻了|被[^，。;]{0,4}(?:撞|砍|捅|电击)了?|被[^，。;]{0,3}[狗蛇蜂][^，。;]{0,2}[咬蜇]|掉(?:进|到|下)?[^，。;]{0,2}[井沟楼池]|"
    r"(?:喝|吃|服)了?[^，。;]{0,2}(?:农药|毒药|安眠药|老鼠药)|走丢|找不(?:到|着)(?:孩子|学生|人)了|持[刀械](?!演)|歹徒|地震了|房子?[^，。;]{0,2}裂了|扭伤|爆燃"
)
_NO_ALARM = Rule(
    r"(?:没有?|无|未|零)(?:发生|出现|造成|发现|任何|人员|学生|师生|一[人起例]|人|出)*[^，。;]{0,4}(?:受伤|伤亡|"
    r"事故|中毒|溺水|骨折|摔伤|失联|死亡|住院|受困|被困|晕倒)|"
    r"演练|演习|模拟|假设|假如|假想|如果|预防|防止|防范|防(?:溺水|火|中毒|触电|坍塌|爆炸|走失|走丢|失联|坠楼|车祸|拐|震)|避免|严防|教育|培训|"
    r"讲座|知识|宣传|预案|隐患|课程|排查|安全课|急救(?:知识|培训)|去年|往年|曾经|以前|案例|警示"
)
_REAL = Rule(r"不是演练|真的|120|送医|送(?:到|往|去).{0,4}(?:医院|卫生院)|昏迷|抢救|救命|真着火|正在")


def emergency(raw: str) -> bool:
    """Words of an event that is happening; not inside a report of a drill, a lesson or a denial."""
    if not _ALARM.search(raw):
        return False
    if _SOMEBODY_HURT.search(raw) and not _ACTED.search(raw):
        return True
    return not _NO_ALARM.search(raw) or (
        bool(_REAL.search(raw))
        and not re.search(r"(?:没有?|无|未)[^，。;]{0,6}(?:送医|昏迷|受伤)|模拟|假设|假如|案例", raw)
    )


_SOMEBODY_HURT = Rule(
    r"(?:(?<![没未无])有|[一两二三1-9])[个名位]?[^，。;没无未]{0,2}(?:学生|老师|孩子|娃娃?|同学|小朋友)[^，。;没无未不防]{0,8}(?:受伤|摔伤|扭伤|骨折|烫伤|晕倒|昏倒|送医|送[^，。;]{0,3}医院)"
)
_ACTED = Rule(r"模拟|假[设如装想]|扮演|情[景境]|如果|预案|案例|去年|往年|以前|曾经|预防|防止|避免")
_ENDING = Rule(r"[^\w]+$")


def question(scene: Scene) -> str:
    """The words that ask something, or nothing."""
    only_text = bool(scene.profiles) and all(p.question.kind is Kind.TEXT for p in scene.profiles)
    for start, end in _sentences(scene):
        words = _HARMLESS.sub("", _without_echo(scene, start, end))
        asks = words.endswith("?") or "?" in words
        if only_text:
            asks = asks or bool(_STRICT.search(words))
        else:
            asks = asks or bool(_ASKING.search(_ENDING.sub("", words)))
        if asks:
            return scene.words(start, end)
    return ""


def procedural(words: str) -> bool:
    """A question about how to hand in, not about what counts: it leaves the values alone."""
    return bool(_PROCEDURE.search(words))


def _sentences(scene: Scene) -> list[tuple[int, int]]:
    found, at = [], 0
    for match in re.finditer(r"[，。;!\n?]+", scene.raw):
        if match.group().strip("，") or True:
            found.append((at, match.end()))
            at = match.end()
    return [*found, (at, len(scene.raw))] if at < len(scene.raw) else found


def _without_echo(scene: Scene, start: int, end: int) -> str:
    """The label repeated as a heading asks nothing (是否开展师德师风教育：是)."""
    words = scene.raw[start:end]
    answered = bool(scene.raw[end:].strip("，。!? \n"))
    for profile in scene.profiles:
        label = _plain(profile.question.label)
        if len(label) >= 2 and (label in _plain(words) or (answered and words.startswith("是否"))):
            return _plain(words).replace(label, "").strip("?:")
    if answered and re.match(r"(?:是否|有没有|有无)", words):
        return ""
    return words


def _plain(words: str) -> str:
    return re.sub(r"[“”\"《》\s\ue000-\uf8ff]", "", words)


def refusal(scene: Scene) -> tuple[int, int]:
    """Where the words of refusal stand; (0, 0) where there are none."""
    match = _REFUSE.search(scene.raw)
    return match.span() if match else (0, 0)


def refuses(scene: Scene) -> bool:
    if all(p.question.kind is Kind.TEXT for p in scene.profiles) and len(scene.raw) > 16:
        return False
    if re.search(r"我[^，。;]{0,3}问|问[^，。;]{0,10}再|(?<!不)再(?:回|报|答复|填)(?:你|您|给|告|$|，|。)", scene.raw):
        return False
    if any(re.search("负责|专人|分管", p.question.label) for p in scene.profiles) and "负责" in scene.raw:
        return False
    return bool(_REFUSE.search(scene.raw))


def only_promises(raw: str) -> bool:
    """明早报, 晚点再报您: a promise and nothing else, whatever a day might answer."""
    return bool(_ONLY_LATER.fullmatch(raw))


def promises(scene: Scene) -> bool:
    return bool(_LATER.search(scene.raw))


def chatters(raw: str) -> bool:
    return bool(_CHATTER.fullmatch(raw))
