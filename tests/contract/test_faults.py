"""Every scripted misfortune, as the unmodified python-telegram-bot and aiogram meet it, and what it did meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp
import pytest
from aiogram import Bot as AiogramBot
from aiogram import exceptions as aio_errors
from telegram import Bot
from telegram import error as ptb_errors

from sandbox import MISHAPS, Fault, Phone, PhoneError, SandboxServer, mishap

from .cast import PRINCIPAL, TOKEN
from .conftest import Raw
from .test_control import Control
from .theatre import keys

BAD = (ptb_errors.BadRequest, aio_errors.TelegramBadRequest)
FORBIDDEN = (ptb_errors.Forbidden, aio_errors.TelegramForbiddenError)
SERVER = (ptb_errors.NetworkError, aio_errors.TelegramServerError)
GARBLED = (ptb_errors.NetworkError, aio_errors.ClientDecodeError)
ANSWERED: dict[str, tuple[type[Exception], type[Exception]]] = {
    "too_many": (ptb_errors.RetryAfter, aio_errors.TelegramRetryAfter),
    "blocked": FORBIDDEN, "deactivated": FORBIDDEN, "cannot_initiate": FORBIDDEN, "kicked": FORBIDDEN,
    "kicked_from_supergroup": FORBIDDEN, "not_a_member": FORBIDDEN, "group_deleted": FORBIDDEN,
    "chat_not_found": BAD, "no_rights": BAD, "thread_not_found": BAD, "topic_closed": BAD, "too_long": BAD,
    "cannot_parse": BAD, "reply_not_found": BAD, "not_modified": BAD, "edit_not_found": BAD, "cannot_edit": BAD,
    "delete_not_found": BAD, "query_too_old": BAD, "file_too_big": BAD, "file_unavailable": BAD,
    "upgraded": (ptb_errors.ChatMigrated, aio_errors.TelegramMigrateToChat),
    "unauthorized": (ptb_errors.InvalidToken, aio_errors.TelegramUnauthorizedError),
    "conflict": (ptb_errors.Conflict, aio_errors.TelegramConflictError),
    "internal": SERVER, "bad_gateway": SERVER, "proxy_502": GARBLED, "proxy_504": GARBLED,
    "login_page": (ptb_errors.TelegramError, aio_errors.ClientDecodeError),
    "dropped": (ptb_errors.NetworkError, aio_errors.TelegramNetworkError),
}  # fmt: skip
ELSEWHERE = {"gone", "slow", "late", "lost"}
"""Shown below, each in its own way."""


def test_no_mishap_is_left_out() -> None:
    assert ANSWERED.keys() | ELSEWHERE == MISHAPS.keys()


@pytest.fixture
async def stands(ptb: Bot, phone: Phone) -> int:
    """A message of the bot."""
    return (await ptb.send_message(PRINCIPAL, "一")).message_id


def ptb_call(bot: Bot, pattern: str, message: int) -> Callable[[], object]:
    calls: dict[str, Callable[[], object]] = {
        "edit*": lambda: bot.edit_message_text("二", PRINCIPAL, message),
        "deleteMessage": lambda: bot.delete_message(PRINCIPAL, message),
        "answerCallbackQuery": lambda: bot.answer_callback_query("1"),
        "getFile": lambda: bot.get_file("AgACAgUAAxkBAAE0123456789"),
        "getUpdates": lambda: bot.get_updates(timeout=0),
    }
    return calls.get(pattern, lambda: bot.send_message(PRINCIPAL, "二"))


def aio_call(bot: AiogramBot, pattern: str, message: int) -> Callable[[], object]:
    calls: dict[str, Callable[[], object]] = {
        "edit*": lambda: bot.edit_message_text("二", chat_id=PRINCIPAL, message_id=message),
        "deleteMessage": lambda: bot.delete_message(PRINCIPAL, message),
        "answerCallbackQuery": lambda: bot.answer_callback_query("1"),
        "getFile": lambda: bot.get_file("AgACAgUAAxkBAAE0123456789"),
        "getUpdates": lambda: bot.get_updates(timeout=0),
    }
    return calls.get(pattern, lambda: bot.send_message(PRINCIPAL, "二"))


@pytest.mark.parametrize("name", ANSWERED)
async def test_with_python_telegram_bot(sandbox: SandboxServer, ptb: Bot, phone: Phone, stands: int, name: str) -> None:
    fault = sandbox.inject(mishap(name))
    with pytest.raises(ANSWERED[name][0]) as caught:
        await ptb_call(ptb, MISHAPS[name].method, stands)()  # type: ignore[misc]
    assert type(caught.value) is ANSWERED[name][0] or name == "login_page"
    words = fault.description.removeprefix("Bad Request: ")
    if ANSWERED[name] in (BAD, FORBIDDEN):
        assert str(caught.value).lower().removesuffix(".") in fault.description.lower()
        assert words
    assert (fault.taken, sandbox.line.faults.planned, phone.texts) == (1, [], ["一"])


@pytest.mark.parametrize("name", ANSWERED)
async def test_with_aiogram(sandbox: SandboxServer, aio: AiogramBot, phone: Phone, stands: int, name: str) -> None:
    fault = sandbox.inject(mishap(name))
    with pytest.raises(ANSWERED[name][1]) as caught:
        await aio_call(aio, MISHAPS[name].method, stands)()  # type: ignore[misc]
    assert type(caught.value) is ANSWERED[name][1]
    if ANSWERED[name] in (BAD, FORBIDDEN):
        assert fault.description in str(caught.value)
    assert (fault.taken, phone.texts) == (1, ["一"])


async def test_what_goes_with_an_error(sandbox: SandboxServer, ptb: Bot, aio: AiogramBot, phone: Phone) -> None:
    for _ in range(2):
        sandbox.inject(mishap("upgraded", migrate_to_chat_id=-1009))
    with pytest.raises(ptb_errors.ChatMigrated) as moved:
        await ptb.send_message(PRINCIPAL, "一")
    with pytest.raises(aio_errors.TelegramMigrateToChat) as moved_too:
        await aio.send_message(PRINCIPAL, "一")
    assert (moved.value.new_chat_id, moved_too.value.migrate_to_chat_id) == (-1009, -1009)
    for _ in range(2):
        sandbox.inject(mishap("too_many", retry_after=35))
    with pytest.raises(ptb_errors.RetryAfter) as wait:
        await ptb.send_message(PRINCIPAL, "一")
    with pytest.raises(aio_errors.TelegramRetryAfter) as wait_too:
        await aio.send_message(PRINCIPAL, "一")
    assert (wait.value.retry_after.total_seconds(), wait_too.value.retry_after) == (35, 35)  # type: ignore[union-attr]
    sandbox.inject(mishap("proxy_502"))
    async with (
        aiohttp.ClientSession() as web,
        web.post(f"{sandbox.url}/bot{TOKEN}/sendMessage", json={"chat_id": PRINCIPAL, "text": "一"}) as response,
    ):
        assert (response.status, response.content_type) == (502, "text/html")
        assert "<h1>502 Bad Gateway</h1>" in await response.text()


async def test_done_but_never_answered(sandbox: SandboxServer, ptb: Bot, aio: AiogramBot, phone: Phone) -> None:
    sandbox.inject(mishap("lost", times=2))
    with pytest.raises(ptb_errors.NetworkError):
        await ptb.send_message(PRINCIPAL, "一")
    with pytest.raises(aio_errors.TelegramNetworkError):
        await aio.send_message(PRINCIPAL, "二")
    sandbox.inject(mishap("late", times=2, delay=2))
    with pytest.raises(ptb_errors.TimedOut):
        await ptb.send_message(PRINCIPAL, "三", read_timeout=0.2)
    with pytest.raises(aio_errors.TelegramNetworkError):
        await aio.send_message(PRINCIPAL, "四", request_timeout=1)
    assert phone.texts == ["一", "二", "三", "四"]
    assert [call.fate for call in sandbox.calls("sendMessage")] == ["lost", "lost", "late", "late"]


async def test_slow_is_done_later(sandbox: SandboxServer, ptb: Bot, aio: AiogramBot, phone: Phone) -> None:
    sandbox.inject(mishap("slow", times=2, delay=1))
    began = time.monotonic()
    with pytest.raises(ptb_errors.TimedOut):
        await ptb.send_message(PRINCIPAL, "一", read_timeout=0.1)
    assert phone.texts == []
    await aio.send_message(PRINCIPAL, "二")
    assert time.monotonic() - began > 1
    assert phone.texts == ["一", "二"]


async def test_a_poll_that_fails_confirms_nothing_it_should_not(
    sandbox: SandboxServer, ptb: Bot, aio: AiogramBot, phone: Phone
) -> None:
    await phone.say("一")
    [first] = await ptb.get_updates()
    await phone.say("二")
    sandbox.inject(mishap("dropped", "getUpdates"))
    with pytest.raises(ptb_errors.NetworkError):
        await ptb.get_updates(offset=first.update_id + 1)
    assert sandbox.pending_updates(TOKEN) == 2
    for _ in range(2):
        sandbox.inject(mishap("lost", "getUpdates"))
    with pytest.raises(aio_errors.TelegramNetworkError):
        await aio.get_updates(offset=first.update_id + 1)
    assert sandbox.pending_updates(TOKEN) == 1
    with pytest.raises(ptb_errors.NetworkError):
        await ptb.get_updates(offset=first.update_id + 1)
    assert [u.message.text for u in await ptb.get_updates(offset=first.update_id + 1) if u.message] == ["二"]


async def test_files_fail_in_every_way(sandbox: SandboxServer, aio: AiogramBot, phone: Phone) -> None:
    data = bytes(range(256)) * 500
    await phone.document("表.bin", data)
    [update] = await aio.get_updates()
    assert update.message is not None
    assert update.message.document is not None
    sandbox.inject(mishap("dropped", "getFile"))
    with pytest.raises(aio_errors.TelegramNetworkError):
        await aio.get_file(update.message.document.file_id)
    path = (await aio.get_file(update.message.document.file_id)).file_path
    assert path is not None
    sandbox.inject(mishap("internal", times=-1))  # what befalls any method befalls no download
    for name in ("gone", "proxy_502", "dropped", "lost"):
        fault = sandbox.inject(mishap(name, "download", times=-1))  # aiohttp asks again where a kept line is dropped
        with pytest.raises(aiohttp.ClientError):
            await aio.download_file(path)
        sandbox.line.faults.remove(fault.id)
    sandbox.inject(mishap("slow", "download", delay=0.2))
    with pytest.raises(asyncio.TimeoutError):
        await aio.download_file(path, timeout=0.05)  # type: ignore[arg-type]
    assert (await aio.download_file(path)).read() == data  # type: ignore[union-attr]
    assert {call.fate for call in sandbox.calls("download")} == {"fault", "dropped", "lost", "ok"}


# which call it befalls


async def sends(raw: Raw, *chats: int, method: str = "sendMessage") -> list[bool]:
    return [(await raw(method, chat_id=chat, text=str(n)))["ok"] for n, chat in enumerate(chats)]


async def test_after_so_many_for_so_many_of_one_chat(sandbox: SandboxServer, raw: Raw, phone: Phone) -> None:
    await sandbox.phone(TOKEN, 7).start()
    fault = sandbox.inject(mishap("internal", "send*", times=2, after=1, chat_id=PRINCIPAL))
    me = PRINCIPAL
    assert await sends(raw, me, 7, me, 7, me, me) == [True, True, False, True, False, True]
    assert (fault.taken, fault.times, list(sandbox.line.faults.spent)) == (2, 0, [fault])


async def test_an_answer_to_a_button_belongs_to_its_chat(sandbox: SandboxServer, raw: Raw, phone: Phone) -> None:
    await raw("sendMessage", chat_id=PRINCIPAL, text="一", reply_markup=keys("好"))
    sandbox.inject(mishap("query_too_old", chat_id=7))
    mine = sandbox.inject(mishap("internal", "answerCallbackQuery", chat_id=PRINCIPAL))
    query = await phone.press("好")
    assert [(await raw("answerCallbackQuery", callback_query_id=query))["ok"] for _ in range(2)] == [False, True]
    assert mine.taken == 1
    assert [call.fate for call in sandbox.calls("answerCallbackQuery", chat_id=PRINCIPAL)] == ["fault", "ok"]


async def test_the_first_that_fits_and_is_due(sandbox: SandboxServer, raw: Raw, phone: Phone) -> None:
    sandbox.inject(Fault("error", "sendMessage", code=501, after=1))
    sandbox.inject(Fault("error", code=502, times=-1))
    codes = [(await raw("sendMessage", chat_id=PRINCIPAL, text="一"))["error_code"] for _ in range(3)]
    codes.append((await raw("getMe"))["error_code"])
    assert codes == [502, 501, 502, 502]


async def test_only_the_method_meant(sandbox: SandboxServer, raw: Raw, phone: Phone) -> None:
    sandbox.inject(mishap("internal", "edit*", times=-1))
    assert await sends(raw, PRINCIPAL) == [True]
    answer = await raw("editMessageReplyMarkup", chat_id=PRINCIPAL, message_id=2)
    assert answer["error_code"] == 500
    assert await sends(raw, PRINCIPAL, method="SENDMESSAGE") == [True]


# from outside


@pytest.fixture
async def control(sandbox: SandboxServer) -> Control:
    async with aiohttp.ClientSession() as session:
        yield Control(session, sandbox.url)


async def test_the_control_api(sandbox: SandboxServer, raw: Raw, phone: Phone, control: Control) -> None:
    known = await control("GET", "/control/mishaps")
    assert {one["name"] for one in known} == MISHAPS.keys()
    assert next(one for one in known if one["name"] == "too_many")["needs"] == {"retry_after": 5}
    one = await control("POST", "/control/faults", {"mishap": "blocked", "times": 1, "chat_id": PRINCIPAL})
    two = await control("POST", "/control/faults", {"mishap": "too_many", "retry_after": 9, "after": 1, "method": "*"})
    three = await control("POST", "/control/faults", {"kind": "error", "code": 418, "description": "teapot"})
    planned = await control("GET", "/control/faults")
    assert [fault["id"] for fault in planned] == [one["id"], two["id"], three["id"]]
    assert (await control("DELETE", f"/control/faults/{three['id']}"))["code"] == 418
    assert "no fault" in (await control("DELETE", f"/control/faults/{three['id']}", status=400))["error"]
    assert (await raw("sendMessage", chat_id=PRINCIPAL, text="一"))["error_code"] == 403
    assert (await raw("sendMessage", chat_id=PRINCIPAL, text="一"))["ok"]
    assert (await raw("sendMessage", chat_id=PRINCIPAL, text="二"))["parameters"] == {"retry_after": 9}
    assert await control("GET", "/control/faults") == []
    spent = await control("GET", "/control/faults?spent=1")
    assert [(fault["id"], fault["taken"]) for fault in spent] == [(one["id"], 1), (two["id"], 1)]
    assert await control("GET", "/control/counts") == {"sendmessage": {"fault": 2, "ok": 1}}
    await control("DELETE", "/control/calls")
    assert await control("GET", "/control/counts") == {}
    await control("DELETE", "/control/faults")
    assert await control("GET", "/control/faults?spent=1") == []


WRONG = [
    {"mishap": "nothing"}, {"mishap": "blocked", "retry_after": 3}, {"mishap": "slow", "delay": -1},
    {"mishap": "slow", "delay": "long"}, {"mishap": "blocked", "times": 0}, {"mishap": "blocked", "times": "many"},
    {"kind": "flood"}, {"kind": "error", "code": 200}, {"kind": "drop", "id": 3}, {"kind": "drop", "after": -1}, {},
    {"kind": "drop", "method": 3},
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG)
async def test_faults_that_cannot_be(control: Control, body: dict, sandbox: SandboxServer) -> None:
    assert (await control("POST", "/control/faults", body, status=400))["error"]
    assert sandbox.line.faults.planned == []


def test_a_mishap_nobody_knows() -> None:
    with pytest.raises(PhoneError, match="no such mishap"):
        mishap("nothing")
