"""Who says that he is away, until when; and what is something else."""

from __future__ import annotations

import pytest

from domain.absence import away
from tests.cast import HOURS, at

NOW = at("2026-11-18 09:00")


@pytest.mark.parametrize(
    ("words", "who", "until"),
    [
        ("出差到周五", "", "2026-11-20 17:30"),
        ("我这几天出差,到周五", "", "2026-11-20 17:30"),
        ("出差到11月25日回来", "", "2026-11-25 08:30"),
        ("请假三天", "", "2026-11-20 17:30"),
        ("明天请假一天", "", "2026-11-19 17:30"),
        ("从明天起请假两天", "", "2026-11-20 17:30"),
        ("请病假一周", "", "2026-11-24 17:30"),
        ("住院半个月", "", "2026-12-02 17:30"),
        ("请假到27日,有事找张主任", "", "2026-11-27 17:30"),
        ("王建国出差到周五", "王建国", "2026-11-20 17:30"),
        ("刘校长请假到27日", "刘校长", "2026-11-27 17:30"),
    ],
)
def test_who_is_away_until_when(words: str, who: str, until: str) -> None:
    found = away(words, NOW, HOURS)
    assert found is not None
    assert (found.who, found.until) == (who, at(until))


@pytest.mark.parametrize(
    "words",
    [
        "出差",
        "请假到昨天",
        "学生请假3人",
        "今天出差,演练搞了",
        "我这周出差,回来再报",
        "演练学生520人",
        "休产假到明年9月",
    ],
)
def test_what_says_nothing_of_the_kind(words: str) -> None:
    assert away(words, NOW, HOURS) is None
