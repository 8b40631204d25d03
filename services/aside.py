"""What was set aside: listed for whoever runs this, told to the office once, tried again on request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, cast, delete, exists, select, update
from sqlalchemy import String as SqlString
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import (
    Evidence,
    EvidenceState,
    Fate,
    Inbox,
    InboxState,
    Lane,
    Outbox,
    Role,
    Trouble,
    TroubleKind,
    TroubleState,
)
from domain.messages import Say
from domain.phrases import Phrase
from services.evidence import MOST_TRIES as MOST_FETCHES
from services.outbox import queue_all
from services.people import recipients_with_role
from services.troubles import SWEEP

BETWEEN_TELLINGS = timedelta(hours=1)
FORGOTTEN = timedelta(days=14)
"""An item that is not even tried any more for so long is over: its round is locked, its task withdrawn."""
SHOWN = 5
"""So many are named to the office."""


class Kind(StrEnum):
    UPDATE = "update"
    MESSAGE = "message"
    ITEM = "item"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Aside:
    """One thing that needs somebody; `given_up` is false while it is still tried again by itself."""

    kind: Kind
    key: str
    what: str
    attempts: int
    error: str
    since: datetime
    given_up: bool = True


_UPDATES = col(Inbox.state) == InboxState.SET_ASIDE.value
_FILES = and_(col(Evidence.state) == EvidenceState.FAILED.value, col(Evidence.attempts) >= MOST_FETCHES)
"""A file that was refused for good is its sender's to mend, who was told."""


async def listed(session: AsyncSession, bureau_id: int) -> list[Aside]:
    """Everything that is set aside, and the items of sweeps that are still being tried; the oldest first."""
    found = [
        Aside(Kind.UPDATE, str(row.update_id), "收到的一条消息没能处理", row.attempts, row.error or "", row.received_at)
        for row in await _rows(session, Inbox, bureau_id, _UPDATES)
    ]
    found += [
        Aside(Kind.EVIDENCE, str(row.id), "一张照片或文件没能取到", row.attempts, row.error or "", row.received_at)
        for row in await _rows(session, Evidence, bureau_id, _FILES)
    ]
    found += [
        Aside(Kind(row.kind), row.key, row.what, row.attempts, row.error, row.first_at, given_up)
        for row in await _rows(session, Trouble, bureau_id)
        if (given_up := row.state == TroubleState.SET_ASIDE.value) or row.kind == TroubleKind.ITEM.value
    ]
    return sorted(found, key=lambda one: one.since)


async def _rows(session: AsyncSession, table: type[SQLModel], bureau_id: int, *where: ColumnElement[bool]) -> list:  # type: ignore[type-arg]
    mine = table.bureau_id == bureau_id  # type: ignore[attr-defined]
    return list((await session.execute(select(table).where(mine, *where))).scalars().all())


async def retry(
    session: AsyncSession, bureau_id: int, now: datetime, kind: Kind | None = None, key: str | None = None
) -> int:
    """Have everything that is set aside (of that kind, that one) done again from the start; returns how many.

    Raises ValueError for a key that is none of this kind.
    """
    kinds = [kind] if kind else list(Kind)
    return sum([await _RETRIES[one](session, bureau_id, now, key) for one in kinds])


async def _updates(session: AsyncSession, bureau_id: int, _now: datetime, key: str | None) -> int:
    where = [col(Inbox.bureau_id) == bureau_id, _UPDATES]
    where += [col(Inbox.update_id) == int(key)] if key else []
    again = {"state": InboxState.PENDING.value, "attempts": 0, "error": None, "done_at": None}
    done = await session.execute(update(Inbox).where(*where).values(again).returning(col(Inbox.update_id)))
    return len(done.all())


async def _files(session: AsyncSession, bureau_id: int, _now: datetime, key: str | None) -> int:
    where = [col(Evidence.bureau_id) == bureau_id, _FILES]
    where += [col(Evidence.id) == int(key)] if key else []
    again = {"state": EvidenceState.PENDING.value, "attempts": 0, "error": None, "next_try_at": None}
    done = await session.execute(update(Evidence).where(*where).values(again).returning(col(Evidence.id)))
    return len(done.all())


async def _messages(session: AsyncSession, bureau_id: int, _now: datetime, key: str | None) -> int:
    """What could not even be made never left: it cannot arrive twice."""
    where = [_of(bureau_id, TroubleKind.MESSAGE), col(Trouble.state) == TroubleState.SET_ASIDE.value]
    where += [col(Trouble.key) == key] if key else []
    keys = (await session.execute(delete(Trouble).where(*where).returning(col(Trouble.key)))).scalars().all()
    mine = and_(col(Outbox.bureau_id) == bureau_id, col(Outbox.id).in_([int(one) for one in keys]))
    again = {"fate": Fate.PENDING.value, "error": None, "not_before": None}
    dead = col(Outbox.fate) == Fate.DEAD.value
    done = await session.execute(update(Outbox).where(mine, dead).values(again).returning(col(Outbox.id)))
    session.info["queued"] = True
    return len(done.all())


async def _items(session: AsyncSession, bureau_id: int, now: datetime, key: str | None) -> int:
    """The next tick tries them; a row goes when that went well."""
    where = [_of(bureau_id, TroubleKind.ITEM)]
    where += [col(Trouble.key) == key] if key else []
    again = {
        "state": TroubleState.TRYING.value, "attempts": 0, "next_try_at": now, "last_at": now, "told_at": None,
    }  # fmt: skip
    done = await session.execute(update(Trouble).where(*where).values(again).returning(col(Trouble.key)))
    return len(done.all())


_Retry = Callable[[AsyncSession, int, datetime, str | None], Awaitable[int]]
_RETRIES: dict[Kind, _Retry] = {
    Kind.UPDATE: _updates,
    Kind.MESSAGE: _messages,
    Kind.ITEM: _items,
    Kind.EVIDENCE: _files,
}


def _of(bureau_id: int, kind: TroubleKind) -> ColumnElement[bool]:
    return and_(col(Trouble.bureau_id) == bureau_id, col(Trouble.kind) == kind.value)


async def tidy(session: AsyncSession, bureau_id: int, now: datetime) -> None:
    """Forget what is over: messages that were sent or withdrawn in the end, items nobody tries any more."""
    waits = exists().where(
        col(Outbox.bureau_id) == bureau_id,
        cast(col(Outbox.id), SqlString) == Trouble.key,
        col(Outbox.fate).in_([Fate.PENDING.value, Fate.SENDING.value]),
    )
    trying = col(Trouble.state) == TroubleState.TRYING.value
    await session.execute(delete(Trouble).where(_of(bureau_id, TroubleKind.MESSAGE), trying, ~waits))
    over = (col(Trouble.last_at) < now - FORGOTTEN) | (
        col(Trouble.key).startswith(f"{SWEEP}:") & (col(Trouble.last_at) < now - BETWEEN_TELLINGS)
    )
    await session.execute(delete(Trouble).where(_of(bureau_id, TroubleKind.ITEM), over))


async def tell(session: AsyncSession, bureau_id: int, now: datetime) -> int:
    """One message to the office for all that was set aside since the last one, at most one an hour; how many things
    it speaks of. Who sent an update or a photo that failed was told already."""
    mine = and_(col(Trouble.bureau_id) == bureau_id, col(Trouble.state) == TroubleState.SET_ASIDE.value)
    rows: Sequence[Trouble] = (await session.execute(select(Trouble).where(mine))).scalars().all()
    new = [row for row in rows if row.told_at is None]
    lately = any(row.told_at and now - row.told_at < BETWEEN_TELLINGS for row in rows)
    offices = await recipients_with_role(session, bureau_id, [Role.OFFICE, Role.ADMIN]) if new and not lately else []
    if not offices:
        return 0
    names = list(dict.fromkeys(row.what for row in sorted(new, key=lambda row: (row.kind, row.key))))
    facts = {"count": str(len(new)), "what": "\n".join(names[:SHOWN]), "more": "1" if len(names) > SHOWN else ""}
    notice = Say(phrase=Phrase.SET_ASIDE, facts=facts)
    await queue_all(session, [(to, notice) for to in offices], now, Lane.REPLY)
    for row in new:
        row.told_at = now
    return len(new)
