"""What each answer of Telegram means for a message. The table is ordered, the first row that fits decides: BadRequest
and TimedOut are NetworkErrors too (facts A2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.request import NOT_SENT
from services.rendering import Delivered, Gone, Moved, NoTopic, Refused, Result, TryAgain, Unknown

RETRY_NETWORK = 2.0  # seconds until a call that certainly was not made is tried again
RETRY_TOKEN = 30.0


@dataclass(frozen=True, slots=True)
class Case:
    """`words` are any of which must be in Telegram's description; none: any description fits."""

    name: str
    error: type[TelegramError]
    words: tuple[str, ...]
    result: Callable[[TelegramError], Result]
    not_sent: bool = False

    def fits(self, problem: TelegramError) -> bool:
        if self.not_sent and not isinstance(problem.__cause__, NOT_SENT):
            return False
        said = str(problem).lower()
        return isinstance(problem, self.error) and (not self.words or any(word in said for word in self.words))


def pause_after(problem: TelegramError, otherwise: float = RETRY_NETWORK) -> float:
    """Seconds that Telegram wants us to wait, where it says so."""
    after = getattr(problem, "retry_after", otherwise)
    return float(after if isinstance(after, int | float) else after.total_seconds())


def _unreachable(problem: TelegramError) -> Result:
    return Refused(str(problem), unreachable=True)


def _refused(problem: TelegramError) -> Result:
    return Refused(str(problem))


def _moved(problem: TelegramError) -> Result:
    return Moved(problem.new_chat_id) if isinstance(problem, ChatMigrated) else _refused(problem)


def _unknown(problem: TelegramError) -> Result:
    return Unknown(type(problem).__name__)


PLAIN = ("can't parse entities", "can't find end of the entity", "unsupported start tag")
"""Telegram cannot read our HTML: the sender says it once more without."""

CASES = (
    Case("flood", RetryAfter, (), lambda problem: TryAgain("flood", pause_after(problem), flood=True)),
    Case("bad token", InvalidToken, (), lambda _: TryAgain("token refused", RETRY_TOKEN, everywhere=True)),
    Case("conflict", Conflict, (), lambda _: TryAgain("conflict", RETRY_TOKEN, everywhere=True)),
    Case("moved", ChatMigrated, (), _moved),
    Case("blocked or gone", Forbidden, (), _unreachable),
    Case("not modified", BadRequest, ("message is not modified",), lambda _: Delivered(0)),
    Case("edited message gone", BadRequest, ("message to edit not found", "message can't be edited"), lambda _: Gone()),
    Case("no such topic", BadRequest, ("message thread not found", "topic_closed"), lambda _: NoTopic()),
    Case("chat not found", BadRequest, ("chat not found",), _unreachable),
    Case("refused", BadRequest, (), _refused),
    Case("certainly not sent", NetworkError, (), lambda _: TryAgain("not sent", RETRY_NETWORK), not_sent=True),
    Case("may have been sent", NetworkError, (), _unknown),
    Case("an answer nobody can read", TelegramError, ("invalid server response",), _unknown),
    Case("anything else", TelegramError, (), _refused),
)


def meaning(problem: TelegramError) -> Result:
    """What a failed call means for the message."""
    return next(case for case in CASES if case.fits(problem)).result(problem)


def is_unreadable_html(problem: TelegramError) -> bool:
    said = str(problem).lower()
    return isinstance(problem, BadRequest) and any(words in said for words in PLAIN)
