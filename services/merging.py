"""Whom reports concern: asked for all at once, and where that raises, by halves down to the one that does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from sqlmodel import col, select

from db.session import is_down
from db.tables import Unit
from domain.messages import ReportKey
from services.absences import handed_on
from services.delegations import by_person
from services.outbox import Recipient
from services.troubles import Guard, item

PROMPT, REMIND = "prompt", "remind"
_LEFT_UNDONE = {PROMPT: "{unit}的填报通知没能发出", REMIND: "{unit}的提醒没能发出"}


async def whom(
    guard: Guard, what: str, keys: Sequence[ReportKey], *, fillers_only: bool = False, heads: bool = False
) -> dict[Recipient, list[ReportKey]]:
    """As `by_person`, without the reports that raise: they rest, and afterwards `guard.may` says no to them. What
    concerns somebody who is away goes to the deputies."""
    merged: dict[Recipient, list[ReportKey]] = {}
    ask = partial(by_person, guard.session, guard.bureau_id, fillers_only=fillers_only, heads=heads)
    may = [key for key in keys if guard.may(item(what, key))] if guard.rests_until else keys
    await _merge(guard, what, may, merged, ask)
    return await handed_on(guard.session, guard.bureau_id, merged, guard.now)


Ask = Callable[[Sequence[ReportKey]], Awaitable[dict[Recipient, list[ReportKey]]]]


async def _merge(
    guard: Guard, what: str, keys: Sequence[ReportKey], merged: dict[Recipient, list[ReportKey]], ask: Ask
) -> None:
    if not keys:
        return
    try:
        async with guard.session.begin_nested():
            found = await ask(keys)
    except Exception as problem:
        if is_down(problem):
            raise
        if len(keys) == 1:
            await guard.failed(item(what, keys[0]), await _left_undone(guard, what, keys[0]), problem)
            return
        half = len(keys) // 2
        await _merge(guard, what, keys[:half], merged, ask)
        await _merge(guard, what, keys[half:], merged, ask)
        return
    await guard.passed(item(what, key) for key in keys)
    for to, mine in found.items():
        merged.setdefault(to, []).extend(mine)


async def _left_undone(guard: Guard, what: str, key: ReportKey) -> str:
    named = select(Unit.name).where(Unit.bureau_id == guard.bureau_id, col(Unit.id) == key.unit_id)
    return _LEFT_UNDONE[what].format(unit=(await guard.session.exec(named)).first() or "一所学校")
