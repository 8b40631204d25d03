"""The burden a campaign puts on a school in a month: how many numbers have to be found out and typed."""

from __future__ import annotations

from dataclasses import dataclass

from domain.campaign.form import CampaignForm, Every, IndicatorForm, TaskForm
from domain.indicators import Kind
from domain.roster.model import Stage

MOST_A_MONTH = 20
MOST_A_TASK = 5


@dataclass(frozen=True, slots=True)
class Load:
    """Numbers by task key, and all questions, of the fullest month (one with the quarterly tasks)."""

    tasks: dict[str, int]
    questions: int

    @property
    def numbers(self) -> int:
        return sum(self.tasks.values())


def loads(form: CampaignForm) -> dict[Stage, Load]:
    return {stage: load(form, stage) for stage in Stage}


def load(form: CampaignForm, stage: Stage) -> Load:
    tasks = {task.key: _asked(task, stage) for task in form.tasks}
    numbers = {key: sum(numbers_in(one) for one in asked) for key, asked in tasks.items()}
    return Load({key: count for key, count in numbers.items() if count}, sum(map(len, tasks.values())))


def _asked(task: TaskForm, stage: Stage) -> list[IndicatorForm]:
    """What must be answered in a full month; once, per term and optional questions do not count."""
    usual = next((other.every for other in task.others if stage in other.stages), task.schedule.every)
    if task.stages and stage not in task.stages:
        return []
    regular = (Every.MONTH, Every.QUARTER)
    return [i for i in task.indicators if i.required and (i.every or usual) in regular]


def numbers_in(indicator: IndicatorForm) -> int:
    """A ratio counts twice unless its total is registered; yes/no, days, choices and words are no numbers."""
    match indicator.kind:
        case Kind.INT | Kind.NUMBER | Kind.PERCENT:
            return 1
        case Kind.RATIO:
            return 1 if indicator.total_from else 2
    return 0
