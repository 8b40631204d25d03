"""What a bureau has set otherwise than the defaults, as lines for `duban settings`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from db.tables import Bureau, Task
from domain.calendar import WorkCalendar
from domain.calendar_words import contents, warnings
from domain.rounds import Frequency, Schedule, Shift, Vacation
from services.calendars import calendar_of
from services.schedule import schedule_of

_FREQUENCIES = {
    Frequency.ONCE: "一次", Frequency.WEEKLY: "每周", Frequency.TEACHING_WEEK: "教学周", Frequency.QUARTERLY: "每季度",
    Frequency.TERM: "每学期", Frequency.EVENT: "按事件",
}  # fmt: skip
_WEEKDAYS = "一二三四五六日"


def tailored(bureau: Bureau, tasks: Sequence[Task]) -> list[str]:
    """What the bureau has turned on, then task by task."""
    lines = [f"时区 {bureau.timezone}"] if bureau.timezone != "Asia/Shanghai" else []
    lines += ["手机号开通 开"] if bureau.contact_sharing else []
    for task in tasks:
        if said := [*_schedule(schedule_of(task)), *(["催报级有自己的"] if task.ladder else []), *_asks(task)]:
            lines.append(f"{task.short_name or task.name} {'、'.join(said)}")
    return lines


def _asks(task: Task) -> Iterator[str]:
    if "section" in task.asks:
        yield "问股室" if task.asks == "section" else "问学校和股室"


def _schedule(said: Schedule) -> Iterator[str]:
    usual = Schedule(Frequency.MONTHLY)
    if said.frequency in _FREQUENCIES:
        yield _FREQUENCIES[said.frequency]
    yield from _day(said)
    if said.at != usual.at:
        yield f"{said.at:%H:%M}截止"
    if said.shift is Shift.LATER:
        yield "遇放假顺延"
    if said.opens_before != usual.opens_before:
        yield f"截止前{said.opens_before}个工作日下发"
    if said.lock_after != usual.lock_after:
        yield f"截止后{said.lock_after}个工作日关闭"
    if said.vacation is not Vacation.SKIP:
        yield f"寒暑假{said.vacation.chinese}"


def _day(said: Schedule) -> Iterator[str]:
    match said.frequency:
        case Frequency.WEEKLY | Frequency.TEACHING_WEEK:
            yield f"星期{_WEEKDAYS[said.weekday - 1]}"
            if said.weeks:
                yield f"第{'、'.join(map(str, said.weeks))}教学周"
        case Frequency.EVENT:
            when = "当天" if said.offset == 0 else f"{'后' if said.offset > 0 else '前'}{abs(said.offset)}个工作日"
            yield f"{said.event}{when}"
        case _ if said.last_working:
            yield "最后一个工作日"
        case _ if said.day == 31:
            yield "最后一天"
        case _ if said.day != Schedule(Frequency.MONTHLY).day:
            yield f"{said.day}日"


def school_year(bureau: Bureau, today: date) -> tuple[list[str], list[str]]:
    """What the bureau's calendar says, and the warnings for this year and the next."""
    calendar: WorkCalendar = calendar_of(bureau)
    return contents(calendar), warnings(calendar, (today.year, today.year + 1))
