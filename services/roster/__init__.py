"""The roster in the store: read from a file, compared with what is there, applied; nothing is ever doubled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Bureau, Unit
from domain import roster as rules
from domain.roster import Known, Roster
from services.roster.closures import exempt_closed
from services.roster.names import Tick, apply_names, pinyin_key
from services.roster.people import apply_people, settle_people
from services.roster.store import Change, Effect, load, write_people
from services.roster.units import apply_bureau, apply_references, apply_unit, settle_names
from services.spreadsheets import Unreadable, read_tables, write_workbook

__all__ = [
    "Change", "Effect", "apply", "ensure_bureau", "find_bureau", "known_units", "pinyin_key", "read_roster", "settle",
    "template",
]  # fmt: skip


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
    store = await load(session, bureau_id, now)
    apply_bureau(store, plan)
    for unit in plan.units:
        apply_unit(store, unit)
    await session.flush()
    for unit in plan.units:
        apply_references(store, unit)
    apply_people(store, plan)
    settle_names(store)
    settle_people(store)
    await session.flush()
    await exempt_closed(store)
    await apply_names(store, plan.units, tick or (lambda: None))
    await write_people(store)
    return store.effects


async def settle(
    session: AsyncSession, bureau_id: int, now: datetime, left_alone: Collection[int] = ()
) -> list[Effect]:  # fmt: skip
    """What a day brings by itself: new names take effect, a closed unit's people lose their roles there and its reports
    are owed no more. Daily. Nothing happens to the units `left_alone`."""
    store = await load(session, bureau_id, now)
    store.left_alone = left_alone
    settle_names(store)
    settle_people(store)
    await session.flush()
    await exempt_closed(store)
    await apply_names(store, (), lambda: None)
    await write_people(store)
    return store.effects
