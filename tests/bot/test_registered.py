"""在册数: never asked of a unit, offered for correction once a term; a correction holds from the next round on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from db.session import Database
from db.tables import Report, Unit
from domain.indicators import Basic, Indicator, Kind
from tests.bot.conftest import Talk
from tests.bot.drafts import report_of
from tests.cast import PRINCIPAL, STOCK, County, add_task, at
from tests.stage import Stage

NAMES = {Basic.STUDENTS: ("学生数", "人"), Basic.STAFF: ("教职工数", "人"), Basic.CLASSES: ("教学班数", "个")}
REGISTERED = tuple(
    Indicator(f"registered_{basic}", name, Kind.INT, STOCK, unit, minimum=Decimal(0), sets=basic)
    for basic, (name, unit) in NAMES.items()
)


@pytest.fixture(autouse=True)
async def registered(sqlite: Database, county: County) -> None:
    await add_task(sqlite, county, "registered", "在册数核对", REGISTERED)


async def test_what_is_registered_is_confirmed_by_one_tap(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    assert "在册数核对(安全股)3问,在册524人" in someone.last.text
    await someone.play(
        ("[3 在册数核对]", ("在册:学生数524人,教职工数42人,教学班数14个", "没有变化就点“与上次相同”")),
        ("[与上次相同]", ("【请核对", "学生数524人,教职工数42人,教学班数14个")),
        ("[提交]", "✓ 已收到"),
    )
    assert await _basics(stage, county) == (524, 42, 14)


async def test_a_correction_holds_from_the_next_round_on(stage: Stage, county: County, talk: Talk) -> None:
    someone = await talk(PRINCIPAL)
    await someone.play(
        ("[3 在册数核对]", "请答:学生数"),
        ("531", "请答:教职工数"),
        ("[与上次相同]", ("【请核对", "学生数531人,教职工数42人")),
    )
    assert await _basics(stage, county) == (524, 42, 14)  # not before 提交
    await someone.play(("[提交]", "✓ 已收到"))
    assert await _basics(stage, county) == (531, 42, 14)
    assert (await report_of(stage, county, "drill")).students == 524
    await stage.tick(at("2026-12-18 09:00"))
    asked = [report for report in await stage.rows(Report) if report.unit_id == county.units["清河镇九年一贯制学校"]]
    assert {report.students for report in asked} == {524, 531}
    await someone.play(("待办", "在册数核对"), ("[3开始填报]", "在册:学生数531人,教职工数42人,教学班数14个"))


async def _basics(stage: Stage, county: County) -> tuple[int | None, ...]:
    [unit] = await stage.rows(Unit, Unit.id == county.units["清河镇九年一贯制学校"])
    return unit.students, unit.staff, unit.classes
