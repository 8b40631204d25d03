"""The school's year of one bureau: terms, teaching weeks, school holidays 寒暑假 and named events.

Schools have holidays in which the bureau works, so these days are no days off; they decide which rounds are issued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

_WEEK = timedelta(days=7)
VACATIONS = frozenset({"寒假", "暑假"})


@dataclass(frozen=True, slots=True)
class Term:
    """`begins` and `ends` are both included. `weeks`: which Monday certain teaching weeks begin on; without number 1 it
    is that of the week of `begins`. Between them a week counts unless all of it is off (`counts_holidays`: it does)."""

    name: str
    begins: date
    ends: date
    weeks: Mapping[int, date] = field(default_factory=dict, hash=False)
    counts_holidays: bool = False


@dataclass(frozen=True, slots=True)
class TeachingWeek:
    term: Term
    number: int
    monday: date

    @property
    def chinese(self) -> str:
        return f"第{self.number}教学周"


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """`vacations` are the days of 寒暑假 and their name; where the file names none, the days between two terms are."""

    terms: tuple[Term, ...] = ()
    vacations: Mapping[date, str] = field(default_factory=dict, hash=False)
    events: Mapping[str, tuple[date, ...]] = field(default_factory=dict, hash=False)

    def vacation(self, day: date) -> str | None:
        """寒假 or 暑假, or None on a day of school (or where nobody has said)."""
        return self.vacations.get(day) or self._between(day)

    def _between(self, day: date) -> str | None:
        before = max((term.ends for term in self.terms if term.ends < day), default=None)
        after = min((term.begins for term in self.terms if term.begins > day), default=None)
        if before is None or after is None or self.term(day) or (after - before).days > 100:
            return None
        return "暑假" if 6 <= before.month <= 8 else "寒假"

    def term(self, day: date) -> Term | None:
        return next((term for term in self.terms if term.begins <= day <= term.ends), None)

    def week(self, day: date, is_off: Callable[[date], bool]) -> TeachingWeek | None:
        """The teaching week that day lies in; None outside terms and in a week that is off."""
        weeks = (week for term in self.terms for week in weeks_of(term, is_off))
        return next((week for week in weeks if week.monday <= day < week.monday + _WEEK), None)


def weeks_of(term: Term, is_off: Callable[[date], bool]) -> Iterator[TeachingWeek]:
    """In order; `is_off` says which days nobody works."""
    monday = term.weeks.get(1, monday_of(term.begins))
    anchors = {monday_of(day): number for number, day in term.weeks.items()}
    number = 0
    while monday <= term.ends:
        if monday in anchors:
            number = anchors[monday]
            yield TeachingWeek(term, number, monday)
        elif term.counts_holidays or not all(is_off(monday + timedelta(days=n)) for n in range(5)):
            number += 1
            yield TeachingWeek(term, number, monday)
        monday += _WEEK


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
