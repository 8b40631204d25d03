"""What is owed and what was given: reports, drafts, answers and every revision of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from db.tables.base import Table, big, json_column, key, one_of, refers, refers_to_report
from domain.progress import State


class Report(Table, table=True):
    """填报: exists from issuance, because it is owed. The roster is frozen here: township and basics as they were."""

    __table_args__ = (
        refers("round_id", "round"),
        refers("unit_id", "unit"),
        one_of("state", State),
        CheckConstraint("state IN ('pending', 'exempt') OR first_received_at IS NOT NULL", name="received"),
        Index("ix_report_unit_state", "bureau_id", "unit_id", "state"),
    )

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    state: str = State.PENDING.value
    township: str = ""
    students: int | None = None
    staff: int | None = None
    classes: int | None = None
    first_received_at: datetime | None = None
    submitted_at: datetime | None = None
    submitted_by: int | None = big(None)
    receipt_number: str | None = None


class Draft(Table, table=True):
    """草稿: shared by the unit's people, compared by `revision` when written.

    `entries` maps an indicator key to `{"v": value as JSON, "words": the reply's own, "changed", "approximate"}`;
    `stood_at` is when the update that completed these very values reached our inbox; `shown_at` the read-back.
    """

    __table_args__ = (refers_to_report(),)

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    revision: int = 0
    entries: dict[str, dict[str, object]] = json_column()
    stood_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: int | None = big(None)


class Answer(Table, table=True):
    """答案: one current value. `amount` is an integer at the indicator's scale (bool: 0 or 1; ratio: the done part)."""

    __table_args__ = (refers_to_report(),)

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    key: str = Field(primary_key=True)
    amount: int | None = big(None)
    denominator: int | None = big(None)
    text: str | None = None
    day: date | None = None
    approximate: bool = False


class AnswerRevision(Table, table=True):
    """修订: append only. `words` are what the person wrote, `update_id` the inbox row they came in."""

    __tablename__ = "answer_revision"
    __table_args__ = (refers_to_report(), Index("ix_answer_revision_report", "bureau_id", "round_id", "unit_id"))

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    round_id: int = big()
    unit_id: int = big()
    key: str
    amount: int | None = big(None)
    denominator: int | None = big(None)
    text: str | None = None
    day: date | None = None
    approximate: bool = False
    person_id: int | None = big(None)
    at: datetime
    reason: str = ""
    words: str = ""


class ReceiptCounter(Table, table=True):
    """The last receipt number given on a day (回执号 0910-0137)."""

    __tablename__ = "receipt_counter"

    bureau_id: int = key(foreign_key="bureau.id")
    day: date = Field(primary_key=True)
    last: int
