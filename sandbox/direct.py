"""The Bot API without a socket, for a caller in the same process and loop."""

from __future__ import annotations

from typing import Any

from sandbox.api import BotApi
from sandbox.errors import ApiError
from sandbox.params import Params


class Direct:
    """Answers as the HTTP line does. Scripted faults, limits and the record of calls belong to the line."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    def has_news(self, token: str, offset: int | None) -> bool:
        """Would getUpdates with this offset bring anything?"""
        return any(int(update["update_id"]) >= (offset or 0) for update in self._api.world.bots[token].queue.waiting())

    async def call(self, token: str, method: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of the answer."""
        try:
            result = await self._api.call(self._api.world.bots[token], method, Params(params))
        except KeyError:
            return 401, ApiError(401, "Unauthorized").to_json()
        except ApiError as error:
            return error.code, error.to_json()
        return 200, {"ok": True, "result": result}
