"""Which report do typed words belong to (design 3)?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import col, select

from db.tables import Chat, Outbox
from domain import messages
from domain.indicators import Kind, Question
from domain.messages import ReportCard, ReportKey
from domain.understanding import understand
from domain.understanding.result import Intent
from services.asking import focused_report
from services.naming import unnamed
from services.sheets import Sheet, closed_sheets
from services.turn import Turn


@dataclass(frozen=True, slots=True)
class Route:
    """Where a reply belongs; `focus` is the question it answers when it is a bare value."""

    sheet: Sheet
    focus: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Typed words with what they say about themselves: the units they name, the message they reply to."""

    words: str
    units: frozenset[int]
    replied: Outbox | None = None

    @property
    def reports(self) -> tuple[ReportKey, ...]:
        """What the message replied to speaks of."""
        if self.replied is None or not self.replied.payload:
            return ()
        return reports_of(messages.from_json(self.replied.kind, dict(self.replied.payload)))


def unit_names(turn: Turn, units: frozenset[int]) -> str:
    held = {holding.unit_id: holding.unit_name for holding in turn.person.holdings if holding.unit_name}
    return "、".join(name for unit_id, name in held.items() if unit_id in units)


def route_of(turn: Turn, chat: Chat, sheets: list[Sheet], told: Told) -> Route | None:
    focused = focused_report(turn, chat)
    replied = [sheet for sheet in sheets if sheet.key in told.reports]
    if len(replied) == 1:
        return Route(replied[0], chat.focus_key) if focused == replied[0].key else first_open(replied[0])
    at_hand = next((sheet for sheet in sheets if sheet.key == focused), None)
    if at_hand is not None:
        return Route(at_hand, chat.focus_key)
    if len({sheet.unit.id for sheet in sheets}) > 1:
        return None
    if len(sheets) == 1:
        return first_open(sheets[0])
    fitting = fitting_sheets(turn, sheets, told.words)
    return Route(fitting[0]) if len(fitting) == 1 else None


_ANY = Question("any", "", Kind.BOOL)
"""Asked beside the others, it keeps a bare 已完成 or 没有 from fitting the only yes-or-no question there is."""


def fitting_sheets(turn: Turn, sheets: list[Sheet], words: str) -> list[Sheet]:
    """The reports that the words speak of, when all their questions are asked at once."""
    asked = [
        replace(question, key=f"{number}:{question.key}")
        for number, sheet in enumerate(sheets)
        for question in sheet.questions(turn.today)
    ]
    understood = understand(unnamed(turn, words), [*asked, _ANY], now=turn.hours.local(turn.now), calm=turn.calm)
    found = {reading.key.partition(":")[0] for reading in understood.readings}
    return [sheet for number, sheet in enumerate(sheets) if str(number) in found]


_MARK = re.compile(r"^\s*(?:更正|订正|补报)(?:一下)?[\s::,,]*")
_LOOKS_BACK = timedelta(days=62)
"""For so long after its lock a round is still thought of when nothing else fits."""


def is_marked(words: str) -> bool:
    """更正 or 补报 in front: of something that was sent, or whose round is closed."""
    return _MARK.match(words) is not None


def bare_words(sheet: Sheet, words: str) -> str:
    """The words without 更正: and without the task's name, where none of its questions is called so too."""
    words = _MARK.sub("", words)
    called = [name for one in sheet.indicators for name in (one.label, one.short, *one.words)]
    for name in (sheet.title, sheet.task.name, sheet.task.short_name):
        if name and not any(name in other for other in called):
            words = words.replace(name, " ")
    return words.strip() or words


async def closed_candidates(turn: Turn, told: Told) -> list[Sheet]:
    """What the words may correct or hand in late, the most likely alone: a task they name, what is not locked yet, the
    newest round of a task."""
    since = turn.now - _LOOKS_BACK
    found = await closed_sheets(turn.session, turn.bureau.id, turn.person.known_units, since, turn.now)
    mine = [s for s in found if turn.person.may_report(s) and (not told.units or s.unit.id in told.units)]
    named = [sheet for sheet in mine if names_task(sheet, told.words)]
    mine = named or mine
    newest: dict[tuple[int, int], Sheet] = {}
    for sheet in mine:
        newest.setdefault((sheet.task.id, sheet.unit.id), sheet)
    open_still = [sheet for sheet in newest.values() if not sheet.is_locked(turn.now)]
    return open_still or list(newest.values())


def fitting_closed(turn: Turn, sheets: list[Sheet], words: str) -> list[Sheet]:
    """Of these, the ones that the words speak of, without the names of their tasks."""
    for sheet in sheets:
        words = bare_words(sheet, words)
    return fitting_sheets(turn, sheets, words)


def is_correction(turn: Turn, sheets: list[Sheet], words: str) -> bool:
    """Do the words set right something said earlier?"""
    asked = [question for sheet in sheets for question in sheet.questions(turn.today)]
    return understand(words, asked, now=turn.hours.local(turn.now), calm=turn.calm).intent is Intent.CORRECTION


def names_task(sheet: Sheet, words: str) -> bool:
    return any(name and name in words for name in (sheet.task.name, sheet.task.short_name))


def first_open(sheet: Sheet) -> Route:
    """Where only the report is known, a bare value answers its first open question."""
    return Route(sheet, next((indicator.key for indicator in sheet.missing), None))


async def delivered(turn: Turn, message_id: int | None) -> Outbox | None:
    """The message of ours that stands under this id in the chat, as it was last shown."""
    if message_id is None:
        return None
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id, Outbox.message_id == message_id)
    statement = select(Outbox).where(*mine, col(Outbox.kind) != "strip").order_by(col(Outbox.id).desc())
    return (await turn.session.exec(statement)).first()


def reports_of(message: messages.Message) -> tuple[ReportKey, ...]:
    if isinstance(message, messages.Prompt | messages.Reminder):
        return message.reports
    of_one = ReportCard | messages.Receipt | messages.HowTo | messages.Versions
    return (message.report,) if isinstance(message, of_one) else ()
