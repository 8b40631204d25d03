"""A change of meaning in a running round, in both stores: what is set aside, what stays, what waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import SQLModel, col, select

from db.ids import new_id
from db.session import Database
from db.tables import Answer, AnswerRevision, Bureau, Draft, Report, Round, Task, TaskIndicator, Unit
from domain.campaign import ChangeKind, changes, read_yaml
from domain.campaign.frozen import asked_again, mended
from domain.codec import questionnaire_from_json
from domain.groups import concerns
from domain.indicators import Indicator
from services import campaigns, roster

ROOT = Path(__file__).parents[2]
NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
FULL = (ROOT / "samples" / "campaign.yaml").read_text(encoding="utf-8")
ANSWERS = {
    "drill_done": {"amount": 1}, "hazard": {"amount": 2, "denominator": 3}, "drills.1.date": {"day": NOW.date()},
    "drills.1.place": {"text": "教学楼"}, "drills.1.type": {"text": "地震"}, "drills.1.students": {"amount": 520},
    "drills.1.staff": {"amount": 40}, "drills.1.seconds": {"amount": 110}, "drills.1.more": {"amount": 0},
}  # fmt: skip


async def import_(database: Database, source: str, *, reask: bool = False) -> list[campaigns.Applied]:
    async with database.write() as session:
        bureau = (await session.exec(select(Bureau))).one()
        return await campaigns.apply(session, bureau.id, read_yaml(source).plan, NOW, reask=reask)


async def rows(database: Database, model: type[SQLModel]) -> list[SQLModel]:
    async with database.read() as session:
        return list((await session.exec(select(model))).all())


@pytest.fixture
async def sent(database: Database) -> Database:
    """The sample county with an open drill round: one school sent its report, one has a draft, two have nothing."""
    plan = roster.read_roster(ROOT / "samples" / "roster.csv")
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, plan)
        await roster.apply(session, bureau.id, plan, NOW)
    await import_(database, FULL)
    async with database.write() as session:
        task = (await session.exec(select(Task).where(Task.key == "drill"))).one()
        listed = select(TaskIndicator.definition).where(TaskIndicator.task_id == task.id)
        later = NOW + timedelta(days=5)
        round_ = Round(
            bureau_id=task.bureau_id, id=new_id(), task_id=task.id, label="x", period_from=NOW.date(),
            period_to=later.date(), open_at=NOW, due_at=later, grace_until=later, lock_at=later, issued_at=NOW,
            nominal_due=later.date(), occurrence="2026-10",
            questionnaire=list((await session.exec(listed.order_by(col(TaskIndicator.position)))).all()),
        )  # fmt: skip
        session.add(round_)
        await session.flush()
        units = (await session.exec(select(Unit).where(Unit.kind == "school").order_by(col(Unit.code)))).all()
        for unit in units[:4]:
            session.add(Report(bureau_id=task.bureau_id, round_id=round_.id, unit_id=unit.id))
        await session.flush()
        first = await session.get_one(Report, (task.bureau_id, round_.id, units[0].id))
        first.state, first.first_received_at, first.versions = "submitted", NOW, 1
        keys = {"bureau_id": task.bureau_id, "round_id": round_.id, "unit_id": units[0].id}
        session.add_all(Answer(**keys, key=key, **columns) for key, columns in ANSWERS.items())
        entries = {"drill_done": {"v": True, "words": ""}, "drills.1.students": {"v": 300, "words": "三百人"}}
        session.add(Draft(**keys | {"unit_id": units[1].id}, revision=4, entries=entries))
    return database


async def test_a_column_is_asked_again_in_every_row(sent: Database) -> None:
    asked = "            label: 参演学生{0}\n            short: 学生\n            kind: int\n            unit: {1}\n"
    changed = FULL.replace(asked.format("人数", "人"), asked.format("人次", "人次"))
    assert changed != FULL
    waiting = [one for one in await import_(sent, changed) if one.reasks]
    assert [(one.task[:6], len(one.units)) for one in waiting] == [("校园安全应急", 2)]
    assert {row.state for row in await rows(sent, Report)} == {"submitted", "pending"}
    await import_(sent, changed, reask=True)
    [round_] = await rows(sent, Round)
    drills = next(one for one in questionnaire_from_json(round_.questionnaire) if one.key == "drills")
    assert {column.key: column.unit for column in drills.columns}["students"] == "人次"
    drafts = sorted(await rows(sent, Draft), key=lambda row: -len(row.entries))
    assert [len(draft.entries) for draft in drafts] == [8, 1, 0, 0]
    assert "drills.1.students" not in drafts[0].entries
    assert [draft.revision for draft in drafts] == [1, 5, 1, 1]
    aside = {(row.version, row.key, row.amount, row.words) for row in await rows(sent, AnswerRevision)}
    assert aside == {(2, "drills.1.students", None, ""), (0, "drills.1.students", 300, "三百人")}
    assert {answer.key for answer in await rows(sent, Answer)} == ANSWERS.keys() - {"drills.1.students"}
    states = {(row.state, row.first_received_at is not None, row.versions) for row in await rows(sent, Report)}
    assert states == {("returned", True, 2), ("pending", False, 0)}
    assert await import_(sent, changed, reask=True) == []


async def test_a_wording_does_not_smuggle_in_a_meaning_that_waits(sent: Database) -> None:
    meaning = FULL.replace("label: 安全隐患已整改处数/排查出处数", "label: 安全隐患已整改/排查").replace(
        "unit: 处\n        words: [隐患整改, 查出隐患]", "unit: 个\n        words: [隐患整改, 查出隐患]"
    )
    await import_(sent, meaning)
    await import_(sent, meaning.replace("label: 安全隐患已整改/排查", "label: 隐患已整改/排查"))
    [round_] = await rows(sent, Round)
    hazard = next(one for one in questionnaire_from_json(round_.questionnaire) if one.key == "hazard")
    assert (hazard.label, hazard.unit) == ("安全隐患已整改处数/排查出处数", "处")


def _drill(source: str) -> tuple[Indicator, ...]:
    return next(task for task in read_yaml(source).plan.tasks if task.key == "drill").indicators


def test_what_a_frozen_questionnaire_takes_over() -> None:
    old = _drill(FULL)
    new = _drill(
        FULL.replace("label: 演练地点", "label: 在哪里演练").replace("maximum: 1800", "maximum: 2400")
        .replace("            kind: text\n            minimum: 2\n", "            kind: text\n            minimum: 4\n")
    )  # fmt: skip
    kinds = {(change.key, change.field): change.kind for change in changes(old, new)}
    assert kinds["drills.place", "minimum"] is ChangeKind.MEANING
    place, seconds = (lambda asked, key: next(c for c in asked[1].columns if c.key == key)), "seconds"
    soft, hard = mended(old, new), asked_again(old, new)
    assert (place(soft, "place"), place(soft, seconds).maximum) == (place(old, "place"), 2400)
    assert (place(hard, "place").label, place(hard, "place").minimum) == ("在哪里演练", 4)
    assert mended(old, ()) == asked_again(old, ()) == old
    assert [one.key for one in asked_again(old[1:], old)] == [one.key for one in old]


@pytest.mark.parametrize(
    ("changed", "answer", "hit"),
    [
        ("hazard", "hazard", True), ("hazard", "hazard_2", False), ("drills", "drills.2.date", True),
        ("drills.date", "drills.2.date", True), ("drills.date", "drills.2.place", False),
        ("drills.date", "date", False),
    ],
)  # fmt: skip
def test_which_answers_a_change_concerns(changed: str, answer: str, hit: bool) -> None:
    assert concerns(changed, answer) is hit
