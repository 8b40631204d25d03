"""One turn: everything a handler and its services need to answer one update."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Role
from domain.calendar import OfficeHours, WorkCalendar
from domain.naming import UnitName
from domain.understanding.result import Understanding
from services.calendars import calendar_of
from services.outbox import Recipient

if TYPE_CHECKING:
    from services.sheets import Sheet

REPORTERS = (Role.PRINCIPAL, Role.DEPUTY)


@dataclass(frozen=True, slots=True)
class Handed:
    """What a membership that was handed over 交给他人办 is limited to: one task, for one round or from it on."""

    delegation_id: int
    task_id: int
    round_id: int
    lasting: bool
    may_submit: bool

    def covers(self, sheet: Sheet) -> bool:
        if self.lasting:
            return sheet.task.id == self.task_id and sheet.round.id >= self.round_id
        return sheet.round.id == self.round_id


@dataclass(frozen=True, slots=True)
class Holding:
    """One membership of an actor; `unit_id` is None for the director and the like."""

    role: Role
    unit_id: int | None
    unit_name: str
    handed: Handed | None = None


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
        """The units of which this person may report everything; see `may_report` for a single report."""
        whole = (h for h in self.holdings if h.role in REPORTERS and h.handed is None)
        return frozenset(h.unit_id for h in whole if h.unit_id is not None)

    @property
    def known_units(self) -> frozenset[int]:
        """The units of which this person may report something."""
        return frozenset(h.unit_id for h in self.holdings if h.role in REPORTERS and h.unit_id is not None)

    @property
    def headed_units(self) -> frozenset[int]:
        """The units whose principal this person is: who may hand tasks over and take them back."""
        return frozenset(h.unit_id for h in self.holdings if h.role is Role.PRINCIPAL and h.unit_id is not None)

    def may_report(self, sheet: Sheet) -> bool:
        return sheet.unit.id in self.reporting_units or self._handed(sheet) is not None

    def may_submit(self, sheet: Sheet) -> bool:
        """False too for a colleague whose principal wants to see it before it goes."""
        handed = self._handed(sheet)
        return sheet.unit.id in self.reporting_units or (handed is not None and handed.may_submit)

    def _handed(self, sheet: Sheet) -> Handed | None:
        mine = (h.handed for h in self.holdings if h.unit_id == sheet.unit.id and h.handed is not None)
        covering = [handed for handed in mine if handed.covers(sheet)]
        return max(covering, key=lambda handed: handed.may_submit, default=None)

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


def office_hours(bureau: Bureau, calendar: WorkCalendar | None = None) -> OfficeHours:
    """By the bureau's own calendar, unless another one is given."""
    return OfficeHours(ZoneInfo(bureau.timezone), calendar or calendar_of(bureau))


@dataclass(slots=True)
class Turn:
    """`now` is when the update is worked on, `received_at` when it reached our inbox (`in_backlog`: would have, had our
    line not been down); `message_id` is the message said or edited; `toast` is what the tapped button answers, said
    beside the outbox after the commit. `names` are what the actor's units are called, once they were looked up; `slips`
    the pieces of the words that were such a name mistyped. `card_after`: cards shown now may wait so long for more of
    the same album. `sheets` is what the actor owes, where that was read before the turn began. `heard` is what words
    were found to say about a report as it stood. `calm`: the person said that the words are of no emergency."""

    session: AsyncSession
    bureau: Bureau
    hours: OfficeHours
    to: Recipient
    now: datetime
    received_at: datetime
    update_id: int
    actor: Actor | None = None
    message_id: int | None = None
    in_backlog: bool = False
    toast: str = ""
    callback_id: str | None = field(default=None)
    names: tuple[UnitName, ...] | None = None
    slips: tuple[str, ...] = ()
    card_after: timedelta | None = None
    sheets: list[Sheet] | None = None
    heard: dict[object, Understanding] = field(default_factory=dict)
    calm: bool = False

    @property
    def said_at(self) -> datetime:
        """What a deadline or a lock is compared with: now, for a backlog when it would have come."""
        return self.received_at if self.in_backlog else self.now

    @property
    def today(self) -> date:
        return self.hours.local(self.now).date()

    @property
    def person(self) -> Actor:
        """The actor, where the handler has made sure that there is one."""
        if self.actor is None:
            raise PermissionError("nobody is bound to this chat")
        return self.actor
