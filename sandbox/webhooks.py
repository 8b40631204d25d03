"""The other way out: updates posted to a bot's address, again until it answers with 2xx, in order within a chat."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp

from sandbox.errors import ApiError, PhoneError, bad_request
from sandbox.faults import WEBHOOK, FaultPlan
from sandbox.model import Bot, Json
from sandbox.params import Params
from sandbox.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
_TERMINATED = "Conflict: terminated by setWebhook request"
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
MAX_DELAY = 60.0
KEPT_POSTINGS = 10_000


@dataclass
class Webhook:
    url: str
    secret: str = ""
    connections: int = 40
    error_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True)
class Told:
    """A result with the sentence the real server puts beside it."""

    result: bool
    description: str


@dataclass(frozen=True)
class Posting:
    """One POST of one update. `status` is None when no answer came; `problem` is empty when it is delivered."""

    number: int
    bot_id: int
    update_id: int
    chat_id: int
    status: int | None
    problem: str
    at: datetime

    def to_json(self) -> Json:
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass
class Webhooks:
    """All bots' webhooks. `timeout` and `first_delay` are real seconds; the delay doubles at each further attempt."""

    world: World
    faults: FaultPlan
    timeout: float = 60.0
    first_delay: float = 1.0
    postings: deque[Posting] = field(default_factory=lambda: deque(maxlen=KEPT_POSTINGS))
    _set: dict[int, Webhook] = field(default_factory=dict)
    _couriers: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _done: dict[int, deque[Json]] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = None
    _count: int = 0

    def of(self, bot: Bot) -> Webhook | None:
        return self._set.get(bot.profile.id)

    # the methods

    def set(self, bot: Bot, params: Params) -> Told:
        url = params.text("url")
        if not url:
            return self.delete(bot, params)
        wanted = _checked(url, params)
        if params.flag("drop_pending_updates"):
            bot.queue.clear()
        known = self.of(bot)
        if known and (known.url, known.secret, known.connections) == (wanted.url, wanted.secret, wanted.connections):
            return Told(result=True, description="Webhook is already set")
        self._stop(bot)
        bot.queue.end_poll(_TERMINATED)
        self._set[bot.profile.id] = wanted
        courier = Courier(self, bot, wanted).run()
        self._couriers[bot.profile.id] = asyncio.create_task(courier, name=f"webhook {bot.profile.id}")  # noqa: TID251
        return Told(result=True, description="Webhook was set")

    def delete(self, bot: Bot, params: Params) -> Told:
        if params.flag("drop_pending_updates"):
            bot.queue.clear()
        if self._set.pop(bot.profile.id, None) is None:
            return Told(result=True, description="Webhook is already deleted")
        self._stop(bot)
        return Told(result=True, description="Webhook was deleted")

    def info(self, bot: Bot) -> Json:
        hook = self.of(bot)
        info: Json = {"url": hook.url if hook else "", "has_custom_certificate": False}
        info["pending_update_count"] = len(bot.queue)
        if hook:
            info["max_connections"] = hook.connections
        if hook and hook.error_at:
            info |= {"last_error_date": int(hook.error_at.timestamp()), "last_error_message": hook.error}
        return info | ({"allowed_updates": sorted(bot.queue.allowed)} if bot.queue.allowed else {})

    def _stop(self, bot: Bot) -> None:
        if courier := self._couriers.pop(bot.profile.id, None):
            courier.cancel()

    # posting

    async def post(self, bot: Bot, hook: Webhook, update: Json) -> str:
        """One attempt; returns what went wrong, "" when it is delivered."""
        chat_id = chat_of(update)
        fault = self.faults.take(WEBHOOK, chat_id)
        if fault:
            await asyncio.sleep(fault.before)
        if fault and fault.kind in {"drop", "error"}:
            status, problem = (None, "Connection reset by peer") if fault.kind == "drop" else _judged(fault.code, "")
        else:
            status, problem = await self._call(hook, update)
        if fault and fault.kind == "lost":
            status, problem = None, "Read timeout expired"
        if fault:
            await asyncio.sleep(fault.afterwards)
        self._record(bot, update, status, problem)
        if problem:
            hook.error_at, hook.error = self.world.now(), problem
        else:
            self._done.setdefault(bot.profile.id, deque(maxlen=1000)).append(update)
        return problem

    async def _call(self, hook: Webhook, update: Json) -> tuple[int | None, str]:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=False))
        headers = {SECRET_HEADER: hook.secret} if hook.secret else {}
        within = aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with self._session.post(hook.url, json=update, headers=headers, timeout=within) as response:
                return _judged(response.status, response.reason or "")
        except TimeoutError:
            return None, "Read timeout expired"
        except aiohttp.ClientConnectorError:
            return None, "Connection refused"
        except aiohttp.ClientError:
            return None, "Connection reset by peer"

    def _record(self, bot: Bot, update: Json, status: int | None, problem: str) -> None:
        self._count += 1
        told = (update["update_id"], chat_of(update), status, problem, self.world.now())
        self.postings.append(Posting(self._count, bot.profile.id, *told))

    async def again(self, bot: Bot, update_id: int | None = None, times: int = 1) -> list[str]:
        """Posts an update that was delivered before (the last one), `times` at once: the real server does, when it
        missed the answer. Returns what went wrong with each."""
        hook, done = self.of(bot), self._done.get(bot.profile.id, ())
        update = next((u for u in reversed(done) if update_id in {None, u["update_id"]}), None)
        if hook is None or update is None:
            raise PhoneError("no such update was delivered to this bot's webhook")
        return list(await asyncio.gather(*(self.post(bot, hook, update) for _ in range(times))))

    async def close(self) -> None:
        couriers, self._couriers = list(self._couriers.values()), {}
        for courier in couriers:
            courier.cancel()
        await asyncio.gather(*couriers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


@dataclass
class Courier:
    """Takes one bot's updates to its webhook: one at a time of a chat, chats side by side."""

    webhooks: Webhooks
    bot: Bot
    hook: Webhook
    _busy: set[int] = field(default_factory=set)

    async def run(self) -> None:
        queue = self.bot.queue
        async with asyncio.TaskGroup() as group:
            while True:
                for update in self._ready():
                    self._busy.add(chat_of(update))
                    group.create_task(self._deliver(update))
                await queue.changed(1.0)

    def _ready(self) -> list[Json]:
        """The oldest update of every chat that has none on its way, as far as there are connections."""
        room = self.hook.connections - len(self._busy)
        first: dict[int, Json] = {}
        for update in self.bot.queue.waiting():
            if len(first) >= room:
                break
            if (chat_id := chat_of(update)) not in self._busy:
                first.setdefault(chat_id, update)
        return list(first.values())

    async def _deliver(self, update: Json) -> None:
        """Until it is delivered, or dropped from the queue."""
        delay = self.webhooks.first_delay
        while update["update_id"] in self.bot.queue and await self.webhooks.post(self.bot, self.hook, update):
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_DELAY)
        self._busy.discard(chat_of(update))
        self.bot.queue.delivered(update["update_id"])


def chat_of(update: Json) -> int:
    [content] = (value for name, value in update.items() if name != "update_id")
    chat: Json = content.get("chat") or content.get("message", {}).get("chat") or content.get("from") or {"id": 0}
    return int(chat["id"])


def _checked(url: str, params: Params) -> Webhook:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    return Webhook(url, secret, min(max(params.integer("max_connections", 40), 1), 100))


def _judged(status: int, reason: str) -> tuple[int, str]:
    good = 200 <= status < 300
    return status, "" if good else f"Wrong response from the webhook: {status} {reason}".rstrip()


def conflict() -> ApiError:
    return ApiError(409, ACTIVE)
