"""The error table to its end: whatever Telegram answers once, what becomes of an answer and of a receipt.

Retry with back-off · permanent, and the office told · uncertain: nothing is said twice but a receipt, marked 【重发】.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot import request, verdicts
from db.tables import Account, Outbox
from sandbox import mishap
from tests.bot.conftest import Talk
from tests.bot.test_sending import read_back
from tests.cast import PRINCIPAL, County
from tests.contract.test_verdicts import NEW
from tests.stage import Stage

AGAIN = ["✓"]
AGAIN_MARKED = ["【重发】✓"]
MAYBE_TWICE = ["✓", "【重发】✓"]


@dataclass(frozen=True, slots=True)
class Policy:
    """`said` and `receipt`: the fate; `came` how often the answer did, `heard` each receipt's beginning."""

    said: str
    came: int
    receipt: str
    heard: list[str]
    unreachable: bool = False


RETRIED = Policy("sent", 1, "sent", AGAIN)
GONE = Policy("dead", 0, "dead", [], unreachable=True)
GIVEN_UP = Policy("dead", 0, "dead", [])
NOT_DONE = Policy("uncertain", 0, "sent", AGAIN_MARKED)
DONE_UNHEARD = Policy("uncertain", 1, "sent", MAYBE_TWICE)

POLICIES = {
    "too_many": RETRIED, "unauthorized": RETRIED, "conflict": RETRIED,
    "blocked": GONE, "deactivated": GONE, "cannot_initiate": GONE, "kicked": GONE, "kicked_from_supergroup": GONE,
    "not_a_member": GONE, "group_deleted": GONE, "chat_not_found": GONE,
    "no_rights": GIVEN_UP, "too_long": GIVEN_UP, "thread_not_found": GIVEN_UP, "topic_closed": GIVEN_UP,
    "internal": NOT_DONE, "bad_gateway": NOT_DONE, "proxy_502": NOT_DONE, "proxy_504": NOT_DONE, "login_page": NOT_DONE,
    "dropped": NOT_DONE, "lost": DONE_UNHEARD, "late": DONE_UNHEARD,
}  # fmt: skip
IN_GROUPS = {"upgraded"}
"""Of a group that moves: tests/bot/test_groups.py."""


def test_every_answer_has_its_policy() -> None:
    assert POLICIES.keys() | IN_GROUPS == {name for name, *_ in NEW}


@pytest.mark.parametrize("name", POLICIES)
async def test_policy(stage: Stage, county: County, talk: Talk, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(verdicts, "RETRY_TOKEN", 0.3)
    someone, policy = await read_back(stage, county, talk), POLICIES[name]
    given = {"retry_after": 1} if name == "too_many" else {}
    monkeypatch.setattr(request, "READ", 0.5 if name == "late" else 10.0)

    stage.server.inject(mishap(name, "sendMessage", chat_id=PRINCIPAL, **given))
    await someone.do("帮助")
    [said] = [row for row in await stage.rows(Outbox, Outbox.kind == "say") if row.payload["phrase"] == "help"]
    [account] = await stage.rows(Account, Account.external_id == PRINCIPAL)
    assert (said.fate, bool(account.unreachable)) == (policy.said, policy.unreachable)
    assert sum("报送很简单" in text for text in someone.phone.texts) == policy.came

    stage.server.inject(mishap(name, "sendMessage", chat_id=PRINCIPAL, **given))
    await someone.do("[提交]")
    [receipt] = await stage.rows(Outbox, Outbox.kind == "receipt")
    assert receipt.fate == policy.receipt
    heard = [text.partition(" 已收到")[0] for text in someone.phone.texts if "✓ 已收到" in text]
    assert heard == policy.heard
