"""Our HTTP client against real servers: proxies with and without a password, files, and what each failure says."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable

import pytest
from telegram.error import NetworkError, TimedOut

from bot.polling import DubanBot
from bot.request import NOT_SENT, AioRequest, proxy_of
from bot.telegram_face import Line, make_bot
from sandbox import Phone, SandboxServer, mishap
from tests.proxies import proxy

from .cast import PRINCIPAL, TOKEN

LOGIN = ("zhang san", "p@ss:w/rd")
QUOTED = "zhang%20san:p%40ss%3Aw%2Frd"


@pytest.fixture
async def bot(sandbox: SandboxServer) -> AsyncIterator[DubanBot]:
    async with make_bot(Line(TOKEN, sandbox.url)) as made:
        yield made


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_through_a_proxy(sandbox: SandboxServer, phone: Phone, kind: str) -> None:
    async with proxy(kind) as between, make_bot(Line(TOKEN, sandbox.url, between.url())) as bot:
        await bot.send_message(PRINCIPAL, "经过代理")
        assert await bot.raw_updates(None, 0) == []
    assert phone.texts[-1] == "经过代理"
    assert len(between.seen) >= 2  # calls and getUpdates
    assert all(str(sandbox.url).removeprefix("http://") in target for target in between.seen)


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_through_a_proxy_with_a_password(sandbox: SandboxServer, phone: Phone, kind: str) -> None:
    async with proxy(kind, LOGIN) as between, make_bot(Line(TOKEN, sandbox.url, between.url(QUOTED))) as bot:
        await bot.send_message(PRINCIPAL, "有密码")
    assert phone.texts[-1] == "有密码"
    assert (bool(between.seen), between.turned_away) == (True, 0)


@pytest.mark.parametrize("kind", ["http", "socks5"])
@pytest.mark.parametrize("given", ["", "duban:wrong"])
async def test_a_proxy_that_refuses_has_certainly_sent_nothing(sandbox: SandboxServer, kind: str, given: str) -> None:
    async with proxy(kind, ("duban", "right")) as between:
        request = AioRequest(2, between.url(given))
        await request.initialize()
        with pytest.raises(NetworkError) as caught:
            await request.post(f"{sandbox.url}/bot{TOKEN}/getMe")
        await request.shutdown()
    assert isinstance(caught.value.__cause__, NOT_SENT)
    assert (between.seen, between.turned_away) == ([], 1)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_no_proxy_there_is_certainly_not_sent(sandbox: SandboxServer, kind: str) -> None:
    await _not_sent(AioRequest(2, f"{kind}://127.0.0.1:{_closed_port()}"), sandbox.url)


async def test_nobody_there_is_certainly_not_sent() -> None:
    await _not_sent(AioRequest(2), f"http://127.0.0.1:{_closed_port()}")


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def _not_sent(request: AioRequest, url: str) -> None:
    await request.initialize()
    with pytest.raises(NetworkError) as caught:
        await request.post(f"{url}/bot{TOKEN}/getMe")
    await request.shutdown()
    assert isinstance(caught.value.__cause__, NOT_SENT)


async def test_a_full_pool_is_certainly_not_sent(sandbox: SandboxServer) -> None:
    request = AioRequest(1)
    await request.initialize()
    sandbox.inject(mishap("slow", "getMe", delay=0.6))
    url = f"{sandbox.url}/bot{TOKEN}/getMe"
    first = asyncio.ensure_future(request.post(url))  # noqa: TID251
    await asyncio.sleep(0.1)
    with pytest.raises(TimedOut) as caught:
        await request.post(url, connect_timeout=0.05, pool_timeout=0.05)
    await first
    await request.shutdown()
    assert isinstance(caught.value.__cause__, NOT_SENT)


@pytest.mark.parametrize(("name", "error"), [("late", TimedOut), ("lost", NetworkError), ("dropped", NetworkError)])
async def test_an_answer_that_never_came_may_have_been_sent(
    sandbox: SandboxServer, phone: Phone, bot: DubanBot, name: str, error: type[NetworkError]
) -> None:
    sandbox.inject(mishap(name, "sendMessage"))
    with pytest.raises(error) as caught:
        await bot.send_message(PRINCIPAL, "?", read_timeout=0.3)
    assert not isinstance(caught.value.__cause__, NOT_SENT)
    assert ("?" in phone.texts) == (name != "dropped")


async def test_a_long_poll_may_take_its_time(sandbox: SandboxServer, bot: DubanBot) -> None:
    sandbox.inject(mishap("slow", "getUpdates", delay=0.5))
    began = time.monotonic()
    assert await bot.raw_updates(None, 0) == []
    assert time.monotonic() - began >= 0.5


async def test_a_file_with_a_chinese_name(sandbox: SandboxServer, phone: Phone, bot: DubanBot) -> None:
    sent = await bot.send_document(PRINCIPAL, b"%PDF-1.4 x", filename="9月演练 小结.pdf", caption="见附件")
    assert sent.document is not None
    assert (sent.document.file_name, sent.caption) == ("9月演练 小结.pdf", "见附件")
    assert bytes(await (await sent.document.get_file()).download_as_bytearray()) == b"%PDF-1.4 x"


@pytest.mark.parametrize("wrong", ["ftp://host:1", "127.0.0.1:7890", "http://"])
def test_what_is_no_proxy_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="a proxy is one of"):
        AioRequest(2, wrong)


def test_socks_takes_no_chinese_password() -> None:
    with pytest.raises(ValueError, match="only ASCII"):
        AioRequest(2, "socks5://%E5%BC%A0:x@127.0.0.1:1")


@pytest.mark.parametrize(
    ("given", "https", "everything", "without", "used"),
    [
        ("http://set:1", "http://env:2", "", "", "http://set:1"),
        (None, "http://env:2", "socks5://all:3", "", "http://env:2"),
        (None, "", "socks5://all:3", "", "socks5://all:3"),
        (None, "http://env:2", "", "api.telegram.org", None),
        (None, "", "", "", None),
    ],
)
def test_which_proxy(
    monkeypatch: pytest.MonkeyPatch, given: str | None, https: str, everything: str, without: str, used: str | None
) -> None:
    set_or_not: Callable[[str, str], None] = monkeypatch.setenv
    for name, value in (("https_proxy", https), ("all_proxy", everything), ("no_proxy", without)):
        monkeypatch.delenv(name.upper(), raising=False)
        set_or_not(name, value) if value else monkeypatch.delenv(name, raising=False)
    assert proxy_of(given, "https://api.telegram.org") == used
