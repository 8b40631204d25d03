"""What lies beside the store for whoever runs it: the backups."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

BACKUPS = "duban-*.tar"


def newest_backup(folder: Path) -> datetime | None:
    """When the newest backup in this folder was finished; None where there is none. Reads the disk."""
    try:
        times = [path.stat().st_mtime for path in folder.glob(BACKUPS) if path.is_file()]
    except OSError:
        return None
    return datetime.fromtimestamp(max(times), UTC) if times else None
