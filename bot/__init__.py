"""The Telegram face."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch to timedelta, else RetryAfter warns
