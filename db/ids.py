"""Keys made by the application: 64 bits, rising, from the operating system's clock; base62 in buttons."""

from __future__ import annotations

import secrets
import threading
import time

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01; with 22 random bits below, 41 bits of milliseconds last until 2089
_TAIL_BITS = 22
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}

_last = 0
_lock = threading.Lock()


def new_id() -> int:
    """`max(last + 1, ms << 22 | random)`: purely random tails would collide within a millisecond (facts A9)."""
    global _last
    fresh = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _TAIL_BITS | secrets.randbits(_TAIL_BITS)
    with _lock:
        _last = max(_last + 1, fresh)
        return _last


def to_base62(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
        if not number:
            return digits


def from_base62(text: str) -> int:
    """Raises ValueError on anything that `to_base62` never writes for a 64-bit key."""
    if not 1 <= len(text) <= 11 or any(letter not in _VALUES for letter in text):
        raise ValueError("not a key")
    number = 0
    for letter in text:
        number = number * 62 + _VALUES[letter]
    if number >= 2**63:
        raise ValueError("not a key")
    return number
