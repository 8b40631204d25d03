"""Ground for killing: the real `duban run` as a process, a county of principals who answer it, and the proof after."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from db.session import Database
from sandbox import ApiCall, BotProfile, Phone, SandboxServer
from services.fates import MAX_RECEIPTS
from tests.cast import STOCK, add_schools, add_task, at, make_county
from tests.e2e.forks import Fork, Forks
from tests.stage import SECRET, TOKEN

Process = asyncio.subprocess.Process | Fork
COMMAND = [sys.executable, "-c", "from cli.main import main; main()", "run"]
FIRST_CHAT = 5000
WORDS = "班班通11/14个班,故障2台"
REPEATED = "【重发】"
RUNNING = "Duban is running"
HELD = "(nag AND fate = 'pending' AND not_before IS NOT NULL)"
"""Kept for the next office hours."""


@dataclass(slots=True)
class Principal:
    """Says one sentence, confirms what is read back, and waits for the receipt."""

    phone: Phone
    said: bool = False
    confirmed: bool = False
    _seen: int = 0

    @property
    def has_receipt(self) -> bool:
        return self.confirmed and any("✓ 已收到" in shown.text for shown in self.phone.newest())

    async def act(self) -> bool:
        """Look at the phone and do what it asks for; was anything done?"""
        if self.confirmed or self.phone.chat.rev == self._seen:
            return False
        self._seen = self.phone.chat.rev
        if not any("【请核对" in shown.text and "提交" in shown.buttons for shown in self.phone.newest()):
            return False
        await self.phone.press("提交")
        self.confirmed = True
        return True

    async def begin(self) -> None:
        await self.phone.say(WORDS)
        self.said = True

    async def confirm_unseen(self) -> None:
        """The card did not come: a message of unknown fate is not sent twice. He types what its button says."""
        await self.phone.say("提交")
        self.confirmed = True


@dataclass(slots=True)
class Ground:
    server: SandboxServer
    folder: Path
    principals: list[Principal]
    began: datetime
    acts: int = 0
    retyped: int = 0
    unreadable: int = 0
    before: Callable[[], None] | None = None
    """Called in a new process before it is `duban`."""
    more: dict[str, str] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)
    _forks: Forks = field(default_factory=Forks)
    _running: list[Process] = field(default_factory=list)

    # the process

    def now(self) -> datetime:
        return self.began + timedelta(seconds=time.monotonic() - self._since)

    def jump(self, to: datetime) -> None:
        """The clock of the next start."""
        self.began, self._since = to, time.monotonic()

    async def start(self, **more: str) -> Process:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
        given = clean | {
            "DUBAN_TELEGRAM_TOKEN": TOKEN, "DUBAN_TELEGRAM_API_URL": self.server.url,
            "DUBAN_DATABASE_URL": f"sqlite:///{self.folder}/duban.db", "DUBAN_DATA_DIR": str(self.folder / "data"),
            "DUBAN_CLOCK": self.now().isoformat(), "DUBAN_HTTP_PORT": "0", "DUBAN_LIMIT_PER_SECOND": "1000",
            "DUBAN_LIMIT_CHAT_INTERVAL": "0", **self.more, **more,
        }  # fmt: skip
        process = await (self._forks.start(given, self.folder, self.folder / "log") if self.before is None else
                         self._whole(given))  # fmt: skip
        self._running.append(process)
        return process

    async def _whole(self, env: dict[str, str]) -> asyncio.subprocess.Process:
        with (self.folder / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *COMMAND, env=env, cwd=self.folder, stdout=log, stderr=log, preexec_fn=self.before
            )

    async def ready(self, **more: str) -> Process:
        """As soon as it says that it is running."""
        before = self.log.count(RUNNING)
        process = await self.start(**more)
        async with asyncio.timeout(120):
            while self.log.count(RUNNING) == before:
                assert process.returncode is None, self.log[-3000:]
                await asyncio.sleep(0.01)
        return process

    async def ended(self, process: Process, seconds: float = 40) -> int:
        try:
            async with asyncio.timeout(seconds):
                return await process.wait()
        except TimeoutError:
            raise AssertionError(f"still running after {seconds:g} s\n{self.log[-3000:]}") from None

    async def die_at(self, where: str) -> None:
        """Run until the process passes that point."""
        code = await self.ended(await self.start(DUBAN_CRASH_AT=where))
        assert code == -9, f"{where}: {code}\n{self.log[-3000:]}"

    async def die_after(self, seconds: float, *, ready: bool = True) -> None:
        """So many seconds after it began to work, or to start."""
        process = await (self.ready() if ready else self.start())
        await asyncio.sleep(seconds)
        assert process.returncode is None, self.log[-3000:]
        await self.kill(process)

    async def kill(self, process: Process) -> None:
        process.kill()
        await process.wait()

    async def close(self) -> None:
        for process in self._running:
            if process.returncode is None:
                await self.kill(process)
        await self._forks.close()

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    # the people

    async def ask_for_a_photo(self, phone: Phone) -> None:
        """As far as the question; the photo comes later."""
        process = await self.start()
        await self.settled()
        await phone.say("待办")
        await phone.wait_for("待报", 20)
        await phone.press("3 校园环境")
        await phone.wait_for("请答", 20)
        self.acts += 2
        await self.settled()
        await self.kill(process)

    def send_unreadable(self, chat_id: int) -> None:
        """An update no handler can read: worked on five times, then set aside and the person told."""
        message = {"message_id": 1, "date": "never", "chat": {"id": chat_id, "type": "private"}}
        self.server.world.bot(TOKEN).queue.push("message", message)
        self.acts += 1
        self.unreadable += 1

    async def play(self, every: float) -> None:
        """Until cancelled: every so many seconds another principal begins, and all answer what they are shown."""
        waiting = iter(self.principals)
        while not self.rows("SELECT 1 FROM round LIMIT 1"):  # noqa: ASYNC110 - who answers before owes nothing
            await asyncio.sleep(0.05)
        next_at = time.monotonic()
        while True:
            if time.monotonic() >= next_at and (one := next(waiting, None)) is not None:
                next_at += every
                if not one.said:
                    await one.begin()
                    self.acts += 1
            for one in self.principals:
                if one.said:
                    self.acts += await one.act()
            await asyncio.sleep(0.01)

    async def finish(self, seconds: float = 60) -> None:
        """Everybody has a receipt: who has begun and was never shown a card, because its fate is unknown, retypes."""
        await self.settled(seconds)
        for one in self.principals:
            if one.said and not one.confirmed:
                await one.confirm_unseen()
                self.acts += 1
                self.retyped += 1
        await self.settled(seconds)

    async def settled(self, seconds: float = 60) -> None:
        """Until nothing waits, twice in a row: people have looked at their phones in between."""
        calm = 0
        try:
            async with asyncio.timeout(seconds):
                while calm < 3:
                    await asyncio.sleep(0.05)
                    calm = 0 if self._waits() else calm + 1
        except TimeoutError:
            raise AssertionError(f"not settled: {self._waits()}\n{self.log[-3000:]}") from None

    def _waits(self) -> list[Any]:
        if pending := self.server.pending_updates(TOKEN):
            return [pending]
        if not self.rows("SELECT 1 FROM round LIMIT 1"):
            return ["the round is still to be opened"]  # who answers before that owes nothing
        return [
            *self.rows("SELECT update_id, attempts FROM inbox WHERE state = 'pending' LIMIT 5"),
            *self.rows(f"SELECT kind, fate FROM outbox WHERE fate IN ('pending', 'sending') AND NOT {HELD} LIMIT 5"),
            *self.rows("SELECT id, error FROM evidence WHERE state = 'pending' LIMIT 5"),
        ]

    # the record

    def rows(self, statement: str) -> list[Any]:
        """Committed rows, over a connection of their own that is closed again: nothing of ours survives a kill."""
        with closing(sqlite3.connect(self.folder / "duban.db", timeout=20)) as connection:
            return connection.execute(statement).fetchall()

    def change(self, statement: str) -> None:
        """While nobody runs."""
        with closing(sqlite3.connect(self.folder / "duban.db")) as connection, connection:
            connection.execute(statement)

    def sends(self) -> list[ApiCall]:
        """Every message that was really sent, heard of or not."""
        sending = ("sendmessage", "sendphoto", "senddocument")
        return [call for call in self.server.calls() if call.method.lower() in sending and call.code == 200]


@asynccontextmanager
async def on_ground(sqlite: Database, principals: int) -> AsyncIterator[Ground]:
    assert sqlite.path is not None
    now = at("2026-11-18 09:00")
    county = await make_county(sqlite, at("2026-11-16 09:00"))
    await add_schools(sqlite, county, principals, FIRST_CHAT)
    await add_task(sqlite, county, "env", "校园环境", (photo_indicator(),))
    await sqlite.close()
    made: list[Ground] = []
    server = SandboxServer(lambda: made[0].now() if made else now, bots=[BotProfile(TOKEN)])
    await server.start()
    server.webhooks.first_delay = 0.1
    phones = [server.phone(TOKEN, FIRST_CHAT + number) for number in range(principals)]
    for chat_id in (row[0] for row in _rows(sqlite.path, "SELECT external_id FROM account")):
        server.phone(TOKEN, chat_id).chat.started = True
    ground = Ground(server, sqlite.path.parent, [Principal(phone) for phone in phones], now)
    made.append(ground)
    try:
        yield ground
    finally:
        await ground.close()
        await server.stop()


def photo_indicator() -> Any:
    from domain.indicators import Indicator, Kind

    return Indicator("env_photo", "校园环境照片", Kind.PHOTO, STOCK, short="照片")


def _rows(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


@asynccontextmanager
async def played(ground: Ground, every: float = 0.1) -> AsyncIterator[None]:
    """The principals are at work meanwhile."""
    playing = asyncio.get_running_loop().create_task(ground.play(every))
    try:
        yield
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


# ---- the proof


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done and what it cost; `uncertain` messages are at most once by policy, `lost` of them never came."""

    updates: int
    reports: int
    messages: int
    sent_again: int
    edited_again: int
    uncertain: int
    lost: int

    def __str__(self) -> str:
        return ", ".join(f"{name} {getattr(self, name)}" for name in self.__slots__)


def prove(ground: Ground) -> Tally:
    """Everything acknowledged is applied once, everything queued has its fate, and a duplicate bears its mark."""
    updates = _applied_once(ground)
    reports = _submitted_once(ground)
    again = _receipts(ground)
    uncertain, came = _others(ground)
    edits = [call for call in ground.server.calls("editMessageText") if "not modified" in str(call.result)]
    fates = Counter(dict(ground.rows(f"SELECT iif({HELD}, 'held', fate), count(*) FROM outbox GROUP BY 1")))
    assert fates.keys() <= {"sent", "uncertain", "superseded", "cancelled", "held"}, fates
    _nobody_named(ground)
    return Tally(updates, reports, fates.total(), again, len(edits), uncertain, uncertain - came)


def _nobody_named(ground: Ground) -> None:
    """In what the real program logged, with all its ends: no token, telephone, name, nor a word of a report."""
    log = ground.log
    people = ground.rows("SELECT name, phone FROM person") + ground.rows("SELECT name, phone FROM unit")
    secrets = {TOKEN, TOKEN.split(":")[1], WORDS, "班班通", *(text for row in people for text in row if text)}
    assert [one for one in secrets if one in log] == []


def _applied_once(ground: Ground) -> int:
    """What the stand-in was told we have is all there, in a row without gaps, and worked on."""
    assert not ground.server.pending_updates(TOKEN)
    ids = [row[0] for row in ground.rows("SELECT update_id FROM inbox ORDER BY update_id")]
    assert len(ids) == ground.acts
    assert ids == list(range(ids[0], ids[0] + ground.acts))
    states = dict(ground.rows("SELECT state, count(*) FROM inbox GROUP BY state"))
    assert states == {"done": ground.acts - ground.unreadable} | ({"set_aside": n} if (n := ground.unreadable) else {})
    return len(ids)


def _submitted_once(ground: Ground) -> int:
    """Every report that was begun: one draft written and sent, each answer with one revision, one receipt number."""
    begun = {one.phone.user_id for one in ground.principals if one.said}
    submitted = ground.rows(
        "SELECT account.external_id, draft.revision, report.receipt_number FROM report "
        "JOIN draft USING (bureau_id, round_id, unit_id) JOIN membership USING (bureau_id, unit_id) "
        "JOIN account USING (bureau_id, person_id) WHERE report.state = 'submitted'"
    )
    assert {row[0] for row in submitted} == begun
    assert [row[1] for row in submitted] == [2] * len(begun)
    revisions = ground.rows(
        "SELECT count(*), max(version), count(DISTINCT key) FROM answer_revision GROUP BY round_id, unit_id"
    )
    assert revisions == [(2, 1, 2)] * len(begun)
    assert ground.rows("SELECT count(*) FROM answer") == [(2 * len(begun),)]
    numbers = sorted(int(row[2].split("-")[1]) for row in submitted)
    assert numbers == list(range(1, len(begun) + 1))
    return len(begun)


def _receipts(ground: Ground) -> int:
    """Each came, and what came once more says so; how many did."""
    texts: dict[int, list[str]] = {}
    for call in ground.sends():
        if "✓ 已收到" in call.text:
            texts.setdefault(call.chat_id or 0, []).append(call.text)
    begun = {one.phone.user_id for one in ground.principals if one.said}
    assert texts.keys() == begun
    for first, *again in texts.values():
        assert all(text.startswith(REPEATED) for text in again), (first, again)
        assert {text.removeprefix(REPEATED) for text in again} <= {first.removeprefix(REPEATED)}
    assert ground.rows("SELECT count(*) FROM outbox WHERE kind = 'receipt'") == [(len(begun),)]
    unsure = f"SELECT count(*) FROM outbox WHERE kind = 'receipt' AND fate != 'sent' AND attempts < {MAX_RECEIPTS}"
    assert ground.rows(unsure) == [(0,)]
    return sum(len(every) - 1 for every in texts.values())


def _others(ground: Ground) -> tuple[int, int]:
    """All but receipts are sent at most once: what came without our knowing it is not more than what is uncertain.
    Returns the uncertain ones, and how many of them came. Receipts are counted above."""
    known = set(ground.rows("SELECT chat_id, message_id FROM outbox WHERE message_id IS NOT NULL"))
    unknown = Counter(
        call.chat_id
        for call in ground.sends()
        if "✓ 已收到" not in call.text and (call.chat_id, call.result["message_id"]) not in known
    )
    unsure = "SELECT chat_id, count(*) FROM outbox WHERE fate = 'uncertain' AND kind != 'receipt' GROUP BY 1"
    uncertain = Counter(dict(ground.rows(unsure)))
    assert unknown <= uncertain, (unknown, uncertain)
    return uncertain.total(), unknown.total()


def seeds(count: int) -> Iterator[int]:
    """DUBAN_SEED, or others each time."""
    given = os.environ.get("DUBAN_SEED")
    first = int(given) if given else random.SystemRandom().randrange(1 << 30)
    return itertools.islice(itertools.count(first), count)


def webhook_settings(port: int) -> dict[str, str]:
    return {
        "DUBAN_WEBHOOK_URL": f"http://127.0.0.1:{port}", "DUBAN_WEBHOOK_SECRET": SECRET, "DUBAN_HTTP_PORT": str(port)
    }  # fmt: skip
