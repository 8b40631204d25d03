"""Long polling whose offset moves only after the updates are committed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import ExtBot

from bot.verdicts import pause_after
from db.session import is_down
from services.crashing import Point, passed
from services.intake import Update, accept, home_of
from services.outages import back, caught_up, open_line
from services.workplace import Workplace

_log = logging.getLogger(__name__)

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
LONG_POLL = 25  # seconds
FIRST_BACKOFF = 1.0
MAX_BACKOFF = 30.0
NOT_KEPT_PAUSE = 1.0  # seconds until what could not be kept is fetched again


class DubanBot(ExtBot[None]):
    _called: Callable[[bool], None] | None = None

    def tell(self, called: Callable[[bool], None]) -> None:
        """Of every call from now on, `called` is told whether it went well."""
        self._called = called

    async def raw_updates(self, offset: int | None, seconds: int) -> list[Update]:
        """`getUpdates` without parsing: an update that the library cannot read must not hold up the others."""
        data: dict[str, Any] = {"offset": offset, "timeout": seconds, "allowed_updates": ALLOWED}
        return cast("list[Update]", await self._post("getUpdates", data, read_timeout=seconds + 5))

    async def call(self, method: str, **data: Any) -> Any:
        """One call with plain values, its answer unparsed: building the library's objects of what we send and of what
        comes back costs more than the call."""
        return await self._post(method, data)

    async def _do_post(self, endpoint: str, data: dict[str, Any], **timeouts: Any) -> Any:
        went_well = False
        try:
            answer = await super()._do_post(endpoint, data, **timeouts)
            went_well = True
        finally:
            if self._called is not None:
                self._called(went_well)
        return answer


async def poll(bot: DubanBot, workplace: Workplace, accepted: Callable[[Iterable[int]], None]) -> None:
    """Until cancelled. Raises InvalidToken and Conflict (another copy is running): both need a person."""
    await open_line(workplace)
    offset: int | None = None
    backoff = FIRST_BACKOFF
    while True:
        try:
            updates = await bot.raw_updates(offset, 0 if workplace.heartbeat.catching_up else LONG_POLL)
        except (InvalidToken, Conflict):
            raise
        except TelegramError as problem:
            workplace.heartbeat.failed()
            _log.warning("polling failed: %s", type(problem).__name__, extra={"action": "poll_failed"})
            await asyncio.sleep(pause_after(problem, backoff))
            backoff = min(backoff * 2, MAX_BACKOFF)
            continue
        backoff = FIRST_BACKOFF
        if updates:
            passed(Point.FETCHED)
        if not await _kept(workplace, updates):
            workplace.heartbeat.failed()
            await asyncio.sleep(NOT_KEPT_PAUSE)
            continue
        if updates:
            passed(Point.ACCEPTED)
            accepted([home_of(update) for update in updates])
            offset = max(int(update["update_id"]) for update in updates) + 1


async def _kept(workplace: Workplace, updates: Sequence[Update]) -> bool:
    """Are they on disk? A store that is full or locked ends nothing: Telegram keeps them until we have them. After an
    outage the first time that nothing came back ends the catching up."""
    try:
        await back(workplace)
        if updates:
            async with workplace.database.write() as session:
                now = workplace.clock.now()
                await accept(session, workplace.bureau_id, updates, now, workplace.heartbeat.stood_at(now))
        if not updates or not workplace.heartbeat.catching_up:
            await caught_up(workplace)
    except Exception as problem:
        if not is_down(problem):
            raise
        _log.error("updates not kept: %s", type(problem).__name__, extra={"action": "not_kept"})
        return False
    return True
