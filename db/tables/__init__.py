"""Every table, so that importing this package fills the metadata."""

from db.tables.clock import DigestSnapshot, Reminder, ReminderState
from db.tables.course import Absence, CalendarChange, CourseChange
from db.tables.line import DeadlineMove, Heartbeat, Outage
from db.tables.people import (
    Account,
    Alias,
    AliasSource,
    Bureau,
    Delegation,
    Invitation,
    Membership,
    Person,
    Role,
    Unit,
    UnitKind,
    WrongCode,
)
from db.tables.queues import Card, Chat, Fate, Inbox, InboxState, Lane, Outbox
from db.tables.reports import (
    Answer,
    AnswerRevision,
    Draft,
    Evidence,
    EvidenceState,
    Extension,
    Promise,
    ReceiptCounter,
    Report,
    Request,
)
from db.tables.troubles import Trouble, TroubleKind, TroubleState
from db.tables.work import Campaign, Round, Task, TaskChange, TaskIndicator, TaskSupport
from domain.stages import Stage

__all__ = [
    "Absence", "Account", "Alias", "AliasSource", "Answer", "AnswerRevision", "Bureau", "CalendarChange", "Campaign",
    "Card", "Chat", "CourseChange", "DeadlineMove", "Delegation", "DigestSnapshot", "Draft", "Evidence",
    "EvidenceState", "Extension", "Fate", "Heartbeat", "Inbox", "InboxState", "Invitation", "Lane",
    "Membership", "Outage", "Outbox", "Person", "Promise", "ReceiptCounter", "Reminder", "ReminderState",
    "Report", "Request", "Role", "Round", "Stage", "Task", "TaskChange", "TaskIndicator", "TaskSupport",
    "Trouble", "TroubleKind", "TroubleState", "Unit", "UnitKind", "WrongCode",
]  # fmt: skip
