"""The daily backup: once a day at `AT` by the bureau's clock, or as soon after as somebody is there to make it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from services.backup import BackupFailed, LastBackup, Source, back_up_and_keep, last_backup
from services.workplace import Workplace

_log = logging.getLogger(__name__)

AT = time(3, 0)
LOOK_EVERY = 30.0  # seconds
TRY_AGAIN = timedelta(hours=1)


@dataclass(slots=True)
class DailyBackup:
    """Makes it in a thread of its own, in no transaction, so that nobody waits for the disk."""

    workplace: Workplace
    source: Source
    folder: Path
    copy_to: Path | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> bool:
        """Make one if it is due; what goes wrong is logged and kept for `last_backup`."""
        local = self.workplace.hours.local(self.workplace.clock.now())
        try:
            if not is_due(await asyncio.to_thread(last_backup, self.folder), local):
                return False
            await asyncio.to_thread(back_up_and_keep, self.source, self.folder, self.copy_to, local)
        except BackupFailed:
            _log.exception("no backup was made", extra={"action": "backup_failed"})
            return False
        except Exception:
            _log.exception("the daily backup failed", extra={"action": "backup_failed"})
            return False
        self._report(await asyncio.to_thread(last_backup, self.folder))
        return True

    def _report(self, last: LastBackup) -> None:
        _log.info("backed up", extra={"action": "backed_up"})
        if last.copy_problem:
            _log.error("the backup was not copied: %s", last.copy_problem, extra={"action": "backup_not_copied"})


def is_due(last: LastBackup, local: datetime) -> bool:
    """Is the newest backup older than the last time one was to be made, and the last attempt a while ago?"""
    wanted = datetime.combine(local.date(), AT, local.tzinfo)
    if local < wanted:
        wanted -= timedelta(days=1)
    if last.problem and last.tried_at is not None and timedelta() <= local - last.tried_at < TRY_AGAIN:
        return False
    return last.taken_at is None or last.taken_at < wanted
