"""Logging: one line an event, text or JSON, without tokens."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

_TOKEN = re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{10,}")


class Redacting(logging.Filter):
    """Takes bot tokens out of messages and arguments (they travel in every request's address)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _TOKEN.sub("<token>", str(record.getMessage()))
        record.args = None
        return True


def configure(log_format: Literal["text", "json"]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Redacting())
    if log_format == "json":
        from pythonjsonlogger.json import JsonFormatter

        handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "apscheduler", "aiosqlite", "alembic", "telegram.ext"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
