"""What a button carries: a verb, the report and the draft's revision, never a message id. At most 64 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from db.ids import from_base62, to_base62
from domain.messages import ReportKey


class Verb(StrEnum):
    OPEN = "o"
    CHOOSE = "c"
    CHANGES = "m"
    ASK = "a"
    SUBMIT = "s"
    LATER = "l"
    FOR_REPORT = "w"
    THIS_IS_ME = "y"
    NOT_ME = "n"
    MISSING = "x"
    NEXT = "k"
    SAME = "p"
    NIL = "z"
    SUBMIT_ALL = "b"
    CORRECT = "cr"
    KEEP = "ck"
    REASON = "cw"
    HOW = "hw"
    HISTORY = "hs"
    VERSION = "hv"
    EXTEND = "ex"
    UNTIL = "eu"
    WHY = "ey"
    GRANT = "rg"
    REFUSE = "rr"
    REFUSE_WHY = "rw"
    HAND_OVER = "ho"
    HAND_TO = "ht"
    TAKE_BACK = "hb"
    PERSON = "pp"
    REINVITE = "pi"
    CUT_OFF = "pc"
    PHOTOS = "ph"
    RELEASE = "rl"
    CHASE = "cn"
    CHASE_LIST = "cl"
    SNOOZE = "sn"
    UNDO_MOVE = "um"
    CALLED = "ec"
    FALSE_ALARM = "ef"
    HELD = "hk"
    PAD = "pd"
    MEAN = "mn"
    SEND_JOINT = "js"
    ISSUE = "is"
    ISSUE_SAMPLE = "it"
    ISSUE_NOW = "iw"
    ISSUE_SUBMIT = "iz"
    COURSE = "co"
    COURSE_DO = "cd"
    COURSE_DROP = "cx"
    AWAY = "aw"
    AWAY_DROP = "ax"


@dataclass(frozen=True, slots=True)
class Press:
    """A decoded button. `numbers` are what the verb needs besides the report."""

    verb: Verb
    report: ReportKey | None
    numbers: tuple[int, ...] = ()


def encode(verb: Verb, report: ReportKey | None = None, *numbers: int) -> str:
    key = f"{to_base62(report.round_id)}.{to_base62(report.unit_id)}" if report else ""
    return ":".join((verb.value, key, *(to_base62(number) for number in numbers)))


def decode(data: str) -> Press:
    """Raises ValueError on anything `encode` does not write."""
    verb, _, rest = data.partition(":")
    key, *numbers = rest.split(":")
    report = None
    if key:
        round_id, _, unit_id = key.partition(".")
        report = ReportKey(from_base62(round_id), from_base62(unit_id))
    return Press(Verb(verb), report, tuple(from_base62(number) for number in numbers))
