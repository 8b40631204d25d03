"""What the office may write to set days of the calendar, and how the coming weeks read."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import WorkCalendar
from domain.calendar_words import (
    Order,
    Set,
    Unclear,
    carried_out,
    contents,
    differences,
    done,
    order,
    warnings,
    weeks_ahead,
)
from services.calendars import read_calendar

TODAY = date(2026, 11, 23)
SAMPLE = Path(__file__).parents[2] / "samples" / "calendar.yaml"


@pytest.mark.parametrize(
    ("words", "first", "last", "what", "name"),
    [
        ("校历 2月6日 休 寒假", "2027-02-06", "2027-02-06", Set.REST, "寒假"),
        ("校历 2月6日 休 春节", "2027-02-06", "2027-02-06", Set.REST, "春节"),
        ("校历 2月6号 放假", "2027-02-06", "2027-02-06", Set.REST, "放假"),
        ("校历:1月31日 上班", "2027-01-31", "2027-01-31", Set.WORK, ""),
        ("校历 2027年1月31日上班", "2027-01-31", "2027-01-31", Set.WORK, ""),
        ("校历 1月23日至2月24日 寒假", "2027-01-23", "2027-02-24", Set.VACATION, "寒假"),
        ("校历 12月30日-1月3日 休 元旦", "2026-12-30", "2027-01-03", Set.REST, "元旦"),
        ("校历 2月5日到11日 休 春节", "2027-02-05", "2027-02-11", Set.REST, "春节"),
        ("校历 11月20日 休 停电", "2026-11-20", "2026-11-20", Set.REST, "停电"),  # a few days ago
        ("校历 2月6日 恢复", "2027-02-06", "2027-02-06", Set.CLEAR, ""),
    ],
)
def test_what_the_office_writes(words: str, first: str, last: str, what: Set, name: str) -> None:
    said = order(words, TODAY)
    assert said is not None
    assert (said.days[0].isoformat(), said.days[-1].isoformat()) == (first, last)
    assert (said.what, said.name) == (what, name)
    assert len(said.days) == (said.days[-1] - said.days[0]).days + 1


@pytest.mark.parametrize("words", ["校历", " 校历。", "校历?"])
def test_the_bare_word_asks_to_see_it(words: str) -> None:
    assert order(words, TODAY) is None


@pytest.mark.parametrize(
    "words",
    ["校历 休", "校历 2月6日", "校历 2月30日 休 春节", "校历 13月1日 休", "校历 2月6日 开会", "校历 6日 休 春节",
     "校历 2月24日至2027年1月23日 寒假", "校历 1月1日至12月31日 休 全年", "校历是什么"],
)  # fmt: skip
def test_what_cannot_be_meant_is_answered_with_how_to_write_it(words: str) -> None:
    with pytest.raises(Unclear, match="请照这样写"):
        order(words, TODAY)


@given(st.text(max_size=40))
def test_nothing_anybody_types_breaks_it(words: str) -> None:
    with suppress(Unclear):
        said = order("校历 " + words, TODAY)
        assert said is None or said.days


def after(calendar: WorkCalendar, *orders: str) -> WorkCalendar:
    for words in orders:
        said = order(words, TODAY)
        assert isinstance(said, Order)
        calendar = carried_out(calendar, said)
    return calendar


def test_days_become_what_was_ordered() -> None:
    there = after(WorkCalendar(), "校历 2月8日 休 春节", "校历 1月31日 上班", "校历 1月25日至2月24日 寒假")
    assert there.why_off(date(2027, 2, 8)) == "春节"
    assert there.is_working_day(date(2027, 1, 31))
    assert there.school.vacation(date(2027, 2, 1)) == "寒假"
    assert there.is_working_day(date(2027, 2, 1))  # the bureau works
    both = after(there, "校历 2月9日 休 寒假")
    assert (both.why_off(date(2027, 2, 9)), both.school.vacation(date(2027, 2, 9))) == ("寒假", "寒假")
    turned = after(both, "校历 2月8日 上班", "校历 1月31日 休 雪灾")
    assert turned.is_working_day(date(2027, 2, 8))
    assert turned.why_off(date(2027, 1, 31)) == "雪灾"
    assert after(turned, "校历 1月20日至2月28日 恢复") == WorkCalendar()


def test_it_is_read_back_with_how_to_undo_it() -> None:
    said = order("校历 2月6日 休 春节", TODAY)
    assert said is not None
    assert done(said) == (
        "已记入校历:2月6日(星期六) 放假(春节):这些天不发提醒,截止日避开。已发出的报告期不变,还没发出的按新的算。"
        "写错了就发“校历 2月6日 恢复”。"
    )


def test_the_coming_weeks() -> None:
    found = read_calendar(SAMPLE)
    assert found.problems == ()
    assert weeks_ahead(found.calendar, date(2027, 1, 20)) == [
        "【校历】1月18日至2月14日",
        "1月18日起一周:第21教学周、1月23日至1月24日寒假、1月18日期末考试",
        "1月25日起一周:1月30日(星期六)上班、1月25日至1月31日寒假",
        "2月1日起一周:2月5日至2月7日春节、2月1日至2月7日寒假",
        "2月8日起一周:2月8日至2月12日春节、2月8日至2月14日寒假",
    ]


def test_a_year_that_is_not_covered_is_warned_of() -> None:
    said = "2027年的放假和调休还没有,暂按周末和固定节日推算,请补校历"
    assert warnings(WorkCalendar(), [2026, 2027]) == [said]
    assert warnings(read_calendar(SAMPLE).calendar, [2026, 2027]) == []
    assert weeks_ahead(WorkCalendar(), date(2026, 12, 10))[-1] == f"注意:{said}"
    assert not any("注意" in line for line in weeks_ahead(WorkCalendar(), date(2026, 9, 1)))


def test_what_an_import_would_change() -> None:
    sample = read_calendar(SAMPLE).calendar
    assert differences(sample, sample) == []
    assert "新增 放假 2月5日至2月12日春节" in differences(WorkCalendar(), sample)
    assert "删去 上班 1月30日(星期六)" in differences(sample, after(sample, "校历 1月30日 休 雪灾"))
    assert contents(WorkCalendar()) == []
