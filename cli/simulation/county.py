"""The sample county in a fresh store, with a phone for everybody."""

from __future__ import annotations

import tempfile
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
from domain.campaign import CampaignPlan
from domain.roster import Roster
from services import campaigns, roster
from services.people import CHANNEL

SAMPLES = Path(__file__).parent.parent.parent / "samples"
FIRST_CHAT = 700_001
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
        return self.role is Role.PRINCIPAL and self.unit is not None and self.unit.kind == UnitKind.SCHOOL.value


def sample_campaign(starts_on: date, most: int | None = None) -> CampaignPlan:
    """The eight tasks (or the first of them), running from that day on."""
    plan = campaigns.read_campaign(SAMPLES / "campaign.yaml").plan
    if plan is None:
        raise Mendable("samples/campaign.yaml cannot be read")
    return replace(plan, tasks=tuple(replace(task, starts_on=starts_on) for task in plan.tasks[:most]))


async def found(database: Database, plan: CampaignPlan, now: datetime, schools: int | None = None) -> Bureau:
    """Tables, roster (of it so many schools) and campaign in an empty store."""
    await migrations.migrate(database.engine)
    read = _roster(schools)
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, read)
        await roster.apply(session, bureau.id, read, now)
        await campaigns.apply(session, bureau.id, plan, now)
    return bureau


def _roster(schools: int | None) -> Roster:
    if schools is None:
        return roster.read_roster(SAMPLES / "roster.csv")
    lines = (SAMPLES / "roster.csv").read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line.startswith(("学校", "幼儿园"))]
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
        file.write("\n".join([*(line for line in lines if line not in asked), *asked[:schools]]))
        file.flush()
        return roster.read_roster(Path(file.name))


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
