"""Drafts as people have left them, written straight into the store, so that a test begins where it has to."""

from __future__ import annotations

from typing import Any

from db.tables import Draft, Report, Round
from tests.cast import County
from tests.stage import Stage

ANSWERS: dict[str, dict[str, Any]] = {
    "drill": {
        "drill_done": True, "drill_date": "2026-11-17", "drill_type": "地震", "drill_students": 520,
        "drill_seconds": "110", "hazard": [2, 3],
    },
    "bbt": {"bbt": [10, 14], "bbt_fault": 0},
}  # fmt: skip


async def round_of(stage: Stage, county: County, task: str) -> Round:
    [round_] = await stage.rows(Round, Round.task_id == county.tasks[task])
    return round_


async def report_of(stage: Stage, county: County, task: str, unit: str = "清河镇九年一贯制学校") -> Report:
    round_ = await round_of(stage, county, task)
    [report] = await stage.rows(Report, Report.round_id == round_.id, Report.unit_id == county.units[unit])
    return report


async def fill(
    stage: Stage, county: County, task: str, *, before: str = "", unit: str = "清河镇九年一贯制学校", **values: Any
) -> None:
    """Answer every question before `before` (all of them by default); `values` replace the usual answers."""
    answers = ANSWERS[task] | values
    keys = list(answers)
    kept = keys[: keys.index(before)] if before else keys
    report = await report_of(stage, county, task, unit)
    now = stage.clock.now()
    async with stage.database.write() as session:
        draft = Draft(
            bureau_id=report.bureau_id, round_id=report.round_id, unit_id=report.unit_id, revision=1,
            entries={key: {"v": answers[key], "words": ""} for key in kept}, stood_at=now, changed_at=now,
        )  # fmt: skip
        await session.merge(draft)
