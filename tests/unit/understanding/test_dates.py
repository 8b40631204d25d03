from datetime import date, datetime

import pytest

from domain.indicators import Kind, Question
from domain.understanding import dates, understand
from domain.understanding.result import Why

TODAY = date(2026, 11, 23)
PAST = Question("a", "演练日期", Kind.DATE, latest=TODAY)
AHEAD = Question("b", "下次演练计划日期", Kind.DATE, earliest=TODAY)


def resolved(words: str, question: Question, today: date = TODAY) -> date | Why:
    found = dates.find(words, today, weak=True)
    assert len(found) == 1
    return dates.resolve(found[0], question, today)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("上周五", "2026-11-20"),
        ("周五", "2026-11-20"),
        ("周一", "2026-11-23"),
        ("上上周三", "2026-11-11"),
        ("昨天", "2026-11-22"),
        ("大前天", "2026-11-20"),
        ("二十号", "2026-11-20"),
        ("28号", "2026-10-28"),
        ("九月十五", "2026-09-15"),
        ("11.20", "2026-11-20"),
        ("上个月28号", "2026-10-28"),
        ("上月底", "2026-10-31"),
        ("教师节", "2026-09-10"),
        ("3天前", "2026-11-20"),
        ("20261120", "2026-11-20"),
        ("二〇二六年十一月六日", "2026-11-06"),
        ("20号左右", "2026-11-20"),
    ],
)
def test_a_past_question_looks_back(words: str, day: str) -> None:
    assert resolved(words, PAST) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("下周三前", "2026-12-02"),
        ("周三", "2026-11-25"),
        ("月底", "2026-11-30"),
        ("年底前", "2026-12-31"),
        ("后天", "2026-11-25"),
        ("元月十五号之前", "2027-01-15"),
        ("下个月5号", "2026-12-05"),
        ("明年3月底", "2027-03-31"),
        ("5号", "2026-12-05"),
        ("元旦前", "2027-01-01"),
        ("下下周一", "2026-12-07"),
    ],
)
def test_a_question_of_what_is_to_come_looks_ahead(words: str, day: str) -> None:
    assert resolved(words, AHEAD) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "words", ["前几天", "上周", "11月", "中旬", "寒假", "春节前", "国庆前后", "每周五", "上半年", "月初", "这两天"]
)
def test_what_names_no_one_day_is_vague(words: str) -> None:
    assert resolved(words, AHEAD) is Why.VAGUE_DATE
    assert resolved(words, PAST) is Why.VAGUE_DATE


@pytest.mark.parametrize(
    ("words", "question", "why"),
    [
        ("明天", PAST, Why.FUTURE),
        ("12月5日", PAST, Why.FUTURE),
        ("本周三", PAST, Why.FUTURE),
        ("昨天", AHEAD, Why.PAST),
        ("2月30日", PAST, Why.NO_SUCH_DATE),
        ("下周三前", PAST, Why.VAGUE_DATE),
        ("11月20日", AHEAD, Why.PAST),
    ],
)
def test_an_impossible_day_has_its_reason(words: str, question: Question, why: Why) -> None:
    assert resolved(words, question) is why


def test_the_year_turns_with_the_question() -> None:
    january = date(2027, 1, 10)
    assert resolved("12月20日", Question("a", "演练日期", Kind.DATE, latest=january), january) == date(2026, 12, 20)


@pytest.mark.parametrize("words", ["一周三次", "20号人", "11月20人", "教学班", "日常", "每日", "八一小学"])
def test_other_words_name_no_day(words: str) -> None:
    assert not [when for when in dates.find(words, TODAY, weak=True) if not when.vague]


LATE = datetime.fromisoformat("2026-12-02T09:00:00+08:00")
NOVEMBER = Question(
    "drill_date",
    "演练日期",
    Kind.DATE,
    earliest=date(2026, 11, 1),
    latest=date(2026, 11, 30),
    period_to=date(2026, 11, 30),
)


@pytest.mark.parametrize(
    ("says", "means"),
    [
        ("本月20号", date(2026, 11, 20)),
        ("这个月1号", date(2026, 11, 1)),
        ("2号", date(2026, 11, 2)),
        ("月底", date(2026, 11, 30)),
        ("11月13日", date(2026, 11, 13)),
        ("上周五", date(2026, 11, 27)),
        ("今天", None),
    ],
)
def test_in_a_late_report_this_month_is_the_period_s(says: str, means: date | None) -> None:
    assert understand(says, [NOVEMBER], now=LATE).values.get("drill_date") == means


@pytest.mark.parametrize(
    ("says", "means"), [("11月学了3次", 3), ("本月3次", 3), ("12月3次", None), ("10月学了3次", None)]
)
def test_so_are_counts_of_the_month_named(says: str, means: int | None) -> None:
    asked = Question("study_times", "本期集中学习讨论场次", Kind.INT, "场", period_to=date(2026, 11, 30))
    assert understand(says, [asked], now=LATE).values.get("study_times") == means
