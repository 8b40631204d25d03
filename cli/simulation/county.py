"""The sample county in a fresh store, with a phone for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from cli.errors import Mendable
from db import migrations
from db.session import Database
from db.tables import Bureau, Membership, Person, Role, Unit, UnitKind
from domain.campaign import CampaignPlan
from services import campaigns, roster
from services.invitations import invite

SAMPLES = Path(__file__).parent.parent.parent / "samples"
FIRST_CHAT = 700_001
_ROLES = [Role.PRINCIPAL.value, Role.SECTION.value, Role.OFFICE.value, Role.DIRECTOR.value]


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with a phone, and the code of the invitation that binds it. `unit` is None for those of no unit."""

    chat_id: int
    person: Person
    role: Role
    unit: Unit | None
    code: str

    @property
    def reports(self) -> bool:
        return self.role is Role.PRINCIPAL and self.unit is not None and self.unit.kind == UnitKind.SCHOOL.value


def sample_campaign(starts_on: date) -> CampaignPlan:
    """The eight tasks, running from that day on."""
    plan = campaigns.read_campaign(SAMPLES / "campaign.yaml").plan
    if plan is None:
        raise Mendable("samples/campaign.yaml cannot be read")
    return replace(plan, tasks=tuple(replace(task, starts_on=starts_on) for task in plan.tasks))


async def found(database: Database, plan: CampaignPlan, now: datetime) -> Bureau:
    """Tables, roster and campaign in an empty store."""
    await migrations.migrate(database.engine)
    read = roster.read_roster(SAMPLES / "roster.csv")
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, read)
        await roster.apply(session, bureau.id, read, now)
        await campaigns.apply(session, bureau.id, plan, now)
    return bureau


async def invite_everybody(database: Database, bureau: Bureau, now: datetime) -> list[Player]:
    """One player for each person, in the order of the roster."""
    statement = (
        select(Person, Membership, Unit)
        .join(Membership, (col(Membership.bureau_id) == Person.bureau_id) & (col(Membership.person_id) == Person.id))
        .outerjoin(Unit, (col(Unit.bureau_id) == Membership.bureau_id) & (col(Unit.id) == Membership.unit_id))
        .where(col(Person.bureau_id) == bureau.id, col(Membership.role).in_(_ROLES))
        .order_by(col(Unit.code), col(Membership.id))
    )
    async with database.write() as session:
        rows = [(person, membership, unit) for person, membership, unit in (await session.execute(statement)).all()]
        codes = {person.id: (await invite(session, bureau.id, person.id, now)).link for person, _, _ in rows}
    return list(_players(rows, codes))


def _players(rows: Sequence[tuple[Person, Membership, Unit | None]], codes: dict[int, str]) -> Iterator[Player]:
    seen: set[int] = set()
    for person, membership, unit in rows:
        if person.id not in seen:
            seen.add(person.id)
            payload = codes[person.id].rpartition("start=")[2]
            yield Player(FIRST_CHAT + len(seen), person, Role(membership.role), unit, payload)
