"""Which questions apply, and which limits they have for one unit on one day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.indicators import Basics, Indicator, Kind, Nature, OnlyIf, Ratio, Setting, applicable, missing, pruned, put
from tests.cast import DRILL, ROLLOUT

SETTING = Setting(Basics(524, 42, 14), date(2026, 10, 24), date(2026, 11, 25), date(2026, 11, 18))


def keys(indicators: tuple[Indicator, ...]) -> list[str]:
    return [indicator.key for indicator in indicators]


def test_dependents_wait_for_their_answer() -> None:
    assert keys(missing(DRILL, {})) == ["drill_done", "hazard"]
    assert keys(missing(DRILL, {"drill_done": False})) == ["hazard", "drill_reason", "next_drill"]
    held = ["drill_done", "drill_date", "drill_type", "drill_students", "drill_seconds", "hazard"]
    assert keys(applicable(DRILL, {"drill_done": True})) == held


def test_what_no_longer_applies_is_pruned_also_in_chains() -> None:
    chain = (
        *DRILL[:1],
        Indicator("a", "a", Kind.BOOL, Nature.FLOW, only_if=OnlyIf("drill_done", equals=True)),
        Indicator("b", "b", Kind.INT, Nature.FLOW, only_if=OnlyIf("a", equals=True)),
    )
    assert pruned(chain, {"drill_done": False, "a": True, "b": 3}) == {"drill_done": False}
    assert pruned(chain, {"drill_done": True, "a": True, "b": 3}) == {"drill_done": True, "a": True, "b": 3}


def test_incomplete_asks_only_where_something_is_open() -> None:
    why = OnlyIf("hazard", incomplete=True)
    assert why.holds(Ratio(2, 3))
    assert not why.holds(Ratio(3, 3))
    assert not why.holds(None)


def test_limits_are_those_of_the_unit_and_the_day() -> None:
    questions = {indicator.key: put(indicator, SETTING) for indicator in (*DRILL, *ROLLOUT)}
    assert questions["drill_students"].maximum == Decimal(576)
    assert questions["drill_date"].latest == date(2026, 11, 18)
    assert questions["next_drill"].earliest == date(2026, 11, 18)
    assert questions["bbt"].total == 14
    unknown = Setting(Basics(), SETTING.period_from, SETTING.period_to, SETTING.today)
    assert put(DRILL[3], unknown).maximum is None


@pytest.mark.parametrize(("nature", "offered"), [(Nature.STOCK, Ratio(10, 14)), (Nature.FLOW, None)])
def test_only_a_state_may_be_carried_over(nature: Nature, offered: Ratio | None) -> None:
    setting = Setting(SETTING.basics, SETTING.period_from, SETTING.period_to, SETTING.today, {"x": Ratio(10, 14)})
    assert put(Indicator("x", "x", Kind.RATIO, nature), setting).previous == offered
