"""Putting messages into the outbox, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import locks_rows, table_of
from db.tables import Card, Fate, Lane, Outbox
from domain import messages
from domain.messages import Message, ReportCard, ReportKey, Strip


@dataclass(frozen=True, slots=True)
class KnownCards:
    """Read ahead for several turns, under "cards" of the session: all cards of some reports, by their key; and which
    cards of some chats have a rendering that waits to be sent. What is to be shown on them is queued by `queue_shown`,
    for all turns at once."""

    by_key: dict[str, list[Card]]
    chats: frozenset[int]
    waiting: set[tuple[int, str]]
    shown: dict[tuple[int, str], list[dict[str, object]]] = field(default_factory=dict)


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
    card = await _card(session, to, key)
    replaced = card.message_id if below else None
    card.revision += 1
    if below:
        card.message_id, card.posted_from = None, card.revision
    later = now + after if after else None
    row = _row(to, message, now, Lane.REPLY, nag=False, not_before=later)
    row |= {"card_key": key, "revision": card.revision}
    rows = [row]
    if replaced is not None:
        rows.append(_row(to, Strip(message_id=replaced), now, Lane.REPLY, nag=False))
    session.info["queued"] = True
    known: KnownCards | None = session.info.get("cards")
    if known and to.chat_id in known.chats and key in known.by_key:
        strips = [row for row in known.shown.get((to.chat_id, key), ()) if row["card_key"] is None]
        known.shown[to.chat_id, key] = [*strips, *rows]
    else:
        await _supersede(session, to.bureau_id, (to.chat_id, key))
        await session.execute(_ADD, rows)


async def queue_shown(session: AsyncSession) -> None:
    """Queue what was to be shown on cards that were read ahead."""
    known: KnownCards | None = session.info.get("cards")
    if not known or not known.shown:
        return
    rows = [row for shown in known.shown.values() for row in shown]
    if old := known.shown.keys() & known.waiting:
        await _supersede(session, int(str(rows[0]["bureau_id"])), *old)
    await session.execute(_ADD, rows)
    known.shown.clear()


async def _card(session: AsyncSession, to: Recipient, key: str) -> Card:
    """The card, made if it is new; locked (PostgreSQL), lest what was just delivered of it is overlooked."""
    known: KnownCards | None = session.info.get("cards")
    all_of_it = known.by_key.get(key) if known else None
    if all_of_it is None:
        card = await session.get(Card, (to.bureau_id, to.chat_id, key), with_for_update=locks_rows(session) or None)
    else:
        card = next((one for one in all_of_it if one.chat_id == to.chat_id), None)
    if card is None:
        card = Card(bureau_id=to.bureau_id, chat_id=to.chat_id, key=key)
        session.add(card)
        await session.flush()  # so that it is found again by its key
        if all_of_it is not None:
            all_of_it.append(card)
    return card


async def chats_that_show(session: AsyncSession, bureau_id: int, report: ReportKey) -> list[int]:
    """The chats in which a card of this report stands."""
    key = card_key(report)
    known: KnownCards | None = session.info.get("cards")
    if known and key in known.by_key:
        return [card.chat_id for card in known.by_key[key] if card.message_id is not None]
    return list((await session.execute(_SHOWN, {"bureau": bureau_id, "card": key})).scalars().all())


_SHOWN = select(col(Card.chat_id)).where(
    col(Card.bureau_id) == bindparam("bureau"), col(Card.key) == bindparam("card"), col(Card.message_id).is_not(None)
)
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


async def _supersede(session: AsyncSession, bureau_id: int, *cards: tuple[int, str]) -> None:
    """Of these cards (chat and key), the renderings that wait."""
    bound = [{"bureau": bureau_id, "chat": chat_id, "card": key} for chat_id, key in cards]
    await (await session.connection()).execute(_SUPERSEDE, bound)
