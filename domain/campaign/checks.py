"""What only several entries together can tell: limits, dependencies, doubled questions, the burden on a school."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from domain import defaults
from domain.campaign.form import Asks, CampaignForm, ColumnForm, Every, IndicatorForm, ScheduleForm, TaskForm
from domain.campaign.load import MOST_A_MONTH, MOST_A_TASK, fullest
from domain.campaign.problems import Path, Problem
from domain.groups import MORE
from domain.indicators import Basic, Kind, Nature
from domain.ladder import LadderError, ladder_of
from domain.stages import Stage

_COUNTED = (Kind.INT, Kind.NUMBER, Kind.RATIO)
_CHOSEN = (Kind.CHOICE, Kind.CHOICES)
_BOUNDS = ("today", "period_from", "period_to")
_LIMITED = {
    "limit_from": (Kind.INT,), "total_from": (Kind.RATIO,), "earliest": (Kind.DATE,), "latest": (Kind.DATE,),
    "choices": _CHOSEN, "items": (Kind.INT,), "soft_maximum": (Kind.INT, Kind.NUMBER, Kind.PERCENT),
    "soft_minimum": (Kind.INT, Kind.NUMBER, Kind.PERCENT, Kind.ROWS), "boarding_minimum": (Kind.ROWS,),
    "columns": (Kind.ROWS,), "not_falling": (Kind.INT, Kind.NUMBER, Kind.RATIO), "jump": (Kind.INT, Kind.NUMBER),
    "sets": (Kind.INT,), "scale": (Kind.NUMBER, Kind.PERCENT),
}  # fmt: skip


def check(form: CampaignForm) -> list[Problem]:
    """Fatal problems and what `--strict` minds, in the order of the file."""
    found = [*_doubled_keys(form)]
    for number, task in enumerate(form.tasks):
        found += _task(task, ("tasks", number))
        if not (task.document or form.document):
            found.append(Problem(("tasks", number, "document"), "没有写依据(文号或清单编号)", fatal=False))
    return [*found, *_asked_twice(form), *_set_twice(form), *_burden(form)]


def _doubled_keys(form: CampaignForm) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, task in enumerate(form.tasks):
        if task.key in seen:
            yield Problem(("tasks", number, "key"), "任务的 key 与前面的重复", task.key)
        seen.add(task.key)


def _task(task: TaskForm, path: Path) -> Iterator[Problem]:
    schedule = task.schedule
    yield from _schedule(schedule, (*path, "schedule"))
    if Asks.SCHOOLS not in task.asks and (task.stages or task.others):
        yield Problem((*path, "stages"), "只问股室的任务不写学段")
    if schedule.opens_before == 0 and schedule.at <= defaults.OFFICE_OPENS:
        yield Problem(
            (*path, "schedule", "at"),
            "截止早于开启:当天8:30才发出,请改截止时刻",
            f"{schedule.at:%H:%M}",
        )
    try:
        ladder_of(task.ladder)
    except LadderError as problem:
        yield Problem((*path, "ladder"), str(problem))
    yield from _audiences(task, path)
    earlier: dict[str, IndicatorForm] = {}
    for number, indicator in enumerate(task.indicators):
        place = (*path, "indicators", number)
        if indicator.key in earlier:
            yield Problem((*place, "key"), "指标的 key 在本任务里重复", indicator.key)
        yield from _indicator(indicator, place)
        yield from _uses(indicator, place)
        yield from _group(indicator, place, task)
        yield from _dependency(indicator, place, earlier)
        yield from _frequency(indicator, place, earlier, task)
        earlier[indicator.key] = indicator
    yield from _nothing_required(task, path)


def _nothing_required(task: TaskForm, path: Path) -> Iterator[Problem]:
    """Questions that are all optional at some frequency make reports that nobody needs and everybody is reminded of."""
    usual = task.schedule.every
    for every in dict.fromkeys(one.every or usual for one in task.indicators):
        asked = [number for number, one in enumerate(task.indicators) if (one.every or usual) is every]
        if not any(task.indicators[number].required for number in asked):
            reason = "这个频次问的全是选填,学校却会为它被提醒:请改为任务的频次,或把其中一个改为必填"
            yield Problem((*path, "indicators", asked[0], "every"), reason, fatal=False)


def _schedule(schedule: ScheduleForm, path: Path) -> Iterator[Problem]:
    opens, closes = defaults.OFFICE_OPENS, defaults.OFFICE_CLOSES
    if not opens <= schedule.at <= closes:
        reason = f"截止时刻要在{opens:%H:%M}到{closes:%H:%M}之间,下班时间不要人报送"
        yield Problem((*path, "at"), reason, f"{schedule.at:%H:%M}")
    if schedule.every is Every.EVENT and not schedule.event:
        yield Problem((*path, "event"), "按事件的要写校历里事件的名称,如 开学、期末考试")
    for name, every in (("event", Every.EVENT), ("offset", Every.EVENT), ("weeks", Every.TEACHING_WEEK)):
        if getattr(schedule, name) and schedule.every is not every:
            yield Problem((*path, name), f"只用于“{every.chinese}”的任务,请删去或改频次")


def _audiences(task: TaskForm, path: Path) -> Iterator[Problem]:
    seen: set[Stage] = set()
    for number, other in enumerate(task.others):
        place = (*path, "others", number)
        if outside := [s.chinese for s in other.stages if task.stages and s not in task.stages]:
            yield Problem((*place, "stages"), "这些学段不在本任务的 stages 里", "、".join(outside))
        if seen & set(other.stages):
            yield Problem((*place, "stages"), "同一学段写了两种频次")
        if not other.why:
            yield Problem((*place, "why"), "请写一句为什么频次不同", fatal=False)
        seen |= set(other.stages)


def _group(form: IndicatorForm, path: Path, task: TaskForm) -> Iterator[Problem]:
    """The questions of a repeating group, each judged like any other; their numbers stand beside those of the task."""
    if form.kind is not Kind.ROWS:
        return
    if not form.columns:
        yield Problem((*path, "columns"), "逐次类要写 columns:每一次问哪几项", form.key)
    taken = {MORE, *(indicator.key for indicator in task.indicators)}
    earlier: dict[str, ColumnForm] = {}
    for number, column in enumerate(form.columns):
        place = (*path, "columns", number)
        if column.key in taken or column.key in earlier:
            yield Problem((*place, "key"), "指标的 key 在本任务里重复(more 是留用的)", column.key)
        if column.kind in (Kind.ROWS, Kind.PHOTO):
            yield Problem((*place, "kind"), "逐次的各项里不能再有逐次或照片", column.key)
        yield from _indicator(column, place)
        yield from _hint(column, place)
        yield from _dependency(column, place, earlier)
        earlier[column.key] = column


def _indicator(form: ColumnForm, path: Path) -> Iterator[Problem]:
    if form.kind in _COUNTED and not form.unit:
        yield Problem((*path, "unit"), "缺单位:数量和比值都要写单位,如人、处、个", form.key)
    for name, kinds in _LIMITED.items():
        if getattr(form, name, None) and form.kind not in kinds:
            yield Problem((*path, name), f"{form.kind.value} 类不能有这一项")
    if form.kind in _CHOSEN and len(set(form.choices)) < 2:
        yield Problem((*path, "choices"), "选项至少两个,不能重复")
    yield from _limits(form, path)
    yield from _days(form, path)
    if isinstance(form, IndicatorForm):
        yield from _states(form, path)


def _limits(form: ColumnForm, path: Path) -> Iterator[Problem]:
    low, high, most, least = form.minimum, form.maximum, form.soft_maximum, form.soft_minimum
    if low is not None and high is not None and low > high:
        yield Problem((*path, "minimum"), "最小值大于最大值", f"{low}>{high}")
    if most is not None and ((high is not None and most >= high) or (low is not None and most < low)):
        yield Problem((*path, "soft_maximum"), "要在最小值和最大值之间", str(most))
    top = min((limit for limit in (most, high) if limit is not None), default=None)
    if least is not None and ((top is not None and least > top) or (low is not None and least <= low)):
        yield Problem((*path, "soft_minimum"), "要在最小值和最大值之间", str(least))


def _states(form: IndicatorForm, path: Path) -> Iterator[Problem]:
    """What is compared with last time, or with what is registered."""
    if form.items and form.maximum is not None:
        yield Problem((*path, "maximum"), "有 items 时最大值就是项数,请删去这一项")
    if form.jump is not None and form.jump <= 1:
        yield Problem((*path, "jump"), "要大于1:超过上次的几倍", str(form.jump))
    stock = {"sets": form.sets is not None, "not_falling": form.not_falling and form.kind is Kind.RATIO}
    for name in (name for name, said in stock.items() if said and form.nature is not Nature.STOCK):
        yield Problem((*path, name), "要写明是时点数:nature: stock", form.key)


def _days(form: ColumnForm, path: Path) -> Iterator[Problem]:
    bounds = {name: getattr(form, name) for name in ("earliest", "latest")}
    for name, bound in bounds.items():
        if bound is not None and bound not in _BOUNDS and not _is_day(bound):
            yield Problem((*path, name), "要写 today、period_from、period_to 或年-月-日", bound)
    first, last = bounds.values()
    if first and last and _is_day(first) and _is_day(last) and first > last:
        yield Problem((*path, "earliest"), "最早日期晚于最晚日期", f"{first}>{last}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _uses(form: IndicatorForm, path: Path) -> Iterator[Problem]:
    """What `--strict` minds: a question nobody uses, a seldom one without a reason, a figure in the model reply."""
    if not form.used_by.strip():
        yield Problem(
            (*path, "used_by"), "没有写谁用这个数(通报、上级表、整改等);没人用的不要问", form.key, fatal=False
        )
    if (form.every or not form.required or form.kind is Kind.PHOTO) and not form.why:
        yield Problem((*path, "why"), "选填、照片或频次不同的,请写一句理由", form.key, fatal=False)
    if form.kind is Kind.PHOTO and form.required:
        yield Problem((*path, "required"), "照片不能必交,请写 required: false", form.key)
    yield from _hint(form, path)


def _hint(form: ColumnForm, path: Path) -> Iterator[Problem]:
    if re.search(r"\d", form.hint):
        yield Problem((*path, "hint"), "照着填的话里不要写数字,留下划线", form.hint, fatal=False)


def _dependency(form: ColumnForm, path: Path, earlier: Mapping[str, ColumnForm]) -> Iterator[Problem]:
    if form.only_if is None:
        return
    place = (*path, "only_if")
    other = earlier.get(form.only_if.key)
    if other is None:
        yield Problem((*place, "key"), "要指向本任务里(逐次的,同一次里)排在前面的指标", form.only_if.key)
    elif reason := _misfit(form, other):
        yield Problem(place, reason, form.only_if.key)


def _frequency(
    form: IndicatorForm, path: Path, earlier: Mapping[str, IndicatorForm], task: TaskForm
) -> Iterator[Problem]:
    other, usual = earlier.get(form.only_if.key) if form.only_if else None, task.schedule.every
    if other is not None and (other.every or usual) is not (form.every or usual):
        yield Problem((*path, "only_if", "key"), "与它所依据的问题频次不同,不会一起问", other.key)


def _misfit(form: ColumnForm, other: ColumnForm) -> str:
    """Why the condition can never hold; empty when it can."""
    condition = form.only_if
    if condition is None or condition.incomplete == (condition.equals is not None):
        return "equals 和 incomplete 要写一个,也只能写一个"
    if condition.incomplete:
        return "" if other.kind is Kind.RATIO else "incomplete 只用于 ratio 类的问题"
    if other.kind is Kind.BOOL:
        return "" if isinstance(condition.equals, bool) else "equals 要写 true 或 false"
    if other.kind is Kind.CHOICE:
        return "" if condition.equals in other.choices else "equals 要写它的一个选项"
    return "只能依据 bool、choice 或 ratio 类的问题"


def _asked_twice(form: CampaignForm) -> Iterator[Problem]:
    """One number, one source: the same key is never asked twice of a unit."""
    first: dict[str, tuple[TaskForm, set[Stage]]] = {}
    for number, task in enumerate(form.tasks):
        stages = set(task.stages or Stage) | {stage for other in task.others for stage in other.stages}
        for position, indicator in enumerate(task.indicators):
            before = first.setdefault(indicator.key, (task, stages))
            if before[0] is not task and before[1] & stages:
                path = ("tasks", number, "indicators", position, "key")
                yield Problem(path, f"任务“{before[0].name}”已经问了这个数,同一学校不要再问", indicator.key)


def _set_twice(form: CampaignForm) -> Iterator[Problem]:
    """A registered basic is brought up to date by one question only."""
    first: dict[Basic, str] = {}
    for number, task in enumerate(form.tasks):
        for position, indicator in enumerate(task.indicators):
            if indicator.sets and first.setdefault(indicator.sets, indicator.key) != indicator.key:
                path = ("tasks", number, "indicators", position, "sets")
                yield Problem(path, f"指标“{first[indicator.sets]}”已经更正这个在册数", indicator.key)


def _burden(form: CampaignForm) -> Iterator[Problem]:
    """Judged for each stage on its fullest month of the year."""
    for stage in Stage:
        load = fullest(form, stage)
        for key, count in load.tasks.items():
            if count > MOST_A_TASK:
                number = next(n for n, task in enumerate(form.tasks) if task.key == key)
                reason = f"{stage.chinese}{load.month}月要填{count}个数,一项任务最多{MOST_A_TASK}个"
                yield Problem(("tasks", number, "indicators"), reason, key, fatal=False)
        if load.numbers > MOST_A_MONTH:
            reason = f"{stage.chinese}{load.month}月要填{load.numbers}个数,一个月最多{MOST_A_MONTH}个"
            yield Problem(("tasks",), reason, fatal=False)
