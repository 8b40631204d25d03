"""突发事件: whom to call, and what the office and the safety section are told."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import message
from domain import wording
from domain.messages import Alarm, Emergency
from services.content import Scene
from services.rendering import Button, Rendered


def emergency(content: Emergency) -> Rendered:
    duty = f"值班 {content.duty}," if content.duty else ""
    told = f";已同时通知{content.told}" if content.told else ",请务必打电话"
    lines = [
        f"如有师生受伤、送医等情况,请立即打:{duty}120、110、119。",
        f"本助手不受理突发事件报告{told}。",
    ]
    called = Button("已打电话", encode(Verb.CALLED, None, content.update_id))
    return message(lines, [called, Button("不是突发,是报数", encode(Verb.FALSE_ALARM, None, content.update_id))])


def alarm(content: Alarm, scene: Scene) -> Rendered:
    who = f"{content.unit} {content.who}".strip()
    if content.outcome:
        what = "已点“已打电话”,请与值班室核对。" if content.outcome == "called" else "说不是突发,是报数,不用处理。"
        return message([f"【疑似突发】{who}{what}"], protect=True)
    at = wording.moment(content.at, scene.hours.zone)
    lines = [f"【疑似突发】{who}{at}说:", f"“{content.words}”"]
    phone = f" {content.phone}" if content.phone else ""
    lines.append(f"请马上打电话核实:{content.who}{phone}。已请对方打值班电话和120、110、119;本助手不受理突发事件报告。")
    return message(lines, protect=True)
