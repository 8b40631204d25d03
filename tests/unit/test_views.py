"""Short answers: every phrase has one, names nobody wrongly, and says what to do."""

from __future__ import annotations

import pytest

from bot.views.answers import say
from bot.words import BUREAU_COMMANDS, COMMAND_WORDS, MENU, PRINCIPAL_COMMANDS
from domain.messages import Say
from domain.phrases import Phrase
from domain.split import units

FACTS = {
    "office": "办公室",
    "contact": "李干事",
    "phone": "0000-6210001",
    "duty": "0000-6210110",
    "address": "王校长",
    "lines": "校历:今天上班。",
}
MOMENTS = {name: "2026-11-25T09:00:00+08:00" for name in ("until", "now", "due")}


@pytest.mark.parametrize("phrase", Phrase)
def test_every_phrase_is_short_and_complete(phrase: Phrase) -> None:
    text = say(Say(phrase=phrase, facts=FACTS | MOMENTS)).text
    assert 1 <= len(text.split("\n")) <= 9
    assert units(text) < 400
    assert text.endswith(("。", "!"))
    assert "None" not in text
    assert not any(word in text for word in ("务必", "你单位", "驳回", "催报"))


@pytest.mark.parametrize("phrase", Phrase)
def test_a_bureau_without_telephone_leaves_no_hole(phrase: Phrase) -> None:
    text = say(Say(phrase=phrase, facts=MOMENTS)).text
    assert not any(hole in text for hole in ("请打。", "给。", "给,", "  "))


def test_examples_hold_no_plausible_figure() -> None:
    text = say(Say(phrase=Phrase.HELP, facts={})).text
    assert not any(digit in text for digit in "0123456789")


def test_every_command_has_words_and_a_line_in_the_menu() -> None:
    assert set(MENU) >= {*PRINCIPAL_COMMANDS, *BUREAU_COMMANDS}
    assert set(COMMAND_WORDS) >= set(MENU)
    words = [word for words in COMMAND_WORDS.values() for word in words]
    assert len(words) == len(set(words))
