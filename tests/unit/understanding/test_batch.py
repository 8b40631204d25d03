import json
from decimal import Decimal

from domain.indicators import Kind, Ratio
from domain.understanding.batch import NOW, plain, question, run
from domain.understanding.explain import explain
from domain.understanding.score import score
from tests.unit.understanding.conftest import ask, corpus

BBT = {"key": "bbt", "label": "“班班通”已建班级数/教学班总数", "type": "ratio", "unit": "个", "max": 24}
DAY = {"key": "d", "label": "演练日期", "type": "date", "unit": None, "max": "2027-01-10"}


def test_a_line_in_gives_a_line_out() -> None:
    (line,) = run([json.dumps({"id": "x", "context": [BBT], "text": "就剩两个班没装"}), "", "  "])
    assert json.loads(line) == {"id": "x", "intent": "answer", "values": {"bbt": {"done": 22, "total": 24}}}


def test_a_line_may_name_its_day() -> None:
    item = {"id": 1, "context": [DAY], "text": "12月20日", "now": "2027-01-10T09:00:00+08:00"}
    assert json.loads(next(run([json.dumps(item)])))["values"] == {"d": "2026-12-20"}


def test_intents_the_file_does_not_know_are_unclear() -> None:
    for text in ("收到", "晚点报", "有学生溺水了", "👍"):
        assert json.loads(next(run([json.dumps({"id": 1, "context": [BBT], "text": text})])))["intent"] == "unclear"


def test_last_time_is_repeated_only_where_the_line_carries_it() -> None:
    item = {"id": 1, "context": [{**BBT, "previous": {"done": 20, "total": 24}}], "text": "和上次一样"}
    assert json.loads(next(run([json.dumps(item)])))["values"] == {"bbt": {"done": 20, "total": 24}}
    assert json.loads(next(run([json.dumps({**item, "context": [BBT]})])))["values"] == {}


def test_values_as_json_has_them() -> None:
    assert plain(True) is True
    assert plain(Ratio(1, 2)) == {"done": 1, "total": 2}
    assert plain(Decimal("66.7")) == 66.7
    assert isinstance(plain(Decimal("85")), int)


def test_a_ratio_takes_its_limit_for_the_registered_total_and_a_count_does_not() -> None:
    assert question(BBT).total == 24
    count = question({"key": "n", "label": "人数", "type": "int", "unit": "人", "min": 0, "max": 500})
    assert count.kind is Kind.INT
    assert (count.total, count.maximum) == (None, Decimal(500))


def test_the_score_tells_wrong_from_needless() -> None:
    item = {"id": 1, "context": [BBT], "text": "30/36", "expected_intent": "answer"}
    lines = [
        json.dumps({**item, "expected": {"bbt": {"done": 30, "total": 36}}}),
        json.dumps({**item, "expected": {"bbt": {"done": 31, "total": 36}}}),
        json.dumps({**item, "text": "很多", "expected": {"bbt": {"done": 30, "total": 36}}}),
        json.dumps({**item, "text": "很多", "expected": None, "expected_intent": "unclear"}),
    ]
    whole = score(lines).whole
    assert (whole.replies, whole.right, whole.wrong, whole.needless) == (4, 2, 1, 1)
    assert "in all" in score(lines).table()


def test_an_explanation_names_words_value_and_owner() -> None:
    lines = explain("36个班已装30个", ask("bbt"), now=NOW)
    assert lines[0] == "原话：36个班已装30个"
    assert any("30个 = 30（完成数）" in line for line in lines)
    assert any(line.startswith("结果：") and "30/36" in line for line in lines)


def test_every_reply_of_the_corpus_can_be_explained() -> None:
    for item in corpus()[::9]:
        assert explain(item["text"], [question(entry) for entry in item["context"]], now=NOW)
