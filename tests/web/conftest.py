from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from db.session import Database
from tests.cast import County, at
from tests.conftest import Found
from tests.stage import SECRET, Stage, on_stage
from web.webhook import SECRET_HEADER


@pytest.fixture
async def county(sqlite: Database, founded: Found) -> County:
    return await founded(sqlite)


@pytest.fixture(params=["polling", "webhook"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def stage(sqlite: Database, county: County, mode: str) -> AsyncIterator[Stage]:
    """Both ways in which updates come; take `hooked` for what only the webhook has."""
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00"), webhook=mode == "webhook") as made:
        yield made


@pytest.fixture
async def hooked(sqlite: Database, county: County) -> AsyncIterator[Stage]:
    async with on_stage(sqlite, county.bureau_id, at("2026-11-18 09:00"), webhook=True) as made:
        yield made


class Client:
    """Somebody who calls the HTTP face by hand."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def post(self, stage: Stage, body: object, secret: str | None = SECRET) -> int:
        """The status; `body` is sent as it is when it is bytes."""
        headers = {"Content-Type": "application/json"} | ({SECRET_HEADER: secret} if secret is not None else {})
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.session.post(f"{stage.http.url}/webhook/111", headers=headers, **sent) as response:  # type: ignore[arg-type]
            await response.read()
            return response.status

    async def json(self, stage: Stage, path: str) -> tuple[int, dict]:
        async with self.session.get(stage.http.url + path) as response:
            return response.status, await response.json()

    async def metrics(self, stage: Stage) -> dict[str, float]:
        async with self.session.get(f"{stage.http.url}/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            lines = (await response.text()).splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session)


def said(update_id: int, text: str, chat_id: int = 101) -> dict:
    """An update as Telegram posts it."""
    who = {"id": chat_id, "first_name": "王建国"}
    message = {"message_id": update_id, "date": 1_800_000_000, "text": text, "from": {**who, "is_bot": False}}
    return {"update_id": update_id, "message": {**message, "chat": {**who, "type": "private"}}}
