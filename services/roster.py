"""The roster in the store: read from a file, compared with what is there, applied; nothing is ever doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.session import insert
from db.tables import Alias, AliasSource, Bureau, Membership, Person, Role, Unit
from domain import roster as rules
from domain.roster import Known, PersonPlan, Roster, UnitPlan
from services.spreadsheets import Unreadable, read_tables, write_workbook

Tick = Callable[[], None]
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
    what: str

    def __str__(self) -> str:
        return f"{self.change.chinese} {self.unit}:{self.what}" if self.what else f"{self.change.chinese} {self.unit}"


def read_roster(path: Path, known: Known | None = None) -> Roster:
    """The roster in an .xlsx or .csv file; what cannot be read at all is a problem like any other."""
    try:
        return rules.read(read_tables(path), known)
    except Unreadable as problem:
        return Roster(problems=(rules.Problem(None, "", str(problem)),))


def template() -> bytes:
    """An .xlsx to fill in: the headings, lists to pick from, and a page that says what belongs where."""
    choices = {
        "类别": ["学校", "幼儿园", "股室", "教育局", "局领导", "乡镇"], "寄宿": ["是", "否"],
        "学段": [*(stage.chinese for stage in rules.Stage), "九年一贯制"],
    }  # fmt: skip
    return write_workbook({"名册": [list(rules.TITLES.values())], "说明": _guide()}, choices)


def _guide() -> list[list[str]]:
    return [["列", "怎么填"], *([rules.TITLES[column], advice] for column, advice in rules.ADVICE.items())]


async def known_units(session: AsyncSession, bureau_id: int) -> Known:
    """What rows of a file may refer to."""
    statement = select(Unit).where(col(Unit.bureau_id) == bureau_id)
    units = (await session.execute(statement)).scalars().all()
    codes = {unit.id: unit.code for unit in units}
    return Known(
        {unit.code: unit.name for unit in units},
        {unit.code: codes[unit.central_unit_id] for unit in units if unit.central_unit_id},
        frozenset(unit.township for unit in units if unit.township),
    )


async def find_bureau(session: AsyncSession, name: str | None = None) -> Bureau | None:
    """The bureau of that name, or the only one. LookupError when there are several and none is named."""
    statement = select(Bureau).where(col(Bureau.name) == name) if name else select(Bureau).limit(2)
    bureaus: Sequence[Bureau] = (await session.execute(statement)).scalars().all()
    if len(bureaus) > 1:
        raise LookupError("库里有几个教育局,请用 --bureau 写明是哪一个")
    return bureaus[0] if bureaus else None


async def ensure_bureau(
    session: AsyncSession, plan: Roster, timezone: str = "Asia/Shanghai", name: str | None = None
) -> Bureau:
    """The bureau to import into, made when there is none yet; see `find_bureau`."""
    bureau = await find_bureau(session, name)
    if bureau is None:
        bureau = Bureau(id=new_id(), name=name or plan.bureau.name or "教育局", timezone=timezone)
        session.add(bureau)
        await session.flush()
    return bureau


async def apply(
    session: AsyncSession, bureau_id: int, plan: Roster, now: datetime, tick: Tick | None = None
) -> list[Effect]:
    """Bring the store to what the good rows say: repeated, it changes nothing. `tick` is called once per unit.

    Units that the file does not name are left alone. Roll back instead of committing for a rehearsal.
    """
    store = await _load(session, bureau_id, now)
    _apply_bureau(store, plan)
    for unit in plan.units:
        _apply_unit(store, unit)
    await session.flush()
    for unit in plan.units:
        _apply_references(store, unit)
    await session.flush()
    await _apply_people(store, plan)
    _settle(store)
    await _apply_aliases(store, plan.units, tick or (lambda: None))
    await session.flush()
    return store.effects


async def settle(session: AsyncSession, bureau_id: int, now: datetime) -> list[Effect]:
    """What a day brings by itself: new names take effect, a closed unit's people lose their roles there. Daily."""
    store = await _load(session, bureau_id, now)
    _settle(store)
    _fill_central(store)
    await _apply_aliases(store, (), lambda: None)
    await session.flush()
    return store.effects


@dataclass(slots=True)
class _Store:
    """What the store holds of a bureau while a roster is applied, and what has been done to it.

    `here` finds a person by unit and name, `numbered` by name and number; `held` are the present memberships of a
    slot; `fresh` are codes of new units, `restless` units whose names changed, `seen` people already brought up to
    date: the first row that names somebody says how to address him.
    """

    session: AsyncSession
    bureau: Bureau
    now: datetime
    today: date
    units: dict[str, Unit]
    people: dict[int, Person]
    held: dict[Slot, list[Membership]] = field(default_factory=dict)
    here: dict[tuple[int | None, str], Person] = field(default_factory=dict)
    numbered: dict[tuple[str, str], Person] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    fresh_ids: set[int] = field(default_factory=set)
    restless: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    effects: list[Effect] = field(default_factory=list)

    def say(self, change: Change, unit: str, what: str = "") -> None:
        self.effects.append(Effect(change, unit, what))

    def add(self, unit: Unit) -> None:
        self.session.add(unit)
        self.units[unit.code] = unit
        self.fresh.add(unit.code)
        self.fresh_ids.add(unit.id)
        self.names[unit.id] = unit.name

    def is_fresh(self, unit_id: int | None) -> bool:
        return unit_id in self.fresh_ids

    def name_of(self, unit_id: int | None) -> str:
        return self.names[unit_id] if unit_id is not None else self.bureau.name


async def _load(session: AsyncSession, bureau_id: int, now: datetime) -> _Store:
    bureau = await session.get(Bureau, bureau_id)
    if bureau is None:
        raise LookupError(f"no bureau {bureau_id}")
    units = (await session.execute(select(Unit).where(col(Unit.bureau_id) == bureau_id))).scalars().all()
    people = (await session.execute(select(Person).where(col(Person.bureau_id) == bureau_id))).scalars().all()
    today = now.astimezone(ZoneInfo(bureau.timezone)).date()
    store = _Store(session, bureau, now, today, {unit.code: unit for unit in units}, {p.id: p for p in people})
    store.names = {unit.id: unit.name for unit in units}
    store.numbered = {(person.name, person.phone): person for person in people if person.phone}
    await _load_memberships(store)
    return store


async def _load_memberships(store: _Store) -> None:
    statement = select(Membership).where(
        col(Membership.bureau_id) == store.bureau.id, col(Membership.ended_at).is_(None)
    )
    for membership in (await store.session.execute(statement.order_by(col(Membership.id)))).scalars().all():
        person = store.people[membership.person_id]
        store.held.setdefault((membership.unit_id, membership.role), []).append(membership)
        store.here[membership.unit_id, person.name] = person


def _set(row: Unit | Person | Bureau, values: dict[str, object]) -> list[str]:
    """Set what differs; the names of what did."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _apply_bureau(store: _Store, plan: Roster) -> None:
    values: dict[str, object] = {}
    if plan.bureau.name:
        values |= {"name": plan.bureau.name, "duty_phone": plan.bureau.duty_phone}
    office = _office(plan)
    if office is not None:
        unit, person = office
        values |= {"office_name": unit.name, "office_contact": person.salutation, "office_phone": person.phone}
    if changed := _set(store.bureau, values):
        store.say(Change.CHANGED, store.bureau.name, _named(changed))


def _office(plan: Roster) -> tuple[UnitPlan, PersonPlan] | None:
    found = ((unit, person) for unit in plan.units for person in unit.people if "office" in person.roles)
    return next(found, None)


_NAMES = {
    "name": "名称", "township": "乡镇", "stages": "学段", "boarding": "寄宿", "students": "学生数", "staff": "教职工数",
    "classes": "教学班数", "phone": "电话", "contact": "联系人", "opened_on": "开办日期", "closed_on": "停办日期",
    "kind": "类别", "next_name": "更名", "renamed_on": "更名日期", "duty_phone": "值班电话", "office_name": "办公室",
    "central_unit_id": "中心校", "merged_into_id": "并入", "office_contact": "办公室联系人",
    "office_phone": "办公室电话", "salutation": "称呼",
}  # fmt: skip


_ROLES = {
    "principal": "校长", "deputy": "联络员", "central": "中心校", "section": "股室负责人", "office": "办公室",
    "director": "局领导", "admin": "管理员",
}  # fmt: skip


def _named(fields: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(_NAMES.get(name, name) for name in fields))


def _apply_unit(store: _Store, plan: UnitPlan) -> None:
    unit = store.units.get(plan.code)
    if unit is None:
        unit = Unit(bureau_id=store.bureau.id, id=new_id(), kind=plan.kind, code=plan.code, name=plan.name)
        _set(unit, _values(plan, unit, store.today))
        store.add(unit)
        store.say(Change.ADDED, plan.name)
        return
    before, closed = unit.name, unit.closed_on
    changed = _set(unit, _values(plan, unit, store.today))
    if unit.closed_on and not closed:
        store.say(Change.ENDED, before, f"{unit.closed_on}起停办")
    elif changed:
        renamed = f"更名为{unit.name};" if unit.name != before else ""
        store.say(Change.CHANGED, before, renamed + _named(changed))


def _values(plan: UnitPlan, unit: Unit, today: date) -> dict[str, object]:
    """The columns of the unit that the file speaks of."""
    basics = plan.basics
    said: dict[str, object] = {
        "township": plan.township, "boarding": plan.boarding, "students": basics.students, "staff": basics.staff,
        "classes": basics.classes, "opened_on": plan.opened_on, "closed_on": plan.closed_on,
    }  # fmt: skip
    values = {name: value for name, value in said.items() if name in plan.says}
    if plan.kind == "school" and (plan.stages and ("stages" in plan.says or not unit.stages)):
        values["stages"] = ",".join(plan.stages)
    return values | _contact(plan) | _naming(plan, unit, today) | {"kind": plan.kind}


def _contact(plan: UnitPlan) -> dict[str, object]:
    """Whom to call there: the first person named, at the unit's own number if it has one."""
    if "principal" not in plan.says and "unit_phone" not in plan.says:
        return {}
    first = plan.people[0] if plan.people else None
    return {"contact": first.salutation if first else "", "phone": plan.phone or (first.phone if first else "")}


def _naming(plan: UnitPlan, unit: Unit, today: date) -> dict[str, object]:
    """A new name holds from the day of renaming; until then the unit keeps the old one."""
    if plan.renamed_on and plan.renamed_on > today and unit.name != plan.name:
        return {"next_name": plan.name, "renamed_on": plan.renamed_on}
    return {"name": plan.name, "next_name": "", "renamed_on": plan.renamed_on or unit.renamed_on}


def _apply_references(store: _Store, plan: UnitPlan) -> None:
    unit = store.units[plan.code]
    if "central" in plan.says:
        _refer(store, unit, "central_unit_id", plan.central)
    if "merged_into" in plan.says:
        _refer(store, unit, "merged_into_id", plan.merged_into)


def _refer(store: _Store, unit: Unit, column: str, code: str) -> None:
    other = store.units.get(code)
    wanted = other.id if other else None
    if getattr(unit, column) == wanted:
        return
    setattr(unit, column, wanted)
    if unit.code not in store.fresh:
        store.say(Change.CHANGED, unit.name, f"{_NAMES[column]}:{other.name if other else '无'}")


async def _apply_people(store: _Store, plan: Roster) -> None:
    wanted = _wanted_leaders(plan)
    for unit in plan.units:
        wanted |= _wanted(store, unit)
    holders = {slot: [_person(store, slot[0], person) for person in people] for slot, people in wanted.items()}
    await store.session.flush()
    for slot, people in holders.items():
        _fill(store, slot, people)
    _fill_central(store)
    await store.session.flush()


def _wanted_leaders(plan: Roster) -> dict[Slot, list[PersonPlan]]:
    if not plan.bureau.leaders:
        return {}
    wanted: dict[Slot, list[PersonPlan]] = {(None, Role.DIRECTOR.value): []}
    for person in plan.bureau.leaders:
        for role in person.roles:
            wanted.setdefault((None, role), []).append(person)
    return wanted


_OF_PRINCIPAL = (Role.PRINCIPAL, Role.SECTION, Role.OFFICE, Role.DIRECTOR, Role.ADMIN)


def _wanted(store: _Store, plan: UnitPlan) -> dict[Slot, list[PersonPlan]]:
    """The roles of a unit that the file speaks of; a vacancy is an empty list, silence about deputies is none."""
    unit_id = store.units[plan.code].id
    wanted: dict[Slot, list[PersonPlan]] = {}
    if "principal" in plan.says:
        wanted = {(unit_id, role.value): [] for role in _OF_PRINCIPAL}
    if "deputy" in plan.says:
        wanted[unit_id, Role.DEPUTY.value] = []
    for person in plan.people:
        for role in person.roles:
            wanted.setdefault((unit_id, role), []).append(person)
    return wanted


def _person(store: _Store, unit_id: int | None, plan: PersonPlan) -> Person:
    """The same person: by name in this unit, else by name and number anywhere (moved, or acting for several)."""
    person = store.here.get((unit_id, plan.name)) or store.numbered.get((plan.name, plan.phone))
    if person is None:
        person = Person(bureau_id=store.bureau.id, id=new_id(), name=plan.name)
        store.people[person.id] = person
        store.session.add(person)
    if person.id not in store.seen:
        _set(person, {"salutation": plan.salutation, "phone": plan.phone or person.phone})
        store.seen.add(person.id)
    store.here[unit_id, plan.name] = person
    if plan.phone:
        store.numbered[plan.name, plan.phone] = person
    return person


def _fill(store: _Store, slot: Slot, people: Sequence[Person], quiet: bool = False) -> None:
    """End the roles the roster gave to others, begin those it gives now; what a colleague was handed stays."""
    held = store.held.setdefault(slot, [])
    wanted = {person.id for person in people}
    for membership in [m for m in held if m.given_by is None and m.person_id not in wanted]:
        _end(store, slot, membership, quiet)
    for person_id in dict.fromkeys(person.id for person in people):
        if all(membership.person_id != person_id for membership in held):
            _begin(store, slot, person_id, quiet)


def _begin(store: _Store, slot: Slot, person_id: int, quiet: bool) -> None:
    unit_id, role = slot
    membership = Membership(
        bureau_id=store.bureau.id, id=new_id(), person_id=person_id, unit_id=unit_id, role=role
    )  # fmt: skip
    store.session.add(membership)
    store.held[slot].append(membership)
    if not quiet and not store.is_fresh(unit_id):
        store.say(Change.ADDED, store.name_of(unit_id), f"{_ROLES[role]}{store.people[person_id].name}")


def _end(store: _Store, slot: Slot, membership: Membership, quiet: bool = False) -> None:
    membership.ended_at = store.now
    store.held[slot].remove(membership)
    if not quiet:
        person = store.people[membership.person_id]
        store.say(Change.ENDED, store.name_of(slot[0]), f"{_ROLES[slot[1]]}{person.name}")


def _fill_central(store: _Store) -> None:
    """Whoever heads a central school looks after the schools below it; this comes and goes with the office."""
    central = {unit.central_unit_id for unit in store.units.values() if not _closed(store, unit)}
    for unit in store.units.values():
        heads = store.held.get((unit.id, Role.PRINCIPAL.value), []) if unit.id in central else []
        _fill(store, (unit.id, Role.CENTRAL.value), [store.people[head.person_id] for head in heads], quiet=True)


def _closed(store: _Store, unit: Unit) -> bool:
    return unit.closed_on is not None and unit.closed_on <= store.today


def _settle(store: _Store) -> None:
    for unit in store.units.values():
        if unit.next_name and unit.renamed_on and unit.renamed_on <= store.today:
            store.say(Change.CHANGED, unit.name, f"更名为{unit.next_name}")
            unit.name, unit.next_name = unit.next_name, ""
            store.restless.add(unit.id)
        if _closed(store, unit):
            _leave(store, unit)


def _leave(store: _Store, unit: Unit) -> None:
    """Nobody acts for a closed unit any more, whoever gave the role."""
    for role in Role:
        for membership in list(store.held.get((unit.id, role.value), [])):
            _end(store, (unit.id, role.value), membership)


async def _apply_aliases(store: _Store, plans: Sequence[UnitPlan], tick: Tick) -> None:
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
    store: _Store, unit_id: int, present: Names, wanted: Names, fresh: list[dict[str, object]]
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


async def _present_aliases(store: _Store) -> dict[int, Names]:
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


def _merged_names(store: _Store) -> dict[int, Names]:
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
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text)).lower()
