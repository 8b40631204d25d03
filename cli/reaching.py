"""What can be reached from here: Telegram, the proxy before it, any address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from telegram.error import InvalidToken, TelegramError

from bot.request import AioRequest, proxy_of
from bot.telegram_face import Line, make_bot
from cli.settings import Settings
from services.clock import SystemClock

PATIENCE = 10.0  # seconds
REFUSED: Final = ""
"""What `owner` says of a token that Telegram does not accept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`date` is the server's own clock, as it said; `began` and `ended` are by ours."""

    date: datetime | None
    began: datetime
    ended: datetime


class Telegram:
    """Asked once, over the way the bot takes; what it said answers several questions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: list[Answer | None] = []
        self.proxy = proxy_of(settings.telegram_proxy, settings.telegram_api_url)
        token = settings.telegram_token
        self.token = token.get_secret_value() if token else None

    @property
    def shown_url(self) -> str:
        return _bare(self._settings.telegram_api_url)

    @property
    def shown_proxy(self) -> str:
        """Without its password."""
        has_login = "@" in urlsplit(self.proxy or "").netloc
        return _bare(self.proxy or "") + ("(有密码)" if has_login else "")

    async def proxy_answers(self) -> bool:
        parts = urlsplit(self.proxy or "")
        port = parts.port or (1080 if parts.scheme.startswith("socks") else 443 if parts.scheme == "https" else 80)
        return bool(parts.hostname) and await somebody_at(parts.hostname or "", port)

    async def answers_in(self) -> float | None:
        """Seconds; None when nothing came back."""
        answer = await self._answer()
        return (answer.ended - answer.began).total_seconds() if answer else None

    async def ahead(self) -> timedelta | None:
        """How far our clock is ahead of Telegram's (which says whole seconds only)."""
        answer = await self._answer()
        if answer is None or answer.date is None:
            return None
        return answer.began + (answer.ended - answer.began) / 2 - answer.date

    async def _answer(self) -> Answer | None:
        if not self._asked:
            self._asked.append(await self._ask())
        return self._asked[0]

    async def _ask(self) -> Answer | None:
        clock = SystemClock()
        request = AioRequest(1, self.proxy)
        await request.initialize()
        try:
            began = clock.now()
            said = await request.head_of(self._settings.telegram_api_url, PATIENCE)
            return Answer(_date(said.get("Date")), began, clock.now())
        except TelegramError:
            return None
        finally:
            await request.shutdown()

    async def owner(self) -> str | None:
        """The bot's name; REFUSED; None when Telegram could not be asked."""
        bot = make_bot(Line(self.token or "", self._settings.telegram_api_url, self._settings.telegram_proxy))
        try:
            await bot.initialize()
        except InvalidToken:
            return REFUSED
        except TelegramError:
            return None
        else:
            return bot.username
        finally:
            await bot.shutdown()


def _bare(url: str) -> str:
    """Scheme, host and port: who else stands in an address stays there."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


async def somebody_at(host: str, port: int) -> bool:
    """Does anybody take a connection there? Nothing is said on it."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
