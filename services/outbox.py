"""Putting messages into the outbox, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import table_of
from db.tables import Card, Fate, Lane, Outbox
from domain import messages
from domain.messages import Message, ReportCard, ReportKey, Strip


@dataclass(frozen=True, slots=True)
class Recipient:
    """A chat of this bureau and the person who sits there (None: nobody we know); `thread_id` is a topic of a group."""

    bureau_id: int
    chat_id: int
    person_id: int | None = None
    thread_id: int | None = None


def _row(
    to: Recipient, message: Message, now: datetime, lane: Lane, *, nag: bool, not_before: datetime | None = None
) -> dict[str, object]:
    return {
        "bureau_id": to.bureau_id,
        "id": new_id(),
        "chat_id": to.chat_id,
        "thread_id": to.thread_id,
        "person_id": to.person_id,
        "kind": message.kind,
        "v": 1,
        "payload": messages.to_json(message),
        "rank": lane.rank,
        "nag": nag,
        "card_key": None,
        "revision": None,
        "fate": Fate.PENDING.value,
        "queued_at": now,
        "not_before": not_before,
        "attempts": 0,
    }


async def queue(
    session: AsyncSession, to: Recipient, message: Message, now: datetime, lane: Lane = Lane.REPLY, *, nag: bool = False
) -> int:
    """Queue one message; returns its outbox id. `nag` marks what quiet hours and the daily cap may hold back."""
    [row_id] = await queue_all(session, [(to, message)], now, lane, nag=nag)
    return row_id


async def queue_all(
    session: AsyncSession,
    items: Sequence[tuple[Recipient, Message]],
    now: datetime,
    lane: Lane,
    *,
    nag: bool = False,
    held: Mapping[int, datetime] | None = None,
    not_before: datetime | None = None,
) -> list[int]:
    """`held` says for which chats it waits until when, `not_before` until when all of it does."""
    until = held or {}
    rows = [_row(to, one, now, lane, nag=nag, not_before=until.get(to.chat_id, not_before)) for to, one in items]
    if rows:
        await session.execute(_ADD, rows)
        session.info["queued"] = True
    return [int(str(row["id"])) for row in rows]


def card_key(report: ReportKey) -> str:
    return f"report:{report.round_id}:{report.unit_id}"


async def show_card(
    session: AsyncSession,
    to: Recipient,
    message: Message,
    now: datetime,
    *,
    below: bool = False,
    key: str = "",
    after: timedelta | None = None,
) -> None:
    """Bring this chat's card (of the report, or `key`) up to date: edited in place, or (`below`) posted anew under what
    was typed, the old one losing its buttons. Older pending renderings of the card are superseded; one that comes
    `after` a while may be, too."""
    key = card_key(message.report) if isinstance(message, ReportCard) else key
    card = await session.get(Card, (to.bureau_id, to.chat_id, key))
    if card is None:
        card = Card(bureau_id=to.bureau_id, chat_id=to.chat_id, key=key)
        session.add(card)
        await session.flush()  # so that it is found again by its key
    replaced = card.message_id if below else None
    card.revision += 1
    if below:
        card.message_id, card.posted_from = None, card.revision
    await _supersede(session, to, key)
    later = now + after if after else None
    row = _row(to, message, now, Lane.REPLY, nag=False, not_before=later)
    row |= {"card_key": key, "revision": card.revision}
    rows = [row]
    if replaced is not None:
        rows.append(_row(to, Strip(message_id=replaced), now, Lane.REPLY, nag=False))
    await session.execute(_ADD, rows)
    session.info["queued"] = True


_OUTBOX = table_of(Outbox)
_ADD = _OUTBOX.insert()
_SUPERSEDE = (
    _OUTBOX.update()
    .where(
        _OUTBOX.c.bureau_id == bindparam("bureau"),
        _OUTBOX.c.chat_id == bindparam("chat"),
        _OUTBOX.c.card_key == bindparam("card"),
        _OUTBOX.c.fate == Fate.PENDING.value,
    )
    .values(fate=Fate.SUPERSEDED.value)
)


async def _supersede(session: AsyncSession, to: Recipient, key: str) -> None:
    bound = {"bureau": to.bureau_id, "chat": to.chat_id, "card": key}
    connection = await session.connection()
    await connection.execute(_SUPERSEDE, bound)
