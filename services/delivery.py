"""What goes out: claimed, looked at once more, handed over, settled. One delivery in flight per chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import and_, exists, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import table_of
from db.tables import Account, Card, Fate, Inbox, InboxState, Outbox
from domain import messages
from domain.messages import Message, Strip
from services.content import Content, Scene, as_shown, load
from services.intake import has_pending
from services.outbox import Recipient, queue
from services.pace import Pace
from services.people import CHANNEL
from services.rendering import Delivered, Gone, Method, Parcel, Refused, Rendered, Result, TryAgain, Unknown
from services.workplace import Workplace

_log = logging.getLogger(__name__)

IN_FLIGHT = 16
MAX_EDITS = 8
"""Edits of unknown fate are repeated this often before they are given up."""
FIRST_PAUSE = 0.25  # seconds before such an edit is repeated; doubled at each further attempt

_CARD = and_(
    col(Card.bureau_id) == Outbox.bureau_id, col(Card.chat_id) == Outbox.chat_id, col(Card.key) == Outbox.card_key
)
_UNREAD = exists().where(
    col(Inbox.bureau_id) == Outbox.bureau_id,
    col(Inbox.chat_id) == Outbox.chat_id,
    col(Inbox.state) == InboxState.PENDING.value,
)
_IS_EDIT = or_(col(Outbox.kind) == "strip", col(Card.message_id).is_not(None))

Render = Callable[[Content, Scene], list[Rendered]]
Send = Callable[[Parcel], Awaitable[Result]]


@dataclass(slots=True)
class Delivery:
    """Hands the outbox over. `render` makes one or several parts of a message, `send` calls the chat service."""

    workplace: Workplace
    render: Render
    send: Send
    pace: Pace = field(default_factory=Pace)
    _busy: set[int] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._wake.set()

    async def recover(self) -> None:
        """`sending` found at start is uncertain, except edits, which are repeated."""
        async with self.workplace.database.write() as session:
            mine = and_(col(Outbox.bureau_id) == self.workplace.bureau_id, col(Outbox.fate) == Fate.SENDING.value)
            rows = (await session.execute(select(Outbox).where(mine))).scalars().all()
            for row in rows:
                is_edit = await _method(session, row) != "send"
                row.fate = (Fate.PENDING if is_edit else Fate.UNCERTAIN).value
                row.error = "interrupted"

    async def run(self) -> None:
        """Until cancelled: woken by every commit that queued something, else looks once a second."""
        while True:
            self._wake.clear()
            wait = await self._start_due()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def drain(self) -> None:
        """Hand over everything that may go now; returns when nothing is on its way. For who steps."""
        while True:
            self._wake.clear()
            await self._start_due()
            if not self._busy:
                return
            await self._wake.wait()

    async def _start_due(self) -> float:
        """Start what may go now; returns the seconds after which to look again."""
        soonest = 1.0
        for chat_id, row_id, edit in await self._due():
            if len(self._busy) >= IN_FLIGHT:
                break
            now = self.workplace.clock.monotonic()
            ready = self.pace.ready_at(chat_id, now, edit=edit)
            if ready > now:
                soonest = min(soonest, ready - now)
                continue
            self.pace.take(chat_id, now, edit=edit)
            self._busy.add(chat_id)
            self.workplace.nursery.start(self._deliver(chat_id, row_id), f"deliver {row_id}")
        return soonest

    async def _due(self) -> list[tuple[int, int, bool]]:
        """Each waiting chat with its first message and whether that is an edit: replies before reminders before
        digests, then in order."""
        now = self.workplace.clock.now()
        statement = (
            select(col(Outbox.chat_id), col(Outbox.id), _IS_EDIT)
            .outerjoin(Card, _CARD)
            .where(
                col(Outbox.bureau_id) == self.workplace.bureau_id,
                col(Outbox.fate) == Fate.PENDING.value,
                col(Outbox.chat_id).not_in(self._busy),
                or_(col(Outbox.not_before).is_(None), col(Outbox.not_before) <= now),
                or_(col(Outbox.nag).is_(False), ~_UNREAD),
            )
            .order_by(col(Outbox.rank), col(Outbox.id))
            .limit(200)
        )
        async with self.workplace.database.read() as session:
            rows = (await session.execute(statement)).all()
        first: dict[int, tuple[int, int, bool]] = {}
        for chat_id, row_id, edit in rows:
            first.setdefault(chat_id, (chat_id, row_id, edit))
        return list(first.values())

    async def _deliver(self, chat_id: int, row_id: int) -> None:
        try:
            parcel = await self._claim(row_id)
            if parcel is not None:
                await self._settle(row_id, parcel, await self.send(parcel))
        except Exception as problem:
            _log.exception("delivery failed", extra={"action": "delivery_failed", "outbox_id": row_id})
            await self._give_up(row_id, problem)
        finally:
            self._busy.discard(chat_id)
            self._wake.set()

    async def _give_up(self, row_id: int, problem: Exception) -> None:
        """A message that cannot even be made must not stop the others; one that was claimed may have been sent."""
        async with self.workplace.database.write() as session:
            row = await session.get(Outbox, (self.workplace.bureau_id, row_id))
            if row is not None and row.fate in (Fate.PENDING.value, Fate.SENDING.value):
                claimed = row.fate == Fate.SENDING.value
                row.fate = (Fate.UNCERTAIN if claimed else Fate.DEAD).value
                row.error = type(problem).__name__

    async def _claim(self, row_id: int) -> Parcel | None:
        """Mark the row as being sent and make what it shows now; None when it need not, or must not yet, be said."""
        workplace = self.workplace
        async with workplace.database.write() as session:
            row = await session.get(Outbox, (workplace.bureau_id, row_id))
            if row is None or row.fate != Fate.PENDING.value or await self._must_wait(session, row):
                return None
            row.fate, row.claimed_at = Fate.SENDING.value, workplace.clock.now()
            row.attempts += 1
            message = messages.from_json(row.kind, row.payload)
            if isinstance(message, Strip):
                return Parcel(row.chat_id, "strip", Rendered(""), message.message_id)
            rendered = await self._render(session, row, message)
            if rendered is None:
                row.fate = Fate.CANCELLED.value
                return None
            card = await _card_of(session, row)
            return Parcel(row.chat_id, await _method(session, row), rendered, card.message_id if card else None)

    async def _must_wait(self, session: AsyncSession, row: Outbox) -> bool:
        """A nag waits for office hours, and until everything that its chat has said is worked on."""
        if not row.nag:
            return False
        now = self.workplace.clock.now()
        opening = self.workplace.hours.next_within(now)
        if opening > now:
            row.not_before = opening
            return True
        return await has_pending(session, row.bureau_id, row.chat_id)

    async def _render(self, session: AsyncSession, row: Outbox, message: Message) -> Rendered | None:
        bureau = await self.workplace.bureau(session)
        scene = Scene(bureau, self.workplace.hours, self.workplace.clock.now())
        content = await load(session, row, message, scene)
        if content is None:
            return None
        if (shown := as_shown(message, content)) != message:
            row.payload = messages.to_json(shown)  # the record says what was said
        parts = self.render(content, scene)
        part = int(getattr(message, "part", 0))
        if part == 0 and len(parts) > 1 and row.attempts == 1:
            await self._queue_rest(session, row, len(parts))
        return parts[part]

    async def _queue_rest(self, session: AsyncSession, row: Outbox, count: int) -> None:
        """Each further part is a row of its own, so that a failing part loses no other."""
        same = ("bureau_id", "chat_id", "person_id", "kind", "v", "rank", "nag", "queued_at")
        copied: dict[str, Any] = {name: getattr(row, name) for name in same}
        fresh = {"fate": Fate.PENDING.value, "attempts": 0}
        rest = [copied | fresh | {"id": new_id(), "payload": row.payload | {"part": part}} for part in range(1, count)]
        await session.execute(table_of(Outbox).insert(), rest)
        session.info["queued"] = True

    async def _settle(self, row_id: int, parcel: Parcel, result: Result) -> None:
        now = self.workplace.clock.now()
        if isinstance(result, TryAgain):
            self.pace.rest(
                None if result.everywhere else parcel.chat_id, self.workplace.clock.monotonic() + result.after
            )
        async with self.workplace.database.write() as session:
            row = await session.get(Outbox, (self.workplace.bureau_id, row_id))
            if row is not None:
                await _write_fate(session, row, parcel, result, now)
                if isinstance(result, Unknown):
                    pause = FIRST_PAUSE * 2 ** min(row.attempts - 1, 7)
                    self.pace.rest(parcel.chat_id, self.workplace.clock.monotonic() + pause)


async def _write_fate(session: AsyncSession, row: Outbox, parcel: Parcel, result: Result, now: datetime) -> None:
    match result:
        case Delivered(message_id):
            row.fate, row.sent_at, row.message_id, row.error = Fate.SENT.value, now, message_id, None
            await _remember_card(session, row, message_id)
        case TryAgain(reason):
            row.fate, row.error = Fate.PENDING.value, reason
        case Unknown(reason):
            again = parcel.method != "send" and row.attempts < MAX_EDITS
            row.fate, row.error = (Fate.PENDING if again else Fate.UNCERTAIN).value, reason
        case Gone():
            await _forget_card_message(session, row)
        case Refused(reason, unreachable):
            row.fate, row.error = Fate.DEAD.value, reason
            if unreachable:
                await _mark_unreachable(session, row, reason)
        case _:
            assert_never(result)


async def _card_of(session: AsyncSession, row: Outbox) -> Card | None:
    if row.card_key is None:
        return None
    return await session.get(Card, (row.bureau_id, row.chat_id, row.card_key))


async def _method(session: AsyncSession, row: Outbox) -> Method:
    if row.kind == "strip":
        return "strip"
    card = await _card_of(session, row)
    return "edit" if card is not None and card.message_id is not None else "send"


async def _remember_card(session: AsyncSession, row: Outbox, message_id: int) -> None:
    card = await _card_of(session, row)
    if card is None or row.revision is None:
        return
    if row.revision < card.posted_from:  # a newer one is to stand below: this one only loses its buttons
        await queue(session, Recipient(row.bureau_id, row.chat_id), Strip(message_id=message_id), row.queued_at)
        return
    card.message_id, card.shown_revision = message_id, max(card.shown_revision, row.revision)


async def _forget_card_message(session: AsyncSession, row: Outbox) -> None:
    """ "Message to edit not found": the card is sent anew; buttons that are gone need not be taken off."""
    card = await _card_of(session, row)
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
