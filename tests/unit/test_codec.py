"""Values and questionnaires as JSON and back."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain import codec
from domain.indicators import Kind, Ratio, Value
from tests.cast import DRILL, ROLLOUT

VALUES = st.one_of(
    st.booleans().map(lambda value: (Kind.BOOL, value)),
    st.integers(-(10**12), 10**12).map(lambda value: (Kind.INT, value)),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda value: (Kind.NUMBER, value)),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda pair: (Kind.RATIO, Ratio(*pair))),
    st.dates().map(lambda value: (Kind.DATE, value)),
    st.text().map(lambda value: (Kind.TEXT, value)),
    st.lists(st.text()).map(lambda value: (Kind.CHOICES, tuple(value))),
)


@given(VALUES)
def test_a_value_there_and_back(kind_and_value: tuple[Kind, Value]) -> None:
    kind, value = kind_and_value
    assert codec.from_json(kind, json.loads(json.dumps(codec.to_json(value)))) == value


@pytest.mark.parametrize("indicators", [DRILL, ROLLOUT])
def test_a_questionnaire_there_and_back(indicators: tuple) -> None:
    stored = json.loads(json.dumps(codec.questionnaire_to_json(indicators)))
    assert codec.questionnaire_from_json(stored) == indicators


def test_what_is_no_questionnaire() -> None:
    with pytest.raises(ValidationError):
        codec.questionnaire_from_json([{"key": "x"}])


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_an_amount_there_and_back(amount: int, scale: int) -> None:
    assert codec.to_amount(codec.from_amount(amount, scale), scale) == amount


def test_amounts_round_half_up() -> None:
    assert codec.to_amount(Decimal("85.145"), 2) == 8515
    assert codec.to_amount(Decimal("85.14"), 1) == 851
    assert date.fromisoformat(codec.to_json(date(2026, 11, 18))) == date(2026, 11, 18)
