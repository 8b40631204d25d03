from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlmodel import col, select

from bot.views import render
from db.session import Database
from db.tables import Draft, Report, Round
from domain.messages import ReportKey
from services.clock import VirtualClock
from services.delivery import Delivery
from services.outbox import Recipient
from services.pace import Limits, Pace
from services.people import actor_of, the_bureau_by_id
from services.rendering import Delivered, Parcel, Result
from services.reporting import Outcome, submit
from services.turn import Turn
from services.workplace import Workplace
from tests.cast import HOURS, County, at
from tests.conftest import Found

Report_ = Callable[..., Awaitable[Outcome]]


@pytest.fixture
async def county(database: Database, founded: Found) -> County:
    return await founded(database)


@pytest.fixture
async def workplace(database: Database, county: County) -> AsyncIterator[Workplace]:
    """Wednesday 18 November 2026, 09:00, no face: what the clock does is seen in the store."""
    made = Workplace(database, VirtualClock(at("2026-11-18 09:00"), speed=0), county.bureau_id, HOURS)
    yield made
    await made.nursery.cancel()


class Post:
    """A chat service that takes everything, and remembers it."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    async def __call__(self, parcel: Parcel) -> Result:
        self.parcels.append(parcel)
        return Delivered(len(self.parcels))

    def to(self, chat_id: int) -> list[str]:
        return [parcel.rendered.text for parcel in self.parcels if parcel.chat_id == chat_id]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def deliver(workplace: Workplace, post: Post) -> Callable[[], Awaitable[None]]:
    """Hand over what may go now."""
    delivery = Delivery(workplace, render, post, Pace(Limits(per_second=10_000, chat_interval=0.0)))

    async def run() -> None:
        delivery.wake()
        await delivery.drain()

    return run


@pytest.fixture
def report(workplace: Workplace, county: County) -> Report_:
    """Report a task of a unit at an instant, as its principal does; `stood` is when the values stood complete."""

    async def given(
        task: str, unit: str, when: str, *, person: str = "王建国", stood: str = "", **values: object
    ) -> Outcome:
        answers = {"bbt": [10, 14], "bbt_fault": 0} if task == "bbt" else _DRILL
        received, shown = at(when), at(stood or when)
        async with workplace.database.write() as session:
            key = await _key(workplace, county, task, unit)
            entries = {name: {"v": value, "words": ""} for name, value in (answers | values).items()}
            draft = Draft(
                bureau_id=county.bureau_id, round_id=key.round_id, unit_id=key.unit_id, revision=1, entries=entries,
                stood_at=shown, changed_at=shown,
            )  # fmt: skip
            await session.merge(draft)
            await session.flush()
            person_id = county.people[person]
            turn = Turn(
                session, await the_bureau_by_id(session, county.bureau_id), HOURS,
                Recipient(county.bureau_id, 1, person_id), received, received, 1,
                await actor_of(session, county.bureau_id, person_id),
            )  # fmt: skip
            return await submit(turn, key, None)

    return given


_DRILL = {
    "drill_done": True, "drill_date": "2026-11-17", "drill_type": "地震", "drill_students": 520, "drill_seconds": "110",
    "hazard": [2, 3],
}  # fmt: skip


async def _key(workplace: Workplace, county: County, task: str, unit: str) -> ReportKey:
    async with workplace.database.read() as session:
        statement = (
            select(Report.round_id, Report.unit_id)
            .join(Round, (col(Round.id) == Report.round_id) & (col(Round.bureau_id) == Report.bureau_id))
            .where(Round.task_id == county.tasks[task], Report.unit_id == county.units[unit])
        )
        return ReportKey(*(await session.exec(statement)).one())
