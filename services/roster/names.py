"""The names people use for a unit, with their pinyin: kept up to date, written only where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from sqlalchemy import delete, select
from sqlmodel import col

from db.session import insert
from db.tables import Alias, AliasSource, Unit
from domain import roster as rules
from domain.roster import UnitPlan
from services.roster.store import Store

Tick = Callable[[], None]


async def apply_names(store: Store, plans: Sequence[UnitPlan], tick: Tick) -> None:
    """Only what differs is written, and pinyin made for new names only: a repeated import is cheap."""
    present = await _present_aliases(store)
    by_code = {plan.code: plan for plan in plans}
    merged = _merged_names(store)
    fresh: list[dict[str, object]] = []
    for unit in store.units.values():
        plan = by_code.get(unit.code)
        if plan is not None or unit.id in store.restless or unit.id in merged:
            wanted = _names_of(unit, plan, present.get(unit.id, {}), merged.get(unit.id, {}))
            await _write_names(store, unit.id, present.get(unit.id, {}), wanted, fresh)
        if plan is not None:
            tick()
    if fresh:
        await store.session.execute(insert(store.session, Alias), fresh)


async def _write_names(
    store: Store, unit_id: int, present: Names, wanted: Names, fresh: list[dict[str, object]]
) -> None:
    """Delete what is no longer wanted as it stands; what is new is gathered in `fresh` for one INSERT."""
    gone = [text for text, how in present.items() if wanted.get(text) != how]
    if gone:
        mine = (col(Alias.bureau_id) == store.bureau.id, col(Alias.unit_id) == unit_id)
        await store.session.execute(delete(Alias).where(*mine, col(Alias.text).in_(gone)))
    fresh += [
        {"bureau_id": store.bureau.id, "unit_id": unit_id, "text": text, "pinyin": pinyin_key(text),
         "source": source, "since": since}
        for text, (source, since) in wanted.items() if present.get(text) != (source, since)
    ]  # fmt: skip


Names = dict[str, tuple[str, date | None]]
"""Alias → (source, first day it may be used)."""


async def _present_aliases(store: Store) -> dict[int, Names]:
    statement = select(Alias.unit_id, Alias.text, Alias.source, Alias.since).where(  # type: ignore[call-overload]
        col(Alias.bureau_id) == store.bureau.id
    )
    present: dict[int, Names] = {}
    for unit_id, text, source, since in (await store.session.execute(statement)).all():
        present.setdefault(unit_id, {})[text] = (source, since)
    return present


def _names_of(unit: Unit, plan: UnitPlan | None, present: Names, merged: Names) -> Names:
    """Later sources win: the name itself over what was made from it."""
    names: Names = dict(merged)
    names |= {text: (AliasSource.GENERATED.value, None) for text in rules.aliases(unit.name)}
    names |= {text: (AliasSource.FORMER.value, None) for text in _former(unit, plan, present)}
    said = plan is not None and "aliases" in plan.says
    given = plan.aliases if plan and said else [t for t, (source, _) in present.items() if source == "given"]
    names |= {text: (AliasSource.GIVEN.value, None) for text in given}
    if unit.next_name:
        names[unit.next_name] = (AliasSource.NAME.value, unit.renamed_on)
    return names | {unit.name: (AliasSource.NAME.value, None)}


def _former(unit: Unit, plan: UnitPlan | None, present: Names) -> list[str]:
    """What the store knows as former, what was the name until now, and what the file says."""
    kept = [text for text, (source, since) in present.items() if source == "former" or (source == "name" and not since)]
    return [text for text in (*kept, *(plan.former if plan else ())) if text != unit.name]


def _merged_names(store: Store) -> dict[int, Names]:
    """A merged school's names mean the school it went into, from the day it closed."""
    found: dict[int, Names] = {}
    for unit in store.units.values():
        if unit.merged_into_id and unit.closed_on:
            names = (unit.name, *rules.aliases(unit.name))
            found.setdefault(unit.merged_into_id, {}).update(
                {text: (AliasSource.MERGED.value, unit.closed_on) for text in names}
            )
    return found


def pinyin_key(text: str) -> str:
    """Toneless and joined: 清河小学 is qinghexiaoxue. pypinyin is large, so only imports load it."""
    from pypinyin.core import Pinyin

    return "".join(_syllables(part) for part in Pinyin().seg(text)).lower()


@lru_cache(maxsize=20_000)
def _syllables(part: str) -> str:
    """Of a phrase as pypinyin cuts them; the names of a county are made of few."""
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(part))
