"""`duban simulate`: a month of a county in a minute, from an empty store to a summary and a ledger."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from cli.errors import Mendable
from cli.garbage import stay
from cli.simulation.county import SAMPLE_CAMPAIGN, SAMPLE_ROSTER, Source
from cli.simulation.engine import Trials
from cli.simulation.play import ZONE, Span, Tables, play
from services.clock import SystemClock

_DAY = click.DateTime(["%Y-%m-%d"])


_FILE = click.Path(exists=True, path_type=Path, dir_okay=False)
Outage = tuple[datetime, datetime]


class _Outage(click.ParamType):  # type: ignore[type-arg]
    """2026-11-25T15:00/2026-11-25T16:30, on the bureau's clock."""

    name = "START/END"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[datetime, datetime]:
        try:
            since, until = (datetime.fromisoformat(part).replace(tzinfo=ZoneInfo(ZONE)) for part in value.split("/"))
        except ValueError:
            self.fail(f"{value!r} is not like 2026-11-25T15:00/2026-11-25T16:30", param, ctx)
        if not since < until:
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return since, until


_OUTAGE = _Outage()


@click.command()
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How many days to play.")
@click.option("--from", "first", type=_DAY, help="The first day (YYYY-MM-DD); else the 1st of this month.")
@click.option("--to", "last", type=_DAY, help="The last day, instead of --days.")
@click.option("--outage", "outages", type=_OUTAGE, multiple=True, help="START/END: our line is down; may be repeated.")
@click.option("--restart-every", "restart", type=click.FloatRange(0.1), metavar="H", help="Start anew every H hours.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave the store there as duban.db.")
@click.option("--seed", default=1, show_default=True, help="The same seed and days play the same span.")
@click.option("--principals", "most", type=click.IntRange(1), help="So many take part, the others stay silent.")
@click.option("--units", type=click.IntRange(1), help="So many of the county's schools.")
@click.option("--tasks", type=click.IntRange(1), help="So many of its tasks.")
@click.option("--roster", type=_FILE, help="Another county's roster (.xlsx, .csv) instead of the sample's.")
@click.option("--campaign", type=_FILE, help="Another campaign (.yaml, .xlsx) instead of the sample's.")
@click.option("--calendar", type=_FILE, help="The bureau's calendar (.yaml): holidays, terms, school holidays.")
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Every message the bot began, as a CSV file."
)
@click.option(
    "--reports", type=click.Path(path_type=Path, dir_okay=False), help="Every report as it stands, as a CSV file."
)
def simulate(keep: Path | None, ledger: Path | None, reports: Path | None, **asked: Any) -> None:
    """Play a span with scripted principals: the real application, no network, the sample county or yours.

    Punctual, late, silent, confused, correcting and chatty principals answer from their phones; the clock jumps from
    event to event. Prints reports by timeliness and messages by kind and fate, and proves that nobody was nagged
    outside hours, above the cap, after reporting, twice or in a burst; exit code 1 where somebody was.
    """
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s %(message)s")
    stay()
    span = _span(**asked)
    for path in (ledger, reports):
        if path is not None and not path.parent.is_dir():
            raise Mendable(f"{path.parent} is no folder: make it first")
    with _folder(keep) as folder, _progress(span) as progress:
        summary, invariants = asyncio.run(play(span, folder, Tables(ledger, reports), progress))
    click.echo("\n".join(summary.lines))
    click.echo(f"invariants: {len(invariants.violations)} violations, statuses summed {invariants.checked} times")
    if keep is not None:
        click.echo(f"store: {folder / 'duban.db'}")
    if ledger is not None:
        click.echo(f"ledger: {ledger}")
    if reports is not None:
        click.echo(f"reports: {reports}")
    if invariants.violations:
        raise Mendable("\n".join(["violated:", *invariants.violations[:10]]))


def _span(
    days: int,
    first: datetime | None,
    last: datetime | None,
    outages: tuple[tuple[datetime, datetime], ...],
    restart: float | None,
    seed: int,
    most: int | None,
    units: int | None,
    tasks: int | None,
    roster: Path | None,
    campaign: Path | None,
    calendar: Path | None,
) -> Span:
    begins = first.date() if first else SystemClock().now().date().replace(day=1)
    if last is not None:
        days = (last.date() - begins).days + 1
        if days < 1:
            raise Mendable("--to lies before --from")
    every = timedelta(hours=restart) if restart else None
    source = Source(roster or SAMPLE_ROSTER, campaign or SAMPLE_CAMPAIGN, units, tasks, calendar)
    return Span(begins, days, seed, most, source, Trials(outages, every))


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
