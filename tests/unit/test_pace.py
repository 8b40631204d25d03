"""Nothing leaves faster than the chat service allows, nor before a pause it asked for is over."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from services.pace import Limits, Pace

SENDS = st.lists(st.tuples(st.integers(-3, 50).filter(bool), st.booleans()), min_size=1, max_size=200)


def play(pace: Pace, sends: list[tuple[int, bool]], now: float = 0.0) -> list[tuple[float, int, bool]]:
    left = []
    for chat, edit in sends:
        pace.take()
        while (at := pace.gate(chat, now, edit=edit)) > now:
            now = at
        pace.leave(chat, now, edit=edit)
        left.append((now, chat, edit))
    return left


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(1 for at in times if start <= at < start + seconds) for start in times)


@given(SENDS)
def test_never_more_than_thirty_in_a_second_nor_two_to_a_chat(sends: list[tuple[int, bool]]) -> None:
    left = play(Pace(), sends)
    assert most_within([at for at, _, _ in left], 1.0) <= 30
    for chat in {chat for _, chat, _ in left}:
        mine = [at for at, one, edit in left if one == chat and not edit]
        assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(mine))


def test_a_crowd_gets_thirty_a_second_and_no_more() -> None:
    times = [at for at, _, _ in play(Pace(), [(chat, False) for chat in range(1, 301)])]
    assert most_within(times, 1.0) == 30
    assert 9.0 < times[-1] < 10.3


def test_a_group_gets_twenty_a_minute_edits_too() -> None:
    left = play(Pace(Limits(chat_interval=0.0)), [(-7, bool(number % 2)) for number in range(45)])
    assert most_within([at for at, _, _ in left], 60.0) == 20


def test_full_pace_is_kept() -> None:
    left = play(Pace(), [(chat, False) for chat in range(1, 1801)])
    assert 1800 / left[-1][0] >= 0.98 * 30


@given(SENDS, st.lists(st.tuples(st.floats(0, 59), st.integers(1, 50)), max_size=80))
def test_a_restart_keeps_the_limits(sends: list[tuple[int, bool]], ages: list[tuple[float, int]]) -> None:
    # what the process before us sent, at its own allowed pace
    before = play(Pace(), [(chat, False) for _, chat in ages], now=100.0)
    began = max((at for at, _, _ in before), default=100.0)
    pace = Pace()
    pace.warm((chat, at, edit) for at, chat, edit in before)
    after = play(pace, sends, now=began)
    assert most_within([at for at, _, _ in (*before, *after)], 1.0) <= 30
    for chat in {chat for _, chat, _ in after}:
        mine = [at for at, one, edit in (*before, *after) if one == chat and not edit]
        assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(mine))


def test_what_is_promised_keeps_its_place() -> None:
    pace = Pace(Limits(per_second=2))
    assert pace.ready_at(1, 0.0) == 0.0
    pace.take()
    assert pace.ready_at(2, 0.0, ahead=1) > 0.9
    pace.take()
    assert pace.ready_at(2, 0.0) > 0.9
    pace.back()
    assert pace.ready_at(2, 0.0) == 0.0


def test_a_pause_for_all_and_a_pause_for_one() -> None:
    pace = Pace()
    pace.rest(None, 35.0)
    assert pace.ready_at(1, 0.0) == 35.0
    pace.rest(None, 10.0)
    assert pace.ready_at(1, 0.0) == 35.0
    pace.rest(2, 40.0)
    assert (pace.ready_at(1, 36.0), pace.ready_at(2, 36.0), pace.gate(2, 36.0)) == (36.0, 40.0, 40.0)


def test_one_chat_that_is_flooded_stops_itself_two_stop_all() -> None:
    pace = Pace()
    pace.flood(1, 0.0, 5.0)
    pace.flood(1, 1.0, 7.0)
    assert (pace.ready_at(1, 2.0), pace.ready_at(2, 2.0)) == (8.0, 2.0)
    pace.flood(2, 3.0, 10.0)
    assert pace.ready_at(3, 4.0) == 13.0


def test_two_floods_that_do_not_overlap_are_two_chats() -> None:
    pace = Pace()
    pace.flood(1, 0.0, 5.0)
    pace.flood(2, 6.0, 5.0)
    assert (pace.ready_at(2, 7.0), pace.ready_at(3, 7.0)) == (11.0, 7.0)


def test_an_edit_waits_for_no_other_message_of_its_chat() -> None:
    pace = Pace()
    play(pace, [(1, False)])
    assert pace.ready_at(1, 0.1) >= 1.0
    assert pace.ready_at(1, 0.1, edit=True) == 0.1
