"""How long schools sat at a task's reports: every answer brings the card up to date, and the outbox knows when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Outbox, Report, Round, Task
from domain.messages import ReportKey
from services.outbox import card_key

LONGEST_PAUSE = timedelta(minutes=5)
"""Whoever was away for longer did something else meanwhile."""
LEAST = 3
"""Of fewer schools nothing is said."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """The median school's seconds, from so many reports of the last rounds."""

    seconds: float
    reports: int


async def taken(session: AsyncSession, task: Task) -> Taken | None:
    """None where too few have reported yet."""
    last = select(col(Round.id)).where(col(Round.bureau_id) == task.bureau_id, col(Round.task_id) == task.id)
    rounds = (await session.execute(last.order_by(col(Round.due_at).desc()).limit(_ROUNDS))).scalars().all()
    sent = select(col(Report.round_id), col(Report.unit_id), col(Report.submitted_at)).where(
        col(Report.bureau_id) == task.bureau_id, col(Report.round_id).in_(rounds), col(Report.submitted_at).is_not(None)
    )
    ends = {card_key(ReportKey(*key)): at for *key, at in (await session.execute(sent)).all()}
    if len(ends) < LEAST:
        return None
    instants: dict[str, list[datetime]] = {}
    for card, at in await _shown(session, task.bureau_id, rounds):
        if card in ends and at <= ends[card]:
            instants.setdefault(card, []).append(at)
    sat = [seconds for card, shown in instants.items() if (seconds := _sat([*shown, ends[card]]))]
    return Taken(median(sat), len(sat)) if len(sat) >= LEAST else None


async def _shown(session: AsyncSession, bureau_id: int, rounds: Iterable[int]) -> list[tuple[str, datetime]]:
    found: list[tuple[str, datetime]] = []
    for round_id in rounds:
        of_round = col(Outbox.card_key).startswith(f"report:{round_id}:")
        cards = select(col(Outbox.card_key), col(Outbox.queued_at)).where(col(Outbox.bureau_id) == bureau_id, of_round)
        found += [(str(card), at) for card, at in (await session.execute(cards)).all()]
    return found


def _sat(instants: list[datetime]) -> float:
    gaps = (min(later - earlier, LONGEST_PAUSE) for earlier, later in pairwise(sorted(instants)))
    return sum(gap.total_seconds() for gap in gaps)
