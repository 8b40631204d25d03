"""The `duban` command."""

from __future__ import annotations

import asyncio
import gc
import sys
from importlib import import_module
from pathlib import Path

import click

from cli.errors import Mendable
from cli.garbage import stay
from cli.settings import Settings, load
from services.upgrading import is_under_way

LAZY = {
    "backup": "cli.backup:backup",
    "candidates": "cli.candidates:candidates",
    "digest": "cli.digest:digest",
    "import": "cli.imports:app",
    "invite": "cli.invite:invite",
    "outbox": "cli.outbox:outbox",
    "preview": "cli.preview:preview",
    "restore": "cli.restore:restore",
    "retry": "cli.retry:command",
    "settings": "cli.defaults:settings",
    "simulate": "cli.simulate:simulate",
    "understand": "cli.understand:understand",
    "upgrade": "cli.upgrade:upgrade",
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
@click.option("--hold", is_flag=True, help="Run any copy without a word to Telegram: nothing is fetched, nothing sent.")
def run(*, hold: bool) -> None:
    """Run the bot: needs DUBAN_TELEGRAM_TOKEN and a migrated database."""
    settings = _settings()
    stay()
    if hold:
        asyncio.run(_run_silently(settings))
        return
    if is_under_way(settings.data_dir):
        raise Mendable("升级没有做完 / an upgrade was cut short: duban upgrade --back")
    _ = settings.token, settings.webhook  # said before anything is opened
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    from cli.compose import owned_store, program, stop_on_signals

    async with owned_store(settings) as database, program(settings, database) as running:
        stop = stop_on_signals()
        click.echo(f"Duban is running as @{running.face.bot.username}; stop it with Ctrl-C.")
        if running.server is not None:
            click.echo(f"Health and metrics: {running.server.url}/health")
        await running.run(stop)


async def _run_silently(settings: Settings) -> None:
    from cli.compose import owned_store, silent, stop_on_signals

    async with owned_store(settings) as database, silent(settings, database) as (ticker, server):
        stop = stop_on_signals()
        click.echo("Duban is running in hold: nothing is fetched from Telegram, nothing is sent. Stop it with Ctrl-C.")
        if server is not None:
            click.echo(f"Health and metrics: {server.url}/health")
        await ticker.start()
        await stop.wait()
        await ticker.stop()


@app.command()
@click.option("--no-backup", is_flag=True, help="Change the tables without a backup beforehand.")
def migrate(*, no_backup: bool) -> None:
    """Bring the database to this release's tables, after a backup. Safe to repeat."""
    asyncio.run(_migrate(_settings(), backup=not no_backup))


async def _migrate(settings: Settings, *, backup: bool) -> None:
    from cli.compose import open_store
    from db import migrations
    from db.session import StoreInUse

    database = open_store(settings)
    try:
        database.own()
        if backup and await migrations.is_behind(database.engine):
            from cli.backup import make_backup

            taken = await asyncio.to_thread(make_backup, settings)
            click.echo(f"Backed up first: {taken}")
        await migrations.migrate(database.engine)
    except StoreInUse as problem:
        raise Mendable(f"{problem}: stop it before migrating") from problem
    finally:
        await database.close()
    click.echo("The database is up to date.")


@app.command()
def doctor() -> None:
    """逐项检查:设置、数据库、网络、令牌、时钟、磁盘、日历、备份……。Exits with 1 when something needs a person."""
    from cli.doctor import Level, examine, wrong_setting

    try:
        findings = asyncio.run(examine(_settings()))
    except Mendable as problem:
        findings = [wrong_setting(problem)]
    for line in (line for finding in findings for line in finding.lines):
        click.echo(line)
    if any(finding.level is Level.BAD for finding in findings):
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
    stay()
    asyncio.run(play(port, speed, keep))


def main() -> None:
    """Run a command; whatever a person can mend is one clear line and exit code 1."""
    gc.disable()  # importing makes no garbage worth looking for: `run` starts a sixth sooner and turns it on again
    try:
        app()
    except Mendable as problem:
        sys.exit(f"duban: {problem}")
