"""What holds where the bureau has said nothing else: one table, used from here and printed by `duban settings`.

Read them as `defaults.NAME` when they are needed, never copied at import, so that there is one place to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

OFFICE_OPENS, OFFICE_CLOSES = time(8, 30), time(17, 30)
DUE_DAY, DUE_AT = 25, time(17, 0)
OPENS_BEFORE = 5
"""Working days between the opening of a round and its due day."""
GRACE_ENDS = time(12, 0)
"""On the next working day; never announced."""
LOCK_AFTER, LOCKS_AT = 5, time(17, 0)
RETURN_DAYS = 1
"""Working days a returned report has."""
LIST_AFTER = timedelta(minutes=5)
DIRECTOR_MONDAY, DUE_DAY_DIGEST = time(8, 30), time(18, 0)
CODE_VALID = timedelta(days=14)
REASKS = 2
MOST_A_DAY = 2
SPACING = timedelta(hours=1)
RETENTION_DAYS = 365
FOCUS_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Default:
    name: str
    value: str
    note: str = ""


def _hour(at: time) -> str:
    return f"{at:%H:%M}"


def table() -> tuple[Default, ...]:
    """As they are at this moment."""
    day = f"{_hour(OFFICE_OPENS)}至{_hour(OFFICE_CLOSES)}"
    return (
        Default("截止", f"每月{DUE_DAY}日{_hour(DUE_AT)}", "遇放假提前;每个任务可改"),
        Default("截止时刻的范围", day, "之外的不收"),
        Default("下发", f"截止前{OPENS_BEFORE}个工作日{_hour(OFFICE_OPENS)}", "每个任务可改"),
        Default("宽限", f"截止后第1个工作日{_hour(GRACE_ENDS)}", "不对外说"),
        Default("关闭", f"截止后第{LOCK_AFTER}个工作日{_hour(LOCKS_AT)}", "不落在假期里;每个任务可改"),
        Default("退回补正", f"{RETURN_DAYS}个工作日"),
        Default("未报名单", f"截止后{LIST_AFTER.seconds // 60}分钟", "给办公室和牵头股室"),
        Default("局长汇总", f"每周第1个工作日{_hour(DIRECTOR_MONDAY)}、截止日{_hour(DUE_DAY_DIGEST)}"),
        Default("邀请码", f"{CODE_VALID.days}天有效"),
        Default("读不懂时再问", f"{REASKS}次", "再不懂就转人工"),
        Default("发提醒的时间", f"工作日{day}", "之外的合并到下一个工作日"),
        Default("提醒上限", f"每人每个工作日{MOST_A_DAY}条", f"两条至少隔{int(SPACING.total_seconds() // 60)}分钟"),
        Default("问到哪一题", f"记{int(FOCUS_LASTS.total_seconds() // 3600)}小时"),
        Default("原话和照片", f"保留{RETENTION_DAYS}天", "DUBAN_RETENTION_DAYS"),
    )
