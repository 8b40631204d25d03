"""python-telegram-bot's way to the stand-in without a socket."""

from __future__ import annotations

import json
from typing import Any

from telegram.request import BaseRequest, RequestData

from sandbox import Direct

BASE = "direct://bot"


class InProcess(BaseRequest):
    """Every call becomes a function call; the library builds and parses as it always does."""

    def __init__(self, api: Direct) -> None:
        self._api = api

    @property
    def read_timeout(self) -> float | None:
        return None

    async def initialize(self) -> None:
        """There is no connection to open."""

    async def shutdown(self) -> None:
        """There is no connection to close."""

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - always POST
        request_data: RequestData | None = None,
        *_timeouts: Any,
        **_more: Any,
    ) -> tuple[int, bytes]:
        token, _, name = url.removeprefix(BASE).partition("/")
        status, answer = await self._api.call(token, name, request_data.parameters if request_data else {})
        return status, json.dumps(answer).encode()
