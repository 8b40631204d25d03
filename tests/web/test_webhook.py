"""Updates over HTTP: 200 only for what is on disk, and what comes again changes nothing."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
from sqlalchemy import text

from db.tables import Answer, Inbox, Outbox, Report
from sandbox import Fault
from tests.bot.dialogue import Dialogue
from tests.cast import PRINCIPAL, SECOND_PRINCIPAL, County
from tests.stage import SECRET, TOKEN, Stage
from tests.web.conftest import Client, said


async def report(stage: Stage) -> Dialogue:
    someone = Dialogue(stage, stage.phone(PRINCIPAL))
    await someone.phone.start()
    await stage.settled()
    await stage.tick()
    await someone.play(
        ("[1 应急疏散演练]", "请答"), ("[已开展]", "请答:演练日期"), ("11月17日", "请答"), ("1", "请答"),
        ("520", "请答"), ("110", "请答"), ("3/3", "【请核对"), ("[提交]", "✓ 已收到"),
    )  # fmt: skip
    return someone


async def test_a_whole_report_in_both_modes(stage: Stage, county: County) -> None:
    someone = await report(stage)
    assert someone.last.text.startswith("✓ 已收到:清河镇九年一贯制学校 11月应急疏散演练\n11月18日(星期三)09:00,按时。")
    [row] = await stage.rows(Report, Report.state == "submitted")
    assert row.receipt_number == "1118-0001"
    assert {row.key: row.amount for row in await stage.rows(Answer)}["drill_students"] == 520
    assert {row.state for row in await stage.rows(Inbox)} == {"done"}


async def test_the_webhook_is_registered_as_wanted(hooked: Stage) -> None:
    await Dialogue(hooked, hooked.phone(PRINCIPAL)).play(("待办", "没有待报"))
    [call] = hooked.server.calls("setWebhook")
    assert call.params["url"] == f"{hooked.http.url}/webhook/111"
    assert call.params["secret_token"] == SECRET
    allowed = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"]
    assert json.loads(call.params["allowed_updates"]) == allowed
    assert call.params.get("drop_pending_updates") in {None, "false"}
    assert not hooked.server.calls("getUpdates")


async def test_what_waited_while_polling_comes_by_webhook_and_back(hooked: Stage) -> None:
    """A change of mode loses nothing: neither setWebhook nor deleteWebhook drops what waits."""
    from bot.webhook import announce

    bot, phone = hooked.face.bot, hooked.phone(PRINCIPAL)
    await Dialogue(hooked, phone).play(("待办", "没有待报"))
    await announce(bot, None)
    await phone.say("帮助")
    await asyncio.sleep(0.1)
    assert hooked.server.pending_updates(TOKEN) == 1
    await announce(bot, hooked.face.webhook)
    await phone.wait_for("报送很简单")


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "半角"])
async def test_a_wrong_secret_stores_nothing(hooked: Stage, client: Client, secret: str | None) -> None:
    assert await client.post(hooked, said(1, "帮助"), secret) == 403
    assert await hooked.rows(Inbox) == []


async def test_another_bots_path_is_unknown(hooked: Stage, client: Client) -> None:
    async with client.session.post(f"{hooked.http.url}/webhook/222", json=said(1, "帮助")) as response:
        assert response.status == 404
    assert await hooked.rows(Inbox) == []


BAD = [
    b"", b"{", b"[]", b"null", b"1", b'"update_id"', b"{}", b'{"update_id": "1"}', b'{"update_id": true}',
    b'{"update_id": 1.5}', b'{"update_id": 99999999999999999999}', b"\xff\xfe", b"[" * 100_000,
    b'{"update_id": ' + b"9" * 5000 + b"}", b'{"update_id": 1, "message": {"chat": {"id": "x"}}}',
    b'{"update_id": 1, "message": {"chat": 5}}', b'{"update_id": 1, "callback_query": {"id": "1"}}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
async def test_what_is_no_update_is_refused(hooked: Stage, client: Client, body: bytes) -> None:
    assert await client.post(hooked, body) == 400
    assert await hooked.rows(Inbox) == []
    assert await client.post(hooked, said(7, "帮助")) == 200


async def test_a_kind_nobody_knows_is_kept(hooked: Stage, client: Client) -> None:
    assert await client.post(hooked, {"update_id": 5, "poll_of_the_future": {"id": "1"}}) == 200
    await hooked.settled()
    assert [(row.chat_id, row.state) for row in await hooked.rows(Inbox)] == [(0, "done")]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_above_the_cap(hooked: Stage, client: Client, chunked: bool) -> None:
    big = json.dumps(said(1, "x" * (1 << 20))).encode()

    async def pieces():
        for start in range(0, len(big), 1 << 16):
            yield big[start : start + (1 << 16)]

    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    body = pieces() if chunked else io.BytesIO(big)
    async with client.session.post(f"{hooked.http.url}/webhook/111", data=body, headers=headers) as response:
        assert response.status == 413
    assert await hooked.rows(Inbox) == []
    assert await client.post(hooked, said(2, "x" * (1 << 19))) == 200


async def test_the_same_update_twice_at_once_and_minutes_later(hooked: Stage, client: Client) -> None:
    someone = await report(hooked)
    before = len(someone.phone.received), len(await hooked.rows(Outbox)), len(await hooked.rows(Inbox))
    bot = hooked.server.world.bot(TOKEN)
    for one in list(hooked.server.postings()):
        hooked.clock.jump_to(hooked.clock.now().replace(minute=hooked.clock.now().minute + 1))
        assert await hooked.server.webhooks.again(bot, one.update_id, times=2) == ["", ""]
    await hooked.settled()
    after = len(someone.phone.received), len(await hooked.rows(Outbox)), len(await hooked.rows(Inbox))
    assert after == before
    assert await asyncio.gather(*(client.post(hooked, said(77, "帮助")) for _ in range(8))) == [200] * 8
    await hooked.settled()
    assert len(await hooked.rows(Inbox)) == before[2] + 1
    assert sum("报送很简单" in shown for shown in someone.phone.texts) == 1


async def test_a_lost_answer_is_applied_once(hooked: Stage) -> None:
    someone = Dialogue(hooked, hooked.phone(PRINCIPAL))
    await someone.play(("待办", "没有待报"))
    hooked.server.inject(Fault("lost", "webhook", times=2))
    await someone.play(("帮助", "报送很简单"))
    assert len(hooked.server.postings()) == 4
    assert len(await hooked.rows(Inbox)) == 2
    assert sum("报送很简单" in shown for shown in someone.phone.texts) == 1


async def test_a_store_that_is_down_is_told_503_and_served_later(
    hooked: Stage, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    someone = await report(hooked)
    with caplog.at_level(logging.CRITICAL):
        async with hooked.database.write() as session:
            await session.execute(text("ALTER TABLE inbox RENAME TO hidden"))
        await someone.phone.say("帮助")
        other = hooked.phone(SECOND_PRINCIPAL)
        await other.start()
        async with asyncio.timeout(10):
            while len([one for one in hooked.server.postings() if one.status == 503]) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        status, shown = await client.json(hooked, "/health/ready")
        assert (status, shown["problems"]) == (503, ["the store cannot be reached"])
        assert (await client.json(hooked, "/health"))[0] == 200
        assert (await client.metrics(hooked))["duban_store_up"] == 0
        async with hooked.database.write() as session:
            await session.execute(text("ALTER TABLE hidden RENAME TO inbox"))
        await other.wait_for("刘校长", 10)
        await someone.phone.wait_for("报送很简单", 10)
        await hooked.settled()
    assert sum("报送很简单" in shown for shown in someone.phone.texts) == 1
    assert {row.state for row in await hooked.rows(Inbox)} == {"done"}
    assert (await client.json(hooked, "/health/ready"))[0] == 200


async def test_many_at_once_share_few_commits(hooked: Stage, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from services import admission

    commits, real = [], admission.accept

    async def counted(session: object, bureau_id: int, updates: list, *when: object) -> int:
        commits.append(len(updates))
        return await real(session, bureau_id, updates, *when)  # type: ignore[arg-type]

    monkeypatch.setattr(admission, "accept", counted)
    posts = (client.post(hooked, said(1000 + n, "帮助", 5000 + n)) for n in range(60))
    assert await asyncio.gather(*posts) == [200] * 60
    assert sum(commits) == 60
    assert len(commits) < 40
    await hooked.settled()
    assert len(await hooked.rows(Inbox, Inbox.state == "done")) == 60


async def test_one_that_cannot_be_kept_stops_no_other(
    hooked: Stage, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from services import admission

    real = admission.accept

    async def picky(session: object, bureau_id: int, updates: list, *when: object) -> int:
        if any(update["update_id"] == 1003 for update in updates):
            raise ValueError("no such thing")
        return await real(session, bureau_id, updates, *when)  # type: ignore[arg-type]

    monkeypatch.setattr(admission, "accept", picky)
    with caplog.at_level(logging.CRITICAL):
        answers = await asyncio.gather(*(client.post(hooked, said(1000 + n, "帮助", 5000 + n)) for n in range(8)))
    assert answers == [200, 200, 200, 503, 200, 200, 200, 200]
    await hooked.settled()


async def test_a_removed_webhook_is_set_again_and_a_foreign_one_ends_us(
    hooked: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from telegram.error import Conflict

    from bot import webhook

    bot, ours = hooked.face.bot, hooked.face.webhook
    assert ours is not None
    await Dialogue(hooked, hooked.phone(PRINCIPAL)).play(("待办", "没有待报"))
    async with asyncio.timeout(5):
        while hooked.workplace.vitals.waiting is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)  # the face itself has looked, and sleeps for a minute
    await bot.delete_webhook()
    nursery = hooked.workplace.nursery
    with caplog.at_level(logging.CRITICAL):
        looking = nursery.start(webhook.look_after(bot, ours, hooked.workplace), "look")
        async with asyncio.timeout(5):
            while (await bot.get_webhook_info()).url != ours.url:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await bot.set_webhook("http://127.0.0.1:9/elsewhere")
        with pytest.raises(Conflict):
            await looking
