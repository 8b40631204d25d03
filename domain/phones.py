"""Telephone numbers as people write them, made comparable (E.164: +8613…)."""

from __future__ import annotations

import re

HOME = "CN"
_SEVERAL = re.compile(r"[、,,;;/\n]+")


def e164(number: str, region: str = HOME) -> str | None:
    """None: it is no number. Without a country code it is one of `region`."""
    import phonenumbers  # its tables take a while to read, and few bureaus need them

    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def numbers_in(cell: str) -> set[str]:
    """Every number of a roster's cell."""
    return {number for piece in _SEVERAL.split(cell) if (number := e164(piece)) is not None}


def shared(number: str) -> str | None:
    """As the chat service writes it: with the country code, the plus sign perhaps left out."""
    return e164("+" + number.strip().lstrip("+"))
