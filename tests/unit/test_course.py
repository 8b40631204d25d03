"""What a sentence of the bureau wants done to a running round, until when and why."""

from __future__ import annotations

from datetime import time

import pytest

from domain.course import CourseKind, Instants, begins, kind_of, moved, named, reason_of, until_of
from tests.cast import HOURS, at

NOW = at("2026-11-18 09:00")
K = CourseKind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("延期 清河镇 班班通 至 11月27日17:00 停电", K.EXTEND),
        ("演练延到27日,下雨", K.EXTEND),
        ("豁免 西岭中学 演练 撤并中", K.EXEMPT),
        ("西岭中学演练不用报了,撤并", K.EXEMPT),
        ("取消豁免西岭中学演练", K.RESTORE),
        ("恢复 西岭中学 演练 不撤并了", K.RESTORE),
        ("改期 班班通 27日17:00 市里延期", K.MOVE),
        ("把班班通的截止时间推迟到11月27日,市里延期", K.MOVE),
        ("推迟 班班通 11月27日 省里", K.MOVE),
        ("班班通提前到周五中午12点", K.MOVE),
        ("撤回 班班通 重复下发", K.WITHDRAW),
        ("重开 班班通 到12月4日 省里要", K.REOPEN),
        ("进度怎么样", None),
        ("昨天提前放学", None),
    ],
)
def test_what_is_wanted(words: str, kind: CourseKind | None) -> None:
    found = kind_of(words)
    assert (found[0] if found else None) is kind


@pytest.mark.parametrize(("words", "yes"), [("撤回班班通", True), (" 推迟 班班通", True), ("班班通撤回", False)])
def test_it_begins_with_what_is_wanted(words: str, yes: bool) -> None:
    assert begins(words) is yes


@pytest.mark.parametrize(
    ("words", "until", "rest"),
    [
        ("班班通 11月27日17:00 停电", "2026-11-27 17:00", "班班通 停电"),
        ("27号吧,下雨", "2026-11-27 17:00", "下雨"),
        ("周五中午12点", "2026-11-20 12:00", ""),
        ("11月27日下午5点半 市里延期", "2026-11-27 17:30", "市里延期"),
        ("明天下班前 停电", "2026-11-19 17:30", "停电"),
        ("11-27 停电", "2026-11-27 17:00", "停电"),
    ],
)
def test_until_when_and_what_is_left(words: str, until: str, rest: str) -> None:
    found = until_of(words, time(17), NOW, HOURS)
    assert (found.at, found.wrong) == (at(until), "")
    assert reason_of(found.rest) == rest


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("11月17日 停电", "“11月17日”已经过了"),
        ("今天8:30 停电", "这个时间已经过了"),
        ("21日 市里", "11月21日不上班(周末)"),
        ("27日20:00 市里", "请定在上班时间(08:30至17:30)"),
        ("2027年9月1日 市里", "这个时间太远了"),
    ],
)
def test_an_instant_that_cannot_be(words: str, wrong: str) -> None:
    assert wrong in until_of(words, time(17), NOW, HOURS).wrong


@pytest.mark.parametrize("words", ["班班通 停电", "一周 停电", "25:99 停电"])
def test_no_day_is_said(words: str) -> None:
    assert until_of(words, time(17), NOW, HOURS).at is None


def test_the_longest_piece_of_a_name() -> None:
    assert named("把班班通的截止", "班班通进度") == "班班通"
    assert named("演", "应急疏散演练") == ""


def test_single_schools_are_extended_or_exempted() -> None:
    assert [kind.of_some for kind in K] == [K.EXTEND, K.EXEMPT, K.RESTORE, K.EXTEND, K.EXEMPT, K.REOPEN]


def test_a_moved_due_brings_its_grace_and_never_an_earlier_lock() -> None:
    present = Instants(at("2026-11-25 17:00"), at("2026-11-26 12:00"), at("2026-12-02 17:00"))
    later = moved(present, at("2026-11-27 17:00"), 5, HOURS)
    assert (later.grace_until, later.lock_at) == (at("2026-11-30 12:00"), at("2026-12-04 17:00"))
    earlier = moved(present, at("2026-11-24 12:00"), 5, HOURS)
    assert (earlier.grace_until, earlier.lock_at) == (at("2026-11-25 12:00"), present.lock_at)
