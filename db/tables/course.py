"""What the bureau changes about a round that is running and about its calendar, and who of its people is away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index

from db.tables.base import Table, big, json_column, key, one_of, refers
from domain.course import CourseKind


class CourseChange(Table, table=True):
    """改动: read back when `proposed_at`, and in force once somebody has tapped 确认 (`done_at`).

    `units` are those it names (empty: all it may concern), `scope` how it named them; `until` is the new due time, for
    重开 the new lock; `before` is what stood there. `reports` are those it concerned in the end,
    `told` of them those of which somebody could be told.
    """

    __tablename__ = "course_change"
    __table_args__ = (
        refers("round_id", "round"),
        refers("proposed_by", "person"),
        one_of("kind", CourseKind),
        Index("ix_course_change_round", "bureau_id", "round_id"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    kind: str
    round_id: int = big()
    units: list[int] = json_column(list)
    scope: str = ""
    until: datetime | None = None
    before: datetime | None = None
    reason: str = ""
    proposed_by: int = big()
    proposed_at: datetime
    done_at: datetime | None = None
    dropped_at: datetime | None = None
    reports: int = 0
    told: int = 0


class CalendarChange(Table, table=True):
    """校历的改动; append only. `changes` are the lines that were added and taken away, `person_id` None for a file that
    was imported."""

    __tablename__ = "calendar_change"
    __table_args__ = (refers("person_id", "person"),)

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    person_id: int | None = big(None)
    changes: list[str] = json_column(list)
    at: datetime


class Absence(Table, table=True):
    """出差、请假: from `since` (None: not confirmed yet) to `until` the deputies of the unit are reminded instead."""

    __table_args__ = (refers("person_id", "person"), Index("ix_absence_person", "bureau_id", "person_id"))

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    person_id: int = big()
    said_at: datetime
    since: datetime | None = None
    until: datetime
    words: str = ""
    ended_at: datetime | None = None
