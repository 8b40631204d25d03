"""Photos and documents as answers 佐证: always optional unless a task gives a reason; the file is fetched later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from db.ids import new_id
from db.session import insert
from db.tables import Evidence, Inbox, Outbox
from domain.indicators import Indicator, Kind
from domain.messages import WhichReport
from domain.phrases import Phrase
from domain.understanding.result import Reading
from services.asking import focused_report, say, show_after
from services.evidence_store import SUFFIXES
from services.outbox import queue
from services.people import chat_row
from services.reporting import Given, enter, owed
from services.sheets import Sheet, afresh
from services.turn import Turn

MOST = 3
"""Photos kept for a question that sets no limit of its own."""
LARGEST = 20 * 1024 * 1024
"""Bytes that the chat service hands out to a bot."""
ALBUM_SETTLES = timedelta(seconds=2)
"""An album comes one by one and nobody says which is the last: so long after the latest one it is acknowledged."""
_LATELY = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Attachment:
    """As the chat service names it: `file_id` opens it, `unique_id` is the same for the same file. `album` is the set
    it came in."""

    file_id: str
    unique_id: str
    size: int = 0
    is_document: bool = False
    name: str = ""
    mime: str = ""
    album: str | None = None

    @property
    def is_taken(self) -> bool:
        """Does it look like something that is taken? What it really is, is seen when it was fetched."""
        return not self.is_document or self.mime in SUFFIXES


def attachment_in(message: dict[str, Any]) -> Attachment | None:
    """The photo (the largest of its sizes) or document of a message as the chat service sent it."""
    album = message.get("media_group_id")
    if message.get("photo"):
        largest = message["photo"][-1]
        return Attachment(largest["file_id"], largest["file_unique_id"], largest.get("file_size", 0), album=album)
    if not (sent := message.get("document")):
        return None
    return Attachment(
        sent["file_id"], sent["file_unique_id"], sent.get("file_size", 0), is_document=True,
        name=str(sent.get("file_name", ""))[:80], mime=sent.get("mime_type", ""), album=album,
    )  # fmt: skip


async def take(turn: Turn, attached: Attachment) -> None:
    """Keep it with the report at hand, else with the only open one that asks for photos, else ask which."""
    if attached.album:
        turn.card_after = ALBUM_SETTLES
    if attached.size > LARGEST:
        await _refuse(turn, attached, Phrase.FILE_TOO_BIG)
        return
    if not attached.is_taken:
        await _refuse(turn, attached, Phrase.FILE_KIND)
        return
    asking = [(sheet, one) for sheet in await owed(turn) if (one := photo_question(sheet)) is not None]
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    focused = focused_report(turn, chat)
    at_hand = [pair for pair in asking if pair[0].key == focused] or asking
    if len(at_hand) == 1:
        await _keep(turn, *at_hand[0], attached)
    elif at_hand:
        await _ask_which(turn, [sheet for sheet, _ in at_hand], attached)
    else:
        await _refuse(turn, attached, Phrase.NOT_TEXT)


async def take_for(turn: Turn, sheet: Sheet, update: Inbox) -> None:
    """The person said which report the photo of an earlier update is for: that one, and the rest of its album."""
    indicator = photo_question(sheet)
    if indicator is None:
        return
    first = _attached(update)
    together = [first] if first and first.album is None else await _album(turn, first, update)
    for attached in together:
        if attached is not None and attached.is_taken and attached.size <= LARGEST:
            await _keep(turn, sheet, indicator, attached)


def photo_question(sheet: Sheet) -> Indicator | None:
    return next((one for one in sheet.applicable if one.kind is Kind.PHOTO), None)


def _attached(update: Inbox) -> Attachment | None:
    message = update.raw.get("message")
    return attachment_in(message) if isinstance(message, dict) else None


async def _album(turn: Turn, first: Attachment | None, update: Inbox) -> list[Attachment | None]:
    near = select(Inbox).where(
        Inbox.bureau_id == turn.bureau.id, Inbox.chat_id == turn.to.chat_id,
        col(Inbox.received_at).between(update.received_at - _LATELY, update.received_at + _LATELY),
    )  # fmt: skip
    found = [_attached(row) for row in (await turn.session.exec(near.order_by(col(Inbox.update_id)))).all()]
    return [one for one in found if one and first and one.album == first.album]


async def _keep(turn: Turn, sheet: Sheet, indicator: Indicator, attached: Attachment) -> None:
    sheet = await afresh(turn.session, sheet)  # several of an album change one draft after the other
    kept = sheet.values.get(indicator.key)
    before = kept if isinstance(kept, tuple) else ()
    most = int(indicator.maximum) if indicator.maximum is not None else MOST
    if len(before) >= most and attached.unique_id not in before:
        await _refuse(turn, attached, Phrase.ENOUGH_PHOTOS, most=str(most))
        return
    await _note(turn, sheet, indicator, attached)
    value = tuple(dict.fromkeys((*before, attached.unique_id)))
    await enter(turn, sheet, Given([Reading(indicator.key, value, words="", rule="photo")]))
    await show_after(turn, sheet, below=True)


async def _note(turn: Turn, sheet: Sheet, indicator: Indicator, attached: Attachment) -> None:
    statement = insert(turn.session, Evidence).values(
        bureau_id=turn.bureau.id, id=new_id(), round_id=sheet.key.round_id, unit_id=sheet.key.unit_id,
        key=indicator.key, file_id=attached.file_id, unique_id=attached.unique_id, person_id=turn.to.person_id,
        received_at=turn.received_at, is_document=attached.is_document, name=attached.name, album=attached.album,
    )  # fmt: skip
    again = ["bureau_id", "round_id", "unit_id", "unique_id"]
    renewed = {"file_id": attached.file_id, "state": "pending", "attempts": 0, "next_try_at": None}
    lost = Evidence.state == "failed"  # sent once more because it could not be fetched
    await turn.session.execute(statement.on_conflict_do_update(index_elements=again, set_=renewed, where=lost))


async def _ask_which(turn: Turn, sheets: list[Sheet], attached: Attachment) -> None:
    if attached.album and await _said_lately(turn, "which_report", "words", f"album {attached.album}"):
        return
    several = len({sheet.unit.id for sheet in sheets}) > 1
    options = tuple((s.key, f"{s.unit.name} {s.title}" if several else s.title) for s in sheets)
    words = f"album {attached.album}" if attached.album else ""
    question = WhichReport(update_id=turn.update_id, words=words, options=options, photo=True)
    await queue(turn.session, turn.to, question, turn.now)


async def _refuse(turn: Turn, attached: Attachment, phrase: Phrase, **facts: str) -> None:
    """Once for a whole album."""
    if attached.album and await _said_lately(turn, "say", "phrase", phrase.value):
        return
    await say(turn, phrase, **facts)


async def _said_lately(turn: Turn, kind: str, name: str, value: str) -> bool:
    said = select(Outbox).where(
        Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id, Outbox.kind == kind,
        Outbox.queued_at >= turn.now - _LATELY,
    )  # fmt: skip
    return any(row.payload.get(name) == value for row in (await turn.session.exec(said)).all())


def kept_photos(sheet: Sheet) -> tuple[str, ...]:
    """The `unique_id`s of what stands in the draft or, of a report that was sent, in its answers."""
    values = sheet.values if sheet.is_open or sheet.is_correcting else sheet.sent_values
    found = (values.get(one.key) for one in sheet.indicators if one.kind is Kind.PHOTO)
    return tuple(unique_id for value in found if isinstance(value, tuple) for unique_id in value)
