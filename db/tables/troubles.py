"""What could not be done, and how often that was tried."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field

from db.tables.base import Table, key, one_of


class TroubleKind(StrEnum):
    """`item`: of a sweep (a task, a round, a campaign, one school's report); `message`: of the outbox."""

    ITEM = "item"
    MESSAGE = "message"


class TroubleState(StrEnum):
    TRYING = "trying"
    SET_ASIDE = "set_aside"


class Trouble(Table, table=True):
    """One thing that raised: tried again from `next_try_at` on, set aside after bounded tries.

    Only for what has no row of its own that could say so. An update has its inbox row (`attempts`, `error`,
    `set_aside`), a file its evidence row. A message has its outbox row too, but `attempts` there counts handings-over,
    and `dead` is also the fate of what Telegram refused: what could not even be made is told apart by its row here.
    `error` is the exception's type and place, never its words (they may quote what people wrote); `what` says in
    Chinese what is left undone, `told_at` when the office heard of it.
    """

    __table_args__ = (one_of("kind", TroubleKind), one_of("state", TroubleState))

    bureau_id: int = key(foreign_key="bureau.id")
    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    what: str = ""
    state: str = TroubleState.TRYING.value
    attempts: int = 0
    error: str = ""
    first_at: datetime
    last_at: datetime
    next_try_at: datetime
    told_at: datetime | None = None
