"""The county that is played, the sample or one from files, in a fresh store, with a phone for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from cli.errors import Mendable
from db import migrations
from db.session import Database
from db.tables import Account, Bureau, Membership, Person, Role, Unit, UnitKind
from domain.calendar import WorkCalendar
from domain.campaign import CampaignPlan
from domain.roster import Roster
from services import calendars, campaigns, roster
from services.people import CHANNEL

SAMPLES = Path(__file__).parent.parent.parent / "samples"
SAMPLE_ROSTER, SAMPLE_CAMPAIGN = SAMPLES / "roster.csv", SAMPLES / "campaign.yaml"
FIRST_CHAT = 700_001
SCHOOL = UnitKind.SCHOOL.value
_ROLES = [Role.PRINCIPAL.value, Role.SECTION.value, Role.OFFICE.value, Role.DIRECTOR.value]


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with a phone. `unit` is None for those of no unit."""

    chat_id: int
    person: Person
    role: Role
    unit: Unit | None

    @property
    def reports(self) -> bool:
        return self.role is Role.PRINCIPAL and self.unit is not None and self.unit.kind == SCHOOL


@dataclass(frozen=True, slots=True)
class Source:
    """The files of the county that is played; of its schools and tasks so many (None: all)."""

    roster: Path = SAMPLE_ROSTER
    campaign: Path = SAMPLE_CAMPAIGN
    units: int | None = None
    tasks: int | None = None
    calendar: Path | None = None
    """校历; without it the bureau has none of its own, and the published holidays decide."""

    def read_calendar(self) -> WorkCalendar | None:
        if self.calendar is None:
            return None
        read = calendars.read_calendar(self.calendar)
        if read.problems:
            raise _unplayable(self.calendar, list(read.problems))
        return read.calendar

    def read_campaign(self, first: date) -> CampaignPlan:
        """The tasks of the sample run from the first day played, those of another campaign from the day it says."""
        try:
            plan = campaigns.read_campaign(self.campaign).plan
        except ValueError as problem:
            raise _unplayable(self.campaign, str(problem).splitlines()) from problem
        tasks = plan.tasks[: self.tasks]
        if self.campaign == SAMPLE_CAMPAIGN:
            tasks = tuple(replace(task, starts_on=first) for task in tasks)
        return replace(plan, tasks=tasks)

    def read_roster(self) -> Roster:
        read = roster.read_roster(self.roster)
        if not read.clean:
            raise _unplayable(self.roster, [str(problem) for problem in read.problems if problem.fatal])
        schools = [unit.code for unit in read.units if unit.kind == SCHOOL][: self.units]
        kept = [unit for unit in read.units if unit.kind != SCHOOL or unit.code in schools]
        known = {name for unit in kept for name in (unit.code, unit.name)}
        return replace(read, units=tuple(u if u.central in known else replace(u, central="") for u in kept))


def _unplayable(path: Path, problems: list[str]) -> Mendable:
    return Mendable("\n".join([f"{path} cannot be played:", *problems[:_SHOWN]]))


_SHOWN = 5


async def found(database: Database, source: Source, plan: CampaignPlan, now: datetime) -> Bureau:
    """Tables, roster and campaign in an empty store."""
    await migrations.migrate(database.engine)
    read, calendar = source.read_roster(), source.read_calendar()
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, read)
        if calendar is not None:
            calendars.keep(bureau, calendar)
        await roster.apply(session, bureau.id, read, now)
        await campaigns.apply(session, bureau.id, plan, now)
    return bureau


async def everybody(database: Database, bureau: Bureau) -> list[Player]:
    """One player for each person, in the order of the roster."""
    statement = (
        select(Person, Membership, Unit)
        .join(Membership, (col(Membership.bureau_id) == Person.bureau_id) & (col(Membership.person_id) == Person.id))
        .outerjoin(Unit, (col(Unit.bureau_id) == Membership.bureau_id) & (col(Unit.id) == Membership.unit_id))
        .where(col(Person.bureau_id) == bureau.id, col(Membership.role).in_(_ROLES))
        .order_by(col(Unit.code), col(Membership.id))
    )
    found: dict[int, Player] = {}
    async with database.read() as session:
        for person, membership, unit in (await session.execute(statement)).all():
            chat_id = FIRST_CHAT + len(found)
            found.setdefault(person.id, Player(chat_id, person, Role(membership.role), unit))
    return list(found.values())


async def bind(database: Database, bureau: Bureau, players: Iterable[Player], now: datetime) -> None:
    """They have used their invitations before the span begins."""
    async with database.write() as session:
        session.add_all(
            Account(
                bureau_id=bureau.id,
                channel=CHANNEL,
                external_id=player.chat_id,
                person_id=player.person.id,
                bound_at=now,
            )
            for player in players
        )
