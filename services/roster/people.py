"""Who acts for which unit: roles come and go with the roster; a person keeps the account when moving."""

from __future__ import annotations

from collections.abc import Sequence

from db.ids import new_id
from db.tables import Role, Unit
from domain.roster import PersonPlan, Roster, UnitPlan
from services.roster.store import Change, Holding, Slot, Someone, Store

_OF_PRINCIPAL = (Role.PRINCIPAL, Role.SECTION, Role.OFFICE, Role.DIRECTOR, Role.ADMIN)
_ROLES = {
    "principal": "校长", "deputy": "联络员", "central": "中心校", "section": "股室负责人", "office": "办公室",
    "director": "局领导", "admin": "管理员",
}  # fmt: skip


def apply_people(store: Store, plan: Roster) -> None:
    wanted = _wanted_leaders(plan)
    for unit in plan.units:
        wanted |= _wanted(store, unit)
    holders = {slot: [_person(store, slot[0], person) for person in people] for slot, people in wanted.items()}
    for slot, people in holders.items():
        _fill(store, slot, people)


def _wanted_leaders(plan: Roster) -> dict[Slot, list[PersonPlan]]:
    if not plan.bureau.leaders:
        return {}
    wanted: dict[Slot, list[PersonPlan]] = {(None, Role.DIRECTOR.value): []}
    for person in plan.bureau.leaders:
        for role in person.roles:
            wanted.setdefault((None, role), []).append(person)
    return wanted


def _wanted(store: Store, plan: UnitPlan) -> dict[Slot, list[PersonPlan]]:
    """The roles of a unit that the file speaks of; a vacancy is an empty list. A closed unit needs nobody."""
    unit = store.units[plan.code]
    if store.is_closed(unit):
        return {}
    wanted: dict[Slot, list[PersonPlan]] = {}
    if "principal" in plan.says:
        wanted = {(unit.id, role.value): [] for role in _OF_PRINCIPAL}
    if "deputy" in plan.says:
        wanted[unit.id, Role.DEPUTY.value] = []
    for person in plan.people:
        for role in person.roles:
            wanted.setdefault((unit.id, role), []).append(person)
    return wanted


def _person(store: Store, unit_id: int | None, plan: PersonPlan) -> Someone:
    """The same person: by name in this unit, else by name and number anywhere (moved, or acting for several)."""
    person = store.here.get((unit_id, plan.name)) or store.numbered.get((plan.name, plan.phone))
    person = person or store.add_person(plan.name)
    if person.id not in store.seen:
        _address(store, person, plan)
    store.here[unit_id, plan.name] = person
    if plan.phone:
        store.numbered[plan.name, plan.phone] = person
    return person


def _address(store: Store, person: Someone, plan: PersonPlan) -> None:
    said = (plan.salutation, plan.phone or person.phone)
    if (person.salutation, person.phone) != said:
        person.salutation, person.phone = said
        store.changed.add(person.id)
    store.seen.add(person.id)


def _fill(store: Store, slot: Slot, people: Sequence[Someone], quiet: bool = False) -> None:
    """End the roles the roster gave to others, begin those it gives now; what a colleague was handed stays."""
    held = store.held.setdefault(slot, [])
    wanted = {person.id for person in people}
    for holding in [one for one in held if one.given_by is None and one.person_id not in wanted]:
        _end(store, slot, holding, quiet)
    for person_id in dict.fromkeys(person.id for person in people):
        if all(holding.person_id != person_id or holding.given_by is not None for holding in held):
            _begin(store, slot, person_id, quiet)


def _begin(store: Store, slot: Slot, person_id: int, quiet: bool) -> None:
    unit_id, role = slot
    store.held[slot].append(Holding(new_id(), person_id, is_new=True))
    if not quiet and unit_id not in store.fresh:
        store.say(Change.ADDED, store.name_of(unit_id), f"{_ROLES[role]}{store.people[person_id].name}")


def _end(store: Store, slot: Slot, holding: Holding, quiet: bool = False) -> None:
    store.held[slot].remove(holding)
    store.ended += [] if holding.is_new else [holding.id]
    if not quiet:
        who = store.people[holding.person_id].name
        store.say(Change.ENDED, store.name_of(slot[0]), f"{_ROLES[slot[1]]}{who}")


def fill_central(store: Store) -> None:
    """Whoever heads a central school looks after the schools below it; this comes and goes with the headship."""
    central = {unit.central_unit_id for unit in store.units.values() if not store.is_closed(unit)}
    for unit in store.units.values():
        heads = store.held.get((unit.id, Role.PRINCIPAL.value), []) if unit.id in central else []
        if heads or (unit.id, Role.CENTRAL.value) in store.held:
            _fill(store, (unit.id, Role.CENTRAL.value), [store.people[head.person_id] for head in heads], quiet=True)


def settle_people(store: Store) -> None:
    """Nobody acts for a closed unit any more, whoever gave the role."""
    for unit in store.settling():
        if store.is_closed(unit):
            _leave(store, unit)
    fill_central(store)


def _leave(store: Store, unit: Unit) -> None:
    for role in Role:
        for holding in list(store.held.get((unit.id, role.value), [])):
            _end(store, (unit.id, role.value), holding)
