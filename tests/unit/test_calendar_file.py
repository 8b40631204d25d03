"""The bureau's own calendar: what may be written, and what is said of what may not."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.calendar import WorkCalendar
from domain.calendar_file import read, to_data
from domain.school import Term, weeks_of

FULL = {
    "years": [2027],
    "holidays": {"2027-02-05..2027-02-11": "春节", date(2027, 4, 5): "清明节"},
    "workdays": ["2027-01-31"],
    "terms": [
        {"name": "秋季", "from": date(2026, 9, 1), "to": "2027-01-22"},
        {"name": "春季", "from": "2027-02-25", "to": "2027-07-09", "weeks": {1: "2027-03-01", "6": "2027-04-12"}},
    ],
    "vacations": {"2027-01-23..2027-02-24": "寒假"},
    "events": {"开学": ["2027-02-25", "2026-09-01"], "期末考试": "2027-01-18"},
}


def test_everything_that_may_be_written() -> None:
    found = read(FULL)
    assert found.problems == []
    calendar = found.calendar
    assert calendar.why_off(date(2027, 2, 11)) == "春节"
    assert calendar.is_working_day(date(2027, 2, 12))
    assert calendar.is_working_day(date(2027, 1, 31))  # a Sunday that is worked
    assert not calendar.is_working_day(date(2027, 4, 5))
    assert not calendar.uncovered(2027)
    assert calendar.school.vacation(date(2027, 2, 1)) == "寒假"
    assert calendar.is_working_day(date(2027, 2, 1))  # schools rest, the bureau works
    assert calendar.school.events["开学"] == (date(2026, 9, 1), date(2027, 2, 25))


def test_it_may_be_written_in_chinese() -> None:
    chinese = {
        "全年": [2027], "放假": {"2027-02-06": "春节"}, "上班": ["2027-01-31"], "寒暑假": {"2027-01-23": "寒假"},
        "学期": [{"名称": "秋季", "起": "2026-09-01", "止": "2027-01-22", "教学周": {1: "2026-09-07"},
                  "放假周也算": True}],
        "事件": {"开学": "2026-09-01"},
    }  # fmt: skip
    found = read(chinese)
    assert found.problems == []
    assert found.calendar.school.terms == (
        Term("秋季", date(2026, 9, 1), date(2027, 1, 22), {1: date(2026, 9, 7)}, True),
    )
    assert found.calendar.why_off(date(2027, 2, 6)) == "春节"


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_file_is_an_empty_file(nothing: object) -> None:
    found = read(nothing)
    assert (found.calendar, found.problems) == (WorkCalendar(), [])


def test_what_is_stored_reads_the_same() -> None:
    once = read(FULL).calendar
    again = read(to_data(once))
    assert again.problems == []
    assert again.calendar == once
    assert again.calendar.override.holidays == once.override.holidays
    assert again.calendar.school.terms[1].weeks == once.school.terms[1].weeks


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "校历要写成几项"),
        ({"holiday": {}}, "「holiday」:没有这一项"),
        ({"holidays": ["2026-09-24"]}, "「holidays」:要写成“日期: 名称”"),
        ({"holidays": {"2026-13-01": "x"}}, "“2026-13-01”不是日期"),
        ({"holidays": {20260924: "x"}}, "“20260924”不是日期"),
        ({"holidays": {datetime(2026, 9, 24, tzinfo=UTC): "x"}}, "不是日期"),
        ({"holidays": {"2026-09-24": ""}}, "「holidays.2026-09-24」:要写名称"),
        ({"holidays": {"2026-09-24": None}}, "要写名称"),
        ({"holidays": {"2026-09-24..2026-09-20": "x"}}, "止日要在起日之后"),
        ({"workdays": "2026-09-26"}, "「workdays」:要写成列表"),
        ({"workdays": ["soon"]}, "「workdays[1]」:“soon”不是日期"),
        ({"years": 2027}, "「years」:要写成列表"),
        ({"years": ["2027"]}, "“2027”不是年份"),
        ({"holidays": {"2026-09-24": "x"}, "workdays": ["2026-09-24"]}, "「2026-09-24」同时写在放假和上班里"),
        ({"terms": {}}, "「terms」:要写成列表"),
        ({"terms": [5]}, "「terms[1]」:要写 name、from、to"),
        ({"terms": [{"from": "2026-09-01"}]}, "「terms[1].to」"),
        ({"terms": [{"from": "2026-09-01", "to": "2026-08-01"}]}, "止日要在起日之后"),
        ({"terms": [{"from": "2026-09-01", "to": "2027-01-22", "week": 1}]}, "「terms[1].week」:没有这一项"),
        ({"terms": [{"from": "2026-09-01", "to": "2027-01-22", "weeks": {0: "2026-09-07"}}]}, "第几周要写1到30"),
        ({"terms": [{"from": "2026-09-01", "to": "2027-01-22", "weeks": [1]}]}, "要写成“第几周: 那周的一天”"),
        ({"terms": [{"from": "2026-09-01", "to": "2027-01-22", "count_holiday_weeks": "no"}]}, "只能是 true 或 false"),
        ({"terms": [{"from": "2026-09-01", "to": "2027-01-22"}, {"from": "2027-01-20", "to": "2027-07-01"}]}, "重叠"),
        ({"events": ["开学"]}, "「events」:要写成"),
        ({"events": {"开学": "soon"}}, "「events.开学」:“soon”不是日期"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_is_kept(raw: object, said: str) -> None:
    found = read(raw | {"vacations": {"2027-01-23": "寒假"}} if isinstance(raw, dict) else raw)
    assert any(said in problem for problem in found.problems), found.problems
    assert not isinstance(raw, dict) or found.calendar.school.vacation(date(2027, 1, 23)) == "寒假"


def numbers(**more: object) -> dict[str, int]:
    [term] = read({"terms": [{"from": "2026-09-01", "to": "2026-11-06", **more}],
                   "holidays": {"2026-10-05..2026-10-09": "国庆节"}}).calendar.school.terms  # fmt: skip
    calendar = read({"holidays": {"2026-10-05..2026-10-09": "国庆节"}}).calendar
    return {week.monday.isoformat(): week.number for week in weeks_of(term, calendar.is_off)}


def test_a_week_that_is_off_is_not_counted() -> None:
    assert numbers()["2026-09-28"] == 5
    assert "2026-10-05" not in numbers()
    assert numbers()["2026-10-12"] == 6


def test_unless_the_file_says_so() -> None:
    assert numbers(count_holiday_weeks=True)["2026-10-12"] == 7
    assert numbers(weeks={1: "2026-09-07"})["2026-10-12"] == 5
    assert numbers(weeks={8: "2026-10-14"})["2026-10-12"] == 8


def test_which_teaching_week_a_day_lies_in() -> None:
    calendar = read(FULL).calendar
    week = calendar.teaching_week(date(2026, 10, 9))
    assert week is not None
    assert (week.number, week.chinese) == (6, "第6教学周")
    assert calendar.teaching_week(date(2027, 2, 1)) is None


def test_between_two_terms_schools_rest() -> None:
    calendar = read({"terms": FULL["terms"]}).calendar
    assert calendar.school.vacation(date(2027, 2, 1)) == "寒假"
    assert calendar.school.vacation(date(2027, 3, 1)) is None
    assert calendar.school.vacation(date(2027, 8, 1)) is None  # nobody has said when school begins again
