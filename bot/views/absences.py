"""出差、请假: read back, in force, over."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import message, office_call
from domain import wording
from services.absences import AbsenceContent
from services.content import Scene
from services.rendering import Button, Rendered


def absence(content: AbsenceContent, scene: Scene) -> Rendered:
    row, zone = content.row, scene.hours.zone
    who = "您" if content.own else content.address
    until = wording.moment(row.until, zone)
    if row.ended_at is not None:
        back = "提醒照常发给" if row.since is not None else "没有改动,提醒仍发给"
        return message([f"好的,{back}{who}。"])
    if not content.deputies:
        return message(
            [
                f"{who}{row.words}到{until}。还没有登记能收消息的联络员,提醒仍发给{who}。",
                f"可以点“待办”里的“交给他人办”请同事填,或打电话给{office_call(scene)},由办公室代填。",
            ]
        )
    deputies = "、".join(content.deputies)
    if row.since is None:
        lines = [
            f"【请核对】{who}{row.words}到{until},这期间的提醒改发给{deputies}。",
            "这期间自己随时也能填;到时自动恢复。对,请点“确认”。",
        ]
        return message(lines, [_button("确认", Verb.AWAY, content), _button("不用", Verb.AWAY_DROP, content)])
    lines = [f"✓ 到{until}为止,提醒改发给{deputies},之后自动恢复。"]
    return message(lines, [_button("回来了", Verb.AWAY_DROP, content)] if scene.now < row.until else [])


def _button(label: str, verb: Verb, content: AbsenceContent) -> Button:
    return Button(label, encode(verb, None, content.row.id))
