"""What is to be said, as semantic messages: stored in the outbox as JSON, rendered by a face when sent.

*Records* freeze their content (a receipt stays what it was). *Live* messages store ids only; delivery loads what they
show at the moment of sending.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.phrases import Phrase
from domain.progress import Timeliness
from domain.understanding.result import Why


class ReportKey(NamedTuple):
    """Names a report: it is owed by a unit for a round."""

    round_id: int
    unit_id: int


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Merged(_Message):
    """One for everybody in a county at the same instant: ids and words, which JSON takes as they are."""


class Prompt(_Merged):
    """Live: rounds have opened; all of one person's in one message."""

    kind: Literal["prompt"] = "prompt"
    reports: tuple[ReportKey, ...]


class Reminder(_Merged):
    """Live: all that one person is reminded of, and in the same message what has just `opened`; what is no longer owed
    drops out when sent. `rungs` stand beside the reports, `rung` is that of all where there is but one; `words` are a
    task's own for its rung."""

    kind: Literal["reminder"] = "reminder"
    rung: str = ""
    reports: tuple[ReportKey, ...]
    rungs: tuple[str, ...] = ()
    opened: tuple[ReportKey, ...] = ()
    words: str = ""

    def rung_of(self, report: ReportKey) -> str:
        return dict(zip(self.reports, self.rungs, strict=False)).get(report, self.rung)


class CentralCopy(_Merged):
    """Live: to a central school, which schools it looks after have not reported and were reminded."""

    kind: Literal["central_copy"] = "central_copy"
    reports: tuple[ReportKey, ...]


class ChaseSummary(_Message):
    """Live: to the office or a lead section, who has not reported, by what is to be done; `section_id` None: all."""

    kind: Literal["chase_summary"] = "chase_summary"
    section_id: int | None = None
    rung: str = ""


class ChaseList(_Message):
    """Live: the same, school by school; protected with its telephones, or `plain` to be copied, without."""

    kind: Literal["chase_list"] = "chase_list"
    section_id: int | None = None
    plain: bool = False
    part: int = 0


class Unreached(_Message):
    """Live, protected: to the office or a lead section, whom a reminder does not reach, with telephones; `more` units
    are not listed."""

    kind: Literal["unreached"] = "unreached"
    section_id: int | None = None
    reports: tuple[ReportKey, ...]
    more: int = 0
    part: int = 0


class Progress(_Message):
    """Live: how far the running rounds are; `section_id` None: all of them."""

    kind: Literal["progress"] = "progress"
    section_id: int | None = None


class Issue(_Message):
    """Live, a card: the rounds that are to be issued; or one of them (`task_id`, due on `due`) with what it brings,
    `confirming` that it is issued now, or `issued` to so many units."""

    kind: Literal["issue"] = "issue"
    task_id: int | None = None
    due: date | None = None
    confirming: bool = False
    issued: int | None = None


class IssueSample(_Message):
    """Live: 试发, the very prompt that principals will get, shown to who asks; nothing can be answered to it. It is the
    one of this school (`unit_id`), else of the first that can be reached."""

    kind: Literal["issue_sample"] = "issue_sample"
    task_id: int
    due: date
    unit_id: int | None = None


class Unread(_Message):
    """Words of a reply that gave no value for `key` (None: for nothing that is asked). `either` are the amounts that
    contradictory words may mean, at the indicator's scale; of a ratio its two parts."""

    key: str | None
    why: Why
    words: str = ""
    either: tuple[tuple[int, ...], ...] = ()


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


class JointCard(_Message):
    """Live, a card: what the words of `update_id` said of several units, one report each; `unread` in their order."""

    kind: Literal["joint_card"] = "joint_card"
    update_id: int
    reports: tuple[ReportKey, ...]
    unread: tuple[tuple[Unread, ...], ...] = ()


class ReaskedQuestion(BaseModel):
    """A question of a running round that means something else now; `what` says what moved: 隐患(单位:处→个)."""

    model_config = ConfigDict(frozen=True)

    report: ReportKey
    key: str
    what: str


class Reasked(_Message):
    """Live: 口径变更, to be answered again; all of one person's in one message."""

    kind: Literal["reasked"] = "reasked"
    questions: tuple[ReaskedQuestion, ...]


class Todo(_Message):
    """Live: what this person still owes."""

    kind: Literal["todo"] = "todo"


class Back(_Message):
    """Live: to who let the bot in again, what is open now."""

    kind: Literal["back"] = "back"


class History(_Message):
    """Live, a card: what this person's units have reported, the newest first."""

    kind: Literal["history"] = "history"
    page: int = 0


class Versions(_Message):
    """Live, a card: one report that was sent; `number` 0 its present values, 1 the first, then each correction."""

    kind: Literal["versions"] = "versions"
    report: ReportKey
    number: int = 0
    page: int = 0


class Corrected(_Message):
    """Live: to the lead section, what moved in a report from that version on."""

    kind: Literal["corrected"] = "corrected"
    report: ReportKey
    since: int


class HeldValue(BaseModel):
    """A value said beside a question: kept with one tap, never silently. `value` as JSON."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: Any
    words: str
    approximate: bool = False
    changed: bool = False


class HowTo(_Message):
    """Live: what a question means and how to answer it (None: the whole report); `held` are the values that the words
    of `update_id` said besides."""

    kind: Literal["how_to"] = "how_to"
    report: ReportKey
    key: str | None = None
    update_id: int = 0
    held: tuple[HeldValue, ...] = ()


class Emergency(_Message):
    """Record: words of an event that is happening were said; `told` names who is told besides. `update_id` keeps the
    words for who did not mean it so."""

    kind: Literal["emergency"] = "emergency"
    update_id: int
    duty: str
    told: str


class Alarm(_Message):
    """Record, protected: to the office and the safety section, what somebody said; `outcome` what it turned out to be
    (called, false), empty at first."""

    kind: Literal["alarm"] = "alarm"
    update_id: int
    person_id: int
    who: str
    unit: str
    phone: str
    words: str
    at: datetime
    outcome: Literal["", "called", "false"] = ""


class ExtensionForm(_Message):
    """Live: until when (or, with `until`, why) this report is to be extended."""

    kind: Literal["extension_form"] = "extension_form"
    report: ReportKey
    until: date | None = None
    unclear: bool = False


class WhichExtension(_Message):
    """Live: an extension was asked for in words that name none of several reports; `update_id` keeps them."""

    kind: Literal["which_extension"] = "which_extension"
    update_id: int
    reports: tuple[ReportKey, ...]


class RequestCard(_Message):
    """Live, a card: one request, for those who decide it."""

    kind: Literal["request"] = "request"
    request_id: int
    refusing: bool = False


class ReviewList(_Message):
    """Live, a card: the requests that wait for this person's decision."""

    kind: Literal["review"] = "review"


class Decision(_Message):
    """Live: to the unit, how its request was answered."""

    kind: Literal["decision"] = "decision"
    request_id: int


class DeadlinesMoved(_Message):
    """Live: to who is awaited, that an outage of ours moved deadlines; what came meanwhile drops out."""

    kind: Literal["deadlines_moved"] = "deadlines_moved"
    outage_id: int
    reports: tuple[ReportKey, ...]
    undone: bool = False


class OutageCard(_Message):
    """Live, a card: to the office, what an outage moved, which can be taken back."""

    kind: Literal["outage"] = "outage"
    outage_id: int


class CourseCard(_Message):
    """Live, a card: a change to a running round as it is read back, and what became of it."""

    kind: Literal["course"] = "course"
    change_id: int


class CourseTold(_Message):
    """Live: to the people of the units that a change concerns."""

    kind: Literal["course_told"] = "course_told"
    change_id: int
    reports: tuple[ReportKey, ...]


class CourseNote(_Message):
    """Live: to the office and the lead section, what somebody else of the bureau changed."""

    kind: Literal["course_note"] = "course_note"
    change_id: int


class CourseGuide(_Message):
    """Live: how a change is said, and the last ones that were made."""

    kind: Literal["course_guide"] = "course_guide"


class AbsenceCard(_Message):
    """Live, a card: that somebody is away until when, as it is read back, and what became of it."""

    kind: Literal["absence"] = "absence"
    absence_id: int


class Strip(_Message):
    """Take the buttons off a message that a newer card below has replaced."""

    kind: Literal["strip"] = "strip"
    message_id: int


class Receipt(_Message):
    """Record: what a sender gets. `first` is false for a correction, which says its `changes`; `in_backlog`: it
    waited while our line was down. `content` are the values of that `version` and `code` the signature, by which it
    can be taken back (`domain.receipts`)."""

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
    changes: tuple[str, ...] = ()
    total: int = 0
    in_backlog: bool = False
    next_report: ReportKey | None = None
    version: int = 1
    content: str = ""
    code: str = ""


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


class ConfirmHandover(_Message):
    """Live: before a colleague takes a task over, he sees what it is and who asks him."""

    kind: Literal["confirm_handover"] = "confirm_handover"
    invitation_id: int


class HandoverCard(_Message):
    """Live, a card: 交给他人办, how (`lasting`, `may_submit`) and which; of one report, or of all that this person
    still owes. With `delegation_id` it is done, and can be taken back."""

    kind: Literal["handover_card"] = "handover_card"
    report: ReportKey | None = None
    lasting: bool = False
    may_submit: bool = False
    delegation_id: int | None = None


class InvitationText(_Message):
    """Live, to be forwarded: an invitation with its code, made when sent, because only its hash is kept."""

    kind: Literal["invitation"] = "invitation"
    invitation_id: int


class TakeBackList(_Message):
    """Live: what this person handed over, to choose what he takes back."""

    kind: Literal["take_back"] = "take_back"


class Takeover(_Message):
    """Live: 校长交接, to who heads a unit now: what is owed there and its registered basics."""

    kind: Literal["takeover"] = "takeover"


class PeopleList(_Message):
    """Live, protected: who is registered, with telephones, whether bound; for the office."""

    kind: Literal["people"] = "people"
    query: str = ""


class PersonCard(_Message):
    """Live, protected, a card: one person's account and what the office may do about it."""

    kind: Literal["person_card"] = "person_card"
    person_id: int


class WhichReport(_Message):
    """Record: a reply (or a `photo`) that fits several reports; `update_id` keeps it, so nobody says it again."""

    kind: Literal["which_report"] = "which_report"
    update_id: int
    words: str
    options: tuple[tuple[ReportKey, str], ...]
    photo: bool = False


class Photos(_Message):
    """Live: the photos and documents of one report; each kind is a part of its own."""

    kind: Literal["photos"] = "photos"
    report: ReportKey
    part: int = 0


class Say(_Message):
    """Record: a short answer to what a person did. `facts` are the words and numbers it needs."""

    kind: Literal["say"] = "say"
    phrase: Phrase
    facts: dict[str, str] = Field(default_factory=dict)


People = PeopleList | PersonCard | InvitationText
Handover = HandoverCard | ConfirmHandover | TakeBackList | Takeover
Live = Prompt | Reminder | Reasked | ReportCard | JointCard | Todo | Back | History | People | Handover
Record = Receipt | DigestText | MissingList | ConfirmBinding | WhichReport | Say | Emergency | Alarm
Chase = CentralCopy | ChaseSummary | ChaseList | Unreached | Progress
Later = Photos | Versions | Corrected | HowTo | ExtensionForm | WhichExtension | RequestCard | ReviewList | Decision
Course = CourseCard | CourseTold | CourseNote | CourseGuide | AbsenceCard
Message = Live | Chase | Later | Course | Record | Strip | Issue | IssueSample | DeadlinesMoved | OutageCard

_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def to_json(message: Message) -> dict[str, object]:
    if isinstance(message, _Merged):
        return {name: value for name, value in message if name != "kind"}
    return message.model_dump(mode="json", exclude={"kind"})


def from_json(kind: str, payload: dict[str, object]) -> Message:
    """Raises pydantic.ValidationError for a kind or shape this release does not know."""
    return _MESSAGES.validate_python({**payload, "kind": kind})
