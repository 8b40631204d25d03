"""校历 in the chat: the bureau looks, the office sets days, and what is planned follows at once."""

from __future__ import annotations

from datetime import date

import pytest

from db.tables import Bureau, CalendarChange, Round
from jobs.sweeps import tick
from services.calendars import calendar_of
from tests.bot.conftest import Talk
from tests.cast import CHIEF, CLERK, DIRECTOR, OTHER_PRINCIPAL, PRINCIPAL, County, at
from tests.stage import Stage


async def bureau_of(stage: Stage, county: County) -> Bureau:
    [found] = await stage.rows(Bureau, Bureau.id == county.bureau_id)
    return found


async def test_the_office_sets_days(stage: Stage, county: County, talk: Talk) -> None:
    clerk = await talk(CLERK)
    await clerk.play(
        ("校历", ("【校历】11月16日至12月13日", "11月16日起一周:照常")),
        ("校历 12月2日 休 暴雪", ("已记入校历:12月2日(星期三) 放假(暴雪)", "校历 12月2日 恢复")),
        ("校历 12月5日 上班", "已记入校历:12月5日(星期六) 上班"),
        ("校历", ("12月2日暴雪", "12月5日(星期六)上班")),
        ("校历 2月30日 休", "没有2月30日这一天"),
        ("校历 12月2日 恢复", "恢复:按国家公布的放假安排"),
        ("校历", ("!暴雪", "12月5日(星期六)上班")),
    )
    calendar = calendar_of(await bureau_of(stage, county))
    assert calendar.is_working_day(date(2026, 12, 5))


async def test_who_changed_it_and_what_is_kept(stage: Stage, county: County, talk: Talk) -> None:
    clerk = await talk(CLERK)
    await clerk.play(
        ("校历", "【校历】"),
        ("校历 12月2日 休 暴雪", "已记入校历"),
        ("校历 12月2日 恢复", "恢复"),
        ("校历 12月2日 恢复", "恢复"),
    )
    changes = await stage.rows(CalendarChange)
    assert [one.changes for one in changes] == [["新增 放假 12月2日暴雪"], ["删去 放假 12月2日暴雪"]]
    assert {one.person_id for one in changes} == {county.people["李敏"]}
    assert all(one.at == stage.clock.now() for one in changes)


async def test_what_is_planned_follows_at_once(stage: Stage, county: County, talk: Talk) -> None:
    clerk = await talk(CLERK)
    await clerk.play(("校历 12月25日 休 暴雪", "已记入校历"))
    stage.clock.jump_to(at("2026-12-17 09:00"))
    await stage.settled()
    stage.workplace._bureau = None  # it is looked at again after some seconds of real time
    await tick(stage.workplace)
    rounds = await stage.rows(Round, Round.occurrence == "2026-12")
    assert {row.due_at for row in rounds} == {at("2026-12-24 17:00")}
    assert {row.moved_because for row in rounds} == {"25日暴雪放假,提前一天"}


@pytest.mark.parametrize("who", [CHIEF, DIRECTOR])
async def test_others_of_the_bureau_only_look(stage: Stage, county: County, talk: Talk, who: int) -> None:
    one = await talk(who)
    await one.play(("校历", "【校历】"), ("校历 12月2日 休 暴雪", "校历由领导小组办公室改"))
    assert (await bureau_of(stage, county)).calendar == {}


async def test_a_principal_has_no_calendar(stage: Stage, county: County, talk: Talk) -> None:
    wang = await talk(PRINCIPAL)
    await wang.play(("校历 12月2日 休 暴雪", "!已记入校历"), ("校历", "!【校历】"))
    stranger = await talk(OTHER_PRINCIPAL)
    await stranger.play(("校历 12月2日 休 暴雪", "!已记入校历"))
    assert (await bureau_of(stage, county)).calendar == {}
