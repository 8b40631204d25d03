"""What every long-running part shares: the store, the clock, the calendar, and whose bureau this is."""

from __future__ import annotations

from dataclasses import dataclass, field

from db.session import Database
from domain.calendar import OfficeHours, WorkCalendar
from services.clock import Clock
from services.nursery import Nursery


@dataclass(slots=True)
class Workplace:
    database: Database
    clock: Clock
    bureau_id: int
    hours: OfficeHours
    nursery: Nursery = field(default_factory=Nursery)

    @property
    def calendar(self) -> WorkCalendar:
        return self.hours.calendar
