"""What became of everything that was queued, and whom nothing reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Fate, Outbox
from services.directory import Entry, unreachable


@dataclass(frozen=True, slots=True)
class Ledger:
    """`kinds`: by kind of message every fate with its count. Each message is in exactly one of them."""

    kinds: dict[str, dict[Fate, int]]
    unreachable: Sequence[Entry]

    @property
    def fates(self) -> dict[Fate, int]:
        return {fate: sum(counts[fate] for counts in self.kinds.values()) for fate in Fate}

    @property
    def queued(self) -> int:
        return sum(self.fates.values())


async def ledger(session: AsyncSession, bureau_id: int, now: datetime) -> Ledger:
    """One statement counts, so that the numbers sum up while the bot runs."""
    statement = (
        select(col(Outbox.kind), col(Outbox.fate), func.count())
        .where(col(Outbox.bureau_id) == bureau_id)
        .group_by(col(Outbox.kind), col(Outbox.fate))
        .order_by(col(Outbox.kind))
    )
    kinds: dict[str, dict[Fate, int]] = {}
    for kind, fate, count in (await session.execute(statement)).all():
        kinds.setdefault(kind, dict.fromkeys(Fate, 0))[Fate(fate)] = count
    return Ledger(kinds, await unreachable(session, bureau_id, now))
