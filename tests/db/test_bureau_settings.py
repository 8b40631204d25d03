"""What the roster's row of the bureau turns on, in both stores."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from db.session import Database
from db.tables import Bureau
from domain.roster import Roster, Table, read
from services import roster

NOW = datetime.fromisoformat("2026-11-23T09:00:00+08:00")


def plan(**more: str) -> Roster:
    cells = {
        "类别": "教育局",
        "单位名称": "云溪县教育局",
        "单位代码": None,
        "乡镇": None,
        "校长": None,
        "电话": None,
        **more,
    }
    return read([Table("", [list(cells), list(cells.values())])])


async def put(database: Database, found: Roster) -> tuple[bool, str]:
    """The setting after the import, and what the import said of it."""
    assert found.clean, [str(problem) for problem in found.problems]
    async with database.write() as session:
        bureau = await roster.ensure_bureau(session, found)
        effects = await roster.apply(session, bureau.id, found, NOW)
    async with database.read() as session:
        on: bool = (await session.execute(select(Bureau.contact_sharing))).scalar_one()
    return on, "".join(str(effect) for effect in effects if "手机号开通" in str(effect))


async def test_binding_by_a_shared_number_is_off_until_the_roster_says_so(database: Database) -> None:
    on, said = await put(database, plan())
    assert (on, said) == (False, "")
    on, said = await put(database, plan(手机号开通="是"))
    assert on
    assert "手机号开通" in said
    assert await put(database, plan()) == (True, "")  # a file without the column leaves it alone
    assert (await put(database, plan(手机号开通="否")))[0] is False
