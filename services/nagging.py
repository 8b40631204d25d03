"""What nags: prompts and reminders, merged into one message a person, at most two of them a working day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from sqlalchemy import and_, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Fate, Lane, Outbox
from domain import defaults, messages
from domain.calendar import OfficeHours
from domain.messages import CentralCopy, Message, Prompt, Reminder, ReportKey
from services.outbox import Recipient, queue_all

NAGGING = ("prompt", "reminder", "central_copy")
_WENT = (Fate.SENDING.value, Fate.SENT.value, Fate.UNCERTAIN.value)


@dataclass(slots=True)
class Nag:
    """What one person is to hear: rounds that have `opened`, and by report the rung that reminds of it."""

    opened: list[ReportKey] = field(default_factory=list)
    reminded: dict[ReportKey, str] = field(default_factory=dict)
    words: str = ""

    def take_up(self, message: Message) -> None:
        """Add what a message said that has not left yet; what is newer stands."""
        if isinstance(message, Prompt):
            self._open(message.reports)
        elif isinstance(message, Reminder):
            self._open(message.opened)
            self.reminded = {key: message.rung_of(key) for key in message.reports} | self.reminded
            self.words = self.words or message.words

    def _open(self, reports: Iterable[ReportKey]) -> None:
        self.opened = list(dict.fromkeys([*self.opened, *reports]))

    def message(self) -> Message:
        """A report that has just opened is announced, not reminded of."""
        reminded = {key: rung for key, rung in self.reminded.items() if key not in self.opened}
        if not reminded:
            return Prompt(reports=tuple(self.opened))
        rungs = tuple(reminded.values())
        return Reminder.model_construct(  # the keys are ours: a county's were looked at for longer than all the rest
            rung=rungs[0] if len(set(rungs)) == 1 else "", reports=tuple(reminded), rungs=rungs,
            opened=tuple(self.opened), words=self.words,
        )  # fmt: skip


async def nag(
    session: AsyncSession,
    bureau_id: int,
    wanted: Mapping[Recipient, Nag],
    hours: OfficeHours,
    now: datetime,
    *,
    spaced: bool = True,
) -> dict[int, datetime]:
    """Queue one message a person, with what still waits for the same chat taken up in it; whoever has had his two of
    this day hears it at the next opening, and who (`spaced`) has just had one an hour after that. Returns until when
    which chats wait."""
    if not wanted:
        return {}
    await _take_up_waiting(session, bureau_id, wanted)
    held = await held_back(session, bureau_id, wanted, hours, now, spaced=spaced)
    items = [(to, one.message()) for to, one in wanted.items()]
    await queue_all(session, items, now, Lane.REMINDER, nag=True, held=held)
    return held


async def copy_to_central(
    session: AsyncSession,
    bureau_id: int,
    copies: Mapping[Recipient, list[ReportKey]],
    hours: OfficeHours,
    now: datetime,
) -> None:
    """As `nag`, the copies of central schools: one message a person, with what an earlier one said that still waits."""
    if not copies:
        return
    wanted = {to: list(keys) for to, keys in copies.items()}
    by_chat = {to.chat_id: keys for to, keys in wanted.items()}
    for chat_id, message in await _supersede_waiting(session, bureau_id, by_chat, ("central_copy",)):
        if isinstance(message, CentralCopy):
            by_chat[chat_id] += [key for key in message.reports if key not in by_chat[chat_id]]
    held = await held_back(session, bureau_id, wanted, hours, now)
    items: list[tuple[Recipient, Message]] = [(to, CentralCopy(reports=tuple(keys))) for to, keys in wanted.items()]
    await queue_all(session, items, now, Lane.REMINDER, nag=True, held=held)


async def _take_up_waiting(session: AsyncSession, bureau_id: int, wanted: Mapping[Recipient, Nag]) -> None:
    by_chat = {to.chat_id: one for to, one in wanted.items()}
    for chat_id, message in await _supersede_waiting(session, bureau_id, by_chat, ("prompt", "reminder")):
        by_chat[chat_id].take_up(message)


async def _supersede_waiting(
    session: AsyncSession, bureau_id: int, chats: Iterable[int], kinds: Collection[str]
) -> list[tuple[int, Message]]:
    """What waits for these chats, with the chat: it is said in another message now."""
    waiting = and_(
        col(Outbox.bureau_id) == bureau_id, col(Outbox.fate) == Fate.PENDING.value, col(Outbox.nag),
        col(Outbox.rank) == Lane.REMINDER.rank, col(Outbox.kind).in_(kinds), col(Outbox.chat_id).in_(list(chats)),
    )  # fmt: skip
    rows = await session.execute(select(Outbox).where(waiting).order_by(col(Outbox.id)).with_for_update())
    found: list[tuple[int, Message]] = []
    for row in rows.scalars().all():
        found.append((row.chat_id, messages.from_json(row.kind, row.payload)))
        row.fate = Fate.SUPERSEDED.value
    return found


async def has_had_enough(session: AsyncSession, row: Outbox, hours: OfficeHours, now: datetime) -> datetime | None:
    """The last look before one leaves, whatever queued it: when it may, where as many as a day may bring have gone to
    its chat today."""
    midnight = hours.at(hours.local(now).date(), time(0))
    went = select(func.count()).where(
        col(Outbox.bureau_id) == row.bureau_id, col(Outbox.chat_id) == row.chat_id, col(Outbox.kind).in_(NAGGING),
        col(Outbox.fate).in_(_WENT), col(Outbox.claimed_at) >= midnight,
    )  # fmt: skip
    enough = int((await session.execute(went)).scalar_one()) >= defaults.MOST_A_DAY
    return hours.next_within(midnight + timedelta(days=1)) if enough else None


async def held_back(
    session: AsyncSession,
    bureau_id: int,
    people: Collection[Recipient],
    hours: OfficeHours,
    now: datetime,
    *,
    spaced: bool = True,
) -> dict[int, datetime]:
    """By chat when it may go: the next working day's opening for those who have had as much as a day may bring, some
    time later for those who have just had one."""
    midnight = hours.at(hours.local(now).date(), time(0))
    went = and_(
        col(Outbox.bureau_id) == bureau_id, col(Outbox.kind).in_(NAGGING), col(Outbox.fate).in_(_WENT),
        col(Outbox.claimed_at) >= midnight, col(Outbox.person_id).is_not(None),
    )  # fmt: skip
    counted = select(col(Outbox.person_id), func.count(), func.max(Outbox.claimed_at)).where(went)
    today = (await session.execute(counted.group_by(col(Outbox.person_id)))).all()
    tomorrow = hours.next_within(midnight + timedelta(days=1))
    until = {
        person: tomorrow if count >= defaults.MOST_A_DAY else hours.next_within(last + defaults.SPACING)
        for person, count, last in today
        if count >= defaults.MOST_A_DAY or (spaced and last + defaults.SPACING > now)
    }
    return {to.chat_id: until[to.person_id] for to in people if to.person_id in until}
