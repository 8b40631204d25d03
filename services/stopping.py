"""Falling silent at once: nobody is reminded of what is no longer owed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Fate, Lane, Membership, Outbox, Unit
from domain import messages
from domain.messages import CentralCopy, Message, Prompt, Reminder, ReportKey

NOT_OWED = "not_owed"
"""Why a message was cancelled: all it spoke of was settled before it left."""


_BUREAU: Any = bindparam("bureau")
_UNITS: Any = bindparam("units", expanding=True)
_CENTRAL = select(col(Unit.central_unit_id)).where(col(Unit.bureau_id) == _BUREAU, col(Unit.id).in_(_UNITS))
_TOLD = select(col(Membership.person_id)).where(
    col(Membership.bureau_id) == _BUREAU,
    or_(col(Membership.unit_id).in_(_UNITS), col(Membership.unit_id).in_(_CENTRAL)),
)
_CONCERNED = (
    select(Outbox)
    .where(
        col(Outbox.bureau_id) == _BUREAU,
        col(Outbox.fate) == Fate.PENDING.value,
        col(Outbox.nag),
        col(Outbox.rank) == Lane.REMINDER.rank,
        col(Outbox.person_id).in_(_TOLD),
    )
    .with_for_update()
)


async def stop_nagging(session: AsyncSession, bureau_id: int, keys: Iterable[ReportKey]) -> None:
    """Take these reports out of every prompt and reminder that has not left; one that speaks of nothing else is
    cancelled. For the transaction in which they were submitted, exempted, extended, withdrawn or closed; what is
    already on its way is looked at once more by delivery."""
    settled = frozenset(keys)
    bound = {"bureau": bureau_id, "units": [key.unit_id for key in settled]}
    for row in (await session.execute(_CONCERNED, bound)).scalars().all():
        message = messages.from_json(row.kind, row.payload)
        left = without(message, settled)
        if left is None:
            row.fate, row.error = Fate.CANCELLED.value, NOT_OWED
        elif left != message:
            row.payload = messages.to_json(left)


def without(message: Message, settled: frozenset[ReportKey]) -> Message | None:
    """The message without these reports; None when there is nothing left to say."""
    match message:
        case Prompt(reports=reports) | CentralCopy(reports=reports):
            kept = tuple(key for key in reports if key not in settled)
            return message.model_copy(update={"reports": kept}) if kept else None
        case Reminder(reports=reports, opened=opened):
            kept = tuple(key for key in reports if key not in settled)
            new = tuple(key for key in opened if key not in settled)
            rungs = tuple(message.rung_of(key) for key in kept) if message.rungs else ()
            changed = message.model_copy(update={"reports": kept, "opened": new, "rungs": rungs})
            return changed if kept or new else None
        case _:
            return message
