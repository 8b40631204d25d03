"""Guessing invitation codes is slowed down: per chat and per bureau, kept in the store, told to the office once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col

from db.ids import new_id
from db.tables import Role, WrongCode
from domain.messages import Say
from domain.phrases import Phrase
from services.outbox import queue
from services.people import office_facts, recipients_with_role
from services.turn import Turn

HOUR = timedelta(hours=1)
MOST_OF_A_CHAT = 5
MOST_OF_A_BUREAU = ((HOUR, 20), (timedelta(days=1), 60))
"""With 2,000 codes out, 60 tries a day find one in 800 days (decision 0014)."""


async def is_paused(turn: Turn) -> bool:
    """No code is looked up for this chat now. Who is known already is not held up by what strangers try."""
    if await rests_here(turn):
        return True
    return turn.actor is None and await _is_bureau_full(turn)


async def note_wrong(turn: Turn) -> None:
    """Count a code that fits nothing; the office hears of a burst of strangers' tries once an hour."""
    known = turn.actor is not None
    row = WrongCode(bureau_id=turn.bureau.id, id=new_id(), chat_id=turn.to.chat_id, at=turn.now, known=known)
    turn.session.add(row)
    await turn.session.flush()
    if known or not await is_paused(turn) or await _was_reported(turn):
        return
    row.reported = True
    facts = office_facts(turn.bureau) | {"tries": str(await _count(turn, HOUR))}
    for to in await recipients_with_role(turn.session, turn.bureau.id, [Role.OFFICE, Role.ADMIN]):
        await queue(turn.session, to, Say(phrase=Phrase.CODE_GUESSING, facts=facts), turn.now, nag=True)


async def rests_here(turn: Turn) -> bool:
    """Too much was tried in this chat lately, whatever strangers do elsewhere."""
    return _rests(await _tries_here(turn), turn.now)


async def note_aside(turn: Turn) -> None:
    """Count digits that were hardly meant as a code: for this chat only."""
    turn.session.add(WrongCode(bureau_id=turn.bureau.id, id=new_id(), chat_id=turn.to.chat_id, at=turn.now, known=True))
    await turn.session.flush()


async def _tries_here(turn: Turn) -> Sequence[datetime]:
    statement = select(col(WrongCode.at)).where(
        col(WrongCode.bureau_id) == turn.bureau.id,
        col(WrongCode.chat_id) == turn.to.chat_id,
        col(WrongCode.at) > turn.now - 2 * HOUR,
    )
    return (await turn.session.execute(statement.order_by(col(WrongCode.at)))).scalars().all()


def _rests(tries: Sequence[datetime], now: datetime) -> bool:
    """For an hour from the try that was the fifth within an hour."""
    bursts = (last for first, last in zip(tries, tries[MOST_OF_A_CHAT - 1 :], strict=False) if last - first <= HOUR)
    return any(now < last + HOUR for last in bursts)


async def _is_bureau_full(turn: Turn) -> bool:
    return any([await _count(turn, within) >= most for within, most in MOST_OF_A_BUREAU])


async def _count(turn: Turn, within: timedelta) -> int:
    statement = select(func.count()).where(
        col(WrongCode.bureau_id) == turn.bureau.id,
        col(WrongCode.known).is_(False),
        col(WrongCode.at) > turn.now - within,
    )
    return int((await turn.session.execute(statement)).scalar_one())


async def _was_reported(turn: Turn) -> bool:
    statement = select(func.count()).where(
        col(WrongCode.bureau_id) == turn.bureau.id,
        col(WrongCode.reported).is_(True),
        col(WrongCode.at) > turn.now - HOUR,
    )
    return bool((await turn.session.execute(statement)).scalar_one())
