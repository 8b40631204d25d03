"""The parameters of a Bot API call: GET query, JSON, form or multipart, and the server's lenient reading of them."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


class Params:
    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def has(self, name: str) -> bool:
        return self.raw.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.raw.get(name, "")
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "yes", "1"}

    def value(self, name: str) -> Any:
        """The JSON value given as such or as text; ValueError when it is neither; None when absent."""
        value = self.raw.get(name)
        if isinstance(value, str):
            return json.loads(value) if value else None
        return value


async def read_params(request: web.Request) -> Params:
    raw: dict[str, Any] = dict(request.query)
    if request.method == "POST" and request.can_read_body:
        raw |= await _body(request)
    return Params(raw)


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        body = await request.json()
        return body if isinstance(body, dict) else {}
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
