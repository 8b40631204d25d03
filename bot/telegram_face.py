"""The Telegram face: python-telegram-bot's application, the inbox worker, delivery and how updates come."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import cache

from telegram import BotCommand, BotCommandScopeAllPrivateChats, Update
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot import turns
from bot.download import fetch_with
from bot.handlers import register
from bot.polling import ALLOWED, DubanBot, poll
from bot.request import AioRequest, proxy_of
from bot.sender import Sender
from bot.views import render
from bot.webhook import Webhook, announce, look_after
from bot.words import BUREAU_COMMANDS, MENU, PRINCIPAL_COMMANDS
from services.delivery import IN_FLIGHT, Delivery
from services.evidence import Collector
from services.intake import Update as RawUpdate
from services.intake import Worker
from services.turn import Turn
from services.workplace import Workplace

DRAIN = 7.0
"""Seconds for what is being worked on and sent when we are told to stop: with the last words less than ten."""


@dataclass(frozen=True, slots=True)
class Line:
    """How Telegram is reached. `api_url` is `https://api.telegram.org` or a stand-in; `proxy` http(s) or socks5."""

    token: str
    api_url: str = "https://api.telegram.org"
    proxy: str | None = None


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: the certificates cost a twentieth of a second each time."""
    return ssl.create_default_context()


def make_bot(line: Line) -> DubanBot:
    """Raises ValueError for a proxy that is none."""
    proxy = proxy_of(line.proxy, line.api_url)
    calls, polling = AioRequest(IN_FLIGHT + 8, proxy, _trusted()), AioRequest(2, proxy, _trusted())
    base = line.api_url.rstrip("/")
    return DubanBot(
        line.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=calls,
        get_updates_request=polling,
    )  # fmt: skip


class TelegramFace:
    """Start with `async with`; then `run()` until cancelled. Without a webhook it polls; with one, what is accepted
    elsewhere has to be told to `worker.wake`."""

    def __init__(self, workplace: Workplace, bot: DubanBot, webhook: Webhook | None = None) -> None:
        self.workplace = workplace
        self.bot = bot
        self.webhook = webhook
        bot.tell(lambda well: workplace.vitals.called(workplace.clock, well=well))
        builder = ApplicationBuilder().bot(bot).updater(None).job_queue(None)
        self.application: Application = builder.build()  # type: ignore[type-arg]
        register(self.application)
        self.worker = Worker(workplace, self.handle, self.afterwards)
        self.delivery = Delivery(workplace, render, Sender(bot, workplace.evidence))
        workplace.database.on_commit(self.delivery.wake)

    async def __aenter__(self) -> TelegramFace:
        await self.application.initialize()
        await self.delivery.recover()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.workplace.nursery.drain(DRAIN)
        await self.delivery.close()
        await self.application.shutdown()

    async def run(self) -> None:
        """Receive, work and deliver until cancelled or until Telegram says something that needs a person."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._set_menu())
            group.create_task(self.worker.run())
            group.create_task(self.delivery.run())
            group.create_task(self._receive())
            if self.workplace.evidence is not None:
                group.create_task(Collector(self.workplace, self.workplace.evidence, fetch_with(self.bot)).run())

    async def _receive(self) -> None:
        await announce(self.bot, self.webhook)
        if self.webhook is None:
            await poll(self.bot, self.workplace, self.worker.wake)
        else:
            await look_after(self.bot, self.webhook, self.workplace)

    async def _set_menu(self) -> None:
        listed = [BotCommand(name, MENU[name]) for name in dict.fromkeys((*PRINCIPAL_COMMANDS, *BUREAU_COMMANDS))]
        try:
            await self.bot.set_my_commands(listed, scope=BotCommandScopeAllPrivateChats())
            await self.bot.delete_my_commands()  # an earlier release offered them in groups too
        except TelegramError:
            return  # the menu is a convenience; the next start sets it

    async def handle(self, turn: Turn, raw: RawUpdate) -> None:
        """Run the handlers of one update inside the worker's transaction; what they raise is raised here.

        Kinds we never asked for are passed over unread: they may be of any shape.
        """
        if raw.keys().isdisjoint(ALLOWED):
            return
        handling = turns.begin(turn)
        update = Update.de_json(raw, self.bot)
        if update is not None:
            await self.application.process_update(update)
        if handling.problem is not None:
            raise handling.problem

    async def afterwards(self, turn: Turn) -> None:
        """Beside the outbox: a tapped button stops spinning. Too late is no harm."""
        if turn.callback_id is None:
            return
        self.workplace.nursery.start(self._answer(turn.callback_id, turn.toast), "answer callback")

    async def _answer(self, callback_id: str, toast: str) -> None:
        try:
            await self.bot.answer_callback_query(callback_id, text=toast or None)
        except TelegramError:
            return
