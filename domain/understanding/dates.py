"""Days as people write them, and the rule which year, month or week is meant.

A question whose latest day is today looks back, one whose earliest day is today looks ahead (domain 3). What names no
one day (前几天, 下周, 国庆前后) is found as vague, so that it is asked about and never guessed.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from domain.indicators import Question
from domain.understanding import numerals
from domain.understanding.result import Why
from domain.understanding.rule import Rule
from domain.understanding.units import MEASURES

Form = Literal["offset", "weekday", "day", "month_day", "month_end", "year_end", "vague", "wrong"]


@dataclass(frozen=True, slots=True)
class When:
    """Words that name a day. `shift` counts weeks or months from now (None: not said), `year` is absolute."""

    start: int
    end: int
    form: Form
    year: int | None = None
    month: int | None = None
    day: int = 0
    shift: int | None = None
    deadline: bool = False
    approximate: bool = False
    last_year: bool = False
    weak: bool = False

    @property
    def vague(self) -> bool:
        return self.form == "vague"


_N = r"(?:\d{1,2}|[一二三四五六七八九十廿卅]{1,3})"
_DAY = r"(?:(?:3[01]|[12]\d|0?[1-9])(?!\d)|[一二三四五六七八九十廿卅]{1,3})"
_YEAR = (
    r"(?:(?P<year>20\d\d|[二][〇零][一二三四五六七八九零〇]{2}|\d\d)年|"
    r"(?P<said>今年|去年|明年|前年|本年度?|后年|上年|来年)的?)"
)
_SHIFT = r"(?:上上个?|上个?|这个?|本|当|下下个?|下个?)"
_COUNTED = "|".join(measure for measure in MEASURES if measure not in ("天", "日", "号"))
_MEASURES = rf"(?![\d.,%:/'\"一二三四五六七八九十项万千百元块多几余来分位]|{_COUNTED})"
_PATTERNS = tuple(
    Rule(pattern)
    for pattern in (
        r"(?P<y>20\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})日?(?!\d)",
        r"(?<![\d/.-])(?P<y>2\d)(?P<s>[-/.])(?P<m>1[0-2]|0?[1-9])(?P=s)(?P<d>\d{1,2})(?![\d/.-])",
        r"(?<!\d)(?P<y>20\d\d)(?P<m>[01]\d)(?P<d>[0-3]\d)(?!\d)",
        rf"{_YEAR}?(?P<month>{_N}|元|正)月份?(?P<end>底|末|尾)",
        rf"{_YEAR}?(?P<month>{_N}|元)月(?:份的?)?(?P<day>{_N})(?:[日号]|{_MEASURES})",
        rf"(?P<shift>{_SHIFT})月份?的?(?P<day>{_DAY})(?:[日号]|{_MEASURES})",
        rf"(?P<monthend>{_SHIFT})?月(?:底|末|尾)",
        r"(?P<yearend>今年|明年|本年|来年|去年|上年|前年)?年?(?<=年)(?:底|末|尾)|(?P<yearend2>年底|年末|年终)",
        rf"(?<![一每两几\d个大上下])(?P<weekshift>{_SHIFT})?(?:周|星期|"
        rf"礼拜)(?P<weekday>[一二三四五六日天1-6])(?![\d次节个场天回至到年]|期|[和、](?:周|星期|礼拜)?[一二三四五六日天])",
        r"(?P<offset>(?<![赶改])(?:昨|前|后|明|今|夜)(?:儿个?|个儿?)|(?<!大)大前[天日]|(?<!大)前[天日]|昨[天日儿晚]|昨(?=上午|下午|晚)|今[天日儿早晚]|今(?=上午|下午|晨)|"
        r"明[天日早晚]|(?<!大)大后[天日]|(?<!大)(?<!今)(?<!以)(?<!之)后[天日])",
        rf"(?P<ago>{_N}|两)天(?:之?以?前|前)",
        rf"(?P<ahead>{_N}|两)天(?:之?以?后)",
        r"再?过(?P<ahead>\d{1,2}|[一二三四五六七八九十])天(?![前内])",
        rf"(?<![\d第月.)一二三四五六七八九十廿])(?P<dayonly>{_N})[日号](?!人|楼|线|机|文|门|教|馆|令|常|召|名)",
        r"(?P<feast>元旦节?|妇女节|植树节|劳动节|五一节|五四青年节|青年节|儿童节|六一节|建党节|建军节|教师节|"
        r"国庆节?(?=当天|那天|当日)"
        r"|消防(?:安全)?(?:宣传)?日|国家?宪法日|宪法日)(?!前夕|期间|假期?|放假|小长假|活动|庆祝|主题)",
    )
)
_VAGUE = Rule(
    r"大上个?(?:周|星期|礼拜)[一二三四五六日天]?|第[一二三四五]个?(?:周|星期|礼拜)[一二三四五六日天]?|"
    r"前几[天日]|前[两些]天|这[几两]天|近几?[日天]|最近几?天|几天前|前一?阵子?|前段时间|前段|前不久|不久前|"
    r"上半年|下半年|上半月|下半月|[寒暑]假|春节|过年|"
    r"年前|年后|年初|开学初?|期[末中初]|学期[末初中]|放假|月初|月中|[上中下]旬|周末|近期|日前|大大[前后]天|改天|[赶改]明儿?个?|过[几两]天|"
    r"过段时间|国庆|中秋|端午|清明|腊月|正月|冬至|"
    r"(?:上上|上|这|本|下下|下)个?(?:周|星期|礼拜)(?![一二三四五六日天1-6])|每个?(?:周|星期|礼拜)[一二三四五六日天]?|"
    rf"(?:{_N}|元)月份?(?![\d底末])|(?:上上|上|这|本|下下|下|当)个?月(?:份|内)?|[上本下这]学期|今年|明年|去年|"
    rf"下半学期|秋季|春季|[春夏秋冬]天|"
    r"周[一二三四五六日](?:(?:至|到|和|、)周?[一二三四五六日](?![个次节人名项场]))+|(?:早些|前些)时候|年内|尽快|马上|很快|忙完|有空|"
    r"两三天|三五天|[一两二三四五六]个?(?:周|星期|月)(?:前|后|左右|内)"
)
_BEHIND_DEADLINE = Rule(r"(?:(?:上午|下午|晚上?|中午|早上)?(?:\d+点)?)(?:之前|以前|前(?![后天期段来]))")
_BEHIND_VAGUE = Rule(
    r"前后|过后|以后|之后|后(?!勤|面|备|晌)|起|那几天|那阵|(?:日|号)?(?:-|~|到|至)(?=\d|[一二三四五六七八九十廿本下这周星明后])"
)
_SOME_WEEK = Rule(r"[前后那头]一?个?(?:周|星期|礼拜)的?$")
_BEHIND_ABOUT = Rule(r"左右|上下")
_BEFORE_ABOUT = Rule(r"(?:大概|大约|约|估计|差不多)(?:在|是|就)?$")
_BEFORE_VAGUE = Rule(r"(?:-|~|到|至|每个?月|每)$")
_WEAK = Rule(
    r"(?<![\d./-])(?<!\d:)(?:(?P<m>\d{1,2})(?P<s>[-/.])(?P<d>\d{1,2})(?![\d%/.:-]|[人名个场次节份篇处台门项万千百元块分班]))"
)
_FEASTS = {
    "元旦": (1, 1), "妇女": (3, 8), "植树": (3, 12), "劳动": (5, 1), "五一": (5, 1), "五四": (5, 4), "青年": (5, 4),
    "儿童": (6, 1), "六一": (6, 1), "建党": (7, 1), "建军": (8, 1), "教师": (9, 10), "国庆": (10, 1), "消防": (11, 9),
    "国家": (12, 4), "宪法": (12, 4), "国宪": (12, 4),
}  # fmt: skip
_HALF_A_YEAR = 183
_OFFSETS = {"大前": -3, "前": -2, "昨": -1, "夜": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_YEARS = {"今": 0, "本": 0, "去": -1, "上": -1, "明": 1, "来": 1, "前": -2, "后": 2}
_CUE = Rule(r"[儿个月日号周期拜天底末尾终旦节旬假季\-/.改尽马很忙有庆秋午明至正]|20\d{6}|昨|今|年")
_PLANNED = Rule(r"计划|预计|下次|下一次|拟|打算|预定|安排在|将")


def find(text: str, now: date, *, weak: bool) -> list[When]:
    """Every day named, from left to right; `weak` also reads 11-20 and 11.20, which are otherwise no days."""
    if not _CUE.search(text):
        return []
    found: list[When] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if not _overlaps(found, match):
                found.append(_qualified(text, _when(match, now)))
    if weak:
        found += [w for m in _WEAK.finditer(text) if not _overlaps(found, m) and (w := _weak(m))]
    found += [When(m.start(), m.end(), "vague") for m in _VAGUE.finditer(text) if not _overlaps(found, m)]
    return _neighbours(text, sorted(found, key=lambda when: when.start))


def _neighbours(text: str, found: list[When]) -> list[When]:
    """12月4号宪法日前后 is as vague as its last word."""
    for at in range(len(found) - 1):
        if found[at].end == found[at + 1].start and _BEHIND_VAGUE.match(text, found[at + 1].end):
            found[at] = _replaced(found[at], form="vague")
    return found


def _overlaps(found: list[When], match: re.Match[str]) -> bool:
    return any(when.start < match.end() and match.start() < when.end for when in found)


def _when(match: re.Match[str], now: date) -> When:
    start, end = match.span()
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    if "y" in groups:
        year = int(groups["y"])
        return When(start, end, "month_day", year if year > 99 else 2000 + year, int(groups["m"]), int(groups["d"]))
    if "offset" in groups:
        return When(start, end, "offset", day=_OFFSETS[groups["offset"].rstrip("天日儿个早晚")])
    if "ago" in groups or "ahead" in groups:
        days = _small(groups.get("ago") or groups["ahead"])
        return When(start, end, "offset", day=-days if "ago" in groups else days)
    if "weekday" in groups:
        day = "一二三四五六日".find(groups["weekday"].replace("天", "日"))
        day = day if day >= 0 else int(groups["weekday"]) - 1
        return When(start, end, "weekday", day=day, shift=_shift(groups.get("weekshift")))
    if "feast" in groups:
        month, day = _FEASTS[groups["feast"][:2]]
        return When(start, end, "month_day", None, month, day)
    if "dayonly" in groups:
        return When(start, end, "day", day=_small(groups["dayonly"]))
    return _calendar(match, groups, now)


def _calendar(match: re.Match[str], groups: dict[str, str], now: date) -> When:
    start, end = match.span()
    year, last = _year(groups, now)
    if "month" in groups:
        month = 1 if groups["month"] in "元正" else _small(groups["month"])
        if "day" not in groups:
            return When(start, end, "month_end", year, month, last_year=last)
        return When(start, end, "month_day", year, month, _small(groups["day"]), last_year=last)
    if "shift" in groups:
        return When(start, end, "day", day=_small(groups["day"]), shift=_shift(groups["shift"]))
    if "yearend" in groups or "yearend2" in groups or "年" in match.group():
        shift = _YEARS[groups["yearend"][0]] if groups.get("yearend") else 0
        return When(start, end, "year_end", now.year + shift if shift else None, last_year=shift < 0)
    return When(start, end, "month_end", shift=_shift(groups.get("monthend")))


def _year(groups: dict[str, str], now: date) -> tuple[int | None, bool]:
    if said := groups.get("said"):
        shift = _YEARS[said[0]]
        return now.year + shift, shift < 0
    if (word := groups.get("year")) is None:
        return None, False
    if not word.isdigit():
        word = "".join(str(numerals.DIGITS[c]) for c in word)
    year = int(word) if len(word) == 4 else 2000 + int(word)
    return year, year < now.year


def _small(word: str) -> int:
    numeral = numerals.read(word)
    return int(numeral.value) if numeral and numeral.value is not None else 0


def _shift(word: str | None) -> int | None:
    if word is None:
        return None
    return {"上": -1, "下": 1}.get(word[0], 0) * (2 if word[:2] in ("上上", "下下") else 1)


def shifted(when: When, word: str) -> When:
    """A day of the month that 上个 or 下个 names."""
    return replace(when, shift=_shift(word))


def _weak(match: re.Match[str]) -> When | None:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return When(match.start(), match.end(), "month_day", None, month, day, weak=True)


def _qualified(text: str, when: When) -> When:
    """With what stands before and behind: 前 a deadline, 左右 about, 前后 or a range no one day."""
    behind, before = text[when.end : when.end + 8], text[max(0, when.start - 4) : when.start]
    if (
        _BEHIND_VAGUE.match(behind)
        or before.endswith("月的")
        or (when.form == "weekday" and _SOME_WEEK.search(text[max(0, when.start - 6) : when.start]))
        or (_BEFORE_VAGUE.search(before) and _in_range(text, when))
    ):
        return _replaced(when, form="vague")
    if deadline := _BEHIND_DEADLINE.match(behind):
        return _replaced(when, end=when.end + deadline.end(), deadline=True)
    if about := _BEHIND_ABOUT.match(behind):
        return _replaced(when, end=when.end + about.end(), approximate=True)
    return _replaced(when, approximate=True) if _BEFORE_ABOUT.search(before) else when


def _in_range(text: str, when: When) -> bool:
    """20日到22日, but not 改到21号 or 到月底; 每周三 names no one day."""
    before = text[: when.start]
    return before.endswith(("每", "每个月", "每月")) or bool(
        re.search(r"[\d日号一二三四五六七八九十天](?:-|~|到|至)$", before)
    )


def _replaced(
    when: When, *, form: Form | None = None, end: int | None = None, deadline: bool = False, approximate: bool = False
) -> When:
    return When(
        when.start, end or when.end, form or when.form, when.year, when.month, when.day, when.shift,
        deadline, approximate, when.last_year, when.weak,
    )  # fmt: skip


def lies_ahead(when: When, now: date) -> bool:
    """Whether the day named is to come whatever is asked (下周五, 12月3日 said on 23 November)."""
    if when.form == "vague" or when.weak:
        return False
    try:
        day = _day(when, 0, now)
    except ValueError:
        return False
    return isinstance(day, date) and is_ahead(day, now)


def is_ahead(day: date, now: date) -> bool:
    """To come, and near: in January 12月5日 is the one just past, whoever has not said the year."""
    return 0 < (day - now).days <= _HALF_A_YEAR


def direction(question: Question, now: date) -> int:
    """-1: the question is of the past, 1: of what is to come, 0: neither is said."""
    if question.latest is not None and question.latest <= now:
        return -1
    if question.earliest is not None and question.earliest >= now:
        return 1
    return 1 if _PLANNED.search(question.label) else 0


def resolve(when: When, question: Question, now: date, tense: int = 0) -> date | Why:
    """The day meant, or why there is none."""
    way = direction(question, now) or tense
    if when.form == "vague" or (when.deadline and way < 0):
        return Why.VAGUE_DATE
    late = question.latest is not None and question.latest < now and when.shift in (0, None)
    base = question.latest if late and when.form in ("day", "month_end") else now
    way = 0 if late and when.form == "month_end" else way
    try:
        day = _day(when, way, base or now)
    except ValueError:
        return Why.NO_SUCH_DATE
    return day if isinstance(day, Why) else _bounded(day, question)


def _bounded(day: date, question: Question) -> date | Why:
    if question.latest is not None and day > question.latest:
        return Why.FUTURE
    if question.earliest is not None and day < question.earliest:
        return Why.PAST
    return day


def _day(when: When, way: int, now: date) -> date | Why:
    match when.form:
        case "offset":
            return now + timedelta(days=when.day)
        case "weekday":
            return _weekday(when, way, now)
        case "day":
            return _day_of_month(when, way, now)
        case "month_end":
            return _month_end(when, way, now)
        case "year_end":
            return date(when.year or now.year, 12, 31)
        case "month_day":
            return _month_day(when, way, now)
        case _:
            return Why.VAGUE_DATE


def _weekday(when: When, way: int, now: date) -> date | Why:
    if when.shift is not None:
        return now + timedelta(days=when.day - now.weekday() + 7 * when.shift)
    if way == 0:
        return Why.VAGUE_DATE
    days = (when.day - now.weekday()) % 7
    return now + timedelta(days=days if way > 0 or days == 0 else days - 7)


def _in_month(now: date, shift: int, day: int) -> date:
    months = now.year * 12 + now.month - 1 + shift
    return date(months // 12, months % 12 + 1, day)


def _day_of_month(when: When, way: int, now: date) -> date:
    if when.shift is not None:
        return _in_month(now, when.shift, when.day)
    shift = -1 if way < 0 and when.day > now.day else 1 if way > 0 and when.day < now.day else 0
    return _in_month(now, shift, when.day)


def _month_end(when: When, way: int, now: date) -> date | Why:
    if when.month is None:
        shift = when.shift if when.shift is not None else -1 if way < 0 else 0
        first = _in_month(now, shift, 1)
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])
    if not 1 <= when.month <= 12:
        return Why.NO_SUCH_DATE
    year = when.year or now.year
    last = When(when.start, when.end, "month_day", when.year, when.month, calendar.monthrange(year, when.month)[1])
    return _month_day(last, way, now)


def _month_day(when: When, way: int, now: date) -> date | Why:
    month = when.month or 0
    if when.year is not None:
        return date(when.year, month, when.day)
    here = date(now.year, month, when.day)
    if way < 0 and here > now:
        before = date(now.year - 1, month, when.day)
        return before if (now - before).days <= 183 else Why.FUTURE
    if way > 0 and here < now:
        return Why.PAST if (now - here).days <= 31 else date(now.year + 1, month, when.day)
    return here
