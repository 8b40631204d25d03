from datetime import date, datetime
from decimal import Decimal

import pytest

from domain.indicators import Kind, Question, Ratio
from domain.understanding import Intent, Why, understand

NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
PEOPLE = Question("drill_students", "参演学生人数", Kind.INT, "人", minimum=Decimal(0), maximum=Decimal(5000))
DONE = Question("drill_done", "本月是否已开展应急疏散演练", Kind.BOOL)
DAY = Question("drill_date", "演练日期", Kind.DATE, latest=NOW.date())
BBT = Question("bbt", "“班班通”已建班级数/教学班总数", Kind.RATIO, "个")
TYPE = Question("drill_type", "演练类型", Kind.CHOICE, choices=("地震", "火灾", "防踩踏"))


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        (PEOPLE, "520", 520),
        (PEOPLE, "５２０人", 520),
        (PEOPLE, "1,200", 1200),
        (PEOPLE, "五百二十", 520),
        (DONE, "是", True),
        (DONE, "没有", False),
        (DAY, "11月20日", date(2026, 11, 20)),
        (DAY, "11-20", date(2026, 11, 20)),
        (DAY, "2026-11-20", date(2026, 11, 20)),
        (DAY, "昨天", date(2026, 11, 22)),
        (DAY, "20日", date(2026, 11, 20)),
        (BBT, "30/36", Ratio(30, 36)),
        (TYPE, "火灾", "火灾"),
    ],
)
def test_a_plain_value_is_read(question: Question, text: str, value: object) -> None:
    understood = understand(text, [question], now=NOW)
    assert understood.intent is Intent.ANSWER
    assert understood.values == {question.key: value}


@pytest.mark.parametrize(
    ("question", "text", "why"),
    [
        (PEOPLE, "很多", Why.NOT_A_NUMBER),
        (PEOPLE, "9999", Why.OUT_OF_RANGE),
        (BBT, "37/36", Why.DONE_OVER_TOTAL),
        (DAY, "明天", Why.FUTURE),
    ],
)
def test_an_unusable_value_is_asked_about(question: Question, text: str, why: Why) -> None:
    understood = understand(text, [question], now=NOW)
    assert not understood.readings
    assert [d.why for d in understood.doubts] == [why]


def test_a_bare_number_is_a_position_only_of_the_choice_just_asked() -> None:
    assert understand("2", [TYPE], now=NOW, focus="drill_type").values == {"drill_type": "火灾"}
    assert not understand("2", [TYPE], now=NOW).readings


@pytest.mark.parametrize("text", ["对", "是", "好", "好的", "可以", "没错", "提交", "嗯", "OK", "👍"])
def test_a_word_of_assent_confirms_an_open_read_back_only(text: str) -> None:
    assert understand(text, [PEOPLE], now=NOW, read_back_open=True).intent is Intent.CONFIRM
    assert understand(text, [PEOPLE], now=NOW).intent is not Intent.CONFIRM


def test_a_bare_number_belongs_to_the_focus_and_is_never_guessed_without_one() -> None:
    staff = Question("drill_staff", "参演教职工人数", Kind.INT, "人", minimum=Decimal(0), maximum=Decimal(500))
    assert understand("19", [PEOPLE, staff], now=NOW, focus="drill_staff").values == {"drill_staff": 19}
    assert not understand("19", [PEOPLE, staff], now=NOW).readings


def test_a_bare_word_answers_the_question_just_asked_and_no_other() -> None:
    understood = understand("没有", [DONE, PEOPLE], now=NOW, focus="drill_students")
    assert understood.values == {"drill_students": 0}
    assert understand("没有", [DONE, PEOPLE], now=NOW, focus="drill_done").values == {"drill_done": False}


def test_a_position_taken_leaves_no_doubt_about_other_questions() -> None:
    assert understand("2", [PEOPLE, TYPE], now=NOW, focus="drill_type").doubts == ()


def test_a_correction_is_understood_while_a_read_back_is_open() -> None:
    understood = understand("不对，530", [PEOPLE], now=NOW, read_back_open=True)
    assert understood.intent is Intent.CORRECTION
    assert understood.values == {"drill_students": 530}


def test_a_reading_says_when_its_value_does_not_stand_there() -> None:
    (about,) = understand("大概520人", [PEOPLE], now=NOW).readings
    assert about.approximate
    assert about.changed
    assert about.words == "520人"
    (day,) = understand("昨天", [DAY], now=NOW).readings
    assert day.changed
