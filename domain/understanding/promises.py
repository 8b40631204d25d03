"""稍后, 晚点报, 明早报: until when a promise asks us to wait."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from domain.calendar import OfficeHours
from domain.indicators import Kind, Question
from domain.understanding.result import Intent
from domain.understanding.rule import Rule
from domain.understanding.understand import understand

SOON = timedelta(hours=2)
"""Office time that 稍后 and 晚点 ask for."""
AFTERNOON = time(15)
_DAY = timedelta(days=1)

_AFTERNOON = Rule(r"下午|午后|中午")
_TONIGHT = Rule(r"今晚|晚上|今夜|夜里|下班后|放学后")
_AFTER_DAYS = Rule(r"过([一两二三四五\d])天|([一两二三四五\d])天(?:后|以后|之后)")
_SOME_DAYS = Rule(r"过(?:几|些|两三)天|改天|这几天|这两天")
_NEXT_WEEK = Rule(r"下(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])")
_COUNT = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5}
_WHEN = Question("when", "什么时候报", Kind.DATE)


def promised(words: str, now: datetime, hours: OfficeHours) -> datetime | None:
    """The instant (UTC) at which the one who says this may be asked again; None where nothing is promised.

    Never before `now`, always within office hours.
    """
    if understand(words, (), now=hours.local(now)).intent is not Intent.LATER:
        return None
    today = hours.local(now).date()
    named = _day(words, now, hours)
    if named is None and _TONIGHT.search(words):
        named = today + _DAY
    if named is not None and named > today:
        wall = AFTERNOON if _AFTERNOON.search(words) else hours.opens
        return hours.at(hours.calendar.on_or_after(named), wall)
    if _AFTERNOON.search(words) and hours.within(then := hours.at(today, AFTERNOON)) and then > now:
        return then
    return after_office_time(now, SOON, hours)


def _day(words: str, now: datetime, hours: OfficeHours) -> date | None:
    """The day that is named; today is one too."""
    today = hours.local(now).date()
    if found := _AFTER_DAYS.search(words):
        count = found[1] or found[2]
        return today + timedelta(days=_COUNT.get(count) or int(count))
    if _SOME_DAYS.search(words):
        return today + 2 * _DAY
    if _NEXT_WEEK.search(words):
        return today + timedelta(days=7 - today.weekday())
    if "明早" in words or "明晨" in words:
        return today + _DAY
    asked = Question(_WHEN.key, _WHEN.label, Kind.DATE, earliest=today)
    said = understand(f"计划{_bare(words)}", [asked], now=hours.local(now)).values.get(_WHEN.key)
    return said if isinstance(said, date) else None


def _bare(words: str) -> str:
    """The words with nothing but the day in them: 下周三再报您 → 下周三."""
    found = re.search(r"(?:后天|明天|明日|大后天|下?下?个?(?:周|星期|礼拜)[一二三四五六日天]|月底|"
                      r"(?:[\d一二三四五六七八九十]{1,3}月)?[\d一二三四五六七八九十]{1,3}[号日])", words)  # fmt: skip
    return found.group() if found else ""


def after_office_time(now: datetime, wait: timedelta, hours: OfficeHours) -> datetime:
    """The instant at which so much office time has passed since `now`."""
    at = hours.next_within(now)
    while True:
        closing = hours.at(hours.local(at).date(), hours.closes)
        if at + wait <= closing:
            return at + wait
        wait -= closing - at
        at = hours.next_within(closing)
