"""下发: the rounds to come as the office sees them, and issuing one now instead of waiting for its day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Outbox, Round, Task
from domain.calendar import OfficeHours
from domain.messages import Issue, IssueSample
from domain.phrases import Phrase
from services.asking import say
from services.chase_lists import MANAGERS
from services.coming import Coming, coming_plans, coming_rounds
from services.naming import schools_called
from services.outbox import queue, show_card
from services.people_content import actor_to
from services.preview import Preview, preview
from services.reporting import Outcome
from services.rounds import issue, prompt
from services.troubles import Guard
from services.turn import Actor, Turn

AHEAD = 60
"""So many days ahead are rounds listed."""
CARD = "issue"


@dataclass(frozen=True, slots=True)
class IssueListContent:
    rounds: tuple[Coming, ...]


@dataclass(frozen=True, slots=True)
class IssueContent:
    """One round to come, with what it brings. `is_next`: it is the task's next one, and may be issued now."""

    one: Coming
    preview: Preview
    is_next: bool
    confirming: bool


@dataclass(frozen=True, slots=True)
class IssuedContent:
    task: Task
    round: Round
    units: int


def may_issue(actor: Actor | None, task: Task | None) -> bool:
    return actor is not None and task is not None and (actor.has(*MANAGERS) or task.lead_unit_id in actor.sections)


async def load(
    session: AsyncSession, row: Outbox, message: Issue, hours: OfficeHours, now: datetime
) -> IssueListContent | IssueContent | IssuedContent | None:
    actor = await actor_to(session, row)
    if message.task_id is None or message.due is None:
        rounds = await coming_rounds(session, row.bureau_id, hours, now, now + timedelta(days=AHEAD))
        return IssueListContent(tuple(one for one in rounds if may_issue(actor, one.task)))
    task = await session.get(Task, (row.bureau_id, message.task_id))
    if task is None or not may_issue(actor, task):
        return None
    if message.issued is not None:
        found = select(Round).where(Round.bureau_id == row.bureau_id, col(Round.task_id) == task.id)
        made = (await session.exec(found.where(col(Round.period_to) == message.due))).first()
        return IssuedContent(task, made, message.issued) if made else None
    return await _one(session, task, message, hours, now)


async def _one(
    session: AsyncSession, task: Task, message: Issue, hours: OfficeHours, now: datetime
) -> IssueContent | None:
    rounds = await coming_rounds(session, task.bureau_id, hours, now, now + timedelta(days=AHEAD))
    own = [one for one in rounds if one.task.id == task.id]
    one = next((one for one in own if one.plan.due_day == message.due), None)
    if one is None:
        return None
    days = (one.plan.lock_at - now).days + 1
    found = await preview(session, task.bureau_id, hours, now, days, task.key)
    return IssueContent(one, found, one is own[0], message.confirming) if found else None


async def show_list(turn: Turn) -> bool:
    """/issue. False for somebody who issues nothing."""
    if not (turn.person.has(*MANAGERS) or turn.person.sections):
        return False
    await show_card(turn.session, turn.to, Issue(), turn.now, below=True, key=CARD)
    return True


async def show(turn: Turn, task_id: int, due: date, *, confirming: bool = False) -> Outcome:
    outcome = await _may(turn, task_id, due)
    if outcome is Outcome.DONE:
        shown = Issue(task_id=task_id, due=due, confirming=confirming)
        await show_card(turn.session, turn.to, shown, turn.now, key=CARD)
    return outcome


async def sample(turn: Turn, task_id: int, due: date) -> Outcome:
    """发我看看."""
    outcome = await _may(turn, task_id, due)
    if outcome is Outcome.DONE:
        await queue(turn.session, turn.to, IssueSample(task_id=task_id, due=due), turn.now)
    return outcome


async def sample_of(turn: Turn, name: str) -> bool:
    """发我看看 李村小学: of the round that was looked at last. False for somebody who issues nothing."""
    if not (turn.person.has(*MANAGERS) or turn.person.sections):
        return False
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id, Outbox.kind == "issue")
    statement = select(Outbox.payload).where(*mine).order_by(col(Outbox.id).desc()).limit(1)
    last = (await turn.session.exec(statement)).first()
    shown = Issue.model_validate(last) if last else Issue()
    if shown.task_id is None or shown.due is None or await _may(turn, shown.task_id, shown.due) is not Outcome.DONE:
        await say(turn, Phrase.NOTHING_PREVIEWED)
        return True
    rounds = await coming_rounds(turn.session, turn.bureau.id, turn.hours, turn.now, turn.now + timedelta(days=AHEAD))
    asked = {
        unit.id for one in rounds for unit in one.units if (one.task.id, one.plan.due_day) == (shown.task_id, shown.due)
    }
    units = [unit for unit in await schools_called(turn.session, turn.bureau.id, name) if unit in asked]
    if len(units) == 1:
        one = IssueSample(task_id=shown.task_id, due=shown.due, unit_id=units[0])
        await queue(turn.session, turn.to, one, turn.now)
    else:
        await say(turn, Phrase.NOT_ASKED, name=name[:20])
    return True


async def issue_now(turn: Turn, task_id: int, due: date) -> Outcome:
    """现在下发: the task's next round opens at this instant; rungs that are past do not fire, its days stay."""
    outcome = await _may(turn, task_id, due)
    if outcome is not Outcome.DONE:
        return outcome
    task = await turn.session.get_one(Task, (turn.bureau.id, task_id))
    found = await coming_plans(turn.session, task, turn.hours, turn.now, turn.now + timedelta(days=AHEAD))
    plans = found.plans
    if plans[0].due_day != due:
        return Outcome.OUT_OF_DATE
    early = replace(plans[0], open_at=min(plans[0].open_at, turn.now))
    issued = await issue(turn.session, task, early, turn.now)
    if issued is None:
        return Outcome.OUT_OF_DATE
    await prompt(await Guard.of(turn.session, turn.bureau.id, turn.now), [issued], turn.hours)
    shown = Issue(task_id=task_id, due=due, issued=len(issued.unit_ids))
    await show_card(turn.session, turn.to, shown, turn.now, key=CARD)
    return Outcome.DONE


async def _may(turn: Turn, task_id: int, due: date) -> Outcome:
    """Done: this person may issue the task, and that round is still to come."""
    task = await turn.session.get(Task, (turn.bureau.id, task_id))
    if task is None or not may_issue(turn.actor, task):
        return Outcome.NOT_YOURS
    until = turn.now + timedelta(days=AHEAD)
    if task.withdrawn_at is not None:
        return Outcome.OUT_OF_DATE
    plans = (await coming_plans(turn.session, task, turn.hours, turn.now, until)).plans
    return Outcome.DONE if any(one.due_day == due for one in plans) else Outcome.OUT_OF_DATE
