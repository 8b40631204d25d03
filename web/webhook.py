"""POST /webhook/<bot id>: an update is answered with 200 only when it is on disk; anything else brings it again."""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from services.admission import Admission, NotKept, is_update
from services.vitals import Vitals

MAX_BODY = 1 << 20  # bytes
PATIENCE = 20.0  # seconds for the body to arrive
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Webhook:
    bot_id: int
    secret: str
    admission: Admission
    vitals: Vitals

    @property
    def path(self) -> str:
        return f"/webhook/{self.bot_id}"

    async def handle(self, request: web.Request) -> web.Response:
        status = int(await self._take(request))
        self.vitals.posted[str(status)] += 1
        return web.Response(status=status)

    async def _take(self, request: web.Request) -> HTTPStatus:
        if not self._knows_the_secret(request):
            return HTTPStatus.FORBIDDEN
        if (request.content_length or 0) > MAX_BODY:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            body = await _read(request)
        except web.HTTPRequestEntityTooLarge:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT
        return await self._keep(body)

    async def _keep(self, body: bytes) -> HTTPStatus:
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST
        if not is_update(update):
            return HTTPStatus.BAD_REQUEST
        try:
            await self.admission.admit(update)
        except NotKept:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def _knows_the_secret(self, request: web.Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self.secret.encode())


async def _read(request: web.Request) -> bytes:
    if request.content.is_eof():  # it came with the headers, as nearly every update does
        return await request.read()
    async with asyncio.timeout(PATIENCE):
        return await request.read()
