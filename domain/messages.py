"""What is to be said, as semantic messages: stored in the outbox as JSON, rendered by a face when sent.

*Records* freeze their content (a receipt stays what it was). *Live* messages store ids only; delivery loads what they
show at the moment of sending.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.progress import Timeliness
from domain.understanding.result import Why


class ReportKey(NamedTuple):
    """Names a report: it is owed by a unit for a round."""

    round_id: int
    unit_id: int


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Prompt(_Message):
    """Live: rounds have opened; all of one person's in one message."""

    kind: Literal["prompt"] = "prompt"
    reports: tuple[ReportKey, ...]


class Reminder(_Message):
    """Live: a rung of the ladder, merged for one person; what is no longer owed drops out when sent."""

    kind: Literal["reminder"] = "reminder"
    rung: str
    reports: tuple[ReportKey, ...]


class Unread(_Message):
    """Words of a reply that gave no value for `key` (None: for nothing that is asked)."""

    key: str | None
    why: Why
    words: str = ""


class ReportCard(_Message):
    """Live, a card: the draft, the read-back or the submitted report, whichever it is when sent.

    `unread` and `failures` (tries in a row that gave nothing) belong to the reply that this card answers;
    `choosing` shows the list of answers to change.
    """

    kind: Literal["report_card"] = "report_card"
    report: ReportKey
    unread: tuple[Unread, ...] = ()
    failures: int = 0
    choosing: bool = False


class Todo(_Message):
    """Live: what this person still owes."""

    kind: Literal["todo"] = "todo"


class History(_Message):
    """Live: what this person's units have reported, the newest first."""

    kind: Literal["history"] = "history"


class Strip(_Message):
    """Take the buttons off a message that a newer card below has replaced."""

    kind: Literal["strip"] = "strip"
    message_id: int


class Receipt(_Message):
    """Record: what a sender gets. `first` is false for a correction."""

    kind: Literal["receipt"] = "receipt"
    report: ReportKey
    unit: str
    title: str
    number: str
    received_at: datetime
    timeliness: Timeliness
    lock_at: datetime
    owed: tuple[str, ...]
    salutation: str
    first: bool = True
    total: int = 0
    next_report: ReportKey | None = None


class DigestText(_Message):
    """Record: a digest for one audience, from its snapshot; long ones continue in further parts."""

    kind: Literal["digest"] = "digest"
    digest_id: int
    audience: Literal["director", "office", "section"]
    section_id: int | None = None
    part: int = 0


class MissingList(_Message):
    """Record, protected: who has not reported, with telephones, for action only."""

    kind: Literal["missing_list"] = "missing_list"
    digest_id: int
    section_id: int | None = None
    part: int = 0


class ConfirmBinding(_Message):
    """Record: before an account is bound, the person checks name and unit."""

    kind: Literal["confirm_binding"] = "confirm_binding"
    invitation_id: int
    roles: tuple[str, ...]
    name: str


class WhichReport(_Message):
    """Record: a reply that fits several reports; `update_id` keeps the words, so nobody types them again."""

    kind: Literal["which_report"] = "which_report"
    update_id: int
    words: str
    options: tuple[tuple[ReportKey, str], ...]


class Phrase(StrEnum):
    """Short answers. Every one says what to do next."""

    STRANGER = "stranger"
    WELCOME = "welcome"
    WELCOME_BUREAU = "welcome_bureau"
    BAD_CODE = "bad_code"
    WRONG_PERSON = "wrong_person"
    HELP = "help"
    HELP_BUREAU = "help_bureau"
    CANCELLED = "cancelled"
    NOTHING_TO_CANCEL = "nothing_to_cancel"
    NOTHING_OWED = "nothing_owed"
    NOT_TEXT = "not_text"
    VOICE = "voice"
    EDITED = "edited"
    FAILED = "failed"
    LOCKED = "locked"
    ALREADY_SUBMITTED = "already_submitted"
    LATER = "later"
    NO_DIGEST_YET = "no_digest_yet"
    NO_SUCH_COMMAND = "no_such_command"


class Say(_Message):
    """Record: a short answer to what a person did. `facts` are the words and numbers it needs."""

    kind: Literal["say"] = "say"
    phrase: Phrase
    facts: dict[str, str] = Field(default_factory=dict)


Live = Prompt | Reminder | ReportCard | Todo | History
Record = Receipt | DigestText | MissingList | ConfirmBinding | WhichReport | Say
Message = Live | Record | Strip

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def to_json(message: Message) -> dict[str, object]:
    return message.model_dump(mode="json", exclude={"kind"})


def from_json(kind: str, payload: dict[str, object]) -> Message:
    """Raises pydantic.ValidationError for a kind or shape this release does not know."""
    return _MESSAGES.validate_python({**payload, "kind": kind})
