"""「中心小学520人,李村86人」: one message about several of a person's units, read back in one table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlmodel import col, select

from db.tables import Chat, Outbox
from domain.messages import JointCard, ReportKey, Unread, from_json
from domain.naming import mentions
from domain.understanding.result import Reading
from services.asking import focused_report, set_focus
from services.naming import own_names
from services.outbox import show_card
from services.reading import read_words
from services.reporting import Given, enter, show_everywhere
from services.routing import Told, fitting_sheets
from services.sheets import Sheet
from services.taking import applying, unread_of
from services.turn import Turn

FOCUS = "?joint:"
"""The focus of a chat that was shown such a table, with the update whose words it reads."""
CARD = "joint"
_OF_ALL = re.compile(r"[,,。;;\s]+((?:两[校所]|两个学校|几所)?(?:也?都|均|全都?)[^,,。;;]*[。.]?)$")


def parts_of(turn: Turn, words: str) -> dict[int, str]:
    """By unit what is said of it, with what is said of all; empty where not several units are named."""
    found = [one for one in mentions(own_names(turn), words) if len(one.units) == 1]
    if len({one.units for one in found}) < 2:
        return {}
    shared = words[: found[0].start].strip()
    ends = [*(one.start for one in found[1:]), len(words)]
    said = [words[one.end : end] for one, end in zip(found, ends, strict=True)]
    if of_all := _OF_ALL.search(said[-1]):
        said[-1], shared = said[-1][: of_all.start()], _trimmed(f"{shared},{of_all[1]}")
    parts: dict[int, str] = {}
    for one, piece in zip(found, said, strict=True):
        [unit] = one.units
        parts[unit] = _trimmed(f"{parts.get(unit, shared)},{_trimmed(piece)}")
    return parts


def _trimmed(words: str) -> str:
    return re.sub(r"^[\s,,;;、::和及]+|[\s,,;;、::和及]+$", "", words)


def own_part(turn: Turn, sheet: Sheet, words: str) -> str:
    """Of words about several units what they say of this one's."""
    return parts_of(turn, words).get(sheet.unit.id, words)


async def taken(turn: Turn, chat: Chat, sheets: Sequence[Sheet], told: Told) -> bool:
    """Enter what the words say of several units and read it back in one table; False where they do not."""
    parts = parts_of(turn, told.words) if len(told.units) > 1 else {}
    meant = _meant(turn, chat, sheets, parts)
    focus = chat.focus_key if focused_report(turn, chat) and _same_round(meant, chat) else None
    heard = {sheet.key: read_words(turn, sheet, parts[sheet.unit.id], focus) for sheet in meant}
    given = {sheet.key: applying(sheet, heard[sheet.key].readings) for sheet in meant}
    if sum(bool(readings) for readings in given.values()) < 2 or _counts_for_all(turn, meant, told.words):
        return False
    unread = []
    for sheet in meant:
        readings: list[Reading] = given[sheet.key]
        if readings:
            await enter(turn, sheet, Given(readings))
        left = unread_of(sheet, heard[sheet.key], readings, parts[sheet.unit.id], is_closed=False)
        unread.append(left)
    chat.failures = 0
    await show(turn, [sheet.key for sheet in meant], unread)
    return True


def _meant(turn: Turn, chat: Chat, sheets: Sequence[Sheet], parts: dict[int, str]) -> list[Sheet]:
    """One report of the same round for each unit: that of the question at hand, else the only one they all fit."""
    by_unit = {unit: [sheet for sheet in sheets if sheet.unit.id == unit] for unit in parts}
    focused = focused_report(turn, chat)
    rounds = set.intersection(*({sheet.round.id for sheet in mine} for mine in by_unit.values())) if parts else set()
    if focused is None or focused.round_id not in rounds:
        for unit, mine in by_unit.items():
            rounds &= {sheet.round.id for sheet in fitting_sheets(turn, mine, parts[unit])}
        chosen = rounds.pop() if len(rounds) == 1 else None
    else:
        chosen = focused.round_id
    return [sheet for mine in by_unit.values() for sheet in mine if sheet.round.id == chosen]


def _same_round(meant: Sequence[Sheet], chat: Chat) -> bool:
    return any(sheet.round.id == chat.focus_round_id for sheet in meant)


def _counts_for_all(turn: Turn, meant: Sequence[Sheet], words: str) -> bool:
    """A figure before the first name belongs to nobody in particular."""
    first = min(one.start for one in mentions(own_names(turn), words))
    readings = read_words(turn, meant[0], words[:first]).readings if words[:first].strip() else ()
    return any(not isinstance(one.value, bool) and isinstance(one.value, int) for one in readings)


async def show(turn: Turn, keys: Sequence[ReportKey], unread: Sequence[tuple[Unread, ...]]) -> None:
    """The table below what was said; a typed 对 confirms it."""
    for key in keys:
        await show_everywhere(turn, key)
    await set_focus(turn, keys[0], f"{FOCUS}{turn.update_id}")
    card = JointCard(update_id=turn.update_id, reports=tuple(keys), unread=tuple(unread))
    await show_card(turn.session, turn.to, card, turn.now, below=True, key=CARD)


async def settle(turn: Turn, table: JointCard, report: ReportKey, asked: str) -> None:
    """The table in its place, without the doubt about this answer of one report."""
    left = tuple(
        tuple(one for one in unread if (key, one.key) != (report, asked))
        for key, unread in zip(table.reports, table.unread, strict=True)
    )
    await show_everywhere(turn, report)
    await show_card(turn.session, turn.to, table.model_copy(update={"unread": left}), turn.now, key=CARD)


async def table_of(turn: Turn, update_id: int) -> JointCard | None:
    """The table that reads these words, as it was shown in this chat."""
    mine = (Outbox.bureau_id == turn.bureau.id, Outbox.chat_id == turn.to.chat_id, Outbox.kind == "joint_card")
    rows = (await turn.session.exec(select(Outbox).where(*mine).order_by(col(Outbox.id).desc()).limit(20))).all()
    row = next((row for row in rows if row.payload.get("update_id") == update_id), None)
    message = from_json(row.kind, dict(row.payload)) if row else None
    return message if isinstance(message, JointCard) else None


async def at_hand(turn: Turn, chat: Chat) -> JointCard | None:
    """The table that waits for its 提交 in this chat."""
    key = chat.focus_key or ""
    if not key.startswith(FOCUS) or focused_report(turn, chat) is None:
        return None
    return await table_of(turn, int(key.removeprefix(FOCUS)))
