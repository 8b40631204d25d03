"""What to say when words gave no value: one clear sentence each, and in the end a human being's telephone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.buttons import Verb, encode
from bot.views.parts import section_contact
from domain import defaults, wording
from domain.indicators import Indicator, Kind, Question
from domain.messages import Unread
from domain.understanding.result import Why
from services.content import CardContent, Scene
from services.pads import NUMERIC
from services.rendering import Button
from services.sheets import Sheet
from services.taking import meant

MOST_BUTTONS = 4
AT_MOST = 3
"""A card is read on a small screen: so many doubts at once."""


def doubt_lines(content: CardContent, scene: Scene) -> list[str]:
    certain = [unread for unread in content.unread if unread.why is not Why.AMBIGUOUS]
    unplaced = [unread for unread in content.unread if unread.why is Why.AMBIGUOUS]
    lines = [_line(content.sheet, unread, scene) for unread in certain[:AT_MOST]]
    lines += [_unplaced(content.sheet, unplaced)] if unplaced else []
    if lines and content.failures >= defaults.REASKS:
        contact = section_contact(content.sheet)
        lines.append(f"是我没看懂,不耽误您。{_instead(content)}打电话给{contact},由局里代填;已填的都在。")
    return lines


def either_buttons(content: CardContent, number: str = "") -> list[Button]:
    """One for each value that contradictory words may mean; `number` says of which row of a table."""
    sheet = content.sheet
    found: list[Button] = []
    for unread in content.unread:
        indicator = sheet.indicator(unread.key)
        if indicator is None:
            continue
        for amounts in unread.either:
            if (value := meant(indicator, amounts)) is not None:
                label = f"{number}是{wording.value(indicator, value)}"
                code = encode(Verb.MEAN, sheet.key, sheet.revision, sheet.indicators.index(indicator), *amounts)
                found.append(Button(label, code))
    return found[:MOST_BUTTONS]


def _instead(content: CardContent) -> str:
    """What may be tapped where words failed."""
    asked = content.sheet.indicator(content.asked)
    if asked is None or asked.kind in (Kind.TEXT, Kind.PHOTO):
        return "可以"
    return "请点数字,或" if asked.kind in NUMERIC else "请点按钮,或"


def _unplaced(sheet: Sheet, unplaced: Sequence[Unread]) -> str:
    """One line for a value that may belong to several questions."""
    names = [indicator.name for unread in unplaced if (indicator := sheet.indicator(unread.key))]
    if not names:
        return f"✗ 没看懂“{unplaced[0].words}”,没有改动。"
    which = "、".join(names[:AT_MOST]) + ("等" if len(names) > AT_MOST else "")
    return f"✗ 您说“{unplaced[0].words}”,拿不准是哪一项({which}),请连名称一起说,如“{names[0]}_”。"


def _line(sheet: Sheet, unread: Unread, scene: Scene) -> str:
    indicator = sheet.indicator(unread.key)
    question = sheet.question(unread.key, scene.today) if unread.key else None
    said_so = f"您说“{unread.words}”," if unread.words else ""
    if indicator is None or question is None:
        return f"✗ 没看懂“{unread.words}”,没有改动。"
    if unread.either and unread.why is Why.CONTRADICTORY:
        return f"✗ {said_so}{indicator.name}前后对不上,点一下是哪个,或再回一次。"
    asks = _why(unread.why, indicator, question)
    return f"✗ {said_so}{asks.replace('请按', '请点下面的,或按') if unread.either else asks}"


def _why(why: Why, indicator: Indicator, question: Question) -> str:
    name = indicator.name
    match why:
        case Why.FUZZY | Why.VAGUE_DATE if indicator.kind is Kind.DATE:
            return f"{name}具体是哪一天?请回“_月_日”。"
        case Why.FUZZY:
            return f"{name}具体是多少?请回准数{_in_unit(indicator)}。"
        case Why.OUT_OF_RANGE:
            return f"{name}应{_range(indicator, question)},请核对后回正确的数。"
        case Why.NOT_A_NUMBER | Why.TOTAL_UNKNOWN if indicator.kind is Kind.RATIO:
            return f"{name}请回“完成数/总数”,如“_/_”。"
        case Why.NOT_A_NUMBER:
            return f"{name}要一个数,请回数字{_in_unit(indicator)}。"
        case Why.DONE_OVER_TOTAL:
            return f"{name}:完成数不能多于总数,请按“完成数/总数”再回一次。"
        case Why.TOTAL_UNKNOWN:
            return f"{name}:请连总数一起回,如“_/_”。"
        case Why.FUTURE:
            return f"{name}不能晚于{_day(question.latest)},请回已经发生的日期。"
        case Why.PAST:
            return f"{name}不能早于{_day(question.earliest)},请回以后的日期。"
        case Why.NO_SUCH_DATE:
            return f"{name}:没有这一天,请核对后再回。"
        case Why.NO_SUCH_CHOICE:
            return f"{name}请点下面的按钮,或回序号。"
        case Why.CONTRADICTORY:
            return f"{name}前后不一致,请再回一次准数。"
        case Why.PUT_OFF:
            return f"{name}等您核实后再回就行。"
        case _:
            return f"{name}没看懂,请再回一次。"


def _in_unit(indicator: Indicator) -> str:
    return f",单位{indicator.unit}" if indicator.unit else ""


def _range(indicator: Indicator, question: Question) -> str:
    low = wording.amount(question.minimum) if question.minimum is not None else "0"
    if question.maximum is None:
        return f"不少于{low}{indicator.unit}"
    return f"在{low}—{wording.amount(question.maximum)}{indicator.unit}之间"


def _day(day: date | None) -> str:
    return wording.day(day) if day else "今天"
