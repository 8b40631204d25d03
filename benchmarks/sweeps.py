"""The clock's sweeps over 2,000 units, 8 tasks and 12 rounds of each: 192,000 reports, of which 8 rounds run. Bars on
SQLite: planning a rung for everybody who is missing within 300 ms, a sweep with nothing due within 5 ms."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from cli.garbage import stay
from db import migrations
from db.ids import new_id
from db.session import Database, table_of
from db.tables import Account, Fate, Membership, Outbox, Person, Reminder, Report, Role, Round, Task, Unit, UnitKind
from jobs.sweeps import publish_digests, send_reminders, settle_roster, tick
from services.clock import VirtualClock
from services.people import CHANNEL
from services.workplace import Workplace
from tests.cast import HOURS, ROLLOUT, County, add_task, at, make_county

UNITS, TASKS, ROUNDS, TURNS = 2_000, 8, 12, 5
REPORTED = 0.8
FIRST_CHAT = 1_000_001
NOW = at("2026-11-18 09:00")
RUNGS = (
    ("t-3", "2026-11-20 09:00"), ("t-1", "2026-11-24 09:00"), ("due-morning", "2026-11-25 09:00"),
    ("due-afternoon", "2026-11-25 15:00"), ("the office's list", "2026-11-25 17:05"), ("late-1", "2026-11-26 09:00"),
)  # fmt: skip


async def _county(database: Database) -> tuple[County, list[int]]:
    await migrations.migrate(database.engine)
    county = await make_county(database, at("2026-11-16 09:00"))
    for number in range(TASKS - len(county.tasks)):
        await add_task(database, county, f"more{number}", f"清查{number}", ROLLOUT[1:])
    return county, await _schools(database, county)


async def _schools(database: Database, county: County) -> list[int]:
    """As many more that the county has `UNITS`; a principal with a phone for each. Returns their ids."""
    who: dict[str, Any] = {"bureau_id": county.bureau_id}
    ids = [new_id() for _ in range(UNITS - 4)]
    people = [new_id() for _ in ids]
    units = [
        {"id": one, "kind": UnitKind.SCHOOL.value, "code": f"Y{n}", "name": f"第{n}小学", "township": f"{n % 20}镇"}
        for n, one in enumerate(ids)
    ]
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (Unit, [Unit(**who, **one).model_dump() for one in units]),
        (Person, [Person(**who, id=one, name=f"校长{n}", salutation="校长").model_dump()
                  for n, one in enumerate(people)]),
        (Membership, [Membership(**who, id=new_id(), person_id=person, unit_id=unit, role=Role.PRINCIPAL.value)
                      .model_dump() for unit, person in zip(ids, people, strict=True)]),
        (Account, [Account(**who, channel=CHANNEL, external_id=FIRST_CHAT + n, person_id=one, bound_at=NOW)
                   .model_dump() for n, one in enumerate(people)]),
    ]  # fmt: skip
    async with database.write() as session:
        for table, values in rows:
            await session.execute(table_of(table).insert(), values)
    return ids


async def _past(database: Database, county: County) -> None:
    """The eleven rounds before, of every task: closed, most of them reported."""
    async with database.write() as session:
        units = (await session.execute(table_of(Unit).select().where(Unit.kind == "school"))).all()  # type: ignore[arg-type]
        for task_id in county.tasks.values():
            task = await session.get_one(Task, (county.bureau_id, task_id))
            for back in range(1, ROUNDS):
                due = at("2026-10-23 17:00") - timedelta(days=30 * (back - 1))
                await _round(session, task, units, due)


async def _round(session: Any, task: Task, units: Any, due: datetime) -> None:
    round_ = Round(
        bureau_id=task.bureau_id, id=new_id(), task_id=task.id, label=f"{due:%Y年%m月}", questionnaire=[],
        period_from=(due - timedelta(days=30)).date(), period_to=due.date(), open_at=due - timedelta(days=7),
        due_at=due, grace_until=due + timedelta(days=1), lock_at=due + timedelta(days=7),
        issued_at=due - timedelta(days=7), nominal_due=due.date(), occurrence=f"{due:%Y-%m}",
    )  # fmt: skip
    session.add(round_)
    await session.flush()
    told = [n < REPORTED * UNITS for n in range(len(units))]
    await session.execute(table_of(Report).insert(), [
        Report(bureau_id=task.bureau_id, round_id=round_.id, unit_id=unit.id, township=unit.township,
               state="submitted" if said else "pending", first_received_at=due if said else None,
               submitted_at=due if said else None).model_dump()
        for said, unit in zip(told, units, strict=True)
    ])  # fmt: skip
    rungs = ("t-3", "t-1", "due-morning", "due-afternoon", "late-1")
    ledger = [
        {"bureau_id": task.bureau_id, "round_id": round_.id, "unit_id": unit.id, "rung": rung, "effective_due": due,
         "audience": "unit", "state": "skipped" if said else "queued", "reason": "reported" if said else "",
         "planned_at": due}
        for rung in rungs for said, unit in zip(told, units, strict=True)
    ]  # fmt: skip
    await session.execute(table_of(Reminder).insert(), ledger)


Took = tuple[float, float]
"""Milliseconds on the wall and of the processor, which differ where other programs want it too."""


async def _timed(work: Callable[[], Awaitable[object]]) -> Took:
    wall, busy = time.perf_counter(), time.process_time()
    await work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - busy) * 1000


async def _delivered(database: Database, now: datetime) -> None:
    """What was queued has left, as it does within minutes."""
    gone = update(Outbox).where(col(Outbox.fate) == Fate.PENDING.value)
    async with database.write() as session:
        await session.execute(gone.values(fate=Fate.SENT.value, claimed_at=now, sent_at=now))


async def _measure(folder: Path) -> None:
    database = Database(f"sqlite:///{folder}/duban.db")
    county, _ = await _county(database)
    await _past(database, county)
    stay()
    clock = VirtualClock(NOW, speed=0)
    workplace = Workplace(database, clock, county.bureau_id, HOURS)
    _say("rounds open, everybody is prompted, once", [await _timed(lambda: tick(workplace))], None)

    await _delivered(database, clock.now())

    async def sweep(which: Any, *, keep: bool = True) -> None:
        async with database.write() as session:
            await which(session, workplace)
            if not keep:
                await session.rollback()

    for name, when in RUNGS:
        clock.jump_to(at(when))
        taken = [await _timed(lambda: sweep(send_reminders, keep=False)) for _ in range(TURNS)]
        _say(f"planning {name}: 16,000 reports, 2,000 people", taken, 300)
        workplace.planned.clear()
        await sweep(send_reminders)
        await _delivered(database, clock.now())
    clock.jump_to(at("2026-11-26 09:01"))
    await sweep(send_reminders)
    for which in (send_reminders, settle_roster, publish_digests):
        taken = [await _timed(lambda which=which: sweep(which)) for _ in range(TURNS * 3)]
        _say(f"nothing due: {which.__name__}", taken, 5)
    workplace.planned.clear()
    _say("the same, just after a start: send_reminders", [await _timed(lambda: sweep(send_reminders))], None)
    taken = [await _timed(lambda: tick(workplace)) for _ in range(TURNS * 3)]
    _say("nothing due: a whole tick, six sweeps", taken, None)
    await database.close()


def _say(what: str, taken: list[Took], bar: float | None) -> None:
    wall, busy = (statistics.median(one) for one in zip(*taken, strict=True))
    kept = "" if bar is None else f"  (bar {bar:g} ms{'' if wall < bar else ': missed'})"
    print(f"{what:46} {wall:8.1f} ms, processor {busy:8.1f} ms{kept}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder)))


if __name__ == "__main__":
    main()
