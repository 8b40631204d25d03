"""Reading a campaign: shape, then sense, everything wrong in one list."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.campaign import sheets, text
from domain.campaign.checks import check
from domain.campaign.form import CampaignForm
from domain.campaign.plan import CampaignPlan, compile_campaign
from domain.campaign.problems import Locate, Path, Problem, placed, shape_problems
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
        shape = shape_problems(error)
        return Reading(None, (*problems, *placed([*shape, *_sense_of(data, shape)], locate)))
    return Reading(form, (*problems, *placed(check(form), locate)))


_STAND_INS: dict[str, Any] = {
    "key": "x", "label": "?", "name": "?", "lead": "?", "kind": "text", "starts": "2000-01-01", "every": "monthly",
    "stages": ["primary"], "schedule": {"every": "monthly"}, "indicators": [{"key": "x", "label": "?", "kind": "text"}],
}  # fmt: skip
_ROUNDS = 3


def _sense_of(data: Any, shape: list[Problem]) -> list[Problem]:
    """What is wrong with the sound rest of a file whose shape is wrong, so that one list holds everything.

    Faulty entries get stand-ins; of the questions and schedules they belong to nothing more is said.
    """
    mended, faults = copy.deepcopy(data), [problem.path for problem in shape]
    for _ in range(_ROUNDS):
        for path in faults:
            _stand_in(mended, path)
        try:
            form = CampaignForm.model_validate(mended)
        except ValidationError as error:
            faults = [problem.path for problem in shape_problems(error)]
        else:
            spoilt = {path[:-1] for path in (problem.path for problem in shape)}
            return [p for p in check(form) if p.fatal and not any(p.path[: len(s)] == s for s in spoilt if len(s) > 2)]
    return []


def _stand_in(data: Any, path: Path) -> None:
    """Replace a required entry by something harmless, take away an optional one."""
    for part in path[:-1]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1] if path else ""
    if isinstance(data, dict) and last in _STAND_INS:
        data[last] = copy.deepcopy(_STAND_INS[str(last)])
    elif isinstance(data, dict):
        data.pop(last, None)
