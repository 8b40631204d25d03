"""A full run, with everything going wrong that can, leaves nothing in the logs that somebody said, or who it was."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from cli.logs import handler
from db.tables import Inbox, Outbox, Person, Unit
from sandbox import mishap
from services import conversation, rounds
from tests.bot.conftest import Talk
from tests.cast import CLERK, PRINCIPAL, SECOND_PRINCIPAL, County, at
from tests.stage import TOKEN, Stage

SAID = "今天上午组织了地震演练,五百二十名学生参加,用时110秒,隐患没有"
POISON = "西岭演练一百零七人"
Format = Literal["text", "json"]


@pytest.fixture
def logged() -> Iterator[dict[Format, io.StringIO]]:
    """What `duban run` would write, in both formats."""
    streams: dict[Format, io.StringIO] = {"text": io.StringIO(), "json": io.StringIO()}
    handlers = [handler(log_format, stream) for log_format, stream in streams.items()]
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    for writing in handlers:
        root.addHandler(writing)
    yield streams
    root.setLevel(before)
    for writing in handlers:
        root.removeHandler(writing)


def _quoting(real: Any, when: Any, words: str) -> Any:
    """`real`, but where `when` holds it raises an error that quotes what it worked on, as libraries do."""

    async def raising(*args: Any, **named: Any) -> Any:
        if when(*args, **named):
            try:
                int(words)
            except ValueError as problem:
                raise RuntimeError(f"could not read {words!r} of 王建国 0000-6211001 ({TOKEN})") from problem
        return await real(*args, **named)

    return raising


async def _a_day_on_which_everything_breaks(stage: Stage, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    someone, other, clerk = [await talk(user) for user in (PRINCIPAL, SECOND_PRINCIPAL, CLERK)]
    await someone.play(("[1 应急疏散演练]", "请答"), (SAID, "学生520人"), ("[提交]", "已收到"))
    reading = _quoting(conversation.reply, lambda _turn, said, *_: said == POISON, POISON)
    monkeypatch.setattr(conversation, "reply", reading)
    await other.phone.say(POISON)
    for name in ("blocked", "internal", "dropped", "too_long", "login_page", "cannot_parse"):
        stage.server.inject(mishap(name, "sendMessage", chat_id=PRINCIPAL))
        await someone.phone.say("帮助")
    for said in ("人员 西岭", "汇总", "1391234" + "5678"):
        await clerk.do(said)
    await stage.settled()
    monkeypatch.setattr(rounds, "open_due_rounds", _quoting(None, lambda *_: True, "清河镇九年一贯制学校"))
    monkeypatch.setattr("jobs.sweeps.open_due_rounds", rounds.open_due_rounds)
    await stage.tick(at("2026-11-24 09:00"))
    logging.getLogger("any").warning("call of %s by 13912345678", f"https://api/bot{TOKEN}/getMe")


async def test_nothing_said_and_nobody_named(
    stage: Stage, county: County, talk: Talk, logged: dict[Format, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _a_day_on_which_everything_breaks(stage, talk, monkeypatch)
    secrets = await _secrets(stage)
    for log_format, stream in logged.items():
        lines = stream.getvalue().splitlines()
        plain = "\n".join(str(json.loads(line)) for line in lines) if log_format == "json" else "\n".join(lines)
        for needed in ("update_failed", "sweep_failed", "send_failed", "RuntimeError", "ValueError", "<token>"):
            assert needed in plain, f"the day did not leave {needed}"
        for secret in secrets:
            assert secret not in plain, log_format


async def _secrets(stage: Stage) -> list[str]:
    people, units = await stage.rows(Person), await stage.rows(Unit)
    said = [row.raw["message"]["text"] for row in await stage.rows(Inbox) if "text" in row.raw.get("message", {})]
    shown = [str(row.payload.get("text", "")) for row in await stage.rows(Outbox)]
    words = [word for word in [*said, *shown] if len(word) > 2 and not word.startswith("/")]
    named = [row.name for row in [*people, *units]] + [row.phone for row in [*people, *units] if row.phone]
    return [TOKEN, TOKEN.split(":")[1], SAID, POISON, "13912345678", *named, *words]
