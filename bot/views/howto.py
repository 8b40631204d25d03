"""「这个怎么填?」: what is meant, how to answer, whom to call. An example has blanks, never a plausible figure."""

from __future__ import annotations

from datetime import date

from bot.buttons import Verb, encode
from bot.views.parts import how, message, said, section_contact, unit_and_title
from domain import wording
from domain.indicators import Kind, Question
from services.content import Scene
from services.howto import HowToContent
from services.rendering import Button, Rendered


def how_to(content: HowToContent, scene: Scene) -> Rendered:
    sheet, asked = content.sheet, content.indicator
    contact = f"拿不准就打电话给{section_contact(sheet)};填的都还在。"
    if asked is None:
        names = "、".join(one.name for one in sheet.applicable)
        lines = [f"【怎么填】{unit_and_title(sheet)}", f"要报:{names}。可以一句话报,也可以一项一项回。", contact]
        return message([*lines, *_held_line(content)], _held_button(content))
    lines = [f"【怎么填】{asked.label}"]
    lines += [asked.help] if asked.help else []
    question = sheet.question(asked.key, scene.today)
    limits = _limits(question) if question else ""
    if limits:
        lines.append(limits)
    if asked.choices:
        lines.append("、".join(asked.choices))
    if sheet.section.phone and sheet.section.phone in asked.help:
        contact = "填的都还在。"  # the definition has just said whom to call
    asking = f"请答:{asked.label}{how(asked)}"
    return message([*lines, contact, *_held_line(content), asking], _held_button(content))


_WIDEST = 36
"""A button shows so many characters."""


def _held_line(content: HowToContent) -> list[str]:
    if not content.held:
        return []
    return [f"您刚才说的{_held(content)}还没有记;没错就点“记下”,不用重打。"]


def _held(content: HowToContent) -> str:
    return "、".join(said(indicator, value) for indicator, value in content.held)


def _held_button(content: HowToContent) -> list[Button]:
    if not content.held:
        return []
    label = f"记下:{_held(content)}"
    label = label if len(label) <= _WIDEST else f"记下这{len(content.held)}项"
    return [Button(label, encode(Verb.HELD, content.sheet.key, content.update_id))]


def _limits(question: Question) -> str:
    """单位:人;0—576; or the days between which it must lie."""
    unit = f"单位:{question.unit}。" if question.unit else ""
    if question.kind in (Kind.INT, Kind.NUMBER, Kind.PERCENT):
        return unit + _between(question)
    return unit + _days(question.earliest, question.latest) if question.kind is Kind.DATE else unit


def _between(question: Question) -> str:
    low = wording.amount(question.minimum) if question.minimum is not None else "0"
    if question.maximum is None:
        return ""
    return f"应在{low}—{wording.amount(question.maximum)}之间。"


def _days(earliest: date | None, latest: date | None) -> str:
    lines = [f"不早于{wording.day(earliest)}"] if earliest else []
    lines += [f"不晚于{wording.day(latest)}"] if latest else []
    return f"{','.join(lines)}。" if lines else ""
