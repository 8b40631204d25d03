"""Which rung fires when, what an outage leaves of the ladder, and one message per person."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import OfficeHours, WorkCalendar
from domain.ladder import LADDER, Audience, DueRung, LadderError, Rung, Skip, due_rungs, fires_at, ladder_of
from domain.rounds import Frequency, Month, Schedule, plan

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOURS = OfficeHours(SHANGHAI, WorkCalendar())
SEPTEMBER = plan(Schedule(Frequency.MONTHLY), Month(2026, 9), HOURS)  # open 18th 08:30, due 24th, lock 9 October

T3 = Rung("t-3", -3, time(9), Audience.UNIT)
T1 = next(rung for rung in LADDER if rung.key == "t-1")
ONE = (T1,)
DAY_0 = Rung("t-0", 0, time(9), Audience.UNIT)
LIST = Rung("list", 0, time(17, 5), Audience.OFFICE)
AFTER_1 = Rung("t+1", 1, time(9), Audience.UNIT)
WHOLE = (T3, T1, DAY_0, LIST, AFTER_1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def due(now: str, rungs: tuple[Rung, ...] = WHOLE, opened: str | None = None) -> list[DueRung]:
    open_at = at(opened) if opened else SEPTEMBER.open_at
    return due_rungs(rungs, open_at, SEPTEMBER.due_at, SEPTEMBER.lock_at, at(now), HOURS)


def brief(found: list[DueRung]) -> list[tuple[str, str]]:
    """Key and either the reason it is skipped or the local time it goes out."""
    return [
        (one.rung.key, one.skip.value if one.skip else one.send_at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"))
        for one in found
        if one.skip or one.send_at
    ]


@pytest.mark.parametrize(
    ("rung", "expected"),
    [(T3, "09-21 09:00"), (T1, "09-23 09:00"), (DAY_0, "09-24 09:00"), (LIST, "09-24 17:05"), (AFTER_1, "09-28 09:00")],
)
def test_rungs_stand_on_working_days(rung: Rung, expected: str) -> None:
    found = fires_at(rung, SEPTEMBER.due_at, HOURS)
    assert found.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == expected
    assert found.tzinfo is UTC


def test_a_deadline_after_a_holiday_reminds_before_it() -> None:
    october = plan(Schedule(Frequency.MONTHLY, day=8), Month(2026, 10), HOURS)
    assert fires_at(T1, october.due_at, HOURS) == at("09-30T09:00")


def test_nothing_before_its_hour_and_the_rung_at_its_hour() -> None:
    assert due("09-23T08:59:59", ONE) == []
    assert brief(due("09-23T09:00:00", ONE)) == [("t-1", "09-23 09:00")]


def test_a_rung_fires_late_while_it_still_helps() -> None:
    assert brief(due("09-24T16:59:59", ONE)) == [("t-1", "09-24 16:59")]


@pytest.mark.parametrize("now", ["09-24T17:00:00", "09-24T17:20:00", "09-26T10:00:00", "09-28T09:00:00"])
def test_a_rung_before_due_never_fires_after_due(now: str) -> None:
    assert brief(due(now, ONE)) == [("t-1", "after_due")]


def test_what_falls_outside_hours_is_held_until_the_opening() -> None:
    assert brief(due("09-23T20:00:00", ONE)) == [("t-1", "09-24 08:30")]
    held = due("09-23T20:00:00", ONE)[0]
    assert held.fires_at == at("09-23T09:00:00")


def test_what_would_be_held_beyond_due_is_skipped() -> None:
    evening = Rung("eve", 0, time(16, 59), Audience.UNIT)
    moved = at("09-24T18:00:00")
    found = due_rungs([evening], SEPTEMBER.open_at, moved, SEPTEMBER.lock_at, at("09-24T17:40:00"), HOURS)
    assert brief(found) == [("eve", "after_due")]


def test_a_rung_past_at_the_opening_does_not_fire() -> None:
    assert brief(due("09-23T10:00:00", ONE, opened="09-23T09:30:00")) == [("t-1", "past_at_opening")]
    assert brief(due("09-23T10:00:00", ONE, opened="09-23T09:00:00")) == [("t-1", "past_at_opening")]
    assert brief(due("09-23T10:00:00", ONE, opened="09-23T08:30:00")) == [("t-1", "09-23 10:00")]


def test_a_round_shorter_than_the_ladder_says_what_fires() -> None:
    found = due("09-24T10:00:00", (T3, T1, DAY_0), opened="09-23T14:00:00")
    assert brief(found) == [("t-3", "past_at_opening"), ("t-1", "past_at_opening"), ("t-0", "09-24 10:00")]


def test_after_an_outage_only_the_newest_rung_fires() -> None:
    found = due("09-24T11:00:00")
    assert brief(found) == [("t-3", "superseded"), ("t-1", "superseded"), ("t-0", "09-24 11:00")]


def test_an_outage_across_due_leaves_one_rung_per_audience() -> None:
    found = due("09-28T10:00:00")
    assert brief(found) == [
        ("t-3", "after_due"),
        ("t-1", "after_due"),
        ("t-0", "after_due"),
        ("list", "09-28 10:00"),
        ("t+1", "09-28 10:00"),
    ]


def test_nothing_is_chased_once_the_round_is_locked() -> None:
    assert {one.skip for one in due("10-09T17:00:00")} == {Skip.AFTER_DUE, Skip.LOCKED}
    assert brief(due("10-08T20:00:00", (AFTER_1,))) == [("t+1", "10-09 08:30")]
    assert brief(due("10-09T16:59:00", (AFTER_1,))) == [("t+1", "10-09 16:59")]


def test_moving_a_deadline_later_arms_the_rung_again() -> None:
    found = due_rungs(ONE, SEPTEMBER.open_at, at("09-29T17:00"), SEPTEMBER.lock_at, at("09-24T10:00"), HOURS)
    assert found == []


def test_a_deadline_moved_earlier_past_its_rung_does_not_fire_it() -> None:
    moved_at = at("09-22T10:00")
    found = due_rungs(ONE, moved_at, at("09-23T08:00"), SEPTEMBER.lock_at, at("09-22T10:01"), HOURS)
    assert brief(found) == [("t-1", "past_at_opening")]


@given(
    st.datetimes(
        datetime.fromisoformat("2026-09-17"), datetime.fromisoformat("2026-10-12"), timezones=st.just(SHANGHAI)
    ),
    st.lists(
        st.builds(
            Rung,
            st.text("ab", min_size=1),
            st.integers(-5, 5),
            st.times(time(8), time(18)),
            st.sampled_from(Audience),
        ),
        max_size=8,
    ),
)
def test_the_ladder_is_always_kind(now: datetime, rungs: list[Rung]) -> None:
    found = due_rungs(rungs, SEPTEMBER.open_at, SEPTEMBER.due_at, SEPTEMBER.lock_at, now, HOURS)
    sent = [one for one in found if one.send_at]
    assert len({one.rung.audience for one in sent}) == len(sent)
    for one in found:
        assert SEPTEMBER.open_at < one.fires_at or one.skip is Skip.PAST_AT_OPENING
        assert (one.send_at is None) is (one.skip is not None)
    for one in sent:
        assert one.send_at is not None
        told_at_once = not one.rung.audience.chases and now - one.fires_at < timedelta(hours=1)
        assert HOURS.within(one.send_at) or told_at_once
        assert now <= one.send_at < SEPTEMBER.lock_at
        assert one.send_at < SEPTEMBER.due_at or one.fires_at >= SEPTEMBER.due_at


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("09-21T09:00", {("t-3", "unit")}),
        ("09-24T09:00", {("due-morning", "unit")}),
        ("09-24T15:00", {("due-afternoon", "unit")}),
        ("09-24T16:59", {("due-afternoon", "unit")}),
        ("09-24T17:04", set()),
        ("09-24T17:05", {("list", "office"), ("list", "section")}),
        ("09-28T09:00", {("list", "section"), ("late-1", "unit"), ("late-1", "central"), ("list", "office")}),
        ("09-29T09:00", {("list", "section"), ("late-1", "unit"), ("late-1", "central"), ("late-2", "office")}),
        ("09-30T09:00", {
            ("list", "section"), ("late-1", "unit"), ("late-1", "central"), ("late-2", "office"),
            ("late-3", "bulletin"),
        }),
    ],
)  # fmt: skip
def test_the_whole_ladder_rung_by_rung(now: str, newest: set[tuple[str, str]]) -> None:
    """Whom each rung speaks to, when nothing was in the ledger before: the newest of each audience."""
    assert {(one.rung.key, one.rung.audience.value) for one in due(now, LADDER) if one.skip is None} == newest


def test_the_list_stands_five_minutes_after_the_deadline_itself() -> None:
    office = next(rung for rung in LADDER if rung.key == "list")
    assert fires_at(office, at("09-24T12:00"), HOURS) == at("09-24T12:05")


def test_the_bureau_gets_its_list_after_hours_but_not_at_night() -> None:
    moved = at("09-24T17:28")
    found = due_rungs(LADDER, SEPTEMBER.open_at, moved, SEPTEMBER.lock_at, at("09-24T17:33"), HOURS)
    assert ("list", "09-24 17:33") in brief(found)
    found = due_rungs(LADDER, SEPTEMBER.open_at, moved, SEPTEMBER.lock_at, at("09-24T22:00"), HOURS)
    assert ("list", "09-28 08:30") in brief(found)


def test_a_task_changes_its_own_rungs() -> None:
    own = ladder_of({"t-3": False, "due-afternoon": "14:00", "late-1": {"audience": ["unit"], "words": "请看看。"}})
    keys = [(rung.key, rung.audience.value) for rung in own]
    assert ("t-3", "unit") not in keys
    assert ("late-1", "central") not in keys
    assert next(rung for rung in own if rung.key == "due-afternoon").at == time(14)
    assert next(rung for rung in own if rung.key == "late-1").words == "请看看。"
    assert ladder_of({}) == ladder_of(None) == LADDER


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"t-9": False}, "没有“t-9”这一级"),
        ({"t-1": "25:00"}, "不是时间"),
        ({"t-1": 9}, "t-1"),
        ({"t-1": {"hour": 9}}, "没有“hour”这一项"),
        ({"t-1": {"audience": "office"}}, "audience 可用 unit"),
    ],
)
def test_a_ladder_that_cannot_be_meant(own: dict[str, object], said: str) -> None:
    with pytest.raises(LadderError, match=said):
        ladder_of(own)
