"""Who could not be reached and is back: the receipts that did not arrive, then what is open now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, case, select
from sqlmodel import col

from db.session import table_of
from db.tables import Account, Fate, Outbox
from domain.messages import Back
from services.fates import RECEIPTS, UNSURE
from services.outbox import queue
from services.people import CHANNEL, set_reach
from services.turn import Turn

JUST_NOW = timedelta(minutes=2)
STILL_OF_USE = timedelta(days=60)
"""Receipts older than this are not sent any more."""


async def back(turn: Turn) -> None:
    """The person lets the bot in again: one message says what is open now. Who was never away hears nothing."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is None or account.unreachable is None:
        return
    await heard(turn)
    if turn.actor is not None:
        await queue(turn.session, turn.to, Back(), turn.now)


async def heard(turn: Turn) -> None:
    """Whoever nothing reached is there: messages arrive again, and receipts that did not are sent now, since everybody
    has to know what became of a report. The office, which listed him as out of reach, lists him no more."""
    await set_reach(turn, None)
    outbox = table_of(Outbox)
    lost = and_(
        outbox.c.bureau_id == turn.bureau.id,
        outbox.c.chat_id == turn.to.chat_id,
        outbox.c.kind.in_(RECEIPTS),
        outbox.c.fate == Fate.DEAD.value,
        outbox.c.queued_at > turn.now - STILL_OF_USE,
    )
    mark = case((outbox.c.attempts > 1, f"{UNSURE}tried before"), else_=None)
    again = outbox.update().where(lost).values(fate=Fate.PENDING.value, error=mark).returning(outbox.c.id)
    if (await turn.session.execute(again)).first() is not None:
        turn.session.info["queued"] = True


async def was_just_told(turn: Turn) -> bool:
    """Who unblocks also says /start in the same moment: that needs no second answer."""
    statement = select(col(Outbox.id)).where(
        col(Outbox.bureau_id) == turn.bureau.id,
        col(Outbox.chat_id) == turn.to.chat_id,
        col(Outbox.kind) == "back",
        col(Outbox.queued_at) > turn.now - JUST_NOW,
    )
    return (await turn.session.execute(statement.limit(1))).first() is not None
