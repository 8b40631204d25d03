"""Nothing leaves faster than the chat service allows, nor before a pause it asked for is over."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.pace import Pace


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=200))
def test_never_more_than_thirty_in_a_second_nor_two_to_a_chat(sends: list[tuple[int, bool]]) -> None:
    pace, now, left = Pace(), 0.0, []
    for chat, edit in sends:
        now = max(now, pace.ready_at(chat, now, edit=edit))
        pace.take(chat, now, edit=edit)
        left.append((now, chat, edit))
    times = [at for at, _, _ in left]
    assert all(times[i + 30] - times[i] >= 1.0 for i in range(len(times) - 30))
    for chat in {chat for _, chat, _ in left}:
        mine = [at for at, one, edit in left if one == chat and not edit]
        assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(mine))


def test_a_pause_for_all_and_a_pause_for_one() -> None:
    pace = Pace()
    pace.rest(None, 35.0)
    assert pace.ready_at(1, 0.0) == 35.0
    pace.rest(None, 10.0)
    assert pace.ready_at(1, 0.0) == 35.0
    pace.rest(2, 40.0)
    assert (pace.ready_at(1, 36.0), pace.ready_at(2, 36.0)) == (36.0, 40.0)


def test_an_edit_waits_for_no_other_message_of_its_chat() -> None:
    pace = Pace()
    pace.take(1, 0.0)
    assert (pace.ready_at(1, 0.1), pace.ready_at(1, 0.1, edit=True)) == (1.0, 0.1)
