"""The fault panel of the stage: what may go wrong, what is planned, what has happened, and the limits' switch."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

from sandbox.calls import CallFate
from sandbox.faults import Fault
from sandbox.line import Line
from sandbox.mishaps import MISHAPS, Mishap
from sandbox.render import templates
from sandbox.world import World

METHODS = (
    ("", "照例", "as usual"), ("*", "任何调用", "any call"), ("send*", "发消息", "send*"),
    ("edit*", "改消息", "edit*"), ("answerCallbackQuery", "回应按钮", "answerCallbackQuery"),
    ("getUpdates", "收消息", "getUpdates"), ("getFile", "问文件", "getFile"), ("download", "下载文件", "download"),
    ("webhook", "推送给助手", "webhook"),
)  # fmt: skip
FATES: dict[CallFate, str] = {
    "ok": "成功", "refused": "被拒", "fault": "出错", "dropped": "断线", "lost": "回音丢失", "late": "回音迟到",
}  # fmt: skip
_GROUPS = {429: "发得太快 429", 403: "不让发 403", 400: "请求不对 400", 401: "令牌、会话 401–409"}
_SHOWN_SPENT = 5


class LinePanel:
    def __init__(self, world: World, line: Line) -> None:
        self.world = world
        self.line = line

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/stage/line", self.show)

    async def show(self, _request: web.Request) -> web.Response:
        planned = len(self.line.faults.planned)
        return web.json_response({"html": self.html(), "planned": planned, "limits": self.line.limits.on})

    def html(self) -> str:
        faults = self.line.faults
        return templates.get_template("faults.html").render(
            planned=[self._row(fault) for fault in faults.planned],
            spent=[self._row(fault) for fault in list(faults.spent)[-_SHOWN_SPENT:]][::-1],
            counts=self._counts(),
        )

    def state(self) -> tuple[object, ...]:
        """Another one when the panel has something new to show."""
        faults = self.line.faults
        seen = [(fault.id, fault.taken) for fault in (*faults.planned, *faults.spent)]
        return *seen, self.line.limits.on

    def choices(self) -> dict[str, Any]:
        groups: dict[str, list[Mishap]] = {}
        for one in MISHAPS.values():
            groups.setdefault(_group(one), []).append(one)
        return {"groups": groups, "methods": METHODS, "limits": self.line.limits}

    def _row(self, fault: Fault) -> dict[str, Any]:
        known = MISHAPS.get(fault.name)
        person = self.world.users.get(fault.chat_id or 0)
        label = known.label if known else f"{fault.kind} {fault.code} {fault.description}"
        return {"fault": fault, "label": label, "who": person.first_name if person else fault.chat_id}

    def _counts(self) -> dict[str, int]:
        total: Counter[CallFate] = sum(self.line.log.counts.values(), Counter())
        return {label: total[fate] for fate, label in FATES.items() if total[fate]}


def _group(one: Mishap) -> str:
    if one.kind != "error":
        return "线路 Line"
    if one.code >= 500 or one.body:
        return "服务器、代理 5xx"
    return _GROUPS.get(one.code, _GROUPS[401])
