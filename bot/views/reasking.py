"""口径变更: which question of a running round is asked again, and that the rest stays."""

from __future__ import annotations

from bot.buttons import Verb, encode
from bot.views.parts import due, in_rows, message
from domain import wording
from domain.groups import concerns
from domain.messages import ReaskedQuestion
from services.content import ReaskedContent, Scene
from services.rendering import Button, Rendered
from services.sheets import Sheet


def reasked(content: ReaskedContent, scene: Scene) -> Rendered:
    """One line where it is one question; the button leads straight to it."""
    questions = content.questions
    count = len(questions)
    titles = dict.fromkeys(_title(content, sheet) for sheet, _ in questions)
    only = "这一项" if count == 1 else f"这{count}项"
    head = f"{content.address},{'、'.join(titles)}有{count}处口径改了,只需重答{only}"
    if count == 1:
        lines = [f"{head}:{questions[0][1].what}。"]
    else:
        told = [one.what if len(titles) == 1 else f"{_title(content, sheet)}:{one.what}" for sheet, one in questions]
        lines = [f"{head}:", *(f"{number}. {what}" for number, what in enumerate(told, 1))]
    lines.append(f"其余都留着,不用重报,{_until(questions[0][0], scene)}。")
    return message(lines, *in_rows(_buttons(content), 2))


def _title(content: ReaskedContent, sheet: Sheet) -> str:
    return f"{sheet.unit.name} {sheet.title}" if content.several_units else sheet.title


def _until(sheet: Sheet, scene: Scene) -> str:
    """What was received stays received when it was; there is time until the lock."""
    if sheet.report.first_received_at is not None:
        return f"报送时间不变;{wording.moment(sheet.lock_at, scene.hours.zone)}前答即可"
    return f"{due(sheet, scene)}前答即可"


def _buttons(content: ReaskedContent) -> list[Button]:
    many = len(content.questions) > 1
    return [
        Button(f"{number if many else ''}重答", encode(Verb.ASK, sheet.key, _position(sheet, one), 1))
        for number, (sheet, one) in enumerate(content.questions, 1)
    ]


def _position(sheet: Sheet, question: ReaskedQuestion) -> int:
    """The place of the first open question that the change touches."""
    wanted = next(one for one in sheet.missing if concerns(question.key, one.key))
    return sheet.indicators.index(wanted)
