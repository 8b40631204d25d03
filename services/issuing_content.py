"""What the cards of issuing show; and 试发, the very prompt principals will get, made of rows that are never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Outbox, Report, Round, TaskIndicator, Unit
from domain import groups, wording
from domain.calendar import OfficeHours
from domain.codec import questionnaire_from_json
from domain.messages import Issue, IssueSample, ReportKey
from services import issuing
from services.coming import Coming, coming_rounds
from services.delegations import NO_PART, Part
from services.earlier import NOTHING, earlier
from services.issuing import AHEAD, IssueContent, IssuedContent, IssueListContent
from services.people import actor_of, recipients_of_units
from services.people_content import actor_to
from services.sheets import Sheet
from services.turn import REPORTERS


@dataclass(frozen=True, slots=True)
class SampleContent:
    """`issued_at`: as of when it is written; `unit` names the school it is made for."""

    issued_at: datetime
    unit: str
    address: str
    sheets: tuple[Sheet, ...]
    several_units: bool
    part: Part = NO_PART


IssuingLive = IssueListContent | IssueContent | IssuedContent | SampleContent


async def load(
    session: AsyncSession, row: Outbox, message: Issue | IssueSample, hours: OfficeHours, now: datetime
) -> IssuingLive | None:
    if isinstance(message, Issue):
        return await issuing.load(session, row, message, hours, now)
    actor = await actor_to(session, row)
    rounds = await coming_rounds(session, row.bureau_id, hours, now, now + timedelta(days=AHEAD))
    wanted = (one for one in rounds if (one.task.id, one.plan.due_day) == (message.task_id, message.due))
    one = next(wanted, None)
    if one is None or not one.units or not issuing.may_issue(actor, one.task):
        return None
    together = sorted(
        (other for other in rounds if other.issued_at == one.issued_at),
        key=lambda other: (other.plan.due_at, other.task.position),
    )
    return await _sample(session, one, together, message.unit_id)


async def _sample(session: AsyncSession, one: Coming, together: list[Coming], unit_id: int | None) -> SampleContent:
    """For this school, else the first that can be reached, all that opens with this round."""
    bureau_id = one.task.bureau_id
    chats = await recipients_of_units(session, bureau_id, [unit.id for unit in one.units], REPORTERS)
    wanted = [unit for unit in one.units if unit.id == unit_id] or [unit for unit in one.units if unit.id in chats]
    unit = next(iter(wanted), one.units[0])
    person_id = chats[unit.id][0].person_id if unit.id in chats else None
    actor = await actor_of(session, bureau_id, person_id) if person_id is not None else None
    mine = actor.reporting_units if actor else {unit.id}
    sheets: list[Sheet] = []
    for number, other in enumerate(together, 1):
        for own in sorted((own for own in other.units if own.id in mine), key=lambda own: own.id):
            sheets.append(await _sheet(session, other, own, number))
    several = len({sheet.unit.id for sheet in sheets}) > 1
    part = Part(actor.headed_units) if actor else NO_PART
    address = actor.address if actor else "校长"
    return SampleContent(one.issued_at, unit.name, address, tuple(sheets), several, part)


async def _sheet(session: AsyncSession, one: Coming, unit: Unit, round_id: int) -> Sheet:
    task, plan = one.task, one.plan
    statement = select(col(TaskIndicator.definition)).where(
        col(TaskIndicator.bureau_id) == task.bureau_id, col(TaskIndicator.task_id) == task.id
    )
    raw = list((await session.execute(statement.order_by(col(TaskIndicator.position)))).scalars().all())
    round_ = Round(
        bureau_id=task.bureau_id, id=round_id, task_id=task.id, label=plan.label, period_from=plan.period_from,
        period_to=plan.period_to, open_at=plan.open_at, due_at=plan.due_at, grace_until=plan.grace_until,
        lock_at=plan.lock_at, moved_because=wording.moved_reason(plan), nominal_due=plan.nominal_due,
        occurrence=plan.occurrence, issued_at=one.issued_at, questionnaire=raw,
    )  # fmt: skip
    report = Report(
        bureau_id=task.bureau_id, round_id=round_id, unit_id=unit.id, township=unit.township, students=unit.students,
        staff=unit.staff, classes=unit.classes,
    )  # fmt: skip
    indicators = questionnaire_from_json(raw)
    key = ReportKey(round_id, unit.id)
    said = await earlier(session, task.bureau_id, [(key, round_, indicators)])
    spread = groups.expand(indicators, {}, boarding=unit.boarding)
    return Sheet(report, round_, task, unit, one.section, None, spread, said.get(key, NOTHING))
