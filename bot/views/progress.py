"""How far the running rounds are: one line a task, at most ten lines."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import message
from domain import wording
from domain.digest import ForBulletin, TaskDigest
from domain.progress import Timeliness, total
from services.content import Scene
from services.progress import ProgressContent
from services.rendering import Button, Rendered

MOST_TASKS, MOST_NAMED = 8, 3
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
    if content.bulletin:
        lines.append(f"拟列入通报(逾期3个工作日仍未报):{'、'.join(map(_noted, content.bulletin))}。")
    owing = content.may_chase and any(one.counts.outstanding for one in content.tasks)
    section = content.section_id or 0
    listed = [Button("未报名单和电话", encode(Verb.CHASE_LIST, None, section, 0))] if owing else []
    change = [Button("改期、延期、豁免", encode(Verb.COURSE))] if content.may_chase else []
    return message(lines, listed, change)


def _noted(one: ForBulletin) -> str:
    """应急疏散演练4家(西岭中学、李村小学等)"""
    named = "、".join(one.units[:MOST_NAMED])
    return f"{one.task}{len(one.units)}家({named}{'等' if len(one.units) > MOST_NAMED else ''})"


def _line(one: TaskDigest, scene: Scene) -> str:
    """应急疏散演练(11月25日17:00截止):应报4,按时1、…,已报25.0%,其中退回待改1"""
    counts = one.counts
    listed = "、".join(f"{standing.chinese}{counts.get(standing)}" for standing in _ORDER)
    returned = f",其中退回待改{counts.returned_open}" if counts.returned_open else ""
    due = wording.short_moment(one.due_at, scene.hours.zone)
    rate = wording.percent(counts.received_rate)
    return f"{one.name}({due}截止):应报{counts.roster},{listed},已报{rate}{returned}"
