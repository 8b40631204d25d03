"""What comes in: accepted onto disk first, then worked on, one update of a chat at a time, chats in parallel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import Database, insert_for, is_down
from db.tables import Inbox, InboxState
from domain.phrases import Phrase
from services.asking import say
from services.back import heard
from services.clock import Clock
from services.crashing import Point, passed
from services.foresight import Begun, begin, settle
from services.naming import know
from services.nursery import Nursery
from services.outbox import Recipient
from services.people import actor_at
from services.turn import Actor, Turn, office_hours
from services.workplace import Workplace

_log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
FIRST_BACKOFF = 0.5  # seconds; doubled at each further attempt

TOGETHER = 16
"""Chats worked on in one transaction: few enough that who waits for the store waits little."""
LANES = 4
"""Such transactions side by side on PostgreSQL: one that takes long holds up no other."""

Update = dict[str, Any]


def chat_of(update: Update) -> int:
    """The chat an update belongs to; 0 for kinds that have none."""
    query = update.get("callback_query")
    if isinstance(query, dict):
        message = query.get("message") or {"chat": query.get("from", {})}
        return int(message["chat"]["id"])
    found = next((said for said in update.values() if isinstance(said, dict) and "chat" in said), None)
    return int(found["chat"]["id"]) if found else 0


def home_of(update: Update) -> int:
    """As `chat_of`; 0 too for what cannot be read: it is kept, fails in its handler and is set aside, and the batch it
    came with is not held up."""
    try:
        return chat_of(update)
    except (KeyError, TypeError, ValueError, AttributeError):
        return 0


def _topic_of(update: Update) -> int | None:
    """The topic of a group in which this was said; None outside of topics, where Telegram may name a thread too."""
    said = update.get("message")
    in_topic = isinstance(said, dict) and said.get("is_topic_message") and said.get("message_thread_id")
    return in_topic if isinstance(in_topic, int) and not isinstance(in_topic, bool) else None


def _forget(row: Inbox) -> None:
    """Afterwards nothing is kept of what was said in a group, and no phone number."""
    said = row.raw.get("message")
    if row.chat_id < 0:
        row.raw = {"update_id": row.update_id}
    elif isinstance(said, dict) and "contact" in said:
        row.raw = row.raw | {"message": {name: value for name, value in said.items() if name != "contact"}}


def message_of(update: Update) -> int | None:
    """The message that was said or edited. Never raises: what cannot be read fails in its handler and is counted."""
    said = update.get("message") or update.get("edited_message")
    message_id = said.get("message_id") if isinstance(said, dict) else None
    return message_id if isinstance(message_id, int) else None


@cache
def _keep(dialect: str) -> Any:
    return insert_for(dialect, Inbox).on_conflict_do_nothing()


async def accept(
    session: AsyncSession, bureau_id: int, updates: Sequence[Update], now: datetime, stood_at: datetime | None = None
) -> None:
    """Keep these updates, each once. Only after the commit may the chat service be told. `stood_at`: they waited while
    our line was down."""
    rows = [
        {
            "bureau_id": bureau_id, "update_id": int(update["update_id"]), "chat_id": home_of(update), "raw": update,
            "received_at": now, "stood_at": stood_at, "state": InboxState.PENDING.value, "attempts": 0,
        }
        for update in updates
    ]  # fmt: skip
    if rows:
        await session.execute(_keep(session.get_bind().dialect.name), rows)
        passed(Point.KEEPING)


_WAITING = (
    select(col(Inbox.chat_id))
    .where(
        col(Inbox.bureau_id) == bindparam("bureau"),
        col(Inbox.state) == InboxState.PENDING.value,
        col(Inbox.chat_id).not_in(bindparam("busy", expanding=True)),
    )
    .group_by(col(Inbox.chat_id))
    .order_by(func.min(Inbox.update_id))
    .limit(64)
)

Handle = Callable[[Turn, Update], Awaitable[None]]
Afterwards = Callable[[Turn], Awaitable[None]]


@dataclass(slots=True)
class Worker:
    """Works the inbox off. `handle` answers one update inside the transaction; `afterwards` runs after the commit."""

    workplace: Workplace
    handle: Handle
    afterwards: Afterwards
    _busy: set[int] = field(default_factory=set)
    _rests_until: dict[int, float] = field(default_factory=dict)
    _again: set[int] = field(default_factory=set)
    _queue: list[int] = field(default_factory=list)
    """The chats whose turn has not begun."""
    _at_work: int = 0
    """So many transactions are being worked on: on SQLite one, as the write lane has it anyway."""

    @property
    def _database(self) -> Database:
        return self.workplace.database

    @property
    def _clock(self) -> Clock:
        return self.workplace.clock

    @property
    def _nursery(self) -> Nursery:
        return self.workplace.nursery

    def wake(self, chats: Iterable[int]) -> None:
        """These chats have said something: start on those that are not being worked on or resting."""
        said = list(dict.fromkeys(chats))
        self._again |= (self._busy & set(said)) - set(self._queue)
        kept_waiting = self._busy | self._resting()
        for chat_id in said:
            if chat_id not in kept_waiting:
                self._start(chat_id)

    def _start(self, chat_id: int) -> None:
        self._busy.add(chat_id)
        self._queue.append(chat_id)
        if self._at_work < (1 if self._database.is_sqlite else LANES):
            self._at_work += 1
            self._nursery.start(self._drain_queue(), "chats")

    async def run(self) -> None:
        """Until cancelled: looks once a second for retries and for what another process accepted."""
        while True:
            try:
                self.wake(await self._waiting_chats())
            except Exception:
                _log.exception("the inbox could not be looked at", extra={"action": "inbox_failed"})
            await asyncio.sleep(1)

    async def drain(self) -> None:
        """Work on everything that waits and need not rest, chat after chat. For who steps instead of running."""
        while chats := await self._waiting_chats():
            for chat_id in chats:
                while await self.work_one(chat_id):
                    continue

    async def _waiting_chats(self) -> list[int]:
        busy = list(self._busy | self._resting())
        async with self._database.read() as session:
            found = await session.execute(_WAITING, {"bureau": self.workplace.bureau_id, "busy": busy})
        return list(found.scalars().all())

    def _resting(self) -> set[int]:
        now = self._clock.monotonic()
        self._rests_until = {chat: until for chat, until in self._rests_until.items() if until > now}
        return set(self._rests_until)

    def _end(self, chat_id: int) -> None:
        self._busy.discard(chat_id)
        if chat_id in self._again:
            self._again.discard(chat_id)
            self.wake([chat_id])

    async def _drain_queue(self) -> None:
        try:
            while self._queue:
                chats, self._queue = self._queue[:TOGETHER], self._queue[TOGETHER:]
                left = await self._work_together(chats)
                for chat_id in chats:
                    if chat_id in left:
                        self._again.discard(chat_id)
                        self._queue.append(chat_id)
                    else:
                        self._end(chat_id)
        finally:
            self._at_work -= 1

    async def _work_together(self, chats: Sequence[int]) -> set[int]:
        """One update of each of these chats, all in one transaction; where one raises, all of it is undone and each is
        worked on alone, so that it stops no other. Returns the chats in which more waits."""
        worked: list[tuple[Turn, bool]] = []
        try:
            if len(chats) > 1:
                worked = await self._in_one_transaction(chats)
                chats = ()
        except Exception as problem:
            _log.info("chats are worked on one by one: %s", type(problem).__name__, extra={"action": "turns_parted"})
        for turn, _ in worked:
            await self._is_done(turn)
        return {turn.to.chat_id for turn, more in worked if more} | {chat for chat in chats if await self._alone(chat)}

    async def _in_one_transaction(self, chats: Sequence[int]) -> list[tuple[Turn, bool]]:
        """Those first that can begin together; every other reads what it needs itself, as in one of its own."""
        async with self._database.write(brief=True) as session:
            worked = await self._work_all(session, chats)
            together = {turn.to.chat_id for turn, _ in worked}
            for chat_id in chats:
                if chat_id not in together:
                    session.expunge_all()
                    worked += await self._work_all(session, [chat_id])
        return worked

    async def _work_all(self, session: AsyncSession, chats: Sequence[int]) -> list[tuple[Turn, bool]]:
        """The turns of these chats that can begin together."""
        worked = [(await self._work(session, begun), begun.more) for begun in await self._begin(session, chats)]
        await settle(session)
        return worked

    async def _alone(self, chat_id: int) -> bool:
        try:
            return await self.work_one(chat_id)
        except Exception:
            _log.exception("a chat could not be worked on", extra={"action": "turn_failed"})
            return False

    async def work_one(self, chat_id: int) -> bool:
        """Work on this chat's oldest update; False when no other waits behind it, or it failed and has to rest."""
        update_id: int | None = None
        try:
            async with self._database.write(brief=True) as session:
                begun = next(iter(await self._begin(session, [chat_id])), None)
                if begun is None:
                    return False
                update_id = begun.row.update_id
                turn = await self._work(session, begun)
                await settle(session)
        except Exception as problem:
            if update_id is None or is_down(problem):  # no fault of this update: it is not counted, and waits
                self._rests_until[chat_id] = self._clock.monotonic() + FIRST_BACKOFF
                raise
            await self._failed(chat_id, update_id, problem)
            passed(Point.COUNTED)
            return False
        await self._is_done(turn)
        return begun.more

    async def _work(self, session: AsyncSession, begun: Begun) -> Turn:
        row = begun.row
        turn = await self._turn(session, row, begun.actor)
        turn.sheets = begun.sheets
        if begun.names is not None:
            know(turn, begun.names)
        passed(Point.BEGUN)
        if turn.actor and not turn.actor.is_reachable and "my_chat_member" not in row.raw:
            await heard(turn)
        await self.handle(turn, row.raw)
        row.state, row.done_at = InboxState.DONE.value, turn.now
        _forget(row)
        passed(Point.HANDLED)
        return turn

    async def _is_done(self, turn: Turn) -> None:
        passed(Point.DONE)
        await self.afterwards(turn)
        passed(Point.ANSWERED)

    async def _begin(self, session: AsyncSession, chats: Sequence[int]) -> list[Begun]:
        bureau = await self.workplace.bureau(session)
        now = self._clock.now()
        return await begin(
            session, bureau.id, chats, now, office_hours(bureau, self.workplace.calendar).local(now).date()
        )

    async def _turn(self, session: AsyncSession, row: Inbox, actor: Actor | None) -> Turn:
        bureau = await self.workplace.bureau(session)
        now = self._clock.now()
        return Turn(
            session=session,
            bureau=bureau,
            hours=office_hours(bureau, self.workplace.calendar),
            to=Recipient(bureau.id, row.chat_id, actor.person_id if actor else None, _topic_of(row.raw)),
            now=now,
            received_at=row.counts_from,
            in_backlog=row.stood_at is not None,
            update_id=row.update_id,
            actor=actor,
            message_id=message_of(row.raw),
        )

    async def _failed(self, chat_id: int, update_id: int, problem: Exception) -> None:
        """Count the attempt in a transaction of its own; after the last one set the update aside and say so."""
        passed(Point.FAILED)
        async with self._database.write(brief=True) as session:
            row = await session.get(Inbox, (self.workplace.bureau_id, update_id))
            if row is None:
                return
            row.attempts += 1
            row.error = type(problem).__name__
            facts = {"action": "update_failed", "update_id": update_id, "attempts": row.attempts}
            _log.error("update failed", exc_info=problem, extra=facts)
            if row.attempts >= MAX_ATTEMPTS:
                row.state = InboxState.SET_ASIDE.value
                if chat_id > 0:
                    await say(
                        await self._turn(session, row, await actor_at(session, row.bureau_id, chat_id)), Phrase.FAILED
                    )
                _forget(row)
                return
        self._rests_until[chat_id] = self._clock.monotonic() + FIRST_BACKOFF * 2 ** (row.attempts - 1)
