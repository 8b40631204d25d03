"""Groups: nothing is reported or shown there. The bot says so once in a while, and goes along when a group moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import table_of
from db.tables import Card, Chat, Fate, Inbox, InboxState, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from services import leaks
from services.outbox import Recipient, queue
from services.people import actor_at, chat_row, lock_chat
from services.reach import cancel_waiting
from services.routing import fitting_sheets
from services.sheets import open_sheets
from services.turn import Actor, Turn

QUIET = timedelta(hours=1)
"""A group, or a person who spoke in one, is told at most so often: a hundred principals may be there."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody said in a group. `links` are the payloads of start links in it; `to_bot`: a command, a mention of
    the bot or a reply to it."""

    user_id: int
    words: str = ""
    links: tuple[str, ...] = ()
    to_bot: bool = False
    is_command: bool = False


async def came(turn: Turn, bot: str) -> None:
    """The bot, called `bot`, was added."""
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    chat.left_at = None
    await _introduce(turn, bot)


async def left(session: AsyncSession, bureau_id: int, chat_id: int, now: datetime) -> None:
    """The bot is not in this group any more: what waits for it will not be said."""
    chat = await chat_row(session, bureau_id, chat_id)
    if chat.left_at is None:
        chat.left_at = now
    await cancel_waiting(session, bureau_id, chat_id)


async def heard(turn: Turn, said: Heard, bot: str) -> None:
    """Codes shown to everybody are void; numbers are asked for in private; ordinary talk is nobody's business here."""
    if await leaks.void_shown(turn, said.words, said.links):
        await _say(turn, turn.to, Phrase.GROUP_CODE, bot=bot)
        return
    if said.words and not said.is_command and await _answered_in_private(turn, said):
        return
    if said.to_bot:
        await _introduce(turn, bot)


async def _introduce(turn: Turn, bot: str) -> None:
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    if _was_told(chat, turn.now):
        return
    chat.told_at = turn.now
    await _say(turn, turn.to, Phrase.GROUP, bot=bot)


def _was_told(chat: Chat, now: datetime) -> bool:
    return chat.told_at is not None and now - chat.told_at < QUIET


async def _answered_in_private(turn: Turn, said: Heard) -> bool:
    """Whoever reports for a unit hears in his own chat that what he said in the group was not taken."""
    actor = await actor_at(turn.session, turn.bureau.id, said.user_id)
    if actor is None or not actor.is_reachable or not actor.known_units:
        return False
    if not said.to_bot and not await _is_report(turn, actor, said.words):
        return False
    chat = await lock_chat(turn.session, turn.bureau.id, said.user_id)
    if not _was_told(chat, turn.now):
        chat.told_at = turn.now
        to = Recipient(turn.bureau.id, said.user_id, actor.person_id)
        await _say(turn, to, Phrase.SAID_IN_GROUP, address=actor.address)
    return True


async def _is_report(turn: Turn, actor: Actor, words: str) -> bool:
    """Not spoken to the bot, but it answers what this person is asked. Only with a number in it: talk is not read."""
    if not any(letter.isnumeric() for letter in words):
        return False
    found = await open_sheets(turn.session, turn.bureau.id, actor.known_units, turn.now)
    mine = [sheet for sheet in found if actor.may_report(sheet)]
    return bool(mine and fitting_sheets(replace(turn, actor=actor), mine, words))


async def _say(turn: Turn, to: Recipient, phrase: Phrase, **facts: str) -> None:
    """Of the bureau only its name: everybody in the group reads it."""
    await queue(turn.session, to, Say(phrase=phrase, facts={"bureau": turn.bureau.name, **facts}), turn.now)


# ---- the move to a supergroup


async def move(session: AsyncSession, bureau_id: int, old_id: int, new_id: int) -> None:
    """Everything that names the old group names the new one; what was sent stays where it was. Twice is no harm."""
    old, new = await lock_chat(session, bureau_id, old_id), await lock_chat(session, bureau_id, new_id)
    old.moved_to = new_id
    new.told_at = max(filter(None, (old.told_at, new.told_at)), default=None)
    await session.flush()
    await _move_cards(session, bureau_id, old_id, new_id)
    for table, states in ((table_of(Outbox), "fate"), (table_of(Inbox), "state")):
        pending = Fate.PENDING.value if states == "fate" else InboxState.PENDING.value
        waiting = and_(table.c.bureau_id == bureau_id, table.c.chat_id == old_id, table.c[states] == pending)
        await session.execute(table.update().where(waiting).values(chat_id=new_id))
    session.info["queued"] = True


async def _move_cards(session: AsyncSession, bureau_id: int, old_id: int, new_id: int) -> None:
    """A supergroup does not know the messages of the group: cards are sent anew there."""
    cards = table_of(Card)
    mine = and_(cards.c.bureau_id == bureau_id, cards.c.chat_id == old_id)
    known = select(col(Card.key)).where(col(Card.bureau_id) == bureau_id, col(Card.chat_id) == new_id)
    taken: Iterable[str] = (await session.execute(known)).scalars().all()
    await session.execute(cards.delete().where(mine, cards.c.key.in_(list(taken))))
    await session.execute(cards.update().where(mine).values(chat_id=new_id, message_id=None))
