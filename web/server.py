"""The HTTP face: webhook, health and metrics on one port of the bot's own event loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import web

from services.admission import Admission
from services.condition import Watch
from services.workplace import Workplace
from web import metrics
from web.health import Health
from web.webhook import MAX_BODY, Webhook

GRACE = 10.0  # seconds in which requests under way may end


@dataclass(frozen=True, slots=True)
class Door:
    """Where updates come in: whose, and the secret that Telegram repeats with each."""

    bot_id: int
    secret: str
    accepted: Callable[[Iterable[int]], None]


def make_app(workplace: Workplace, door: Door | None = None, watch: Watch | None = None) -> web.Application:
    """Without a door (long polling) only health and metrics."""
    app = web.Application(client_max_size=MAX_BODY)
    health = Health(workplace, "webhook" if door else "polling", watch or Watch(workplace))
    app.router.add_get("/health", health.live)
    app.router.add_get("/health/ready", health.ready)

    async def show_metrics(_request: web.Request) -> web.Response:
        return await metrics.handle(health)

    app.router.add_get("/metrics", show_metrics)
    if door:
        webhook = Webhook(door.bot_id, door.secret, Admission(workplace, door.accepted), workplace.vitals)
        app.router.add_post(webhook.path, webhook.handle)
    return app


@dataclass(slots=True)
class HttpServer:
    app: web.Application
    url: str = ""
    _runner: web.AppRunner | None = field(default=None, init=False)

    async def start(self, host: str, port: int) -> None:
        """Raises OSError when this host and port cannot be listened on; port 0 takes a free one."""
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=GRACE)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Take no more, let what is under way end; safe to call twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
