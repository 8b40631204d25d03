"""What the clock did: reminders by rung, digests as snapshots."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from db.tables.base import Table, big, json_column, key, one_of, refers, refers_to_report


class ReminderState(StrEnum):
    """The ledger knows only these; a message's fate lives in the outbox."""

    PLANNED = "planned"
    HELD = "held"
    SKIPPED = "skipped"
    QUEUED = "queued"


class Reminder(Table, table=True):
    """催报: one rung for one report and one audience. Moving a deadline changes the key, so it arms again."""

    __table_args__ = (refers_to_report(), one_of("state", ReminderState))

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    rung: str = Field(primary_key=True)
    effective_due: datetime = Field(primary_key=True)
    audience: str = Field(primary_key=True)
    state: str
    reason: str = ""
    planned_at: datetime


class DigestSnapshot(Table, table=True):
    """汇总: an as-of snapshot (`domain.digest.Digest` as JSON); never changes.

    `occasion` makes a set time happen once.
    """

    __tablename__ = "digest"
    __table_args__ = (refers("campaign_id", "campaign"), UniqueConstraint("bureau_id", "campaign_id", "occasion"))

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    campaign_id: int = big()
    occasion: str
    serial: int
    as_of: datetime
    snapshot: dict[str, object] = json_column()
