"""What else goes wrong around the real `duban run`: disk, store, line and clock; and how it ends when told to."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from db.session import Database
from sandbox import mishap
from services.delivery import AT_ONCE
from services.fates import MAX_RECEIPTS
from tests.e2e.crashes import REPEATED, Ground, Process, on_ground, played, prove
from tests.proxies import Reader, Writer, join
from tests.stage import TOKEN
from tests.web.test_run import a_port

FLOOD = float(os.environ.get("DUBAN_FLOOD_SECONDS", "8"))
RETRY_AFTER = 2
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def ground(sqlite: Database) -> AsyncIterator[Ground]:
    async with on_ground(sqlite, principals=12) as made:
        yield made


async def _all_begin(ground: Ground) -> None:
    for one in ground.principals:
        await one.begin()
        ground.acts += 1


async def _all_submit(ground: Ground) -> None:
    """Everybody has been shown a card and confirms it."""
    async with played(ground), asyncio.timeout(30):
        while not all(one.confirmed for one in ground.principals):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await ground.finish()


async def test_sigterm_ends_within_ten_seconds_with_everything_settled(ground: Ground) -> None:
    """Though Telegram takes a minute to answer."""
    process = await ground.ready()
    await ground.settled()
    slow = ground.server.inject(mishap("slow", "send*", times=-1, delay=60))
    await _all_begin(ground)
    async with asyncio.timeout(20):
        while not ground.rows("SELECT 1 FROM outbox WHERE fate = 'sending'"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert await ground.ended(process) == 0, ground.log
    assert time.monotonic() - began <= 10
    assert ground.rows("SELECT 1 FROM outbox WHERE fate = 'sending'") == []
    assert "Traceback" not in ground.log
    ground.server.line.faults.remove(slow.id)
    await ground.start()
    await ground.finish()
    assert prove(ground).reports == len(ground.principals)


def _space(process: Process, size: int) -> None:
    """No file of that process may grow beyond `size`: what it writes fails, as on a full disk."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


async def test_a_full_disk_holds_up_and_loses_nothing(ground: Ground) -> None:
    process = await ground.ready()
    await ground.settled()
    _space(process, 1)
    await _all_begin(ground)
    await asyncio.sleep(3)  # long enough for every attempt there is
    assert ground.server.pending_updates(TOKEN) == len(ground.principals)
    assert ground.rows("SELECT 1 FROM inbox") == []
    assert process.returncode is None, ground.log
    _space(process, resource.RLIM_INFINITY)
    await _all_submit(ground)
    _space(process, 1)
    await asyncio.sleep(1)
    _space(process, resource.RLIM_INFINITY)
    await ground.settled()
    assert prove(ground).reports == len(ground.principals)


async def test_a_store_locked_by_another_program_is_waited_for(ground: Ground) -> None:
    process = await ground.ready()
    await ground.settled()
    with closing(sqlite3.connect(ground.folder / "duban.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await _all_begin(ground)
        await asyncio.sleep(7)  # longer than a connection of ours waits
        assert ground.server.pending_updates(TOKEN) == len(ground.principals)
        other.execute("ROLLBACK")
    assert process.returncode is None, ground.log
    await _all_submit(ground)
    assert prove(ground).reports == len(ground.principals)


def _obey_permissions() -> None:
    """Also the superuser: without CAP_DAC_OVERRIDE he may write only what others may."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


async def test_a_read_only_store_is_one_clear_line(ground: Ground) -> None:
    ground.before = _obey_permissions
    (ground.folder / "duban.db").chmod(0o444)
    assert await ground.ended(await ground.start()) == 1
    assert ground.log.startswith("duban: the database cannot be used: ")
    assert len(ground.log.splitlines()) == 1


async def test_every_answer_lost(ground: Ground) -> None:
    """Receipts come again, marked, and only so often; everything else new once; edits are repeated."""
    await ground.ready()
    await ground.settled()
    faults = [ground.server.inject(mishap("lost", method, times=-1)) for method in ("send*", "edit*")]
    await _all_begin(ground)
    await _all_submit(ground)
    for fault in faults:
        ground.server.line.faults.remove(fault.id)
    tally = prove(ground)
    assert tally.reports == len(ground.principals)
    assert tally.sent_again == (MAX_RECEIPTS - 1) * len(ground.principals)
    assert tally.lost == 0
    for one in ground.principals:
        receipts = [text for text in one.phone.texts if "✓ 已收到" in text]
        assert sum(text.startswith(REPEATED) for text in receipts) == MAX_RECEIPTS - 1


@dataclass
class Gate:
    """Telegram's address, which can be gone: open connections end, new ones are refused."""

    behind: int
    port: int = field(default_factory=a_port)
    _server: asyncio.Server | None = None
    _open: list[Writer] = field(default_factory=list)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        there = await asyncio.open_connection("127.0.0.1", self.behind)
        self._open += [writer, there[1]]
        with suppress(ConnectionError):
            await join((reader, writer), there)


async def test_telegram_down_for_an_hour(ground: Ground) -> None:
    """By a clock that runs six hundred times as fast: what could not leave leaves afterwards, once, and what was said
    meanwhile is answered."""
    gate = Gate(int(ground.server.url.rsplit(":", 1)[1]))
    await gate.open()
    fast = f"{ground.now().isoformat()}@x600"
    where = f"http://127.0.0.1:{gate.port}"
    slow = {"DUBAN_LIMIT_PER_SECOND": "4", "DUBAN_CLOCK": fast, "DUBAN_TELEGRAM_API_URL": where}
    process = await ground.ready(**slow)
    async with asyncio.timeout(30):
        while not ground.rows("SELECT 1 FROM outbox WHERE fate = 'sent' LIMIT 1"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await gate.shut()
    in_flight = ground.rows("SELECT count(*) FROM outbox WHERE fate = 'sending'")[0][0]
    await _all_begin(ground)
    await asyncio.sleep(6)
    assert process.returncode is None, ground.log
    assert ground.server.pending_updates(TOKEN) == len(ground.principals)
    await gate.open()
    await _all_submit(ground)
    tally = prove(ground)
    assert tally.reports == len(ground.principals)
    assert tally.uncertain <= in_flight
    left = sorted(call.at for call in ground.sends())
    assert min(later - first for first, later in zip(left, left[4:], strict=False)) > timedelta(seconds=0.9), "4/s"
    await ground.kill(process)
    await gate.shut()


@pytest.mark.timeout(240 + FLOOD)
async def test_too_many_requests_for_a_while(ground: Ground) -> None:
    """Prompts that wait, and whatever is called: everything waits as long as it is told, no longer, and nothing is said
    twice or dropped. `make soak` does it for ten minutes."""
    faults = [ground.server.inject(mishap("too_many", "send*", times=-1, retry_after=RETRY_AFTER))]
    await ground.ready()
    faults.append(ground.server.inject(mishap("too_many", "getUpdates", times=-1, retry_after=RETRY_AFTER)))
    await _all_begin(ground)
    await asyncio.sleep(FLOOD)
    for fault in faults:
        ground.server.line.faults.remove(fault.id)
    refused = [call for call in ground.server.calls() if call.code == 429]
    fetches = sum(call.method == "getUpdates" for call in refused)
    assert FLOOD / RETRY_AFTER / 2 <= fetches <= FLOOD / RETRY_AFTER + 2
    sends = len(refused) - fetches  # after each pause as many as go at once
    assert 1 < sends <= AT_ONCE * (FLOOD / RETRY_AFTER + 2)
    await _all_submit(ground)
    tally = prove(ground)
    assert (tally.reports, tally.sent_again, tally.uncertain) == (len(ground.principals), 0, 0)
    said = "SELECT count(*), count(DISTINCT chat_id) FROM outbox WHERE kind = 'prompt'"
    assert ground.rows(said) == [(15, 15)]  # who answered before his prompt could leave gets it later
    print(f"{FLOOD:.0f} s of 429: {fetches} fetches and {sends} messages refused; {tally}")


async def test_a_clock_that_jumps_between_two_starts(ground: Ground) -> None:
    """A day ahead and an hour back: no prompt, reminder or receipt is said again, none is missing."""
    halves = (ground.principals[:6], ground.principals[6:])
    start = ground.now()
    for half, at in zip(halves, (start + timedelta(days=1), start - timedelta(hours=1)), strict=True):
        process = await ground.ready()
        for one in half:
            await one.begin()
            ground.acts += 1
        await ground.settled()
        await ground.kill(process)
        ground.jump(at)
    await ground.ready()
    await _all_submit(ground)
    tally = prove(ground)
    assert (tally.reports, tally.sent_again) == (len(ground.principals), 0)
    said = "SELECT count(*), count(DISTINCT chat_id) FROM outbox WHERE kind = 'prompt'"
    assert ground.rows(said) == [(15, 15)]
