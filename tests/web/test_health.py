"""Health and metrics after a report, in both modes; and nothing in them about anybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version

import pytest
from sqlalchemy import text

from db.tables import Outbox
from domain.messages import Say
from domain.phrases import Phrase
from sandbox import Fault
from services import condition
from services.condition import TELEGRAM_SILENT, Watch
from services.outbox import Recipient, queue
from services.vitals import Moment, Vitals
from tests.cast import PRINCIPAL, County, at
from tests.stage import SECRET, TOKEN, Stage
from tests.web.conftest import Client, said
from tests.web.test_webhook import report
from web.server import HttpServer, make_app


async def test_health_after_a_report(stage: Stage, county: County, client: Client, mode: str) -> None:
    await report(stage)
    for path in ("/health", "/health/ready"):
        status, shown = await client.json(stage, path)
        assert (status, shown["status"], shown["problems"]) == (200, "ready", [])
    assert (shown["version"], shown["mode"]) == (version("duban"), mode)
    assert shown["store"] == {"reachable": True, "migrated": True}
    assert shown["inbox"] == {"pending": 0, "set_aside": 0, "oldest_pending_seconds": None}
    outbox = shown["outbox"]
    fates = ("pending", "sending", "sent", "uncertain", "dead", "cancelled", "superseded")
    assert outbox["queued"] == len(await stage.rows(Outbox)) == sum(outbox[fate] for fate in fates)
    assert outbox["sent"] == len(await stage.rows(Outbox, Outbox.fate == "sent")) > 5
    assert (outbox["pending"], outbox["held"], outbox["oldest_pending_seconds"]) == (0, 0, None)
    assert shown["last_successful_telegram_call"]["at"] == "2026-11-18T01:00:00+00:00"
    assert shown["last_successful_telegram_call"]["seconds_ago"] < 60
    assert shown["last_tick"]["seconds_ago"] < 60
    if mode == "polling":
        assert shown["webhook"] is None
    else:
        assert shown["webhook"]["waiting_at_telegram"] in {0, 1}
        assert shown["webhook"]["last_error"] is None


async def test_metrics_after_a_report(stage: Stage, county: County, client: Client, mode: str) -> None:
    await report(stage)
    shown = await client.metrics(stage)
    assert shown[f'duban_info{{version="{version("duban")}",mode="{mode}"}}'] == 1
    assert (shown["duban_ready"], shown["duban_store_up"]) == (1, 1)
    sent = len(await stage.rows(Outbox, Outbox.fate == "sent"))
    assert shown['duban_outbox_messages{fate="sent"}'] == sent
    fates = {name: value for name, value in shown.items() if name.startswith("duban_outbox_messages")}
    assert len(fates) == 7
    assert sum(fates.values()) == len(await stage.rows(Outbox))
    assert shown['duban_inbox_updates{state="pending"}'] == 0
    assert shown['duban_telegram_calls_total{outcome="ok"}'] >= sent
    assert shown["duban_telegram_last_success_age_seconds"] < 60
    assert shown["duban_last_tick_age_seconds"] < 60
    posted = shown.get('duban_webhook_requests_total{status="200"}', 0)
    assert posted == (len(stage.server.postings()) if mode == "webhook" else 0)


async def test_what_waits_is_counted_and_its_age_known(hooked: Stage, county: County, client: Client) -> None:
    await report(hooked)
    to = Recipient(county.bureau_id, PRINCIPAL)
    hooked.face.delivery.pace.rest(None, hooked.clock.monotonic() + 60)
    async with hooked.database.write() as session:
        await queue(session, to, Say(phrase=Phrase.LATER), hooked.clock.now())
        held = await queue(session, to, Say(phrase=Phrase.LATER), hooked.clock.now())
        row = await session.get(Outbox, (county.bureau_id, held))
        assert row is not None
        row.not_before = at("2026-11-19 08:30")
    hooked.clock.jump_to(hooked.clock.now() + timedelta(seconds=90))
    _, shown = await client.json(hooked, "/health")
    assert {name: shown["outbox"][name] for name in ("pending", "held", "oldest_pending_seconds")} == {
        "pending": 2, "held": 1, "oldest_pending_seconds": 90.0,
    }  # fmt: skip
    assert (await client.metrics(hooked))["duban_outbox_oldest_seconds"] == 90


async def test_what_was_refused_is_counted(hooked: Stage, client: Client) -> None:
    await client.post(hooked, said(1, "帮助"), "wrong")
    await client.post(hooked, b"{")
    shown = await client.metrics(hooked)
    assert shown['duban_webhook_requests_total{status="403"}'] == 1
    assert shown['duban_webhook_requests_total{status="400"}'] == 1


async def test_not_ready_while_telegram_is_silent(stage: Stage, client: Client) -> None:
    await report(stage)
    vitals = stage.workplace.vitals
    assert vitals.telegram is not None
    stage.server.inject(Fault("error", "*", times=-1, code=502, description="Bad Gateway"))
    vitals.telegram = Moment(vitals.telegram.at, stage.clock.monotonic() - TELEGRAM_SILENT - 1)
    status, shown = await client.json(stage, "/health/ready")
    assert (status, shown["problems"]) == (503, ["Telegram has not answered for a while"])
    assert (await client.json(stage, "/health"))[0] == 200
    assert (await client.metrics(stage))["duban_ready"] == 0
    stage.server.line.faults.clear()
    await stage.face.bot.get_me()
    assert (await client.json(stage, "/health/ready"))[0] == 200


async def test_not_ready_before_the_first_call(hooked: Stage, client: Client) -> None:
    server = HttpServer(make_app(replace(hooked.workplace, vitals=Vitals())))
    await server.start("127.0.0.1", 0)
    async with client.session.get(f"{server.url}/health/ready") as response:
        assert (response.status, (await response.json())["last_successful_telegram_call"]) == (503, None)
    async with client.session.post(f"{server.url}/webhook/111", json={}) as response:
        assert response.status == 404
    await server.stop()
    await server.stop()


async def test_a_store_that_is_not_migrated_or_hangs(
    hooked: Stage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with hooked.database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    status, shown = await client.json(hooked, "/health/ready")
    assert (status, shown["problems"], shown["outbox"]) == (503, ["the store is not migrated"], None)
    assert "duban_outbox_held" not in await client.metrics(hooked)

    async def never(_engine: object) -> bool:
        await asyncio.sleep(60)
        return True

    monkeypatch.setattr(condition, "PATIENCE", 0.05)
    monkeypatch.setattr(condition.migrations, "is_current", never)
    status, shown = await client.json(hooked, "/health/ready")
    assert (status, shown["problems"]) == (503, ["the store cannot be reached"])


async def test_the_store_is_not_asked_too_often(hooked: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = [], condition.queues

    async def slow(*args: object) -> condition.Queues:
        asked.append(1)
        await asyncio.sleep(0.02)
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(condition, "queues", slow)
    watch = Watch(hooked.workplace, least=0.0)
    await asyncio.gather(*(watch.look() for _ in range(20)))
    assert len(asked) == 1
    await asyncio.sleep(0.1)  # 20 times as long as it took has not passed
    await watch.look()
    assert len(asked) == 1


async def test_nothing_about_anybody(stage: Stage, county: County, client: Client) -> None:
    await report(stage)
    async with client.session.get(f"{stage.http.url}/health") as response:
        shown = await response.text()
    async with client.session.get(f"{stage.http.url}/metrics") as response:
        shown += await response.text()
    for private in ("清河", "王建国", "\\u6e05", "6210001", TOKEN, SECRET, "/webhook/", str(county.bureau_id)):
        assert private not in shown
