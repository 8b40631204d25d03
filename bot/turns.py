"""The turn of the update being handled, kept beside python-telegram-bot's own arguments.

`Application.process_update` swallows a handler's exception; the error handler notes it here, so that the worker can
roll back (facts A1).
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from services.turn import Turn


@dataclass(slots=True)
class Handling:
    turn: Turn
    problem: Exception | None = None


_current: ContextVar[Handling] = ContextVar("handling")


def begin(turn: Turn) -> Handling:
    handling = Handling(turn)
    _current.set(handling)
    return handling


def handling() -> Handling:
    return _current.get()


def turn() -> Turn:
    return _current.get().turn
