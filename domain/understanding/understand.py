"""From one reply to an `Understanding`: the way through the grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from domain.indicators import Kind, Question, Ratio, Value
from domain.understanding import dates, quantities
from domain.understanding.masks import mask
from domain.understanding.normalise import Normal, normalise
from domain.understanding.result import Doubt, Intent, Reading, Understanding, Why

_CONFIRM = re.compile(
    r"(?:对的?|是的?|好的?|行|可以|没错|没问题|提交|确认|嗯+|ok|okay|\U0001f44d|\U0001f44c|正确|无误|就这样|对对+)[吧了啊呀哈]?"
)
_YES = re.compile(r"(?:是的?|有的?|已(?:经)?(?:开展|完成|制定|建立|成立|搞|做)?|开展了|搞了|做了|对的?|有了|开展过)了?")
_NO = re.compile(r"(?:否|不是|没有?|无|未|未开展|没开展|还没有?|没搞|没做|暂时没有|暂无)")


def understand(
    text: str,
    asked: Sequence[Question],
    *,
    now: datetime,
    read_back_open: bool = False,
    focus: str | None = None,
) -> Understanding:
    """What `text` says about the questions asked.

    `focus` is the key of the question last asked: a bare value belongs to it. `read_back_open` says that a read-back
    awaits its 提交, so that 对, 好的 or 👍 confirm it.
    """
    normal = normalise(text)
    bare = normal.text.strip("，。!！、.~ \n")
    if read_back_open and _CONFIRM.fullmatch(bare):
        return Understanding(Intent.CONFIRM)
    question = _meant(asked, focus)
    if question is None or not bare:
        return Understanding(Intent.UNCLEAR)
    outcome = _value(question, normal, bare, now.date(), question.key == focus)
    if isinstance(outcome, Why):
        return Understanding(Intent.UNCLEAR, doubts=(Doubt(question.key, outcome, text.strip()),))
    return Understanding(Intent.ANSWER, (Reading(question.key, outcome, text.strip(), "plain"),))


def _meant(asked: Sequence[Question], focus: str | None) -> Question | None:
    if focus is not None:
        return next((q for q in asked if q.key == focus), None)
    return asked[0] if len(asked) == 1 else None


def _value(question: Question, normal: Normal, bare: str, today: date, focused: bool) -> Value | Why:
    match question.kind:
        case Kind.BOOL:
            return True if _YES.fullmatch(bare) else False if _NO.fullmatch(bare) else Why.NOT_UNDERSTOOD
        case Kind.DATE:
            return _date(question, mask(normal.text), today)
        case Kind.CHOICE:
            return _choice(question, bare, focused)
        case Kind.TEXT:
            return normal.original.strip()
        case Kind.CHOICES | Kind.PHOTO:
            return Why.NOT_UNDERSTOOD
        case _:
            return _number(question, mask(normal.text))


def _date(question: Question, text: str, today: date) -> date | Why:
    found = dates.find(text, today, weak=True)
    return dates.resolve(found[0], question, today) if len(found) == 1 else Why.NOT_UNDERSTOOD


def _choice(question: Question, bare: str, focused: bool) -> str | Why:
    if focused and bare.isdigit() and 1 <= int(bare) <= len(question.choices):
        return question.choices[int(bare) - 1]
    fits = [label for label in question.choices if label in bare]
    return fits[0] if len(fits) == 1 else Why.NO_SUCH_CHOICE


def _number(question: Question, text: str) -> Value | Why:
    found = quantities.find(text)
    if len(found) != 1:
        return Why.NOT_A_NUMBER if not found else Why.AMBIGUOUS
    quantity = found[0]
    if question.kind is Kind.RATIO:
        return _ratio(quantity)
    if quantity.value is None:
        return Why.FUZZY
    return _within(question, quantity.value)


def _ratio(quantity: quantities.Quantity) -> Ratio | Why:
    if quantity.sort != "pair" or quantity.first is None or quantity.second is None:
        return Why.TOTAL_UNKNOWN
    if quantity.first > quantity.second:
        return Why.DONE_OVER_TOTAL
    return Ratio(int(quantity.first), int(quantity.second))


def _within(question: Question, value: Decimal) -> Decimal | int | Why:
    low, high = question.minimum, question.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return Why.OUT_OF_RANGE
    if question.kind is Kind.INT:
        return int(value) if value == int(value) else Why.OUT_OF_RANGE
    return value
