"""How many messages: merged by instant, two a day, an hour apart, and nothing that makes no sense any more."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from domain.ladder import LADDER, Audience, Rung
from domain.preview import Sequel, burdens, days_off, messages, past_rungs, questions
from tests.cast import DRILL, HOURS, ROLLOUT, at

NOW = at("2026-11-18 09:00")


def sequel(*rungs: Rung, due: str = "2026-11-25 17:00", issued: str = "2026-11-18 09:00", **more: object) -> Sequel:
    people = {"reminds": frozenset({1}), "heads": frozenset({1})} | more
    lock = at(due) + timedelta(days=7)
    return Sequel(at(issued), at(due), lock, rungs or LADDER, **people)  # type: ignore[arg-type]


def unit(key: str, offset: int, wall: str) -> Rung:
    return Rung(key, offset, time.fromisoformat(wall), Audience.UNIT)


def heard(*sequels: Sequel, went: tuple[datetime, ...] = ()) -> list[str]:
    found = messages(sequels, NOW, NOW + timedelta(days=14), HOURS, 2, timedelta(hours=1), {1: went})
    return [f"{HOURS.local(one):%d %H:%M}" for one in found.get(1, [])]


USUAL = ["20 09:00", "24 09:00", "25 09:00", "25 15:00", "26 09:00"]


def test_what_two_rounds_say_at_one_instant_is_one_message() -> None:
    assert heard(sequel()) == USUAL
    assert heard(sequel(), sequel()) == USUAL
    assert heard(sequel(prompts=frozenset({1}))) == ["18 09:00", *USUAL]


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [
        ((("a", -1, "09:00"), ("b", -1, "09:30")), ["24 09:00", "24 10:00"]),
        ((("a", -1, "09:00"), ("b", -1, "10:00"), ("c", -1, "11:00")), ["24 09:00", "24 10:00", "25 08:30"]),
        (
            (("a", -1, "09:00"), ("b", -1, "10:00"), ("c", -1, "11:00"), ("d", 0, "08:30")),
            ["24 09:00", "24 10:00", "25 08:30"],
        ),
        ((("t-a", 0, "09:00"), ("t-b", 0, "10:00"), ("due-c", 0, "11:00")), ["25 09:00", "25 10:00"]),
        ((("a", -1, "18:00"),), ["25 08:30"]),
    ],
)
def test_an_hour_apart_two_a_day_and_what_waits_is_taken_up(
    rungs: tuple[tuple[str, int, str], ...], expected: list[str]
) -> None:
    assert heard(*(sequel(unit(*one)) for one in rungs)) == expected


def test_what_went_before_counts() -> None:
    went = (at("2026-11-18 08:40"),)
    assert heard(sequel(prompts=frozenset({1})), went=went)[0] == "18 09:40"
    assert heard(sequel(prompts=frozenset({1})), went=(at("2026-11-18 08:31"), at("2026-11-18 08:32")))[0] == "19 08:30"


def test_rungs_past_when_issued_and_those_in_the_ledger_are_not_said() -> None:
    late = sequel(issued="2026-11-24 10:00")
    assert past_rungs(late, HOURS) == ["t-3", "t-1"]
    assert heard(late) == USUAL[2:]
    assert heard(sequel(fired=frozenset({"t-3"}))) == USUAL[1:]


def test_the_copy_of_the_central_school_is_a_message_of_its_own() -> None:
    found = messages([sequel(central=frozenset({2}))], NOW, NOW + timedelta(days=14), HOURS, 2, timedelta(hours=1))
    assert [f"{HOURS.local(one):%d %H:%M}" for one in found[2]] == ["26 09:00"]


def test_the_burden_by_week_and_month() -> None:
    days = [at(f"2026-11-{day} 09:00") for day in ("18", "23", "24", "25", "26", "27")] + [at("2026-12-01 09:00")]
    weeks, months = burdens({1: days, 2: days[:1]}, {1: days[:1], 2: days[:1]}, HOURS)
    assert [(one.first, one.median, one.most, one.at_most, one.least_most) for one in weeks] == [
        (date(2026, 11, 16), 1, 1, (1, 2), 1), (date(2026, 11, 23), 2.5, 5, (1,), 0),
        (date(2026, 11, 30), 0.5, 1, (1,), 0),
    ]  # fmt: skip
    assert [(one.first, one.most) for one in months] == [(date(2026, 11, 1), 6), (date(2026, 12, 1), 1)]


def test_questions_by_condition_and_days_off() -> None:
    asked = questions(DRILL)
    assert (asked.least, asked.most, asked.conditions) == (4, 6, (("演练已开展", 6), ("演练未开展", 4)))
    assert (questions(ROLLOUT).least, questions(ROLLOUT).conditions) == (2, ())
    assert days_off(date(2026, 10, 1), date(2026, 10, 2), HOURS) == [
        (date(2026, 10, 1), "国庆节"), (date(2026, 10, 2), "国庆节"),
    ]  # fmt: skip
    assert days_off(date(2026, 11, 20), date(2026, 11, 24), HOURS) == []
