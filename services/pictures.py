"""Photos as answers 佐证: always optional unless a task gives a reason; the picture itself is fetched later."""

from __future__ import annotations

from dataclasses import dataclass

from db.ids import new_id
from db.session import insert
from db.tables import Evidence
from domain.indicators import Indicator, Kind
from domain.messages import Phrase
from domain.understanding.result import Reading
from services.asking import focused_report, say, show_after
from services.people import chat_row
from services.reporting import Given, enter, owed
from services.sheets import Sheet
from services.turn import Turn

MOST = 3
"""Photos kept for a question that sets no limit of its own."""


@dataclass(frozen=True, slots=True)
class Picture:
    """As the chat service names it: `file_id` opens it, `unique_id` is the same for the same picture."""

    file_id: str
    unique_id: str


async def take(turn: Turn, picture: Picture) -> None:
    """Keep the photo with the report at hand, else with the only open one that asks for photos."""
    asking = [(sheet, one) for sheet in await owed(turn) if (one := _photo_question(sheet)) is not None]
    chat = await chat_row(turn.session, turn.bureau.id, turn.to.chat_id)
    focused = focused_report(turn, chat)
    at_hand = [pair for pair in asking if pair[0].key == focused] or asking
    if len(at_hand) != 1:
        await say(turn, Phrase.WHICH_PHOTO if at_hand else Phrase.NOT_TEXT)
        return
    await _keep(turn, *at_hand[0], picture)


def _photo_question(sheet: Sheet) -> Indicator | None:
    return next((one for one in sheet.applicable if one.kind is Kind.PHOTO), None)


async def _keep(turn: Turn, sheet: Sheet, indicator: Indicator, picture: Picture) -> None:
    kept = sheet.values.get(indicator.key)
    before = kept if isinstance(kept, tuple) else ()
    most = int(indicator.maximum) if indicator.maximum is not None else MOST
    if len(before) >= most and picture.unique_id not in before:
        await say(turn, Phrase.ENOUGH_PHOTOS, most=str(most))
        return
    await _note(turn, sheet, indicator, picture)
    value = tuple(dict.fromkeys((*before, picture.unique_id)))
    await enter(turn, sheet, Given([Reading(indicator.key, value, words="", rule="photo")]))
    await show_after(turn, sheet, below=True)


async def _note(turn: Turn, sheet: Sheet, indicator: Indicator, picture: Picture) -> None:
    statement = insert(turn.session, Evidence).values(
        bureau_id=turn.bureau.id, id=new_id(), round_id=sheet.key.round_id, unit_id=sheet.key.unit_id,
        key=indicator.key, file_id=picture.file_id, unique_id=picture.unique_id, person_id=turn.to.person_id,
        received_at=turn.received_at,
    )  # fmt: skip
    await turn.session.execute(statement.on_conflict_do_nothing())
