"""Which of a person's own units do words name?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from domain.naming import UnitName, mentions, slips, without

A, B = 1, 2


def spell(words: str) -> list[str]:
    return lazy_pinyin(words, errors=list)


def name(text: str, unit: int) -> UnitName:
    return UnitName(text, unit, "".join(lazy_pinyin(text)))


NAMES = (
    name("清河镇中心小学", A), name("清河小学", A), name("镇小", A), name("中心小学", A), name("中心校", A),
    name("石桥头小学", B), name("石桥小", B), name("一小", B), name("中心校", B),
)  # fmt: skip


def named(words: str) -> set[int]:
    found = mentions(NAMES, words) or slips(NAMES, words, spell)
    return {unit for one in found for unit in one.units}


@pytest.mark.parametrize(
    ("words", "units"),
    [
        ("中心小学520人", {A}), ("清河镇中心小学学生520人", {A}), ("镇小:520人", {A}), ("石桥小520人", {B}),
        ("一小 520人", {B}), ("一小520人", {B}), ("培训一小时", set()), ("第一小组520人", set()),
        ("石桥头小学60人,清河小学520人", {A, B}), ("520人", set()), ("", set()),
        ("中心校520人", {A, B}),  # both are called so: the person is asked
        ("清和小学520人", {A}), ("中心小雪520人", {A}), ("是桥头小学60人", {B}), ("石乔头小学六十人", {B}),
        ("李村小学520人", set()), ("操场集合,用时110秒", set()), ("学生520人老师40人", set()),
    ],
)  # fmt: skip
def test_units_by_name_alias_and_slip(words: str, units: set[int]) -> None:
    assert named(words) == units


def test_names_that_sound_alike_are_not_told_apart() -> None:
    alike = (name("东村小学", A), name("冬村小学", B))
    assert [one.units for one in mentions(alike, "冬村小学60人")] == [frozenset({B})]
    assert [one.units for one in slips(alike, "咚村小学60人", spell)] == [frozenset({A, B})]


def test_the_longer_name_wins_and_the_shorter_may_still_be_said() -> None:
    own = (name("桥头小学", A), name("石桥头小学", B))
    assert [one.units for one in mentions(own, "石桥头小学60人")] == [frozenset({B})]
    assert [one.units for one in mentions(own, "石桥头小学60人,桥头小学50人")] == [frozenset({B}), frozenset({A})]


def test_the_words_without_the_names() -> None:
    words = "清河镇九年一贯制学校:520人"
    assert without(mentions((name("清河镇九年一贯制学校", A),), words), words) == " :520人"


@given(st.text(alphabet="清河镇中心小学石桥头一校520人,是", max_size=30))
def test_mentions_never_overlap_and_only_names_go(words: str) -> None:
    found = mentions(NAMES, words)
    assert all(first.end <= second.start for first, second in pairwise(found))
    assert sum(one.end - one.start - 1 for one in found) == len(words) - len(without(found, words))
    for one in slips(NAMES, words, spell):
        assert 0 <= one.start < one.end <= len(words)
