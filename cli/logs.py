"""Logging: one line an event, text or JSON, with its `action`; no token, no telephone, no name, nothing anybody said.

What an exception says may quote what was being worked on, so of exceptions only their types and where they were raised
are written.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
import traceback
from types import TracebackType
from typing import IO, Literal

_TOKEN = re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{10,}")
_PHONE = re.compile(r"(?<![\d.])(?:1[3-9]\d{9}|0\d{2,3}-\d{7,8})(?!\d)")
_PLACES = 12  # the innermost frames of each exception
_OWN = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Redacting(logging.Filter):
    """Takes bot tokens (they travel in every request's address) and telephones out of messages and arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _PHONE.sub("<phone>", _TOKEN.sub("<token>", str(record.getMessage())))
        record.args = None
        record.exc_text = None  # as another handler wrote it, with all its words
        return True


def places(problem: BaseException | None) -> str:
    """The chain of causes, outermost first: each exception's type, and the functions through which it came."""
    lines = []
    while problem is not None:
        frames = traceback.extract_tb(problem.__traceback__)[-_PLACES:]
        lines.append(f"{type(problem).__module__}.{type(problem).__qualname__}")
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        if isinstance(problem, BaseExceptionGroup):
            lines += [places(inner) for inner in problem.exceptions]
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return "\n".join(lines)


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {name}={value}" for name, value in vars(record).items() if name not in _OWN)
        shown = copy.copy(record)
        shown.msg, shown.args = f"{record.getMessage()}{facts}", None
        return super().format(shown)

    def formatException(self, ei: ExcInfo) -> str:
        return places(ei[1])


def _line_formatter(shape: str) -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class LineFormatter(JsonFormatter):
        def formatException(self, ei: ExcInfo) -> str:
            return places(ei[1])

    return LineFormatter(shape)


def handler(log_format: Literal["text", "json"], stream: IO[str]) -> logging.Handler:
    made = logging.StreamHandler(stream)
    made.addFilter(Redacting())
    shape = "%(asctime)s %(levelname)s %(name)s %(message)s"
    made.setFormatter(_line_formatter(shape) if log_format == "json" else TextFormatter(shape))
    return made


def configure(log_format: Literal["text", "json"]) -> None:
    logging.basicConfig(level=logging.INFO, handlers=[handler(log_format, sys.stderr)], force=True)
    for noisy in ("httpx", "httpcore", "apscheduler", "aiosqlite", "alembic", "telegram.ext"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
