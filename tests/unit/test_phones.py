"""Telephone numbers made comparable."""

from __future__ import annotations

import pytest

from domain.phones import e164, numbers_in, shared


@pytest.mark.parametrize(
    "written",
    ["12300000001", "123 0000 0001", "123-0000-0001", "+86 123 0000 0001", "0086 123 0000 0001", "(86)12300000001"],
)
def test_one_number_however_it_is_written(written: str) -> None:
    assert e164(written) == "+8612300000001"


@pytest.mark.parametrize("written", ["8612300000001", "+8612300000001", " 86 123 0000 0001"])
def test_as_the_chat_service_shares_it(written: str) -> None:
    assert shared(written) == "+8612300000001"


def test_a_number_of_another_country_is_another_number() -> None:
    assert shared("85212300000001") != shared("8612300000001")
    assert shared("12300000001") != e164("12300000001")


@pytest.mark.parametrize("written", ["", "电话", "1", "+", "没有"])
def test_what_is_no_number(written: str) -> None:
    assert e164(written) is None
    assert shared(written) is None


def test_a_cell_with_several() -> None:
    assert numbers_in("0000-6210009、12300000001; 12300000002") >= {"+8612300000001", "+8612300000002"}
    assert numbers_in("") == set()
