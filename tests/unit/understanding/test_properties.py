"""What must hold for any reply: no crash, nothing stored without meaning, the same reading in another spelling."""

import json
import time
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.indicators import Kind
from domain.understanding.batch import NOW, answer, question
from domain.understanding.understand import understand
from tests.unit.understanding.conftest import ask, corpus

KEYS = (
    "drill_done",
    "drill_date",
    "drill_type",
    "drill_students",
    "drill_seconds",
    "bbt",
    "bbt_use",
    "bbt_fund",
    "next_drill",
)
VALUED = tuple(
    item for item in corpus() if item["expected"] and all(entry["type"] != "text" for entry in item["context"])
)
_TRADE = (
    "班 个 人 名 没 有 已 未 不 全部 都 一 二 三 十 百 千 万 两 半 5 20 36 / % : 月 日 号 周 前 后 分 秒 元 亩 成 之 "
    "点 ， 。 ？ 、 学生 老师 演练 隐患 装 整改 共 其中 差 剩 多 少 约 来 几 是 吗 把 改成 刚才 错了 上次 一样 计划 "
    "下 上 这 每 各 第 年级 ① 1、 2、 （ ） 同上 无"
)
TRADE = st.sampled_from([*_TRADE.split()])


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_survived(text: str) -> None:
    understand(text, ask(*KEYS), now=NOW)


@given(st.lists(TRADE, max_size=25).map("".join), st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
@settings(max_examples=250, deadline=None)
def test_any_words_of_the_trade_are_survived_and_keep_the_limits(text: str, keys: list[str]) -> None:
    asked = {q.key: q for q in ask(*keys)}
    for reading in understand(text, list(asked.values()), now=NOW).readings:
        asked_for = asked[reading.key]
        assert reading.words in text or reading.words.strip() in text
        if asked_for.kind in (Kind.INT, Kind.NUMBER, Kind.PERCENT):
            assert asked_for.minimum is None or reading.value >= asked_for.minimum  # type: ignore[operator]
            assert asked_for.maximum is None or reading.value <= asked_for.maximum  # type: ignore[operator]
        if asked_for.kind is Kind.RATIO:
            assert reading.value.done <= reading.value.total  # type: ignore[union-attr]


MEANINGLESS = st.text(
    alphabet="の한ñßфqzxvjgyéあカ天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏😀☂ ，。", max_size=40
)


@given(MEANINGLESS)
@settings(max_examples=150, deadline=None)
def test_nothing_is_stored_where_nothing_is_meant(text: str) -> None:
    assert understand(text, ask(*KEYS), now=NOW).readings == ()


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


SPELLINGS = {
    "full width": _wide,
    "half-width commas": lambda text: text.replace("，", ", "),
    "spaces around": lambda text: f"  {text} \n",
    "spaces behind punctuation": lambda text: "".join(c + (" " if c in "，。；、：" else "") for c in text),
    "a full stop": lambda text: text if text.endswith(("？", "?")) else text.rstrip("。！!") + "。",
}
CHATTER = {
    "a greeting": lambda text: "领导您好，" + text,
    "received": lambda text: "收到，" + text,
    "thanks": lambda text: text + "，谢谢",
    "a closing": lambda text: text.rstrip("。") + "。请查收，辛苦了！",
    "a report's end": lambda text: text.rstrip("。") + "。报告完毕",
    "a smile": lambda text: text + "😊",
}


@cache
def _as_written() -> tuple[dict[str, Any], ...]:
    """What all spellings are compared with."""
    return tuple(answer(item) for item in VALUED)


@pytest.mark.parametrize("name", [*SPELLINGS, *CHATTER])
def test_every_reply_reads_the_same_in_another_spelling_and_among_chatter(name: str) -> None:
    change = {**SPELLINGS, **CHATTER}[name]
    for item, plain in zip(VALUED, _as_written(), strict=True):
        changed = answer({**item, "text": change(item["text"])})
        assert (changed["intent"], changed["values"]) == (plain["intent"], plain["values"]), item["text"]


@given(st.sampled_from(VALUED), st.sampled_from([*SPELLINGS.values()]), st.sampled_from([*CHATTER.values()]))
@settings(max_examples=100, deadline=None)
def test_both_at_once(item: dict[str, object], spell: object, chat: object) -> None:
    text = chat(spell(str(item["text"]).rstrip("。")))  # type: ignore[operator]
    assert answer({**item, "text": text})["values"] == answer(item)["values"]


@pytest.mark.parametrize("item", VALUED[::40], ids=lambda item: item["id"])
def test_asking_twice_gives_the_same(item: dict[str, object]) -> None:
    assert json.dumps(answer(item)) == json.dumps(answer(item))


@pytest.mark.parametrize("item", VALUED[::25], ids=lambda item: item["id"])
def test_every_reading_carries_words_of_the_reply_and_a_rule(item: dict[str, object]) -> None:
    asked = [question(entry) for entry in item["context"]]  # type: ignore[attr-defined]
    for reading in understand(str(item["text"]), asked, now=NOW).readings:
        assert reading.words
        assert reading.words in str(item["text"])
        assert reading.rule


REPEATED = (
    "因",
    "由于",
    "对",
    "共有",
    "没",
    "每",
    "1",
    "十",
    "百分之",
    "1/",
    "是的",
    "下",
    "第",
    "，",
    "但",
    "2:0",
    "30个",
    "（",
    " ",
)


@pytest.mark.parametrize("word", REPEATED)
def test_a_word_said_two_hundred_times_takes_no_second(word: str) -> None:
    start = time.perf_counter()
    understand(word * 200 + "x", ask(*KEYS), now=NOW)
    assert time.perf_counter() - start < 1
