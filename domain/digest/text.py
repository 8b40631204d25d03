"""A digest as lines of a chat message, for one audience; and the private list of who is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from domain import wording
from domain.digest.model import (
    Audience,
    Changed,
    Chase,
    Digest,
    ForBulletin,
    Interruption,
    Outstanding,
    Share,
    Spread,
    Sum,
    Tally,
    TaskDigest,
    Total,
    Township,
    YesNo,
)
from domain.moved import Moved, moved_lines
from domain.progress import Counts, Timeliness, total

_CHANGES = 5
"""Changes that are listed, the latest."""
_NAMED = 12  # units named per kind of outstanding before a list says 等


_MOVED = {Audience.DIRECTOR: 2, Audience.OFFICE: 10, Audience.SECTION: 10}
"""Corrections that are listed one by one."""


def digest_lines(digest: Digest, audience: Audience, section_id: int | None = None) -> list[str]:
    """The digest as lines of a chat message: short for the director, with who is missing for office and section.

    A section sees only the tasks it leads. No telephones here; they are in `missing_lines`.
    """
    tasks = _seen(digest, audience, section_id)
    lines = [_title(digest, tasks)]
    if not tasks:
        return [*lines, "目前没有由您牵头的报告期。"]
    if audience is Audience.DIRECTOR or len(tasks) > 1:
        lines.append(_overall(tasks))
    for task in tasks:
        lines += [_result(task)] if audience is Audience.DIRECTOR else _detail(task)
    if audience is Audience.DIRECTOR:
        lines += _outstanding_line([one for task in tasks for one in task.outstanding], _measure(tasks))
    lines += [_interrupted(one, digest.zone) for one in _of(digest.interruptions, audience, section_id)]
    lines += _changed(_of(digest.changed, audience, section_id))
    if audience is not Audience.DIRECTOR:
        lines += [_for_bulletin(one) for one in _of(digest.bulletin, audience, section_id)]
    return lines + moved_lines(_moved_seen(digest, audience, section_id), _MOVED[audience])


_Noted = TypeVar("_Noted", Interruption, Changed, ForBulletin)


def _of(noted: Sequence[_Noted], audience: Audience, section_id: int | None) -> list[_Noted]:
    """What this audience sees: a section what concerns its own tasks."""
    everything = audience is not Audience.SECTION
    return [one for one in noted if everything or one.section_id == section_id]


def _changed(changed: Sequence[Changed]) -> list[str]:
    if not changed:
        return []
    more = f";等{len(changed)}项" if len(changed) > _CHANGES else ""
    return [f"改动:{';'.join(one.text for one in changed[-_CHANGES:])}{more}。"]


def _for_bulletin(one: ForBulletin) -> str:
    named = "、".join(one.units[:_NAMED])
    return f"{one.task}拟列入通报{len(one.units)}家:{named}{'等' if len(one.units) > _NAMED else ''}。"


def _interrupted(one: Interruption, zone: str) -> str:
    at = ZoneInfo(zone)
    lasted = f"{wording.short_moment(one.since, at)}至{wording.short_moment(one.until, at)}"
    moved = f"{one.task}{one.reports}家顺延至{wording.short_moment(one.due_at, at)}"
    return f"线路中断(责任在局方){lasted},{moved}{',已撤销' if one.undone else ''}。"


def _moved_seen(digest: Digest, audience: Audience, section_id: int | None) -> list[Moved]:
    everything = audience is not Audience.SECTION
    return [one for one in digest.moved if everything or one.section_id == section_id]


def missing_lines(digest: Digest, section_id: int | None = None) -> list[str]:
    """Who has not reported, with person and telephone, sorted by what to do: for office and lead section only."""
    audience = Audience.OFFICE if section_id is None else Audience.SECTION
    as_of = wording.moment(digest.as_of, ZoneInfo(digest.zone))
    lines: list[str] = []
    for task in _seen(digest, audience, section_id):
        if task.outstanding:
            lines += [f"【{_task_name(task)}】{_word(task.outstanding)}{len(task.outstanding)}家,截至{as_of}"]
            lines += _called(task.outstanding)
    return lines or [f"截至{as_of},没有未报的单位。"]


def _called(outstanding: Sequence[Outstanding]) -> list[str]:
    lines: list[str] = []
    for chase, units in _by_chase(outstanding).items():
        lines.append(f"{chase.value}{len(units)}家:")
        lines += [" ".join(filter(None, (f"{n}.", u.unit, u.person, u.phone))) for n, u in enumerate(units, 1)]
    return lines


def _seen(digest: Digest, audience: Audience, section_id: int | None) -> list[TaskDigest]:
    if audience is not Audience.SECTION:
        return list(digest.tasks)
    return [task for task in digest.tasks if section_id is not None and task.section_id == section_id]


def _title(digest: Digest, tasks: Sequence[TaskDigest]) -> str:
    labels = {task.label for task in tasks}
    label = wording.short_label(labels.pop()) if len(labels) == 1 else ""
    as_of = wording.moment(digest.as_of, ZoneInfo(digest.zone))
    return f"【{digest.campaign}{label}情况】截至{as_of},第{digest.serial}期"


def _measure(tasks: Sequence[TaskDigest]) -> str:
    """Units of one task are 家; reports of several are 份."""
    return "家" if len(tasks) == 1 else "份"


def _overall(tasks: Sequence[TaskDigest]) -> str:
    counts = total(task.counts for task in tasks)
    return f"报送:{_standing(counts, sum(task.accepted for task in tasks), _measure(tasks))}。"


def _standing(counts: Counts, accepted: int, measure: str) -> str:
    """The six, those at zero left out where they say nothing; what is listed always sums to 应报."""
    listed = "、".join(f"{one.chinese}{counts.get(one)}" for one in _ORDER if counts.get(one) or _always(one, counts))
    text = f"应报{counts.roster}{measure},{listed}"
    if counts.received:
        text += f";已报{counts.received}{measure}中已审核{accepted}{measure}"
    return f"{text},退回待改{counts.returned_open}{measure}" if counts.returned_open else text


_ORDER = (
    Timeliness.ON_TIME,
    Timeliness.GRACE,
    Timeliness.LATE,
    Timeliness.AWAITED,
    Timeliness.MISSING,
    Timeliness.EXEMPT,
)


def _always(one: Timeliness, counts: Counts) -> bool:
    return one is Timeliness.ON_TIME or (one is Timeliness.MISSING and not counts.awaited)


def _task_name(task: TaskDigest) -> str:
    return wording.short_label(task.label) + task.name


def _result(task: TaskDigest) -> str:
    """A task in one line: how many reports its numbers come from, and what they say."""
    counts = task.counts
    counted = f",计入{counts.standing}家" if counts.returned_open else ""
    return f"{task.name}(已报{counts.received}家{counted}):{_results(task) or '还没有数'}。"


def _results(task: TaskDigest) -> str:
    return ";".join(phrase for one in task.totals if (phrase := _phrase(one, task)))


def _phrase(one: Total, task: TaskDigest) -> str:
    """Empty when nobody answered: no number is shown that is not there."""
    if not one.answered:
        return ""
    text = _numbers(one, task)
    partial = one.answered < task.counts.standing and not isinstance(one, YesNo)
    return f"{text}({one.answered}家)" if partial else text


def _numbers(one: Total, task: TaskDigest) -> str:
    match one:
        case YesNo():
            return _yes_no(one, task)
        case Sum():
            return f"{one.name}{wording.amount(one.amount)}{one.unit}"
        case Share():
            rate = f",{wording.percent(one.rate)}" if one.total else ""
            return f"{one.name}{one.done}/{one.total}{one.unit}{rate}"
        case Tally():
            return f"{one.name}:" + "、".join(f"{choice}{n}" for choice, n in one.choices if n)
        case Spread():
            return _range(one)


def _range(one: Spread) -> str:
    if one.median is None or one.low is None or one.high is None:
        return ""
    middle, low, high = (wording.amount(number) for number in (one.median, one.low, one.high))
    return f"{one.name}中位{middle}{one.unit},最低{low}、最高{high}"


def _yes_no(one: YesNo, task: TaskDigest) -> str:
    undone = [unit for unit in task.undone if unit.key == one.key]
    if not undone:
        return f"{one.name}:是{one.yes}家、否{one.no}家"
    planned = sum(unit.planned is not None for unit in undone)
    dates = "均定补做日期" if planned == len(undone) else f"已定补做日期{planned}家"
    return f"{one.name}{one.yes}家,如实报未开展{len(undone)}家({dates})"


def _detail(task: TaskDigest) -> list[str]:
    """A task for those who act on it: counts, results, who is missing by name, and the townships."""
    lines = [f"{_task_name(task)}({task.section}):{_standing(task.counts, task.accepted, '家')}。"]
    if task.in_backlog:
        lines.append(f"其中线路中断期间补收{task.in_backlog}家,按中断前计时。")
    if results := _results(task):
        lines.append(f"合计:{results}。")
    lines += _noughts(task)
    lines += _outstanding_line(task.outstanding, "家")
    lines += [f"{chase.value}:{_names(units)}" for chase, units in _by_chase(task.outstanding).items()]
    if len(task.townships) > 1:
        lines.append(f"各乡镇已报/应报:{'、'.join(map(_township, task.townships))}")
    return lines


def _noughts(task: TaskDigest) -> list[str]:
    """A nil report is an answer; numbers that are all 0 without the word are to be asked about."""
    nil = [f"其中零报告{task.nil}家。"] if task.nil else []
    shown, count = "、".join(task.noughts[:_NAMED]), len(task.noughts)
    named = shown if count <= _NAMED else f"{shown}等{count}家"
    return nil + ([f"数都是0、没有注明零报告的{count}家,请核实:{named}"] if count else [])


def _township(township: Township) -> str:
    counts = township.counts
    exempt = f"(豁免{counts.exempt})" if counts.exempt else ""
    return f"{township.name}{counts.received}/{counts.roster}{exempt}"


def _names(units: Sequence[Outstanding]) -> str:
    """All of a few; the whole of a long list is in `missing_lines`."""
    named = "、".join(unit.unit for unit in units[:_NAMED])
    return named if len(units) <= _NAMED else f"{named}等{len(units)}家"


def _outstanding_line(outstanding: Sequence[Outstanding], measure: str) -> list[str]:
    """未报9家:已填未提交2、填了一半3 …; nothing when all has come."""
    if not outstanding:
        return []
    found = "、".join(f"{chase.value}{len(units)}" for chase, units in _by_chase(outstanding).items())
    return [f"{_word(outstanding)}{len(outstanding)}{measure}:{found}。"]


def _word(outstanding: Sequence[Outstanding]) -> str:
    """未报 once it is due, 待报 before; both where some have an extension."""
    return "和".join(one.chinese for one in _ORDER if any(unit.timeliness is one for unit in outstanding))


def _by_chase(outstanding: Iterable[Outstanding]) -> dict[Chase, list[Outstanding]]:
    grouped: dict[Chase, list[Outstanding]] = {chase: [] for chase in Chase}
    for unit in outstanding:
        grouped[unit.chase].append(unit)
    return {chase: units for chase, units in grouped.items() if units}
