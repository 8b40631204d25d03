"""The burden a campaign puts on a school in a month: how many numbers have to be found out and typed."""

from __future__ import annotations

from dataclasses import dataclass

from domain.campaign.form import Asks, CampaignForm, ColumnForm, Every, IndicatorForm, TaskForm
from domain.indicators import Kind
from domain.stages import Stage

MOST_A_MONTH = 20
MOST_A_TASK = 5
TERMS_BEGIN = (9, 3)


@dataclass(frozen=True, slots=True)
class Load:
    """What must be answered in a month (1 to 12): numbers by task key, and all questions. Optional ones are free."""

    month: int
    tasks: dict[str, int]
    questions: int

    @property
    def numbers(self) -> int:
        return sum(self.tasks.values())


def fullest(form: CampaignForm, stage: Stage) -> Load:
    """The month with the most numbers."""
    return max((load(form, stage, month) for month in range(1, 13)), key=lambda found: found.numbers)


def load(form: CampaignForm, stage: Stage, month: int) -> Load:
    tasks = {task.key: _asked(task, stage, month) for task in form.tasks if Asks.SCHOOLS in task.asks}
    numbers = {key: sum(numbers_in(one) for one in asked) for key, asked in tasks.items()}
    return Load(month, {key: count for key, count in numbers.items() if count}, sum(map(len, tasks.values())))


def _asked(task: TaskForm, stage: Stage, month: int) -> list[IndicatorForm]:
    other = next((other.every for other in task.others if stage in other.stages), None)
    if other is None and task.stages and stage not in task.stages:
        return []
    usual = other or task.schedule.every
    return [i for i in task.indicators if i.required and month in months_of(task, i.every or usual)]


def months_of(task: TaskForm, every: Every) -> tuple[int, ...]:
    """The months in which what is asked so often is due."""
    match every:
        case Every.ONCE:
            return (task.starts.month,)
        case Every.TERM:
            return tuple((begin + task.schedule.term_month - 2) % 12 + 1 for begin in TERMS_BEGIN)
        case Every.QUARTER:
            return (3, 6, 9, 12)
        case _:
            return tuple(range(1, 13))


def numbers_in(indicator: ColumnForm) -> int:
    """A ratio counts twice unless its total is registered; yes/no, days, choices and words are no numbers.

    A repeating group counts as one row; a registered basic is shown to be confirmed by a tap, so it counts as none.
    """
    if isinstance(indicator, IndicatorForm) and indicator.sets:
        return 0
    match indicator.kind:
        case Kind.INT | Kind.NUMBER | Kind.PERCENT:
            return 1
        case Kind.RATIO:
            return 1 if indicator.total_from else 2
        case Kind.ROWS if isinstance(indicator, IndicatorForm):
            return sum(numbers_in(column) for column in indicator.columns if column.required)
    return 0
