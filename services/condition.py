"""The state of the queues, for health and metrics: numbers only, no names and no chats."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db import migrations
from db.tables import Fate, Inbox, InboxState, Outbox
from services.hold import MAY_LEAVE
from services.workplace import Workplace

PATIENCE = 5.0  # seconds until a store that does not answer counts as down
TELEGRAM_SILENT = 180.0
"""Seconds without a successful call after which we are not ready: a long poll returns every 25 s, and in webhook mode
the webhook is looked at once a minute."""
SHARE = 20
"""What was counted is shown for so many times as long as the counting took: it never takes more than a twentieth."""


@dataclass(frozen=True, slots=True)
class Queues:
    """`outbox` has every fate and sums to what was queued; `held` of its pending ones may not go yet. Ages are seconds
    since the oldest could have been worked on, None when nothing waits."""

    pending: int
    set_aside: int
    inbox_age: float | None
    outbox: dict[Fate, int]
    held: int
    outbox_age: float | None

    @property
    def queued(self) -> int:
        return sum(self.outbox.values())


@dataclass(frozen=True, slots=True)
class Condition:
    """`queues` is None when the store cannot be reached or is not migrated."""

    reachable: bool
    migrated: bool
    queues: Queues | None


@dataclass(slots=True)
class Watch:
    """Looks at the store when asked, but not more often than is cheap; `least` is in seconds, `share` as SHARE."""

    workplace: Workplace
    least: float = 1.0
    share: float = SHARE
    _seen: Condition | None = None
    _until: float = 0.0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> Condition:
        async with self._looking:
            monotonic = self.workplace.clock.monotonic
            if self._seen is None or monotonic() >= self._until:
                began = monotonic()
                self._seen = await self._fresh()
                self._until = monotonic() + max(self.least, self.share * (monotonic() - began))
            return self._seen

    async def _fresh(self) -> Condition:
        workplace = self.workplace
        migrated = False
        try:
            async with asyncio.timeout(PATIENCE):
                migrated = await migrations.is_current(workplace.database.engine)
                if not migrated:
                    return Condition(reachable=True, migrated=False, queues=None)
                async with workplace.database.read() as session:
                    counted = await queues(session, workplace.bureau_id, workplace.clock.now())
        except (SQLAlchemyError, OSError, TimeoutError):
            return Condition(reachable=False, migrated=migrated, queues=None)
        return Condition(reachable=True, migrated=True, queues=counted)


def problems(workplace: Workplace, condition: Condition) -> list[str]:
    """Why we cannot do our work; empty while all is well."""
    found = []
    if not condition.reachable:
        found.append("the store cannot be reached")
    elif not condition.migrated:
        found.append("the store is not migrated")
    last = workplace.vitals.telegram
    if last is None or last.age(workplace.clock) > TELEGRAM_SILENT:
        found.append("Telegram has not answered for a while")
    return found


async def queues(session: AsyncSession, bureau_id: int, now: datetime) -> Queues:
    inbox = {state: (count, oldest) for state, count, oldest in await _inbox(session, bureau_id)}
    pending, oldest = inbox.get(InboxState.PENDING.value, (0, None))
    fates = dict.fromkeys(Fate, 0)
    statement = select(col(Outbox.fate), func.count()).where(col(Outbox.bureau_id) == bureau_id)
    for fate, count in (await session.execute(statement.group_by(col(Outbox.fate)))).all():
        fates[Fate(fate)] = count
    held, since = await _outbox_waiting(session, bureau_id, now)
    return Queues(
        pending=pending,
        set_aside=inbox.get(InboxState.SET_ASIDE.value, (0, None))[0],
        inbox_age=_age(oldest, now),
        outbox=fates,
        held=held,
        outbox_age=_age(since, now),
    )


async def _inbox(session: AsyncSession, bureau_id: int) -> list[tuple[str, int, datetime]]:
    """What is not done: the state, how many, since when."""
    open_states = (InboxState.PENDING.value, InboxState.SET_ASIDE.value)
    statement = (
        select(col(Inbox.state), func.count(), func.min(Inbox.received_at))
        .where(col(Inbox.bureau_id) == bureau_id, col(Inbox.state).in_(open_states))
        .group_by(col(Inbox.state))
    )
    return [(state, count, oldest) for state, count, oldest in (await session.execute(statement)).all()]


async def _outbox_waiting(session: AsyncSession, bureau_id: int, now: datetime) -> tuple[int, datetime | None]:
    """How many of the pending may not go yet, and since when the oldest of the others could have gone."""
    mine = and_(col(Outbox.bureau_id) == bureau_id, col(Outbox.fate) == Fate.PENDING.value)
    later = or_(col(Outbox.not_before) > now, ~MAY_LEAVE)
    held = await session.scalar(select(func.count()).where(mine, later))
    since = func.min(func.coalesce(Outbox.not_before, Outbox.queued_at))
    return held or 0, await session.scalar(select(since).where(mine, later.is_not(True)))


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else max((now - since).total_seconds(), 0.0)
