"""Files for bots, under /file/bot<token>/<file_path>, while the path is good; with the line's faults."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sandbox.calls import CallFate
from sandbox.errors import ApiError
from sandbox.faults import DOWNLOAD, Fault
from sandbox.files import StoredFile
from sandbox.line import Line, answer, failed, hang_up
from sandbox.model import Bot

_TYPE = "application/octet-stream"


class Downloads:
    def __init__(self, line: Line) -> None:
        self.line = line

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        bot = self.line.world.bots.get(request.match_info["token"])
        if bot is None:
            return answer(ApiError(401, "Unauthorized"))
        path = request.match_info["path"]
        fault = self.line.faults.take(DOWNLOAD, None)
        if fault:
            await asyncio.sleep(fault.delay)
        file = self.line.world.files.at(bot.profile.id, path)
        outcome = await self._outcome(request, fault, file)
        self._record(bot, path, fault, file)
        return outcome

    async def _outcome(self, request: web.Request, fault: Fault | None, file: StoredFile | None) -> web.StreamResponse:
        if fault and fault.kind in {"error", "drop"}:
            return failed(request, fault)
        if file is None or file.content is None:
            return answer(ApiError(404, "Not Found"))
        if fault and fault.kind == "lost":
            return await _half(request, file.content)
        return web.Response(body=file.content, content_type=_TYPE)

    def _record(self, bot: Bot, path: str, fault: Fault | None, file: StoredFile | None) -> None:
        fates: dict[str, CallFate] = {"error": "fault", "drop": "dropped", "lost": "lost"}
        fate = fates.get(fault.kind if fault else "", "ok" if file else "refused")
        code = fault.code if fault and fate == "fault" else 404 if fate == "refused" else 200
        self.line.log.add(
            bot_id=bot.profile.id, method=DOWNLOAD, params={"file_path": path}, chat_id=None, fate=fate, code=code,
            result=file.size if file else "Not Found", at=self.line.world.now(),
        )  # fmt: skip


async def _half(request: web.Request, content: bytes) -> web.StreamResponse:
    """Announces all of it and breaks off in the middle."""
    response = web.StreamResponse(headers={"Content-Type": _TYPE, "Content-Length": str(len(content))})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    hang_up(request)
    return response
