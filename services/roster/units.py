"""The bureau and its units as the roster has them: names by date, basics, central schools, mergers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from db.ids import new_id
from db.tables import Bureau, Unit
from domain.roster import PersonPlan, Roster, UnitPlan
from services.roster.store import Change, Store

_NAMES = {
    "name": "名称", "township": "乡镇", "stages": "学段", "boarding": "寄宿", "students": "学生数", "staff": "教职工数",
    "classes": "教学班数", "phone": "电话", "contact": "联系人", "opened_on": "开办日期", "closed_on": "停办日期",
    "kind": "类别", "next_name": "更名", "renamed_on": "更名日期", "duty_phone": "值班电话", "office_name": "办公室",
    "central_unit_id": "中心校", "merged_into_id": "并入", "office_contact": "办公室联系人",
    "office_phone": "办公室电话", "salutation": "称呼",
    "contact_sharing": "手机号开通",
}  # fmt: skip


def _set(row: Unit | Bureau, values: dict[str, object]) -> list[str]:
    """Set what differs; the names of what did."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def apply_bureau(store: Store, plan: Roster) -> None:
    values: dict[str, object] = {}
    if plan.bureau.name:
        values |= {"name": plan.bureau.name, "duty_phone": plan.bureau.duty_phone}
    if plan.bureau.contact_sharing is not None:
        values["contact_sharing"] = plan.bureau.contact_sharing
    office = _office(plan)
    if office is not None:
        unit, person = office
        values |= {"office_name": unit.name, "office_contact": person.salutation, "office_phone": person.phone}
    if changed := _set(store.bureau, values):
        store.say(Change.CHANGED, store.bureau.name, _named(changed))


def _office(plan: Roster) -> tuple[UnitPlan, PersonPlan] | None:
    found = ((unit, person) for unit in plan.units for person in unit.people if "office" in person.roles)
    return next(found, None)


def _named(fields: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(_NAMES.get(name, name) for name in fields))


def apply_unit(store: Store, plan: UnitPlan) -> None:
    unit = store.units.get(plan.code)
    if unit is None:
        values = _values(plan, None, store.today)
        store.add_unit(Unit(bureau_id=store.bureau.id, id=new_id(), code=plan.code, **values))
        store.say(Change.ADDED, plan.name)
        return
    before, closed = unit.name, unit.closed_on
    changed = _set(unit, _values(plan, unit, store.today))
    if unit.closed_on and not closed:
        store.say(Change.ENDED, before, f"{unit.closed_on}起停办")
    elif changed:
        renamed = f"更名为{unit.name};" if unit.name != before else ""
        store.say(Change.CHANGED, before, renamed + _named(changed))


def _values(plan: UnitPlan, unit: Unit | None, today: date) -> dict[str, Any]:
    """The columns of the unit that the file speaks of."""
    basics = plan.basics
    said: dict[str, object] = {
        "township": plan.township, "boarding": plan.boarding, "students": basics.students, "staff": basics.staff,
        "classes": basics.classes, "opened_on": plan.opened_on, "closed_on": plan.closed_on,
    }  # fmt: skip
    values = {name: value for name, value in said.items() if name in plan.says}
    if plan.kind == "school" and (plan.stages and ("stages" in plan.says or not (unit and unit.stages))):
        values["stages"] = ",".join(plan.stages)
    return values | _contact(plan) | _naming(plan, unit, today) | {"kind": plan.kind}


def _contact(plan: UnitPlan) -> dict[str, object]:
    """Whom to call there: the first person named, at the unit's own number if it has one."""
    if "principal" not in plan.says and "unit_phone" not in plan.says:
        return {}
    first = plan.people[0] if plan.people else None
    return {"contact": first.salutation if first else "", "phone": plan.phone or (first.phone if first else "")}


def _naming(plan: UnitPlan, unit: Unit | None, today: date) -> dict[str, Any]:
    """A new name holds from the day of renaming; until then the unit keeps the old one."""
    if unit is None:
        return {"name": plan.name, "renamed_on": plan.renamed_on}
    if plan.renamed_on and plan.renamed_on > today and unit.name != plan.name:
        return {"next_name": plan.name, "renamed_on": plan.renamed_on}
    return {"name": plan.name, "next_name": "", "renamed_on": plan.renamed_on or unit.renamed_on}


def apply_references(store: Store, plan: UnitPlan) -> None:
    unit = store.units[plan.code]
    if "central" in plan.says:
        _refer(store, unit, "central_unit_id", plan.central)
    if "merged_into" in plan.says:
        _refer(store, unit, "merged_into_id", plan.merged_into)


def _refer(store: Store, unit: Unit, column: str, code: str) -> None:
    other = store.units.get(code)
    wanted = other.id if other else None
    if getattr(unit, column) == wanted:
        return
    setattr(unit, column, wanted)
    if unit.id not in store.fresh:
        store.say(Change.CHANGED, unit.name, f"{_NAMES[column]}:{other.name if other else '无'}")


def settle_names(store: Store) -> None:
    """New names take effect on their day."""
    for unit in store.settling():
        if unit.next_name and unit.renamed_on and unit.renamed_on <= store.today:
            store.say(Change.CHANGED, unit.name, f"更名为{unit.next_name}")
            unit.name, unit.next_name = unit.next_name, ""
            store.restless.add(unit.id)
