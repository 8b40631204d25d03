"""What goes out: claimed, looked at once more, handed over, settled. One delivery in flight per chat."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import is_down, table_of
from db.tables import Card, Chat, Fate, Inbox, InboxState, Outbox, TroubleKind, TroubleState
from domain import messages
from domain.messages import Message, ReportCard, Strip
from services.content import Content, Scene, as_shown, load, shelf_of
from services.crashing import Point, passed
from services.fates import Claimed, Handed, may_have_arrived, method_of, unsure, write_delivered, write_fate
from services.hold import MAY_LEAVE
from services.nagging import NAGGING, has_had_enough
from services.pace import Pace
from services.rendering import Delivered, Gone, Moved, NoTopic, Parcel, Rendered, Result, TryAgain, Unknown
from services.troubles import tried
from services.workplace import Workplace

_log = logging.getLogger(__name__)

IN_FLIGHT = 64
AT_ONCE = 16
"""Claims in one transaction: few enough that who waits for the store waits little."""
AHEAD = 0.12  # seconds before a message may leave it may be claimed: the commit costs no pace
PATIENCE = 0.5  # seconds a claimed message waits to leave before it is put back
LAST_WORDS = 10.0  # seconds to write down, at the end, what became of the last messages
WRITING = timedelta(minutes=10)
"""Whoever answered so lately is not interrupted by a reminder."""
FIRST_PAUSE = 0.25  # seconds before such an edit is repeated; doubled at each further attempt

CANNOT_BE_MADE = "一条消息没能写成"

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
_NOT_NOW = TryAgain("behind another", 0)
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
        MAY_LEAVE,
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


@dataclass(slots=True)
class _Due:
    """What may go to one chat now: its first message, and the old keyboards that come off behind it."""

    chat_id: int
    ids: list[int]
    edit: bool
    more: bool = False


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
    _handed: list[Handed] = field(default_factory=list)
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
        """`sending` found at start is of unknown fate; and the limits go on where the process before us left them."""
        async with self.workplace.database.write(brief=True) as session:
            await self._warm(session)
            mine = and_(col(Outbox.bureau_id) == self.workplace.bureau_id, col(Outbox.fate) == Fate.SENDING.value)
            for row, card in (await session.execute(select(Outbox, Card).outerjoin(Card, _CARD).where(mine))).all():
                row.fate, row.error = unsure(row, method_of(row, card), "interrupted")
            passed(Point.RECOVERING)
        passed(Point.RECOVERED)

    async def _warm(self, session: AsyncSession) -> None:
        """What left within the last minute, by when it was answered; what was interrupted may have left just now."""
        clock = self.workplace.clock
        now, monotonic = clock.now(), clock.monotonic()
        left = func.coalesce(Outbox.sent_at, Outbox.claimed_at)
        last_minute = and_(col(Outbox.bureau_id) == self.workplace.bureau_id, left > now - timedelta(minutes=1))
        found = await session.execute(select(col(Outbox.chat_id), left, col(Outbox.fate), _IS_STRIP).where(last_minute))
        self.pace.warm(
            (chat, monotonic if fate == Fate.SENDING.value else monotonic - max((now - at).total_seconds(), 0.0), strip)
            for chat, at, fate, strip in found.all()
        )

    async def run(self) -> None:
        """Until cancelled: woken by every commit that queued something, else looks once a second. A round that began
        is finished, so that what it claimed is handed over and what was sent is written down."""
        while True:
            self._wake.clear()
            wait = await asyncio.shield(self.workplace.nursery.start(self._round(), "delivery round"))
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
        """After the last parcel came back: its fate is written down, on a deadline of its own; nothing is claimed."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                for attempt in itertools.count():
                    if not self._handed or await self._written():
                        return
                    await asyncio.sleep(FIRST_PAUSE * 2**attempt)
        except TimeoutError:
            _log.critical("the store took no more fates", extra={"action": "fates_lost", "count": len(self._handed)})

    async def _written(self) -> bool:
        try:
            await self._turn(tuple(self._handed), most=0)
        except Exception:
            _log.exception("fates were not written", extra={"action": "fate_failed"})
            return False
        return True

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

    async def _turn(self, handed: Sequence[Handed], most: int, only: int | None = None) -> float:
        """One transaction: the fates of `handed`, then up to `most` chats claimed (only that one, where named)."""
        free = {one.parcel.chat_id for one in handed}
        most = most if self._news or self._rest or any(isinstance(one.result, _GOES_AGAIN) for one in handed) else 0
        self._news = False
        async with self.workplace.database.write(brief=True) as session:
            await self._write_fates(session, handed)
            chosen, soonest = await self._choose(session, free, most, only)
            parcels = await self._claim(session, chosen) if chosen else {}
            if handed or parcels:
                passed(Point.CLAIMING)
        if handed:
            passed(Point.SETTLED)
        if parcels:
            passed(Point.CLAIMED)
        self._handed = [one for one in self._handed if one not in handed]
        self._busy -= free
        for chat_id, claimed in parcels.items():
            self._busy.add(chat_id)
            for _ in claimed:
                self.pace.take()
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
            self._news = True  # a turn with nothing new would not even look
            try:
                await self._turn([], most=1, only=waiting.chat_id)
            except Exception as problem:
                _log.exception("delivery failed", extra={"action": "delivery_failed", "outbox_id": waiting.ids[0]})
                await self._set_back(waiting.ids[0], problem)
        self._news = True
        return 1.0

    async def _choose(
        self, session: AsyncSession, free: set[int], most: int, only: int | None
    ) -> tuple[list[_Due], float]:
        """The chats that may be written to now, the pace permitting, and when to look again."""
        soonest, chosen, ahead = 1.0, list[_Due](), 0
        waiting = await self._due(session, self._busy - free) if most else []
        for due in waiting:
            if only not in (None, due.chat_id) or len(chosen) >= most:
                continue
            now = self.workplace.clock.monotonic()
            early = self.pace.ready_at(due.chat_id, now, edit=due.edit, ahead=ahead) - AHEAD
            if early > now:
                soonest = min(soonest, early - now)
                continue
            ahead += len(due.ids)
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

    async def _hand_over(self, claimed: Sequence[Claimed]) -> None:
        """One after the other; what stands behind a parcel that has to wait, waits too."""
        handed: list[Handed] = []
        try:
            for one in claimed:
                waits = bool(handed) and isinstance(handed[-1].result, TryAgain)
                may = not waits and await self._may_leave(one.parcel)
                result = await self._send_one(one.row_id, one.parcel) if may else _NOT_NOW
                if result is _NOT_NOW:
                    self.pace.back()
                handed.append(Handed(one, result, self.workplace.clock.now()))
        finally:  # at the end of our time the first that is left may have gone; those behind it have not
            left: list[Result] = [Unknown("stopped"), *[_NOT_NOW] * len(claimed)]
            now = self.workplace.clock.now()
            handed += [Handed(one, what, now) for one, what in zip(claimed[len(handed) :], left, strict=False)]
            self._handed += handed
            self._wake.set()

    async def _send_one(self, row_id: int, parcel: Parcel) -> Result:
        passed(Point.LEAVING)
        try:
            result = await self.send(parcel)
        except Exception as problem:
            _log.exception("sending failed", extra={"action": "send_failed", "outbox_id": row_id})
            return Unknown(type(problem).__name__)
        passed(Point.SENT)
        if isinstance(result, TryAgain):
            self._rest_after(result, parcel.chat_id)
        return result

    async def _may_leave(self, parcel: Parcel) -> bool:
        """Wait until the limits let it through and count it; False when that would take too long."""
        monotonic, edit = self.workplace.clock.monotonic, parcel.method != "send"
        began = monotonic()
        while (at := self.pace.gate(parcel.chat_id, now := monotonic(), edit=edit)) > now:
            if at - began > PATIENCE:
                return False
            await asyncio.sleep(at - now)
        self.pace.leave(parcel.chat_id, now, edit=edit)
        return True

    def _rest_after(self, result: TryAgain, chat_id: int) -> None:
        now = self.workplace.clock.monotonic()
        if result.flood:
            self.pace.flood(chat_id, now, result.after)
        else:
            self.pace.rest(None if result.everywhere else chat_id, now + result.after)

    async def _set_back(self, row_id: int, problem: Exception) -> None:
        """A message that cannot even be made must not stop the others: it is tried again later, a few times."""
        if is_down(problem):
            return
        ours, now = self.workplace.bureau_id, self.workplace.clock.now()
        async with self.workplace.database.write(brief=True) as session:
            row = await session.get(Outbox, (ours, row_id))
            if row is None or row.fate != Fate.PENDING.value:
                return
            trouble = await tried(session, ours, TroubleKind.MESSAGE, str(row_id), problem, now, CANNOT_BE_MADE)
            if trouble.state == TroubleState.SET_ASIDE.value:
                row.fate, row.error = Fate.DEAD.value, type(problem).__name__
            else:
                row.not_before = trouble.next_try_at
        passed(Point.UNMADE)

    async def _rows(self, session: AsyncSession, ids: Sequence[int]) -> list[tuple[Outbox, Card | None]]:
        found = await session.execute(_ROWS, {"bureau": self.workplace.bureau_id, "ids": list(ids)})
        return [(row, card) for row, card in found.all()]

    async def _claim(self, session: AsyncSession, chosen: Sequence[_Due]) -> dict[int, list[Claimed]]:
        """By chat the rows that are marked as being sent, and what they show now; left out is what need not, or must
        not yet, be said."""
        parcels: dict[int, list[Claimed]] = {}
        rows = await self._rows(session, [row_id for due in chosen for row_id in due.ids])
        said = {row.id: messages.from_json(row.kind, row.payload) for row, _ in rows}
        scene = await self._scene(session, [(row.chat_id, said[row.id]) for row, _ in rows])
        for row, card in rows:
            if row.fate != Fate.PENDING.value or await self._must_wait(session, row):
                continue
            row.fate, row.claimed_at = Fate.SENDING.value, self.workplace.clock.now()
            row.attempts += 1
            parcel = await self._parcel(session, (row, card), said[row.id], scene)
            if parcel is None:
                row.fate = Fate.CANCELLED.value
            else:
                claimed = Claimed(row.id, parcel, row.queued_at, row.card_key, row.revision)
                parcels.setdefault(row.chat_id, []).append(claimed)
        return parcels

    async def _scene(self, session: AsyncSession, said: Sequence[tuple[int, Message]]) -> Scene:
        """The present, and what the cards among these messages show."""
        bureau = await self.workplace.bureau(session)
        cards = [(chat_id, one.report) for chat_id, one in said if isinstance(one, ReportCard)]
        shelf = await shelf_of(session, bureau.id, cards)
        return Scene(bureau, self.workplace.hours, self.workplace.clock.now(), shelf)

    async def _parcel(
        self, session: AsyncSession, claimed: tuple[Outbox, Card | None], message: Message, scene: Scene
    ) -> Parcel | None:
        row, card = claimed
        if isinstance(message, Strip):
            return Parcel(row.chat_id, "strip", Rendered(""), message.message_id, row.thread_id)
        rendered = await self._render(session, row, message, scene)
        if rendered is None:
            return None
        method = method_of(row, card)
        if method == "send" and may_have_arrived(row):
            rendered = replace(rendered, repeated=True)
        return Parcel(row.chat_id, method, rendered, card.message_id if card else None, row.thread_id)

    async def _must_wait(self, session: AsyncSession, row: Outbox) -> bool:
        """A nag waits for office hours; a prompt or reminder also until its person has not answered for a while, and
        for the next day where two have gone today."""
        if not row.nag:
            return False
        now, hours = self.workplace.clock.now(), self.workplace.hours
        chat = await session.get(Chat, (row.bureau_id, row.chat_id)) if row.kind in NAGGING else None
        writing = chat is not None and chat.focus_at is not None and now < chat.focus_at + WRITING
        moment = chat.focus_at + WRITING if writing and chat and chat.focus_at else now
        later = hours.next_within(moment)
        if later <= now and row.kind in NAGGING:
            later = await has_had_enough(session, row, hours, now) or later
        if later <= now:
            return False
        row.not_before = later
        return True

    async def _render(self, session: AsyncSession, row: Outbox, message: Message, scene: Scene) -> Rendered | None:
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

    async def _write_fates(self, session: AsyncSession, handed: Sequence[Handed]) -> None:
        delivered = [one for one in handed if isinstance(one.result, Delivered)]
        if delivered:
            await write_delivered(session, self.workplace.bureau_id, delivered)
        known = {one.row_id: one for one in handed if not isinstance(one.result, Delivered)}
        for row, card in await self._rows(session, list(known)) if known else ():
            one = known[row.id]
            await write_fate(session, (row, card), one)
            if isinstance(one.result, Unknown):
                pause = FIRST_PAUSE * 2 ** min(max(row.attempts - 1, 0), 7)
                self.pace.rest(row.chat_id, self.workplace.clock.monotonic() + pause)
