"""What a roster file says: the bureau, its units, the people who act for them, and what is wrong with the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from domain.indicators import Basics
from domain.stages import Stage

Cell = str | int | float | bool | date | datetime | None
"""A cell as a spreadsheet gives it."""

Kind = Literal["school", "section"]
Role = Literal["principal", "deputy", "central", "section", "office", "director", "admin"]


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet, or one csv file (`name` is empty): rows of cells, the first row is number 1."""

    name: str
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Place:
    sheet: str
    row: int

    def __str__(self) -> str:
        return f"“{self.sheet}”表第{self.row}行" if self.sheet else f"第{self.row}行"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the file. `fatal`: the row is not taken; otherwise it is, as the reason says."""

    place: Place | None
    column: str
    reason: str
    value: str = ""
    fatal: bool = True

    def __str__(self) -> str:
        where = "".join((str(self.place) if self.place else "文件", f"「{self.column}」" if self.column else ""))
        shown = f"(现在是“{self.value}”)" if self.value else ""
        return f"{where}:{self.reason}{shown}"


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """Who acts in which roles. `salutation` is how messages address the person: 王校长."""

    name: str
    salutation: str
    phone: str
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One row of the roster. `says` names the columns the file has: what it does not say is left as it is."""

    place: Place
    kind: Kind
    code: str
    name: str
    township: str = ""
    stages: tuple[Stage, ...] = ()
    boarding: bool = False
    basics: Basics = field(default_factory=Basics)
    people: tuple[PersonPlan, ...] = ()
    central: str = ""
    phone: str = ""
    aliases: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    renamed_on: date | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    merged_into: str = ""
    says: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BureauPlan:
    """The bureau itself, its leaders, and whom people are told to call. `contact_sharing` None: as it was."""

    name: str = ""
    duty_phone: str = ""
    leaders: tuple[PersonPlan, ...] = ()
    contact_sharing: bool | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the store has already: codes to names (with their central school's code), and the townships in use."""

    units: dict[str, str] = field(default_factory=dict)
    centrals: dict[str, str] = field(default_factory=dict)
    townships: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Roster:
    """The good rows of a file, and one list of everything wrong with it."""

    bureau: BureauPlan = field(default_factory=BureauPlan)
    units: tuple[UnitPlan, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def clean(self) -> bool:
        return not any(problem.fatal for problem in self.problems)
