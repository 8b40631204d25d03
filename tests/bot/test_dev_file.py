"""The sentences of the dev file through the real bot: a report needs no more messages than one and the values still
missing, plus one tap."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from db.session import Database
from db.tables import Answer, AnswerRevision, Chat, Draft, Promise, Report, Round
from domain.codec import from_json, questionnaire_from_json, questionnaire_to_json
from domain.indicators import Basic, Indicator, Kind, Nature
from domain.understanding.batch import plain
from sandbox import Bubble
from tests.bot.dialogue import Dialogue
from tests.bot.drafts import report_of, round_of
from tests.cast import PRINCIPAL, County, at
from tests.stage import Stage, on_stage

DEV = Path(__file__).parents[1] / "corpus" / "dev.jsonl"
PLAIN = {
    Kind.BOOL: "是",
    Kind.INT: "20",
    Kind.NUMBER: "20",
    Kind.PERCENT: "90%",
    Kind.RATIO: "3/4",
    Kind.TEXT: "没有困难",
}


def replies() -> Iterator[dict[str, Any]]:
    for line in DEV.read_text("utf-8").splitlines():
        yield json.loads(line)


def indicator(entry: dict[str, Any]) -> Indicator:
    kind = Kind(entry["type"])
    low, high = entry.get("min"), entry.get("max")
    numeric = kind in (Kind.INT, Kind.NUMBER, Kind.PERCENT)
    return Indicator(
        entry["key"], entry["label"], kind, Nature.FLOW, entry.get("unit") or "",
        scale={Kind.NUMBER: 2, Kind.PERCENT: 1}.get(kind, 0),
        minimum=Decimal(str(low)) if numeric and low is not None else None,
        maximum=Decimal(str(high)) if numeric and high is not None else None,
        earliest=low if kind is Kind.DATE else None, latest=high if kind is Kind.DATE else None,
        total_from=Basic.CLASSES if kind is Kind.RATIO and high else None, choices=tuple(entry.get("choices") or ()),
    )  # fmt: skip


async def put(stage: Stage, county: County, context: list[dict[str, Any]]) -> None:
    """These questions are all that the school is asked, and nothing was said yet."""
    round_, report = await round_of(stage, county, "drill"), await report_of(stage, county, "drill")
    classes = next((entry["max"] for entry in context if entry["type"] == "ratio" and entry.get("max")), None)
    async with stage.database.write() as session:
        row = await session.get_one(Round, (round_.bureau_id, round_.id))
        row.questionnaire = questionnaire_to_json(tuple(indicator(entry) for entry in context))
        for table in (Answer, AnswerRevision, Promise, Draft):
            await session.execute(delete(table).where(col(table.round_id) == round_.id))
        fresh = {"state": "pending", "first_received_at": None, "submitted_at": None, "receipt_number": None}
        mine = (col(Report.round_id) == round_.id, col(Report.unit_id) == report.unit_id)
        await session.execute(update(Report).where(*mine).values(**fresh, classes=classes, versions=0))
        await session.execute(update(Report).where(col(Report.round_id) != round_.id).values(state="exempt"))
        await session.execute(update(Chat).values(focus_round_id=None, focus_key=None, focus_at=None, failures=0))


async def standing(stage: Stage, county: County) -> dict[str, Any]:
    round_ = await round_of(stage, county, "drill")
    kinds = {one.key: one.kind for one in questionnaire_from_json(round_.questionnaire)}
    drafts = await stage.rows(Draft, col(Draft.round_id) == round_.id)
    return {key: plain(from_json(kinds[key], e["v"])) for draft in drafts for key, e in draft.entries.items()}


def _easy(asked: Indicator) -> str:
    """An answer to this question that nobody could misread."""
    if asked.kind is Kind.CHOICE:
        return asked.choices[0]
    if asked.kind is Kind.DATE:
        return "昨天" if asked.latest else "12月25日"
    return PLAIN[asked.kind]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and not isinstance(one, bool):
        return abs(one - other) <= 0.1
    return bool(str(other) in str(one)) if isinstance(one, str) else bool(one == other)


async def _played(stage: Stage, county: County, someone: Dialogue, prompt: Bubble, item: dict[str, Any]) -> None:
    await put(stage, county, item["context"])
    await someone.press("1 应急疏散演练", on=prompt)
    expected = item["expected"] or {}
    await someone.do(item["text"])
    said = 1
    given = await standing(stage, county)
    assert given.keys() == expected.keys(), (item["text"], given)
    assert all(_same(given[key], expected[key]) for key in expected), (item["text"], given)
    for entry in item["context"]:
        if entry["key"] not in expected:
            await someone.do(_easy(indicator(entry)))
            said += 1
    assert "【请核对" in someone.last.text, (item["text"], someone.phone.dump(4))
    assert said == 1 + len(item["context"]) - len(expected)
    await someone.press("提交")
    assert "✓ 已收到" in someone.last.text, (item["text"], someone.phone.dump(3))


@pytest.fixture
async def monday(sqlite: Database, county: County) -> AsyncIterator[Stage]:
    """The day of the dev file; updates come by webhook, which waits for no poll."""
    async with on_stage(sqlite, county.bureau_id, at("2026-11-23 09:00"), webhook=True) as made:
        yield made


async def _play_all(stage: Stage, county: County, items: list[dict[str, Any]]) -> None:
    phone = stage.phone(PRINCIPAL)
    await phone.start()
    await stage.tick()
    someone = Dialogue(stage, phone)
    prompt = someone.last
    for item in items:
        await _played(stage, county, someone, prompt, item)


async def test_a_report_takes_one_message_what_is_missing_and_a_tap(monday: Stage, county: County) -> None:
    """Those of several questions; the other one runs them all."""
    several = [item for item in replies() if len(item["context"]) > 1]
    assert len(several) == 10
    await _play_all(monday, county, several)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_so_does_every_sentence_of_the_dev_file(monday: Stage, county: County) -> None:
    items = list(replies())
    assert len(items) == 60
    await _play_all(monday, county, items)
