"""`duban understand`: read a file of replies, score labelled ones, or explain one sentence step by step."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TextIO

import click

from cli.errors import Mendable
from cli.settings import load
from domain.groups import expand
from domain.indicators import Basics, Question, Setting, put
from domain.understanding.batch import run
from domain.understanding.explain import explain
from domain.understanding.score import score
from services.campaigns import read_campaign

SAMPLE = Path(__file__).parent.parent / "samples" / "campaign.yaml"


@click.command()
@click.argument("text", required=False)
@click.option(
    "--task", "task_key", help="Explain TEXT as a reply to this task of the sample campaign (drill, bbt ...)."
)
@click.option("--campaign", type=click.Path(path_type=Path), default=SAMPLE, help="Another campaign file for --task.")
@click.option("--batch", type=click.File("r", encoding="utf-8"), help="Read JSON lines, write JSON lines; - is stdin.")
@click.option("--score", "labelled", type=click.File("r", encoding="utf-8"), help="Score labelled JSON lines.")
def understand(
    text: str | None, task_key: str | None, campaign: Path, batch: TextIO | None, labelled: TextIO | None
) -> None:
    """How replies are understood: --batch FILE, --score FILE, or TEXT --task KEY."""
    if batch is not None:
        _batch(batch)
    elif labelled is not None:
        click.echo(score(labelled).table())
    elif text and task_key:
        for line in explain(text, _questions(campaign, task_key), now=load().make_clock().now()):
            click.echo(line)
    else:
        raise Mendable("say what to understand: --batch FILE, --score FILE, or TEXT --task KEY")


def _batch(lines: TextIO) -> None:
    for number, line in enumerate(lines, 1):
        try:
            for result in run([line]):
                sys.stdout.write(result + "\n")
        except (ValueError, KeyError, TypeError) as problem:
            raise Mendable(f"line {number} is no labelled reply: {type(problem).__name__} {problem}") from problem


def _questions(campaign: Path, task_key: str) -> list[Question]:
    plan = read_campaign(campaign).plan
    tasks = {task.key: task for task in plan.tasks}
    if task_key not in tasks:
        raise Mendable(f"no task {task_key!r} in {campaign}; there are {', '.join(tasks) or 'none'}")
    today = load().make_clock().now().date()
    setting = Setting(Basics(), today - timedelta(days=30), today, today)
    return [put(indicator, setting) for indicator in expand(tasks[task_key].indicators, {}, boarding=False)]
