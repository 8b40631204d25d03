"""What the control API and the page read and answer: JSON, refusals as `{"error": …}`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.errors import PhoneError
from sandbox.model import Json
from sandbox.stage import ClockRefusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def told(handler: Handler) -> Handler:
    """A handler whose refusals become `{"error": …}` with status 400."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (PhoneError, ClockRefusal, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def body_of(request: web.Request) -> Json:
    body = await request.json()
    if not isinstance(body, dict):
        raise PhoneError("a JSON object is expected")
    return body


def as_json(value: Any) -> web.Response:
    return web.json_response(value, dumps=lambda v: json.dumps(v, ensure_ascii=False))
