"""Our line to the chat service: when it was last good, when it was not, and what that moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint

from db.tables.base import Table, big, key, refers


class Heartbeat(Table, table=True):
    """When the line was last known to be good, at most half a minute ago while we run."""

    bureau_id: int = key(foreign_key="bureau.id")
    at: datetime


class Outage(Table, table=True):
    """线路中断: from the last heartbeat before it until the line was good again."""

    __table_args__ = (UniqueConstraint("bureau_id", "since"),)

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    since: datetime
    until: datetime


class DeadlineMove(Table, table=True):
    """顺延: an outage moved the deadline of a round for so many `reports`, the last of them to `due_at`; once.

    `lock_before` is set where the lock had to move too.
    """

    __tablename__ = "deadline_move"
    __table_args__ = (refers("outage_id", "outage"), refers("round_id", "round"))

    bureau_id: int = key(foreign_key="bureau.id")
    outage_id: int = key()
    round_id: int = key()
    due_at: datetime
    reports: int
    moved_at: datetime
    lock_before: datetime | None = None
    undone_at: datetime | None = None
    undone_by: int | None = big(None)
