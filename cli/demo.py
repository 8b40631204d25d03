"""`duban demo`: store, bot, clock and a stand-in for Telegram in one process; a county at work at once."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.telegram_face import Line, TelegramFace, make_bot
from cli.compose import Program, stop_on_signals, workplace_for
from cli.crowd import Neighbour, answers, hours, live
from cli.errors import Mendable
from cli.story import STORY
from db import migrations
from db.session import Database
from db.tables import Account, Bureau, Fate, Membership, Outbox, Person, Role, Unit, UnitKind
from domain.indicators import Values, missing
from domain.understanding import Reading, understand
from jobs.scheduler import Ticker
from jobs.sweeps import tick
from sandbox import BotProfile, SandboxServer, Seat
from services import campaigns, roster
from services.clock import VirtualClock
from services.invitations import invite
from services.outbox import Recipient
from services.pace import Limits, Pace
from services.people import CHANNEL, actor_of, the_bureau_by_id
from services.reporting import Given, enter, owed, submit
from services.sheets import Sheet
from services.turn import Turn
from services.workplace import Workplace

SAMPLES = Path(__file__).parent.parent / "samples"
TOKEN = "620001:a-stand-in-needs-no-secret"  # noqa: S105
ISSUED = datetime.fromisoformat("2026-11-18T08:35:00+08:00")
MONDAY = datetime.fromisoformat("2026-11-23T08:35:00+08:00")
OPENS = datetime.fromisoformat("2026-11-24T08:50:00+08:00")
CLOSES = datetime.fromisoformat("2026-11-25T17:00:00+08:00")
FIRST_CHAT = 700_001


class StageClock(VirtualClock):
    """The demo's clock, which the page stops, speeds up and moves on."""

    tz_name = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody of the county with a phone. `unit` is None for those of no unit."""

    chat_id: int
    person: Person
    role: Role
    unit: Unit | None


async def play(port: int, speed: float, keep: Path | None) -> None:
    """Runs until Ctrl-C. Raises Mendable when the port is taken."""
    with _folder(keep) as folder:
        database = Database(f"sqlite:///{folder / 'duban.db'}")
        database.own()
        clock = StageClock(ISSUED, speed=0)
        server = SandboxServer(
            clock.now, bots=[BotProfile(TOKEN, "yunxi_duban_bot", "云溪督办")], story=STORY, clock=clock
        )
        try:
            await server.start(port=port)
        except OSError as problem:
            raise Mendable(f"port {port} is taken: try `duban demo --port 0`") from problem
        try:
            click.echo("正在布置云溪县…… setting up the county ...")
            await _show(database, clock, server, speed)
        finally:
            await server.stop()
            await database.close()


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        if (keep / "duban.db").exists():
            raise Mendable(f"{keep} already holds a database: name an empty folder")
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="duban-demo-") as folder:
        yield Path(folder)


async def _show(database: Database, clock: StageClock, server: SandboxServer, speed: float) -> None:
    bureau = await _load_samples(database, clock)
    players = await _players(database, bureau, clock.now())
    workplace = workplace_for(database, clock, bureau, database.path.parent if database.path else None)
    workplace.backups = None  # a play makes none, and misses none
    heroine = await _invite_first_principal(database, bureau, players, clock.now())
    server.set_seats(_seats(players, heroine))
    for player in players:
        server.phone(TOKEN, player.chat_id).chat.started = player.chat_id != heroine[0]
    face = TelegramFace(workplace, make_bot(Line(TOKEN, server.url)))
    face.delivery.pace = Pace(Limits(per_second=500, chat_interval=0.0, group_per_minute=500))
    async with face:
        running = workplace.nursery.start(face.run(), "telegram")
        await _past(workplace, clock, players)
        clock.jump_to(OPENS)
        clock.set_speed(speed)
        stop = stop_on_signals()
        neighbours = list(_neighbours(server, players, random.Random(7)))  # noqa: S311 - a play, not a secret
        crowd = workplace.nursery.start(live(neighbours, clock.now), "crowd")
        click.echo(f"打开浏览器看 / open in your browser:  {server.url}\n按 Ctrl-C 结束 / Ctrl-C ends it.")
        await Program(face, Ticker(lambda: tick(workplace), 1.0, bureau.timezone)).attend(running, stop)
        crowd.cancel()


async def _load_samples(database: Database, clock: VirtualClock) -> Bureau:
    await migrations.migrate(database.engine)
    plan = roster.read_roster(SAMPLES / "roster.csv")
    reading = campaigns.read_campaign(SAMPLES / "campaign-small.yaml")
    if reading.plan is None:
        raise Mendable("samples/campaign-small.yaml cannot be read")
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, clock.now())
        await campaigns.apply(session, bureau.id, reading.plan, clock.now())
    return bureau


async def _players(database: Database, bureau: Bureau, now: datetime) -> list[Player]:
    """Everybody gets a phone; all but the first principal are bound already."""
    statement = (
        select(Person, Membership, Unit)
        .join(Membership, (col(Membership.bureau_id) == Person.bureau_id) & (col(Membership.person_id) == Person.id))
        .outerjoin(Unit, (col(Unit.bureau_id) == Membership.bureau_id) & (col(Unit.id) == Membership.unit_id))
        .where(col(Person.bureau_id) == bureau.id, col(Membership.role).in_(_ROLES))
        .order_by(col(Unit.code), col(Membership.id))
    )
    chats: dict[int, int] = {}
    async with database.write() as session:
        players = [
            Player(chats.setdefault(person.id, FIRST_CHAT + len(chats)), person, Role(membership.role), unit)
            for person, membership, unit in (await session.execute(statement)).all()
        ]
        heroine = next(player.person.id for player in players if _is_heroine(player))
        session.add_all(
            Account(bureau_id=bureau.id, channel=CHANNEL, external_id=chat, person_id=person_id, bound_at=now)
            for person_id, chat in chats.items()
            if person_id != heroine
        )
    return players


_ROLES = [Role.PRINCIPAL.value, Role.DEPUTY.value, Role.SECTION.value, Role.OFFICE.value, Role.DIRECTOR.value]


def _is_heroine(player: Player) -> bool:
    return player.role is Role.PRINCIPAL and player.unit is not None and player.unit.name == "清河镇九年一贯制学校"


async def _invite_first_principal(
    database: Database, bureau: Bureau, players: Sequence[Player], now: datetime
) -> tuple[int, str]:
    heroine = next(player for player in players if _is_heroine(player))
    async with database.write() as session:
        return heroine.chat_id, (await invite(session, bureau.id, heroine.person.id, now)).link


def _seats(players: Sequence[Player], heroine: tuple[int, str]) -> list[Seat]:
    labels = {
        Role.PRINCIPAL: "校长",
        Role.DEPUTY: "校长",
        Role.SECTION: "股室",
        Role.OFFICE: "办公室",
        Role.DIRECTOR: "局长",
    }
    seated: dict[int, Seat] = {}
    for player in sorted(players, key=lambda player: (player.role is not Role.OFFICE, not _is_heroine(player))):
        name = f"{player.unit.name} {player.person.salutation}" if player.unit else player.person.salutation
        start = heroine[1] if player.chat_id == heroine[0] else ""
        name += "(联络员)" if player.role is Role.DEPUTY else ""
        seat = Seat(labels[player.role], player.chat_id, TOKEN, name or player.person.name, start)
        seated.setdefault(player.person.id, seat)
    order = list(dict.fromkeys(labels.values()))
    return sorted(seated.values(), key=lambda seat: order.index(seat.role_label))


def _principals(players: Sequence[Player]) -> list[Player]:
    return [p for p in players if p.role is Role.PRINCIPAL and p.unit and p.unit.kind == UnitKind.SCHOOL.value]


async def _past(workplace: Workplace, clock: VirtualClock, players: Sequence[Player]) -> None:
    """The rounds were opened on Wednesday; by Tuesday morning about half of the county has reported."""
    rng = random.Random(2026)  # noqa: S311 - a play, not a secret
    await tick(workplace)
    await _delivered(workplace)
    reporters = [player for player in _principals(players) if not _is_heroine(player) and rng.random() < 0.6]
    last = OPENS - timedelta(hours=17)
    for at, player in sorted(((hours(rng, ISSUED, last), p) for p in reporters), key=lambda pair: pair[0]):
        clock.jump_to(_in_office_hours(at))
        words = _words(rng, player, "11月19日")
        async with workplace.database.write() as session:
            await _report(session, workplace, player, words, half=rng.random() < 0.15)
    await _delivered(workplace)
    clock.jump_to(MONDAY)
    await tick(workplace)
    await _delivered(workplace)


async def _delivered(workplace: Workplace) -> None:
    """Until every message queued so far has its fate."""
    waiting = select(func.count()).where(col(Outbox.fate).in_([Fate.PENDING.value, Fate.SENDING.value]))
    while True:
        async with workplace.database.read() as session:
            if not await session.scalar(waiting):
                return
        await asyncio.sleep(0.05)


def _in_office_hours(at: datetime) -> datetime:
    local = at.astimezone(ISSUED.tzinfo)
    return local.replace(hour=9 + local.hour % 8)


def _words(rng: random.Random, player: Player, drilled: str) -> dict[str, str]:
    unit = player.unit
    return answers(rng, unit.students or 100, unit.staff or 10, unit.classes or 6, drilled) if unit else {}


async def _report(
    session: AsyncSession, workplace: Workplace, player: Player, words: dict[str, str], *, half: bool
) -> None:
    """This principal fills in and submits everything owed; `half` leaves the last report in the middle."""
    now = workplace.clock.now()
    bureau = await the_bureau_by_id(session, workplace.bureau_id)
    to = Recipient(bureau.id, player.chat_id, player.person.id)
    actor = await actor_of(session, bureau.id, player.person.id)
    turn = Turn(session, bureau, workplace.hours, to, now, received_at=now, update_id=0, actor=actor)
    sheets = await owed(turn)
    for sheet in sheets:
        readings = _said(turn, sheet, words, most=2 if half and sheet is sheets[-1] else 16)
        await enter(turn, sheet, Given(readings))
        await submit(turn, sheet.key, None)


def _said(turn: Turn, sheet: Sheet, words: dict[str, str], most: int) -> list[Reading]:
    """Answers to at most so many questions, one after the other."""
    values: Values = {}
    readings: list[Reading] = []
    for _ in range(most):
        asked = next(iter(missing(sheet.indicators, values)), None)
        said = next((answer for name, answer in words.items() if asked and name in asked.label), None)
        if asked is None or said is None:
            break
        local_now = turn.hours.local(turn.now)
        understood = understand(said, sheet.questions(turn.today), now=local_now, focus=asked.key)
        readings += [reading for reading in understood.readings if reading.key == asked.key]
        values |= {reading.key: reading.value for reading in readings}
    return readings


def _neighbours(server: SandboxServer, players: Sequence[Player], rng: random.Random) -> Iterator[Neighbour]:
    """Those who have still to report: most after the reminder, some on the last day, a few late, a few never."""
    nine = OPENS.replace(hour=9, minute=5)
    for player in _principals(players):
        if _is_heroine(player) or rng.random() < 0.12:
            continue
        late = rng.random() < 0.12
        at = (
            hours(rng, CLOSES, CLOSES + timedelta(hours=1))
            if late
            else hours(rng, nine, CLOSES - timedelta(minutes=20))
        )
        at = at if late else _in_office_hours(at)
        phone = server.phone(TOKEN, player.chat_id)
        yield Neighbour(phone, at, _words(rng, player, "11月23日"), unfinished=rng.random() < 0.1)
