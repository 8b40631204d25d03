"""The real server's limits, when they are switched on."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram.exceptions import TelegramRetryAfter
from telegram import Bot
from telegram.error import RetryAfter

from sandbox import ApiError, FloodLimits, Phone, PhoneError, SandboxServer

from .cast import PRINCIPAL, TOKEN


@dataclass
class Ticks:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def limits() -> tuple[FloodLimits, Ticks]:
    ticks = Ticks()
    return FloodLimits(on=True, slack=0.0, monotonic=ticks), ticks


def refused(one: FloodLimits, method: str, chat_id: int) -> int:
    """The `retry_after`; 0 when the call may go."""
    try:
        one.check(1, method, chat_id)
    except ApiError as error:
        return int((error.parameters or {})["retry_after"])
    return 0


def test_one_a_second_to_a_chat() -> None:
    one, ticks = limits()
    assert refused(one, "sendMessage", 5) == 0
    ticks.now += 0.4
    assert refused(one, "sendMessage", 5) == 1
    assert refused(one, "sendMessage", 6) == 0
    assert refused(one, "editMessageText", 6) == 0
    ticks.now += 0.7
    assert refused(one, "sendMessage", 5) == 1  # told to be silent for a second, it was not
    ticks.now += 1.0
    assert refused(one, "sendMessage", 5) == 0


def test_thirty_a_second_to_all() -> None:
    one, ticks = limits()
    for chat in range(1, 31):
        ticks.now += 0.01
        assert refused(one, "sendMessage", chat) == 0
    assert refused(one, "sendMessage", 31) == 1
    assert refused(one, "editMessageText", 32) == 1
    assert refused(one, "answerCallbackQuery", 32) == 0
    ticks.now += 1.0
    assert refused(one, "sendMessage", 31) == 0


def test_twenty_a_minute_to_a_group() -> None:
    one, ticks = limits()
    for _ in range(20):
        assert refused(one, "sendMessage", -7) == 0
        ticks.now += 1.0
    assert refused(one, "sendMessage", -7) == 40
    ticks.now += 40
    assert refused(one, "sendMessage", -7) == 0


async def test_both_libraries_are_told(ptb: Bot, aio: AiogramBot, phone: Phone, sandbox: SandboxServer) -> None:
    await ptb.send_message(PRINCIPAL, "一")
    await ptb.send_message(PRINCIPAL, "关着不限")
    sandbox.limits.set({"on": True})
    await ptb.send_message(PRINCIPAL, "二")
    with pytest.raises(RetryAfter) as caught:
        await ptb.send_message(PRINCIPAL, "三")
    assert caught.value.retry_after.total_seconds() == 1
    with pytest.raises(TelegramRetryAfter):
        await aio.send_message(PRINCIPAL, "四")
    assert phone.texts == ["一", "关着不限", "二"]
    assert [call.fate for call in sandbox.calls("sendMessage")][-2:] == ["refused", "refused"]
    other = sandbox.phone(TOKEN, PRINCIPAL + 1)
    await other.start()
    await ptb.send_message(other.user_id, "别人")


async def test_the_switch(sandbox: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{sandbox.url}/control/limits", json={"on": True, "per_second": 3}) as response:
            shown = await response.json()
        async with session.get(f"{sandbox.url}/control/limits") as response:
            assert await response.json() == shown
    assert shown == {"on": True, "per_second": 3, "per_chat_second": 1, "per_group_minute": 20, "slack": 0.1}
    for wrong in ({"on": 1}, {"per_second": -1}, {"speed": 3}, {"monotonic": 3}):
        with pytest.raises(PhoneError):
            sandbox.limits.set(wrong)
