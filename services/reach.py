"""Who blocks the bot; who comes back is `services.back`'s."""

from __future__ import annotations

from sqlalchemy import and_, true
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import table_of
from db.tables import Fate, Outbox
from services.people import set_reach
from services.turn import Turn

BLOCKED = "blocked"


async def gone(turn: Turn) -> None:
    """The person blocked the bot: prompts and reminders that wait are dropped, so that they do not all come at once
    one day; receipts and answers are still tried."""
    await set_reach(turn, BLOCKED)
    await cancel_waiting(turn.session, turn.bureau.id, turn.to.chat_id, only_nags=True)


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
