"""The parameters of a Bot API call: GET query, JSON, form or multipart, and the server's lenient reading of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Upload:
    filename: str
    mime: str
    content: bytes = field(repr=False)


class Params:
    def __init__(self, raw: dict[str, Any], uploads: dict[str, Upload] | None = None) -> None:
        self.raw = raw
        self.uploads = uploads or {}

    @property
    def told(self) -> dict[str, Any]:
        """For the record of calls: of uploads only what they are."""
        about = {name: f"{one.filename} ({len(one.content)} B)" for name, one in self.uploads.items()}
        return {**self.raw, **about}

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
    """Raises ValueError when the body cannot be read, HTTPRequestEntityTooLarge when there is too much of it."""
    params = Params(dict(request.query))
    if request.method == "POST" and request.can_read_body:
        await _read_body(request, params)
    return params


async def _read_body(request: web.Request, params: Params) -> None:
    if request.content_type == "application/json":
        body = await request.json()
        params.raw |= body if isinstance(body, dict) else {}
        return
    for name, value in (await request.post()).items():
        if isinstance(value, str):
            params.raw[name] = value
        elif isinstance(value, web.FileField):
            params.uploads[name] = Upload(value.filename, value.content_type, value.file.read())
