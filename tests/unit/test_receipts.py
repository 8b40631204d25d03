"""What a receipt says is read back to the last value, and no other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import Indicator, Kind, Nature, Ratio, Value
from domain.receipts import Signed, carried, content_of, shown_in, values_in
from tests.cast import DRILL, ZONE, at

KEY = "ab" * 32
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(";=|%\n校验码"), min_size=1)
QUESTIONS = (
    Indicator("done", "开展", Kind.BOOL, Nature.FLOW, yes="已开展", no="未开展"),
    Indicator("many", "人数", Kind.INT, Nature.FLOW),
    Indicator("more", "人数", Kind.INT, Nature.FLOW, required=False),
    Indicator("share", "比例", Kind.PERCENT, Nature.FLOW, scale=1),
    Indicator("part", "完成", Kind.RATIO, Nature.FLOW),
    Indicator("day", "日期=", Kind.DATE, Nature.FLOW),
    Indicator("why", "原因;说明", Kind.TEXT, Nature.FLOW),
    Indicator("which", "哪些", Kind.CHOICES, Nature.FLOW),
    Indicator("photo", "照片", Kind.PHOTO, Nature.FLOW),
)
ANSWERS: dict[str, st.SearchStrategy[Value]] = {
    "done": st.booleans(),
    "many": st.integers(0, 10**9),
    "share": st.decimals(0, 100, places=1),
    "part": st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: Ratio(*pair)),
    "day": st.dates(),
    "why": WORDS.map(str.strip).filter(bool),
    "which": st.lists(WORDS, min_size=1).map(tuple),
    "photo": st.just(("AQAD",)),
}


@given(
    st.fixed_dictionaries({"many": ANSWERS["many"]}, optional={key: ANSWERS[key] for key in ANSWERS if key != "many"})
)
def test_every_value_comes_back(values: dict[str, Value]) -> None:
    kept = carried(QUESTIONS, values)
    content = content_of(QUESTIONS, kept)
    assert "\n" not in content
    assert values_in(content, QUESTIONS, boarding=False) == kept
    assert "photo" not in kept


ROWS = (
    Indicator(
        "drill", "演练", Kind.ROWS, Nature.FLOW,
        columns=(
            Indicator("day", "日期", Kind.DATE, Nature.FLOW),
            Indicator("people", "人数", Kind.INT, Nature.FLOW),
        ),
    ),
)  # fmt: skip


def test_rows_come_back_too() -> None:
    values: dict[str, Value] = {
        "drill.1.day": date(2026, 11, 3), "drill.1.people": 520, "drill.1.more": True,
        "drill.2.day": date(2026, 11, 17), "drill.2.people": 518, "drill.2.more": False,
    }  # fmt: skip
    from domain import groups

    content = content_of(groups.expand(ROWS, values, boarding=False), values)
    assert content.startswith("1.日期=2026-11-03;1.人数=520;")
    assert values_in(content, ROWS, boarding=False) == values


@pytest.mark.parametrize("content", ["学生", "不问=1", "学生=", "学生=x", "演练=也许", "隐患=3", "日期=昨天"])
def test_what_nothing_asks_for(content: str) -> None:
    with pytest.raises(ValueError):
        values_in(content, DRILL, boarding=False)


def signed(**other: object) -> Signed:
    usual = {
        "unit": "X01", "task": "drill", "period_to": date(2026, 11, 25), "number": "1120-0001",
        "received_at": at("2026-11-20 10:32"), "version": 1, "values": {"a": 1, "b": Decimal("1.0")},
    }  # fmt: skip
    return Signed(**{**usual, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"unit": "X02"}, {"task": "bbt"}, {"period_to": date(2026, 10, 25)}, {"number": "1120-0002"}, {"version": 2},
        {"received_at": at("2026-11-20 10:33")}, {"values": {"a": 2, "b": Decimal("1.0")}}, {"values": {"a": 1}},
    ],
)  # fmt: skip
def test_everything_is_signed(other: dict[str, object]) -> None:
    code = signed().code(KEY)
    assert len(code) == 9
    assert signed().is_vouched_for(code, KEY)
    assert not signed(**other).is_vouched_for(code, KEY)
    assert not signed().is_vouched_for(code, "cd" * 32)


def test_the_year_is_that_of_the_round() -> None:
    text = "✓ 已收到:西岭中学 12月演练\n1月2日(星期六)10:32,按时。回执号 0102-0001\n内容:学生=1\n校验码 ABCD-EFGH"
    shown = shown_in(text)
    assert shown is not None
    assert shown.received_at(at("2026-12-20 08:30"), ZONE) == at("2027-01-02 10:32")
    assert shown_in(text.replace("1月2日", "2月30日")) is None
    assert shown_in(text.replace("10:32", "25:32")) is None
