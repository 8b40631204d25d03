"""What people who type are about to need, read for several chats at once.

Words cost seven reads before anything is done with them: the chat, its update, the person, the names and the reports of
the units, the cards that show these, what of them still waits to be sent. Each costs far more than its rows. Here each
is made once for all chats whose turns share a transaction, and what the turns change is written once for all of them.
Only for turns that cannot touch one another's reports: words of principals and deputies of different units. Everybody
else's turn reads for itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Card, Fate, Inbox, InboxState, Outbox
from domain.naming import UnitName
from services.naming import aliases
from services.outbox import KnownCards, card_key, queue_shown
from services.people import actors_at, lock_chat, lock_chats
from services.sheets import Sheet, hold_owed
from services.turn import REPORTERS, Actor


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that can begin: its update, whether another waits behind it, who spoke. `sheets`, what he may report, and
    `names`, what his units are called, are None where nothing was read ahead."""

    row: Inbox
    more: bool
    actor: Actor | None
    names: tuple[UnitName, ...] | None = None
    sheets: list[Sheet] | None = None


_RANKED = select(
    Inbox,
    func.row_number().over(partition_by=col(Inbox.chat_id), order_by=col(Inbox.update_id)).label("place"),
).where(
    col(Inbox.bureau_id) == bindparam("bureau"),
    col(Inbox.chat_id).in_(bindparam("chats", expanding=True)),
    col(Inbox.state) == InboxState.PENDING.value,
)
_PLACED = _RANKED.subquery()
_Oldest = aliased(Inbox, _PLACED)
_TWO_EACH = select(_Oldest).where(_PLACED.c.place <= 2).order_by(col(_Oldest.update_id))


async def begin(session: AsyncSession, bureau_id: int, chats: Sequence[int], now: datetime, today: date) -> list[Begun]:
    """Of these chats the turns that can begin together; one chat's can always, unless it has none. First the chats are
    locked, then their oldest updates taken (the other order breaks the order of a chat, facts A9)."""
    known = await lock_chats(session, bureau_id, chats)
    if len(chats) == 1 and not known:
        await lock_chat(session, bureau_id, chats[0])
    rows = await _oldest(session, bureau_id, chats if len(chats) == 1 else list(known))
    asked = [chat_id for chat_id, mine in rows.items() if len(chats) == 1 or _is_typed(mine[0])]
    actors = await actors_at(session, bureau_id, asked) if asked else {}
    apart = _apart({chat_id: actor for chat_id, actor in actors.items() if _is_typed(rows[chat_id][0])})
    found = await _read_ahead(session, bureau_id, apart, rows, now, today) if apart else []
    if not found and len(chats) == 1:
        found = [Begun(mine[0], len(mine) > 1, actors.get(chat_id)) for chat_id, mine in rows.items()]
    return found


async def _read_ahead(
    session: AsyncSession,
    bureau_id: int,
    actors: dict[int, Actor],
    rows: dict[int, list[Inbox]],
    now: datetime,
    today: date,
) -> list[Begun]:
    units = sorted({unit for actor in actors.values() for unit in actor.known_units})
    names, owed = defaultdict[int, list[UnitName]](list), defaultdict[int, list[Sheet]](list)
    for name in await aliases(session, bureau_id, units, today):
        names[name.unit_id].append(name)
    sheets = await hold_owed(session, bureau_id, units, now)
    await _know_cards(session, bureau_id, list(actors), sheets)
    holder = {unit: chat_id for chat_id, actor in actors.items() for unit in actor.known_units}
    for sheet in sheets:
        if actors[holder[sheet.unit.id]].may_report(sheet):
            owed[holder[sheet.unit.id]].append(sheet)
    return [
        Begun(
            rows[chat_id][0],
            len(rows[chat_id]) > 1,
            actor,
            tuple(name for unit in actor.known_units for name in names[unit]),
            owed[chat_id],
        )
        for chat_id, actor in actors.items()
    ]


async def settle(session: AsyncSession) -> None:
    """Write what these turns have changed; what was read ahead holds no longer."""
    await session.flush()
    await queue_shown(session)
    for name in ("cards", "held", "chats"):
        session.info.pop(name, None)


async def _oldest(session: AsyncSession, bureau_id: int, chats: Sequence[int]) -> dict[int, list[Inbox]]:
    """Of each chat the two updates that wait longest."""
    found: dict[int, list[Inbox]] = {}
    for row in (await session.execute(_TWO_EACH, {"bureau": bureau_id, "chats": chats})).scalars().all():
        found.setdefault(row.chat_id, []).append(row)
    return found


def _is_typed(row: Inbox) -> bool:
    said = row.raw.get("message")
    return isinstance(said, dict) and isinstance(said.get("text"), str) and not said["text"].startswith("/")


def _apart(actors: dict[int, Actor]) -> dict[int, Actor]:
    """Those who only report, for units that nobody else here reports for."""
    shared = Counter(unit for actor in actors.values() for unit in actor.known_units)
    return {
        chat_id: actor
        for chat_id, actor in actors.items()
        if actor.is_reachable
        and actor.known_units
        and all(holding.role in REPORTERS for holding in actor.holdings)
        and all(shared[unit] == 1 for unit in actor.known_units)
    }


_CARDS = (
    select(Card)
    .where(col(Card.bureau_id) == bindparam("bureau"), col(Card.key).in_(bindparam("cards", expanding=True)))
    .order_by(col(Card.chat_id), col(Card.key))
    .with_for_update()
)
_WAITING: Any = select(col(Outbox.chat_id), col(Outbox.card_key)).where(
    col(Outbox.bureau_id) == bindparam("bureau"),
    col(Outbox.chat_id).in_(bindparam("chats", expanding=True)),
    col(Outbox.card_key).is_not(None),
    col(Outbox.fate) == Fate.PENDING.value,
)


async def _know_cards(session: AsyncSession, bureau_id: int, chats: Sequence[int], sheets: Sequence[Sheet]) -> None:
    by_key: dict[str, list[Card]] = {card_key(sheet.key): [] for sheet in sheets}
    for card in (await session.execute(_CARDS, {"bureau": bureau_id, "cards": list(by_key)})).scalars().all():
        by_key[card.key].append(card)
    waiting = (await session.execute(_WAITING, {"bureau": bureau_id, "chats": chats})).all()
    session.info["cards"] = KnownCards(by_key, frozenset(chats), {(chat, key) for chat, key in waiting})
