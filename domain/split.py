"""A long text as several messages, each complete in itself.

Telegram counts UTF-16 units and refuses a part whose HTML is broken or that holds nothing but blanks. Lines are
assumed to carry balanced tags; a line longer than a whole message is cut between characters, and the tags open at the
cut are closed in one part and opened again in the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LIMIT = 4096

_TOKEN = re.compile(
    r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?>|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});|.", re.DOTALL
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")


def units(text: str) -> int:
    """Length in UTF-16 units, which is how Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` UTF-16 units, cut at line ends; blank lines at a cut are dropped.

    Empty for a blank text. ValueError when a single tag or entity does not fit into a part.
    """
    parts: list[str] = []
    current: list[str] = []
    size = 0
    for line in _lines(text, limit):
        length = units(line)
        if current and size + 1 + length > limit:
            parts.append("\n".join(current))
            current, size = [], 0
        size += length + (1 if current else 0)
        current.append(line)
    parts.append("\n".join(current))
    return [stripped for part in parts if (stripped := part.strip("\n")) and not stripped.isspace()]


def _lines(text: str, limit: int) -> Iterator[str]:
    for line in text.split("\n"):
        if units(line) <= limit:
            yield line
        else:
            yield from _pieces(line, limit)


def _pieces(line: str, limit: int) -> Iterator[str]:
    piece = _Piece(limit, ())
    for token in _TOKEN.findall(line):
        if not piece.takes(token):
            yield piece.closed()
            piece = _Piece(limit, piece.open)
            if not piece.takes(token):
                raise ValueError(f"a part of {limit} cannot hold {token[:40]!r}")
        piece.add(token)
    yield piece.closed()


class _Piece:
    """A part being filled: its text, and the opening tags that are not closed yet."""

    def __init__(self, limit: int, reopened: tuple[str, ...]) -> None:
        self._limit = limit
        self._tokens = list(reopened)
        self._size = sum(map(units, reopened))
        self.open = reopened

    def takes(self, token: str) -> bool:
        return self._size + units(token) + sum(len(_closing(tag)) for tag in _after(self.open, token)) <= self._limit

    def add(self, token: str) -> None:
        self._tokens.append(token)
        self._size += units(token)
        self.open = _after(self.open, token)

    def closed(self) -> str:
        return "".join(self._tokens) + "".join(_closing(tag) for tag in reversed(self.open))


def _after(tags: tuple[str, ...], token: str) -> tuple[str, ...]:
    """The tags still open once the token has been read."""
    tag = _TAG.match(token) if len(token) > 1 else None
    if tag is None or token.endswith("/>"):
        return tags
    return tags[:-1] if tag[1] else (*tags, token)


def _closing(tag: str) -> str:
    found = _TAG.match(tag)
    return f"</{found[2]}>" if found else ""
