"""Every row of the error table, from what the server really answers to what becomes of the message."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram.error import TelegramError

from bot import request
from bot.sender import Sender
from bot.telegram_face import Line, make_bot
from bot.verdicts import CASES, meaning
from sandbox import Phone, SandboxServer, mishap
from services.rendering import Delivered, Gone, Moved, NoTopic, Parcel, Refused, Rendered, Result, TryAgain, Unknown

from .cast import PRINCIPAL, TOKEN


@pytest.fixture
async def sender(sandbox: SandboxServer) -> AsyncIterator[Sender]:
    async with make_bot(Line(TOKEN, sandbox.url)) as bot:
        yield Sender(bot)


def _gone(said: str) -> Refused:
    return Refused(said, unreachable=True)


NEW = [
    ("too_many", {"retry_after": 7}, TryAgain("flood", 7.0, flood=True)),
    ("blocked", {}, _gone("Forbidden: bot was blocked by the user")),
    ("deactivated", {}, _gone("Forbidden: user is deactivated")),
    ("cannot_initiate", {}, _gone("Forbidden: bot can't initiate conversation with a user")),
    ("kicked", {}, _gone("Forbidden: bot was kicked from the group chat")),
    ("kicked_from_supergroup", {}, _gone("Forbidden: bot was kicked from the supergroup chat")),
    ("not_a_member", {}, _gone("Forbidden: bot is not a member of the supergroup chat")),
    ("group_deleted", {}, _gone("Forbidden: the group chat was deleted")),
    ("chat_not_found", {}, _gone("Chat not found")),
    ("upgraded", {"migrate_to_chat_id": -1001}, Moved(-1001)),
    ("thread_not_found", {}, NoTopic()),
    ("topic_closed", {}, NoTopic()),
    ("no_rights", {}, Refused("Not enough rights to send text messages to the chat")),
    ("too_long", {}, Refused("Message is too long")),
    ("unauthorized", {}, TryAgain("token refused", 30.0, everywhere=True)),
    ("conflict", {"method": "sendMessage"}, TryAgain("conflict", 30.0, everywhere=True)),
    ("internal", {}, Unknown("NetworkError")),
    ("bad_gateway", {}, Unknown("NetworkError")),
    ("proxy_502", {}, Unknown("NetworkError")),
    ("proxy_504", {}, Unknown("NetworkError")),
    ("login_page", {}, Unknown("TelegramError")),
    ("dropped", {}, Unknown("NetworkError")),
    ("lost", {}, Unknown("NetworkError")),
    ("late", {}, Unknown("TimedOut")),
]
EDITED = [
    ("not_modified", Delivered(5)),
    ("edit_not_found", Gone()),
    ("cannot_edit", Gone()),
    ("lost", Unknown("NetworkError")),
]


@pytest.mark.parametrize(("name", "given", "expected"), NEW, ids=[name for name, *_ in NEW])
async def test_a_new_message(
    sandbox: SandboxServer, phone: Phone, sender: Sender, monkeypatch: pytest.MonkeyPatch, name: str, given: dict,
    expected: Result,
) -> None:  # fmt: skip
    monkeypatch.setattr(request, "READ", 0.5)
    sandbox.inject(mishap(name, **given))
    assert await sender(Parcel(PRINCIPAL, "send", Rendered("您好"))) == expected
    assert ("您好" in phone.texts) == (name in ("lost", "late"))
    assert isinstance(await sender(Parcel(PRINCIPAL, "send", Rendered("再来"))), Delivered)


@pytest.mark.parametrize(("name", "expected"), EDITED, ids=[name for name, _ in EDITED])
async def test_an_edit(sandbox: SandboxServer, phone: Phone, sender: Sender, name: str, expected: Result) -> None:
    sandbox.inject(mishap(name, "editMessageText"))
    assert await sender(Parcel(PRINCIPAL, "edit", Rendered("您好"), 5)) == expected


async def test_a_connection_that_never_stood() -> None:
    bot = make_bot(Line(TOKEN, "http://127.0.0.1:9"))
    await bot._request[1].initialize()
    result = await Sender(bot)(Parcel(PRINCIPAL, "send", Rendered("您好")))
    await bot._request[1].shutdown()
    assert result == TryAgain("not sent", 2.0)


async def test_html_that_cannot_be_read_is_sent_as_plain_words(
    sandbox: SandboxServer, phone: Phone, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.inject(mishap("cannot_parse"))
    with caplog.at_level("CRITICAL", "bot.sender"):
        result = await sender(Parcel(PRINCIPAL, "send", Rendered("<b>王校长</b>:3 &lt; 5")))
    assert isinstance(result, Delivered)
    assert phone.texts[-1] == "王校长:3 < 5"


async def test_what_is_repeated_says_so(phone: Phone, sender: Sender) -> None:
    await sender(Parcel(PRINCIPAL, "send", Rendered("✓ 已收到", repeated=True)))
    assert phone.texts[-1] == "【重发】✓ 已收到"


def test_what_nobody_foresaw_is_given_up_and_seen() -> None:
    assert meaning(TelegramError("something new")) == Refused("something new")


def test_the_table_is_ordered() -> None:
    """No row stands behind one that takes all it could."""
    for place, case in enumerate(CASES):
        for earlier in CASES[:place]:
            takes_all = not earlier.words and not earlier.not_sent
            assert not (takes_all and issubclass(case.error, earlier.error)), (case.name, earlier.name)
    assert meaning.__doc__
