"""What goes out: claimed, looked at once more, handed over, settled. One delivery in flight per chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import and_, bindparam, case, exists, or_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import table_of
from db.tables import Account, Card, Fate, Inbox, InboxState, Outbox
from domain import messages
from domain.messages import Message, Strip
from services import groups
from services.content import Content, Scene, as_shown, load
from services.outbox import Recipient, queue
from services.pace import Pace
from services.people import CHANNEL
from services.reach import cancel_waiting
from services.rendering import (
    Delivered,
    Gone,
    Method,
    Moved,
    NoTopic,
    Parcel,
    Refused,
    Rendered,
    Result,
    TryAgain,
    Unknown,
)
from services.workplace import Workplace

_log = logging.getLogger(__name__)

IN_FLIGHT = 16
AT_ONCE = 6
"""Claims in one transaction: few enough that who waits for the store waits little."""
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
_IS_STRIP = col(Outbox.kind) == "strip"
_IS_EDIT = or_(_IS_STRIP, col(Card.message_id).is_not(None))

_GOES_AGAIN = (TryAgain, Gone, Moved, NoTopic)

Render = Callable[[Content, Scene], list[Rendered]]
Send = Callable[[Parcel], Awaitable[Result]]


_HERE = col(Outbox.bureau_id) == bindparam("bureau")
_DUE = (
    select(col(Outbox.chat_id), col(Outbox.id), _IS_EDIT, _IS_STRIP)
    .outerjoin(Card, _CARD)
    .where(
        _HERE,
        col(Outbox.fate) == Fate.PENDING.value,
        col(Outbox.chat_id).not_in(bindparam("busy", expanding=True)),
        or_(
            col(Outbox.not_before).is_(None),
            col(Outbox.not_before) <= bindparam("now", type_=table_of(Outbox).c.not_before.type),
        ),
        or_(col(Outbox.nag).is_(False), ~_UNREAD),
    )
    .order_by(col(Outbox.rank), col(Outbox.id))
    .limit(200)
)
_ROWS = (
    select(Outbox, Card)
    .outerjoin(Card, _CARD)
    .where(_HERE, col(Outbox.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Outbox.rank), col(Outbox.id))
    .with_for_update(of=Outbox, skip_locked=True)
)


_OUTBOX, _CARDS = table_of(Outbox), table_of(Card)
_SENT = (
    _OUTBOX.update()
    .where(_OUTBOX.c.bureau_id == bindparam("bureau"), _OUTBOX.c.id == bindparam("row"))
    .values(fate=Fate.SENT.value, sent_at=bindparam("at"), message_id=bindparam("message"), error=None)
)
_SHOWN = (
    _CARDS.update()
    .where(
        _CARDS.c.bureau_id == bindparam("bureau"),
        _CARDS.c.chat_id == bindparam("chat"),
        _CARDS.c.key == bindparam("card"),
        _CARDS.c.posted_from <= bindparam("shown"),
    )
    .values(
        message_id=bindparam("message"),
        shown_revision=case(
            (_CARDS.c.shown_revision > bindparam("shown"), _CARDS.c.shown_revision), else_=bindparam("shown")
        ),
    )
)


@dataclass(slots=True)
class _Due:
    """What may go to one chat now: its first message, and the old keyboards that come off behind it."""

    chat_id: int
    ids: list[int]
    edit: bool
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row that is being sent, and the card it shows."""

    row_id: int
    parcel: Parcel
    queued_at: datetime
    card_key: str | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class _Handed:
    """What became of a parcel that was handed over; to be written down."""

    claimed: _Claimed
    result: Result
    at: datetime

    @property
    def row_id(self) -> int:
        return self.claimed.row_id

    @property
    def parcel(self) -> Parcel:
        return self.claimed.parcel


@dataclass(slots=True)
class Delivery:
    """Hands the outbox over. `render` makes one or several parts of a message, `send` calls the chat service.

    One transaction writes down what became of the last parcels and claims the next ones; nothing is sent inside it.
    """

    workplace: Workplace
    render: Render
    send: Send
    pace: Pace = field(default_factory=Pace)
    _busy: set[int] = field(default_factory=set)
    """Chats with a parcel on its way, or whose fate is not written down yet."""
    _handed: list[_Handed] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _news: bool = True
    """Something may have become due since the outbox was last looked at."""
    _rest: bool = True
    """When it was, more was due than could go."""

    def wake(self) -> None:
        """Something was queued."""
        self._news = True
        self._wake.set()

    async def recover(self) -> None:
        """`sending` found at start is uncertain, except edits, which are repeated."""
        async with self.workplace.database.write() as session:
            mine = and_(col(Outbox.bureau_id) == self.workplace.bureau_id, col(Outbox.fate) == Fate.SENDING.value)
            for row, card in (await session.execute(select(Outbox, Card).outerjoin(Card, _CARD).where(mine))).all():
                is_edit = _method(row, card) != "send"
                row.fate = (Fate.PENDING if is_edit else Fate.UNCERTAIN).value
                row.error = "interrupted"

    async def run(self) -> None:
        """Until cancelled: woken by every commit that queued something, else looks once a second."""
        while True:
            self._wake.clear()
            wait = await self._round()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                self._news = True

    async def drain(self) -> None:
        """Hand over everything that may go now; returns when nothing is on its way. For who steps."""
        while True:
            self._wake.clear()
            await self._round()
            if self._news or self._handed:
                continue
            if not self._busy:
                return
            await self._wake.wait()

    async def close(self) -> None:
        """After the last parcel came back: its fate is written down, nothing more is claimed."""
        await self._turn(tuple(self._handed), most=0)

    async def _round(self) -> float:
        """Write down what is known, start what may go now; returns the seconds after which to look again."""
        if not self._handed and not self._news:
            return 1.0
        room = min(AT_ONCE, IN_FLIGHT - len(self._busy) + len(self._handed))
        try:
            return await self._turn(tuple(self._handed), room)
        except Exception:
            _log.exception("delivery failed", extra={"action": "delivery_failed"})
        try:
            return await self._singly()
        except Exception:
            _log.exception("the store does not answer", extra={"action": "delivery_failed"})
            return 1.0

    async def _turn(self, handed: Sequence[_Handed], most: int, only: int | None = None) -> float:
        """One transaction: the fates of `handed`, then up to `most` chats claimed (only that one, where named)."""
        free = {one.parcel.chat_id for one in handed}
        most = most if self._news or self._rest or any(isinstance(one.result, _GOES_AGAIN) for one in handed) else 0
        self._news = False
        async with self.workplace.database.write() as session:
            await self._write_fates(session, handed)
            chosen, soonest = await self._choose(session, free, most, only)
            parcels = await self._claim(session, chosen) if chosen else {}
        self._handed = [one for one in self._handed if one not in handed]
        self._busy -= free
        for chat_id, claimed in parcels.items():
            self._busy.add(chat_id)
            self.workplace.nursery.start(self._hand_over(claimed), f"deliver to {chat_id}")
        self._news |= len(parcels) < len(chosen)
        return soonest

    async def _singly(self) -> float:
        """Something in the last turn raised: each step by itself, so that one that cannot be done stops no other."""
        for one in tuple(self._handed):
            try:
                await self._turn([one], most=0)
            except Exception:
                _log.exception("a fate was not written", extra={"action": "fate_failed", "outbox_id": one.row_id})
        async with self.workplace.database.read() as session:
            due = await self._due(session, self._busy)
        for waiting in due[:AT_ONCE]:
            try:
                await self._turn([], most=1, only=waiting.chat_id)
            except Exception as problem:
                _log.exception("delivery failed", extra={"action": "delivery_failed", "outbox_id": waiting.ids[0]})
                await self._give_up(waiting.ids[0], problem)
        self._news = True
        return 1.0

    async def _choose(
        self, session: AsyncSession, free: set[int], most: int, only: int | None
    ) -> tuple[list[_Due], float]:
        """The chats that may be written to now, the pace permitting, and when to look again."""
        soonest, chosen = 1.0, list[_Due]()
        waiting = await self._due(session, self._busy - free) if most else []
        for due in waiting:
            if only not in (None, due.chat_id) or len(chosen) >= most:
                continue
            now = self.workplace.clock.monotonic()
            ready = self.pace.ready_at(due.chat_id, now, edit=due.edit)
            if ready > now:
                soonest = min(soonest, ready - now)
                continue
            self.pace.take(due.chat_id, now, edit=due.edit)
            for _ in due.ids[1:]:
                self.pace.take(due.chat_id, now, edit=True)
            chosen.append(due)
        if most:
            self._rest = len(chosen) < len(waiting) or any(due.more for due in waiting)
        return chosen, soonest

    async def _due(self, session: AsyncSession, busy: set[int]) -> list[_Due]:
        """By chat what waits: replies before reminders before digests, then in order."""
        bound = {"bureau": self.workplace.bureau_id, "now": self.workplace.clock.now(), "busy": list(busy)}
        first: dict[int, _Due] = {}
        for chat_id, row_id, edit, strip in (await session.execute(_DUE, bound)).all():
            if chat_id not in first:
                first[chat_id] = _Due(chat_id, [row_id], edit)
            elif strip and not first[chat_id].more:
                first[chat_id].ids.append(row_id)
            else:
                first[chat_id].more = True
        return list(first.values())

    async def _hand_over(self, claimed: Sequence[_Claimed]) -> None:
        """One after the other; what stands behind a parcel that has to wait, waits too."""
        handed: list[_Handed] = []
        for one in claimed:
            waits = bool(handed) and isinstance(handed[-1].result, TryAgain)
            result = TryAgain("behind another", 0) if waits else await self._send_one(one.row_id, one.parcel)
            handed.append(_Handed(one, result, self.workplace.clock.now()))
        self._handed += handed
        self._wake.set()

    async def _send_one(self, row_id: int, parcel: Parcel) -> Result:
        try:
            result = await self.send(parcel)
        except Exception as problem:
            _log.exception("sending failed", extra={"action": "send_failed", "outbox_id": row_id})
            return Unknown(type(problem).__name__)
        if isinstance(result, TryAgain):
            until = self.workplace.clock.monotonic() + result.after
            self.pace.rest(None if result.everywhere else parcel.chat_id, until)
        return result

    async def _give_up(self, row_id: int, problem: Exception) -> None:
        """A message that cannot even be made must not stop the others."""
        async with self.workplace.database.write() as session:
            row = await session.get(Outbox, (self.workplace.bureau_id, row_id))
            if row is not None and row.fate == Fate.PENDING.value:
                row.fate, row.error = Fate.DEAD.value, type(problem).__name__

    async def _rows(self, session: AsyncSession, ids: Sequence[int]) -> list[tuple[Outbox, Card | None]]:
        found = await session.execute(_ROWS, {"bureau": self.workplace.bureau_id, "ids": list(ids)})
        return [(row, card) for row, card in found.all()]

    async def _claim(self, session: AsyncSession, chosen: Sequence[_Due]) -> dict[int, list[_Claimed]]:
        """By chat the rows that are marked as being sent, and what they show now; left out is what need not, or must
        not yet, be said."""
        parcels: dict[int, list[_Claimed]] = {}
        for row, card in await self._rows(session, [row_id for due in chosen for row_id in due.ids]):
            if row.fate != Fate.PENDING.value or self._must_wait(row):
                continue
            row.fate, row.claimed_at = Fate.SENDING.value, self.workplace.clock.now()
            row.attempts += 1
            parcel = await self._parcel(session, row, card)
            if parcel is None:
                row.fate = Fate.CANCELLED.value
            else:
                claimed = _Claimed(row.id, parcel, row.queued_at, row.card_key, row.revision)
                parcels.setdefault(row.chat_id, []).append(claimed)
        return parcels

    async def _parcel(self, session: AsyncSession, row: Outbox, card: Card | None) -> Parcel | None:
        message = messages.from_json(row.kind, row.payload)
        if isinstance(message, Strip):
            return Parcel(row.chat_id, "strip", Rendered(""), message.message_id, row.thread_id)
        rendered = await self._render(session, row, message)
        if rendered is None:
            return None
        message_id = card.message_id if card else None
        return Parcel(row.chat_id, _method(row, card), rendered, message_id, row.thread_id)

    def _must_wait(self, row: Outbox) -> bool:
        """A nag waits for office hours."""
        opening = self.workplace.hours.next_within(self.workplace.clock.now()) if row.nag else None
        if opening is None or opening <= self.workplace.clock.now():
            return False
        row.not_before = opening
        return True

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

    async def _write_fates(self, session: AsyncSession, handed: Sequence[_Handed]) -> None:
        delivered = [one for one in handed if isinstance(one.result, Delivered)]
        if delivered:
            await self._write_delivered(session, delivered)
        known = {one.row_id: one for one in handed if not isinstance(one.result, Delivered)}
        for row, card in await self._rows(session, list(known)) if known else ():
            one = known[row.id]
            await _write_fate(session, (row, card), one)
            if isinstance(one.result, Unknown):
                pause = FIRST_PAUSE * 2 ** min(row.attempts - 1, 7)
                self.pace.rest(row.chat_id, self.workplace.clock.monotonic() + pause)

    async def _write_delivered(self, session: AsyncSession, handed: Sequence[_Handed]) -> None:
        """What nearly always happens, without loading a row."""
        bureau = self.workplace.bureau_id
        sent = [{"bureau": bureau, "row": one.row_id, "at": one.at, "message": _message_id(one)} for one in handed]
        connection = await session.connection()
        await connection.execute(_SENT, sent)
        for one in handed:
            if (card := one.claimed).card_key is None or card.revision is None:
                continue
            shown = {"bureau": bureau, "chat": one.parcel.chat_id, "card": card.card_key, "shown": card.revision}
            if not (await connection.execute(_SHOWN, shown | {"message": _message_id(one)})).rowcount:
                # a newer one is to stand below: this one only loses its buttons
                to = Recipient(bureau, one.parcel.chat_id)
                await queue(session, to, Strip(message_id=_message_id(one)), card.queued_at)


def _message_id(handed: _Handed) -> int:
    return handed.result.message_id if isinstance(handed.result, Delivered) else 0


async def _write_fate(session: AsyncSession, claimed: tuple[Outbox, Card | None], handed: _Handed) -> None:
    row, card = claimed
    match handed.result:
        case Delivered():
            raise AssertionError("written down by itself")
        case TryAgain(reason):
            row.fate, row.error = Fate.PENDING.value, reason
        case Unknown(reason):
            again = handed.parcel.method != "send" and row.attempts < MAX_EDITS
            row.fate, row.error = (Fate.PENDING if again else Fate.UNCERTAIN).value, reason
        case Gone():
            _forget_card_message(row, card)
        case Refused(reason, unreachable):
            row.fate, row.error = Fate.DEAD.value, reason
            if unreachable:
                await _mark_unreachable(session, row, reason, handed.at)
        case Moved(to):
            await groups.move(session, row.bureau_id, row.chat_id, to)
            row.chat_id, row.thread_id, row.fate, row.error = to, None, Fate.PENDING.value, "moved"
        case NoTopic():
            row.fate = (Fate.PENDING if row.thread_id is not None else Fate.DEAD).value
            row.thread_id, row.error = None, "no such topic"
        case _:
            assert_never(handed.result)


def _method(row: Outbox, card: Card | None) -> Method:
    if row.kind == "strip":
        return "strip"
    return "edit" if card is not None and card.message_id is not None else "send"


def _forget_card_message(row: Outbox, card: Card | None) -> None:
    """ "Message to edit not found": the card is sent anew; buttons that are gone need not be taken off."""
    if card is None:
        row.fate = Fate.CANCELLED.value
        return
    card.message_id = None
    row.fate = Fate.PENDING.value


async def _mark_unreachable(session: AsyncSession, row: Outbox, reason: str, at: datetime) -> None:
    if row.chat_id < 0:
        await groups.left(session, row.bureau_id, row.chat_id, at)
        return
    await cancel_waiting(session, row.bureau_id, row.chat_id, only_nags=True)
    mine = and_(
        col(Account.bureau_id) == row.bureau_id,
        col(Account.channel) == CHANNEL,
        col(Account.external_id) == row.chat_id,
    )
    await session.execute(update(Account).where(mine).values(unreachable=reason[:80]))
