"""Timeliness is one of six, and the six sum to the roster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.progress import Bounds, Counts, State, Timeliness, received_timeliness, timeliness, total

DUE = datetime(2026, 9, 24, 9, tzinfo=UTC)
GRACE = datetime(2026, 9, 28, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RECEIVED = [State.SUBMITTED, State.ACCEPTED, State.RETURNED]

INSTANTS = st.datetimes(
    datetime.fromisoformat("2026-09-01"), datetime.fromisoformat("2026-10-20"), timezones=st.just(UTC)
)
COUNTS = st.builds(
    lambda numbers, returned: Counts(*numbers, returned_open=min(returned, sum(numbers[1:4]))),
    st.tuples(*[st.integers(0, 500)] * 6),
    st.integers(0, 500),
)


@pytest.mark.parametrize("state", RECEIVED)
@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (DUE - SECOND, Timeliness.ON_TIME),
        (DUE, Timeliness.ON_TIME),
        (DUE + SECOND, Timeliness.GRACE),
        (GRACE, Timeliness.GRACE),
        (GRACE + SECOND, Timeliness.LATE),
    ],
)
def test_what_came_is_judged_by_when_it_first_came(state: State, received: datetime, expected: Timeliness) -> None:
    assert timeliness(state, received, DUE, GRACE, now=GRACE + timedelta(days=30)) is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (DUE - SECOND, Timeliness.AWAITED),
        (DUE, Timeliness.AWAITED),
        (DUE + SECOND, Timeliness.MISSING),
        (GRACE + SECOND, Timeliness.MISSING),
    ],
)
def test_what_did_not_come_is_judged_by_now(now: datetime, expected: Timeliness) -> None:
    assert timeliness(State.PENDING, None, DUE, GRACE, now) is expected


@pytest.mark.parametrize("received", [None, DUE, GRACE + SECOND])
def test_the_exempt_are_exempt_whatever_came(received: datetime | None) -> None:
    assert timeliness(State.EXEMPT, received, DUE, GRACE, GRACE) is Timeliness.EXEMPT


@pytest.mark.parametrize("state", RECEIVED)
def test_received_without_a_time_is_a_contradiction(state: State) -> None:
    with pytest.raises(ValueError, match="without having been received"):
        timeliness(state, None, DUE, GRACE, DUE)


def test_moving_a_deadline_later_makes_the_late_punctual() -> None:
    assert timeliness(State.SUBMITTED, GRACE + SECOND, DUE, GRACE, GRACE) is Timeliness.LATE
    assert timeliness(State.SUBMITTED, GRACE + SECOND, GRACE + SECOND, GRACE + SECOND, GRACE) is Timeliness.ON_TIME


@given(st.lists(st.tuples(st.sampled_from(State), INSTANTS), max_size=50), INSTANTS)
def test_the_six_partition_any_roster(rows: list[tuple[State, datetime]], now: datetime) -> None:
    judged = [
        (
            timeliness(state, None if state is State.PENDING else received, DUE, GRACE, now),
            state is State.RETURNED,
        )
        for state, received in rows
    ]
    counts = Counts.tally(judged)
    assert counts == total(Counts.of(standing, returned=returned) for standing, returned in judged)
    assert sum(counts.get(standing) for standing in Timeliness) == counts.roster == len(rows)
    assert counts.returned_open == sum(state is State.RETURNED for state, _ in rows)


def test_counts_of_the_directors_page() -> None:
    counts = Counts(on_time=81, grace=4, late=0, missing=9, exempt=2, returned_open=3)
    assert (counts.roster, counts.expected, counts.received, counts.standing, counts.outstanding) == (96, 94, 85, 82, 9)
    assert counts.received_rate == Fraction(85, 94)
    assert counts.standing_rate == Fraction(82, 94)
    assert counts.on_time_rate == Fraction(81, 94)


def test_nobody_expected_is_no_rate() -> None:
    assert Counts(exempt=3).received_rate is None
    assert Counts().on_time_rate is None


@pytest.mark.parametrize("wrong", [{"late": -1}, {"returned_open": 1}, {"missing": 5, "returned_open": 1}])
def test_impossible_counts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Counts(**wrong)


@given(COUNTS, COUNTS)
def test_adding_keeps_every_sum_and_no_rate_passes_one(a: Counts, b: Counts) -> None:
    both = a + b
    assert both.roster == a.roster + b.roster
    assert both.received == a.received + b.received
    assert both == b + a == total([a, b])
    for rate in (both.received_rate, both.standing_rate, both.on_time_rate):
        assert rate is None or 0 <= rate <= 1


def test_chinese_names() -> None:
    assert [standing.chinese for standing in Timeliness] == ["待报", "按时", "宽限", "迟报", "未报", "豁免"]


EARLIER, LATER = timedelta(days=-5), timedelta(days=5)


@pytest.mark.parametrize(
    ("moved", "came", "how"),
    [
        (EARLIER, DUE, Timeliness.ON_TIME),  # it was on time when it came
        (EARLIER, GRACE, Timeliness.GRACE),
        (LATER, GRACE + timedelta(hours=1), Timeliness.ON_TIME),  # it was late, and is not any more
        (timedelta(), GRACE + timedelta(hours=1), Timeliness.LATE),
    ],
)
def test_moving_a_deadline_makes_no_received_report_late(moved: timedelta, came: datetime, how: Timeliness) -> None:
    judged = Bounds(DUE + moved, GRACE + moved).or_later(DUE, GRACE)
    assert received_timeliness(came, judged.due_at, judged.grace_until) is how


def test_what_has_not_come_is_judged_by_what_holds_now() -> None:
    assert Bounds(DUE, GRACE).or_later(None, None) == Bounds(DUE, GRACE)
