"""Durable queues of what came from the chat service and what goes to it, and the chats themselves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, SmallInteger, text
from sqlmodel import Field

from db.tables.base import Table, big, json_column, key, one_of


class InboxState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    SET_ASIDE = "set_aside"


class Fate(StrEnum):
    """The fate of every message is known, and the fates sum to what was queued (design 4.2)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    DEAD = "dead"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Lane(StrEnum):
    """What goes first when there is much to say."""

    REPLY = "reply"
    REMINDER = "reminder"
    DIGEST = "digest"

    @property
    def rank(self) -> int:
        return list(Lane).index(self)


class Chat(Table, table=True):
    """One conversation: the row that is locked while an update of it is worked on, and its focus (design 3).

    `read_back` is the revision of the focused draft that this chat was shown to confirm; None while a question is open;
    `pad` what was tapped so far on the number pad, None where none is shown.
    A negative id is a group's: `told_at` is when it was last told what the bot is for (in a private chat: that what was
    said in a group was not taken), `left_at` since when the bot is not in it, `moved_to` the supergroup it has become.
    """

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    focus_round_id: int | None = big(None)
    focus_unit_id: int | None = big(None)
    focus_key: str | None = None
    focus_at: datetime | None = None
    read_back: int | None = None
    failures: int = 0
    pad: str | None = None
    told_at: datetime | None = None
    left_at: datetime | None = None
    moved_to: int | None = big(None)


class Card(Table, table=True):
    """卡片: a message kept up to date in place. No message id yet → the next delivery sends, else it edits.

    `posted_from` is the revision with which it was last posted anew: an older one still on its way is not this message.
    """

    __table_args__ = (Index("ix_card_key", "bureau_id", "key"),)

    bureau_id: int = key(foreign_key="bureau.id")
    chat_id: int = key()
    key: str = Field(primary_key=True)
    message_id: int | None = big(None)
    revision: int = 0
    shown_revision: int = 0
    posted_from: int = 0


class Inbox(Table, table=True):
    """收件: an update as it came, kept before the chat service is told that we have it.

    `stood_at`: it waited while our line was down, and counts from the last heartbeat before that.
    """

    __table_args__ = (
        one_of("state", InboxState),
        Index("ix_inbox_pending", "bureau_id", "chat_id", "update_id", sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
    )  # fmt: skip

    bureau_id: int = key(foreign_key="bureau.id")
    update_id: int = key()
    chat_id: int = big()
    raw: dict[str, object] = json_column()
    received_at: datetime
    stood_at: datetime | None = None
    state: str = InboxState.PENDING.value
    attempts: int = 0
    error: str | None = None
    done_at: datetime | None = None

    @property
    def counts_from(self) -> datetime:
        return self.stood_at or self.received_at


class Outbox(Table, table=True):
    """发件: a semantic message and its fate. `payload` is one of `domain.messages` as JSON; `thread_id` is the topic of
    the group it goes to."""

    __table_args__ = (
        one_of("fate", Fate),
        Index("ix_outbox_due", "bureau_id", "rank", "id", sqlite_where=text("fate = 'pending'"),
              postgresql_where=text("fate = 'pending'")),
        Index("ix_outbox_card", "bureau_id", "chat_id", "card_key", sqlite_where=text("fate = 'pending'"),
              postgresql_where=text("fate = 'pending'")),
        Index("ix_outbox_message", "bureau_id", "chat_id", "message_id"),
    )  # fmt: skip

    bureau_id: int = key(foreign_key="bureau.id")
    id: int = key()
    chat_id: int = big()
    thread_id: int | None = big(None)
    person_id: int | None = big(None)
    kind: str
    v: int = 1
    payload: dict[str, object] = json_column()
    rank: int = Field(0, sa_type=SmallInteger)
    nag: bool = False
    card_key: str | None = None
    revision: int | None = None
    fate: str = Fate.PENDING.value
    queued_at: datetime
    not_before: datetime | None = None
    attempts: int = 0
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    message_id: int | None = big(None)
    error: str | None = None
