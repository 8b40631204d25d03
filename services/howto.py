"""「这个怎么填?」: what a question means, how to answer it and whom to call. Nothing that was filled in is touched."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.indicators import Indicator
from domain.messages import HowTo, ReportKey
from domain.understanding.result import Understanding
from services.asking import set_focus
from services.outbox import queue
from services.reporting import Outcome, sheet_for
from services.sheets import Sheet, sheet_of
from services.turn import Turn


@dataclass(frozen=True, slots=True)
class HowToContent:
    """`indicator` is None where the words ask about the whole report."""

    sheet: Sheet
    indicator: Indicator | None


async def how_to(turn: Turn, key: ReportKey, position: int) -> Outcome:
    """[怎么填] at a question: it is explained and stays asked."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    if not 0 <= position < len(sheet.indicators):
        return Outcome.OUT_OF_DATE
    await explain(turn, sheet, sheet.indicators[position].key)
    return Outcome.DONE


async def explain(turn: Turn, sheet: Sheet, asked: str | None) -> None:
    """Explain this question below and keep it asked."""
    if asked is not None:
        await set_focus(turn, sheet.key, asked)
    await queue(turn.session, turn.to, HowTo(report=sheet.key, key=asked), turn.now)


def asked_about(sheet: Sheet, understood: Understanding, focus: str | None) -> str | None:
    """The question that the words ask about: the one they name, else the one at hand, else the next one."""
    named = [doubt.key for doubt in understood.doubts] + [reading.key for reading in understood.held]
    only = named[0] if len(set(named)) == 1 else None
    at_hand = focus if sheet.indicator(focus) is not None else None
    return only or at_hand or next((indicator.key for indicator in sheet.missing), None)


async def content(session: AsyncSession, bureau_id: int, message: HowTo) -> HowToContent | None:
    sheet = await sheet_of(session, bureau_id, message.report)
    return HowToContent(sheet, sheet.indicator(message.key)) if sheet else None
