"""The roster 名册: from the rows of a file to units and people, with one list of everything wrong."""

from domain.roster.aliases import aliases
from domain.roster.columns import ADVICE, TITLES
from domain.roster.model import (
    BureauPlan,
    Cell,
    Known,
    PersonPlan,
    Place,
    Problem,
    Roster,
    Table,
    UnitPlan,
)
from domain.roster.reading import read
from domain.stages import Stage

__all__ = [
    "ADVICE", "TITLES", "BureauPlan", "Cell", "Known", "PersonPlan", "Place", "Problem", "Roster", "Stage", "Table",
    "UnitPlan", "aliases", "read",
]  # fmt: skip
