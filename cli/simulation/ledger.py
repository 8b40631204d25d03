"""What a simulated span left behind: the summary, and every message that the bot began as a row of a table."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.session import Database
from db.tables import Extension, Fate, Inbox, Lane, Membership, Outbox, Person, Report, Round, Task, Unit
from domain.progress import Bounds, State, Timeliness, timeliness

HEADER = (
    "queued_at", "sent_at", "local_time", "kind", "rung", "person", "role", "unit", "reports", "due_at", "outcome"
)  # fmt: skip


async def write_ledger(database: Database, zone: ZoneInfo, path: Path) -> int:
    """One row for each message that nobody had asked for, the oldest first; returns how many.

    `reports` are `round_id/unit_id` as the store has them, `rung` and `due_at` stand beside them in the same order.
    """
    async with database.read() as session:
        book = await _book(session)
        statement = select(Outbox).where(col(Outbox.rank) != Lane.REPLY.rank)
        rows = (await session.execute(statement.order_by(col(Outbox.queued_at), col(Outbox.id)))).scalars().all()
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(HEADER)
        table.writerows(_row(row, book, zone) for row in rows)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Book:
    """Whom and what the ids stand for."""

    names: Mapping[int, str]
    roles: Mapping[int, Sequence[str]]
    units: Mapping[int, Sequence[str]]
    dues: Mapping[int, datetime]
    extended: Mapping[tuple[int, int], datetime]

    def due(self, key: tuple[int, int]) -> datetime:
        return self.extended.get(key, self.dues[key[0]])


async def _book(session: AsyncSession) -> _Book:
    people = (await session.execute(select(col(Person.id), col(Person.name)))).all()
    held = select(col(Membership.person_id), col(Membership.role), col(Unit.name)).outerjoin(
        Unit, and_(col(Unit.bureau_id) == Membership.bureau_id, col(Unit.id) == Membership.unit_id)
    )
    roles: dict[int, list[str]] = {}
    units: dict[int, list[str]] = {}
    for person_id, role, unit in (await session.execute(held.order_by(col(Membership.id)))).all():
        roles.setdefault(person_id, []).append(role)
        units.setdefault(person_id, []).extend([unit] if unit else [])
    dues = (await session.execute(select(col(Round.id), col(Round.due_at)))).all()
    moved = (await session.execute(select(Extension))).scalars().all()
    extended = {(one.round_id, one.unit_id): one.due_at for one in moved}
    return _Book({one: name for one, name in people}, roles, units, {one: due for one, due in dues}, extended)


def _row(row: Outbox, book: _Book, zone: ZoneInfo) -> Iterator[str]:
    person = row.person_id or 0
    keys = _keys(row.payload)
    rungs = _rungs(row.payload, len(keys))
    yield row.queued_at.isoformat()
    yield row.sent_at.isoformat() if row.sent_at else ""
    yield row.sent_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if row.sent_at else ""
    yield row.kind
    yield ";".join(rungs)
    yield book.names.get(person, "")
    yield ";".join(dict.fromkeys(book.roles.get(person, ())))
    yield ";".join(dict.fromkeys(book.units.get(person, ())))
    yield ";".join(f"{round_id}/{unit_id}" for round_id, unit_id in keys)
    yield ";".join(book.due(key).isoformat() for key in keys)
    yield row.fate


def _rungs(payload: Mapping[str, Any], count: int) -> list[str]:
    """One for each report; what has just opened stands on none."""
    reminded = (
        list(payload.get("rungs", ())) or [str(payload["rung"])] * len(payload.get("reports", ()))
        if "rung" in payload
        else []
    )
    return [*reminded, *["opened"] * (count - len(reminded))] if reminded else []


def _keys(payload: Mapping[str, Any]) -> list[tuple[int, int]]:
    """The reports a message speaks of; as they stood when it was sent."""
    if "report" in payload:
        return [_pair(payload["report"])]
    asked = [question["report"] for question in payload.get("questions", ())]
    return [_pair(key) for key in [*payload.get("reports", ()), *payload.get("opened", ()), *asked]]


def _pair(key: Sequence[Any]) -> tuple[int, int]:
    return int(key[0]), int(key[1])


REPORTS = (
    "report", "task", "round", "unit", "open_at", "due_at", "grace_until", "lock_at", "first_received_at", "state",
    "timeliness",
)  # fmt: skip


async def write_reports(database: Database, path: Path, now: datetime) -> int:
    """One row for each report as it stands at `now`, with its own instants; returns how many."""
    async with database.read() as session:
        statement = _STANDING.order_by(col(Round.due_at), col(Task.position), col(Unit.code))
        rows = (await session.execute(statement)).all()
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(REPORTS)
        table.writerows(_reported(*row, now=now) for row in rows)
    return len(rows)


def _reported(
    report: Report, round_: Round, extension: Extension | None, task: Task, unit: Unit, *, now: datetime
) -> Iterator[str]:
    due = extension.due_at if extension else round_.due_at
    received = report.first_received_at
    yield f"{report.round_id}/{report.unit_id}"
    yield task.key
    yield round_.label
    yield unit.name
    yield from (at.isoformat() for at in (round_.open_at, due, max(round_.grace_until, due), round_.lock_at))
    yield received.isoformat() if received else ""
    yield report.state
    yield _standing(report, round_, extension, now).value


@dataclass(frozen=True, slots=True)
class Summary:
    """Reports by timeliness, messages by kind and fate; `updates` by how they ended."""

    reports: Counter[Timeliness]
    messages: Counter[tuple[str, str]]
    updates: Counter[str]

    @property
    def lines(self) -> list[str]:
        total = sum(self.reports.values())
        ended = " + ".join(f"{state} {n}" for state, n in sorted(self.updates.items()))
        by_time = " + ".join(f"{one.value} {self.reports[one]}" for one in Timeliness)
        fates = [fate.value for fate in Fate if any(fate.value == known for _, known in self.messages)]
        kinds = sorted({kind for kind, _ in self.messages})
        width = max((len(kind) for kind in kinds), default=0)
        rows = [f"  {kind:{width}}" + "".join(f"{n:>12}" for n in self._of(kind, fates)) for kind in kinds]
        sums = [sum(self.messages[kind, fate] for kind in kinds) for fate in fates]
        return [
            f"reports {total} = {by_time}",
            f"updates {sum(self.updates.values())} = {ended}",
            f"messages {sum(sums)}, by kind and fate:",
            f"  {'':{width}}" + "".join(f"{name:>12}" for name in [*fates, "in all"]),
            *rows,
            f"  {'in all':{width}}" + "".join(f"{n:>12}" for n in [*sums, sum(sums)]),
        ]

    def _of(self, kind: str, fates: Sequence[str]) -> list[int]:
        counts = [self.messages[kind, fate] for fate in fates]
        return [*counts, sum(counts)]


async def summarise(database: Database, now: datetime) -> Summary:
    """As of `now`, the end of the span."""
    async with database.read() as session:
        messages = await session.execute(
            select(col(Outbox.kind), col(Outbox.fate), func.count()).group_by("kind", "fate")
        )
        updates = await session.execute(select(col(Inbox.state), func.count()).group_by(col(Inbox.state)))
        found = Summary(
            await _by_time(session, now),
            Counter({(kind, fate): n for kind, fate, n in messages.all()}),
            Counter({state: n for state, n in updates.all()}),
        )
    return found


_STANDING = (
    select(Report, Round, Extension, Task, Unit)
    .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
    .join(Task, and_(col(Task.bureau_id) == Round.bureau_id, col(Task.id) == Round.task_id))
    .join(Unit, and_(col(Unit.bureau_id) == Report.bureau_id, col(Unit.id) == Report.unit_id))
    .outerjoin(
        Extension,
        and_(
            col(Extension.bureau_id) == Report.bureau_id,
            col(Extension.round_id) == Report.round_id,
            col(Extension.unit_id) == Report.unit_id,
        ),
    )
)


async def _by_time(session: AsyncSession, now: datetime) -> Counter[Timeliness]:
    return Counter(_standing(row[0], row[1], row[2], now) for row in (await session.execute(_STANDING)).all())


def _standing(report: Report, round_: Round, extension: Extension | None, now: datetime) -> Timeliness:
    due = extension.due_at if extension else round_.due_at
    grace = max(round_.grace_until, due)
    judged = Bounds(due, grace).or_later(report.due_then, report.grace_then)
    return timeliness(State(report.state), report.first_received_at, judged.due_at, judged.grace_until, now)
