"""Golden 30: told to be silent for 35 seconds, the bulk waits, and a reply is the first to go when it may."""

from __future__ import annotations

from datetime import timedelta

from bot.views import render
from db.session import Database
from db.tables import Lane, Outbox
from domain.messages import Say
from domain.phrases import Phrase
from services.clock import VirtualClock
from services.delivery import Delivery
from services.outbox import Recipient, queue, queue_all
from services.rendering import Delivered, Parcel, Result, TryAgain
from services.workplace import Workplace
from tests.cast import HOURS, County, at
from tests.jobs.test_rounds import rows

BULK = range(5000, 5040)
WRITER = 4999


class Hands(VirtualClock):
    """A clock that the test may put forward, its seconds too."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped

    def skip(self, seconds: float) -> None:
        self.skipped += seconds
        self.jump_to(self.now() + timedelta(seconds=seconds))


class Busy:
    """A chat service that refuses its first two calls, for 35 seconds, and keeps what it took and when."""

    def __init__(self, clock: Hands) -> None:
        self.clock = clock
        self.refused: list[float] = []
        self.took: list[tuple[int, float]] = []

    async def __call__(self, parcel: Parcel) -> Result:
        if len(self.refused) < 2:
            self.refused.append(self.clock.monotonic())
            return TryAgain("flood", 35, flood=True)
        self.took.append((parcel.chat_id, self.clock.monotonic()))
        return Delivered(len(self.took))


async def test_golden_30_told_to_wait_35_seconds_bulk_rests_and_replies_go_first(
    database: Database, county: County
) -> None:
    clock = Hands(at("2026-11-24 09:00"), speed=0)
    workplace = Workplace(database, clock, county.bureau_id, HOURS)
    service = Busy(clock)
    delivery = Delivery(workplace, render, service)
    bulk = [(Recipient(county.bureau_id, chat), Say(phrase=Phrase.LATER)) for chat in BULK]
    async with database.write() as session:
        await queue_all(session, bulk, clock.now(), Lane.DIGEST)

    async def turn() -> None:
        delivery.wake()
        await delivery.drain()

    await turn()
    async with database.write() as session:
        await queue(session, Recipient(county.bureau_id, WRITER), Say(phrase=Phrase.LATER), clock.now())
    for _ in range(20):
        clock.skip(2)
        await turn()
    silence = service.refused[-1] + 1, service.refused[-1] + 35  # a second for what was on its way
    assert not [chat for chat, at_ in service.took if silence[0] < at_ < silence[1]]
    later = [chat for chat, at_ in service.took if at_ >= silence[1]]
    assert later[0] == WRITER, "the reply leaves as soon as it may, before all that waits in bulk"
    assert {chat for chat, _ in service.took} == {WRITER, *BULK}
    assert {row.fate for row in await rows(database, Outbox)} == {"sent"}
    await workplace.nursery.cancel()
