"""What became of a message that was handed over, written into its row: the ledger of fates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import and_, bindparam, case, select, tuple_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import table_of
from db.tables import Account, Card, Fate, Lane, Outbox
from domain.messages import Strip
from services import groups
from services.outbox import Recipient, queue_all
from services.people import CHANNEL
from services.reach import cancel_waiting
from services.rendering import Delivered, Gone, Method, Moved, NoTopic, Parcel, Refused, Result, TryAgain, Unknown

MAX_EDITS = 8
"""Edits of unknown fate are repeated this often before they are given up."""
RECEIPTS = frozenset({"receipt", "corrected"})
MAX_RECEIPTS = 4
"""A receipt of unknown fate is sent again, marked as such, until it was tried this often; nothing else new is."""
UNSURE = "unknown fate: "


_OUTBOX, _CARDS = table_of(Outbox), table_of(Card)
_SENT = (
    _OUTBOX.update()
    .where(_OUTBOX.c.bureau_id == bindparam("bureau"), _OUTBOX.c.id == bindparam("row"))
    .values(fate=Fate.SENT.value, sent_at=bindparam("at"), message_id=bindparam("message"), error=None)
)
_POSTED = (
    select(_CARDS.c.chat_id, _CARDS.c.key, _CARDS.c.posted_from)
    .where(
        _CARDS.c.bureau_id == bindparam("bureau"),
        tuple_(_CARDS.c.chat_id, _CARDS.c.key).in_(bindparam("cards", expanding=True)),
    )
    .order_by(_CARDS.c.chat_id, _CARDS.c.key)
    .with_for_update()
)
_SHOWN = (
    _CARDS.update()
    .where(
        _CARDS.c.bureau_id == bindparam("bureau"),
        _CARDS.c.chat_id == bindparam("chat"),
        _CARDS.c.key == bindparam("card"),
    )
    .values(
        message_id=bindparam("message"),
        shown_revision=case(
            (_CARDS.c.shown_revision > bindparam("shown"), _CARDS.c.shown_revision), else_=bindparam("shown")
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is being sent, and the card it shows."""

    row_id: int
    parcel: Parcel
    queued_at: datetime
    card_key: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a parcel that was handed over; to be written down."""

    claimed: Claimed
    result: Result
    at: datetime

    @property
    def row_id(self) -> int:
        return self.claimed.row_id

    @property
    def parcel(self) -> Parcel:
        return self.claimed.parcel

    @property
    def message_id(self) -> int:
        return self.result.message_id if isinstance(self.result, Delivered) else 0


async def write_delivered(session: AsyncSession, bureau_id: int, handed: Sequence[Handed]) -> None:
    """What nearly always happens, without loading a row."""
    sent = [{"bureau": bureau_id, "row": one.row_id, "at": one.at, "message": one.message_id} for one in handed]
    connection = await session.connection()
    await connection.execute(_SENT, sent)
    cards = {(one.parcel.chat_id, one.claimed.card_key): one for one in handed if one.claimed.revision is not None}
    if not cards:
        return
    found = await connection.execute(_POSTED, {"bureau": bureau_id, "cards": list(cards)})
    posted = {(chat_id, key): since for chat_id, key, since in found.all()}
    shown, left_behind = [], list[tuple[Recipient, Strip]]()
    for (chat_id, key), one in cards.items():
        revision = one.claimed.revision or 0
        if (chat_id, key) in posted and posted[chat_id, key] <= revision:
            of_it = {"bureau": bureau_id, "chat": chat_id, "card": key, "shown": revision}
            shown.append(of_it | {"message": one.message_id})
        else:  # a newer one is to stand below: this one only loses its buttons
            left_behind.append((Recipient(bureau_id, chat_id), Strip(message_id=one.message_id)))
    if shown:
        await connection.execute(_SHOWN, shown)
    await queue_all(session, left_behind, handed[0].at, Lane.REPLY)


async def write_fate(session: AsyncSession, claimed: tuple[Outbox, Card | None], handed: Handed) -> None:
    row, card = claimed
    match handed.result:
        case Delivered():
            await write_delivered(session, row.bureau_id, [handed])
        case TryAgain(reason):
            row.fate, row.error = Fate.PENDING.value, (UNSURE if may_have_arrived(row) else "") + reason
        case Unknown(reason):
            row.fate, row.error = unsure(row, handed.parcel.method, reason)
        case Gone():
            _forget_card_message(row, card)
        case Refused(reason, unreachable):
            row.fate, row.error = Fate.DEAD.value, reason
            if unreachable:
                await _mark_unreachable(session, row, reason, handed.at)
        case Moved(to):
            await groups.move(session, row.bureau_id, row.chat_id, to)
            row.chat_id, row.thread_id, row.fate, row.error = to, None, Fate.PENDING.value, "moved"
        case NoTopic():
            row.fate = (Fate.PENDING if row.thread_id is not None else Fate.DEAD).value
            row.thread_id, row.error = None, "no such topic"
        case _:
            assert_never(handed.result)


def unsure(row: Outbox, method: Method, reason: str) -> tuple[str, str]:
    """Fate and error of a message that may have arrived: an edit is repeated, a receipt too, but marked; a nudge and
    everything else is not."""
    most = MAX_EDITS if method != "send" else MAX_RECEIPTS if row.kind in RECEIPTS else 0
    if row.attempts < most:
        return Fate.PENDING.value, UNSURE + reason
    return Fate.UNCERTAIN.value, reason


def may_have_arrived(row: Outbox) -> bool:
    return row.error is not None and row.error.startswith(UNSURE)


def method_of(row: Outbox, card: Card | None) -> Method:
    if row.kind == "strip":
        return "strip"
    return "edit" if card is not None and card.message_id is not None else "send"


def _forget_card_message(row: Outbox, card: Card | None) -> None:
    """ "Message to edit not found": the card is sent anew; buttons that are gone need not be taken off."""
    if card is None:
        row.fate = Fate.CANCELLED.value
        return
    card.message_id = None
    row.fate = Fate.PENDING.value


async def _mark_unreachable(session: AsyncSession, row: Outbox, reason: str, at: datetime) -> None:
    if row.chat_id < 0:
        await groups.left(session, row.bureau_id, row.chat_id, at)
        return
    await cancel_waiting(session, row.bureau_id, row.chat_id, only_nags=True)
    mine = and_(
        col(Account.bureau_id) == row.bureau_id,
        col(Account.channel) == CHANNEL,
        col(Account.external_id) == row.chat_id,
    )
    await session.execute(update(Account).where(mine).values(unreachable=reason[:80]))
