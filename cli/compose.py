"""The composition root: settings become a store, a clock, a bureau, a face and a ticker, and run until stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp.web import Application
from sqlalchemy.exc import OperationalError
from telegram.error import Conflict, InvalidToken, NetworkError

from bot.polling import DubanBot
from bot.request import AioRequest, proxy_of
from bot.telegram_face import Line, TelegramFace, make_bot
from bot.webhook import Webhook, WebhookRefused
from cli.errors import Mendable
from cli.settings import Settings
from db import migrations
from db.session import Database, StoreInUse
from db.tables import Bureau
from jobs.backups import DailyBackup
from jobs.retention import Retention
from jobs.scheduler import Ticker
from jobs.sweeps import tick
from services.backup import Source
from services.clock import Clock
from services.condition import Watch
from services.deadman import DeadMan
from services.evidence_store import EvidenceStore
from services.outages import open_line
from services.pace import Pace
from services.people import the_bureau
from services.turn import office_hours
from services.workplace import Workplace
from web.server import Door, HttpServer, make_app

_log = logging.getLogger(__name__)

TICK_SECONDS = 15.0


@asynccontextmanager
async def owned_store(settings: Settings) -> AsyncIterator[Database]:
    """The store, owned by this process and at the newest revision; raises Mendable otherwise."""
    database = open_store(settings)
    try:
        _own(database)
        if not await migrations.is_current(database.engine):
            raise Mendable("the database is not up to date: run `duban migrate` first")
        yield database
    except StoreInUse as problem:
        raise Mendable(str(problem)) from problem
    except OperationalError as problem:
        raise Mendable(f"the database cannot be used: {problem.orig}") from problem
    finally:
        await database.close()


def _own(database: Database) -> None:
    try:
        database.own()
    except OSError as problem:
        raise Mendable(f"the database cannot be used: {problem}") from problem


def open_store(settings: Settings) -> Database:
    try:
        return Database(settings.database_url)
    except ValueError as problem:
        raise Mendable(f"DUBAN_DATABASE_URL: {problem}") from problem


def source_of(settings: Settings) -> Source:
    """What a backup of this store is made of; raises Mendable when there is none yet."""
    database = open_store(settings)  # nothing is opened before it is used
    if not database.is_sqlite:
        return Source(settings.database_url, settings.data_dir / "evidence")
    if database.path is None or not database.path.exists():
        raise Mendable("还没有数据库 / there is no database yet: run `duban migrate` first")
    return Source(database.path, settings.data_dir / "evidence")


async def bureau_of(database: Database, bot_id: int | None, username: str = "") -> Bureau:
    """The bureau of this bot, whose name is remembered for invitations."""
    async with database.write() as session:
        bureau = await the_bureau(session, bot_id)
        if bureau is not None and username:
            bureau.bot_username = username
    if bureau is None:
        raise Mendable("no bureau belongs to this bot: load one with `duban import roster FILE`")
    return bureau


@dataclass(slots=True)
class Program:
    """Everything that runs: until `stop` is set, or something happened that needs a person."""

    face: TelegramFace
    ticker: Ticker
    server: HttpServer | None = None
    daily: DailyBackup | None = None

    async def run(self, stop: asyncio.Event) -> None:
        nursery = self.face.workplace.nursery
        backups = nursery.start(self.daily.run(), "daily backup") if self.daily else None
        try:
            await self.attend(nursery.start(self.face.run(), "telegram"), stop)
        finally:
            if backups is not None:
                backups.cancel()

    async def attend(self, face: asyncio.Task[None], stop: asyncio.Event) -> None:
        """Tick while `face` runs; ends both."""
        nursery = self.face.workplace.nursery
        await self.ticker.start()
        stopping = nursery.start(stop.wait(), "stop")
        await asyncio.wait([face, stopping], return_when=asyncio.FIRST_COMPLETED)
        if self.server is not None:
            await self.server.stop()  # nothing more comes in; what was accepted is worked on below
        await self.ticker.stop()
        if face.done():
            stopping.cancel()
            _explain(face.exception())
        face.cancel()
        await asyncio.gather(face, return_exceptions=True)


def _explain(problem: BaseException | None) -> None:
    """Raises Mendable for what a person must mend, else the problem itself."""
    leaves: Sequence[BaseException] = problem.exceptions if isinstance(problem, BaseExceptionGroup) else [problem]  # type: ignore[list-item]
    for leaf in leaves:
        if isinstance(leaf, InvalidToken):
            raise Mendable("Telegram does not accept DUBAN_TELEGRAM_TOKEN") from leaf
        if isinstance(leaf, WebhookRefused):
            raise Mendable(f"Telegram does not take DUBAN_WEBHOOK_URL: {leaf}") from leaf
        if isinstance(leaf, Conflict):
            raise Mendable("another program is fetching this bot's messages: stop it first") from leaf
    if problem is not None:
        raise problem


def workplace_for(database: Database, clock: Clock, bureau: Bureau, data: Path | None = None) -> Workplace:
    """`data` is the folder for what people send."""
    evidence = EvidenceStore(data / "evidence") if data else None
    backups = data / "backups" if data else None
    return Workplace(database, clock, bureau.id, office_hours(bureau), evidence=evidence, backups=backups)


def bot_of(settings: Settings) -> DubanBot:
    """Raises Mendable for a proxy that is none."""
    try:
        return make_bot(Line(settings.token, settings.telegram_api_url, settings.telegram_proxy))
    except ValueError as problem:
        raise Mendable(f"DUBAN_TELEGRAM_PROXY: {problem}") from problem


@asynccontextmanager
async def program(settings: Settings, database: Database) -> AsyncIterator[Program]:
    """The bot of `settings` on this store, connected to Telegram; raises Mendable when it cannot be reached."""
    bot = bot_of(settings)
    clock = settings.make_clock()
    settings.arm()
    try:
        await bot.initialize()
    except InvalidToken as problem:
        await bot.shutdown()
        raise Mendable("Telegram does not accept DUBAN_TELEGRAM_TOKEN") from problem
    except NetworkError as problem:
        await bot.shutdown()
        raise Mendable(
            f"Telegram cannot be reached at {settings.telegram_api_url}: set DUBAN_TELEGRAM_PROXY or "
            "DUBAN_TELEGRAM_API_URL"
        ) from problem
    try:
        async with _connected(settings, database, bot, clock) as running:
            yield running
    finally:
        await bot.shutdown()  # also where something else does not start: then nobody has closed its connections


@asynccontextmanager
async def _connected(settings: Settings, database: Database, bot: DubanBot, clock: Clock) -> AsyncIterator[Program]:
    bureau = await bureau_of(database, bot.id, bot.username)
    workplace = workplace_for(database, clock, bureau, settings.data_dir)
    hook = settings.webhook
    face = TelegramFace(workplace, bot, Webhook(f"{hook[0]}/webhook/{bot.id}", hook[1]) if hook else None)
    face.delivery.pace = Pace(settings.limits)
    await open_line(workplace)
    retention = Retention(workplace, settings.retention_days)
    async with pinging(settings, workplace) as ping, served(settings, face) as server, face:
        daily = DailyBackup(workplace, source_of(settings), settings.backups, settings.backup_to)
        besides = (retention.run, *ping)
        ticker = Ticker(lambda: ticking(workplace, besides), TICK_SECONDS, bureau.timezone)
        yield Program(face, ticker, server, daily)


@asynccontextmanager
async def silent(settings: Settings, database: Database) -> AsyncIterator[tuple[Ticker, HttpServer | None]]:
    """The clock and the health of a copy. There is no bot at all: what the sweeps queue stays in the outbox."""
    bureau = await bureau_of(database, None)
    workplace = workplace_for(database, settings.make_clock(), bureau, settings.data_dir)
    async with listening(settings, make_app(workplace, None)) as server:
        yield Ticker(lambda: ticking(workplace), TICK_SECONDS, bureau.timezone), server


async def ticking(workplace: Workplace, besides: Sequence[Callable[[], Awaitable[None]]] = ()) -> None:
    await tick(workplace)
    workplace.vitals.ticked(workplace.clock)
    for one in besides:
        await one()


@asynccontextmanager
async def pinging(settings: Settings, workplace: Workplace) -> AsyncIterator[tuple[Callable[[], Awaitable[None]], ...]]:
    """What calls DUBAN_PING_URL, through the proxy if there is one; nothing where none is set."""
    url = settings.ping
    if url is None:
        yield ()
        return
    request = AioRequest(1, proxy_of(settings.telegram_proxy, url))
    await request.initialize()

    async def call() -> int:
        status, _ = await request.do_request(url, "GET")
        return status

    try:
        yield (DeadMan(workplace, Watch(workplace), call).run,)
    finally:
        await request.shutdown()


@asynccontextmanager
async def served(settings: Settings, face: TelegramFace) -> AsyncIterator[HttpServer | None]:
    """Health and metrics, and the webhook if there is one; raises Mendable when the port is taken.

    None when the port nobody asked for is: the bot works without.
    """
    door = Door(face.bot.id, face.webhook.secret, face.worker.wake) if face.webhook else None
    async with listening(settings, make_app(face.workplace, door)) as server:
        yield server


@asynccontextmanager
async def listening(settings: Settings, app: Application) -> AsyncIterator[HttpServer | None]:
    server = HttpServer(app)
    try:
        await server.start(settings.http_host, settings.http_port)
    except OSError as problem:
        where = f"{settings.http_host}:{settings.http_port}"
        said = f"cannot listen on {where} ({problem.strerror or problem}): set DUBAN_HTTP_PORT to a free port"
        if settings.must_serve:
            raise Mendable(said) from problem
        _log.warning("no health and metrics: %s", said, extra={"action": "not_served"})
        yield None
        return
    try:
        yield server
    finally:
        await server.stop()


def stop_on_signals() -> asyncio.Event:
    """Set by SIGINT and SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
