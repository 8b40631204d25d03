"""/progress: how far the running rounds are, as it stands when it is looked at; the numbers are those of a digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Outbox, Role
from domain.digest import ForBulletin, TaskDigest
from domain.messages import Progress
from services.chase_lists import MANAGERS, may_see
from services.digests import as_it_stands, campaigns
from services.outbox import queue
from services.people_content import actor_to
from services.turn import Turn


@dataclass(frozen=True, slots=True)
class ProgressContent:
    """`may_chase`: the list of who is missing is for this person too, as is `bulletin`, who is noted for the 通报."""

    tasks: tuple[TaskDigest, ...]
    section_id: int | None
    may_chase: bool
    bulletin: tuple[ForBulletin, ...] = ()


async def show(turn: Turn) -> bool:
    """False for somebody who is not of the bureau."""
    actor = turn.person
    if actor.has(*MANAGERS, Role.DIRECTOR):
        sections: list[int | None] = [None]
    else:
        sections = [*sorted(actor.sections)]
    for section_id in sections:
        await queue(turn.session, turn.to, Progress(section_id=section_id), turn.now)
    return bool(sections)


async def load(
    session: AsyncSession, row: Outbox, message: Progress, bureau: Bureau, now: datetime
) -> ProgressContent | None:
    actor = await actor_to(session, row)
    chases = actor is not None and may_see(actor, message.section_id)
    if actor is None or not (chases or (actor.has(Role.DIRECTOR) and message.section_id is None)):
        return None
    found, noted = list[TaskDigest](), list[ForBulletin]()
    for campaign in await campaigns(session, bureau.id):
        digest = await as_it_stands(session, bureau, campaign, now, running=True)
        found += digest.tasks if digest else ()
        noted += digest.bulletin if digest and chases else ()
    bulletin = tuple(one for one in noted if message.section_id in (None, one.section_id))
    mine = [one for one in found if message.section_id in (None, one.section_id)]
    return ProgressContent(tuple(sorted(mine, key=lambda one: one.due_at)), message.section_id, chases, bulletin)
