"""One tap instead of many answers: 与上次相同, 零报告, 全部提交."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.indicators import Indicator, Kind, Nature, Ratio, Value
from domain.messages import ReportKey
from domain.understanding.result import Reading
from services import conversation
from services.asking import show_after
from services.reporting import NIL, Given, Outcome, enter, owed, sheet_for
from services.sheets import Sheet
from services.turn import Turn

_COUNTS = (Kind.INT, Kind.NUMBER, Kind.RATIO)


async def same_as_before(turn: Turn, key: ReportKey, revision: int) -> Outcome:
    """与上次相同: last time's states for what is still missing; never a drill, its people or its seconds."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    carried = sheet.carried(turn.today)
    return await _fill(turn, sheet, revision, carried, words="与上次相同") if carried else Outcome.OUT_OF_DATE


async def nil_report(turn: Turn, key: ReportKey, revision: int) -> Outcome:
    """零报告: an explicit nought for every count; a real answer, and marked as such."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    if not may_be_nil(sheet):
        return Outcome.OUT_OF_DATE
    noughts = {indicator.key: _nought(indicator) for indicator in _asked(sheet)}
    return await _fill(turn, sheet, revision, noughts, words=NIL)


async def _fill(turn: Turn, sheet: Sheet, revision: int, values: dict[str, Value], *, words: str) -> Outcome:
    readings = [Reading(key, value, words=words, rule=words) for key, value in values.items()]
    outcome = await enter(turn, sheet, Given(readings, revision))
    await show_after(turn, sheet, below=False)
    return outcome


def may_be_nil(sheet: Sheet) -> bool:
    """Nothing is filled yet, and all that is asked are counts of the period."""
    asked = _asked(sheet)
    counts = all(indicator.kind in _COUNTS and indicator.nature is Nature.FLOW for indicator in asked)
    return bool(asked) and counts and not sheet.values


def _asked(sheet: Sheet) -> Sequence[Indicator]:
    return [indicator for indicator in sheet.applicable if indicator.required]


def _nought(indicator: Indicator) -> Value:
    if indicator.kind is Kind.RATIO:
        return Ratio(0, 0)
    return Decimal(0) if indicator.kind is Kind.NUMBER else 0


async def submit_all(turn: Turn) -> int:
    """全部提交: every complete draft of this person, the most urgent first; returns how many went."""
    sent = 0
    for sheet in [sheet for sheet in await owed(turn) if sheet.is_complete]:
        sent += await conversation.confirm(turn, sheet.key, sheet.revision) is Outcome.DONE
    return sent
