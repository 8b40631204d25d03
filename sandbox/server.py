"""The stand-in as a server: Bot API under /bot<token>/, control under /control/, the stage at /."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.calls import ApiCall
from sandbox.control import Control
from sandbox.direct import Direct
from sandbox.downloads import Downloads
from sandbox.faults import Fault
from sandbox.files import MAX_FILE
from sandbox.gathering import Gathering, gathering
from sandbox.group_control import GroupControl
from sandbox.limits import FloodLimits
from sandbox.line import Line
from sandbox.model import BotProfile, User
from sandbox.page import Stage
from sandbox.phone import NotSeen, Phone
from sandbox.script import Script
from sandbox.stage import ClockControl, ClockPanel, Seat, StoryStep
from sandbox.webhooks import Posting, Webhooks
from sandbox.world import World


class SandboxServer:
    """`now` dates the messages; real time is used only for long polls and typing marks.

    `seats` and `story` are shown on the stage at `/` and may be given later; with `clock` it has a clock panel,
    and `tz` (else the clock's zone) is the zone of the times shown.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        bots: Iterable[BotProfile] = (),
        seats: Iterable[Seat] = (),
        story: Iterable[StoryStep] = (),
        clock: ClockControl | None = None,
        tz: tzinfo | None = None,
    ) -> None:
        zone = tz or ZoneInfo(clock.tz_name if clock else "Asia/Shanghai")
        panel = ClockPanel(clock, zone) if clock else None
        self.world = World(now)
        self.line = Line(self.world)
        self.control = Control(self.world, panel)
        self.stage = Stage(self.world, self.line, zone, panel)
        self.stage.story = list(story)
        self._runner: web.AppRunner | None = None
        self.url = ""
        for profile in bots:
            self.add_bot(profile)
        self.set_seats(seats)

    @property
    def api_url(self) -> str:
        """What python-telegram-bot calls base_url; other libraries want `url` itself."""
        return f"{self.url}/bot"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        self.url = f"http://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Ends open long polls and deliveries and closes; safe to call twice."""
        runner, self._runner = self._runner, None
        await self.webhooks.close()
        self.stage.closing = True
        self.world.pulse.beat()
        for bot in self.world.bots.values():
            bot.queue.close()
        if runner is not None:
            await runner.cleanup()

    def add_bot(self, profile: BotProfile) -> None:
        self.world.add_bot(profile)

    def add_user(self, user_id: int, first_name: str, **more: str) -> User:
        """`more`: last_name, username, language, phone."""
        return self.world.add_user(User(user_id, first_name, **more))

    def set_seats(self, seats: Iterable[Seat]) -> None:
        """Who is on the stage; people unknown so far are made. A page already open sees it when reloaded."""
        self.stage.seats = list(seats)
        for seat in self.stage.seats:
            self.phone(seat.bot_token, seat.user_id, seat.display_name)

    def phone(self, bot_token: str, user_id: int, name: str = "") -> Phone:
        """The phone of this person in the chat with this bot; the person is made when unknown."""
        bot = self.world.bot(bot_token)
        if user_id not in self.world.users:
            self.add_user(user_id, name or f"用户{user_id}")
        return Phone(self.world, self.world.chat(bot, user_id))

    def group(self, bot_token: str, chat_id: int, title: str = "") -> Gathering:
        """A group with this bot beside it; made when unknown, a supergroup when its id is -100…, 13 digits."""
        return gathering(self.world, self.world.bot(bot_token), chat_id, title)

    def calls(self, method: str = "", *, chat_id: int | None = None) -> list[ApiCall]:
        """Every call bots made, oldest first; long polls that brought nothing are not recorded."""
        return self.line.log.select(method, chat_id)

    def inject(self, fault: Fault) -> Fault:
        return self.line.faults.add(fault)

    @property
    def direct(self) -> Direct:
        """The Bot API without HTTP: the server need not be started."""
        return Direct(self.line.api)

    @property
    def limits(self) -> FloodLimits:
        """The real server's limits, switched off at first."""
        return self.line.limits

    @property
    def webhooks(self) -> Webhooks:
        """How updates are posted: time-out, delay before the next attempt, `again`."""
        return self.line.webhooks

    def postings(self, *, chat_id: int | None = None) -> list[Posting]:
        """Every POST to a webhook, oldest first."""
        return [one for one in self.webhooks.postings if chat_id in {None, one.chat_id}]

    def pending_updates(self, bot_token: str) -> int:
        """Updates the bot has not confirmed yet."""
        return len(self.world.bot(bot_token).queue)

    async def quiet(self, still: float = 0.2, timeout: float = 10.0) -> None:  # noqa: ASYNC109
        """Returns when nothing has changed on any phone for `still` real seconds."""
        try:
            async with asyncio.timeout(timeout):
                while await self.world.pulse.wait(still):
                    pass
        except TimeoutError:
            raise NotSeen(f"the phones were not quiet within {timeout:g} s") from None

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_FILE + (1 << 20))
        line, world = self.line, self.world
        parts = (line, Downloads(line), self.control, GroupControl(world), Script(world, line), self.stage)
        for part in parts:
            part.add_routes(app)
        return app
