"""Chinese and mixed numerals: 五百二十, 两千三, 1万2, 一点二万, 五二零; fuzzy ones (十几, 两三百) as fuzzy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from domain.understanding.rule import Rule

DIGITS = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "两": 2,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "幺": 1,
}  # fmt: skip
UNITS = {
    "十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "k": 1000, "万": 10000, "w": 10000, "亿": 10**8,
}  # fmt: skip

_D = "零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖幺"
_U = "十拾百佰千仟万亿"
_ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_TAIL = rf"(?:(?:{_ARABIC})|[{_D}廿卅]|[{_U}])"
NUMERAL = Rule(
    rf"(?:{_ARABIC})(?:[wk](?![a-z])|[百千万亿](?!分之)(?:{_TAIL})*)?"
    rf"|(?:(?<![人总次份篇节项处台间门级户])数(?=[十百千万](?![{_D}]))|"
    rf"[{_D}{_U}廿卅几])(?:(?:点(?=[{_D}]))?[{_D}{_U}廿卅几]|\d+(?:\.\d+)?(?=[{_U}]))*"
)
"""A maximal run that may be one numeral; `read` decides."""

_TOKEN = Rule(rf"{_ARABIC}|.")


@dataclass(frozen=True, slots=True)
class Numeral:
    """`value` None: an amount, but not one number (十几, 两三百). `low` is then the anchor, for plausibility only."""

    value: Decimal | None

    @property
    def fuzzy(self) -> bool:
        return self.value is None


_FUZZY = Numeral(None)


def read(words: str) -> Numeral | None:
    """The numeral these words write, wholly; None if they write none."""
    if not NUMERAL.fullmatch(words):
        return None
    if "几" in words or words[0] == "数":
        return _FUZZY if len(words) > 1 or words == "几" else None
    if words in ("百", "千", "万", "亿", "百万", "千万", "万千", "亿万", "千百", "百千"):
        return None
    if "点" in words:
        return _pointed(words)
    return _digit_run(words) or _amount(words.replace("廿", "二十").replace("卅", "三十"))


def _pointed(words: str) -> Numeral | None:
    """五点二, 一点二万."""
    whole, _, rest = words.partition("点")
    factor = 1
    while rest and rest[-1] in UNITS:
        factor *= UNITS[rest[-1]]
        rest = rest[:-1]
    head = read(whole)
    if head is None or head.value is None or not rest or any(c not in DIGITS for c in rest):
        return None
    return Numeral((head.value + Decimal("0." + "".join(str(DIGITS[c]) for c in rest))) * factor)


def _digit_run(words: str) -> Numeral | None:
    """五二零 spelt digit by digit; 两三 is a guess between two; a single digit is itself."""
    if any(c not in DIGITS for c in words):
        return None
    if len(words) == 2 and words[0] not in "零〇":
        return _FUZZY if DIGITS[words[1]] != 0 else Numeral(Decimal(DIGITS[words[0]] * 10))
    return Numeral(Decimal("".join(str(DIGITS[c]) for c in words)))


def _amount(words: str) -> Numeral | None:
    tokens = _TOKEN.findall(words)
    if _two_digits_together(tokens):
        return _FUZZY
    total, section, pending, last_unit, zero = Decimal(0), Decimal(0), None, 1, False
    for token in tokens:
        if token in UNITS:
            unit = UNITS[token]
            if pending is None and unit == 10 and (section == 0 or zero):
                pending = Decimal(1)
            if unit >= 10000:
                section = section + (pending or 0)
                if section == 0:
                    return None
                total, section = total + section * unit, Decimal(0)
            elif pending is None:
                return None
            else:
                section += pending * unit
            pending, last_unit, zero = None, unit, False
        elif token in ("零", "〇"):
            zero = True
        elif pending is not None:
            return None
        else:
            pending = Decimal(DIGITS[token]) if token in DIGITS else Decimal(token.replace(",", ""))
    return Numeral(total + section + _tail(pending, last_unit, zero))


def _tail(pending: Decimal | None, last_unit: int, zero: bool) -> Decimal:
    """两千三 is 2300: a last digit right behind 百 and above counts in the next lower unit."""
    if pending is None:
        return Decimal(0)
    dropped = last_unit >= 100 and not zero and pending < 10 and pending == int(pending)
    return pending * last_unit / 10 if dropped else pending


def _two_digits_together(tokens: list[str]) -> bool:
    return any(a in DIGITS and b in DIGITS and a not in "零〇" and b not in "零〇" for a, b in pairwise(tokens))
