"""Invitations, hand-overs and the office's directory: what principals, colleagues and the office read."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons import Verb, encode
from bot.views.parts import due, in_rows, message, office_call, open_button, task_name, unit_and_title, with_whom
from db.tables import Role
from domain import wording
from domain.messages import ReportKey
from services.content import Scene
from services.directory import UNBOUND, UNREACHABLE, Entry, Found, Post
from services.handover import How
from services.invitations import Code, grouped
from services.people_content import (
    HandoverCardContent,
    HandoverContent,
    InvitationContent,
    PeopleContent,
    PersonContent,
    TakeBackContent,
    TakeoverContent,
)
from services.rendering import Button, Rendered

MOST_TASKS = 8


# ---- invitations


def invitation(content: InvitationContent, scene: Scene) -> Rendered:
    """C1, for the office to forward."""
    until = wording.moment(content.expires_at, scene.hours.zone)
    only = f"仅供{content.unit}," if content.unit else ""
    return message(
        [
            f"{content.address}:您好!局里启用报送助手“督办”,今后各股室要数,您在手机上回一句话即可,同一个数不重复要。",
            *_how_to_open(content.code, scene),
            f"本码{only}{until}前有效,请勿转发。",
            f"用不了也不要紧,打电话报数同样有效:{office_call(scene)}。",
            scene.bureau.office_name or scene.bureau.name,
        ]
    )


def _how_to_open(code: Code, scene: Scene) -> list[str]:
    bot = scene.bureau.bot_username
    if not bot:
        return [f"在报送助手里发这8位码:{grouped(code.digits)}。"]
    return [
        f"请点开 https://t.me/{bot}?start={code.link} 后按“开始”。",
        f"打不开,在Telegram里找 @{bot},发这8位码:{grouped(code.digits)}。",
    ]


# ---- 交给他人办


def handover(content: HandoverContent, scene: Scene) -> Rendered:
    """To be forwarded to the colleague, or (without a code) for him to confirm."""
    sheet = content.sheet
    what = f"{sheet.unit.name}{sheet.title}({due(sheet, scene)}前)"
    lines = [f"{content.head}请您填{what}。", _after_filling(content)]
    if content.code is None:
        yes = Button("是我", encode(Verb.THIS_IS_ME, None, content.invitation_id))
        no = Button("不是我", encode(Verb.NOT_ME, None, content.invitation_id))
        return message([*lines, "请确认:是您来填吗?"], [yes, no])
    until = wording.moment(content.expires_at, scene.hours.zone)
    lines[0] = f"您好!{lines[0]}"
    return message([*lines, *_how_to_open(content.code, scene), f"本码只能用一次,{until}前有效。"])


def _after_filling(content: HandoverContent) -> str:
    then = "填好后由您提交。" if content.may_submit else f"填好后先送{content.head}看,由{content.head}提交。"
    return f"以后各期也请您填;{then}" if content.lasting else then


def handover_card(content: HandoverCardContent, scene: Scene) -> Rendered:
    """Which, and how; at most two taps from the button 交给他人办."""
    if not content.sheets:
        return message(["现在没有待报的可以交出去。回“待办”看要报什么。"])
    how = How(content.message.lasting, content.message.may_submit)
    if content.message.delegation_id is not None:
        return _handed(content, content.message.delegation_id, how)
    alone = len(content.sheets) == 1
    which = f"{unit_and_title(content.sheets[0])}({due(content.sheets[0], scene)}前)" if alone else "请点要交的一项。"
    lines = [f"交给他人办:{which}", f"现选:{_said(how)}。", "已填的都在,同事接着填;您随时可以收回。"]
    give = [
        Button(_give_label(content, number), encode(Verb.HAND_TO, sheet.key, how.code))
        for number, sheet in enumerate(content.sheets[:MOST_TASKS])
    ]
    return message(lines, *in_rows(give, 2), _other_ways(content.message.report, how))


def _give_label(content: HandoverCardContent, number: int) -> str:
    if len(content.sheets) == 1:
        return "就这样,生成邀请码"
    sheet = content.sheets[number]
    unit = f"{sheet.unit.name} " if content.several_units else ""
    return f"{number + 1} {unit}{task_name(sheet)}"


def _said(how: How) -> str:
    often = "以后都由同事填" if how.lasting else "只这一次"
    return f"{often},{'他自己提交' if how.may_submit else '填好先送我看,由我提交'}"


def _other_ways(report: ReportKey | None, how: How) -> Sequence[Button]:
    often, sending = How(not how.lasting, how.may_submit), How(how.lasting, not how.may_submit)
    return [
        Button("改:只这一次" if how.lasting else "改:以后都", encode(Verb.HAND_OVER, report, often.code)),
        Button("改:我看过再提交" if how.may_submit else "改:他自己提交", encode(Verb.HAND_OVER, report, sending.code)),
    ]


def _handed(content: HandoverCardContent, delegation_id: int, how: How) -> Rendered:
    lines = [
        f"已备好邀请码:{unit_and_title(content.sheets[0])},{_said(how)}。",
        "请把下面一条转给同事,同事打开后点“是我”就能填。",
        "码丢了,再点一次“交给他人办”;想收回,点“收回”或回“收回”。",
    ]
    return message(lines, [Button("收回", encode(Verb.TAKE_BACK, None, delegation_id))])


def take_back(content: TakeBackContent) -> Rendered:
    lines = [f"交给同事的有{len(content.items)}项,请点要收回的:"]
    lines += [f"{number}. {title}{with_whom(one)}" for number, (one, title) in enumerate(content.items[:7], 1)]
    buttons = [
        Button(f"收回{number}", encode(Verb.TAKE_BACK, None, one.handed.delegation_id))
        for number, (one, _) in enumerate(content.items[:7], 1)
    ]
    return message(lines, *in_rows(buttons, 4))


# ---- 校长交接


def takeover(content: TakeoverContent, scene: Scene) -> Rendered:
    several = len(content.units) > 1
    names = "、".join(unit.name for unit in content.units)
    owed = [
        f"{sheet.unit.name if several else ''}{task_name(sheet)}{with_whom(content.part.handed.get(sheet.key))}"
        for sheet in content.sheets
    ]
    lines = [f"{content.address},您好!您已负责{names}。"]
    if owed:
        shown = "、".join(owed[:5]) + ("等" if len(owed) > 5 else "")
        lines.append(f"待报{len(owed)}项:{shown},最近的{due(content.sheets[0], scene)}前。")
    else:
        lines.append("现在没有待报事项。")
    lines.append("前任已报的,打“已报”可看;前任填了一半的都在,接着填即可。")
    for unit in content.units[:3]:
        lines.append(f"{f'{unit.name}:' if several else ''}{_basics(unit.students, unit.staff, unit.classes)}")
    buttons = [open_button(f"{number} {task_name(sheet)}", sheet) for number, sheet in enumerate(content.sheets, 1)]
    return message(lines, *in_rows(buttons[:MOST_TASKS], 2))


def _basics(students: int | None, staff: int | None, classes: int | None) -> str:
    named = (("在册学生", students), ("教职工", staff), ("教学班", classes))
    said = "、".join(f"{name}{count}" for name, count in named if count is not None)
    return f"{said},有变请告诉局里。" if said else "在册数还没有登记,请告诉局里。"


# ---- 人员, for the office


def people(content: PeopleContent) -> Rendered:
    found = content.found
    if not found.query:
        return message(_summary(found), protect=True)
    if not found.entries and found.query == UNREACHABLE:
        return message(["现在没有联系不上的人。"], protect=True)
    if not found.entries:
        return message([f"没有找到“{found.query}”。可以发“人员 校名”“人员 姓名”或“人员 乡镇”。"], protect=True)
    more = f",先列{len(found.entries)}人,请写得再细些" if found.total > len(found.entries) else ""
    lines = [f"“{found.query}”{found.total}人{more}:"]
    lines += [f"{number}. {_line(entry)}" for number, entry in enumerate(found.entries, 1)]
    buttons = [
        Button(f"{number} {entry.name}", encode(Verb.PERSON, None, entry.person_id))
        for number, entry in enumerate(found.entries, 1)
    ]
    return message([*lines, "点人名可重发邀请码、停用账号。"], *in_rows(buttons, 3), protect=True)


def _summary(found: Found) -> list[str]:
    unbound = found.total - found.bound
    lines = [f"名册{found.total}人:已开通{found.bound}人,未开通{unbound}人。"]
    if found.unbound:
        lines.append("未开通:" + "、".join(f"{town}{count}" for town, count in sorted(found.unbound.items())))
    lines.append(f"查人发“人员 校名”“人员 姓名”“人员 乡镇”“人员 {UNBOUND}”或“人员 {UNREACHABLE}”。")
    return lines


def _line(entry: Entry) -> str:
    return f"{entry.name} {_posts(entry.posts)} {_state(entry)} {entry.phone}".rstrip()


def _posts(posts: Sequence[Post]) -> str:
    roles = (
        f"{post.unit}{wording.role(post.role, post.unit, handed=post.handed)}"
        for post in posts
        if post.role != Role.CENTRAL
    )
    return "、".join(dict.fromkeys(roles)) or "无职务"


def _state(entry: Entry) -> str:
    if entry.bound_at is None:
        return UNBOUND
    return f"{UNREACHABLE}({wording.why_unreachable(entry.unreachable)})" if entry.unreachable else "已开通"


def person(content: PersonContent, scene: Scene) -> Rendered:
    entry, zone = content.entry, scene.hours.zone
    lines = [f"{entry.name}({entry.address}) {entry.phone}".rstrip(), _posts(entry.posts)]
    if entry.bound_at is not None:
        gone = f",{UNREACHABLE}:{wording.why_unreachable(entry.unreachable)}" if entry.unreachable else ""
        lines.append(f"账号:{wording.moment(entry.bound_at, zone)}开通{gone}。")
    else:
        lines.append("账号:未开通。")
    if entry.invited_until is not None:
        lines.append(f"有一个未用的邀请码,{wording.moment(entry.invited_until, zone)}前有效;重发后旧码作废。")
    if entry.bound_at is not None:
        lines.append("换手机、丢手机或绑错人:点“重发邀请码”,现在的账号同时停用。")
    buttons = [Button("重发邀请码", encode(Verb.REINVITE, None, entry.person_id))]
    if entry.bound_at is not None:
        buttons.append(Button("停用账号", encode(Verb.CUT_OFF, None, entry.person_id)))
    return message(lines, buttons, protect=True)
