"""`duban understand`: a file in and a file out, a score, one sentence explained."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.errors import Mendable
from cli.understand import understand
from tests.unit.understanding.conftest import CORPUS

BBT = {"key": "bbt", "label": "“班班通”已建班级数/教学班总数", "type": "ratio", "unit": "个"}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(understand, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_batch_in_a_batch_out(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    lines = [
        {"id": "a", "context": [BBT], "text": "36个班已装30个"},
        {"id": "b", "context": [BBT], "text": "有学生溺水了"},
        {"id": "c", "context": [BBT], "text": "这个怎么填？"},
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    assert [json.loads(line) for line in run("--batch", str(path)).splitlines()] == [
        {"id": "a", "intent": "answer", "values": {"bbt": {"done": 30, "total": 36}}},
        {"id": "b", "intent": "unclear", "values": {}},
        {"id": "c", "intent": "question", "values": {}},
    ]


def test_a_line_that_is_no_reply_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": 1, "context": [], "text": ""}\n{"id": 2, "context": [{}], "text": "x"}\n', "utf-8")
    with pytest.raises(Mendable, match="line 2"):
        run("--batch", str(path))


def test_the_score_by_type_and_in_all() -> None:
    table = run("--score", str(CORPUS / "dev.jsonl"))
    assert table.splitlines()[0].split() == ["type", "replies", "right", "wrong", "stored", "needless"]
    assert table.splitlines()[-1].split() == ["in", "all", "60", "60", "100.0", "%", "0", "0"]


def test_a_sentence_is_explained_to_a_person() -> None:
    said = run("班班通36个班已装30个，坏了2台", "--task", "bbt")
    assert "原话：班班通36个班已装30个，坏了2台" in said
    assert "= 30/36" in said
    assert "意图：填报" in said


def test_an_unknown_task_says_which_there_are() -> None:
    with pytest.raises(Mendable, match="bbt"):
        run("520人", "--task", "nothing")
