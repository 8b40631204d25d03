"""The calendar in a chat: what the office writes to set days, and how the coming weeks are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from domain import wording
from domain.calendar import WEEKEND, WorkCalendar
from domain.school import VACATIONS

WEEKS = 4
LONGEST = timedelta(days=100)
_DAY = timedelta(days=1)
_ONE = r"(?:(?:(\d{4})年)?(\d{1,2})月)?(\d{1,2})[日号]"
_SAID = re.compile(rf"^\s*校历[\s::]*(?:{_ONE})(?:\s*(?:至|到|-|—|~|~)\s*{_ONE})?[\s,,]*(\S.*?)?\s*$")
_REST = re.compile(r"^(?:休息?|放假|停课)[\s,,::]*(.*)$")
_WORK = re.compile(r"^(?:上班|补班|上课|调休上班)$")
_CLEAR = re.compile(r"^(?:恢复|取消|撤销|删除?)$")


class Set(StrEnum):
    REST = "rest"
    WORK = "work"
    VACATION = "vacation"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to become of some days; `name` is the reason of a holiday."""

    days: tuple[date, ...]
    what: Set
    name: str = ""

    @property
    def span(self) -> str:
        first, last = self.days[0], self.days[-1]
        return wording.day(first) if first == last else f"{wording.span(first, last)},共{len(self.days)}天"


class Unclear(ValueError):
    """What the office wrote cannot be meant; the message says how to write it."""


HOW = "请照这样写:“校历 2月6日 休 春节”、“校历 1月31日 上班”、“校历 1月23日至2月24日 寒假”、“校历 2月6日 恢复”。"


def order(words: str, today: date) -> Order | None:
    """None for the bare 校历. A day without a year is the next one, up to a month back. Raises Unclear."""
    if re.fullmatch(r"\s*校历[\s。.!!??]*", words):
        return None
    found = _SAID.match(words)
    if found is None or not found[7] or found[2] is None:
        raise Unclear(HOW)
    first = _date(found[1], found[2], found[3], today)
    last = _date(found[4] or (str(first.year) if found[5] and int(found[5]) >= first.month else None),
                 found[5] or found[2], found[6], first) if found[6] else first  # fmt: skip
    if not timedelta() <= last - first <= LONGEST:
        raise Unclear(f"止日要在起日之后,一次最多{LONGEST.days}天。{HOW}")
    days = tuple(first + n * _DAY for n in range((last - first).days + 1))
    return Order(days, *_meant(found[7]))


def _meant(words: str) -> tuple[Set, str]:
    if _WORK.match(words):
        return Set.WORK, ""
    if _CLEAR.match(words):
        return Set.CLEAR, ""
    if words in VACATIONS:
        return Set.VACATION, words
    if (rest := _REST.match(words)) is not None:
        return Set.REST, rest[1].strip()[:20] or "放假"
    raise Unclear(HOW)


def _date(year: str | None, month: str, day: str, today: date) -> date:
    try:
        if year is not None:
            return date(int(year), int(month), int(day))
        return next(
            one for n in range(3)
            if (one := date(today.year - 1 + n, int(month), int(day))) >= today - timedelta(days=31)
        )  # fmt: skip
    except ValueError as problem:
        raise Unclear(f"没有{month}月{day}日这一天。{HOW}") from problem


def carried_out(calendar: WorkCalendar, said: Order) -> WorkCalendar:
    """The calendar with these days as they were ordered; a school holiday that is 休 is both."""
    touched = set() if said.what is Set.VACATION else set(said.days)
    holidays = {day: why for day, why in calendar.override.holidays.items() if day not in touched}
    workdays = calendar.override.workdays - touched
    vacations = dict(calendar.school.vacations)
    match said.what:
        case Set.REST:
            holidays |= dict.fromkeys(said.days, said.name)
        case Set.WORK:
            workdays |= touched
        case Set.CLEAR:
            vacations = {day: name for day, name in vacations.items() if day not in touched}
    if said.name in VACATIONS:
        vacations |= dict.fromkeys(said.days, said.name)
    own = replace(calendar.override, holidays=holidays, workdays=frozenset(workdays))
    return replace(calendar, override=own, school=replace(calendar.school, vacations=vacations))


def done(said: Order) -> str:
    """Read back, with how to undo it."""
    what = {
        Set.REST: f"放假({said.name}):这些天不发提醒,截止日避开",
        Set.WORK: "上班:照常提醒、照常截止",
        Set.VACATION: f"{said.name}:学校放假,机关照常上班;任务按“寒暑假”一项办",
        Set.CLEAR: "恢复:按国家公布的放假安排",
    }[said.what]
    undo = "" if said.what is Set.CLEAR else f"写错了就发“校历 {_written(said)} 恢复”。"
    return f"已记入校历:{said.span} {what}。已发出的报告期不变,还没发出的按新的算。{undo}"


def _written(said: Order) -> str:
    first, last = said.days[0], said.days[-1]
    return wording.short_day(first) if first == last else f"{wording.short_day(first)}至{wording.short_day(last)}"


def weeks_ahead(calendar: WorkCalendar, today: date) -> list[str]:
    """The coming weeks: the teaching week of each, and every day that is not as its weekday says."""
    monday = today - timedelta(days=today.weekday())
    lines = [f"【校历】{wording.span(monday, monday + WEEKS * 7 * _DAY - _DAY)}"]
    for number in range(WEEKS):
        first = monday + number * 7 * _DAY
        lines.append(f"{wording.short_day(first)}起一周:{'、'.join(_week(calendar, first)) or '照常'}")
    lines += [f"注意:{warning}" for warning in warnings(calendar, {today.year, (today + WEEKS * 7 * _DAY).year})]
    return lines


def _week(calendar: WorkCalendar, first: date) -> Iterator[str]:
    days = [first + n * _DAY for n in range(7)]
    week = calendar.teaching_week(first)
    if week is not None:
        yield week.chinese
    offs = [(day, why) for day in days if (why := calendar.why_off(day)) and why != WEEKEND]
    yield from spans(offs)
    worked = [day for day in days if day.weekday() > 4 and calendar.is_working_day(day)]
    yield from (f"{wording.day(day)}上班" for day in worked)
    yield from spans([(day, name) for day in days if (name := calendar.school.vacation(day))])
    named = ((day, name) for name, when in calendar.school.events.items() for day in when)
    yield from (f"{wording.short_day(day)}{name}" for day, name in sorted(named) if day in days)


def spans(days: Iterable[tuple[date, str]]) -> Iterator[str]:
    """2月5日至11日春节: neighbouring days of one name together."""
    ordered = enumerate(sorted(days))
    for (_, name), group in groupby(ordered, key=lambda one: (one[1][0] - one[0] * _DAY, one[1][1])):
        those = [day for _, (day, _) in group]
        yield (wording.short_day(those[0]) if len(those) == 1 else wording.span(those[0], those[-1])) + name


def warnings(calendar: WorkCalendar, years: Iterable[int]) -> list[str]:
    """Of the years whose holidays and make-up days nobody has said."""
    missing = [str(year) for year in sorted(set(years)) if calendar.uncovered(year)]
    if not missing:
        return []
    return [f"{'、'.join(missing)}年的放假和调休还没有,暂按周末和固定节日推算,请补校历"]


def contents(calendar: WorkCalendar) -> list[str]:
    """All that the bureau's own calendar says, for a rehearsal and for the settings."""
    own, school = calendar.override, calendar.school
    lines = [f"学期 {one.name}:{wording.span(one.begins, one.ends)}" for one in school.terms]
    lines += [f"放假 {one}" for one in spans(own.holidays.items())]
    lines += [f"上班 {wording.day(day)}" for day in sorted(own.workdays)]
    lines += [f"寒暑假 {one}" for one in spans(school.vacations.items())]
    lines += [f"事件 {name}:{'、'.join(map(_full, days))}" for name, days in school.events.items()]
    lines += [f"放假和调休已补全:{'、'.join(map(str, sorted(own.years)))}年"] if own.years else []
    return lines


def _full(day: date) -> str:
    return f"{day.year}年{wording.short_day(day)}"


def differences(old: WorkCalendar, new: WorkCalendar) -> list[str]:
    """What an import would add and take away, line by line."""
    before, after = contents(old), contents(new)
    return [f"新增 {line}" for line in after if line not in before] + [
        f"删去 {line}" for line in before if line not in after
    ]
