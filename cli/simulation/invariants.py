"""What must hold of every span, whatever people did and whenever the line or the program was down.

Fed from the store alone: what was handed over and when, and what was submitted and when; never from what the ladder
thinks it has done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.tables import Extension, Fate, Outage, Outbox, Report, Round
from domain import defaults
from domain.calendar import OfficeHours
from domain.progress import Counts, State, timeliness
from services.nagging import NAGGING

BURST = timedelta(hours=1)
"""So long after the line is good again one message is a catching up, and two are a burst."""

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Nagged:
    """One nagging message that left: when, to whom, of what; `reminded` has the rung beside each report."""

    at: datetime
    person_id: int
    kind: str
    reminded: tuple[tuple[Key, str], ...]


@dataclass(slots=True)
class Invariants:
    """`violations` in words, at most so many that a person reads them."""

    hours: OfficeHours
    outages: Sequence[tuple[datetime, datetime]] = ()
    violations: list[str] = field(default_factory=list)
    checked: int = 0
    """How often the six statuses were summed."""
    _rosters: dict[int, int] = field(default_factory=dict)
    """How many were asked when a round was first seen: the roster is frozen."""

    async def at_tick(self, session: AsyncSession, now: datetime) -> None:
        """The six statuses of each running round sum to its roster."""
        mine = and_(
            col(Extension.bureau_id) == Report.bureau_id, col(Extension.round_id) == Report.round_id,
            col(Extension.unit_id) == Report.unit_id,
        )  # fmt: skip
        statement = (
            select(
                col(Report.round_id), col(Report.state), col(Report.first_received_at), col(Round.due_at),
                col(Round.grace_until), col(Extension.due_at),
            )
            .join(Round, and_(col(Round.bureau_id) == Report.bureau_id, col(Round.id) == Report.round_id))
            .outerjoin(Extension, mine)
            .where(col(Round.open_at) <= now, col(Round.lock_at) > now)
        )  # fmt: skip
        standing: dict[int, list[Counts]] = {}
        for round_id, state, received, due, grace, own in (await session.execute(statement)).all():
            how = timeliness(State(state), received, own or due, max(grace, own or due), now)
            standing.setdefault(round_id, []).append(Counts.of(how))
        for round_id, counts in standing.items():
            found = sum(counts, Counts()).roster
            size = self._rosters.setdefault(round_id, found)
            if found != size:
                self._note(f"{now:%Y-%m-%d %H:%M}: 报告期{round_id}的六种状态合计{found},名单{size}")
        self.checked += 1

    async def at_end(self, session: AsyncSession) -> None:
        nagged = await _nagged(session)
        submitted = {
            (round_id, unit_id): at
            for round_id, unit_id, at in (
                await session.execute(select(col(Report.round_id), col(Report.unit_id), col(Report.submitted_at)))
            ).all()
            if at is not None
        }
        moved = {(one.round_id, one.unit_id) for one in (await session.execute(select(Extension))).scalars()}
        known = [(one.since, one.until) for one in (await session.execute(select(Outage))).scalars()]
        for check in (
            self._hours(nagged), self._cap(nagged), self._after_submission(nagged, submitted),
            self._twice(nagged, moved), self._burst(nagged, [*self.outages, *known]),
        ):  # fmt: skip
            for violation in check:
                self._note(violation)

    def _note(self, violation: str) -> None:
        self.violations.append(violation)

    def _hours(self, nagged: Sequence[Nagged]) -> Iterator[str]:
        for one in nagged:
            if not self.hours.within(one.at):
                yield f"工作时间以外:{self._who(one)}"

    def _cap(self, nagged: Sequence[Nagged]) -> Iterator[str]:
        a_day = Counter((one.person_id, self.hours.local(one.at).date()) for one in nagged)
        for (person, day), count in a_day.items():
            if count > defaults.MOST_A_DAY:
                yield f"一天{count}条:人员{person},{day}"

    def _after_submission(self, nagged: Sequence[Nagged], submitted: dict[Key, datetime]) -> Iterator[str]:
        for one in nagged:
            for key, rung in one.reminded:
                if key in submitted and one.at > submitted[key]:
                    yield f"报送以后还提醒({rung}):{self._who(one)},报送{self.hours.local(submitted[key]):%m-%d %H:%M}"

    def _twice(self, nagged: Sequence[Nagged], moved: set[Key]) -> Iterator[str]:
        """A rung of a report whose deadline was moved stands again."""
        seen = Counter(
            (one.person_id, key, rung) for one in nagged for key, rung in one.reminded
            if key not in moved and rung not in ("again", "chase")
        )  # fmt: skip
        for (person, key, rung), count in seen.items():
            if count > 1:
                yield f"同一级提醒{count}次:人员{person},填报{key},{rung}"

    def _burst(self, nagged: Sequence[Nagged], outages: Sequence[tuple[datetime, datetime]]) -> Iterator[str]:
        for _, until in outages:
            opening = self.hours.next_within(until)
            after = Counter(one.person_id for one in nagged if opening <= one.at < opening + BURST)
            for person, count in after.items():
                if count > 1:
                    yield f"中断后一小时内{count}条:人员{person},{self.hours.local(opening):%Y-%m-%d %H:%M}"

    def _who(self, one: Nagged) -> str:
        return f"人员{one.person_id},{one.kind},{self.hours.local(one.at):%Y-%m-%d %H:%M}"


async def _nagged(session: AsyncSession) -> list[Nagged]:
    left = and_(col(Outbox.kind).in_(NAGGING), col(Outbox.fate).in_([Fate.SENT.value, Fate.UNCERTAIN.value]))
    rows = (await session.execute(select(Outbox).where(left).order_by(col(Outbox.id)))).scalars().all()
    return [
        Nagged(row.sent_at or row.claimed_at or row.queued_at, row.person_id or 0, row.kind, tuple(_reminded(row)))
        for row in rows
    ]


def _reminded(row: Outbox) -> Iterator[tuple[Key, str]]:
    if row.kind != "reminder":
        return
    reports: list[list[str]] = row.payload.get("reports", [])  # type: ignore[assignment]
    rungs: list[str] = row.payload.get("rungs", [])  # type: ignore[assignment]
    for (round_id, unit_id), rung in zip(
        reports, rungs or [str(row.payload.get("rung", ""))] * len(reports), strict=True
    ):
        yield (int(round_id), int(unit_id)), rung
