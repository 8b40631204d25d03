"""Reading a campaign: shape, then sense, everything wrong in one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.campaign import sheets, text
from domain.campaign.checks import check
from domain.campaign.form import CampaignForm
from domain.campaign.plan import CampaignPlan, compile_campaign
from domain.campaign.problems import Locate, Problem, placed, shape_problems
from domain.roster.model import Table


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file said. `form` is None when its shape is wrong; problems that are not fatal only stop `--strict`."""

    form: CampaignForm | None
    problems: tuple[Problem, ...] = ()

    def good(self, strict: bool = False) -> bool:
        return self.form is not None and not any(problem.fatal or strict for problem in self.problems)

    @property
    def plan(self) -> CampaignPlan:
        """Raises ValueError when something fatal is wrong with the file."""
        if self.form is None or not self.good():
            raise ValueError("\n".join(str(problem) for problem in self.problems))
        return compile_campaign(self.form)


def read_yaml(source: str) -> Reading:
    data, lines, problems = text.parse(source)
    if data is None:
        return Reading(None, tuple(problems))
    return read_data(data, lines, problems)


def read_sheets(tables: Sequence[Table]) -> Reading:
    data, locate, problems = sheets.parse(tables)
    if data is None:
        return Reading(None, tuple(problems))
    return read_data(data, locate, problems)


def read_data(data: Any, locate: Locate, problems: list[Problem]) -> Reading:
    """`problems` are those of the file itself, found before."""
    try:
        form = CampaignForm.model_validate(data)
    except ValidationError as error:
        return Reading(None, (*problems, *placed(shape_problems(error), locate)))
    return Reading(form, (*problems, *placed(check(form), locate)))
