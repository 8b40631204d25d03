"""The bureau's own calendar as it is written: plain data from YAML or JSON, checked entry by entry.

Everything wrong is named with its key, in Chinese; what is right is kept, so that one bad entry hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from domain.calendar import Override, WorkCalendar
from domain.school import SchoolYear, Term

NAMES = {
    "放假": "holidays", "上班": "workdays", "全年": "years", "学期": "terms", "寒暑假": "vacations", "事件": "events",
}  # fmt: skip
_KNOWN = tuple(NAMES.values())
_TERM = {"名称": "name", "起": "from", "止": "to", "教学周": "weeks", "放假周也算": "count_holiday_weeks"}


@dataclass(slots=True)
class Written:
    """What was read, and what was wrong with it."""

    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    problems: list[str] = field(default_factory=list)


def read(raw: object) -> Written:
    """From parsed YAML. Keys in English or Chinese; days as 2027-02-06, spans as 2027-02-05..2027-02-11."""
    found = Written()
    if raw is None or raw == {}:
        return found
    if not isinstance(raw, Mapping):
        found.problems.append(f"校历要写成几项:{'、'.join(NAMES)}(或 {', '.join(_KNOWN)})")
        return found
    data = {NAMES.get(str(key), str(key)): value for key, value in raw.items()}
    for key in (key for key in data if key not in _KNOWN):
        found.problems.append(f"「{key}」:没有这一项,可写{'、'.join(NAMES)}")
    holidays = dict(_named_days(data.get("holidays"), "holidays", found.problems))
    workdays = frozenset(_days(data.get("workdays"), "workdays", found.problems))
    for day in sorted(workdays & holidays.keys()):
        found.problems.append(f"「{day}」同时写在放假和上班里,请留一个")
    own = Override(holidays, workdays - holidays.keys(), frozenset(_years(data.get("years"), found.problems)))
    school = SchoolYear(
        tuple(_terms(data.get("terms"), found.problems)),
        dict(_named_days(data.get("vacations"), "vacations", found.problems)),
        dict(_events(data.get("events"), found.problems)),
    )
    found.problems += _overlaps(school.terms)
    found.calendar = WorkCalendar(own, school)
    return found


def _named_days(raw: object, where: str, problems: list[str]) -> Iterator[tuple[date, str]]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        problems.append(f"「{where}」:要写成“日期: 名称”,如 2027-02-05..2027-02-11: 春节")
        return
    for key, name in raw.items():
        if not isinstance(name, str) or not name.strip():
            problems.append(f"「{where}.{key}」:要写名称,如“春节”")
            continue
        yield from ((day, name.strip()) for day in _span(key, f"{where}.{key}", problems))


def _days(raw: object, where: str, problems: list[str]) -> Iterator[date]:
    if raw is None:
        return
    if not isinstance(raw, list | tuple):
        problems.append(f"「{where}」:要写成列表,每行一天,以“- ”开头")
        return
    for number, one in enumerate(raw, 1):
        yield from _span(one, f"{where}[{number}]", problems)


def _span(raw: object, where: str, problems: list[str]) -> list[date]:
    first, dots, last = raw.partition("..") if isinstance(raw, str) else (raw, "", "")
    start = _date(first, where, problems)
    end = _date(last, where, problems) if dots else start
    if start is None or end is None:
        return []
    if not start <= end <= start + timedelta(days=366):
        problems.append(f"「{where}」:止日要在起日之后,且不超过一年")
        return []
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def _date(raw: object, where: str, problems: list[str]) -> date | None:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str):
        with suppress(ValueError):
            return date.fromisoformat(raw.strip())
    problems.append(f"「{where}」:“{raw}”不是日期,要写成 2027-02-06 的样子")
    return None


def _years(raw: object, problems: list[str]) -> Iterator[int]:
    if raw is not None and not isinstance(raw, list | tuple):
        problems.append("「years」:要写成列表,如 [2027];写上的年份表示放假和调休都已补全")
        return
    for year in raw or ():
        if isinstance(year, int) and not isinstance(year, bool) and 1900 < year < 2200:
            yield year
        else:
            problems.append(f"「years」:“{year}”不是年份")


def _terms(raw: object, problems: list[str]) -> Iterator[Term]:
    if raw is None:
        return
    if not isinstance(raw, list | tuple):
        problems.append("「terms」:要写成列表,每个学期写 name、from、to")
        return
    for number, one in enumerate(raw, 1):
        where = f"terms[{number}]"
        if not isinstance(one, Mapping):
            problems.append(f"「{where}」:要写 name、from、to")
            continue
        term = _term({_TERM.get(str(key), str(key)): value for key, value in one.items()}, where, problems)
        if term is not None:
            yield term


def _term(data: dict[str, Any], where: str, problems: list[str]) -> Term | None:
    for key in (key for key in data if key not in _TERM.values()):
        problems.append(f"「{where}.{key}」:没有这一项,可写 name、from、to、weeks、count_holiday_weeks")
    begins, ends = (_date(data.get(key), f"{where}.{key}", problems) for key in ("from", "to"))
    weeks = _weeks(data.get("weeks"), f"{where}.weeks", problems)
    counts = data.get("count_holiday_weeks", False)
    if not isinstance(counts, bool):
        problems.append(f"「{where}.count_holiday_weeks」:只能是 true 或 false")
    if begins is None or ends is None:
        return None
    if not begins < ends <= begins + timedelta(days=250):
        problems.append(f"「{where}」:止日要在起日之后,一个学期不超过250天")
        return None
    return Term(
        str(data.get("name", "")).strip() or f"{begins.year}年{begins.month}月起", begins, ends, weeks, counts is True
    )


def _weeks(raw: object, where: str, problems: list[str]) -> dict[int, date]:
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        problems.append(f"「{where}」:要写成“第几周: 那周的一天”,如 6: 2026-10-12")
        return {}
    found: dict[int, date] = {}
    for number, first in raw.items():
        day = _date(first, f"{where}.{number}", problems)
        if not str(number).isdigit() or not 1 <= int(str(number)) <= 30:
            problems.append(f"「{where}.{number}」:第几周要写1到30")
        elif day is not None:
            found[int(str(number))] = day - timedelta(days=day.weekday())
    return found


def _events(raw: object, problems: list[str]) -> Iterator[tuple[str, tuple[date, ...]]]:
    if raw is None:
        return
    if not isinstance(raw, Mapping):
        problems.append("「events」:要写成“名称: 日期”,如 开学: [2026-09-01, 2027-02-25]")
        return
    for name, said in raw.items():
        listed = said if isinstance(said, list | tuple) else [said]
        days = [day for one in listed if (day := _date(one, f"events.{name}", problems)) is not None]
        if days:
            yield str(name).strip(), tuple(sorted(days))


def _overlaps(terms: tuple[Term, ...]) -> Iterator[str]:
    ordered = sorted(terms, key=lambda term: term.begins)
    for one, other in pairwise(ordered):
        if other.begins <= one.ends:
            yield f"「terms」:{one.name}和{other.name}的日期重叠"


def to_data(calendar: WorkCalendar) -> dict[str, Any]:
    """As JSON keeps it; `read` gives the same calendar back."""
    own, school = calendar.override, calendar.school
    return {
        "years": sorted(own.years),
        "holidays": {day.isoformat(): name for day, name in sorted(own.holidays.items())},
        "workdays": [day.isoformat() for day in sorted(own.workdays)],
        "terms": [
            {"name": one.name, "from": one.begins.isoformat(), "to": one.ends.isoformat(),
             "weeks": {str(number): day.isoformat() for number, day in sorted(one.weeks.items())},
             "count_holiday_weeks": one.counts_holidays}
            for one in school.terms
        ],
        "vacations": {day.isoformat(): name for day, name in sorted(school.vacations.items())},
        "events": {name: [day.isoformat() for day in days] for name, days in school.events.items()},
    }  # fmt: skip
