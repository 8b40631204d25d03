"""What principals say, drawn from the corpus of replies that people wrote, never made from the grammar's own patterns;
and, where those do not fit, the plain value that anybody would type."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cli.errors import Mendable
from domain.campaign import CampaignPlan
from domain.groups import expand
from domain.indicators import Basic, Indicator, Kind

CORPUS = Path(__file__).parent.parent.parent / "tests" / "corpus"


@dataclass(frozen=True, slots=True)
class Reply:
    """`keys` are the questions it was written for."""

    text: str
    intent: str
    keys: frozenset[str]


def read_corpus(folder: Path = CORPUS) -> list[Reply]:
    """Mendable where there is none: it comes with the source, not with the program."""
    found = [_reply(json.loads(line)) for path in sorted(folder.glob("*.jsonl")) for line in _lines(path)]
    if not found:
        raise Mendable(f"no replies in {folder}: `duban simulate` needs a checkout of the source")
    return found


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text("utf-8").splitlines() if line.strip())


def _reply(record: dict[str, object]) -> Reply:
    context = record["context"]
    keys = (str(one["key"]) for one in context) if isinstance(context, list) else ()
    return Reply(str(record["text"]), str(record["expected_intent"]), frozenset(keys))


class Phrasebook:
    """Replies by what they answer, and the questions of a campaign by the words in which they are put."""

    def __init__(self, plan: CampaignPlan, replies: Iterable[Reply]) -> None:
        self._replies = list(replies)
        self._tasks = {task.short or task.name: _questions(task.indicators) for task in plan.tasks}

    def task_named(self, title: str) -> tuple[Indicator, ...]:
        """The questions of the task whose name stands in a card's title; several share one: all of theirs."""
        return tuple(question for name, questions in self._tasks.items() if name in title for question in questions)

    def whole(self, questions: Iterable[Indicator]) -> list[str]:
        """Sentences that answer several of these questions at once."""
        asked = {_corpus_key(question) for question in questions}
        return [r.text for r in self._replies if r.intent == "answer" and len(r.keys) > 1 and r.keys <= asked]

    def one(self, question: Indicator) -> list[str]:
        """Answers to this question alone."""
        wanted = frozenset({_corpus_key(question)})
        return [reply.text for reply in self._replies if reply.intent == "answer" and reply.keys == wanted]

    def of(self, intent: str) -> list[str]:
        return [reply.text for reply in self._replies if reply.intent == intent]


def _questions(indicators: tuple[Indicator, ...]) -> tuple[Indicator, ...]:
    return expand(indicators, {}, boarding=False)


def _corpus_key(question: Indicator) -> str:
    """The corpus names the columns of the drill `drill_students`, the card `drills.1.students`."""
    group, *rest = question.key.split(".")
    return f"{group.removesuffix('s')}_{rest[-1]}" if rest else group


@dataclass(frozen=True, slots=True)
class School:
    """What a principal knows by heart."""

    students: int
    staff: int
    classes: int

    def basic(self, which: Basic | None) -> int:
        return {Basic.STUDENTS: self.students, Basic.STAFF: self.staff, Basic.CLASSES: self.classes}.get(which, 12)  # type: ignore[arg-type]


def plainly(question: Indicator, school: School, today: date, rng: random.Random) -> str:
    """The value by itself, as somebody types who was not understood."""
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
            return question.yes if rng.random() < 0.9 else question.no
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
