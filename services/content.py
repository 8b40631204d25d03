"""What a message shows at the moment it is sent: records as they are, live ones loaded anew; None when it is moot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Bureau, Chat, DigestSnapshot, Outbox, Report, Round, Task, Unit
from domain.calendar import OfficeHours
from domain.digest import Digest
from domain.groups import concerns
from domain.ladder import LATE_COPIED, is_for_late
from domain.messages import (
    AbsenceCard,
    Alarm,
    Back,
    CentralCopy,
    ChaseList,
    ChaseSummary,
    ConfirmBinding,
    ConfirmHandover,
    CourseCard,
    CourseGuide,
    CourseNote,
    CourseTold,
    DigestText,
    Emergency,
    HandoverCard,
    InvitationText,
    Issue,
    IssueSample,
    JointCard,
    Message,
    MissingList,
    PeopleList,
    PersonCard,
    Progress,
    Prompt,
    Reasked,
    ReaskedQuestion,
    Receipt,
    Reminder,
    ReportCard,
    ReportKey,
    Say,
    TakeBackList,
    Takeover,
    Todo,
    Unreached,
    Unread,
    WhichReport,
)
from services import chase_lists, course_content, issuing_content, later_content, people_content, progress, unreached
from services.chase_lists import CopyContent, MissingContent
from services.delegations import NO_PART, HandedOver, Part, handed_over, part_in
from services.issuing_content import IssuingLive
from services.later_content import LaterLive
from services.people import actors_at
from services.people_content import PeopleLive, actor_to
from services.progress import ProgressContent
from services.promises import may_snooze, promised_until
from services.sheets import Sheet, open_sheets, sheets_of
from services.showing import PhotosContent
from services.turn import Actor


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the report cards that are claimed together show, loaded together: most of what is sent is such cards."""

    sheets: Mapping[ReportKey, Sheet]
    actors: Mapping[int, Actor]
    chats: Mapping[int, Chat]
    given: Sequence[HandedOver]


EMPTY = Shelf({}, {}, {}, ())


@dataclass(frozen=True, slots=True)
class Scene:
    """What every rendering may refer to: whose bureau, its hours and zone, and the present."""

    bureau: Bureau
    hours: OfficeHours
    now: datetime
    shelf: Shelf = EMPTY

    @property
    def today(self) -> date:
        return self.hours.local(self.now).date()


@dataclass(frozen=True, slots=True)
class PromptContent:
    address: str
    sheets: tuple[Sheet, ...]
    several_units: bool
    part: Part = NO_PART


@dataclass(frozen=True, slots=True)
class ReminderContent:
    """`opened` are announced in the same message, `sheets` are reminded of; `told` names the central schools that get
    a copy, `words` are the task's own for this rung; not `may_snooze`: all of it was put off till the morning once."""

    address: str
    sheets: tuple[Sheet, ...]
    reported: tuple[str, ...]
    several_units: bool
    part: Part = NO_PART
    opened: tuple[Sheet, ...] = ()
    told: tuple[str, ...] = ()
    words: str = ""
    may_snooze: bool = True


@dataclass(frozen=True, slots=True)
class ReaskedContent:
    """What is still to be answered again, with the report it belongs to."""

    address: str
    questions: tuple[tuple[Sheet, ReaskedQuestion], ...]
    several_units: bool


@dataclass(frozen=True, slots=True)
class CardContent:
    """`asked` is the key of the question at hand in this chat, None where nothing is asked; `pad` what was tapped on
    its number pad, None where none is shown."""

    sheet: Sheet
    asked: str | None
    unread: tuple[Unread, ...]
    failures: int
    choosing: bool
    address: str
    part: Part = NO_PART
    pad: str | None = None


@dataclass(frozen=True, slots=True)
class JointContent:
    """Several units' reports in one table."""

    cards: tuple[CardContent, ...]
    update_id: int


@dataclass(frozen=True, slots=True)
class TodoContent:
    address: str
    sheets: tuple[Sheet, ...]
    several_units: bool
    part: Part = NO_PART


@dataclass(frozen=True, slots=True)
class BackContent:
    """`todo` is None for who does not report."""

    address: str
    todo: TodoContent | None


@dataclass(frozen=True, slots=True)
class DigestContent:
    digest: Digest
    message: DigestText | MissingList


Asking = PromptContent | ReminderContent | ReaskedContent | CardContent | JointContent | TodoContent | BackContent
Live = (
    Asking
    | DigestContent
    | ProgressContent
    | IssuingLive
    | CopyContent
    | MissingContent
    | unreached.UnreachedContent
    | PeopleLive
    | LaterLive
    | PhotosContent
    | course_content.CourseLive
)
Content = Live | Receipt | ConfirmBinding | WhichReport | Say | Emergency | Alarm


async def load(session: AsyncSession, row: Outbox, message: Message, scene: Scene) -> Content | None:
    """None: there is nothing left to say (all reported meanwhile, the round is over, the person is gone)."""
    match message:
        case Prompt():
            return await _prompt(session, row, message, scene)
        case Reminder():
            return await _reminder(session, row, message, scene)
        case Reasked():
            return await _reasked(session, row, message, scene)
        case ReportCard():
            return await _card(session, row, message, scene.shelf)
        case JointCard():
            return await _joint(session, row, message)
        case Todo():
            return await _todo(session, row, scene)
        case Back():
            return await _back(session, row, scene)
        case DigestText() | MissingList():
            snapshot = await session.get(DigestSnapshot, (row.bureau_id, message.digest_id))
            return DigestContent(Digest.from_json(snapshot.snapshot), message) if snapshot else None
        case Receipt() | ConfirmBinding() | WhichReport() | Say() | Emergency() | Alarm():
            return message
        case CentralCopy() | ChaseSummary() | ChaseList():
            return await chase_lists.load(session, row, message, scene.hours, scene.now)
        case Unreached():
            return await unreached.load(session, row, message, scene.now)
        case Issue() | IssueSample():
            return await issuing_content.load(session, row, message, scene.hours, scene.now)
        case Progress():
            return await progress.load(session, row, message, scene.bureau, scene.now)
        case CourseCard() | CourseTold() | CourseNote() | CourseGuide() | AbsenceCard():
            return await course_content.load(session, row, message)
        case _:
            return await _about_people(session, row, message, scene)


def as_shown(message: Message, content: Content) -> Message:
    """The message with only those reports that it speaks of in the end: what was settled meanwhile has dropped out."""
    if isinstance(message, Prompt) and isinstance(content, PromptContent):
        return message.model_copy(update={"reports": tuple(sheet.key for sheet in content.sheets)})
    if isinstance(message, Reminder) and isinstance(content, ReminderContent):
        kept = tuple(sheet.key for sheet in content.sheets)
        rungs = tuple(message.rung_of(key) for key in kept) if message.rungs else ()
        opened = tuple(sheet.key for sheet in content.opened)
        return message.model_copy(update={"reports": kept, "rungs": rungs, "opened": opened})
    return message


async def _about_people(
    session: AsyncSession, row: Outbox, message: Message, scene: Scene
) -> PeopleLive | LaterLive | PhotosContent | None:
    match message:
        case ConfirmHandover():
            return await people_content.confirm_handover(session, row, message)
        case InvitationText():
            return await people_content.invitation(session, row, message, scene.now)
        case HandoverCard():
            return await people_content.handover_card(session, row, message, scene.now)
        case TakeBackList():
            return await people_content.take_back_list(session, row, message)
        case Takeover():
            return await people_content.takeover(session, row, scene.now)
        case PeopleList(query=query):
            return await people_content.people(session, row, query, scene.now)
        case PersonCard(person_id=person_id):
            return await people_content.person(session, row, person_id, scene.now)
        case _:
            return await later_content.load(session, row, message)


async def _still_owed(
    session: AsyncSession, row: Outbox, actor: Actor, keys: tuple[ReportKey, ...], scene: Scene
) -> list[Sheet]:
    """Of these reports, those that are still open and that this person may still answer."""
    sheets = await sheets_of(session, row.bureau_id, keys)
    return [s for s in sheets if s.is_asked and actor.may_report(s) and scene.now < s.lock_at]


def _several_units(sheets: list[Sheet]) -> bool:
    return len({sheet.unit.id for sheet in sheets}) > 1


async def _prompt(session: AsyncSession, row: Outbox, message: Prompt, scene: Scene) -> PromptContent | None:
    actor = await actor_to(session, row)
    sheets = await _still_owed(session, row, actor, message.reports, scene) if actor else []
    if actor is None or not sheets:
        return None
    part = await part_in(session, row.bureau_id, actor, sheets)
    return PromptContent(actor.address, tuple(sheets), _several_units(sheets), part)


async def _reminder(session: AsyncSession, row: Outbox, message: Reminder, scene: Scene) -> ReminderContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    keys = (*message.reports, *message.opened)
    put_off = await promised_until(session, row.bureau_id, keys, scene.now)
    still = await _still_owed(session, row, actor, keys, scene)
    owed = [sheet for sheet in still if not sheet.rests and sheet.key not in put_off]
    opened = [sheet for sheet in owed if sheet.key in message.opened]
    sheets = [s for s in owed if s not in opened and (scene.now <= s.due_at or is_for_late(message.rung_of(s.key)))]
    if not sheets and not opened:
        return None
    reported = await _reported_titles(session, row, actor, sheets)
    part = await part_in(session, row.bureau_id, actor, owed)
    told = await _told(session, row, [s for s in sheets if message.rung_of(s.key) == LATE_COPIED])
    snooze = await may_snooze(session, row.bureau_id, sheets)
    return ReminderContent(
        actor.address, tuple(sheets), reported, _several_units(owed), part, tuple(opened), told, message.words, snooze
    )


async def _told(session: AsyncSession, row: Outbox, late: list[Sheet]) -> tuple[str, ...]:
    """The central schools that have got a copy."""
    ids = {sheet.unit.central_unit_id for sheet in late} - {None}
    mine = (Unit.bureau_id == row.bureau_id, col(Unit.id).in_(ids))
    return tuple((await session.exec(select(Unit.name).where(*mine).order_by(col(Unit.code)))).all()) if ids else ()


async def _reasked(session: AsyncSession, row: Outbox, message: Reasked, scene: Scene) -> ReaskedContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    keys = tuple(dict.fromkeys(question.report for question in message.questions))
    sheets = {sheet.key: sheet for sheet in await _still_owed(session, row, actor, keys, scene)}
    asked = [(sheets[one.report], one) for one in message.questions if one.report in sheets]
    open_ones = [(s, one) for s, one in asked if any(concerns(one.key, i.key) for i in s.missing)]
    return ReaskedContent(actor.address, tuple(open_ones), len(actor.known_units) > 1) if open_ones else None


async def _reported_titles(session: AsyncSession, row: Outbox, actor: Actor, sheets: list[Sheet]) -> tuple[str, ...]:
    """What these units have already reported for the same month, so that the reminder says it need not be done."""
    labels = {sheet.round.label for sheet in sheets}
    units = {sheet.unit.id for sheet in sheets} & actor.reporting_units
    statement = (
        select(Task)
        .join(Round, (col(Round.task_id) == Task.id) & (col(Round.bureau_id) == Task.bureau_id))
        .join(Report, (col(Report.round_id) == Round.id) & (col(Report.bureau_id) == Round.bureau_id))
        .where(
            Task.bureau_id == row.bureau_id,
            col(Round.label).in_(labels),
            col(Report.unit_id).in_(units),
            col(Report.state).in_(["submitted", "accepted"]),
        )
        .order_by(col(Task.position))
    )
    tasks = (await session.exec(statement)).all()
    return tuple(dict.fromkeys(task.short_name or task.name for task in tasks))


_CHATS = sa_select(Chat).where(
    col(Chat.bureau_id) == bindparam("bureau"), col(Chat.id).in_(bindparam("chats", expanding=True))
)


async def shelf_of(session: AsyncSession, bureau_id: int, cards: Sequence[tuple[int, ReportKey]]) -> Shelf:
    """For cards in these chats that show these reports."""
    if not cards:
        return EMPTY
    sheets = {sheet.key: sheet for sheet in await sheets_of(session, bureau_id, {key for _, key in cards})}
    chat_ids = list({chat_id for chat_id, _ in cards})
    actors = await actors_at(session, bureau_id, chat_ids)
    rows = (await session.execute(_CHATS, {"bureau": bureau_id, "chats": chat_ids})).scalars().all()
    headed = {unit for actor in actors.values() for unit in actor.headed_units} & {key.unit_id for _, key in cards}
    given = await handed_over(session, bureau_id, headed) if headed else []
    return Shelf(sheets, actors, {row.id: row for row in rows}, given)


async def _card(session: AsyncSession, row: Outbox, message: ReportCard, shelf: Shelf) -> CardContent | None:
    """None too for a chat that may not see it any more: the card stays as it was."""
    sheet, actor = shelf.sheets.get(message.report), shelf.actors.get(row.chat_id)
    meant = row.person_id is None or (actor is not None and actor.person_id == row.person_id)
    if sheet is None or actor is None or not meant or not actor.may_report(sheet):
        return None
    chat = shelf.chats.get(row.chat_id)
    focused = chat is not None and (chat.focus_round_id, chat.focus_unit_id) == tuple(sheet.key)
    asked = chat.focus_key if chat is not None and focused else None
    part = await part_in(session, row.bureau_id, actor, [sheet], shelf.given)
    pad = chat.pad if chat is not None and focused else None
    return CardContent(sheet, asked, message.unread, message.failures, message.choosing, actor.address, part, pad)


async def _joint(session: AsyncSession, row: Outbox, message: JointCard) -> JointContent | None:
    actor = await actor_to(session, row)
    sheets = {sheet.key: sheet for sheet in await sheets_of(session, row.bureau_id, message.reports)}
    mine = [sheets[key] for key in message.reports if key in sheets]
    if actor is None or not mine or not all(actor.may_report(sheet) for sheet in mine):
        return None
    part = await part_in(session, row.bureau_id, actor, mine)
    unread = dict(zip(message.reports, message.unread, strict=False))
    cards = (
        CardContent(sheet, None, unread.get(sheet.key, ()), 0, choosing=False, address=actor.address, part=part)
        for sheet in mine
    )
    return JointContent(tuple(cards), message.update_id)


async def _todo(session: AsyncSession, row: Outbox, scene: Scene) -> TodoContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    found = await open_sheets(session, row.bureau_id, actor.known_units, scene.now)
    sheets = [sheet for sheet in found if actor.may_report(sheet)]
    part = await part_in(session, row.bureau_id, actor, sheets)
    return TodoContent(actor.address, tuple(sheets), len(actor.known_units) > 1, part)


async def _back(session: AsyncSession, row: Outbox, scene: Scene) -> BackContent | None:
    actor = await actor_to(session, row)
    if actor is None:
        return None
    return BackContent(actor.address, await _todo(session, row, scene) if actor.known_units else None)
