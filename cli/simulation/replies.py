"""What principals say: their own school's figures for whatever a campaign asks, in a sentence or one by one, as people
put them; and what people say instead of an answer (said.yaml, written by people)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from domain.campaign import CampaignPlan
from domain.groups import MORE, expand
from domain.indicators import Basic, Indicator, Kind

SAID = Path(__file__).parent / "said.yaml"

Said = Mapping[str, Sequence[str]]
"""By intent what people say who do not answer: question, unclear."""


def read_said() -> Said:
    found: Said = yaml.safe_load(SAID.read_text("utf-8"))
    return found


class Phrasebook:
    """What is said that is no answer, and the questions of a campaign by the words in which they are put."""

    def __init__(self, plan: CampaignPlan, said: Said) -> None:
        self._said = said
        self._tasks = {task.short or task.name: _questions(task.indicators) for task in plan.tasks}

    def task_named(self, title: str) -> tuple[Indicator, ...]:
        """The questions of the task whose name stands in a card's title: 特色学校(学期) is not 特色学校."""
        named = max((name for name in self._tasks if name in title), key=len, default="")
        return self._tasks.get(named, ())

    def of(self, intent: str) -> Sequence[str]:
        return self._said[intent]


def _questions(indicators: tuple[Indicator, ...]) -> tuple[Indicator, ...]:
    return expand(indicators, {}, boarding=False)


@dataclass(frozen=True, slots=True)
class School:
    """What a principal knows by heart."""

    students: int
    staff: int
    classes: int

    def basic(self, which: Basic | None) -> int:
        return {Basic.STUDENTS: self.students, Basic.STAFF: self.staff, Basic.CLASSES: self.classes}.get(which, 12)  # type: ignore[arg-type]


def sentence(questions: Iterable[Indicator], school: School, today: date, rng: random.Random) -> str:
    """All that is asked in one message, each question by its name; empty where it cannot be said so."""
    return rng.choice([",", ",", "、", "\n"]).join(_phrases(questions, school, today, rng))


def _phrases(questions: Iterable[Indicator], school: School, today: date, rng: random.Random) -> Iterator[str]:
    done: dict[str, bool] = {}
    for one in questions:
        if not one.required or (one.only_if is not None and done.get(one.only_if.key, True) != one.only_if.equals):
            continue
        if one.key.endswith(f".{MORE}"):
            continue  # whether there was one more is asked
        value = plainly(one, school, today, rng)
        if one.kind is Kind.BOOL:
            done[one.key] = value == one.yes
        yield _phrase(one, value, rng)


def _phrase(one: Indicator, value: str, rng: random.Random) -> str:
    unit = one.unit if value.isdigit() else ""
    return f"{one.name}{rng.choice(['', '', ':'])}{value}{unit}"


def plainly(question: Indicator, school: School, today: date, rng: random.Random) -> str:
    """The value by itself, as somebody types who is asked for it alone."""
    match question.kind:
        case Kind.INT | Kind.NUMBER:
            return str(_count(question, school, rng))
        case Kind.PERCENT:
            return f"{rng.randint(70, 100)}%"
        case Kind.RATIO:
            total = school.basic(question.total_from)
            return f"{rng.randint(total // 2, total)}/{total}"
        case Kind.DATE:
            ahead = question.earliest == "today"
            day = today + timedelta(days=rng.randint(10, 30) if ahead else -rng.randint(0, 4))
            return f"{day.month}月{day.day}日"
        case Kind.BOOL:
            usual, other = question.yes, question.no
            if question.key.endswith(f".{MORE}"):
                usual, other = other, usual
            return usual if rng.random() < 0.9 else other
        case Kind.CHOICE | Kind.CHOICES:
            return rng.choice(question.choices)
        case _:
            return "按学校计划推进"


def _count(question: Indicator, school: School, rng: random.Random) -> int:
    if question.sets or question.limit_from:
        basic = school.basic(question.sets or question.limit_from)
        return basic if question.sets else max(0, basic - rng.randint(0, basic // 12))
    low = int(question.minimum or 0)
    high = int(question.soft_maximum or question.maximum or low + 20)
    return rng.randint(low, max(low, min(high, low + (high - low) // 3)))
