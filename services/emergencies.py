"""突发事件: words of an event that is happening are answered at once with whom to call, at any hour, and passed on to
the office and the safety section. Nothing of them is stored as an answer; a false alarm costs one tap."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import col, select

from db.tables import Inbox, Lane, Outbox, Person, Role, Unit, UnitKind
from domain import defaults
from domain.messages import Alarm, Emergency, Message
from domain.phrases import Phrase
from domain.understanding import understand
from domain.understanding.result import Intent
from services import conversation, edits, pictures
from services.asking import close_question, say
from services.naming import named_units
from services.outbox import Recipient, queue, queue_all
from services.people import recipients_of_units, recipients_with_role
from services.reporting import Outcome
from services.turn import Turn

SAFETY = "安全"
"""The section whose name says so is told as well."""
ONCE_IN = timedelta(minutes=10)
"""Further words of the same person within this time are not passed on again."""
LONGEST = 120


async def raised(turn: Turn, words: str) -> bool:
    """Answer words of an event that is happening; False where they are none."""
    if understand(words, (), now=turn.now).intent is not Intent.EMERGENCY:
        return False
    told = await _pass_on(turn, words)
    message = Emergency(update_id=turn.update_id, duty=turn.bureau.duty_phone, told=told)
    await queue(turn.session, turn.to, message, turn.now)
    return True


async def called(turn: Turn, update_id: int) -> Outcome:
    """[已打电话]."""
    return await _settle(turn, update_id, "called")


async def false_alarm(turn: Turn, update_id: int) -> Outcome:
    """[不是突发,是报数]: the words are taken as any other reply."""
    earlier = await turn.session.get(Inbox, (turn.bureau.id, update_id))
    if earlier is None or earlier.chat_id != turn.to.chat_id:
        return Outcome.NOT_YOURS
    outcome = await _settle(turn, update_id, "false")
    if outcome is Outcome.DONE:
        turn.calm = True
        await _take(turn, earlier)
    return outcome


async def _take(turn: Turn, earlier: Inbox) -> None:
    edited = earlier.raw.get("edited_message")
    message = edited or earlier.raw.get("message")
    if not isinstance(message, dict):
        return
    turn.received_at, turn.message_id = earlier.received_at, int(message["message_id"])
    words = str(message.get("text") or message.get("caption") or "")
    if not turn.person.known_units:
        await say(turn, Phrase.HELP_BUREAU)
    elif edited:
        await edits.edited(turn, words)
    else:
        sent = pictures.attachment_in(message)
        if sent is not None:
            await pictures.take(turn, sent)
        replied = message.get("reply_to_message")
        await conversation.reply(turn, words, int(replied["message_id"]) if isinstance(replied, dict) else None)


async def _settle(turn: Turn, update_id: int, outcome: str) -> Outcome:
    """Take the buttons off, and let those who were told know what it was."""
    if not await close_question(turn, update_id, "emergency"):
        return Outcome.OUT_OF_DATE
    alarms = [
        row for row in await _alarms(turn, turn.now - defaults.FOCUS_LASTS) if row.payload.get("update_id") == update_id
    ]
    items: list[tuple[Recipient, Message]] = [
        (
            Recipient(row.bureau_id, row.chat_id, row.person_id),
            Alarm.model_validate({**row.payload, "words": "", "phone": "", "outcome": outcome}),
        )
        for row in alarms
        if not row.payload.get("outcome")
    ]
    await queue_all(turn.session, items, turn.now, Lane.REPLY)
    return Outcome.DONE


async def _pass_on(turn: Turn, words: str) -> str:
    """Tell the office and the safety section, each person once; returns who is told (empty: nobody can be reached)."""
    sections = await _safety_sections(turn)
    chats = await recipients_of_units(turn.session, turn.bureau.id, sections, [Role.SECTION])
    safety = {to.chat_id: to for found in chats.values() for to in found}
    office = {to.chat_id: to for to in await recipients_with_role(turn.session, turn.bureau.id, [Role.OFFICE])}
    everybody = {chat: to for chat, to in (safety | office).items() if chat != turn.to.chat_id}
    if everybody and not await _was_just_told(turn):
        alarm = await _alarm(turn, words)
        await queue_all(turn.session, [(to, alarm) for to in everybody.values()], turn.now, Lane.REPLY)
    named = [sections[unit] for unit in sections if chats.get(unit)]
    return "和".join(named + (["办公室"] if office else [])) if everybody else ""


async def _safety_sections(turn: Turn) -> dict[int, str]:
    statement = select(Unit).where(
        Unit.bureau_id == turn.bureau.id,
        Unit.kind == UnitKind.SECTION.value,
        col(Unit.name).contains(SAFETY),
        col(Unit.closed_on).is_(None),
    )
    return {unit.id: unit.name for unit in (await turn.session.exec(statement)).all()}


async def _alarm(turn: Turn, words: str) -> Alarm:
    person = await turn.session.get(Person, (turn.bureau.id, turn.person.person_id))
    units = await named_units(turn, words) or turn.person.known_units
    named = dict.fromkeys(h.unit_name for h in turn.person.holdings if h.unit_id in units or not units)
    return Alarm(
        update_id=turn.update_id,
        person_id=turn.person.person_id,
        who=turn.person.address,
        unit="、".join(name for name in named if name),
        phone=person.phone if person else "",
        words=words.strip()[:LONGEST],
        at=turn.received_at,
    )


async def _was_just_told(turn: Turn) -> bool:
    """Was an alarm of this person passed on within the last minutes, and not taken back?"""
    rows = await _alarms(turn, turn.now - ONCE_IN)
    mine = [row for row in rows if row.payload.get("person_id") == turn.person.person_id]
    false = {row.payload.get("update_id") for row in mine if row.payload.get("outcome") == "false"}
    return any(row.payload.get("update_id") not in false for row in mine)


async def _alarms(turn: Turn, since: datetime) -> list[Outbox]:
    statement = select(Outbox).where(
        Outbox.bureau_id == turn.bureau.id, Outbox.kind == "alarm", col(Outbox.queued_at) > since
    )
    return list((await turn.session.exec(statement)).all())
