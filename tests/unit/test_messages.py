"""What is to be said, as JSON and back."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from domain import messages
from domain.messages import (
    Alarm,
    ConfirmBinding,
    DeadlinesMoved,
    DigestText,
    Emergency,
    HeldValue,
    History,
    HowTo,
    JointCard,
    Message,
    MissingList,
    OutageCard,
    Prompt,
    Receipt,
    Reminder,
    ReportCard,
    ReportKey,
    Say,
    Strip,
    Todo,
    Unread,
    WhichReport,
)
from domain.phrases import Phrase
from domain.progress import Timeliness
from domain.understanding.result import Why
from tests.cast import at

KEY = ReportKey(2**62 + 1, 2**53 + 1)
ALL: tuple[Message, ...] = (
    Prompt(reports=(KEY,)),
    Reminder(rung="t-1", reports=(KEY, KEY)),
    ReportCard(report=KEY, unread=(Unread(key=None, why=Why.FUZZY, words="五百来人"),), failures=1, choosing=True),
    Todo(),
    History(),
    JointCard(update_id=7, reports=(KEY, KEY), unread=((Unread(key=None, why=Why.FUZZY),), ())),
    HowTo(report=KEY, key="a", update_id=7, held=(HeldValue(key="b", value={"done": 1, "total": 2}, words="2个1个"),)),
    Strip(message_id=3),
    DeadlinesMoved(outage_id=2**62, reports=(KEY,), undone=True),
    OutageCard(outage_id=2**62),
    Receipt(
        report=KEY, unit="校", title="11月演练", number="1118-0001", received_at=at("2026-11-18 09:00"),
        timeliness=Timeliness.GRACE, lock_at=at("2026-12-02 17:00"), owed=("班班通",), salutation="王校长", first=False,
        total=2, next_report=KEY,
    ),
    DigestText(digest_id=2**62, audience="section", section_id=2**61, part=2),
    MissingList(digest_id=2**62),
    ConfirmBinding(invitation_id=2**62, roles=("校|principal",), name="王建国"),
    WhichReport(update_id=1, words="已完成", options=((KEY, "11月演练"),)),
    Emergency(update_id=1, duty="0000", told="办公室"),
    Alarm(
        update_id=1, person_id=2**62, who="王校长", unit="校", phone="0000", words="…", at=at("2026-11-18 09:00"),
        outcome="false",
    ),
    Say(phrase=Phrase.STRANGER, facts={"phone": "0000"}),
)  # fmt: skip


@pytest.mark.parametrize("message", ALL, ids=lambda message: message.kind)
def test_there_and_back(message: Message) -> None:
    stored = json.loads(json.dumps(messages.to_json(message)))
    assert messages.from_json(message.kind, stored) == message


def test_a_kind_of_a_later_release_is_refused() -> None:
    with pytest.raises(ValidationError):
        messages.from_json("from_the_future", {})


def test_a_message_does_not_change() -> None:
    with pytest.raises(ValidationError):
        ALL[0].reports = ()  # type: ignore[union-attr, misc]
