"""「这个怎么填?」: what a question means, how to answer it and whom to call. Nothing that was filled in is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Inbox
from domain import codec
from domain.indicators import Indicator, Value
from domain.messages import HeldValue, HowTo, ReportKey, from_json
from domain.understanding.result import Reading, Understanding
from services.asking import close_question, set_focus, show_after
from services.intake import message_of
from services.outbox import queue
from services.people import chat_row
from services.reporting import Given, Outcome, enter, sheet_for
from services.sheets import Sheet, sheet_of
from services.taking import applying
from services.turn import Turn


@dataclass(frozen=True, slots=True)
class HowToContent:
    """`indicator` is None where the words ask about the whole report; `held` are the values said besides."""

    sheet: Sheet
    indicator: Indicator | None
    update_id: int = 0
    held: tuple[tuple[Indicator, Value], ...] = ()


async def how_to(turn: Turn, key: ReportKey, position: int) -> Outcome:
    """[怎么填] at a question: it is explained and stays asked."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    if not 0 <= position < len(sheet.indicators):
        return Outcome.OUT_OF_DATE
    await explain(turn, sheet, sheet.indicators[position].key)
    return Outcome.DONE


async def explain(turn: Turn, sheet: Sheet, asked: str | None, held: Sequence[Reading] = ()) -> None:
    """Explain this question below and keep it asked; what was said besides is offered."""
    if asked is not None:
        await set_focus(turn, sheet.key, asked)
    values = tuple(
        HeldValue(
            key=one.key, value=codec.to_json(one.value), words=one.words, approximate=one.approximate,
            changed=one.changed,
        )
        for one in held
    )  # fmt: skip
    message = HowTo(report=sheet.key, key=asked, update_id=turn.update_id, held=values)
    await queue(turn.session, turn.to, message, turn.now)


async def keep_held(turn: Turn, key: ReportKey, update_id: int) -> Outcome:
    """[记下:…]: the values said beside the question, as they were shown."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    offered = await close_question(turn, update_id, "how_to")
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    message = from_json(offered.kind, dict(offered.payload)) if offered else None
    if not isinstance(message, HowTo) or earlier is None or message.report != key:
        return Outcome.OUT_OF_DATE
    turn.received_at, turn.message_id = earlier.received_at, message_of(earlier.raw)
    values = {indicator.key: value for indicator, value in _values(sheet, message)}
    readings = [
        Reading(one.key, values[one.key], one.words, "held", one.approximate, one.changed)
        for one in message.held
        if one.key in values
    ]
    outcome = await enter(turn, sheet, Given(applying(sheet, readings)))
    (await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)).failures = 0
    await show_after(turn, sheet, below=True)
    return outcome


def _values(sheet: Sheet, message: HowTo) -> tuple[tuple[Indicator, Value], ...]:
    """Those whose question is still asked."""
    asked = ((sheet.indicator(one.key), one.value) for one in message.held)
    return tuple((indicator, codec.from_json(indicator.kind, value)) for indicator, value in asked if indicator)


def asked_about(sheet: Sheet, understood: Understanding, focus: str | None) -> str | None:
    """The question that the words ask about: the one they name, else the one at hand, else the next one."""
    named = [doubt.key for doubt in understood.doubts] + [reading.key for reading in understood.held]
    only = named[0] if len(set(named)) == 1 else None
    at_hand = focus if sheet.indicator(focus) is not None else None
    return only or at_hand or next((indicator.key for indicator in sheet.missing), None)


async def content(session: AsyncSession, bureau_id: int, message: HowTo) -> HowToContent | None:
    sheet = await sheet_of(session, bureau_id, message.report)
    if sheet is None:
        return None
    return HowToContent(sheet, sheet.indicator(message.key), message.update_id, _values(sheet, message))
