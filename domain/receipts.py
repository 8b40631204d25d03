"""回执: what a receipt says so that it can be taken back after a restore: every value, and a short signature.

The signature is over what the receipt means, not over its letters: what is read from the words has to be the same to
the last value. Photos are not part of it: a receipt cannot carry them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from domain import codec, groups
from domain.indicators import Indicator, Kind, Ratio, Value, Values

LONGEST = 2000
"""Letters of values that a message has room for; beyond it a receipt is not signed."""
_ESCAPED = {"%": "%25", ";": "%3B", "|": "%7C", "\n": "%0A"}
_HEAD = re.compile(r"^\s*(?:【重发】)?\s*✓ 已(?:收到|更正):(.+)$", re.MULTILINE)
_MOMENT = re.compile(r"(\d{1,2})月(\d{1,2})日\(星期.\)(\d\d):(\d\d),")
_NUMBER = re.compile(r"回执号 (\d{4}-\d{4,})")
_VALUES = re.compile(r"^内容(?:\(第(\d+)次\))?:(.*)$", re.MULTILINE)
_CODE = re.compile(r"^校验码 ([A-Z2-7]{4}-[A-Z2-7]{4})\s*$", re.MULTILINE)
_NO_YEAR = 2000  # a leap year, so that every day of it can be read


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature vouches for. `unit` and `task` are the codes of the roster and the campaign, which stay the same
    when a round is opened anew; `received_at` counts in minutes, as it is shown."""

    unit: str
    task: str
    period_to: date
    number: str
    received_at: datetime
    version: int
    values: Values

    def code(self, key: str) -> str:
        """XXXX-XXXX: 40 bits."""
        minute = self.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        values = sorted((name, codec.to_json(value)) for name, value in self.values.items())
        said = [self.unit, self.task, self.period_to.isoformat(), self.number, minute, self.version, values]
        raw = json.dumps(said, ensure_ascii=False).encode()
        short = base64.b32encode(hmac.digest(bytes.fromhex(key), raw, hashlib.sha256)[:5]).decode()
        return f"{short[:4]}-{short[4:]}"

    def is_vouched_for(self, code: str, key: str) -> bool:
        return hmac.compare_digest(self.code(key), code)


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt as its words say it; `content` is still to be read against the questions."""

    title: str
    month_to_minute: tuple[int, int, int, int]
    number: str
    version: int
    content: str
    code: str

    def received_at(self, near: datetime, zone: ZoneInfo) -> datetime:
        """The instant, in the year in which it is nearest to the opening of its round. Raises ValueError."""
        month, day, hour, minute = self.month_to_minute
        years = (near.year - 1, near.year, near.year + 1)
        found = [datetime(year, month, day, hour, minute, tzinfo=zone) for year in years if _exists(year, month, day)]
        return min(found, key=lambda at: abs(at - near))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def shown_in(text: str) -> Shown | None:
    """None: these words are no receipt, or one without a signature."""
    head, at, number = _HEAD.search(text), _MOMENT.search(text), _NUMBER.search(text)
    values, code = _VALUES.search(text), _CODE.search(text)
    if not (head and at and number and values and code):
        return None
    month, day, hour, minute = (int(part) for part in at.groups())
    if not _exists(_NO_YEAR, month, day) or hour > 23 or minute > 59:
        return None
    moment = (month, day, hour, minute)
    return Shown(head[1].strip(), moment, number[1], int(values[1] or 1), values[2], code[1])


def carried(indicators: Iterable[Indicator], values: Values) -> Values:
    """The values that a receipt can carry."""
    return {one.key: values[one.key] for one in indicators if one.key in values and one.kind is not Kind.PHOTO}


def content_of(indicators: Iterable[Indicator], values: Values) -> str:
    """演练=已开展;日期=2026-11-17;学生=520: in the order of the questions."""
    return ";".join(f"{_label(one)}={_token(one, values[one.key])}" for one in indicators if one.key in values)


def _label(indicator: Indicator) -> str:
    name = _escaped(indicator.name).replace("=", "")
    return f"{indicator.row}.{name}" if indicator.row else name


def _token(indicator: Indicator, value: Value) -> str:
    match value:
        case bool():
            return _escaped(indicator.yes if value else indicator.no)
        case Ratio(done, total):
            return f"{done}/{total}"
        case date():
            return value.isoformat()
        case tuple():
            return "|".join(_escaped(one) for one in value)
        case _:
            return _escaped(str(value))


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)


def _plain(text: str) -> str:
    for letter, escaped in reversed(_ESCAPED.items()):  # the % itself last
        text = text.replace(escaped, letter)
    return text


def values_in(content: str, questionnaire: tuple[Indicator, ...], *, boarding: bool) -> Values:
    """The values by key. Raises ValueError for words that are none of these questions' answers."""
    values: Values = {}
    for label, token in _pairs(content):
        spread = groups.expand(questionnaire, values, boarding=boarding)
        asked = next((one for one in spread if _label(one) == label and one.key not in values), None)
        if asked is None:
            raise ValueError(f"nothing asks for {label!r}")
        values[asked.key] = _value(asked, token)
    return values


def _pairs(content: str) -> Iterator[tuple[str, str]]:
    for part in content.strip().split(";") if content.strip() else ():
        label, equals, token = part.partition("=")
        if not equals:
            raise ValueError("no value")
        yield label.strip(), token


def _value(asked: Indicator, token: str) -> Value:
    match asked.kind:
        case Kind.BOOL:
            words = {_escaped(asked.yes): True, _escaped(asked.no): False}
            if token not in words:
                raise ValueError(f"{token!r} is neither yes nor no")
            return words[token]
        case Kind.RATIO:
            done, _, total = token.partition("/")
            return Ratio(int(done), int(total))
        case Kind.DATE:
            return date.fromisoformat(token)
        case Kind.NUMBER | Kind.PERCENT:
            return _decimal(token)
        case Kind.CHOICES:
            return tuple(_plain(one) for one in token.split("|"))
        case Kind.TEXT | Kind.CHOICE:
            return _plain(token)
        case _:
            return int(token)


def _decimal(token: str) -> Decimal:
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", token):
        raise ValueError(f"{token!r} is no number")
    return Decimal(token)
