from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from db.session import Database
from tests.bot.dialogue import Dialogue
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, TWO_SCHOOLS, County, at
from tests.conftest import Found
from tests.stage import Stage, on_stage

Talk = Callable[[int], Awaitable[Dialogue]]


@pytest.fixture
async def county(sqlite: Database, founded: Found) -> County:
    return await founded(sqlite)


@pytest.fixture
async def stage(sqlite: Database, county: County) -> AsyncIterator[Stage]:
    """18 November 2026, a Wednesday: both November rounds open at 08:30."""
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00")) as made:
        yield made


@pytest.fixture
def talk(stage: Stage) -> Talk:
    """Somebody whose phone knows the bot; both rounds are open and prompted."""

    async def begin(user_id: int) -> Dialogue:
        phone = stage.phone(user_id)
        await phone.start()
        await stage.settled()
        await stage.tick()
        return Dialogue(stage, phone)

    return begin


@pytest.fixture
async def someone(talk: Talk) -> Dialogue:
    return await talk(PRINCIPAL)


@pytest.fixture
async def liu(talk: Talk) -> Dialogue:
    return await talk(SECOND_PRINCIPAL)


@pytest.fixture
async def sun(talk: Talk) -> Dialogue:
    return await talk(TWO_SCHOOLS)


@pytest.fixture
async def clerk(talk: Talk, someone: Dialogue, liu: Dialogue, sun: Dialogue) -> Dialogue:
    return await talk(CLERK)
