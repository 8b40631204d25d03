"""The digest 汇总: an as-of snapshot from which every rendering takes its numbers.

`build` turns plain rows into a `Digest` and proves that every sum holds; `Digest.to_json` is what is stored. A
snapshot never changes after it was sent, so renderings take only the `Digest` and no clock. Text is plain: a view
escapes it for its own markup.
"""

from domain.digest.build import build
from domain.digest.model import (
    AnswerRow,
    Audience,
    Changed,
    Chase,
    Digest,
    DraftState,
    ForBulletin,
    Head,
    Interruption,
    Outstanding,
    Reach,
    ReportRow,
    Share,
    Spread,
    Sum,
    SumMismatch,
    Tally,
    TaskDigest,
    TaskRow,
    Total,
    Township,
    Undone,
    YesNo,
    chase_of,
)
from domain.digest.text import digest_lines, missing_lines

__all__ = [
    "AnswerRow", "Audience", "Changed", "Chase", "Digest", "DraftState", "ForBulletin", "Head", "Interruption",
    "Outstanding", "Reach", "ReportRow", "Share", "Spread", "Sum", "SumMismatch", "Tally", "TaskDigest",
    "TaskRow", "Total", "Township", "Undone", "YesNo", "build", "chase_of", "digest_lines", "missing_lines",
]  # fmt: skip
