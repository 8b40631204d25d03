"""The preview as lines, the same in the terminal and in a chat. No telephones but where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from statistics import median

from domain import wording
from domain.calendar import OfficeHours
from domain.preview import MOST_A_WEEK, Burden
from services.chase_lists import MissingUnit
from services.coming import Coming, LeftOut
from services.preview import Preview

RUNGS = {
    "t-3": "截止前三天", "t-1": "截止前一天", "due-morning": "截止日上午", "due-afternoon": "截止日下午",
    "late-1": "逾期第一天",
}  # fmt: skip
_NAMED = 3


def preview_lines(found: Preview, hours: OfficeHours, *, phones: bool = False, names: bool = False) -> list[str]:
    span = wording.span(hours.local(found.at).date(), hours.local(found.until).date())
    if not found.rounds:
        none = f"下发预览({span}):没有要开启的报告期。"
        return [none, *left_out_lines(found.left_out), *burden_lines(found), *warnings(found)]
    lines = [f"下发预览({span}),将开启{len(found.rounds)}项"]
    for number, one in enumerate(found.rounds, 1):
        lines += round_lines(one, hours, number=number)
        if names:
            lines.append(f"   名单:{'、'.join(unit.name for unit in one.units)}")
    lines += left_out_lines(found.left_out)
    lines += _schools(found)
    lines += burden_lines(found)
    lines += _unreachable(found.unreachable, phones=phones)
    lines.append(f"按{wording.moment(found.at, hours.zone)}的名册和日历推算;没写实际用时的是估计。")
    return [*lines, *warnings(found)]


def left_out_lines(left: Sequence[LeftOut]) -> Iterator[str]:
    """What is not issued, and why."""
    for one in left:
        name = one.task.short_name or one.task.name
        if one.skipped is None:
            yield f"不会开启:{name}按{one.wanting}安排,校历里还没有,请补校历(duban import calendar)"
            continue
        plan, skipped = one.skipped.plan, one.skipped
        instead = "并入下一期" if skipped.merged else "这一期不开"
        yield (
            f"不开启:{wording.short_label(plan.label)}{name}(统计{wording.span(plan.period_from, plan.period_to)}),"
            f"{skipped.days}个工作日里{skipped.off}天{skipped.name},{instead}"
        )


def round_lines(one: Coming, hours: OfficeHours, *, number: int = 0) -> list[str]:
    zone, head = hours.zone, f"{number}. " if number else ""
    moved = f"({wording.moved_reason(one.plan)})" if one.plan.moved_because else ""
    towns = "、".join(f"{name}{count}" for name, count in one.townships.items())
    label = wording.short_label(one.plan.label)
    period = wording.span(one.plan.period_from, one.plan.period_to)
    lines = [
        f"{head}{label}{one.task.short_name or one.task.name}({one.section.name}),"
        f"{wording.moment(one.issued_at, zone)}开启",
        f"   {wording.moment(one.plan.due_at, zone)}截止{moved},{wording.moment(one.plan.lock_at, zone)}关闭",
        f"   统计时段:{period}",
        f"   问{len(one.units)}家:{towns}" if one.units else "   一家也不问,请看适用学段和名册",
        f"   {_questions(one)},每校约{one.minutes}分钟({_source(one)})",
    ]
    if one.known:
        lines.append(f"   已有的不再问:{'、'.join(f'{known.name}{known.units}家' for known in one.known)}")
    if one.past:
        lines.append(f"   已过的提醒不补发:{'、'.join(RUNGS.get(rung, rung) for rung in one.past)}")
    if one.off:
        lines.append(f"   其间放假:{'、'.join(f'{wording.short_day(day)}{why}' for day, why in one.off)}")
    return lines


def _source(one: Coming) -> str:
    return f"前几期{one.taken.reports}份实际用时的中位" if one.taken else "估计"


def _questions(one: Coming) -> str:
    asked = one.questions
    many = f"{asked.least}问" if asked.least == asked.most else f"{asked.least}至{asked.most}问"
    by = ",".join(f"{answer}{count}问" for answer, count in asked.conditions)
    return f"{many}({by})" if by else many


def _schools(found: Preview) -> list[str]:
    """What these rounds together ask of one school."""
    asked, seconds = found.schools
    if not asked:
        return []
    counts, minutes = asked.values(), max(round(median(seconds.values()) / 60), 1)
    least, most = _half(min(counts)), _half(max(counts))
    measured = [one.taken is not None for one in found.rounds]
    source = "实际用时" if all(measured) else "部分按实际用时,其余估计" if any(measured) else "估计"
    return [f"每校合计:中间{_half(median(counts))}问(最少{least}、最多{most}),约{minutes}分钟({source})"]


def burden_lines(found: Preview) -> list[str]:
    """减负账: what the principals get from all tasks together."""
    lines = [_burden(f"{wording.short_day(one.first)}起一周", one, found.people) for one in found.weeks]
    lines += [_burden(f"{one.first.month}月", one, found.people) for one in found.months]
    return ["减负账(所有任务合计,每人收到条数,一直不报/当天就报):", *lines] if lines else []


def _burden(when: str, one: Burden, people: Mapping[int, str]) -> str:
    least = f"{_half(one.median)}/{_half(one.least_median)}条,最多{one.most}/{one.least_most}条"
    who = "、".join(people.get(who, "") for who in one.at_most[:_NAMED])
    more = f"等{len(one.at_most)}人" if len(one.at_most) > _NAMED else ""
    return f"   {when}:中间{least}({who}{more})"


def _half(number: float) -> str:
    return f"{number:g}"


def _unreachable(units: Sequence[MissingUnit], *, phones: bool) -> Iterator[str]:
    for reason, group in groupby(units, key=lambda one: one.reason):
        those = list(group)
        named = "、".join(" ".join(filter(None, (u.unit, u.person, u.phone if phones else ""))) for u in those)
        yield f"发不到,{reason}{len(those)}家:{named}"


def warnings(found: Preview) -> Iterator[str]:
    """A week that brings somebody too much, a year whose days off are not known yet."""
    for week in found.too_much:
        over = [found.people.get(who, "") for who in week.at_most]
        named = "、".join(over[:_NAMED]) + (f"等{len(over)}人" if len(over) > _NAMED else "")
        since = wording.short_day(week.first)
        yield f"注意:{since}起一周最多{week.most}条({named}),超过{MOST_A_WEEK}条,请考虑错开或合并任务。"
    for year in sorted({year for one in found.rounds for year in one.uncovered}):
        yield f"注意:{year}年的放假和调休安排还没有,日期按周末和固定节日推算,请补日历。"
