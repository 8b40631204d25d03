"""One spelling for everything: width, spaces, punctuation, slips of the pen; with the way back to the words as sent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from domain.understanding.rule import Rule
from domain.understanding.slips import righted

BLANK = "\ue000"
"""Stands where something was masked; never part of a word."""

MARKER = 0xE100
"""chr(MARKER + n) stands where a list marker n (①, 1、, 一是) stood."""

_CIRCLED = {
    **{chr(0x2460 + i): i + 1 for i in range(20)},
    **{chr(0x2474 + i): i + 1 for i in range(20)},
    **{chr(0x2488 + i): i + 1 for i in range(20)},
    **{chr(0x2776 + i): i + 1 for i in range(10)},
    **{chr(0x3220 + i): i + 1 for i in range(10)},
}
_PUNCTUATION = str.maketrans(
    {
        "；": ";", "：": ":", "？": "?", "！": "!", "（": "(", "）": ")", "．": ".", "｡": "。",
        "【": "(", "】": ")", "[": "(", "]": ")", "〔": "(", "〕": ")", "﹑": "、", "､": "、",
        "～": "~", "〜": "~", "∼": "~", "—": "-", "–": "-", "―": "-", "−": "-", "‐": "-", "‑": "-", "－": "-",
        "／": "/", "∕": "/", "⁄": "/", "≈": "约", "÷": "/", "％": "%", "﹪": "%", "’": "'", "‘": "'", "′": "'",
        "″": '"',
        "“": '"', "”": '"', "「": '"', "」": '"', "『": '"', "』": '"', "…": "，", "·": ".", "•": ".", "・": ".",
        "\r": "\n", "\t": " ", "\u3000": " ", "\xa0": " ",
    }
)  # fmt: skip
_TRADITIONAL = str.maketrans(
    "個學萬兩沒還師計劃實際參練開電貳陸號週歲後過進組織應該對說錯級縣導課讀綠環處間門項種數費總報災震車題難無與從為條"
    "節舉辦話體會動設備裝機壞區員長隊單繼續評獎稱復產業場臺幾約億負責問",
    "个学万两没还师计划实际参练开电贰陆号周岁后过进组织应该对说错级县导课读绿环处间门项种数费总报灾震车题难无与从为条"
    "节举办话体会动设备装机坏区员长队单继续评奖称复产业场台几约亿负责问",
)
_COMMA = Rule(r",(?!\d{3}(?!\d))|(?<!\d),")
_INVISIBLE = Rule(r"[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ufe0f]")


@dataclass(frozen=True, slots=True)
class Normal:
    """`text` is what the grammar reads; `starts[i]`, `ends[i]` say where its i-th character stood in `original`."""

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def words(self, start: int, end: int) -> str:
        """The reply's own words for text[start:end]."""
        if start >= end:
            return ""
        return self.original[self.starts[start] : self.ends[end - 1]].strip()

    def with_text(self, text: str) -> Normal:
        """The same map under a text of the same length (masks, markers)."""
        return Normal(self.original, text, self.starts, self.ends)


@lru_cache(maxsize=16)
def normalise(original: str) -> Normal:
    """NFKC, one kind of punctuation, no idle spaces, common slips put right, list markers made recognisable."""
    characters = _with_markers(_characters(original))
    characters = _without_idle_spaces(characters)
    text = righted("".join(c for c, _, _ in characters))
    return Normal(original, text, tuple(s for _, s, _ in characters), tuple(e for _, _, e in characters))


def _with_markers(characters: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    text = _mark_lists(_COMMA.sub("，", "".join(c for c, _, _ in characters)))
    return [(c, start, end) for c, (_, start, end) in zip(text, characters, strict=True)]


def _characters(original: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for at, char in enumerate(original):
        if char == "，":
            found.append(("," if _inside_wide_number(original, at) else char, at, at + 1))
        elif char in _CIRCLED:
            found.append((chr(MARKER + _CIRCLED[char]), at, at + 1))
        elif not _INVISIBLE.match(char):
            found.extend((c, at, at + 1) for c in _spelling(char))
    return found


def _inside_wide_number(original: str, at: int) -> bool:
    """１，２００ is one number; 520，300 are two."""
    around = original[at - 1 : at] + original[at + 1 : at + 2]
    return len(around) == 2 and all("\uff10" <= c <= "\uff19" for c in around)


def _spelling(char: str) -> str:
    if "\u4e00" <= char <= "\u9fff":
        return char.translate(_TRADITIONAL)
    plain = unicodedata.normalize("NFKC", char.translate(_PUNCTUATION)) if char > "\x7f" else char
    return "".join(c for c in plain.translate(_PUNCTUATION).lower() if not "\ue000" <= c <= "\uf8ff")


def _without_particles(characters: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """实际呢去了三十二个: what a speaker leans on in the middle of a sentence."""
    text = "".join(c for c, _, _ in characters)
    leaning = {match.start() for match in _LEANING.finditer(text)}
    return [character for at, character in enumerate(characters) if at not in leaning] if leaning else characters


_LEANING = Rule(r"(?<=[\u4e00-\u9fff])(?<!干)[呢嘛噻](?=[\u4e00-\u9fff\d])")


def _without_idle_spaces(characters: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Spaces go, except between two digit runs that do not look like one number; there a 、 stands."""
    characters = _without_particles(characters)
    text = "".join(c for c, _, _ in characters)
    kept: list[tuple[str, int, int]] = []
    spelt = [match.span() for match in _GROUPS.finditer(text)]
    for at, (char, start, end) in enumerate(characters):
        if any(first < at < last for first, last in spelt):
            kept.extend([] if char == " " else [(char, start, end)])
        elif char == " " and (_parts_sentences(text, at) or _parts_amounts(text, at)):
            kept.append(("，", start, end))
        elif char != " ":
            kept.append((char, start, end))
        elif _parts_numbers(text, at) or _parts_han_numbers(text, at):
            kept.append(("、", start, end))
    return kept


_TELLING = Rule(r"[\u4e00-\u9fff\d%]{3,}$")
_TOLD_ON = Rule(r"[\u4e00-\u9fff\d]{3,}")


def _parts_sentences(text: str, at: int) -> bool:
    """十六个班 已经装了十四个: people part their sentences by spaces; 参演学生 286人 is one."""
    if at == 0 or text[at - 1] == " ":
        return False
    behind = text[at + 1 :].lstrip(" ")
    if not behind[:1] >= "\u4e00" or not (text[at - 1] >= "\u4e00" or text[at - 1].isdigit()):
        return False
    return bool(_TELLING.search(text[:at]) and _TOLD_ON.match(behind))


_NUMERAL = "0-9零一二三四五六七八九十百千万两"
_TOKEN_LEFT, _TOKEN_RIGHT = Rule(r"[^\s，。;!?]+$"), Rule(r"[^\s，。;!?\u2600-\u27bf\U0001f300-\U0001faff]+")
_WITH_AMOUNT = Rule(rf"[{_NUMERAL}](?:[\u4e00-\u9fff]{{1,6}}|%|[wk])$|\d%?$|[{_NUMERAL}]{{2,}}$")
_GOES_ON = Rule(r"(?:[时月年亿点:/.到至约]|(?<!多)分|分钟|小时)$")
_BEGINS = Rule(r"还?[没未已]|正在|计划|预计|下次|联系|用时|其中")
_LARGE, _REST_OF_IT = Rule(r"[百千万]$"), Rule(rf"[{_NUMERAL}]+[元块人]?$")
_STATED = Rule(r"(?:[没未无][\u4e00-\u9fff]{1,3}|[\u4e00-\u9fff]{2}[了过]|[行建]中|完成|[国省市县]培)$")


def _parts_amounts(text: str, at: int) -> bool:
    """投入7.2万 家长12人, 学生286人 30位老师, 未启动 17个班: behind a whole amount or statement a new one begins."""
    left, right = _TOKEN_LEFT.search(text[:at]), _TOKEN_RIGHT.match(text[at:].lstrip(" "))
    if left is None or right is None:
        return False
    said, follows = left.group(), right.group()
    if _WITH_AMOUNT.search(said) and _BEGINS.match(follows):
        return True
    numbered = re.match(f"[{_NUMERAL}]", follows) is not None
    if _WITH_AMOUNT.search(said) and not re.fullmatch(f"[{_NUMERAL}]+", said):
        if numbered:
            goes_on = _GOES_ON.search(said) or (_LARGE.search(said) and _REST_OF_IT.match(follows))
            return bool(_WITH_AMOUNT.search(follows)) and not goes_on
        amount = re.search(rf"[{_NUMERAL}](?:[^{_NUMERAL}]|$)", follows)
        labelled = said[0] >= "\u4e00" and not re.match(f"[{_NUMERAL}]", said)
        return follows[0] >= "\u4e00" and len(follows) > 2 and (bool(amount) or labelled)
    if (
        numbered
        and re.search(r"(?:[了已没未都均]|^有)[\u4e00-\u9fff]{1,6}$", said)
        and re.search(r"\d[\u4e00-\u9fff]{3,}", follows)
    ):
        return True
    if (
        numbered
        and re.match(r"(?:还没|已|没|未)[\u4e00-\u9fff]{1,4}$", said)
        and re.match(r"\d+[\u4e00-\u9fff]", follows)
    ):
        return True
    return numbered and len(follows) > 1 and bool(_STATED.search(said))


_GROUPS = Rule(r"(?<![\d.,/:-])\d{1,3}(?: \d{3})+(?![\d.,])|(?<![\d.])\d(?: \d){2,}(?![\d.])")
_SPACED = Rule(r"(?<=[0-9a-z%]) +(?=[0-9])|(?<=[0-9]) +(?=[a-z])")


def _parts_numbers(text: str, at: int) -> bool:
    if at == 0 or at + 1 >= len(text) or text[at - 1] == " ":
        return False
    if not (match := _SPACED.match(text, at)):
        return False
    return not any(group.start() < at < group.end() for group in _GROUPS.finditer(text)) and match.start() == at


_HAN_NUMERAL = "零一二三四五六七八九十百千万两"


def _parts_han_numbers(text: str, at: int) -> bool:
    """四万六 一间 are two amounts, 五 百 二 十 is one."""
    left, right = text[:at].rstrip(" "), text[at:].lstrip(" ")
    if not left or not right or text[at - 1] == " " or left[-1] not in _HAN_NUMERAL or right[0] not in _HAN_NUMERAL:
        return False
    return len(left) > 1 and left[-2] in _HAN_NUMERAL


_HAN = "一二三四五六七八九十"
_LISTED = (
    Rule(r"(?<!\d)(?P<n>[1-9])(?P<sep>)(?=[是否有没无未已]|(?<=\d)[一二三四五六七八九两][个项次场篇份门处台间节])"),
    Rule(r"(?:^|(?<=[\n ，。;:]))(?P<n>\d{1,2})(?P<sep>\.)"),
    Rule(r"(?<![\d.,/:年月\-])(?P<n>\d{1,2})(?P<sep>[、)]|\.(?!\d)|[:，](?=[^\d]))"),
    Rule(r"\((?P<n>\d{1,2})\)(?P<sep>)"),
    Rule(r"(?:^|(?<=[\n，;。:!、\s]))(?P<n>[一二三四五六七八九十])(?P<sep>[、是](?=[^都一]))"),
    Rule(r"(?<![一二三四五六七八九十百千万\d])\((?P<n>[一二三四五六七八九十])\)(?P<sep>)(?!班)"),
    Rule(
        r"(?:^|(?<=[\n，;。:!、]))第(?P<n>[一二三四五六七八九十])(?P<sep>[、，:是问题项]+|个(?:是|有)?(?=[\d一二三四五六七八九十百两]|已|没|未|无|开展|搞))"
    ),
)


def _mark_lists(text: str) -> str:
    """1、… 2、… as markers when they count up from 1 and something stands behind each."""
    every = [list(pattern.finditer(text)) for pattern in _LISTED]
    mixed = sorted((match for matches in every for match in matches), key=lambda match: match.start())
    for matches in (*every, mixed):
        run = _counting_up(text, matches)
        if run and len(run) >= len(_counting_up(text, mixed)):
            return _marked(text, run)
    return text


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _HAN.index(word) + 1


def _counting_up(text: str, matches: list[re.Match[str]]) -> list[re.Match[str]]:
    run: list[re.Match[str]] = []
    for match in matches:
        if _number(match["n"]) == len(run) + 1 and (not run or match.start() > run[-1].end()):
            run.append(match)
    lone = matches[0] if matches and not run else None
    if lone is not None and lone.start() == 0 and lone["n"].isdigit() and _opens_a_list(lone, text):
        return [lone]
    if len(run) < 2 and not (run and run[0].start() == 0 and _opens_a_list(run[0], text)):
        return []
    ends = [m.start() for m in run[1:]] + [len(text)]
    return run if all(text[m.end() : end].strip(" \n，;。、") for m, end in zip(run, ends, strict=True)) else []


def _opens_a_list(match: re.Match[str], text: str) -> bool:
    """A lone 1、 at the very start is a marker only before words, not before another number (1、2、3年级)."""
    rest = text[match.end() :]
    return match["sep"] in ("、", ")") and bool(rest) and not rest[0].isdigit()


def _marked(text: str, run: list[re.Match[str]]) -> str:
    characters = list(text)
    for match in run:
        characters[match.start() : match.end()] = [chr(MARKER + _number(match["n"]))] + [BLANK] * (
            match.end() - match.start() - 1
        )
    return "".join(characters)
