"""What a day brings to a bureau by itself: names that take effect, closures by date."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau
from domain.calendar import OfficeHours

_log = logging.getLogger(__name__)


async def settle_day(session: AsyncSession, bureau: Bureau, hours: OfficeHours, now: datetime) -> int | None:
    """Once a day by the bureau's own clock; how much it changed, or None when this day is settled already.

    `bureau` may be seconds old: it spares the query on every other tick, the row itself decides.
    """
    today = hours.local(now).date()
    if bureau.settled_on == today:
        return None
    row = await session.get_one(Bureau, bureau.id, with_for_update=True)
    if row.settled_on == today:
        return None
    from services import roster  # it reads spreadsheets too: a start on a day that is settled needs none of that

    effects = await roster.settle(session, bureau.id, now)
    row.settled_on = today
    _log.info("the day is settled", extra={"action": "day_settled", "changes": len(effects)})
    return len(effects)
