"""The monitor outside hears from us while all is well, and only then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from cli.compose import pinging, ticking
from cli.errors import Mendable
from cli.settings import Settings
from services import deadman
from services.condition import TELEGRAM_SILENT, Condition, Watch
from services.vitals import Moment
from tests.proxies import proxy
from tests.stage import Stage
from web.server import HttpServer


@dataclass
class Monitor:
    status: int = 200
    heard: list[str] = field(default_factory=list)
    server: HttpServer = field(default_factory=lambda: HttpServer(web.Application()))

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(request.path_qs)
        return web.Response(status=self.status)

    @property
    def url(self) -> str:
        return f"{self.server.url}/ping/a-secret-of-ours"


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    made = Monitor()
    made.server.app.router.add_get("/{tail:.*}", made.hear)
    await made.server.start("127.0.0.1", 0)
    yield made
    await made.server.stop()


@pytest.fixture
def mode() -> str:
    return "polling"


def settings(url: str | None, proxy: str | None = None) -> Settings:
    return Settings(_env_file=None, ping_url=url, telegram_proxy=proxy)  # type: ignore[call-arg]


async def caught_up(stage: Stage) -> None:
    beat = stage.workplace.heartbeat
    async with asyncio.timeout(10):
        while beat.at is None or beat.catching_up:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def pings(stage: Stage, made: Settings, ticks: int = 1) -> None:
    await caught_up(stage)
    async with pinging(made, stage.workplace) as ping:
        for _ in range(ticks):
            await ticking(stage.workplace, ping)
            await asyncio.sleep(0.2)


async def test_once_a_minute_while_all_is_well(stage: Stage, monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    await pings(stage, settings(monitor.url), ticks=3)
    assert monitor.heard == ["/ping/a-secret-of-ours"]
    monkeypatch.setattr(deadman, "EVERY", 0.0)
    await pings(stage, settings(monitor.url), ticks=3)
    assert len(monitor.heard) == 4


@pytest.mark.parametrize("broken", ["line", "silent", "store"])
async def test_silence_while_something_is_wrong(
    stage: Stage, monitor: Monitor, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    await caught_up(stage)
    await stage.tick()
    vitals = stage.workplace.vitals
    match broken:
        case "line":
            stage.workplace.heartbeat.failed()
        case "silent":
            assert vitals.telegram is not None
            vitals.telegram = Moment(vitals.telegram.at, stage.clock.monotonic() - TELEGRAM_SILENT - 1)
        case "store":

            async def down(_: Watch) -> Condition:
                return Condition(reachable=False, migrated=False, queues=None)

            monkeypatch.setattr(Watch, "look", down)
    async with pinging(settings(monitor.url), stage.workplace) as ping:
        await ticking(stage.workplace, ping)
        await asyncio.sleep(0.2)
    assert monitor.heard == []


async def test_a_monitor_that_fails_disturbs_nothing_and_is_not_named(
    stage: Stage, monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    monitor.status = 500
    with caplog.at_level(logging.WARNING):
        await pings(stage, settings(monitor.url))
        await monitor.server.stop()
        await pings(stage, settings("http://127.0.0.1:9/ping/a-secret-of-ours"))
    said = [record.getMessage() for record in caplog.records if "ping" in record.getMessage()]
    assert said == ["the ping failed: HTTP 500", "the ping failed: NetworkError"]
    assert "a-secret-of-ours" not in caplog.text


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_through_the_proxy(stage: Stage, monitor: Monitor, kind: str) -> None:
    async with proxy(kind, ("user", "word")) as between:
        await pings(stage, settings(monitor.url, between.url("user:word")))
    assert len(between.seen) == 1
    assert monitor.heard == ["/ping/a-secret-of-ours"]


async def test_without_an_address_nothing_is_called(stage: Stage) -> None:
    async with pinging(settings(None), stage.workplace) as ping:
        assert ping == ()
    with pytest.raises(Mendable, match="DUBAN_PING_URL") as refused:
        assert settings("monitor/secret").ping
    assert "secret" not in str(refused.value)
