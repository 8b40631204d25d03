"""`duban run` as a process of its own: what it serves, what stops it, and how it stops."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import select

from cli.errors import Mendable
from cli.settings import Settings
from db.session import Database
from db.tables import Inbox, Outbox
from sandbox import BotProfile, Fault, SandboxServer, mishap
from tests.cast import PRINCIPAL, at, make_county
from tests.stage import SECRET, TOKEN

COMMAND = [sys.executable, "-c", "from cli.main import main; main()", "run"]
NOW = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)


@dataclass
class Ground:
    """Where a process may run: a store with a county, a stand-in, free ports."""

    server: SandboxServer
    database: Database
    folder: Path
    running: list[asyncio.subprocess.Process] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
        return clean | {
            "DUBAN_TELEGRAM_TOKEN": TOKEN, "DUBAN_TELEGRAM_API_URL": self.server.url,
            "DUBAN_DATABASE_URL": self.database.url, "DUBAN_CLOCK": "2026-11-18T09:00:00+08:00", **more,
        }  # fmt: skip

    async def start(self, *words: str, **more: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *words,
            env=self.environment(**more),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.running.append(process)
        return process

    async def ready(self, **more: str) -> tuple[asyncio.subprocess.Process, str]:
        """The process and the address that it says it serves at."""
        process = await self.start(**more)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            first = (await process.stdout.readline()).decode()
            assert first.startswith("Duban is running as @duban_bot"), (await process.communicate())[1].decode()
            second = (await process.stdout.readline()).decode()
        return process, second.strip().removeprefix("Health and metrics: ").removesuffix("/health")

    async def ended(self, process: asyncio.subprocess.Process) -> tuple[int | None, str]:
        async with asyncio.timeout(60):
            _, said = await process.communicate()
        return process.returncode, said.decode()


@pytest.fixture
async def ground(sqlite: Database, tmp_path: Path) -> AsyncIterator[Ground]:
    await make_county(sqlite, at("2026-11-16 09:00"))
    server = SandboxServer(lambda: NOW, bots=[BotProfile(TOKEN)])
    server.webhooks.first_delay = 0.1
    await server.start()
    made = Ground(server, sqlite, tmp_path)
    yield made
    for process in made.running:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    await server.stop()


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def a_port() -> int:
    with free_port() as port:
        return port


async def states(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.execute(select(Inbox.state))).scalars().all())  # type: ignore[call-overload]


async def test_sigterm_in_webhook_mode_drains_and_ends_well(ground: Ground) -> None:
    port = str(a_port())
    process, url = await ground.ready(
        DUBAN_WEBHOOK_URL=f"http://127.0.0.1:{port}", DUBAN_WEBHOOK_SECRET=SECRET, DUBAN_HTTP_PORT=port
    )
    assert url == f"http://127.0.0.1:{port}"
    phone = ground.server.phone(TOKEN, PRINCIPAL)
    await phone.start()
    await phone.wait_for("王校长", 20)
    ground.server.inject(Fault("latency", "sendMessage", times=-1, delay=0.3))
    others = [ground.server.phone(TOKEN, 9000 + n) for n in range(12)]
    for other in others:
        await other.say("帮助")
    async with asyncio.timeout(20):
        while not any(one.status == 200 for one in ground.server.postings() if one.chat_id >= 9000):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    code, said = await ground.ended(process)
    assert code == 0, said
    assert "Traceback" not in said
    taken = {one.update_id for one in ground.server.postings() if one.status == 200}
    assert set(await states(ground.database)) == {"done"}
    assert len(await states(ground.database)) >= len(taken)
    async with ground.database.read() as session:
        fates = (await session.execute(select(Outbox.fate))).scalars().all()  # type: ignore[call-overload]
    assert "sending" not in fates
    with pytest.raises(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.get(f"{url}/health"):
            pass


async def test_what_came_while_it_was_stopped_comes_by_the_next_start(ground: Ground) -> None:
    port = str(a_port())
    hook = {"DUBAN_WEBHOOK_URL": f"http://127.0.0.1:{port}", "DUBAN_WEBHOOK_SECRET": SECRET, "DUBAN_HTTP_PORT": port}
    process, _ = await ground.ready(**hook)
    phone = ground.server.phone(TOKEN, PRINCIPAL)
    await phone.start()
    await phone.wait_for("王校长", 20)
    process.kill()
    await ground.ended(process)
    await phone.say("帮助")
    process, _ = await ground.ready(DUBAN_HTTP_PORT="0")  # by long poll this time
    await phone.wait_for("报送很简单", 20)
    process.send_signal(signal.SIGINT)
    assert (await ground.ended(process))[0] == 0
    assert sum("报送很简单" in shown for shown in phone.texts) == 1


async def test_polling_takes_the_bot_from_a_webhook_and_serves_health(ground: Ground) -> None:
    ground.server.webhooks.set(ground.server.world.bot(TOKEN), _params(url="http://127.0.0.1:9/gone"))
    process, url = await ground.ready(DUBAN_HTTP_PORT="0")
    phone = ground.server.phone(TOKEN, PRINCIPAL)
    await phone.start()
    await phone.wait_for("王校长", 20)
    async with aiohttp.ClientSession() as session, session.get(f"{url}/health/ready") as response:
        shown = await response.json()
    assert (response.status, shown["mode"]) == (200, "polling")
    process.send_signal(signal.SIGTERM)
    assert (await ground.ended(process))[0] == 0


async def test_in_hold_not_a_word_is_said_to_telegram(ground: Ground) -> None:
    """Not even with a message from a person waiting, a webhook set and the opening of rounds due."""
    phone = ground.server.phone(TOKEN, PRINCIPAL)
    await phone.start()
    process = await ground.start("--hold", DUBAN_HTTP_PORT="0", DUBAN_TELEGRAM_TOKEN="")
    assert process.stdout is not None
    async with asyncio.timeout(60):
        first = (await process.stdout.readline()).decode()
        assert first.startswith("Duban is running in hold"), (await process.communicate())[1].decode()
        second = (await process.stdout.readline()).decode()
        url = second.strip().removeprefix("Health and metrics: ").removesuffix("/health")
        while not await prompts(ground.database):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    async with aiohttp.ClientSession() as session, session.get(f"{url}/health") as response:
        assert response.status == 200
    process.send_signal(signal.SIGTERM)
    code, said = await ground.ended(process)
    assert code == 0, said
    assert "Traceback" not in said
    assert set(await prompts(ground.database)) == {"pending"}
    assert await states(ground.database) == []
    assert ground.server.pending_updates(TOKEN) == 1
    assert phone.received == []


async def prompts(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.execute(select(Outbox.fate).where(Outbox.kind == "prompt"))).scalars().all())  # type: ignore[call-overload,arg-type]


async def test_a_port_in_use_is_one_clear_line(ground: Ground) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await ground.start(DUBAN_HTTP_PORT=str(port))
        code, said = await ground.ended(process)
    assert code == 1
    assert re.fullmatch(
        rf"duban: cannot listen on 127\.0\.0\.1:{port} \(.*\): set DUBAN_HTTP_PORT to a free port\n", said
    )


@pytest.mark.parametrize(
    ("name", "method", "said"),
    [
        ("unauthorized", "getUpdates", "duban: Telegram does not accept DUBAN_TELEGRAM_TOKEN"),
        ("conflict", "getUpdates", "duban: another program is fetching this bot's messages: stop it first"),
    ],
)
async def test_what_needs_a_person_ends_it_with_one_clear_line(
    ground: Ground, name: str, method: str, said: str
) -> None:
    """While it runs: whoever keeps it running starts it again, slowly; what is on its way is written down first."""
    process, _ = await ground.ready(DUBAN_HTTP_PORT="0")
    ground.server.inject(mishap(name, method, times=-1))
    await ground.server.phone(TOKEN, PRINCIPAL).start()  # ends the long poll that is under way
    code, told = await ground.ended(process)
    assert (code, told.splitlines()[-1]) == (1, said)
    assert "sending" not in await prompts(ground.database)
    assert TOKEN not in told


@pytest.mark.parametrize("what", ["token", "line"])
async def test_what_is_wrong_at_the_start_is_one_clear_line(ground: Ground, what: str) -> None:
    if what == "token":
        ground.server.inject(mishap("unauthorized", times=-1))
        more, said = {}, "duban: Telegram does not accept DUBAN_TELEGRAM_TOKEN\n"
    else:
        more = {"DUBAN_TELEGRAM_API_URL": "http://127.0.0.1:9"}
        how = "set DUBAN_TELEGRAM_PROXY or DUBAN_TELEGRAM_API_URL"
        said = f"duban: Telegram cannot be reached at http://127.0.0.1:9: {how}\n"
    assert await ground.ended(await ground.start(DUBAN_HTTP_PORT="0", **more)) == (1, said)


async def test_an_address_telegram_refuses_is_one_clear_line(ground: Ground) -> None:
    ground.server.inject(Fault("error", "setWebhook", code=400, description="Bad Request: bad webhook: no such host"))
    process = await ground.start(
        DUBAN_WEBHOOK_URL="http://nowhere.example", DUBAN_WEBHOOK_SECRET=SECRET, DUBAN_HTTP_PORT="0"
    )
    code, said = await ground.ended(process)
    assert code == 1
    assert said.splitlines()[-1].startswith("duban: Telegram does not take DUBAN_WEBHOOK_URL: ")


def _params(**raw: str):
    from sandbox.params import Params

    return Params(dict(raw))


# ---- settings

STRONG = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
WRONG = [
    ({"webhook_url": "https://d.example"}, "DUBAN_WEBHOOK_SECRET is missing: make one"),
    ({"webhook_url": "https://d.example", "webhook_secret": "short"}, "DUBAN_WEBHOOK_SECRET is too weak"),
    ({"webhook_url": "https://d.example", "webhook_secret": "a" * 64}, "too weak"),
    ({"webhook_url": "https://d.example", "webhook_secret": STRONG + "=="}, "too weak"),
    ({"webhook_url": "http://d.example", "webhook_secret": STRONG}, "https:// only"),
    ({"webhook_url": "https://d.example:5000", "webhook_secret": STRONG}, "ports"),
    ({"webhook_url": "https://d.example:x", "webhook_secret": STRONG}, "DUBAN_WEBHOOK_URL"),
    ({"webhook_url": "d.example", "webhook_secret": STRONG}, "an address such as"),
    ({"webhook_url": "https://d.example/?a=1", "webhook_secret": STRONG}, "an address such as"),
]


@pytest.mark.parametrize(("given", "reason"), WRONG)
def test_settings_that_will_not_do(given: dict, reason: str) -> None:
    with pytest.raises(Mendable, match=re.escape(reason)) as caught:
        _ = Settings(_env_file=None, **given).webhook
    assert STRONG not in str(caught.value)


def test_settings_that_will() -> None:
    assert Settings(_env_file=None).webhook is None
    assert not Settings(_env_file=None).must_serve
    assert Settings(_env_file=None, http_port=0).must_serve
    made = Settings(_env_file=None, webhook_url="https://d.example:8443/", webhook_secret=STRONG)
    assert made.webhook == ("https://d.example:8443", STRONG)
    assert made.must_serve
    assert STRONG not in repr(made)
    limits = Settings(_env_file=None, limit_per_second=5, limit_chat_interval=2.5, limit_group_per_minute=7).limits
    assert (limits.per_second, limits.chat_interval, limits.group_per_minute) == (5, 2.5, 7)
