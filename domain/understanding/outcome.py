"""Small builders shared by the readers: a reading, a doubt, a value brought to the question's unit and limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from domain.indicators import Kind, Question, Ratio, Value
from domain.understanding.profiles import Profile
from domain.understanding.result import Doubt, Reading, Why
from domain.understanding.scene import Scene

Outcome = Reading | Doubt | None


def doubt(scene: Scene, profile: Profile, why: Why, start: int = 0, end: int | None = None) -> Doubt:
    return Doubt(profile.key, why, scene.words(start, len(scene.raw) if end is None else end))


def torn_between(profile: Profile, doubted: Doubt, *values: Decimal | None) -> Doubt:
    """With those of these values that the question may take."""
    found = [bounded(profile.question, value) for value in values if value is not None]
    return replace(doubted, either=tuple(dict.fromkeys(one for one in found if not isinstance(one, Why))))


def reading(
    scene: Scene,
    profile: Profile,
    value: Value,
    span: tuple[int, int],
    rule: str,
    *,
    approximate: bool = False,
    changed: bool = False,
) -> Reading:
    return Reading(profile.key, value, scene.words(*span), rule, approximate, changed or approximate)


def bounded(question: Question, value: Decimal) -> Decimal | int | Why:
    """The value within the limits and as its kind wants it."""
    if question.kind is Kind.INT and value != int(value):
        return Why.NOT_A_NUMBER
    if value < (question.minimum if question.minimum is not None else 0):
        return Why.OUT_OF_RANGE
    if question.maximum is not None and value > question.maximum:
        return Why.OUT_OF_RANGE
    if question.kind is Kind.PERCENT and value > 100:
        return Why.OUT_OF_RANGE
    return int(value) if question.kind is Kind.INT else tidy(value, question.scale)


def tidy(value: Decimal, scale: int = 0) -> Decimal:
    """No idle zeros, and no more decimals than the indicator keeps (where it says so)."""
    if scale:
        value = value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def one_decimal(value: Decimal) -> Decimal:
    return tidy(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


def ratio(done: Decimal, total: Decimal) -> Ratio | Why:
    if done != int(done) or total != int(total) or done < 0:
        return Why.NOT_A_NUMBER
    return Why.DONE_OVER_TOTAL if done > total else Ratio(int(done), int(total))
