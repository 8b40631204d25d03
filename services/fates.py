"""What became of a message that was handed over, written into its row: the ledger of fates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sqlalchemy import and_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Account, Card, Fate, Outbox
from domain.messages import Strip
from services.outbox import Recipient, queue
from services.people import CHANNEL
from services.rendering import Delivered, Gone, Method, Parcel, Refused, Result, TryAgain, Unknown

MAX_EDITS = 8
"""Edits of unknown fate are repeated this often before they are given up."""
RECEIPTS = frozenset({"receipt", "corrected"})
MAX_RECEIPTS = 4
"""A receipt of unknown fate is sent again, marked as such, until it was tried this often; nothing else new is."""
UNSURE = "unknown fate: "


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a parcel that was handed over; to be written down."""

    row_id: int
    parcel: Parcel
    result: Result
    at: datetime


async def write_fate(session: AsyncSession, claimed: tuple[Outbox, Card | None], handed: Handed) -> None:
    row, card = claimed
    match handed.result:
        case Delivered(message_id):
            row.fate, row.sent_at, row.message_id, row.error = Fate.SENT.value, handed.at, message_id, None
            await _remember_card(session, row, card, message_id)
        case TryAgain(reason):
            row.fate, row.error = Fate.PENDING.value, (UNSURE if may_have_arrived(row) else "") + reason
        case Unknown(reason):
            row.fate, row.error = unsure(row, handed.parcel.method, reason)
        case Gone():
            _forget_card_message(row, card)
        case Refused(reason, unreachable):
            row.fate, row.error = Fate.DEAD.value, reason
            if unreachable:
                await _mark_unreachable(session, row, reason)
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


async def _remember_card(session: AsyncSession, row: Outbox, card: Card | None, message_id: int) -> None:
    if card is None or row.revision is None:
        return
    if row.revision < card.posted_from:  # a newer one is to stand below: this one only loses its buttons
        await queue(session, Recipient(row.bureau_id, row.chat_id), Strip(message_id=message_id), row.queued_at)
        return
    card.message_id, card.shown_revision = message_id, max(card.shown_revision, row.revision)


def _forget_card_message(row: Outbox, card: Card | None) -> None:
    """ "Message to edit not found": the card is sent anew; buttons that are gone need not be taken off."""
    if card is None:
        row.fate = Fate.CANCELLED.value
        return
    card.message_id = None
    row.fate = Fate.PENDING.value


async def _mark_unreachable(session: AsyncSession, row: Outbox, reason: str) -> None:
    mine = and_(
        col(Account.bureau_id) == row.bureau_id,
        col(Account.channel) == CHANNEL,
        col(Account.external_id) == row.chat_id,
    )
    await session.execute(update(Account).where(mine).values(unreachable=reason[:80]))
