"""How far the running rounds are: one line a task, at most ten lines."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import message
from domain import wording
from domain.digest import TaskDigest
from domain.progress import Timeliness, total
from services.content import Scene
from services.progress import ProgressContent
from services.rendering import Button, Rendered

MOST_TASKS = 8
_ORDER = (
    Timeliness.ON_TIME, Timeliness.GRACE, Timeliness.LATE, Timeliness.AWAITED, Timeliness.MISSING, Timeliness.EXEMPT,
)  # fmt: skip


def progress(content: ProgressContent, scene: Scene) -> Rendered:
    as_of = wording.moment(scene.now, scene.hours.zone)
    if not content.tasks:
        return message([f"截至{as_of},没有正在进行的报告期。"])
    lines = [f"报送进度,截至{as_of},{len(content.tasks)}项:"]
    lines += [_line(one, scene) for one in content.tasks[:MOST_TASKS]]
    if rest := content.tasks[MOST_TASKS:]:
        counts = total(one.counts for one in rest)
        lines.append(
            f"另有{len(rest)}项:已报{counts.received}/{counts.expected}份,{wording.percent(counts.received_rate)}"
        )
    owing = content.may_chase and any(one.counts.outstanding for one in content.tasks)
    section = content.section_id or 0
    listed = [Button("未报名单和电话", encode(Verb.CHASE_LIST, None, section, 0))] if owing else []
    change = [Button("改期、延期、豁免", encode(Verb.COURSE))] if content.may_chase else []
    return message(lines, listed, change)


def _line(one: TaskDigest, scene: Scene) -> str:
    """应急疏散演练(11月25日17:00截止):应报4,按时1、…,已报25.0%,其中退回待改1"""
    counts = one.counts
    listed = "、".join(f"{standing.chinese}{counts.get(standing)}" for standing in _ORDER)
    returned = f",其中退回待改{counts.returned_open}" if counts.returned_open else ""
    due = wording.short_moment(one.due_at, scene.hours.zone)
    rate = wording.percent(counts.received_rate)
    return f"{one.name}({due}截止):应报{counts.roster},{listed},已报{rate}{returned}"
