"""The names by which a person may call the units he reports for: from the roster, with the pinyin made at import."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import table_of
from db.tables import Alias, Unit, UnitKind
from domain.naming import Mention, Spell, UnitName, mentions, slips, without
from services.turn import Turn

_ALIASES = select(col(Alias.text), col(Alias.unit_id), col(Alias.pinyin)).where(
    col(Alias.bureau_id) == bindparam("bureau"),
    col(Alias.unit_id).in_(bindparam("units", expanding=True)),
    or_(col(Alias.since).is_(None), col(Alias.since) <= bindparam("today", type_=table_of(Alias).c.since.type)),
)


def own_names(turn: Turn) -> tuple[UnitName, ...]:
    """As `know_names` found them, else the names alone."""
    if turn.names is not None:
        return turn.names
    units = turn.person.known_units
    held = {holding.unit_name: holding.unit_id for holding in turn.person.holdings if holding.unit_name}
    return tuple(UnitName(text, unit_id) for text, unit_id in held.items() if unit_id is not None and unit_id in units)


async def aliases(session: AsyncSession, bureau_id: int, units: Iterable[int], today: date) -> list[UnitName]:
    """What these units are called besides their names, by now."""
    rows = (await session.execute(_ALIASES, {"bureau": bureau_id, "units": list(units), "today": today})).all()
    return [UnitName(text, unit_id, pinyin) for text, unit_id, pinyin in rows]


async def know_names(turn: Turn) -> None:
    """Load the aliases of this person's own units."""
    if turn.names is None and turn.actor is not None:
        know(turn, await aliases(turn.session, turn.bureau.id, turn.actor.known_units, turn.today))


def know(turn: Turn, listed: Iterable[UnitName]) -> None:
    """These, and the names themselves."""
    named = {(name.text, name.unit_id): name for name in (*own_names(turn), *listed)}
    turn.names = tuple(named.values())


async def named_units(turn: Turn, words: str) -> frozenset[int]:
    """The person's units that the words name; mistyped names are looked for only where there are several units."""
    await know_names(turn)
    names = own_names(turn)
    found = mentions(names, words)
    if not found and len({name.unit_id for name in names}) > 1:
        found = slips(names, words, await _speller())
        turn.slips = tuple(words[one.start : one.end] for one in found)
    return frozenset(unit for one in found for unit in one.units)


async def _speller() -> Spell:
    """pypinyin's dictionary is large: loaded beside the loop, by whoever needs it first."""
    lazy_pinyin = (await asyncio.to_thread(__import__, "pypinyin")).lazy_pinyin

    def spell(words: str) -> list[str]:
        return [syllable.lower() for syllable in lazy_pinyin(words, errors=list)]

    return spell


def unnamed(turn: Turn, words: str) -> str:
    """The words without the names of the unit."""
    found = mentions(own_names(turn), words)
    found += [Mention(at, at + len(slip), frozenset()) for slip in turn.slips if (at := words.find(slip)) >= 0]
    return without(found, words).lstrip(" ,,::")  # noqa: B005 - a set of separators


async def schools_called(session: AsyncSession, bureau_id: int, name: str) -> list[int]:
    """The schools of the bureau that have this name, or whose name has it; at most five."""
    called = and_(col(Alias.bureau_id) == Unit.bureau_id, col(Alias.unit_id) == Unit.id)
    statement = (
        select(col(Unit.id))
        .outerjoin(Alias, called)
        .where(
            col(Unit.bureau_id) == bureau_id,
            col(Unit.kind) == UnitKind.SCHOOL.value,
            or_(col(Unit.name) == name, col(Alias.text) == name, col(Unit.name).contains(name, autoescape=True)),
        )
        .distinct()
        .limit(5)
    )
    return list((await session.execute(statement)).scalars().all()) if name else []
