"""Who blocks the bot and who comes back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, select, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import table_of
from db.tables import Account, Fate, Outbox
from domain.messages import Back
from services.outbox import queue
from services.people import CHANNEL, set_reach
from services.turn import Turn

BLOCKED = "blocked"
JUST_NOW = timedelta(minutes=2)


async def gone(turn: Turn) -> None:
    """The person blocked the bot: prompts and reminders that wait are dropped, so that they do not all come at once
    one day; receipts and answers are still tried."""
    await set_reach(turn, BLOCKED)
    await cancel_waiting(turn.session, turn.bureau.id, turn.to.chat_id, only_nags=True)


async def back(turn: Turn) -> None:
    """The person lets the bot in again: one message says what is open now. Who was never away hears nothing."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is None or account.unreachable is None:
        return
    account.unreachable = None
    if turn.actor is not None:
        await queue(turn.session, turn.to, Back(), turn.now)


async def was_just_told(turn: Turn) -> bool:
    """Who unblocks also says /start in the same moment: that needs no second answer."""
    statement = select(col(Outbox.id)).where(
        col(Outbox.bureau_id) == turn.bureau.id,
        col(Outbox.chat_id) == turn.to.chat_id,
        col(Outbox.kind) == "back",
        col(Outbox.queued_at) > turn.now - JUST_NOW,
    )
    return (await turn.session.execute(statement.limit(1))).first() is not None


async def cancel_waiting(session: AsyncSession, bureau_id: int, chat_id: int, *, only_nags: bool = False) -> None:
    """What waits for this chat will not be said."""
    outbox = table_of(Outbox)
    waiting = and_(
        outbox.c.bureau_id == bureau_id,
        outbox.c.chat_id == chat_id,
        outbox.c.fate == Fate.PENDING.value,
        outbox.c.nag if only_nags else true(),
    )
    await session.execute(outbox.update().where(waiting).values(fate=Fate.CANCELLED.value, error="gone"))
