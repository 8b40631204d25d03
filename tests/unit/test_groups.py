"""Repeating groups: spread into questions, read one row at a time, put together again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain import groups
from domain.codec import questionnaire_from_json, questionnaire_to_json
from domain.hints import Unusual, hints
from domain.indicators import Basics, Indicator, Kind, Nature, OnlyIf, Setting, missing

FLOW = Nature.FLOW
DRILLS = Indicator(
    "drills", "本月逐次演练", Kind.ROWS, FLOW, short="演练", only_if=OnlyIf("done", equals=True),
    boarding_minimum=Decimal(2), soft_minimum=Decimal(1),
    columns=(
        Indicator("date", "演练日期", Kind.DATE, FLOW, short="日期"),
        Indicator("type", "类型", Kind.CHOICE, FLOW, choices=("地震", "其他")),
        Indicator("other", "是什么演练", Kind.TEXT, FLOW, only_if=OnlyIf("type", equals="其他")),
        Indicator("people", "参加人数", Kind.INT, FLOW, "人", short="人数"),
    ),
)  # fmt: skip
ASKED = (Indicator("done", "是否已开展", Kind.BOOL, FLOW), DRILLS, Indicator("hazard", "隐患", Kind.RATIO, FLOW))
FIRST = {"done": True, "drills.1.date": date(2026, 11, 9), "drills.1.type": "地震", "drills.1.people": 520}


def keys(indicators: tuple[Indicator, ...]) -> list[str]:
    return [indicator.key for indicator in indicators]


def expanded(values: dict, *, boarding: bool = False) -> tuple[Indicator, ...]:
    return groups.expand(ASKED, values, boarding=boarding)


def test_the_first_row_is_asked_with_the_group_and_the_next_when_there_is_one_more() -> None:
    assert keys(missing(expanded({}), {"done": False})) == ["hazard"]
    asked = missing(expanded({"done": True}), {"done": True})
    assert keys(asked) == ["drills.1.date", "drills.1.type", "drills.1.people", "drills.1.more", "hazard"]
    again = FIRST | {"drills.1.more": True}
    assert keys(missing(expanded(again), again))[:3] == ["drills.2.date", "drills.2.type", "drills.2.people"]
    done = FIRST | {"drills.1.more": False}
    assert keys(missing(expanded(done), done)) == ["hazard"]


def test_a_dependent_column_looks_at_its_own_row() -> None:
    values = FIRST | {"drills.1.more": True, "drills.2.date": date(2026, 11, 20), "drills.2.type": "其他"}
    assert keys(missing(expanded(values), values))[:2] == ["drills.2.other", "drills.2.people"]


def test_draft_entries_expand_like_values() -> None:
    entries = {"drills.1.more": {"v": True, "words": ""}}
    assert keys(groups.expand(ASKED, entries, boarding=False)) == keys(expanded({"drills.1.more": True}))


def test_a_reply_is_read_against_the_last_row_or_the_one_asked_about() -> None:
    indicators = expanded(FIRST | {"drills.1.more": True})
    assert {one.row for one in groups.current(indicators)} == {0, 2}
    assert {one.row for one in groups.current(indicators, "drills.1.people")} == {0, 1}


def test_boarding_schools_are_asked_whether_fewer_than_usual_is_right() -> None:
    setting = Setting(Basics(), date(2026, 10, 26), date(2026, 11, 25), date(2026, 11, 20))
    values = FIRST | {"drills.1.more": False}
    assert not hints(expanded(values), values, setting, {})
    [hint] = hints(expanded(values, boarding=True), values, setting, {})
    assert (hint.why, hint.bound) == (Unusual.LOW, Decimal(2))


def test_stored_keys_are_found_again_and_rows_put_together() -> None:
    found = groups.find(ASKED, "drills.2.people")
    assert found is not None
    assert (found.kind, found.row, found.label) == (Kind.INT, 2, "第2次参加人数")
    assert groups.find(ASKED, "nothing.1.at") is None
    values = FIRST | {"drills.1.more": True, "drills.2.people": 300}
    assert groups.rows_of(DRILLS, values) == [
        {"date": date(2026, 11, 9), "type": "地震", "people": 520},
        {"people": 300},
    ]


def test_a_questionnaire_with_a_group_survives_storage() -> None:
    assert questionnaire_from_json(questionnaire_to_json(ASKED)) == ASKED
