"""Digests: a roll-up of what was reported, frozen as a snapshot, and sent to whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, func, select, union_all
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert
from db.tables import (
    Account,
    Answer,
    Bureau,
    Campaign,
    DeadlineMove,
    DigestSnapshot,
    Draft,
    Extension,
    Lane,
    Membership,
    Person,
    Report,
    Role,
    Round,
    Task,
    Unit,
)
from domain import codec, groups
from domain.calendar import OfficeHours
from domain.digest import AnswerRow, Digest, DraftState, Head, Reach, ReportRow, TaskRow, build
from domain.indicators import Indicator, missing
from domain.messages import DigestText, MissingList, ReportKey
from domain.moved import Moved
from domain.progress import State
from domain.rounds import digest_times
from services.answers import value_of
from services.interruptions import interruptions
from services.moves import moved_since_last
from services.noted import changed, for_bulletin
from services.outbox import Recipient, queue_all
from services.people import recipients_of_units, recipients_with_role
from services.troubles import Guard, item
from services.turn import Actor, Turn

Unreadable = dict[ReportKey, Exception]
UNCOUNTED = "uncounted"


async def publish_due(session: AsyncSession, bureau: Bureau, hours: OfficeHours, now: datetime) -> int:
    """Publish the digests whose set time has come and that are not published yet; returns how many.

    Each campaign in a savepoint of its own: one that cannot be rolled up stops no other.
    """
    guard = await Guard.of(session, bureau.id, now)
    published = 0
    for campaign in await campaigns(session, bureau.id):
        what = f"“{campaign.short_name or campaign.name}”的汇总没能做出"
        work = partial(_publish, guard, bureau, campaign, hours)
        published += await guard.attempt(f"digest:{campaign.id}", what, work) or 0
    return published


async def campaigns(session: AsyncSession, bureau_id: int) -> Sequence[Campaign]:
    statement = select(Campaign).where(col(Campaign.bureau_id) == bureau_id).order_by(col(Campaign.id))
    return (await session.execute(statement)).scalars().all()


async def _publish(guard: Guard, bureau: Bureau, campaign: Campaign, hours: OfficeHours) -> int:
    session, now, published = guard.session, guard.now, 0
    if not await _untaken(session, campaign, digest_times(await _deadlines(session, campaign), now, hours)):
        return 0
    rounds = await _counted(session, campaign, now)
    dues = [
        *(round_.due_at for round_ in rounds),
        *(one.due_at for one in await interruptions(session, bureau.id, rounds)),
    ]
    for occasion in await _untaken(session, campaign, digest_times(dues, now, hours) if rounds else ()):
        readable = await _readable(guard, rounds)
        snapshot = await _freeze(session, bureau, campaign, readable, occasion, now) if readable else None
        if snapshot is not None:
            await _send_to_all(session, bureau.id, snapshot, readable, now)
            published += 1
    return published


_DEADLINES = union_all(
    select(col(Round.due_at))
    .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
    .where(col(Task.bureau_id) == bindparam("bureau"), col(Task.campaign_id) == bindparam("campaign")),
    select(col(DeadlineMove.due_at)).where(col(DeadlineMove.bureau_id) == bindparam("bureau")),
)


async def _deadlines(session: AsyncSession, campaign: Campaign) -> Sequence[datetime]:
    """All there ever were, more than count: a tick comes every few seconds, and loading rounds is not cheap."""
    return (await session.execute(_DEADLINES, {"bureau": campaign.bureau_id, "campaign": campaign.id})).scalars().all()


async def _untaken(session: AsyncSession, campaign: Campaign, times: Iterable[datetime]) -> list[str]:
    """The occasions of these times that have no snapshot yet."""
    occasions = [f"set:{at.isoformat()}" for at in times]
    mine = and_(
        col(DigestSnapshot.bureau_id) == campaign.bureau_id,
        col(DigestSnapshot.campaign_id) == campaign.id,
        col(DigestSnapshot.occasion).in_(occasions),
    )
    found = (await session.execute(select(col(DigestSnapshot.occasion)).where(mine))).scalars() if occasions else ()
    taken = set(found)
    return [occasion for occasion in occasions if occasion not in taken]


async def _readable(guard: Guard, rounds: Sequence[Round]) -> list[Round]:
    """Without those whose questionnaire cannot be read: one broken task must not cost the others their digest."""

    async def read(round_: Round) -> Round:
        codec.questionnaire_from_json(round_.questionnaire)
        return round_

    found: list[Round] = []
    for round_ in rounds:
        what = f"{round_.label}一项任务的问卷读不出,没有计入汇总"
        good = await guard.attempt(f"unreadable:{round_.id}", what, partial(read, round_))
        found += [good] if good is not None else []
    return found


async def on_request(turn: Turn) -> bool:
    """/digest: a snapshot as of now of every campaign for whoever asks, as the role allows. False: no round has opened
    yet."""
    found = False
    for campaign in await campaigns(turn.session, turn.bureau.id):
        guard = await Guard.of(turn.session, turn.bureau.id, turn.now)
        rounds = await _readable(guard, await _counted(turn.session, campaign, turn.now))
        if not rounds:
            continue
        found = True
        occasion = f"asked:{turn.update_id}"
        snapshot = await _freeze(turn.session, turn.bureau, campaign, rounds, occasion, turn.now)
        if snapshot is not None:
            await _send(turn.session, turn.to, _texts_for(turn.person, snapshot.id), turn.now)
    return found


async def as_it_stands(
    session: AsyncSession, bureau: Bureau, campaign: Campaign, now: datetime, *, running: bool = False
) -> Digest | None:
    """What a digest would say now, with the number it would get; nothing is written. `running`: only of rounds that
    are not closed. None where there is none."""
    current = await _counted(session, campaign, now)
    rounds = [one for one in current if _reads(one) and (one.lock_at > now or not running)]
    if not rounds:
        return None
    serial = await _next_serial(session, campaign)
    head = Head(serial, now, bureau.timezone, bureau.name, campaign.short_name or campaign.name)
    moved, gone = await moved_since_last(session, campaign), await _withdrawn(session, campaign, now)
    return await roll_up(session, bureau.id, head, rounds, moved, withdrawn=gone)


def _reads(round_: Round) -> bool:
    try:
        codec.questionnaire_from_json(round_.questionnaire)
    except ValueError:
        return False
    return True


async def publish_now(session: AsyncSession, bureau: Bureau, campaign: Campaign, now: datetime) -> Digest | None:
    """Freeze a digest of this instant and send it to whom the set ones go. None: there is nothing to publish, or this
    instant's is published."""
    guard = await Guard.of(session, bureau.id, now)
    rounds = await _readable(guard, await _counted(session, campaign, now))
    occasion = f"published:{now.isoformat()}"
    snapshot = await _freeze(session, bureau, campaign, rounds, occasion, now) if rounds else None
    if snapshot is None:
        return None
    await _send_to_all(session, bureau.id, snapshot, rounds, now)
    return Digest.from_json(snapshot.snapshot)


async def missing_of(turn: Turn, digest_id: int) -> bool:
    """[未报名单]: the private chase list of a digest, for the office and the lead section only."""
    snapshot = await turn.session.get(DigestSnapshot, (turn.bureau.id, digest_id))
    if snapshot is None or turn.actor is None:
        return False
    leads = {task.section_id for task in Digest.from_json(snapshot.snapshot).tasks}
    lists = _lists_for(turn.actor, digest_id, leads)
    await _send(turn.session, turn.to, lists, turn.now)
    return bool(lists)


def _texts_for(actor: Actor, digest_id: int) -> list[DigestText | MissingList]:
    if actor.has(Role.OFFICE, Role.ADMIN):
        return [DigestText(digest_id=digest_id, audience="office")]
    if actor.has(Role.DIRECTOR):
        return [DigestText(digest_id=digest_id, audience="director")]
    return [DigestText(digest_id=digest_id, audience="section", section_id=one) for one in sorted(actor.sections)]


def _lists_for(actor: Actor, digest_id: int, leads: set[int | None]) -> list[DigestText | MissingList]:
    if actor.has(Role.OFFICE, Role.ADMIN):
        return [MissingList(digest_id=digest_id)]
    return [MissingList(digest_id=digest_id, section_id=section) for section in sorted(actor.sections & leads)]


async def _send(session: AsyncSession, to: Recipient, texts: Sequence[DigestText | MissingList], now: datetime) -> None:
    await queue_all(session, [(to, text) for text in texts], now, Lane.REPLY)


async def _send_to_all(
    session: AsyncSession, bureau_id: int, snapshot: DigestSnapshot, rounds: Sequence[Round], now: datetime
) -> None:
    """The director gets the short one, the office all of it, each lead section its own tasks."""
    items: list[tuple[Recipient, DigestText]] = []
    directors = await recipients_with_role(session, bureau_id, [Role.DIRECTOR])
    offices = await recipients_with_role(session, bureau_id, [Role.OFFICE])
    items += [(to, DigestText(digest_id=snapshot.id, audience="director")) for to in directors]
    items += [(to, DigestText(digest_id=snapshot.id, audience="office")) for to in offices]
    leads = await _lead_sections(session, bureau_id, rounds)
    chats = await recipients_of_units(session, bureau_id, leads, [Role.SECTION])
    items += [
        (to, DigestText(digest_id=snapshot.id, audience="section", section_id=section))
        for section, recipients in chats.items()
        for to in recipients
    ]
    await queue_all(session, items, now, Lane.DIGEST)


async def _lead_sections(session: AsyncSession, bureau_id: int, rounds: Sequence[Round]) -> set[int]:
    tasks = and_(col(Task.bureau_id) == bureau_id, col(Task.id).in_([round_.task_id for round_ in rounds]))
    return set((await session.execute(select(col(Task.lead_unit_id)).where(tasks))).scalars().all())


async def _current_rounds(session: AsyncSession, campaign: Campaign, now: datetime) -> list[Round]:
    """The newest opened round of each task of the campaign, in the tasks' order."""
    statement = (
        select(Round, col(Task.position))
        .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
        .where(
            col(Task.bureau_id) == campaign.bureau_id,
            col(Task.campaign_id) == campaign.id,
            col(Task.withdrawn_at).is_(None),
            col(Round.open_at) <= now,
        )
        .order_by(col(Task.position), col(Round.due_at).desc())
    )
    newest: dict[int, Round] = {}
    for round_, _ in (await session.execute(statement)).all():
        newest.setdefault(round_.task_id, round_)
    return list(newest.values())


async def _counted(session: AsyncSession, campaign: Campaign, now: datetime) -> list[Round]:
    """Of these, those that were not withdrawn."""
    return [round_ for round_ in await _current_rounds(session, campaign, now) if round_.withdrawn_at is None]


async def _withdrawn(session: AsyncSession, campaign: Campaign, now: datetime) -> list[int]:
    return [one.id for one in await _current_rounds(session, campaign, now) if one.withdrawn_at is not None]


async def _freeze(
    session: AsyncSession, bureau: Bureau, campaign: Campaign, rounds: Sequence[Round], occasion: str, now: datetime
) -> DigestSnapshot | None:
    """Take the snapshot for this occasion; None when it was taken already (a tick run twice, two processes)."""
    serial = await _next_serial(session, campaign)
    head = Head(serial, now, bureau.timezone, bureau.name, campaign.short_name or campaign.name)
    moved, unreadable = await moved_since_last(session, campaign), dict[ReportKey, Exception]()
    gone = await _withdrawn(session, campaign, now)
    digest = await roll_up(session, bureau.id, head, rounds, moved, unreadable, gone)
    await _note(await Guard.of(session, bureau.id, now), rounds, unreadable)
    values: dict[str, Any] = {
        "bureau_id": bureau.id, "id": new_id(), "campaign_id": campaign.id, "occasion": occasion, "serial": serial,
        "as_of": now, "snapshot": digest.to_json(),
    }  # fmt: skip
    statement = insert(session, DigestSnapshot).values(**values)
    unique = ["bureau_id", "campaign_id", "occasion"]
    taken = await session.execute(statement.on_conflict_do_nothing(index_elements=unique).returning(DigestSnapshot.id))
    return DigestSnapshot(**values) if taken.scalar() is not None else None


async def _next_serial(session: AsyncSession, campaign: Campaign) -> int:
    statement = select(func.max(DigestSnapshot.serial)).where(
        col(DigestSnapshot.bureau_id) == campaign.bureau_id, col(DigestSnapshot.campaign_id) == campaign.id
    )
    return int((await session.execute(statement)).scalar() or 0) + 1


async def _note(guard: Guard, rounds: Sequence[Round], unreadable: Unreadable) -> None:
    """A school whose values cannot be read is left out of the totals, never out of the counts, and the office hears
    of it at once; one that could be read again is forgotten."""
    here = {round_.id for round_ in rounds}
    for key, problem in unreadable.items():
        unit = await guard.session.get_one(Unit, (guard.bureau_id, key.unit_id))
        await guard.failed(item(UNCOUNTED, key), f"{unit.name}的数没能计入汇总", problem, most=1)
    known = [key for key in guard.keys(UNCOUNTED) if key.round_id in here and key not in unreadable]
    await guard.passed(item(UNCOUNTED, key) for key in known)


async def roll_up(
    session: AsyncSession,
    bureau_id: int,
    head: Head,
    rounds: Sequence[Round],
    moved: Sequence[Moved] = (),
    unreadable: Unreadable | None = None,
    withdrawn: Sequence[int] = (),
) -> Digest:
    """The digest of these rounds as of `head.as_of`. Whose answers or draft cannot be read is added to `unreadable`;
    of those `withdrawn` it only says so."""
    unreadable = {} if unreadable is None else unreadable
    round_ids = [round_.id for round_ in rounds]
    people = await _principals(session, bureau_id)
    known = {round_.id: codec.questionnaire_from_json(round_.questionnaire) for round_ in rounds}
    reports: list[ReportRow] = []
    extended = await _extended(session, bureau_id, round_ids)
    for report, unit, draft in await _reports(session, bureau_id, round_ids):
        person, phone, reach = people.get(unit.id, ("", unit.phone, Reach.UNBOUND))
        reports.append(
            ReportRow(
                report.round_id,
                report.unit_id,
                unit.name,
                report.township,
                State(report.state),
                report.first_received_at,
                person,
                phone,
                _draft_state(known[report.round_id], draft, unreadable),
                reach,
                extended.get((report.round_id, report.unit_id)),
                in_backlog=report.in_backlog,
                due_then=report.due_then,
                grace_then=report.grace_then,
                nil=report.nil,
            )
        )
    interrupted = await interruptions(session, bureau_id, rounds)
    tasks = [await _task_row(session, round_, known) for round_ in rounds]
    answers = await _answers(session, bureau_id, known, unreadable)
    changes = await changed(session, bureau_id, [*round_ids, *withdrawn], ZoneInfo(head.zone))
    return build(
        head, tasks, reports, answers, moved, interrupted, changes, await for_bulletin(session, bureau_id, round_ids)
    )


async def _extended(session: AsyncSession, bureau_id: int, round_ids: Sequence[int]) -> dict[tuple[int, int], datetime]:
    """The due times of the units that were granted an extension."""
    mine = and_(col(Extension.bureau_id) == bureau_id, col(Extension.round_id).in_(round_ids))
    rows = (await session.execute(select(Extension).where(mine))).scalars().all()
    return {(row.round_id, row.unit_id): row.due_at for row in rows}


async def _task_row(session: AsyncSession, round_: Round, known: dict[int, tuple[Indicator, ...]]) -> TaskRow:
    task = await session.get_one(Task, (round_.bureau_id, round_.task_id))
    section = await session.get_one(Unit, (round_.bureau_id, task.lead_unit_id))
    return TaskRow(
        round_.id, task.id, task.short_name or task.name, round_.label, round_.period_from, round_.period_to,
        round_.due_at, round_.grace_until, section.id, section.name,
        await _roster(session, round_), known[round_.id],
    )  # fmt: skip


async def _roster(session: AsyncSession, round_: Round) -> int:
    statement = select(func.count()).where(col(Report.bureau_id) == round_.bureau_id, col(Report.round_id) == round_.id)
    return int((await session.execute(statement)).scalar_one())


async def _reports(
    session: AsyncSession, bureau_id: int, round_ids: Sequence[int]
) -> Sequence[tuple[Report, Unit, Draft | None]]:
    statement = (
        select(Report, Unit, Draft)
        .join(Unit, and_(col(Unit.bureau_id) == Report.bureau_id, col(Unit.id) == Report.unit_id))
        .outerjoin(
            Draft,
            and_(
                col(Draft.bureau_id) == Report.bureau_id,
                col(Draft.round_id) == Report.round_id,
                col(Draft.unit_id) == Report.unit_id,
            ),
        )
        .where(col(Report.bureau_id) == bureau_id, col(Report.round_id).in_(round_ids))
        .order_by(col(Unit.township), col(Unit.code))
    )
    return [(report, unit, draft) for report, unit, draft in (await session.execute(statement)).all()]


def _draft_state(indicators: tuple[Indicator, ...], draft: Draft | None, unreadable: Unreadable) -> DraftState:
    if draft is None or not draft.entries:
        return DraftState.UNTOUCHED
    try:
        return _how_full(indicators, draft)
    except Exception as problem:  # one school's draft stops no digest
        unreadable[ReportKey(draft.round_id, draft.unit_id)] = problem
        return DraftState.HALF


def _how_full(indicators: tuple[Indicator, ...], draft: Draft) -> DraftState:
    kinds = {indicator.key: indicator.kind for indicator in indicators}
    values = {key: codec.from_json(kinds[key], entry["v"]) for key, entry in draft.entries.items() if key in kinds}
    return DraftState.HALF if missing(indicators, values) else DraftState.COMPLETE


async def _principals(session: AsyncSession, bureau_id: int) -> dict[int, tuple[str, str, Reach]]:
    """By unit: the principal's 称呼 and telephone, and whether the bot can reach the principal."""
    statement = (
        select(col(Membership.unit_id), Person, Account)
        .join(Person, and_(col(Person.bureau_id) == Membership.bureau_id, col(Person.id) == Membership.person_id))
        .outerjoin(
            Account,
            and_(
                col(Account.bureau_id) == Membership.bureau_id,
                col(Account.person_id) == Membership.person_id,
                col(Account.closed_at).is_(None),
            ),
        )
        .where(
            col(Membership.bureau_id) == bureau_id,
            col(Membership.role) == Role.PRINCIPAL.value,
            col(Membership.ended_at).is_(None),
        )
    )
    found: dict[int, tuple[str, str, Reach]] = {}
    for unit_id, person, account in (await session.execute(statement)).all():
        found[int(unit_id)] = (person.salutation or person.name, person.phone, _reach(account))
    return found


def _reach(account: Account | None) -> Reach:
    if account is None:
        return Reach.UNBOUND
    return Reach.UNREACHABLE if account.unreachable else Reach.ONLINE


async def _answers(
    session: AsyncSession, bureau_id: int, known: dict[int, tuple[Indicator, ...]], unreadable: Unreadable
) -> list[AnswerRow]:
    statement = select(Answer).where(col(Answer.bureau_id) == bureau_id, col(Answer.round_id).in_(list(known)))
    rows: list[AnswerRow] = []
    for answer in (await session.execute(statement)).scalars().all():
        indicator = groups.find(known[answer.round_id], answer.key)
        try:
            value = value_of(indicator, answer) if indicator else None
        except Exception as problem:  # as above
            unreadable[ReportKey(answer.round_id, answer.unit_id)] = problem
            continue
        if value is not None:
            rows.append(AnswerRow(answer.round_id, answer.unit_id, answer.key, value))
    return rows
