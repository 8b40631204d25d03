"""In a report that is late, 本月 is the month of the period."""

from __future__ import annotations

from datetime import date

import pytest

from domain.understanding.period import of_period

DECEMBER, JANUARY = date(2026, 12, 31), date(2027, 1, 6)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("本月5日演练了", "12月5日演练了"),
        ("这个月十八号搞的", "12月十八号搞的"),
        ("当月底演练", "12月底演练"),
        ("本月没有开展", "本月没有开展"),
        ("12月没有开展", "本月没有开展"),
        ("十二月份没搞", "本月没搞"),
        ("12月5日演练了", "12月5日演练了"),
        ("1月4日补的", "1月4日补的"),
        ("11月没有", "11月没有"),
        ("12月底演练", "12月底演练"),
        ("2026年12月5日演练了", "2026年12月5日演练了"),
        ("去年12月5日演练了", "去年12月5日演练了"),
    ],
)
def test_said_when_the_month_is_over(said: str, meant: str) -> None:
    assert of_period(said, DECEMBER, JANUARY) == meant


def test_within_the_month_nothing_changes() -> None:
    for today in (date(2026, 12, 5), DECEMBER):
        assert of_period("本月5日演练,12月没有", DECEMBER, today) == "本月5日演练,12月没有"


def test_a_report_of_the_month_before() -> None:
    assert of_period("本月5日演练,11月没有", date(2026, 11, 30), date(2026, 12, 3)) == "11月5日演练,本月没有"
