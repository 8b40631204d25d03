"""Outages in the store: noted once, adding up, moving each round once; on either store."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from db.session import Database
from db.tables import DeadlineMove, DigestSnapshot, Extension, Outage, Outbox
from db.tables import Heartbeat as Beat
from jobs.agenda import next_event
from jobs.sweeps import tick
from services import deadlines
from services.heartbeat import Heartbeat
from services.outages import back, caught_up, open_line
from services.workplace import Workplace
from tests.cast import County, at, make_neighbour
from tests.jobs.test_rounds import rows


async def outage(workplace: Workplace, since: str, until: str) -> None:
    workplace.heartbeat = Heartbeat(at=at(since))
    workplace.heartbeat.failed()
    workplace.clock.jump_to(at(until))  # type: ignore[attr-defined]
    await back(workplace)


async def test_short_outages_add_up_and_move_each_round_once(
    database: Database, workplace: Workplace, county: County
) -> None:
    await make_neighbour(database, at("2026-11-16 09:00"))
    await tick(workplace)
    await outage(workplace, "2026-11-25 14:00", "2026-11-25 14:10")
    await caught_up(workplace)
    assert await rows(database, Extension) == []
    await outage(workplace, "2026-11-25 15:00", "2026-11-25 15:06")
    first = {row.due_at for row in await rows(database, Extension)}
    assert first == {at("2026-11-26 12:00")}
    told = len(await rows(database, Outbox, Outbox.kind == "deadlines_moved"))
    assert told == 3
    # the process ends while catching up: the next one finds the same outage, longer
    workplace.heartbeat = Heartbeat()
    await open_line(workplace)
    assert workplace.heartbeat.at == at("2026-11-25 14:10")
    workplace.heartbeat.at = at("2026-11-25 15:00")
    workplace.clock.jump_to(at("2026-11-25 15:30"))  # type: ignore[attr-defined]
    await back(workplace)
    await caught_up(workplace)
    assert {row.until for row in await rows(database, Outage)} == {at("2026-11-25 14:10"), at("2026-11-25 15:30")}
    assert {row.due_at for row in await rows(database, Extension)} == first
    assert len(await rows(database, Outbox, Outbox.kind == "deadlines_moved")) == told
    assert [row.reports for row in await rows(database, DeadlineMove)] == [4, 4]
    assert {row.bureau_id for row in await rows(database, Extension)} == {county.bureau_id}
    [beat] = await rows(database, Beat)
    assert beat.at == at("2026-11-25 15:30")


async def test_a_second_outage_before_the_moved_deadline_moves_it_again(
    database: Database, workplace: Workplace
) -> None:
    await tick(workplace)
    await outage(workplace, "2026-11-25 16:00", "2026-11-25 17:10")
    await caught_up(workplace)
    await outage(workplace, "2026-11-26 09:30", "2026-11-26 10:00")
    extensions = await rows(database, Extension)
    assert {(row.moved_from, row.due_at) for row in extensions} == {(at("2026-11-26 12:00"), at("2026-11-27 12:00"))}


async def test_a_digest_waits_until_what_waited_is_fetched(database: Database, workplace: Workplace) -> None:
    await tick(workplace)
    await outage(workplace, "2026-11-25 16:30", "2026-11-25 18:00")
    await tick(workplace)
    assert await rows(database, DigestSnapshot) == []
    await caught_up(workplace)
    await tick(workplace)
    [digest] = await rows(database, DigestSnapshot)
    assert [one["reports"] for one in digest.snapshot["interruptions"]] == [4, 4]


async def test_the_moved_deadline_has_its_own_digest_and_event(database: Database, workplace: Workplace) -> None:
    await tick(workplace)
    await outage(workplace, "2026-11-25 16:30", "2026-11-25 23:00")
    await caught_up(workplace)
    async with database.read() as session:
        assert await next_event(session, workplace, at("2026-11-26 09:01")) == at("2026-11-26 12:00")
    workplace.clock.jump_to(at("2026-11-26 18:00"))  # type: ignore[attr-defined]
    await tick(workplace)
    [digest] = await rows(database, DigestSnapshot)
    assert digest.occasion.startswith("set:2026-11-26T10:00")
    assert {task["counts"]["missing"] for task in digest.snapshot["tasks"]} == {4}


async def test_what_is_told_at_the_opening_is_an_event(database: Database, workplace: Workplace) -> None:
    await tick(workplace)
    await outage(workplace, "2026-11-27 16:00", "2026-11-28 10:00")
    assert await rows(database, Extension) == []  # due on Wednesday
    await outage(workplace, "2026-11-25 16:00", "2026-11-25 22:00")
    waiting = await rows(database, Outbox, Outbox.kind == "deadlines_moved")
    assert {row.not_before for row in waiting} == {at("2026-11-26 08:30")}
    async with database.read() as session:
        assert await next_event(session, workplace, at("2026-11-26 08:00")) == at("2026-11-26 08:30")


async def test_what_cannot_be_moved_keeps_nobody_out(
    database: Database, workplace: Workplace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A round that fails stops neither the others nor the catching up."""
    real, failed = deadlines._own_dues, []

    async def once_broken(session: Any, round_: Any) -> Any:
        if not failed:
            failed.append(round_.id)
            raise RuntimeError("boom")
        return await real(session, round_)

    await tick(workplace)
    monkeypatch.setattr(deadlines, "_own_dues", once_broken)
    with caplog.at_level(logging.CRITICAL):
        await outage(workplace, "2026-11-25 16:00", "2026-11-25 17:10")
        await caught_up(workplace)
    assert not workplace.heartbeat.catching_up
    assert {row.round_id for row in await rows(database, DeadlineMove)} & set(failed) == set()
    assert len(await rows(database, DeadlineMove)) == 1
    assert len(await rows(database, Outage)) == 1
