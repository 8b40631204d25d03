"""What is owed and what was given: reports, drafts, answers and every revision of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from db.tables.base import Table, big, json_column, key, one_of, refers, refers_to_report
from domain.progress import State
from domain.requests import RequestKind, RequestState


class Report(Table, table=True):
    """填报: exists from issuance, because it is owed. The roster is frozen here: township and basics as they were.

    `versions` counts how often values were sent: 1 with the first, one more with each correction. `state_reason` says
    why it was returned, or is exempt. `in_backlog`: it waited while our line was down, and
    counts as received before that.
    """

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
    state_reason: str = ""
    township: str = ""
    students: int | None = None
    staff: int | None = None
    classes: int | None = None
    first_received_at: datetime | None = None
    due_then: datetime | None = None
    grace_then: datetime | None = None
    submitted_at: datetime | None = None
    submitted_by: int | None = big(None)
    receipt_number: str | None = None
    nil: bool = False
    in_backlog: bool = False
    versions: int = 0


class Draft(Table, table=True):
    """草稿: shared by the unit's people, compared by `revision` when written.

    `entries` maps an indicator key to `{"v": value as JSON, "words": the reply's own, "changed", "approximate"}`;
    `stood_at` is when the update that completed these very values reached our inbox (`in_backlog`: would have, had our
    line not been down); `changed_at` the read-back.
    """

    __table_args__ = (refers_to_report(),)

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    revision: int = 0
    entries: dict[str, dict[str, object]] = json_column()
    stood_at: datetime | None = None
    in_backlog: bool = False
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
    """修订: append only. `words` are what the person wrote, `chat_id` and `message_id` where; `version` counts the
    sendings of its report (0: set aside from a draft). A row without any value: the question no longer applied, or
    means something else now."""

    __tablename__ = "answer_revision"
    __table_args__ = (
        refers_to_report(),
        Index("ix_answer_revision_report", "bureau_id", "round_id", "unit_id"),
        Index("ix_answer_revision_at", "bureau_id", "at"),
        Index("ix_answer_revision_message", "bureau_id", "chat_id", "message_id"),
    )

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
    version: int = 1
    reason: str = ""
    words: str = ""
    chat_id: int | None = big(None)
    message_id: int | None = big(None)


class Extension(Table, table=True):
    """延期: this unit's own due time for this round, with who granted it (None: the clock), why and when. An outage of
    ours that moved it is named, with the due time before."""

    __table_args__ = (refers_to_report(),)

    bureau_id: int = key(foreign_key="bureau.id")
    round_id: int = key()
    unit_id: int = key()
    due_at: datetime
    reason: str = ""
    granted_by: int | None = big(None)
    granted_at: datetime
    outage_id: int | None = big(None)
    moved_from: datetime | None = None


class Request(Table, table=True):
    """申请: what a unit asked of the office, and how it was answered; at most one of a kind waits for a report.

    `received_at` is when it stood complete in our inbox. 补报 keeps the draft's `entries` whole, 延期 names `until`.
    """

    __table_args__ = (
        refers_to_report(),
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        Index("uq_request_pending", "bureau_id", "round_id", "unit_id", "kind", unique=True,
              sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")),
    )  # fmt: skip

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    kind: str
    round_id: int = big()
    unit_id: int = big()
    person_id: int = big()
    received_at: datetime
    entries: dict[str, dict[str, object]] = json_column()
    until: datetime | None = None
    reason: str = ""
    state: str = RequestState.PENDING.value
    decided_by: int | None = big(None)
    decided_at: datetime | None = None
    answer: str = ""


class Promise(Table, table=True):
    """答应: until when a person put this report off, in the words said; nobody asks again before. `due_at` is the due
    time it was said under: a deadline that moves begins anew."""

    __table_args__ = (refers_to_report(), refers("person_id", "person"),
                      Index("ix_promise_report", "bureau_id", "round_id", "unit_id"))  # fmt: skip

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    round_id: int = big()
    unit_id: int = big()
    person_id: int = big()
    due_at: datetime
    until: datetime
    words: str = ""
    said_at: datetime


class ReceiptCounter(Table, table=True):
    """The last receipt number given on a day (回执号 0910-0137)."""

    __tablename__ = "receipt_counter"

    bureau_id: int = key(foreign_key="bureau.id")
    day: date = Field(primary_key=True)
    last: int


class EvidenceState(StrEnum):
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class Evidence(Table, table=True):
    """佐证: a photo or document of a report, named as the chat service does (`file_id` opens it, `unique_id` tells it
    apart), fetched by a durable job and kept by `sha256`, the hash of the content without its metadata.

    `album` is what the chat service calls the set it came in; `next_try_at` None is at once.
    """

    __table_args__ = (
        refers_to_report(),
        one_of("state", EvidenceState),
        UniqueConstraint("bureau_id", "round_id", "unit_id", "unique_id"),
        Index("ix_evidence_pending", "bureau_id", "next_try_at", sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
    )  # fmt: skip

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    round_id: int = big()
    unit_id: int = big()
    key: str
    file_id: str
    unique_id: str
    person_id: int | None = big(None)
    received_at: datetime
    is_document: bool = False
    name: str = ""
    album: str | None = None
    state: str = EvidenceState.PENDING.value
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str | None = None
    sha256: str | None = None
    mime: str | None = None
    size: int | None = None
    stored_at: datetime | None = None
