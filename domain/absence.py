"""出差到周五, 请假三天: said of oneself, with nothing else in the words that could be an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.calendar import OfficeHours
from domain.course import until_of

MOST = timedelta(days=190)
_DAYS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "十": 10, "半个月": 15}
_WHY = (
    r"出差|请(?:病|事|产|婚|年)?假|休(?:病|产|年)?假|住院|外出(?:学习|培训|开会|考察)?"
    r"|去(?:省里|市里|外地)?(?:学习|培训|开会)"
)
_SAID = re.compile(
    rf"""^(?P<who>[一-鿿]{{0,12}}?)(?:我|本人)?
    (?:这几天|这周|本周|今天起?|(?P<tomorrow>从?明[天日]起?)|近期)?(?:要|在|得|正在|需要)?(?P<why>{_WHY})了?[\s,,::]*
    (?:(?P<count>半个月|(?:[一二两三四五六七十]|\d{{1,2}})(?=天)|[一两](?=周|个星期|个礼拜))(?P<unit>天|周|个星期|个礼拜)?
      |(?:到|至)?(?P<day>[^,,。;;\s]{{2,12}}?)(?P<back>回来|回校|返校|上班)?)
    (?:[\s,,。;;]+[^\d]*)?$""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Away:
    """`who` is empty where somebody speaks of himself; `why` in his own words."""

    who: str
    why: str
    until: datetime


def away(words: str, now: datetime, hours: OfficeHours) -> Away | None:
    """Until the end of the last day, or until the opening of the day of the return; None where nothing of the kind is
    said, or no day is named that is still to come."""
    found = _SAID.match(words.strip())
    if found is None:
        return None
    who = found["who"].removesuffix("我").removesuffix("本人")
    if count := found["count"]:
        days = _DAYS.get(count) or int(count)
        days *= 7 if found["unit"] not in (None, "天") else 1
        last = hours.local(now).date() + timedelta(days=days - (0 if found["tomorrow"] else 1))
        return Away(who, found["why"], hours.at(last, hours.closes)) if days <= MOST.days else None
    named = until_of(found["day"] or "", time(12), now - timedelta(days=1), hours)
    if named.at is None:
        return None
    day = hours.local(named.at).date()
    until = hours.at(day, hours.opens if found["back"] else hours.closes)
    return Away(who, found["why"], until) if now < until <= now + MOST else None
