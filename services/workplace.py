"""What every long-running part shares: the store, the clock, the calendar, and whose bureau this is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import Database
from db.tables import Bureau
from domain.calendar import OfficeHours, WorkCalendar
from services.calendars import calendar_of
from services.clock import Clock
from services.evidence_store import EvidenceStore
from services.heartbeat import Heartbeat
from services.nursery import Nursery
from services.people import the_bureau_by_id
from services.vitals import Vitals

BUREAU_KEPT = 5.0


@dataclass(slots=True)
class Workplace:
    database: Database
    clock: Clock
    bureau_id: int
    hours: OfficeHours
    nursery: Nursery = field(default_factory=Nursery)
    vitals: Vitals = field(default_factory=Vitals)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    evidence: EvidenceStore | None = None
    """Where photos and documents are kept; None where nobody sends any (a stepped play)."""
    planned: set[object] = field(default_factory=set)
    """The rungs that are in the ledger for everybody they concern."""
    backups: Path | None = None
    """Where backups are looked for; None where there are none (a play)."""
    _bureau: tuple[float, Bureau] | None = None
    _calendar: dict[str, object] = field(default_factory=dict)
    """The bureau's own as `hours` has it."""

    async def bureau(self, session: AsyncSession) -> Bureau:
        """Name and telephones of the bureau, as they were at most `BUREAU_KEPT` seconds ago."""
        now = self.clock.monotonic()
        if self._bureau is None or now - self._bureau[0] > BUREAU_KEPT:
            bureau = await the_bureau_by_id(session, self.bureau_id)
            session.expunge(bureau)  # a rollback would expire it for everybody who is given it afterwards
            self._keep_to(bureau)
            self._bureau = (now, bureau)
        return self._bureau[1]

    def _keep_to(self, bureau: Bureau) -> None:
        """The bureau's calendar may be changed while we run."""
        if bureau.calendar != self._calendar:
            self.hours = replace(self.hours, calendar=calendar_of(bureau))
            self._calendar = bureau.calendar

    @property
    def calendar(self) -> WorkCalendar:
        return self.hours.calendar
