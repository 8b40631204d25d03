"""改期、延期、豁免、撤回、重开: read back to the bureau, told to the schools."""

from __future__ import annotations

from typing import assert_never

from bot.buttons import Verb, encode
from bot.views.absences import absence
from bot.views.parts import message, open_button, unit_and_title
from domain import wording
from domain.course import CourseKind
from services.absences import AbsenceContent
from services.content import Scene
from services.course_content import Change, CourseContent, CourseLive, GuideContent, NoteContent, ToldContent
from services.rendering import Button, Rendered

NAMED = 5
_STAYS = {
    CourseKind.EXTEND: "填的都还在,别的学校不变。",
    CourseKind.MOVE: "已报的不受影响,填了的都还在;提醒按新的截止时间重新安排。",
    CourseKind.EXEMPT: "不再提醒,填的留着,不计入应报。",
    CourseKind.RESTORE: "重新计入应报,之前填的都在。",
    CourseKind.WITHDRAW: "马上停止提醒,不再收;填的和报的都留着,不进汇总。",
    CourseKind.REOPEN: "填的和报的都还在。",
}


def course(content: CourseLive, scene: Scene) -> Rendered:
    match content:
        case CourseContent():
            return _card(content, scene)
        case ToldContent():
            return _told(content, scene)
        case NoteContent():
            return message([f"{content.change.by}已办:{content.change.told.line(scene.hours.zone)}。"])
        case GuideContent():
            return _guide(content, scene)
        case AbsenceContent():
            return absence(content, scene)
        case _:
            assert_never(content)


def _card(content: CourseContent, scene: Scene) -> Rendered:
    change = content.change
    row, told = change.row, change.told
    lines = [f"【请核对,还没有办】{told.line(scene.hours.zone)}"]
    if row.done_at is not None:
        deaf = row.reports - row.told
        call = f";{deaf}家收不到消息(未开通或已停用),请打电话告知" if deaf else ""
        return message([f"✓ 已办:{told.line(scene.hours.zone)}", f"{change.by},已告知{row.told}家{call}。"])
    if row.dropped_at is not None:
        return message([f"没有办:{told.line(scene.hours.zone)}"])
    lines.append(f"涉及{row.reports}家{_names(content)}。{_STAYS[told.kind]}")
    keep = Button("不改了", encode(Verb.COURSE_DROP, None, row.id))
    if not row.reason:
        return message([*lines, "为什么?请回一句原因,会告诉学校,也进汇总。"], [keep])
    lines.append("对,请点“确认”,确认后立即告知;不对,点“不改了”再说一遍。")
    return message(lines, [Button("确认", encode(Verb.COURSE_DO, None, row.id)), keep])


def _names(content: CourseContent) -> str:
    if not content.units:
        return ""
    named = "、".join(content.units[:NAMED])
    return f"({named}{'等' if len(content.units) > NAMED else ''})"


def _told(content: ToldContent, scene: Scene) -> Rendered:
    first = content.sheets[0]
    what = "、".join(unit_and_title(s) if content.several_units else s.title for s in content.sheets)
    why = f"({content.change.told.reason})"
    lines = [f"{content.address},{_said(content.change, what, why, scene)}", f"经办:{_contact(content.change)}"]
    goes_on = content.change.told.kind not in (CourseKind.EXEMPT, CourseKind.WITHDRAW)
    return message(lines, [open_button("接着填", first)] if goes_on and len(content.sheets) == 1 else [])


def _said(change: Change, what: str, why: str, scene: Scene) -> str:
    zone, told = scene.hours.zone, change.told
    until = wording.moment(told.until, zone) if told.until else ""
    match told.kind:
        case CourseKind.MOVE:
            before = wording.moment(told.before, zone) if told.before else ""
            return f"{what}截止时间由{before}改为{until}{why}。已填的都在,不用重填。"
        case CourseKind.EXTEND:
            return f"{what}延至{until}{why}。在此之前报都算按时,已填的都在。"
        case CourseKind.EXEMPT:
            return f"{what}这次不用报了{why}。"
        case CourseKind.RESTORE:
            return f"{what}这次还请报送{why}。之前填的都在。"
        case CourseKind.WITHDRAW:
            return f"{what}已撤回,不用报了{why}。填的和报的都留着。"
        case CourseKind.REOPEN:
            return f"{what}重新开放,{until}前都可以报{why}。已填的都在。"


def _contact(change: Change) -> str:
    return f"{change.section.contact or change.section.name} {change.section.phone}".strip()


def _guide(content: GuideContent, scene: Scene) -> Rendered:
    lines = [
        "一句话就能改,改之前会读回给您核对:",
        "延期 _镇 _任务 _月_日17:00 原因(也可写学校名;都不写是所有未报的)",
        "改期 _任务 _月_日17:00 原因(全县)",
        "豁免 _学校 _任务 原因;恢复 _学校 _任务 原因",
        "撤回 _任务 原因;重开 _任务 到_月_日17:00 原因",
    ]
    if content.latest:
        lines.append("最近的改动:")
    lines += [
        f"{wording.short_moment(one.row.done_at, scene.hours.zone)} {one.by}:{one.told.line(scene.hours.zone)}"
        for one in content.latest
        if one.row.done_at is not None
    ]
    return message(lines)
