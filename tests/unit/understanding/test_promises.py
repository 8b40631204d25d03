"""A promise understood with an instant. The day is Wednesday 18 November 2026."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import OfficeHours, WorkCalendar
from domain.understanding.promises import promised
from domain.understanding.result import Intent
from tests.unit.understanding.conftest import Reader

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(ZONE, WorkCalendar())


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "words", "until"),
    [
        ("11-18 10:00", "稍后", "11-18 12:00"),
        ("11-18 10:00", "晚点报", "11-18 12:00"),
        ("11-18 10:00", "等会儿再报", "11-18 12:00"),
        ("11-18 10:00", "还在统计,统计好再报", "11-18 12:00"),
        ("11-18 16:30", "稍后报", "11-19 09:30"),
        ("11-18 20:00", "晚点填", "11-19 10:30"),
        ("11-20 17:00", "待会报", "11-23 10:00"),
        ("11-18 10:00", "下午报", "11-18 15:00"),
        ("11-18 15:30", "下午报", "11-18 17:30"),
        ("11-18 10:00", "今晚报", "11-19 08:30"),
        ("11-20 10:00", "晚上再报", "11-23 08:30"),
        ("11-18 10:00", "明早报", "11-19 08:30"),
        ("11-18 10:00", "明天上午再给您报", "11-19 08:30"),
        ("11-18 10:00", "明天下午报", "11-19 15:00"),
        ("11-20 10:00", "明天报", "11-23 08:30"),
        ("11-18 10:00", "后天报", "11-20 08:30"),
        ("11-18 10:00", "周五报", "11-20 08:30"),
        ("11-18 10:00", "下周一再报", "11-23 08:30"),
        ("11-18 10:00", "下周报", "11-23 08:30"),
        ("11-18 10:00", "过两天再报", "11-20 08:30"),
        ("11-18 10:00", "过几天报", "11-20 08:30"),
        ("11-18 10:00", "23号再报", "11-23 08:30"),
        ("11-18 10:00", "我问一下会计再回", "11-18 12:00"),
    ],
)
def test_until_when(now: str, words: str, until: str) -> None:
    found = promised(words, at(now), HOURS)
    assert found is not None
    assert found.astimezone(ZONE) == at(until)


@pytest.mark.parametrize(
    "words", ["520人", "好的", "收到", "已完成", "怎么填?", "没有", "昨天下午搞的", "有学生溺水了", "老师38人"]
)
def test_no_promise(words: str) -> None:
    assert promised(words, at("11-18 10:00"), HOURS) is None


@pytest.mark.parametrize("words", ["明天报", "明早报", "下午报", "好的,周五再报", "25号报", "晚点填", "后天上午报您"])
@pytest.mark.parametrize("focus", [None, "drill_done", "next_drill"])
def test_the_day_of_a_promise_answers_nothing(read: Reader, words: str, focus: str | None) -> None:
    understood = read(words, "drill_done", "drill_date", "next_drill", focus=focus)
    assert (understood.intent, understood.values) == (Intent.LATER, {})
