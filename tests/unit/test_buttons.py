"""What a button carries fits into 64 bytes and comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.buttons import Press, Verb, decode, encode
from domain.messages import ReportKey

KEY = st.integers(0, 2**63 - 1)


@given(st.sampled_from(Verb), st.none() | st.builds(ReportKey, KEY, KEY), st.lists(KEY, max_size=3))
def test_there_and_back(verb: Verb, report: ReportKey | None, numbers: list[int]) -> None:
    assert decode(encode(verb, report, *numbers)) == Press(verb, report, tuple(numbers))


@given(st.sampled_from(Verb), KEY, KEY, st.integers(0, 10**9), st.integers(0, 200), st.integers(0, 200))
def test_the_longest_fits(verb: Verb, round_id: int, unit_id: int, revision: int, at: int, option: int) -> None:
    assert len(encode(verb, ReportKey(round_id, unit_id), revision, at, option).encode()) <= 64


@pytest.mark.parametrize("data", ["", "好", "o:x", "o:1", "o:.1", "o:1.", "o:1.1.1", "o:1.1:", "o:1.1:!", "é:1.1"])
def test_what_is_no_button(data: str) -> None:
    with pytest.raises(ValueError):
        decode(data)
