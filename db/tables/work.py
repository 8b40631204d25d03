"""What is asked: campaigns, their tasks and indicators, and the rounds in which a task is reported."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field

from db.tables.base import Table, big, json_column, key, refers


class Campaign(Table, table=True):
    """活动."""

    __table_args__ = (UniqueConstraint("bureau_id", "key"),)

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    key: str
    name: str
    short_name: str = ""
    document: str = ""


class Task(Table, table=True):
    """工作任务. `schedule` is `domain.rounds.Schedule` as JSON, `stages` the stages asked (empty: every school);
    `ladder` is what its ladder has of its own (`domain.ladder.ladder_of`); `asks` the kinds of units, comma-joined."""

    __table_args__ = (
        refers("campaign_id", "campaign"),
        refers("lead_unit_id", "unit"),
        UniqueConstraint("bureau_id", "campaign_id", "key"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    campaign_id: int = big()
    lead_unit_id: int = big()
    position: int
    key: str
    name: str
    short_name: str = ""
    document: str = ""
    example: str = ""
    stages: str = ""
    schedule: dict[str, object] = json_column()
    ladder: dict[str, object] = Field(default_factory=dict, sa_type=JSON, sa_column_kwargs={"server_default": "{}"})
    starts_on: date
    asks: str = Field(default="school", sa_column_kwargs={"server_default": "school"})
    withdrawn_at: datetime | None = None


class TaskSupport(Table, table=True):
    """配合股室."""

    __tablename__ = "task_support"
    __table_args__ = (refers("task_id", "task"), refers("unit_id", "unit"))

    bureau_id: int = key(foreign_key="bureau.id")
    task_id: int = key()
    unit_id: int = key()


class TaskIndicator(Table, table=True):
    """指标: `definition` is `domain.indicators.Indicator` as JSON; `why` it is asked seldom, its `target` value."""

    __tablename__ = "indicator"
    __table_args__ = (refers("task_id", "task"), UniqueConstraint("bureau_id", "task_id", "key"))

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    task_id: int = big()
    position: int
    key: str
    definition: dict[str, object] = json_column()
    why: str = ""
    target: str = ""


class TaskChange(Table, table=True):
    """A change made to a task after it was set; append only. `kind` is wording, loosened or meaning."""

    __tablename__ = "task_change"
    __table_args__ = (refers("task_id", "task"),)

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    task_id: int = big(index=True)
    key: str
    kind: str
    field: str
    before: str = ""
    after: str = ""
    at: datetime


class Round(Table, table=True):
    """报告期. `questionnaire` is the list of indicators frozen at issuance. `occurrence` names the time of the schedule
    it is for (2026-11), whatever day it was moved to; `nominal_due` is that time's day before anything was moved.
    `due_since`: when the bureau moved the due time to where it is; one that was withdrawn 撤回 is locked from then on.
    """

    __table_args__ = (
        refers("task_id", "task"),
        UniqueConstraint("bureau_id", "task_id", "period_to"),
        Index("ix_round_occurrence", "bureau_id", "task_id", "occurrence", unique=True),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    task_id: int = big()
    label: str
    period_from: date
    period_to: date
    open_at: datetime
    due_at: datetime
    grace_until: datetime
    lock_at: datetime
    moved_because: str = ""
    nominal_due: date = Field(sa_column_kwargs={"server_default": "1970-01-01"})
    occurrence: str = Field(sa_column_kwargs={"server_default": ""})
    issued_at: datetime
    due_since: datetime | None = None
    withdrawn_at: datetime | None = None
    questionnaire: list[dict[str, object]] = json_column(list)
