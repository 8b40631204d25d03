"""Changing the course of a running round, in one sentence of the bureau: 延期 清河镇 班班通 至 9月29日17:00 停电.

Nothing is done by the sentence itself: it is read back with a count of those it concerns, and done by one tap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain import defaults, wording
from domain.calendar import OfficeHours
from domain.indicators import Kind, Question
from domain.understanding import understand

MOST_AHEAD = timedelta(days=120)


class CourseKind(StrEnum):
    EXTEND = "extend"
    EXEMPT = "exempt"
    RESTORE = "restore"
    MOVE = "move"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"

    @property
    def chinese(self) -> str:
        return _CHINESE[self]

    @property
    def needs_day(self) -> bool:
        return self in (CourseKind.EXTEND, CourseKind.MOVE, CourseKind.REOPEN)

    @property
    def names_units(self) -> bool:
        """It may not be meant for everybody by accident."""
        return self in (CourseKind.EXEMPT, CourseKind.RESTORE)

    @property
    def may_name_units(self) -> bool:
        return self.names_units or self is CourseKind.EXTEND

    @property
    def of_some(self) -> CourseKind:
        """What it comes to where single units are named: a round is moved or withdrawn for all, a report is extended
        or exempted."""
        return {CourseKind.MOVE: CourseKind.EXTEND, CourseKind.WITHDRAW: CourseKind.EXEMPT}.get(self, self)


_CHINESE = {
    CourseKind.EXTEND: "延期", CourseKind.EXEMPT: "豁免", CourseKind.RESTORE: "恢复", CourseKind.MOVE: "改期",
    CourseKind.WITHDRAW: "撤回", CourseKind.REOPEN: "重开",
}  # fmt: skip
_SAID = (
    (CourseKind.RESTORE, re.compile(r"取消豁免|恢复(?:填报|报送)?")),
    (CourseKind.EXEMPT, re.compile(r"豁免|免报|免填|不用报了?")),
    (CourseKind.REOPEN, re.compile(r"重开|重新(?:开放|打开|开启)")),
    (CourseKind.WITHDRAW, re.compile(r"撤回|作废")),
    (CourseKind.MOVE, re.compile(
        r"改期|截止(?:时间|日期)?(?:改|提前|推迟|调整)(?:到|为|至)?|(?:提前|推迟|改)(?:到|至|为)|^\s*(?:推迟|提前)"
    )),
    (CourseKind.EXTEND, re.compile(r"延期|延长|宽限|延(?:到|至)")),
)  # fmt: skip


def kind_of(words: str) -> tuple[CourseKind, str] | None:
    """What the words want done, and the words without saying so; None where they want nothing of the kind."""
    for kind, said in _SAID:
        if found := said.search(words):
            return kind, f"{words[: found.start()]} {words[found.end() :]}"
    return None


def begins(words: str) -> bool:
    """Do the words begin with what they want done?"""
    return any(said.match(words.strip()) for _, said in _SAID)


_CLOCK = re.compile(
    r"(?P<part>上午|中午|下午|晚上)?(?P<hour>\d{1,2})(?:[::](?P<minute>\d{2})|[点时](?P<half>半|(?P<minutes>\d{1,2})分?)?)(?:钟|整)?"
)
_DAY = re.compile(
    r"(?:\d{4}年)?(?:[\d一二三四五六七八九十]{1,3}月)?[\d一二三四五六七八九十]{1,3}[日号](?:[((]?(?:星期|周)[一二三四五六日天][))]?)?"
    r"|\d{1,2}[./-]\d{1,2}|今天|明天|明日|后天|大后天|(?:这|本|下)?(?:个)?(?:周|星期|礼拜)[一二三四五六日天]|月底"
)
_CLOSE = re.compile(r"下班(?:前|之前|时)?")
_AFTERNOON = ("下午", "晚上")


@dataclass(frozen=True, slots=True)
class Until:
    """The instant that was said (None: none that can be read), the rest of the words, and what is wrong with it, in
    Chinese."""

    at: datetime | None
    rest: str
    wrong: str = ""


def until_of(words: str, usual: time, now: datetime, hours: OfficeHours) -> Until:
    """Looks ahead. Without an hour it is the `usual` one. `wrong` says in Chinese what to say instead."""
    wall, words = _wall(words, hours)
    today = hours.local(now).date()
    said = _DAY.search(words)
    if said is None:
        return Until(None, words)
    asked = Question("until", "截止", Kind.DATE, earliest=today)
    day = understand(said.group(), [asked], now=hours.local(now), focus="until").values.get("until")
    if not isinstance(day, date):
        return Until(None, words, f"“{said.group()}”已经过了,或者没有这一天,请说以后的时间")
    at = hours.at(day, wall or usual)
    return Until(at, f"{words[: said.start()]} {words[said.end() :]}", _wrong(at, now, hours))


def _wall(words: str, hours: OfficeHours) -> tuple[time | None, str]:
    if said := _CLOSE.search(words):
        return hours.closes, f"{words[: said.start()]} {words[said.end() :]}"
    found = _CLOCK.search(words)
    if found is None:
        return None, words
    hour, minute = int(found["hour"]), int(found["minute"] or found["minutes"] or (30 if found["half"] else 0))
    hour += 12 if found["part"] in _AFTERNOON and hour < 12 else 0
    if hour > 23 or minute > 59:
        return None, words
    return time(hour, minute), f"{words[: found.start()]} {words[found.end() :]}"


def _wrong(at: datetime, now: datetime, hours: OfficeHours) -> str:
    local = hours.local(at)
    if at <= now:
        return "这个时间已经过了,请说以后的时间"
    if at > now + MOST_AHEAD:
        return "这个时间太远了,请核对月份"
    if why := hours.calendar.why_off(local.date()):
        return f"{local.month}月{local.day}日不上班({why}),请换一个工作日"
    if not hours.opens <= local.time() <= hours.closes:
        return f"请定在上班时间({hours.opens:%H:%M}至{hours.closes:%H:%M})"
    return ""


def named(words: str, names: str) -> str:
    """The longest piece of the words, of two characters at least, that stands in this name: 班班通 of 班班通进度."""
    found = SequenceMatcher(None, words, names, autojunk=False).find_longest_match()
    return words[found.a : found.a + found.size] if found.size > 1 else ""


_SIGNS = r"\s,,。;;、::()()\"“”"
_LINKS = re.compile(
    rf"^(?:[{_SIGNS}]|因为?|由于|原因是?|理由是?|请|把|给|将|对|为|的|到|至|全部|所有|各校|各单位|未报的?|没报的?|都|吧)+"
    rf"|[{_SIGNS}的]+$"
)


def reason_of(words: str) -> str:
    """What is left, without the words that only link."""
    before = None
    while before != words:
        before, words = words, _LINKS.sub("", words).strip()
    return re.sub(r"\s{2,}", " ", words)


@dataclass(frozen=True, slots=True)
class Instants:
    """What a change may move of a round."""

    due_at: datetime
    grace_until: datetime
    lock_at: datetime


def moved(present: Instants, due_at: datetime, lock_after: int, hours: OfficeHours) -> Instants:
    """With another due time: the grace anew, the lock only ever later."""
    day = hours.local(due_at).date()
    grace_until = hours.at(hours.calendar.next_working_day(day), defaults.GRACE_ENDS)
    lock_at = hours.at(hours.calendar.add(day, lock_after), defaults.LOCKS_AT)
    return Instants(due_at, max(grace_until, due_at), max(lock_at, present.lock_at))


@dataclass(frozen=True, slots=True)
class Told:
    """A change that was made, as the bureau reads it. `scope` is how it named the units, where it named any."""

    kind: CourseKind
    title: str
    scope: str
    reports: int
    reason: str
    until: datetime | None
    before: datetime | None

    def line(self, zone: ZoneInfo) -> str:
        """清河镇5家的11月班班通进度延至11月27日(星期五)17:00(停电)"""
        until = wording.moment(self.until, zone) if self.until else ""
        whose = f"{self.scope or '未报的'}{self.reports}家的{self.title}"
        before = wording.short_moment(self.before, zone) if self.before else ""
        what = {
            CourseKind.EXTEND: f"{whose}延至{until}",
            CourseKind.MOVE: f"{self.title}截止由{before}改为{until}",
            CourseKind.EXEMPT: f"{self.scope}{self.title}豁免{self.reports}家",
            CourseKind.RESTORE: f"{self.scope}{self.title}恢复填报{self.reports}家",
            CourseKind.WITHDRAW: f"{self.title}已撤回",
            CourseKind.REOPEN: f"{self.title}重新开放,报到{until}",
        }[self.kind]
        return f"{what}({self.reason})" if self.reason else what
