"""Short answers to what a person did. One clear sentence, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.buttons import Verb, encode
from bot.views.morning import morning, set_aside
from bot.views.parts import message
from bot.words import BUREAU_KEYBOARD, FROM_GROUP, PRINCIPAL_KEYBOARD
from domain import wording
from domain.messages import ConfirmBinding, Say, WhichReport
from domain.phrases import Phrase
from services.rendering import Button, Rendered

Facts = Mapping[str, str]


def confirm_binding(content: ConfirmBinding) -> Rendered:
    holdings = [role.split("|") for role in content.roles]
    who = "、".join(f"{unit} {wording.role(role, unit)}".strip() for unit, role in holdings)
    yes = Button("是我", encode(Verb.THIS_IS_ME, None, content.invitation_id))
    no = Button("不是我", encode(Verb.NOT_ME, None, content.invitation_id))
    return message([f"请核对:{who} {content.name}。"], [yes, no])


def which_report(content: WhichReport) -> Rendered:
    buttons = [[Button(title, encode(Verb.FOR_REPORT, key, content.update_id))] for key, title in content.options]
    asked = f"您说的“{content.words}”是报哪一项?点一下就行,不用重打。"
    if content.photo:
        asked = "照片是哪一项的?点一下就行,不用重发。"
    return message([asked], *buttons)


def say(content: Say) -> Rendered:
    facts = content.facts
    rendered = message(_LINES[content.phrase](facts), _buttons(content.phrase, facts))
    keyboard = _KEYBOARDS.get(content.phrase, ())
    if facts.get("share"):
        return Rendered(rendered.text, ask_contact="分享我的手机号")
    return Rendered(rendered.text, keyboard=keyboard) if keyboard else rendered


def _buttons(phrase: Phrase, facts: Facts) -> list[Button]:
    """Below what is said in a group: the way to the private chat; below what is in hold: its release."""
    if phrase is Phrase.HELD:
        return [Button("解除暂停", encode(Verb.RELEASE))]
    if phrase not in (Phrase.GROUP, Phrase.GROUP_CODE) or not facts.get("bot"):
        return []
    return [Button("到私聊里办", url=f"https://t.me/{facts['bot']}?start={FROM_GROUP}")]


_KEYBOARDS = {
    Phrase.WELCOME: PRINCIPAL_KEYBOARD,
    Phrase.HELP: PRINCIPAL_KEYBOARD,
    Phrase.WELCOME_BUREAU: BUREAU_KEYBOARD,
    Phrase.HELP_BUREAU: BUREAU_KEYBOARD,
}


def _call(facts: Facts) -> str:
    """李干事 0000-6210001"""
    return f"{facts.get('contact', '')} {facts.get('phone', '')}".strip() or "领导小组办公室"


def _stranger(facts: Facts) -> list[str]:
    if facts.get("share"):
        return [
            "您好,这里是教育局工作报送助手,只对已登记的学校和股室开放,您的账号尚未登记。",
            "局里登记过您的手机号的,点下面的“分享我的手机号”即可核对(只用来核对,不另存);"
            f"也可以向{facts.get('office') or '县教育局领导小组办公室'}要邀请码(工作日8:30—17:30)。",
        ]
    return [
        "您好,这里是教育局工作报送助手,只对已登记的学校和股室开放,您的账号尚未登记。",
        f"如您是学校负责人,请向{facts.get('office') or '县教育局领导小组办公室'}要邀请码(工作日8:30—17:30)。",
    ]


def _welcome(facts: Facts) -> list[str]:
    lines = [
        f"{facts.get('address', '您好')},已开通。有事局里会发到这里,晚上和节假日不打扰。{facts.get('standing', '')}",
        "常用(打字即可):待办、已报、帮助。",
    ]
    if facts.get("duty"):
        lines.append(f"突发事件请立即打值班电话 {facts['duty']},不要在这里报。")
    return lines


def _welcome_bureau(facts: Facts) -> list[str]:
    return [
        f"{facts.get('address', '您好')},已开通。汇总会按时发到这里。",
        "常用(打字即可):汇总、帮助。",
    ]


def _help(facts: Facts) -> list[str]:
    return [
        "报送很简单:点“开始填报”,或直接回一句话、一个数。",
        "人数、数量回数字;日期回“_月_日”“昨天”;是否回“是”“否”;查改回“_/_”;没有就回“没有”。",
        "全部读给您核对,点“提交”或回“对”才算报送;填的都已保存。",
        "待办:看还要报什么 取消:放下正在问的 修改:改已填的",
        f"没空填、不会填,打电话给{_call(facts)},由办公室代填,同样有效。",
    ]


def _help_bureau(facts: Facts) -> list[str]:
    return [
        "进度:正在报的各项到了多少;汇总:截至此刻的报送情况(/digest)。",
        "预览:下发前看要问谁、何时问,也可现在下发(办公室和牵头股室)。",
        "改期、延期、豁免、撤回:说一句就行,怎么说见“进度”里的“改期、延期、豁免”。",
        "牵头股室看本股室的任务,办公室看全部;未报名单只发给办公室和牵头股室。",
        f"有问题请找{_call(facts)}。",
    ]


def _handover_welcome(facts: Facts) -> list[str]:
    head = facts.get("head") or "校长"
    then = f"填好后点“送校长看”,由{facts['shown_to']}提交。" if facts.get("shown_to") else "填好后由您点“提交”。"
    return [
        f"谢谢您,{facts.get('address', '')}!{facts.get('task', '')}由您来填。",
        f"{then}{head}随时可以收回。",
        f"不会填,打电话给{_call(facts)}。",
    ]


def _former(facts: Facts) -> list[str]:
    unit, successor = facts.get("unit", ""), facts.get("successor", "")
    if facts.get("moved"):
        by = f"{unit}的报送已改用{successor}的新账号" if successor else f"{unit}的这个账号已停用"
    else:
        by = f"{unit}的报送已由{successor}负责" if successor else f"{unit}的报送已不由您负责"
    return [f"{by},此按钮不再有效。谢谢您以前的支持。"]


def _late_filed(facts: Facts) -> list[str]:
    """C12."""
    at, lock = _moment(facts, "at"), _moment(facts, "lock")
    return [
        f"{facts.get('address', '您好')},您报的内容已完整收到({at})。",
        f"{facts.get('title', '')}报告期已于{lock}关闭,本期数字不再变动。",
        f"已转办公室{facts.get('contact', '')},接收后按“补报”计入下期更正,结果在这里告诉您,不用重报。",
        f"急用请打{_call(facts)}。",
    ]


def _extension_asked(facts: Facts) -> list[str]:
    return [
        f"已转办公室{facts.get('contact', '')}:{facts.get('title', '')}申请延到{_moment(facts, 'until')}"
        f"({facts.get('reason', '')})。",
        "答复前不再提醒,结果在这里告诉您;填的都还在,可以接着填。",
    ]


def _receipt(facts: Facts) -> str:
    known = f"回执号 {facts['number']}," if facts.get("number") else ""
    return f"{known}{_moment(facts, 'at')},{facts.get('timeliness', '')}".strip(",")


def _held(facts: Facts) -> list[str]:
    units = f"这段时间可报送的有{facts['count']}家:{facts['units']}。" if facts.get("units") else ""
    return [
        f"系统已从备份恢复,现在暂停:{_moment(facts, 'since')}至{_moment(facts, 'until')}之间收到的可能丢失。",
        *([units] if units else []),
        "暂停时照常答复,不主动发送开启、提醒和汇总。核对后点“解除暂停”(或回这四个字),"
        "上述单位的校长各收到一条说明,请其转发回执或重新填报。",
    ]


def _released(facts: Facts) -> list[str]:
    if "count" not in facts:
        return ["现在没有暂停,不用解除。"]
    return [f"已解除暂停,{facts['count']}家单位的校长在工作时间各收到一条说明;提醒和汇总照常。"]


def _lost(facts: Facts) -> list[str]:
    """A whole answer to: what happened, what to do, whom to call."""
    return [
        f"{facts.get('address') or '您好'},系统从备份恢复,{_moment(facts, 'since')}至{_moment(facts, 'until')}"
        "之间收到的填报可能丢失,责任在局方。",
        f"{facts.get('units', '')}这段时间报过的,请把收到的回执转发给我,或重新填报;没有报过的,不用管这条。",
        f"回“待办”看还要报什么。有困难打{_call(facts)}。",
    ]


def _promised(facts: Facts) -> list[str]:
    until, now, due = (datetime.fromisoformat(facts[name]) for name in ("until", "now", "due"))
    zone = ZoneInfo(facts.get("zone") or "Asia/Shanghai")
    lines = [f"好的,{wording.soon(until, now, zone)}再提醒您。填的都已保存。"]
    if now <= due < until:
        lines.append(
            f"{wording.near_moment(due, now, zone)}截止,那之前报算按时;来不及,打电话给{_call(facts)},由办公室代填。"
        )
    return lines


def _promised_enough(facts: Facts) -> list[str]:
    return [
        "好的,填的都已保存,不急这一会儿。",
        f"已经约过{'一' if facts.get('times') == '1' else '两'}次,办公室看得到,到时照常提醒;"
        f"没空填,打电话给{_call(facts)},由办公室代填。",
    ]


def _still(facts: Facts) -> str:
    return f"现在报就行;有困难打{_call(facts)}。"


def _moment(facts: Facts, name: str) -> str:
    """An instant that was kept with its zone."""
    kept = facts.get(name)
    zone = ZoneInfo(facts.get("zone") or "Asia/Shanghai")
    return wording.moment(datetime.fromisoformat(kept), zone) if kept else ""


def _chased(facts: Facts) -> list[str]:
    count, held, again = (int(facts.get(name, 0)) for name in ("count", "held", "again"))
    when = "上班后提醒" if facts.get("later") else "已提醒"
    lines = [f"{when}{count}人。" if count else "没有需要再提醒的人。"]
    if held:
        lines.append(f"{held}人今天已收到两条,下个工作日一上班再提醒;急用请打电话。")
    if again:
        lines.append(f"{again}项今天已经提醒过,没有重复。")
    return lines


def _course_which(facts: Facts) -> list[str]:
    kind, rounds = facts.get("kind", ""), facts.get("rounds")
    if not rounds:
        return [f"现在没有可以{kind}的报告期。回“进度”看正在报的。"]
    return [f"请写明{kind}哪一项:{rounds}。", "刚才的话没有办,请补上任务名再说一遍。"]


_LINES: dict[Phrase, Callable[[Facts], list[str]]] = {
    Phrase.STRANGER: _stranger,
    Phrase.WELCOME: _welcome,
    Phrase.WELCOME_BUREAU: _welcome_bureau,
    Phrase.HELP: _help,
    Phrase.HELP_BUREAU: _help_bureau,
    Phrase.BAD_CODE: lambda f: [f"邀请码不对、已用过或已过期。请核对后再发;还不行,打电话给{_call(f)}换一个新的。"],
    Phrase.CODES_PAUSED: lambda f: [
        f"几次都没对上,邀请码暂停核对1小时。不用再试,请打电话给{_call(f)},由局里帮您开通。"
    ],
    Phrase.CODE_GUESSING: lambda f: [
        f"有人在试邀请码:1小时内{f.get('tries', '几')}次没对上,已暂停核对1小时。",
        "已发的码没有泄露,不用重发;扫码和点链接不受影响。",
        "如有学校说码不对,回“人员 校名”给他重发。",
    ],
    Phrase.OWN_CODE: lambda _: ["这是请同事填的码,请转给同事。您自己填,回“待办”即可。"],
    Phrase.HANDOVER_WELCOME: _handover_welcome,
    Phrase.HANDOVER_TAKEN: lambda f: [
        f"{f.get('name', '同事')}已接手{f.get('task', '')}。",
        "提醒改发给接手的同事;想收回,回“收回”。",
    ],
    Phrase.HANDOVER_REFUSED: lambda f: [
        f"{f.get('task', '')}还没有交出去:收到码的人说不是他。",
        "这个码已作废。回“待办”,点“交给他人办”换一个新的。",
    ],
    Phrase.NOTHING_HANDED_OVER: lambda _: ["现在没有交给同事的。回“待办”看要报什么。"],
    Phrase.TAKEN_BACK: lambda f: [f"已收回:{f.get('task', '')}。填好的都在,现在由您办,回“待办”接着填。"],
    Phrase.TAKEN_FROM_YOU: lambda f: [f"{f.get('task', '')}已由{f.get('head', '校长')}收回,您不用再管。谢谢您帮忙。"],
    Phrase.PASSED_UP: lambda f: [
        f"已送{f.get('head', '校长')}看,由{f.get('head', '校长')}提交,您不用再管。",
        "要改,直接说正确的,再送一次即可。",
    ],
    Phrase.NOBODY_TO_CONFIRM: lambda f: [
        f"{f.get('head', '校长')}的账号现在收不到消息,没能送到。",
        f"填的都已保存。请当面告诉一声,或打电话给{_call(f)}。",
    ],
    Phrase.FORMER: _former,
    Phrase.WRONG_PERSON: lambda f: [f"好的,这个码已作废。请打电话给{_call(f)}换您本人的码。"],
    Phrase.CANCELLED: lambda _: ["好的,先放下。填的都已保存,回“待办”随时接着填。"],
    Phrase.NOTHING_TO_CANCEL: lambda _: ["现在没有正在填的。回“待办”看还要报什么。"],
    Phrase.NOTHING_OWED: lambda f: [
        f"{f.get('address', '您好')},{f.get('units', '')}现在没有待报事项,刚才的话没有记录。回“帮助”看怎么用。"
    ],
    Phrase.NOT_TEXT: lambda _: ["请用文字或按钮回答;现在没有要照片、表情的事项。已填的都在,回“待办”接着填。"],
    Phrase.ENOUGH_PHOTOS: lambda f: [f"照片已有{f.get('most', '')}张,够了,这张没有收。已填的都在。"],
    Phrase.FILE_TOO_BIG: lambda _: ["超过20MB,收不了。请直接发照片(不选“文件”“原图”),或压缩后再发;已填的都在。"],
    Phrase.FILE_KIND: lambda _: ["这种文件收不了。请直接发照片,或发 PDF、Word(docx)、Excel(xlsx);已填的都在。"],
    Phrase.PHOTO_LOST: lambda f: [f"您发的{f.get('name') or '照片'}没能取到,请再发一次照片;别的都已保存,不用重报。"],
    Phrase.NO_PHOTOS: lambda f: [f"{f.get('name', '')}近期没有照片。"],
    Phrase.NOT_ASKED: lambda f: [f"没找准“{f.get('name', '')}”,或这一期不问它。请说全名,如“发我看看 _小学”。"],
    Phrase.NOTHING_PREVIEWED: lambda _: ["先打“预览”,点开一期,再说“发我看看 _小学”。"],
    Phrase.WHICH_UNIT: lambda f: [f"没找准“{f.get('name', '')}”是哪所学校,请说全名,如“照片 _小学”。"],
    Phrase.VOICE: lambda _: ["听不了语音。按键盘上的话筒可以说话变文字,再发给我就行;已填的都在。"],
    Phrase.FAILED: lambda f: [f"刚才这条没处理成,是我们的问题,内容已留底。请过会儿再试,急用请打{_call(f)}。"],
    Phrase.LOCKED: lambda f: [f"{f.get('title', '')}报告期已关闭,填的都还在。仍要报送,请打{_call(f)}。"],
    Phrase.ALREADY_SUBMITTED: lambda f: [
        f"{f.get('title') or '这一项'}已报送,不用重报,刚才的话没有记录。要改,直接说正确的数,如“更正:_是_”,或回“已报”。"
    ],
    Phrase.UNCHANGED: lambda f: [f"{f.get('title') or '这一项'}和已报的一样,没有改动。"],
    Phrase.LATE_FILED: _late_filed,
    Phrase.EXTENSION_ASKED: _extension_asked,
    Phrase.EXTENSION_OVER: lambda f: [f"{f.get('title', '')}现在不能申请延期(快要关闭或正在申请)。{_still(f)}"],
    Phrase.PROMISED: _promised,
    Phrase.PROMISED_ENOUGH: _promised_enough,
    Phrase.LATER: lambda _: ["好的,稍后填。填的都已保存。"],
    Phrase.GROUP: lambda f: [
        f"各位好,我是{f.get('bureau') or '教育局'}的报送助手:报数、查待办请点下面的按钮到私聊里办,群里说的不记录。"
    ],
    Phrase.GROUP_CODE: lambda _: ["邀请码在群里人人看得见,这个码已作废;请向局办公室换一个新的,在私聊里发给我。"],
    Phrase.SAID_IN_GROUP: lambda f: [
        f"{f.get('address', '您好')},您刚才在群里说的没有记录(群里人人看得见),请在这里再说一遍。"
    ],
    Phrase.CODE_SHOWN: lambda f: [
        f"{f.get('name') or '有人'}的邀请码被发到了群里,已作废。请回“人员 {f.get('name', '')}”换一个新的,私下发给本人。"
    ],
    Phrase.HANDOVER_CODE_SHOWN: lambda f: [
        f"您请同事填{f.get('task', '')}的码被发到了群里,已作废。请回“待办”,点“交给他人办”换一个新的,私下发给同事。"
    ],
    Phrase.NOT_OWN_CONTACT: lambda _: ["这不是您自己的手机号。请点下面的“分享我的手机号”,不要转发名片。"],
    Phrase.NUMBER_UNKNOWN: lambda f: [f"这个手机号在名册上核对不上,请打电话给{_call(f)},由局里帮您开通。"],
    Phrase.NO_DIGEST_YET: lambda _: ["还没有开启报告期,暂无汇总。"],
    Phrase.HELD: _held,
    Phrase.RELEASED: _released,
    Phrase.CALENDAR: lambda f: f.get("lines", "").split("\n"),
    Phrase.LOST: _lost,
    Phrase.RECEIPT_TAKEN: lambda f: [
        f"✓ 已按回执恢复:{f.get('title', '')}",
        f"{_receipt(f)};填的数都已恢复,不用重报。有照片的,请再发一次。",
    ],
    Phrase.RECEIPT_EARLIER: lambda f: [
        f"✓ 已按回执恢复报送时间:{f.get('title', '')}",
        f"{_receipt(f)};后来报的数没有动。",
    ],
    Phrase.RECEIPT_KNOWN: lambda f: [f"{f.get('title') or '这一项'}系统里有({_receipt(f)}),没有丢,不用重报。"],
    Phrase.RECEIPT_WRONG: lambda f: [
        f"这张{f.get('title', '')}回执核对不上(可能改动过或没有转全),没有恢复。",
        f"请转发原来那条回执,或回“待办”重新填报;有疑问打{_call(f)}。",
    ],
    Phrase.RECEIPT_UNKNOWN: lambda f: [
        f"没有找到您负责的“{f.get('title', '')}”,回执没有用上。请由报送人本人转发,或打{_call(f)}。"
    ],
    Phrase.RECEIPT_UNSIGNED: lambda f: [
        f"这张回执没有校验码或没有转全,恢复不了。请转发原来那条,或回“待办”重新填报;有疑问打{_call(f)}。"
    ],
    Phrase.CHASED: _chased,
    Phrase.COURSE_WHICH: _course_which,
    Phrase.COURSE_WRONG: lambda f: [
        f"{f.get('title', '')}还没有{f.get('kind', '')}:{f.get('wrong', '')}。",
        "请改一下再说一遍。",
    ],
    Phrase.COURSE_NOBODY: lambda f: [
        f"{f.get('scope', '')}{f.get('title', '')}没有可以{f.get('kind', '')}的学校(已报、已豁免或已是这样),没有改动。"
    ],
    Phrase.SET_ASIDE: set_aside,
    Phrase.MORNING: morning,
    Phrase.NO_SUCH_COMMAND: lambda _: ["没有这个命令。回“帮助”看能做什么。"],
}
