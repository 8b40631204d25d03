"""The `duban` command."""

from __future__ import annotations

import asyncio
import gc
import sys
from importlib import import_module
from pathlib import Path

import click

from cli.errors import Mendable
from cli.settings import Settings, load

LAZY = {
    "candidates": "cli.candidates:candidates",
    "import": "cli.imports:app",
    "invite": "cli.invite:invite",
    "outbox": "cli.outbox:outbox",
    "simulate": "cli.simulate:simulate",
    "understand": "cli.understand:understand",
}
"""Commands whose modules are loaded only when they are called, so that `run` starts soon."""


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *LAZY])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in LAZY:
            return super().get_command(ctx, name)
        module, _, attribute = LAZY[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="duban")
def app() -> None:
    """Duban 督办: school reporting for an education bureau, in a chat."""


def _settings() -> Settings:
    from cli.logs import configure

    settings = load()
    configure(settings.log_format)
    return settings


@app.command()
def run() -> None:
    """Run the bot: needs DUBAN_TELEGRAM_TOKEN and a migrated database."""
    settings = _settings()
    _ = settings.token, settings.webhook  # said before anything is opened
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    from cli.compose import owned_store, program, stop_on_signals

    gc.freeze()
    gc.enable()
    async with owned_store(settings) as database, program(settings, database) as running:
        stop = stop_on_signals()
        click.echo(f"Duban is running as @{running.face.bot.username}; stop it with Ctrl-C.")
        if running.server is not None:
            click.echo(f"Health and metrics: {running.server.url}/health")
        await running.run(stop)


@app.command()
def migrate() -> None:
    """Bring the database to this release's tables. Safe to repeat."""
    asyncio.run(_migrate(_settings()))


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
    click.echo("The database is up to date.")


@app.command()
def doctor() -> None:
    """检查能否运行:令牌、网络、数据库、日历、磁盘。Exits with 1 when something needs a person."""
    from cli.doctor import examine

    findings = asyncio.run(examine(_settings()))
    for finding in findings:
        click.echo(finding.line)
    if any(not finding.good for finding in findings):
        raise click.exceptions.Exit(1)


@app.command()
@click.option("--port", default=8800, show_default=True, help="Port of the page; 0 takes a free one.")
@click.option("--speed", default=1.0, show_default=True, help="How fast the demo's clock runs at first.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the demo's database in this folder.")
def demo(port: int, speed: float, keep: Path | None) -> None:
    """A county at work in your browser: no token, no network, nothing to set up."""
    from cli.demo import play
    from cli.logs import configure

    configure("text")
    asyncio.run(play(port, speed, keep))


def main() -> None:
    """Run a command; whatever a person can mend is one clear line and exit code 1."""
    gc.disable()  # importing makes no garbage worth looking for: `run` starts a sixth sooner and turns it on again
    try:
        app()
    except Mendable as problem:
        sys.exit(f"duban: {problem}")
