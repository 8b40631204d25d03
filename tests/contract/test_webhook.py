"""The webhook from the server's side: posted with the secret, in order within a chat, again until it is taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram import Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict
from telegram.ext import Application, MessageHandler, filters

from sandbox import Fault, Phone, PhoneError, SandboxServer, mishap

from .cast import PRINCIPAL, TOKEN
from .conftest import Hands, Raw

HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass
class Hook:
    """A bot's HTTP side: what came, what it answers, and how slowly."""

    url: str = ""
    came: list[dict] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    status: int = 200
    delay: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.came.append(await request.json())
        self.secrets.append(request.headers.get(HEADER))
        try:
            await asyncio.sleep(self.delay)
        finally:
            self.at_once -= 1
        return web.Response(status=self.status)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.came]


async def until(true: object, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def served(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def hook(sandbox: SandboxServer) -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner, url = await served(app)
    made.url = f"{url}/hook"
    sandbox.webhooks.first_delay = 0.02
    yield made
    await runner.cleanup()


async def test_set_info_delete(ptb: Bot, hook: Hook, phone: Phone, hands: Hands) -> None:
    assert await ptb.set_webhook(hook.url, secret_token="s3cret_-", allowed_updates=["message"], max_connections=7)
    info = await ptb.get_webhook_info()
    assert (info.url, info.max_connections, list(info.allowed_updates)) == (hook.url, 7, ["message"])
    await phone.say("一")
    await until(lambda: hook.came)
    assert hook.secrets == ["s3cret_-"]
    with pytest.raises(Conflict, match="webhook is active"):
        await ptb.get_updates()
    assert await ptb.delete_webhook()
    assert (await ptb.get_webhook_info()).url == ""
    await phone.say("二")
    assert [u.message.text for u in await ptb.get_updates()] == ["二"]


async def test_what_the_server_says(raw: Raw, hook: Hook, phone: Phone) -> None:
    told = [(await raw("setWebhook", url=hook.url))["description"] for _ in range(2)]
    told += [(await raw("setWebhook", url=hook.url, secret_token="other"))["description"]]
    told += [(await raw("setWebhook", url=""))["description"], (await raw("deleteWebhook"))["description"]]
    assert told == [
        "Webhook was set", "Webhook is already set", "Webhook was set", "Webhook was deleted",
        "Webhook is already deleted",
    ]  # fmt: skip
    assert (await raw("setWebhook", url="ftp://x"))["error_code"] == 400


async def test_refusals_of_both_libraries(ptb: Bot, aio: AiogramBot, hook: Hook) -> None:
    with pytest.raises(BadRequest, match=r"(?i)an https url must be provided"):
        await ptb.set_webhook("not an address")
    with pytest.raises(TelegramBadRequest, match="secret token contains unallowed characters"):
        await aio.set_webhook(hook.url, secret_token="半角")
    with pytest.raises(TelegramBadRequest, match="too long"):
        await aio.set_webhook(hook.url, secret_token="x" * 257)
    assert (await aio.get_webhook_info()).url == ""
    assert await aio.set_webhook(hook.url, secret_token="x")
    with pytest.raises(TelegramConflictError):
        await aio.get_updates()
    assert await aio.delete_webhook()


async def test_setting_it_ends_a_long_poll(ptb: Bot, hook: Hook, raw: Raw) -> None:
    poll = asyncio.gather(raw("getUpdates", timeout=20))
    await asyncio.sleep(0.05)
    await ptb.set_webhook(hook.url)
    [answer] = await poll
    assert answer["description"] == "Conflict: terminated by setWebhook request"


async def test_what_waited_comes_and_may_be_dropped(ptb: Bot, hook: Hook, phone: Phone) -> None:
    await phone.say("一")
    await ptb.set_webhook(hook.url)
    await until(lambda: hook.texts == ["一"])
    await ptb.delete_webhook()
    await phone.say("二")
    await ptb.set_webhook(hook.url, drop_pending_updates=True)
    await phone.say("三")
    await until(lambda: len(hook.came) == 2)
    assert hook.texts == ["一", "三"]


async def test_in_order_within_a_chat_and_side_by_side(sandbox: SandboxServer, ptb: Bot, hook: Hook) -> None:
    hook.delay = 0.05
    await ptb.set_webhook(hook.url)
    phones = [sandbox.phone(TOKEN, PRINCIPAL + n) for n in range(5)]
    for n in range(4):
        for one in phones:
            await one.say(str(n))
    began = time.monotonic()
    await until(lambda: len(hook.came) == 20 and not hook.at_once)
    assert hook.most_at_once == 5
    assert time.monotonic() - began < 20 * 0.05
    for one in phones:
        mine = [u["message"]["text"] for u in hook.came if u["message"]["chat"]["id"] == one.user_id]
        assert mine == ["0", "1", "2", "3"]


async def test_no_more_connections_than_wanted(sandbox: SandboxServer, ptb: Bot, hook: Hook) -> None:
    hook.delay = 0.02
    await ptb.set_webhook(hook.url, max_connections=2)
    for n in range(6):
        await sandbox.phone(TOKEN, PRINCIPAL + n).say("一")
    await until(lambda: len(hook.came) == 6)
    assert hook.most_at_once == 2


async def test_a_failure_comes_again_and_holds_up_only_its_chat(
    sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone
) -> None:
    sandbox.inject(Fault("error", "webhook", 2, PRINCIPAL, 502, "Bad Gateway"))
    await ptb.set_webhook(hook.url)
    await phone.say("一")
    await phone.say("二")
    await sandbox.phone(TOKEN, PRINCIPAL + 1).say("别人")
    await until(lambda: len(hook.came) == 3)
    assert hook.texts == ["别人", "一", "二"]
    assert [bool(one.problem) for one in sandbox.postings(chat_id=PRINCIPAL)] == [True, True, False, False]
    info = await ptb.get_webhook_info()
    assert (info.last_error_message, info.pending_update_count) == ("Wrong response from the webhook: 502", 0)


async def test_every_way_to_fail_is_tried_again(sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone) -> None:
    hook.status, hook.delay, sandbox.webhooks.timeout = 503, 0.0, 0.1
    await ptb.set_webhook(hook.url)
    await phone.say("一")
    await until(lambda: len(hook.came) == 1)
    hook.status, hook.delay = 200, 1.0
    await until(lambda: sandbox.postings()[-1].problem == "Read timeout expired")
    hook.delay = 0.0
    await until(lambda: sandbox.pending_updates(TOKEN) == 0)
    assert set(hook.texts) == {"一"}
    problems = [one.problem for one in sandbox.postings()]
    assert problems[0] == "Wrong response from the webhook: 503 Service Unavailable"
    assert problems[-1] == ""


async def test_nobody_listens(sandbox: SandboxServer, ptb: Bot, phone: Phone) -> None:
    sandbox.webhooks.first_delay = 0.02
    await ptb.set_webhook("http://127.0.0.1:9/hook")
    await phone.say("一")
    await until(lambda: len(sandbox.postings()) > 1)
    assert (await ptb.get_webhook_info()).last_error_message == "Connection refused"
    assert (await ptb.get_webhook_info()).pending_update_count == 1


@pytest.mark.parametrize(("kind", "came"), [("drop", 1), ("lost", 2), ("latency", 1)])
async def test_faults_on_the_way(
    sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone, kind: str, came: int
) -> None:
    sandbox.inject(Fault(kind, "webhook", delay=0.01))  # type: ignore[arg-type]
    sandbox.inject(Fault("error", "*", times=-1, chat_id=5))
    await ptb.set_webhook(hook.url)
    await phone.say("一")
    await until(lambda: sandbox.pending_updates(TOKEN) == 0)
    assert hook.texts == ["一"] * came


@pytest.mark.parametrize("name", ["internal", "proxy_502", "blocked", "dropped", "lost"])
async def test_named_mishaps_make_it_come_again(
    sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone, name: str
) -> None:
    sandbox.inject(mishap(name, "webhook", times=2, after=1))
    await ptb.set_webhook(hook.url)
    for text in ("一", "二", "三"):
        await phone.say(text)
    await until(lambda: sandbox.pending_updates(TOKEN) == 0)
    assert hook.texts == ["一", *["二"] * (3 if name == "lost" else 1), "三"]
    assert [bool(one.problem) for one in sandbox.postings()] == [False, True, True, False, False]


async def test_an_answer_noticed_late_holds_up_its_chat(
    sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone
) -> None:
    sandbox.inject(mishap("late", "webhook", delay=1))
    await ptb.set_webhook(hook.url)
    began = time.monotonic()
    await phone.say("一")
    await until(lambda: hook.texts == ["一"])
    assert time.monotonic() - began < 1
    await phone.say("二")
    await until(lambda: hook.texts == ["一", "二"])
    assert time.monotonic() - began > 1


async def test_an_old_update_again_and_twice_at_once(
    sandbox: SandboxServer, ptb: Bot, hook: Hook, phone: Phone
) -> None:
    with pytest.raises(PhoneError):
        await sandbox.webhooks.again(sandbox.world.bot(TOKEN))
    await ptb.set_webhook(hook.url)
    await phone.say("一")
    await until(lambda: sandbox.pending_updates(TOKEN) == 0)
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{sandbox.url}/control/redeliver", json={"times": 2}) as response:
            assert await response.json() == ["", ""]
        async with session.get(f"{sandbox.url}/control/postings?after=1") as response:
            assert [one["status"] for one in await response.json()] == [200, 200]
        async with session.get(f"{sandbox.url}/control/webhooks") as response:
            assert [one["url"] for one in await response.json()] == [hook.url, ""]
        patience = {"timeout": 2, "first_delay": 0.5}
        async with session.post(f"{sandbox.url}/control/webhooks", json=patience) as response:
            assert await response.json() == patience
    assert hook.texts == ["一"] * 3


async def test_a_whole_ptb_application_by_webhook(sandbox: SandboxServer, ptb: Bot, phone: Phone) -> None:
    async def greet(update: Update, _context: object) -> None:
        await update.effective_chat.send_message("您好")

    app = Application.builder().token(TOKEN).base_url(sandbox.api_url).updater(None).build()
    app.add_handler(MessageHandler(filters.TEXT, greet))

    async def take(request: web.Request) -> web.Response:
        await app.update_queue.put(Update.de_json(await request.json(), app.bot))
        return web.Response()

    server = web.Application()
    server.router.add_post("/ptb", take)
    runner, url = await served(server)
    async with app:
        await app.start()
        await app.bot.set_webhook(f"{url}/ptb", secret_token="x")
        await phone.say("一")
        await phone.wait_for("您好")
        await app.bot.delete_webhook()
        await app.stop()
    await runner.cleanup()


async def test_a_whole_aiogram_dispatcher_by_webhook(sandbox: SandboxServer, aio: AiogramBot, phone: Phone) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def greet(message: Message) -> None:
        await message.answer("您好")

    app = web.Application()
    SimpleRequestHandler(dispatcher, aio, handle_in_background=False, secret_token="s3cret").register(app, path="/aio")
    runner, url = await served(app)
    sandbox.webhooks.first_delay = 0.02
    await aio.set_webhook(f"{url}/aio", secret_token="wrong")
    await phone.say("一")
    await until(lambda: sandbox.postings() and sandbox.postings()[-1].status == 401)
    await aio.set_webhook(f"{url}/aio", secret_token="s3cret")
    await phone.wait_for("您好")
    await runner.cleanup()
