"""The `duban` command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import Mendable
from cli.settings import Settings, load

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Duban 督办: school reporting for an education bureau, in a chat.",
)  # fmt: skip


def say(line: str) -> None:
    typer.echo(line)


def _settings() -> Settings:
    from cli.logs import configure

    settings = load()
    configure(settings.log_format)
    return settings


def _go(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@app.command()
def run() -> None:
    """Run the bot: needs DUBAN_TELEGRAM_TOKEN and a migrated database."""
    settings = _settings()
    _ = settings.token  # said before anything is opened
    _go(_run(settings))


async def _run(settings: Settings) -> None:
    from cli.compose import owned_store, program, stop_on_signals

    async with owned_store(settings) as database, program(settings, database) as running:
        stop = stop_on_signals()
        say(f"Duban is running as @{running.face.bot.username}; stop it with Ctrl-C.")
        await running.run(stop)


@app.command()
def migrate() -> None:
    """Bring the database to this release's tables. Safe to repeat."""
    _go(_migrate(_settings()))


async def _migrate(settings: Settings) -> None:
    from cli.compose import open_store
    from db import migrations
    from db.session import StoreInUse

    database = open_store(settings)
    try:
        database.own()
        await migrations.migrate(database.engine)
    except StoreInUse as problem:
        raise Mendable(f"{problem}: stop it before migrating") from problem
    finally:
        await database.close()
    say("The database is up to date.")


@app.command()
def doctor() -> None:
    """检查能否运行:令牌、网络、数据库、日历、磁盘。Exits with 1 when something needs a person."""
    from cli.doctor import examine

    findings = asyncio.run(examine(_settings()))
    for finding in findings:
        say(finding.line)
    if any(not finding.good for finding in findings):
        raise typer.Exit(1)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8800,
    speed: Annotated[float, typer.Option(help="How fast the demo's clock runs at first.")] = 1.0,
    keep: Annotated[Path | None, typer.Option(help="Keep the demo's database in this folder.")] = None,
) -> None:
    """A county at work in your browser: no token, no network, nothing to set up."""
    from cli.demo import play
    from cli.logs import configure

    configure("text")
    _go(play(port, speed, keep))


def main() -> None:
    """Run a command; whatever a person can mend is one clear line and exit code 1."""
    try:
        app()
    except Mendable as problem:
        sys.exit(f"duban: {problem}")
