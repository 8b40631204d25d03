"""Named points between durable steps, at which a test ends the process as a power cut would: no goodbye, no clean-up.

Armed by DUBAN_CRASH_AT against a stand-in only; otherwise passing a point asks whether a dictionary is empty.
"""

from __future__ import annotations

import os
import signal
from enum import StrEnum


class Point(StrEnum):
    """In the order in which an update, a message, a tick, an outage, a file, what is too old and a backup pass them."""

    FETCHED = "fetched"
    KEEPING = "keeping"
    """Inserted, not committed."""
    ACCEPTED = "accepted"
    """Committed; the chat service has not been told."""
    BEGUN = "begun"
    HANDLED = "handled"
    DONE = "done"
    """Committed; what stands beside the outbox has not begun."""
    ANSWERED = "answered"
    FAILED = "failed"
    """A handler raised and its work is undone; the attempt is not counted."""
    COUNTED = "counted"

    RECOVERING = "recovering"
    RECOVERED = "recovered"
    CLAIMING = "claiming"
    """Fates written and messages claimed, not committed."""
    CLAIMED = "claimed"
    LEAVING = "leaving"
    SENT = "sent"
    """The chat service answered; nobody else knows."""
    SETTLED = "settled"
    UNMADE = "unmade"
    """A message could not be made; the attempt is counted."""

    SWEEPING = "sweeping"
    SWEPT = "swept"
    UNSWEPT = "unswept"
    """A sweep failed as a whole; that is counted."""

    LAPSED = "lapsed"
    """An outage and the deadlines it moves are written down, not committed."""
    MOVED = "moved"
    BEATEN = "beaten"
    """A heartbeat is committed."""

    LOADED = "loaded"
    WRITTEN = "written"
    """A file is on disk under its first name."""
    STORED = "stored"
    NOTED = "noted"
    REFUSED = "refused"
    """A file was not handed out; the attempt is counted."""

    FORGETTING = "forgetting"
    """The files of what is too old are gone, their rows are not."""
    FORGOTTEN = "forgotten"

    BACKED = "backed"
    """A backup is whole and tried out, not under its name yet."""
    NAMED = "named"
    COPIED = "copied"
    """It lies elsewhere too; nobody has noted that."""


_armed: dict[str, int] = {}


def arm(where: str) -> None:
    """`POINT[:NTH]`: die when that point is passed for the nth time. Raises ValueError for one that does not exist."""
    name, _, nth = where.partition(":")
    _armed[Point(name)] = int(nth or 1)


def passed(point: Point) -> None:
    if _armed and point in _armed:
        _armed[point] -= 1
        if not _armed[point]:
            os.kill(os.getpid(), signal.SIGKILL)
