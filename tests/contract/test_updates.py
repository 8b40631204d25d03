"""getUpdates: offsets, long polls, who wins."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from sandbox import Phone, PhoneError, SandboxServer
from sandbox.entities import parse_html, trimmed

from .cast import OTHER_TOKEN, PRINCIPAL, TOKEN
from .conftest import Raw


async def ids(raw: Raw, **params: object) -> list[int]:
    return [update["update_id"] for update in (await raw("getUpdates", **params))["result"]]


async def test_nothing_is_forgotten_before_it_is_confirmed(raw: Raw, phone: Phone) -> None:
    for text in ("一", "二", "三"):
        await phone.say(text)
    first, second, third = await ids(raw)
    assert (second, third) == (first + 1, first + 2)
    assert await ids(raw) == [first, second, third]
    assert await ids(raw, limit=2) == [first, second]
    assert await ids(raw, offset=second) == [second, third]
    assert await ids(raw) == [second, third]
    assert await ids(raw, offset=third + 1) == []
    assert await ids(raw) == []
    await phone.say("四")
    assert await ids(raw, offset=third + 1) == [third + 1]


async def test_a_negative_offset_keeps_the_tail(raw: Raw, phone: Phone) -> None:
    for text in ("一", "二", "三"):
        await phone.say(text)
    *_, third = await ids(raw)
    assert await ids(raw, offset=-1) == [third]
    assert await ids(raw) == [third]
    assert await ids(raw, offset=-5) == [third]


async def test_each_bot_has_its_own_updates(raw: Raw, phone: Phone, sandbox: SandboxServer) -> None:
    await sandbox.phone(OTHER_TOKEN, PRINCIPAL).say("给邻县")
    assert await ids(raw) == []
    (update,) = (await raw("getUpdates", token=OTHER_TOKEN))["result"]
    assert update["message"]["text"] == "给邻县"


async def test_a_long_poll_wakes_at_once(raw: Raw, phone: Phone) -> None:
    began = time.monotonic()
    poll = asyncio.gather(ids(raw, timeout=30))
    await asyncio.sleep(0.05)
    await phone.say("一")
    ((_one,),) = await poll
    assert time.monotonic() - began < 1


async def test_a_long_poll_ends_empty(raw: Raw, phone: Phone) -> None:
    began = time.monotonic()
    assert await ids(raw, timeout=1) == []
    assert 0.9 < time.monotonic() - began < 3


async def test_a_second_poll_ends_the_first_with_409(raw: Raw, phone: Phone) -> None:
    first = asyncio.gather(raw("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    second = asyncio.gather(raw("getUpdates", timeout=30))
    (refused,) = await first
    said = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    assert refused == {"ok": False, "error_code": 409, "description": said}
    await phone.say("一")
    ((answer),) = await second
    assert len(answer["result"]) == 1


async def test_stopping_ends_a_long_poll(sandbox: SandboxServer, raw: Raw) -> None:
    poll = asyncio.gather(ids(raw, timeout=30))
    await asyncio.sleep(0.05)
    await sandbox.stop()
    assert await poll == [[]]


async def test_allowed_updates_are_remembered(raw: Raw, phone: Phone) -> None:
    assert await ids(raw, allowed_updates=["message"]) == []
    await phone.block()
    await phone.unblock()
    assert await ids(raw) == []
    assert (await raw("getWebhookInfo"))["result"]["allowed_updates"] == ["message"]
    assert await ids(raw, allowed_updates=[]) == []
    await phone.block()
    assert len(await ids(raw)) == 1


@pytest.mark.parametrize("how", ["query", "form", "multipart", "json"])
async def test_parameters_come_in_any_form(sandbox: SandboxServer, phone: Phone, how: str) -> None:
    params = {"chat_id": str(PRINCIPAL), "text": "一句 & 话", "reply_markup": '{"keyboard":[["待办"]]}'}
    url = f"{sandbox.url}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        if how == "query":
            answer = await session.get(url, params=params)
        elif how == "json":
            answer = await session.post(url, json=params)
        else:
            form = aiohttp.FormData(params, default_to_multipart=how == "multipart")
            answer = await session.post(url, data=form)
        assert (await answer.json())["ok"]
    assert (phone.last.text, phone.keyboard) == ("一句 & 话", [["待办"]])


async def test_what_a_phone_cannot_do(phone: Phone, raw: Raw) -> None:
    keys = {"inline_keyboard": [[{"text": "网页", "url": "https://example.org"}]]}
    await raw("sendMessage", chat_id=PRINCIPAL, text="一", reply_markup=keys)
    with pytest.raises(PhoneError, match="no button 「提交」"):
        await phone.press("提交")
    with pytest.raises(PhoneError, match="sends nothing"):
        await phone.press("网页")
    with pytest.raises(PhoneError, match="deep link"):
        await phone.start("含 空格")
    with pytest.raises(TimeoutError, match="no such text"):
        await phone.wait_for("no such text", timeout=0.01)
    await phone.block()
    with pytest.raises(PhoneError, match="blocked"):
        await phone.say("在吗")


async def test_the_newest_button_wins_and_a_full_label_before_a_beginning(phone: Phone, raw: Raw) -> None:
    def keys(*labels: str) -> dict:
        return {"inline_keyboard": [[{"text": label, "callback_data": label} for label in labels]]}

    await raw("sendMessage", chat_id=PRINCIPAL, text="旧", reply_markup=keys("提交"))
    await raw("sendMessage", chat_id=PRINCIPAL, text="新", reply_markup=keys("提交并退出"))
    await phone.press("提交")
    await phone.press("提交并")
    updates = (await raw("getUpdates"))["result"]
    assert [u["callback_query"]["message"]["text"] for u in updates] == ["旧", "新"]


HTML = [
    ("<b>一<i>二</i></b>", "一二", [("bold", 0, 2), ("italic", 1, 1)]),
    ("𠮷<u>a</u>&amp;&lt;&#39;&quot;&nbsp;", "𠮷a&<'\"&nbsp;", [("underline", 2, 1)]),
    ('<a href="https://x.cn/?a=1&amp;b=2">网</a>', "网", [("text_link", 0, 1)]),
    ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
    ("<pre>x</pre><code>y</code>", "xy", [("pre", 0, 1), ("code", 1, 1)]),
    ("<blockquote expandable>一</blockquote>", "一", [("expandable_blockquote", 0, 1)]),
    ('<span class="tg-spoiler">一</span><s>二</s><b></b>', "一二", [("spoiler", 0, 1), ("strikethrough", 1, 1)]),
    ("  <b> 一 </b> ", "一", [("bold", 0, 1)]),
]


@pytest.mark.parametrize(("html", "text", "entities"), HTML)
def test_html_is_read_like_the_server_does(html: str, text: str, entities: list) -> None:
    shown, found = trimmed(*parse_html(html))
    assert shown == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities
