"""What the store holds of a bureau while a roster is applied to it, and what has been done so far.

People and memberships are light records here, written set-wise at the end: thousands of them are made in a second.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert, table_of
from db.tables import Bureau, Membership, Person, Unit

Slot = tuple[int | None, str]
"""(unit id, role): who acts there. No unit: for the bureau as a whole."""


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"

    @property
    def chinese(self) -> str:
        return {"added": "新增", "changed": "变更", "ended": "结束"}[self.value]


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that an import did, or would do."""

    change: Change
    unit: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.change.chinese} {self.unit}:{self.what}" if self.what else f"{self.change.chinese} {self.unit}"


@dataclass(slots=True)
class Someone:
    """A row of `person`."""

    id: int
    name: str
    salutation: str = ""
    phone: str = ""
    is_new: bool = False


@dataclass(slots=True, eq=False)
class Holding:
    """A present row of `membership`."""

    id: int
    person_id: int
    given_by: int | None = None
    is_new: bool = False


@dataclass(slots=True)
class Store:
    """`here` finds somebody by unit and name, `numbered` by name and number; `held` are the present holdings of a slot.

    `fresh` are ids of new units, `restless` those whose names changed by themselves, `seen` the people already brought
    up to date: the first row that names somebody says how to address him. `ended` are ids of memberships,
    `left_alone` of units that nothing is to happen to by itself.
    """

    session: AsyncSession
    bureau: Bureau
    now: datetime
    units: dict[str, Unit]
    names: dict[int, str]
    people: dict[int, Someone] = field(default_factory=dict)
    held: dict[Slot, list[Holding]] = field(default_factory=dict)
    here: dict[tuple[int | None, str], Someone] = field(default_factory=dict)
    numbered: dict[tuple[str, str], Someone] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    restless: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    ended: list[int] = field(default_factory=list)
    left_alone: Collection[int] = ()
    effects: list[Effect] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.bureau.timezone)).date()

    def settling(self) -> list[Unit]:
        """The units that a new day may change."""
        return [unit for unit in self.units.values() if unit.id not in self.left_alone]

    def say(self, change: Change, unit: str, what: str = "") -> None:
        self.effects.append(Effect(change, unit, what))

    def add_unit(self, unit: Unit) -> None:
        self.session.add(unit)
        self.units[unit.code] = unit
        self.fresh.add(unit.id)
        self.names[unit.id] = unit.name

    def add_person(self, name: str) -> Someone:
        person = Someone(new_id(), name, is_new=True)
        self.people[person.id] = person
        return person

    def name_of(self, unit_id: int | None) -> str:
        return self.names[unit_id] if unit_id is not None else self.bureau.name

    def is_closed(self, unit: Unit) -> bool:
        return unit.closed_on is not None and unit.closed_on <= self.today


async def load(session: AsyncSession, bureau_id: int, now: datetime) -> Store:
    """Raises LookupError when there is no such bureau."""
    bureau = await session.get(Bureau, bureau_id)
    if bureau is None:
        raise LookupError(f"no bureau {bureau_id}")
    units = (await session.execute(select(Unit).where(col(Unit.bureau_id) == bureau_id))).scalars().all()
    store = Store(session, bureau, now, {unit.code: unit for unit in units}, {unit.id: unit.name for unit in units})
    await _load_people(store)
    await _load_memberships(store)
    return store


async def _load_people(store: Store) -> None:
    columns = (col(Person.id), col(Person.name), col(Person.salutation), col(Person.phone))
    for row in (await store.session.execute(select(*columns).where(col(Person.bureau_id) == store.bureau.id))).all():
        person = Someone(*row)
        store.people[person.id] = person
        if person.phone:
            store.numbered[person.name, person.phone] = person


async def _load_memberships(store: Store) -> None:
    columns = (col(Membership.unit_id), col(Membership.role), col(Membership.id), col(Membership.person_id))
    present = (col(Membership.bureau_id) == store.bureau.id, col(Membership.ended_at).is_(None))
    statement = select(*columns, col(Membership.given_by)).where(*present).order_by(col(Membership.id))
    for unit_id, role, *rest in (await store.session.execute(statement)).all():
        holding = Holding(*rest)
        store.held.setdefault((unit_id, role), []).append(holding)
        person = store.people[holding.person_id]
        if holding.given_by is None:  # a colleague bears the name he chose in the chat: that is nobody's proof
            store.here[unit_id, person.name] = person


async def write_people(store: Store) -> None:
    """People first: memberships refer to them."""
    bureau_id = store.bureau.id
    fresh = [_columns(person, bureau_id) for person in store.people.values() if person.is_new]
    if fresh:
        await store.session.execute(insert(store.session, Person), fresh)
    changed = [person for person in store.people.values() if person.id in store.changed and not person.is_new]
    if changed:
        await _update(store, Person, [_changes(person) for person in changed])
    held = [(slot, holding) for slot, holdings in store.held.items() for holding in holdings if holding.is_new]
    if held:
        await store.session.execute(insert(store.session, Membership), [_row(store, *one) for one in held])
    if store.ended:
        await _update(store, Membership, [{"the_id": one, "ended_at": store.now} for one in store.ended])


def _columns(person: Someone, bureau_id: int) -> dict[str, Any]:
    return {
        "bureau_id": bureau_id, "id": person.id, "name": person.name, "salutation": person.salutation,
        "phone": person.phone,
    }  # fmt: skip


def _changes(person: Someone) -> dict[str, Any]:
    return {"the_id": person.id, "salutation": person.salutation, "phone": person.phone}


def _row(store: Store, slot: Slot, holding: Holding) -> dict[str, Any]:
    unit_id, role = slot
    return {
        "bureau_id": store.bureau.id, "id": holding.id, "person_id": holding.person_id, "unit_id": unit_id,
        "role": role, "given_by": None, "ended_at": None,
    }  # fmt: skip


async def _update(store: Store, model: type[Person | Membership], rows: list[dict[str, Any]]) -> None:
    """Set-wise by id (`the_id`), on the connection: rows the caller's session holds already are not refreshed."""
    table = table_of(model)
    mine = (table.c.bureau_id == store.bureau.id, table.c.id == bindparam("the_id"))
    connection = await store.session.connection()
    names = [name for name in rows[0] if name != "the_id"]
    await connection.execute(update(table).where(*mine).values({name: bindparam(name) for name in names}), rows)
