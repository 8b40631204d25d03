"""Telling Telegram where updates go: registered at the start, looked after once a minute."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from telegram import WebhookInfo
from telegram.error import BadRequest, Conflict, InvalidToken, TelegramError

from bot.polling import ALLOWED, MAX_BACKOFF, DubanBot
from bot.verdicts import pause_after
from db.session import is_down
from services.outages import caught_up, open_line
from services.workplace import Workplace

_log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
CATCHING_UP_SECONDS = 2.0  # while something may still wait at Telegram since our line was down
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Webhook:
    """The public address, with the path, and the secret Telegram repeats with each update."""

    url: str
    secret: str


class WebhookRefused(Exception):
    """Telegram does not take this address; the text is its reason."""


async def announce(bot: DubanBot, webhook: Webhook | None) -> None:
    """Have updates brought to `webhook`, or (None) kept for long polling; what already waits is never dropped.

    Tries again until Telegram has heard it. Raises InvalidToken and WebhookRefused.
    """
    backoff = 1.0
    while True:
        try:
            return await _announce(bot, webhook)
        except InvalidToken:
            raise
        except BadRequest as problem:
            raise WebhookRefused(str(problem)) from problem
        except TelegramError as problem:
            _log.warning("announcing failed: %s", type(problem).__name__, extra={"action": "announce_failed"})
            await asyncio.sleep(pause_after(problem, backoff))
            backoff = min(backoff * 2, MAX_BACKOFF)


async def _announce(bot: DubanBot, webhook: Webhook | None) -> None:
    if webhook is None:
        await bot.delete_webhook(drop_pending_updates=False)
        return
    await bot.set_webhook(
        webhook.url, secret_token=webhook.secret, allowed_updates=ALLOWED, max_connections=CONNECTIONS,
        drop_pending_updates=False,
    )  # fmt: skip


async def look_after(bot: DubanBot, webhook: Webhook, workplace: Workplace) -> None:
    """Until cancelled: notes what Telegram says of the webhook, and sets it again when somebody removed it.

    Raises InvalidToken, and Conflict when it points elsewhere: another copy has taken this bot over.
    """
    await open_line(workplace)
    while True:
        try:
            info = await bot.get_webhook_info()
        except InvalidToken:
            raise
        except TelegramError as problem:
            workplace.heartbeat.failed()
            _log.warning("looking failed: %s", type(problem).__name__, extra={"action": "webhook_look_failed"})
        else:
            await _heard(info, workplace)
            if info.url and info.url != webhook.url:
                raise Conflict("this bot's webhook points to another address")
            if not info.url:
                _log.warning("the webhook was removed; setting it again", extra={"action": "webhook_set_again"})
                await announce(bot, webhook)
        await asyncio.sleep(CATCHING_UP_SECONDS if workplace.heartbeat.catching_up else LOOK_SECONDS)


async def _heard(info: WebhookInfo, workplace: Workplace) -> None:
    """The line is good when nothing waits at Telegram, and down when something does and a new error stands beside it:
    its own dates are compared with each other only."""
    before = workplace.vitals.complaint
    _note(info, workplace)
    waits = info.pending_update_count > 0
    if waits and workplace.vitals.complaint != before:
        workplace.heartbeat.failed()
    elif not waits or not workplace.heartbeat.catching_up:
        try:
            await caught_up(workplace)
        except Exception as problem:
            if not is_down(problem):
                raise
            workplace.heartbeat.failed()


def _note(info: WebhookInfo, workplace: Workplace) -> None:
    vitals = workplace.vitals
    vitals.waiting = info.pending_update_count
    vitals.complaint = None
    if info.last_error_date is not None:
        vitals.complaint = (info.last_error_date, info.last_error_message or "")
