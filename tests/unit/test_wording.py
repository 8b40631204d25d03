"""Days, numbers and answers as the model texts write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from domain import wording
from domain.calendar import OfficeHours, WorkCalendar
from domain.indicators import Indicator, Kind, Nature, Ratio, Value
from domain.rounds import Frequency, Month, Schedule, Shift, plan

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(SHANGHAI, WorkCalendar())
DUE = datetime(2026, 9, 24, 9, tzinfo=UTC)


def indicator(kind: Kind, unit: str = "", scale: int = 0) -> Indicator:
    return Indicator("k", "k", kind, Nature.FLOW, unit, scale)


def test_days_and_moments() -> None:
    assert wording.day(date(2026, 9, 24)) == "9月24日(星期四)"
    assert wording.day(date(2026, 9, 27)) == "9月27日(星期日)"
    assert wording.moment(DUE, SHANGHAI) == "9月24日(星期四)17:00"
    assert wording.short_moment(DUE, SHANGHAI) == "9月24日17:00"
    assert wording.clock(datetime(2026, 9, 24, 16, 5, tzinfo=UTC), SHANGHAI) == "00:05"
    assert wording.moment(datetime(2026, 9, 24, 16, 5, tzinfo=UTC), SHANGHAI) == "9月25日(星期五)00:05"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        wording.moment(datetime.fromisoformat("2026-09-24T17:00"), SHANGHAI)


@pytest.mark.parametrize(
    ("now", "text"),
    [
        ("2026-09-24T00:00", "今天17:00"),
        ("2026-09-23T23:59", "明天(9月24日,星期四)17:00"),
        ("2026-09-22T23:59", "9月24日(星期四)17:00"),
        ("2026-09-25T00:00", "9月24日(星期四)17:00"),
    ],
)
def test_near_moments(now: str, text: str) -> None:
    assert wording.near_moment(DUE, datetime.fromisoformat(now).replace(tzinfo=SHANGHAI), SHANGHAI) == text


def test_spans() -> None:
    assert wording.span(date(2026, 8, 26), date(2026, 9, 24)) == "8月26日至9月24日"
    assert wording.span(date(2026, 12, 26), date(2027, 1, 25)) == "2026年12月26日至2027年1月25日"


@pytest.mark.parametrize(
    ("month", "day", "shift", "reason"),
    [
        (9, 25, Shift.EARLIER, "25日中秋放假,提前一天"),
        (9, 25, Shift.LATER, "25日中秋放假,顺延三天"),
        (10, 25, Shift.EARLIER, "25日是星期日,提前两天"),
        (8, 25, Shift.EARLIER, ""),
    ],
)
def test_why_a_deadline_moved(month: int, day: int, shift: Shift, reason: str) -> None:
    found = plan(Schedule(Frequency.MONTHLY, day=day, shift=shift), Month(2026, month), HOURS)
    assert wording.moved_reason(found) == reason
    assert wording.moved(found) == (f",{reason}" if reason else "")


@pytest.mark.parametrize(
    ("number", "scale", "text"),
    [
        (Decimal("85.10"), 2, "85.1"),
        (Decimal("120"), 0, "120"),
        (Decimal("1E+2"), None, "100"),
        (Decimal("0.005"), 2, "0.01"),
        (Decimal("-0.001"), 2, "0"),
        (Decimal("2.50"), None, "2.5"),
        (37412, 0, "37412"),
        (1000, None, "1000"),
    ],
)
def test_amounts(number: Decimal | int, scale: int | None, text: str) -> None:
    assert wording.amount(number, scale) == text


@pytest.mark.parametrize(
    ("asked", "answer", "text"),
    [
        (indicator(Kind.INT, "人"), 520, "520人"),
        (indicator(Kind.RATIO, "个"), Ratio(10, 14), "10/14个"),
        (indicator(Kind.PERCENT, "%", 1), Decimal("85.1"), "85.1%"),
        (indicator(Kind.NUMBER, "秒"), Decimal("110"), "110秒"),
        (indicator(Kind.NUMBER, "万元", 2), Decimal("2.50"), "2.5万元"),
        (indicator(Kind.DATE), date(2026, 9, 9), "9月9日(星期三)"),
        (indicator(Kind.CHOICE), "地震", "地震"),
        (indicator(Kind.CHOICES), ("地震", "火灾"), "地震、火灾"),
        (indicator(Kind.TEXT), "楼道窄", "楼道窄"),
        (indicator(Kind.BOOL), True, "是"),
        (indicator(Kind.BOOL), False, "否"),
    ],
)
def test_values(asked: Indicator, answer: Value, text: str) -> None:
    assert wording.value(asked, answer) == text


def test_a_call_may_bring_its_own_yes_and_no() -> None:
    assert wording.value(indicator(Kind.BOOL), False, ("已开展", "未开展")) == "未开展"


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "—"),
        (Fraction(1043, 1180), "88.4%"),
        (Fraction(1286, 1512), "85.1%"),
        (Fraction(197, 214), "92.1%"),
        (Fraction(1, 2000), "0.1%"),
        (Fraction(1, 2), "50.0%"),
        (Fraction(1), "100%"),
        (Fraction(0), "0%"),
    ],
)
def test_percentages(rate: Fraction | None, text: str) -> None:
    assert wording.percent(rate) == text


def test_numerals() -> None:
    found = [wording.numerals(n) for n in (0, 1, 9, 10, 12, 20, 35, 99, 100)]
    assert found == ["零", "一", "九", "十", "十二", "二十", "三十五", "九十九", "100"]


def test_short_labels() -> None:
    assert wording.short_label("2026年9月") == "9月"
    assert wording.short_label("2026年第三季度") == "第三季度"
    assert wording.short_label("开学检查") == "开学检查"
