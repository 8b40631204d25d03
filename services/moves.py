"""What corrections moved since the last published digest of a campaign."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import AnswerRevision, Campaign, DigestSnapshot, Round, Task
from domain.messages import ReportKey
from domain.moved import Moved
from services.changes import changes_of
from services.corrections import Version, versions_of
from services.sheets import Sheet, sheets_of

PUBLISHED = "set:"
"""How the occasion of a digest begins that was sent at its set time."""


async def moved_since_last(session: AsyncSession, campaign: Campaign) -> tuple[Moved, ...]:
    """Empty before the first digest of the campaign was published."""
    last = await _last_published(session, campaign)
    if last is None:
        return ()
    sheets = await sheets_of(session, campaign.bureau_id, await _corrected(session, campaign, last))
    found = [_moved(sheet, await versions_of(session, sheet), last) for sheet in sheets]
    return tuple(one for one in found if one is not None)


async def _last_published(session: AsyncSession, campaign: Campaign) -> datetime | None:
    statement = select(func.max(col(DigestSnapshot.as_of))).where(
        col(DigestSnapshot.bureau_id) == campaign.bureau_id,
        col(DigestSnapshot.campaign_id) == campaign.id,
        col(DigestSnapshot.occasion).startswith(PUBLISHED),
    )
    last: datetime | None = (await session.execute(statement)).scalar()
    return last


async def _corrected(session: AsyncSession, campaign: Campaign, since: datetime) -> list[ReportKey]:
    """The reports with a revision that has a reason (a correction, or one handed in late)."""
    statement = (
        select(col(AnswerRevision.round_id), col(AnswerRevision.unit_id))
        .join(Round, and_(col(Round.bureau_id) == AnswerRevision.bureau_id, col(Round.id) == AnswerRevision.round_id))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .where(
            col(AnswerRevision.bureau_id) == campaign.bureau_id,
            col(Task.campaign_id) == campaign.id,
            col(AnswerRevision.at) > since,
            col(AnswerRevision.reason) != "",
            col(AnswerRevision.version) > 0,
        )
        .distinct()
    )
    return [ReportKey(round_id, unit_id) for round_id, unit_id in (await session.execute(statement)).all()]


def _moved(sheet: Sheet, versions: list[Version], since: datetime) -> Moved | None:
    """None for one that the last digest had not seen yet, and for one that is back where it was."""
    seen = [version for version in versions if version.rows[0].at <= since]
    newer = [version for version in versions if version.rows[0].at > since]
    before = seen[-1].after if seen else {}
    late = not seen and newer[0].rows[0].at >= sheet.lock_at
    changes = changes_of(sheet, before, newer[-1].after) if seen or late else ()
    reasons = "、".join(dict.fromkeys(version.reason for version in newer if version.reason))
    task = sheet.title
    return Moved(task, sheet.section.id, sheet.unit.name, changes, reasons, late) if changes else None
