"""Long texts in parts: nothing lost, no line cut without need, every part valid on its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.split import LIMIT, split, units

PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<>&"), max_size=120)
ESCAPED = st.lists(
    st.sampled_from(["未报", "a", "𠮷", "😀", "&lt;", "&amp;", "&#20320;", " ", "<", "&", ";"]), max_size=60
)
LIMITS = st.integers(100, 300)


WORDS = st.lists(st.sampled_from(["未报", "a", "𠮷", "&lt;", "&amp;", "😀"]), max_size=40).map("".join)
TAGS = st.lists(st.sampled_from(["<b>{}</b>", "<i>{}</i>", '<a href="tg://u">{}</a>', "{}", "头{}尾"]), max_size=3)


def marked(words: str, tags: list[str]) -> str:
    """A line of balanced HTML, its words doubled at each depth."""
    for tag in tags:
        words = words + tag.format(words)
    return words


MARKED = st.builds(marked, WORDS, TAGS)


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


def balanced(part: str) -> bool:
    parser = _Balance()
    parser.feed(part)
    parser.close()
    return not parser.stack


def bare(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def test_units_count_as_telegram_does() -> None:
    assert units("督办") == 2
    assert units("𠮷😀") == 4


def test_a_short_text_stays_whole() -> None:
    assert split("一\n\n二") == ["一\n\n二"]
    assert split("x" * LIMIT) == ["x" * LIMIT]


def test_a_blank_text_is_no_message() -> None:
    assert split("") == split("\n \n") == []


def test_cuts_fall_at_line_ends() -> None:
    lines = [f"{i}. 清河镇中心小学 王校长" for i in range(1, 401)]
    parts = split("\n".join(lines))
    assert len(parts) > 1
    assert "\n".join(parts) == "\n".join(lines)
    assert all(units(part) <= LIMIT for part in parts)
    assert all(line in lines for part in parts for line in part.split("\n"))


def test_the_limit_is_used_to_the_last_unit() -> None:
    assert split("a" * 40 + "\n" + "b" * 23, 64) == ["a" * 40 + "\n" + "b" * 23]
    assert split("a" * 40 + "\n" + "b" * 24, 64) == ["a" * 40, "b" * 24]


def test_a_long_line_is_never_cut_inside_a_pair_or_an_entity() -> None:
    assert split("𠮷" * 33, 65) == ["𠮷" * 32, "𠮷"]
    assert split("a" * 62 + "&lt;" + "b", 64) == ["a" * 62, "&lt;b"]


def test_tags_open_at_a_cut_are_closed_and_opened_again() -> None:
    parts = split("<b><i>" + "学" * 100 + "</i></b>", 64)
    assert parts == [f"<b><i>{'学' * 50}</i></b>", f"<b><i>{'学' * 50}</i></b>"]


def test_a_tag_that_cannot_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        split('<a href="' + "x" * 100 + '">y</a>', 64)


@given(st.lists(PLAIN.filter(lambda line: not line or not line.isspace()), max_size=30), LIMITS)
def test_plain_lines_come_back_in_order(lines: list[str], limit: int) -> None:
    parts = split("\n".join(lines), limit)
    assert all(0 < units(part) <= limit for part in parts)
    assert "".join(parts).replace("\n", "") == "".join(lines)


@given(st.lists(PLAIN, max_size=30))
def test_lines_that_fit_are_never_cut(lines: list[str]) -> None:
    parts = split("\n".join(lines), 240)
    kept = [line for part in parts for line in part.split("\n")]
    assert [line for line in kept if line.strip()] == [line for line in lines if line.strip()]


@given(ESCAPED.map("".join), LIMITS)
def test_stray_brackets_and_ampersands_survive(text: str, limit: int) -> None:
    assert "".join(split(text, limit)).strip() == text.strip()


@given(st.lists(MARKED, max_size=8), LIMITS)
def test_every_part_is_balanced_and_no_word_is_lost(lines: list[str], limit: int) -> None:
    parts = split("\n".join(lines), limit)
    assert all(units(part) <= limit for part in parts)
    assert all(balanced(part) for part in parts)
    assert bare("".join(parts)).replace("\n", "") == bare("".join(lines))
