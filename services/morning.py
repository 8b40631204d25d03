"""The one line with which a working day begins for whoever runs this: all is well, or what is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, func, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Fate, Lane, Outbox, Report, Role, Round
from domain.calendar import OfficeHours
from domain.messages import Say
from domain.phrases import Phrase
from services import aside
from services.outbox import Recipient, queue_all
from services.people import recipients_with_role
from services.workplace import Workplace

BACKUP_LATE = timedelta(hours=36)
_AHEAD = timedelta(days=31)
_MIDNIGHT, _NOON = time(0, 0), time(12, 0)


async def greet(session: AsyncSession, workplace: Workplace) -> int | None:
    """Once a working day, from the opening to noon; to how many. None when it is not the time, or was said already.

    Before anything was asked of anybody there is nothing to say. The day is taken by an UPDATE on the bureau's row,
    so that two processes, or a tick that runs twice, say it once.
    """
    now, hours, bureau_id = workplace.clock.now(), workplace.hours, workplace.bureau_id
    today = hours.local(now).date()
    if not hours.within(now) or hours.local(now).time() >= _NOON or not await _take(session, bureau_id, today):
        return None
    midnight = hours.at(today, _MIDNIGHT)
    asked = exists().where(col(Round.bureau_id) == bureau_id, col(Round.issued_at) < midnight)
    if not (await session.execute(select(asked))).scalar_one():
        return 0
    line = Say(phrase=Phrase.MORNING, facts=await _facts(session, workplace, today, midnight))
    to = await _administrators(session, bureau_id)
    await queue_all(session, [(one, line) for one in to], now, Lane.REPLY)
    return len(to)


async def _take(session: AsyncSession, bureau_id: int, today: date) -> bool:
    """Is this day still to be begun? It is now."""
    still = or_(col(Bureau.morning_on).is_(None), col(Bureau.morning_on) < today)
    taken = update(Bureau).where(col(Bureau.id) == bureau_id, still).values(morning_on=today)
    return (await session.execute(taken.returning(col(Bureau.id)))).scalar() is not None


async def _administrators(session: AsyncSession, bureau_id: int) -> list[Recipient]:
    """Where there are none, the office."""
    admins = await recipients_with_role(session, bureau_id, [Role.ADMIN])
    return admins or await recipients_with_role(session, bureau_id, [Role.OFFICE])


async def _facts(session: AsyncSession, workplace: Workplace, today: date, midnight: datetime) -> dict[str, str]:
    hours, bureau_id = workplace.hours, workplace.bureau_id
    last = hours.calendar.previous_working_day(today)
    since = hours.at(last, _MIDNIGHT)
    came = func.count().filter(col(Report.first_received_at) >= since, col(Report.first_received_at) < midnight)
    received = await session.scalar(select(came).where(col(Report.bureau_id) == bureau_id))
    fates = await _fates(session, bureau_id, since, (Fate.DEAD, Fate.UNCERTAIN))
    given_up = [one for one in await aside.listed(session, bureau_id) if one.given_up]
    return {
        "since": "" if last == today - timedelta(days=1) else last.isoformat(),
        "received": str(received or 0),
        "dead": str(fates[Fate.DEAD]),
        "uncertain": str(fates[Fate.UNCERTAIN]),
        "aside": str(len(given_up)),
        **_backup(workplace, hours),
        "uncovered": "、".join(str(year) for year in _soon(today) if hours.calendar.uncovered(year)),
    }


def _soon(today: date) -> list[int]:
    """The years that the rounds of the coming weeks may reach into."""
    return sorted({today.year, (today + _AHEAD).year})


async def _fates(session: AsyncSession, bureau_id: int, since: datetime, fates: Iterable[Fate]) -> dict[Fate, int]:
    found = dict.fromkeys(fates, 0)
    statement = (
        select(col(Outbox.fate), func.count())
        .where(col(Outbox.bureau_id) == bureau_id, col(Outbox.queued_at) >= since)
        .where(col(Outbox.fate).in_([fate.value for fate in found]))
        .group_by(col(Outbox.fate))
    )
    for fate, count in (await session.execute(statement)).all():
        found[Fate(fate)] = count
    return found


def _backup(workplace: Workplace, hours: OfficeHours) -> dict[str, str]:
    """`backup`: when the last was made (bureau's time); `late` says that it is too long ago. Empty where none is
    looked for."""
    if workplace.backups is None:
        return {}
    made = workplace.vitals.backup
    if made is None:
        return {"late": "1"}
    late = workplace.clock.now() - made > BACKUP_LATE
    return {"backup": hours.local(made).isoformat(timespec="minutes"), "late": "1" if late else ""}
