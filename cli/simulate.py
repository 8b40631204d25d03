"""`duban simulate`: a month of a county in a minute, from an empty store to a summary and a ledger."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import click

from cli.errors import Mendable
from cli.simulation.play import Span, play
from services.clock import SystemClock

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How many days to play.")
@click.option("--from", "first", type=_DAY, help="The first day (YYYY-MM-DD); else the 1st of this month.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave the store there as duban.db.")
@click.option("--seed", default=1, show_default=True, help="The same seed and days play the same span.")
@click.option("--principals", "most", type=click.IntRange(1), help="So many take part, the others stay silent.")
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Every message the bot began, as a CSV file."
)
def simulate(
    days: int, first: datetime | None, keep: Path | None, seed: int, most: int | None, ledger: Path | None
) -> None:
    """Play a span with scripted principals: the real application, no network, the sample county.

    Punctual, late, silent, confused, correcting and chatty principals answer from their phones; the clock jumps from
    event to event. Prints reports by timeliness and messages by kind and fate.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s %(message)s")
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # a play makes much and keeps most of it: looking for garbage cost a tenth
    gc.enable()
    span = Span(first.date() if first else SystemClock().now().date().replace(day=1), days, seed, most)
    if ledger is not None and not ledger.parent.is_dir():
        raise Mendable(f"{ledger.parent} is no folder: make it first")
    with _folder(keep) as folder, _progress(span) as progress:
        summary = asyncio.run(play(span, folder, ledger, progress))
    click.echo("\n".join(summary.lines))
    if keep is not None:
        click.echo(f"store: {folder / 'duban.db'}")
    if ledger is not None:
        click.echo(f"ledger: {ledger}")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="duban-simulate-") as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if (keep / "duban.db").exists():
        raise Mendable(f"{keep} already holds a database: name an empty folder")
    yield keep


class _Day:
    """Tells a terminal which day is played; elsewhere silent."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._shown: date | None = None

    def __call__(self, now: datetime) -> None:
        day = now.date()
        if day != self._shown and sys.stderr.isatty():
            self._shown = day
            click.echo(f"\r{day} ({(day - self._span.first).days + 1}/{self._span.days})", nl=False, err=True)


@contextmanager
def _progress(span: Span) -> Iterator[_Day]:
    yield _Day(span)
    if sys.stderr.isatty():
        click.echo("\r" + " " * 30 + "\r", nl=False, err=True)
