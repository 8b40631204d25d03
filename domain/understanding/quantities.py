"""Amounts with what surrounds them: unit, money, area, duration, percentage, fraction, pair; fuzzy and approximate."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from domain.understanding import numerals
from domain.understanding.rule import Rule
from domain.understanding.units import MEASURES

Sort = Literal["count", "percent", "money", "area", "duration", "fraction", "pair", "range", "clock"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """One amount. `value` is None where it is fuzzy; money is in 元, areas in 平方米, durations in seconds.

    `numeral` is the number's own words; `first`/`second` are the sides of a/b or b分之a (first = a).
    """

    start: int
    end: int
    sort: Sort
    value: Decimal | None
    unit: str = ""
    numeral: str = ""
    approximate: bool = False
    first: Decimal | None = None
    second: Decimal | None = None

    @property
    def fuzzy(self) -> bool:
        return self.value is None


_N = rf"(?:{numerals.NUMERAL.pattern})"
_MORE = r"(?P<more>多|余|几|好几|来)?"
_UNIT = "|".join(map(re.escape, MEASURES))

_PERCENT = Rule(
    rf"(?P<hundred>百分之|%)(?P<a>{_N})(?P<more>几|多)?|(?P<b>{_N})(?P<more2>多|几)?(?:%|个?百分点|percent|"
    rf"个?百分比|个点(?![位名到子时]))|(?P<full>百分之?百|百分百)"
)
_TENTHS = Rule(
    r"(?P<a>[一二三四五六七八九1-9两])(?:(?:点|\.)(?P<dot>[一二三四五六七八九1-9])(?=成))?(?P<range>[一二三四五六七八九])?(?P<more>多|"
    r"几)?成(?P<b>[一二三四五六七八九半1-9])?(?P<more2>多|几|来(?=的|$|[，。;]))?(?![立功为员就绩果长分人熟套品效语型本都年体交])|"
    r"十成"
)
_FRACTION = Rule(rf"(?P<b>{_N})分之(?P<a>{_N})(?P<more>多|几)?")
_HALF = Rule(
    r"(?P<pre>一?大|(?<!不)多|一多|一小|小|过|超过?|近|不到)?(?P<half>一半|半数|对半)|(?P<most>一?大半|多半|小半|过半)"
)
_DURATION = Rule(
    rf"(?:(?P<h>{_N}|半)个?(?P<hh>半)?(?:小时|钟头|h(?![a-z])))?"
    rf"(?:(?P<m>{_N}|半)(?P<mm>多|来)?(?:个半)?(?P<mu>分钟|分(?![之数校析配享组别批为类地布发工开会管])|min|"
    rf"m(?![a-z])|')(?P<mh>多|半|[来把](?=钟))?钟?)?"
    rf"(?:[零又过]?(?P<s>{_N})(?P<ss>多|来)?(?P<su>秒钟|秒|sec|s(?![a-z])|\")?)?"
)
_QUARTER = Rule(r"(?P<q>[一两三1-3])刻钟")
_CLOCK = Rule(r"(?<![\d:])(?:0?0:(?=\d\d:\d\d(?!:)))?(?P<m>\d{1,2}):(?P<s>\d{2})(?::\d{2})?(?![\d:])")
_HOUR = Rule(
    rf"(?:上午|下午|早上|晚上|中午|凌晨|早|晚|傍晚)(?P<n>{_N})(?:点|时|:)(?:半|整|钟|\d{{1,2}}分?|"
    rf"[一二三四五六七八九十]+分?|[一三]刻)*"
    rf"|(?P<n2>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})点(?:半|整|钟|[一三]刻|\d{{1,2}}分?|"
    rf"(?![一二三四五六七八九零〇]))(?!点)"
)
_MONEY = Rule(
    rf"[¥￥](?P<y>{_N})(?:元|块)?|(?P<n>{_N}){_MORE}(?P<unit>百万元|千元|万元|万块钱?|元|块钱|"
    rf"块(?![屏牌地黑展板儿])|圆|rmb|万(?=人民币))(?:(?P<half>整|正)|"
    rf"(?P<jiao>[一二三四五六七八九\d])(?:[毛角]|(?<=块.)(?![\d块元万千百十个人张本台件])))?(?P<tail>多)?"
)
_AREA = Rule(
    rf"(?P<n>{_N}|半){_MORE}个?(?P<unit>平方米|平方公?里|平米|平方|m2(?!\d)|平(?![时常安台均行方整])|亩|公顷|"
    rf"方(?![案面便法式位向]))(?P<half>半|多)?(?P<fen>{_N}分(?:地)?|(?<=亩)[一二三四五六七八九](?![十百千万\d个块处片]))?|(?P<fen2>{_N})分地"
)
_PAIR = Rule(rf"(?P<a>{_N})(?P<u1>{_UNIT})?\s?(?P<s>/|比|:)\s?(?P<b>{_N})(?P<unit>{_UNIT})?(?![/:])")
_RANGE = Rule(rf"(?P<a>{_N})(?:{_UNIT})?(?P<s>-|~|\+|到|至|或者?|、)(?P<b>{_N}){_MORE}(?P<unit>{_UNIT})?")
_PEOPLE = Rule(r"(?P<n>[俩仨])(?P<unit>)")
_COUNT = Rule(rf"(?P<n>{_N}){_MORE}(?P<unit>{_UNIT})?(?P<half>半(?![路场天]))?|半(?P<unit2>{_UNIT})")
_START = Rule(r"[\d零〇一二三四五六七八九十百千万两俩仨几数半廿卅壹贰叁肆伍陆柒捌玖拾¥￥%过多大小上下早晚中凌傍近不]")

_FUZZY_BEFORE = Rule(
    r"(?:(?<!最)(?<!附)(?<!靠)近|将近|接近|不到|不足|不满|不及|未到|没到|没有到|不超过|没超过|超过|超出|超(?=$)|"
    r"逾|至少|最少|起码|最起码|少说|往少了?说|最多|顶多|撑死|不少于|不低于|不多于|"
    r"不下|不止|多于|少于|大于|小于|高于|低于|好几|快(?=$|有|到)|往|>|<|>=|<=|介于|可能|可能是|好像|"
    r"也许|说不定|没准|印象中|记得|不一定)(?:也|就|也就|都|能|会)?(?:有|是|了|得|要|到|参加|来了?|去了?|搞了?|"
    r"花了?|用了?)?(?:个)?$"
)
_FUZZY_AHEAD = Rule(r"至少|起码|少说|最多|顶多|好像|可能|说不定|没准|印象中|不确定|吃不准|说不准|也许|大概齐?不到")
_FUZZY_BEHIND = Rule(
    r"(?:人|名)?(?:点[几多]|多(?![次少])|余|以上|以下|以内|之内|之上|不到|出头|开外|有余|不止|往上|起步|打底|打不住|挂零|"
    r"还多|差(?:一?点|\ue000|几)|多点|多一点|多些|来[个名位]|几个?|\+|或许|可能)"
)
_ABOUT_BEFORE = Rule(r"大概|大约|约(?!束|定|谈)|约莫|差不多|估计|估摸|大致|应该有|估算|大体|应有")
_ABOUT_BEHIND = Rule(r"(?:名?(?:学生|老师|教师|教职工|师生|人))?(?:左右|上下|的样子|光景|吧|样子)")
_NEARLY = Rule(r"(?:^|[是有了共约个的])小$")
"""小三百 is not quite 300."""
_BELOW_ZERO = Rule(r"(?:^|[是为:共有])-$")
_CLAUSE_END = Rule(r"[，。;；!！\n?\ue100-\ue1ff]")


def find(text: str) -> list[Quantity]:
    """Every amount in the (masked) text from left to right, none overlapping."""
    found: list[Quantity] = []
    at = 0
    while match := _START.search(text, at):
        quantity = _at(text, match.start())
        if quantity is None:
            at = match.start() + 1
        else:
            found.append(_qualified(text, quantity))
            at = max(quantity.end, match.start() + 1)
    return _ranges(text, found)


def _ranges(text: str, found: list[Quantity]) -> list[Quantity]:
    """八成到九成 is neither; 由八成提高到九成 is two."""
    for at in range(len(found) - 1):
        first, second = found[at], found[at + 1]
        between = text[first.end : second.start]
        rising = re.search(r"从|由|提高|增加|上升|提升|升|增", text[max(0, first.start - 6) : first.start])
        alike = first.sort == second.sort != "clock" or (first.sort == "percent" and not second.unit)
        if between in ("到", "至", "-", "~", "或", "或者") and alike and not rising:
            found[at], found[at + 1] = replace(first, value=None), replace(second, value=None)
    return found


def _at(text: str, at: int) -> Quantity | None:
    for reader in _READERS:
        if (quantity := reader(text, at)) is not None:
            return quantity
    return None


def _value(words: str | None) -> Decimal | None:
    numeral = numerals.read(words) if words else None
    return numeral.value if numeral else None


def _read(words: str) -> bool:
    return numerals.read(words) is not None


def _percent(text: str, at: int) -> Quantity | None:
    if match := _PERCENT.match(text, at):
        if match["full"]:
            return Quantity(at, match.end(), "percent", Decimal(100), numeral=match.group())
        words, more = match["a"] or match["b"], match["more"] or match["more2"]
        if not _read(words):
            return None
        unit = "点" if "百分点" in match.group() else ""
        return Quantity(at, match.end(), "percent", None if more else _hundredths(words), unit, words)
    return _tenths(text, at)


def _hundredths(words: str) -> Decimal | None:
    """百分之八五 is 85."""
    if len(words) == 2 and all(c in numerals.DIGITS for c in words):
        return Decimal(numerals.DIGITS[words[0]] * 10 + numerals.DIGITS[words[1]])
    return _value(words)


def _tenths(text: str, at: int) -> Quantity | None:
    match = _TENTHS.match(text, at)
    if match is None:
        return None
    if match["a"] is None:
        return Quantity(at, match.end(), "percent", Decimal(100), numeral=match.group())
    value: Decimal | None = None
    if not (match["range"] or match["more"] or match["more2"]):
        rest = Decimal(5) if match["b"] == "半" else (_value(match["b"] or match["dot"]) or Decimal(0))
        value = (_value(match["a"]) or Decimal(0)) * 10 + rest
    return Quantity(at, match.end(), "percent", value, numeral=match.group())


def _fraction(text: str, at: int) -> Quantity | None:
    if (match := _FRACTION.match(text, at)) and _read(match["a"]) and _read(match["b"]):
        a, b = _value(match["a"]), _value(match["b"])
        known = a is not None and b and not match["more"]
        value = a / b if known and a is not None and b else None
        return Quantity(at, match.end(), "fraction", value, numeral=match.group(), first=a, second=b)
    if match := _HALF.match(text, at):
        value = None if match["pre"] or match["most"] else Decimal("0.5")
        return Quantity(at, match.end(), "fraction", value, numeral=match.group())
    return None


def _duration(text: str, at: int) -> Quantity | None:
    if match := _QUARTER.match(text, at):
        return Quantity(at, match.end(), "duration", (_value(match["q"]) or Decimal(0)) * 900, "刻", match.group())
    match = _DURATION.match(text, at)
    if match is None or not match.group() or not _is_duration(match):
        return None
    strange = bool(match["s"] and not match["su"] and _MEASURED.match(text, match.end()))
    end = match.start("s") if match["s"] and not match["su"] and (strange or not match["mu"]) else match.end()
    parts = [_part(match["h"], 3600, match["hh"]), _part(match["m"], 60, match["mh"])]
    parts.append(Decimal(0) if strange else _part(match["s"], 1, None))
    tenth = re.match(r"[一二三四五六七八九](?![十百千\d点分人名个])", text[end:]) if match["su"] else None
    if tenth:
        parts.append((_value(tenth.group()) or Decimal(0)) / 10)
        end += 1
    fuzzy = any(match[g] in ("多", "来", "把") for g in ("mm", "mh", "ss")) or None in parts
    fuzzy = fuzzy or text.startswith("刻", match.end())
    value = None if fuzzy else sum((p for p in parts if p is not None), Decimal(0))
    unit = "小时" if match["h"] else "分" if match["m"] else "秒"
    return Quantity(at, end, "duration", value, unit, match.group())


_MEASURED = Rule(rf"(?!秒|分)(?:{_UNIT}|刻)")


def _is_duration(match: re.Match[str]) -> bool:
    if match["s"] and not match["su"] and not match["mu"]:
        return False
    return bool(match["su"] or match["mu"] or match["h"])


def _part(words: str | None, factor: int, half: str | None) -> Decimal | None:
    if words is None:
        return Decimal(0)
    value = Decimal("0.5") if words == "半" else _value(words)
    if value is None:
        return None
    return (value + (Decimal("0.5") if half == "半" else 0)) * factor


def _clock(text: str, at: int) -> Quantity | None:
    if match := _CLOCK.match(text, at):
        seconds = Decimal(int(match["m"]) * 60 + int(match["s"]))
        day = re.search(r"[早晚上下中]午?(?:上)?$", text[max(0, at - 3) : at])
        return Quantity(at, match.end(), "clock", seconds, "点" if day else "", match.group())
    if (match := _HOUR.match(text, at)) and _read(match["n"] or match["n2"]):
        return Quantity(at, match.end(), "clock", Decimal(0), "点", match.group())
    return None


def _money(text: str, at: int) -> Quantity | None:
    match = _MONEY.match(text, at)
    if match is None or not _read(match["y"] or match["n"]):
        return None
    words = match["y"] or match["n"]
    factor = {"千元": 1000, "万元": 10000, "万块": 10000, "万块钱": 10000, "百万元": 1000000}.get(
        match["unit"] or "", 1
    )
    value = _value(words)
    fuzzy = match["more"] or match["tail"] or value is None
    tenths = (_value(match["jiao"]) or Decimal(0)) / 10
    unit = "块" if match["unit"] == "块" else "元"
    return Quantity(at, match.end(), "money", None if fuzzy or value is None else value * factor + tenths, unit, words)


def _area(text: str, at: int) -> Quantity | None:
    match = _AREA.match(text, at)
    if match is None or (match["n"] not in (None, "半") and not _read(match["n"])):
        return None
    unit = match["unit"] or "亩"
    factor = {"亩": Decimal("666.67"), "公顷": Decimal(10000)}.get(unit, Decimal(1))
    base = _part(match["n"], 1, match["half"]) if match["n"] else Decimal(0)
    tail = _value((match["fen"] or "").removesuffix("地").removesuffix("分") or match["fen2"])
    fuzzy = match["more"] or match["half"] == "多" or base is None or "里" in unit
    value = None if fuzzy or base is None else (base + (tail or Decimal(0)) / 10) * factor
    return Quantity(
        at, match.end(), "area", value, "亩" if unit == "亩" else "平方米", match["n"] or match["fen2"] or ""
    )


def _pair(text: str, at: int) -> Quantity | None:
    match = _PAIR.match(text, at)
    if match is None or not (_read(match["a"]) and _read(match["b"])):
        return None
    if match["s"] == ":" and (match["u1"] or len(match["b"]) == 2):
        return None
    a, b = _value(match["a"]), _value(match["b"])
    unit = match["unit"] or match["u1"] or ""
    known = a is not None and b is not None
    value = a if known else None
    return Quantity(at, match.end(), "pair", value, unit, match.group(), first=a, second=b)


def _range(text: str, at: int) -> Quantity | None:
    """10-12个, 十到十二个, 三个或四个: no one number. 从30提高到36 is not one of them."""
    match = _RANGE.match(text, at)
    if match is None or not (_read(match["a"]) and _read(match["b"])):
        return None
    if match["s"] == "、" and not (match["unit"] and _neighbours(match)):
        return None
    if match["s"] in ("到", "至") and re.search(r"从|由|提高|增加|上升|提升|升|增", text[max(0, at - 6) : at]):
        return None
    return Quantity(at, match.end(), "range", None, match["unit"] or "", match.group())


def _neighbours(match: re.Match[str]) -> bool:
    """两、三个."""
    a, b = _value(match["a"]), _value(match["b"])
    return a is not None and b is not None and b - a == 1 and a < 10


def _count(text: str, at: int) -> Quantity | None:
    if match := _PEOPLE.match(text, at):
        return Quantity(at, match.end(), "count", Decimal(2 if match["n"] == "俩" else 3), "个", match.group())
    match = _COUNT.match(text, at)
    if match is None:
        return None
    if match["n"] is None:
        return Quantity(at, match.end(), "count", Decimal("0.5"), match["unit2"], match.group())
    if not _read(match["n"]):
        return None
    if (round_ := re.compile(r"[来多几余][百千万亿]").match(text, match.end("n"))) is not None:
        return Quantity(at, round_.end(), "count", None, "", text[at : round_.end()])
    value = _value(match["n"])
    if match["half"] and value is not None:
        value += Decimal("0.5")
    more = match["more"] if match["more"] != "来" or match["unit"] else None
    end = match.end() if more == match["more"] else match.end("n")
    return Quantity(at, end, "count", None if more else value, match["unit"] or "", match["n"])


_READERS: tuple[Callable[[str, int], Quantity | None], ...] = (
    _percent, _fraction, _clock, _area, _duration, _money, _pair, _range, _count,
)  # fmt: skip


def _qualified(text: str, quantity: Quantity) -> Quantity:
    before = _CLAUSE_END.split(text[max(0, quantity.start - 12) : quantity.start])[-1]
    behind = text[quantity.end : quantity.end + 8]
    if quantity.value is not None and _is_fuzzy(before, behind, several=quantity.value > 1):
        return replace(quantity, value=None)
    if _BELOW_ZERO.search(before):
        return replace(quantity, value=None)
    if _NEARLY.search(before) and re.search(r"[百千万]", quantity.numeral):
        return replace(quantity, value=None)
    about = _ABOUT_BEFORE.search(before) or _ABOUT_BEHIND.match(behind)
    return replace(quantity, approximate=bool(about))


def _is_fuzzy(before: str, behind: str, *, several: bool) -> bool:
    if _FUZZY_BEFORE.search(before) or _FUZZY_AHEAD.search(before):
        return True
    if re.search(r"没有?$", before) and several:
        return True
    return bool(_FUZZY_BEHIND.match(behind)) and not re.match(r"多媒体|多功能|多次|几乎|余下|以上就是|以上是", behind)
