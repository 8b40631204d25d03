"""`duban simulate`: a span of the sample county, from an empty store to a summary and a ledger."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from bot.polling import DubanBot
from bot.telegram_face import TelegramFace
from cli.compose import workplace_for
from cli.simulation.county import Player, Source, bind, everybody, found
from cli.simulation.engine import Engine, Life, Trials
from cli.simulation.invariants import Invariants
from cli.simulation.ledger import Summary, summarise, write_ledger, write_reports
from cli.simulation.people import SHARES, Principal, Temperament
from cli.simulation.replies import Phrasebook, School, read_said
from cli.simulation.transport import BASE, InProcess
from db.session import Database, make_engine
from db.tables import Lane, Outbox, Role, Round
from domain.campaign import CampaignPlan
from sandbox import BotProfile, SandboxServer
from services.clock import VirtualClock
from services.outages import open_line
from services.pace import Limits, Pace
from services.workplace import Workplace

TOKEN = "620002:a-stand-in-needs-no-secret"  # noqa: S105
ZONE = "Asia/Shanghai"  # of the sample county
UNBOUND = 0.5
"""Of the silent, so many never open their invitation."""


class Span(NamedTuple):
    """Which days are played, with whose luck, how many principals take part (None: all), and in which county."""

    first: date
    days: int
    seed: int
    most: int | None = None
    source: Source = Source()
    trials: Trials = Trials()

    @property
    def until(self) -> date:
        return self.first + timedelta(days=self.days)


@dataclass(slots=True)
class Simulation:
    """A county at work. `progress` is told the present after every turn of the clock."""

    engine: Engine
    server: SandboxServer
    players: list[Player]
    principals: dict[int, Principal]
    rng: random.Random
    invariants: Invariants
    _seen: int = 0

    async def run(self, until: datetime, progress: Callable[[datetime], None]) -> None:
        self._open_the_office()
        async for now in self.engine.play(until):
            progress(now)
            await self._notice()
        await self.engine.workplace.nursery.drain(10)
        async with self.engine.workplace.database.read() as session:
            await self.invariants.at_end(session)

    def _open_the_office(self) -> None:
        three = self.engine.workplace.hours.next_within(self.engine.clock.now()) + timedelta(hours=6)
        for player in self.players:
            if player.role is Role.OFFICE:
                self.engine.later(three, self._office(player))

    async def _office(self, player: Player) -> Life:
        """Once a working day, at three: decides what waits, looks at the digest."""
        phone, hours = self.server.phone(TOKEN, player.chat_id), self.engine.workplace.hours
        while True:
            if hours.within(self.engine.clock.now()):
                await phone.say("审核")
                yield timedelta(minutes=1)
                for label in [label for label in phone.last.buttons if label.endswith("同意") and "不" not in label]:
                    await phone.press(label)
                    yield timedelta(minutes=1)
                await phone.say("汇总")
            tomorrow = hours.local(self.engine.clock.now()).date() + timedelta(days=1)
            yield hours.at(tomorrow, hours.local(self.engine.clock.now()).time()) - self.engine.clock.now()

    async def _notice(self) -> None:
        """Whoever has just been prompted or reminded decides when to sit down."""
        async with self.engine.workplace.database.read() as session:
            await self.invariants.at_tick(session, self.engine.clock.now())
            statement = select(col(Outbox.id), col(Outbox.chat_id), col(Outbox.kind), col(Outbox.payload)).where(
                col(Outbox.bureau_id) == self.engine.workplace.bureau_id,
                col(Outbox.id) > self._seen,
                col(Outbox.rank) == Lane.REMINDER.rank,
                col(Outbox.sent_at).is_not(None),
            )
            news = (await session.execute(statement.order_by(col(Outbox.id)))).all()
            rounds = (await session.execute(select(col(Round.id), col(Round.due_at)))).all()
            dues = {round_id: due_at for round_id, due_at in rounds}
        for row_id, chat_id, kind, payload in news:
            self._seen = max(self._seen, row_id)
            due = min((dues[int(key[0])] for key in payload.get("reports", ())), default=self.engine.clock.now())
            self._plan(chat_id, kind, due)

    def _plan(self, chat_id: int, kind: str, due: datetime) -> None:
        principal = self.principals.get(chat_id)
        for at in principal.reacts(kind, due) if principal else ():
            self.engine.later(max(principal.awake(at), self.engine.clock.now()), principal.sit_down())  # type: ignore[union-attr]


@asynccontextmanager
async def simulation(database: Database, start: datetime, span: Span) -> AsyncIterator[Simulation]:
    """Everything set up at `start` in an empty store."""
    clock = VirtualClock(start, speed=0)
    plan = span.source.read_campaign(start.date())
    bureau = await found(database, span.source, plan, clock.now())
    server = SandboxServer(clock.now, bots=[BotProfile(TOKEN, "yunxi_duban_bot", "云溪督办")])
    workplace = workplace_for(database, clock, bureau)
    face = _face(workplace, server)

    async def renew() -> TelegramFace:
        """What was begun is finished, and somebody starts anew who knows only the store."""
        await programs.aclose()
        fresh = _face(workplace_for(database, clock, bureau), server)
        await _begin(fresh)
        return fresh

    async def _begin(face: TelegramFace) -> None:
        await programs.enter_async_context(face)
        await face.bot.initialize()
        await open_line(face.workplace)

    programs = AsyncExitStack()
    known = await everybody(database, bureau)
    here = [player.chat_id for player in known if player.reports][: span.most]
    players = [player for player in known if not player.reports or player.chat_id in here]
    rng = random.Random(span.seed)  # noqa: S311 - a play, not a secret
    async with programs:
        await _begin(face)
        principals = _principals(server, players, plan, workplace, rng)
        bound = [player for player in players if _is_bound(principals.get(player.chat_id), rng)]
        await bind(database, bureau, bound, clock.now())
        for player in bound:
            server.phone(TOKEN, player.chat_id).chat.started = True
        heard = partial(server.direct.has_news, TOKEN)
        engine = Engine(face, clock, heard, span.trials, renew)
        invariants = Invariants(workplace.hours, span.trials.outages)
        yield Simulation(engine, server, players, principals, rng, invariants)


def _is_bound(principal: Principal | None, rng: random.Random) -> bool:
    return principal is None or principal.temperament is not Temperament.SILENT or rng.random() >= UNBOUND


def _face(workplace: Workplace, server: SandboxServer) -> TelegramFace:
    api = server.direct
    bot = DubanBot(TOKEN, base_url=BASE, request=InProcess(api), get_updates_request=InProcess(api))
    face = TelegramFace(workplace, bot)
    face.delivery.pace = Pace(Limits(per_second=1_000_000, chat_interval=0.0, group_per_minute=1_000_000))
    return face


def _principals(
    server: SandboxServer, players: Iterable[Player], plan: CampaignPlan, workplace: Workplace, rng: random.Random
) -> dict[int, Principal]:
    book = Phrasebook(plan, read_said())
    kinds, shares = list(SHARES), list(SHARES.values())
    return {
        player.chat_id: Principal(
            server.phone(TOKEN, player.chat_id, player.person.name), rng.choices(kinds, shares)[0], _school(player),
            book, random.Random(rng.random()), workplace.clock.now, workplace.hours.local,  # noqa: S311
        )
        for player in players if player.reports
    }  # fmt: skip


def _school(player: Player) -> School:
    unit = player.unit
    return School(unit.students or 100, unit.staff or 10, unit.classes or 6) if unit else School(100, 10, 6)


class Tables(NamedTuple):
    """Where to write what a span left behind; None: not wanted."""

    ledger: Path | None = None
    reports: Path | None = None


async def play(
    span: Span, folder: Path, tables: Tables, progress: Callable[[datetime], None]
) -> tuple[Summary, Invariants]:
    """Leaves the store as `folder`/duban.db and the tables that are asked for."""
    zone = ZoneInfo(ZONE)
    start = datetime.combine(span.first, time(8, 0), zone)
    until = datetime.combine(span.first + timedelta(days=span.days), time(8, 0), zone)
    url = f"sqlite:///{folder / 'duban.db'}"
    database = Database(url, make_engine(url, stepped=True))
    database.own()
    try:
        async with simulation(database, start, span) as simulated:
            await simulated.run(until, progress)
        if tables.ledger is not None:
            await write_ledger(database, zone, tables.ledger)
        if tables.reports is not None:
            await write_reports(database, tables.reports, until)
        return await summarise(database, until), simulated.invariants
    finally:
        await database.close()
