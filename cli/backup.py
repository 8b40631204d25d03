"""`duban backup`: everything in one file that was tried out; also beside a running bot."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cli.compose import source_of
from cli.errors import Mendable
from cli.settings import Settings, load
from services.backup import BackupFailed, back_up_and_keep, last_backup


def local_now(settings: Settings) -> datetime:
    return settings.make_clock().now().astimezone(ZoneInfo(settings.timezone))


@click.command()
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="Put it here instead.")
def backup(folder: Path | None) -> None:
    """备份:数据库和照片合成一个文件,试着恢复过才算数。机器人运行时也可以做。"""
    settings = load()
    taken = make_backup(settings, folder)
    size = taken.stat().st_size
    click.echo(f"已备份,并试恢复无误:{taken}({size / 2**20:.1f} MiB)")
    if said := last_backup(taken.parent).copy_problem:
        raise Mendable(f"没有复制到 DUBAN_BACKUP_TO / not copied to DUBAN_BACKUP_TO: {said}")


def make_backup(settings: Settings, folder: Path | None = None) -> Path:
    """Raises Mendable."""
    copy_to = None if folder else settings.backup_to
    target = folder or settings.backups
    try:
        return back_up_and_keep(source_of(settings), target, copy_to, local_now(settings), _say)
    except BackupFailed as problem:
        raise Mendable(f"备份没有成功 / there is no backup: {problem}") from problem


def _say(step: str) -> None:
    click.echo(f"… {step}", err=True)
