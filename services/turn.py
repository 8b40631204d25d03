"""One turn: everything a handler and its services need to answer one update."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Role
from domain.calendar import OfficeHours, WorkCalendar
from services.outbox import Recipient


@dataclass(frozen=True, slots=True)
class Holding:
    """One membership of an actor; `unit_id` is None for the director and the like."""

    role: Role
    unit_id: int | None
    unit_name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who sits at the chat, and what the memberships allow."""

    person_id: int
    name: str
    salutation: str
    holdings: tuple[Holding, ...]
    is_reachable: bool = True

    @property
    def reporting_units(self) -> frozenset[int]:
        """The units this person may report for."""
        roles = (Role.PRINCIPAL, Role.DEPUTY)
        return frozenset(h.unit_id for h in self.holdings if h.role in roles and h.unit_id is not None)

    @property
    def sections(self) -> frozenset[int]:
        return frozenset(h.unit_id for h in self.holdings if h.role is Role.SECTION and h.unit_id is not None)

    def has(self, *roles: Role) -> bool:
        return any(h.role in roles for h in self.holdings)

    @property
    def is_bureau(self) -> bool:
        return self.has(Role.SECTION, Role.OFFICE, Role.DIRECTOR, Role.ADMIN)

    @property
    def address(self) -> str:
        """How the roster addresses this person: 王校长."""
        return self.salutation or self.name


def office_hours(bureau: Bureau, calendar: WorkCalendar) -> OfficeHours:
    return OfficeHours(ZoneInfo(bureau.timezone), calendar)


@dataclass(slots=True)
class Turn:
    """`now` is when the update is worked on, `received_at` when it reached our inbox; `toast` is what the tapped
    button answers, said beside the outbox after the commit."""

    session: AsyncSession
    bureau: Bureau
    hours: OfficeHours
    to: Recipient
    now: datetime
    received_at: datetime
    update_id: int
    actor: Actor | None = None
    toast: str = ""
    callback_id: str | None = field(default=None)

    @property
    def today(self) -> date:
        return self.hours.local(self.now).date()

    @property
    def person(self) -> Actor:
        """The actor, where the handler has made sure that there is one."""
        if self.actor is None:
            raise PermissionError("nobody is bound to this chat")
        return self.actor
