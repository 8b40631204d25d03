"""`duban run` without its imports: a process makes them once, and forks whenever it is told to.

Each fork is a process of its own with the program's own `main`: it is killed, drained and counted as any other.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

IMPORTED = ("cli.compose", "cli.logs", "db.migrations", "aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite")


@dataclass(slots=True, eq=False)
class Fork:
    """What tests do with a process, as asyncio's own has it."""

    pid: int
    ending: asyncio.Future[int]

    @property
    def returncode(self) -> int | None:
        return self.ending.result() if self.ending.done() else None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        return await asyncio.shield(self.ending)


@dataclass(slots=True)
class Forks:
    _loaded: asyncio.subprocess.Process | None = None
    _last: Fork | None = None
    _waiting: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, env: dict[str, str], folder: Path, log: Path) -> Fork:
        """One at a time."""
        assert self._last is None or self._last.returncode is not None
        pid = int(await self._told(json.dumps({"env": env, "folder": str(folder), "log": str(log)})))
        loop = asyncio.get_running_loop()
        self._last = Fork(pid, loop.create_future())
        task = loop.create_task(self._watch(self._last))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)
        return self._last

    async def _told(self, line: str) -> bytes:
        if self._loaded is None:
            self._loaded = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, cwd=Path(__file__).parents[2],
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        assert self._loaded.stdin is not None
        self._loaded.stdin.write(f"{line}\n".encode())
        return await self._line()

    async def _line(self) -> bytes:
        assert self._loaded is not None
        assert self._loaded.stdout is not None
        return await self._loaded.stdout.readline()

    async def _watch(self, fork: Fork) -> None:
        fork.ending.set_result(int(await self._line()))

    async def close(self) -> None:
        if self._loaded is not None:
            assert self._loaded.stdin is not None
            self._loaded.stdin.close()
            await self._loaded.wait()


def serve() -> None:
    """Of each line a `duban run`; its number and, when it has ended, its exit code are answered."""
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(**json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _become(env: dict[str, str], folder: str, log: str) -> None:
    from cli.main import main

    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    to = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number, over in ((os.open(os.devnull, os.O_RDONLY), 0), (to, 1), (to, 2)):
        os.dup2(number, over)
    sys.argv = ["duban", "run"]
    main()
    sys.exit()


if __name__ == "__main__":
    serve()
