"""A sandbox on a free port, and the two libraries that talk to it as they would to the real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from playwright.async_api import Browser, async_playwright
from telegram import Bot as PtbBot

from sandbox import BotProfile, Phone, SandboxServer

from .cast import OTHER_TOKEN, PRINCIPAL, TOKEN
from .theatre import FLAGS, OTHERS, PRINCIPALS, STORY, DemoClock


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 9, 1, 30, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def sandbox(hands: Hands) -> AsyncIterator[SandboxServer]:
    server = SandboxServer(hands.now, bots=[BotProfile(TOKEN), BotProfile(OTHER_TOKEN, "other_bot", "邻县督办")])
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def phone(sandbox: SandboxServer) -> Phone:
    """A principal who has started the bot; the update of that is already confirmed."""
    phone = sandbox.phone(TOKEN, PRINCIPAL, "王建国")
    await phone.start()
    sandbox.world.bot(TOKEN).queue.clear()
    return phone


@pytest.fixture
async def ptb(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PtbBot]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with PtbBot(TOKEN, base_url=sandbox.api_url) as bot:
        yield bot


@pytest.fixture
async def aio(sandbox: SandboxServer) -> AsyncIterator[AiogramBot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.url))
    bot = AiogramBot(TOKEN, session=session)
    yield bot
    await session.close()


class Raw:
    """The API without a library: the whole answer, as the server gave it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def __call__(self, method: str, token: str = TOKEN, **params: object) -> dict:
        async with self.session.post(f"{self.url}/bot{token}/{method}", json=params) as response:
            answer = await response.json()
        assert response.status == answer.get("error_code", 200)
        return answer


@pytest.fixture
async def raw(sandbox: SandboxServer) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession() as session:
        yield Raw(session, sandbox.url)


@pytest.fixture
def clock() -> DemoClock:
    return DemoClock()


@pytest.fixture
async def theatre(clock: DemoClock) -> AsyncIterator[SandboxServer]:
    """The stage with a county's people, a story and a clock."""
    server = SandboxServer(clock.now, bots=[BotProfile(TOKEN)], seats=[*PRINCIPALS, *OTHERS], story=STORY, clock=clock)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = os.environ.get("DUBAN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS.split())
        yield browser
        await browser.close()
