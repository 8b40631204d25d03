"""The control API, as a test in another process or the page uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from sandbox import BotProfile, ClockControl, Phone, SandboxServer, Seat
from sandbox.render import to_html

from .cast import PRINCIPAL, TOKEN
from .conftest import Raw
from .theatre import DemoClock

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Control:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def __call__(self, method: str, path: str, body: object = None, status: int = 200) -> object:
        async with self.session.request(method, self.url + path, json=body) as response:
            assert response.status == status
            return await response.json()


@pytest.fixture
async def control(sandbox: SandboxServer) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(session, sandbox.url)


async def test_acting_and_looking(control: Control, raw: Raw) -> None:
    await control("POST", "/control/users", {"id": PRINCIPAL, "first_name": "王建国"})
    who = {"bot": 7000000001, "user": PRINCIPAL}
    await control("POST", "/control/act", {**who, "do": "start", "payload": "abc"})
    keys = {"inline_keyboard": [[{"text": "提交", "callback_data": "s"}]]}
    sent = (await raw("sendMessage", chat_id=PRINCIPAL, text="请核对", reply_markup=keys))["result"]
    pressed = await control("POST", "/control/act", {**who, "do": "press", "label": "提交"})
    await raw("answerCallbackQuery", callback_query_id=pressed["query_id"], text="好")
    here = {"message": sent["message_id"]}
    await control("POST", "/control/act", {**who, "do": "press", **here, "row": 0, "column": 0})
    await control("POST", "/control/act", {**who, "do": "press", **here, "data": "old"})
    await control("POST", "/control/act", {**who, "do": "say", "text": "在", "reply_to": sent["message_id"]})
    for act in ("sticker", "voice", "block", "unblock"):
        await control("POST", "/control/act", {**who, "do": act})
    chat = await control("GET", f"/control/chats/7000000001/{PRINCIPAL}")
    assert [m["text"] or m["kind"] for m in chat["messages"]] == ["/start abc", "请核对", "在", "sticker", "voice"]
    assert chat["answers"] == [{"query_id": pressed["query_id"], "text": "好", "alert": False}]
    assert chat["messages"][1]["rows"] == [["提交"]]
    kinds = [next(k for k in u if k != "update_id") for u in (await raw("getUpdates"))["result"]]
    assert kinds == ["message"] + ["callback_query"] * 3 + ["message"] * 3 + ["my_chat_member"] * 2


async def test_what_cannot_be_done_is_said(control: Control, phone: Phone) -> None:
    who = {"user": PRINCIPAL}
    for body, reason in [
        ({**who, "do": "dance"}, "dance"),
        ({**who, "do": "say"}, "'text' is missing"),
        ({**who, "do": "press", "message": 1, "row": 0, "column": 0}, "stands there no more"),
        ({"user": 1, "do": "say", "text": "一"}, "no such user"),
        ({"bot": 1, **who, "do": "say", "text": "一"}, "no such bot"),
        ([], "JSON object"),
    ]:
        answer = await control("POST", "/control/act", body, status=400)
        assert reason in answer["error"]
    await control("POST", "/control/faults", {"kind": "flood"}, status=400)
    await control("GET", "/control/clock", status=400)


async def test_calls_and_faults(control: Control, phone: Phone, raw: Raw) -> None:
    fault = {"kind": "error", "method": "sendMessage", "code": 429, "description": "Too Many Requests: retry after 3"}
    await control("POST", "/control/faults", {**fault, "parameters": {"retry_after": 3}, "chat_id": PRINCIPAL})
    assert len(await control("GET", "/control/faults")) == 1
    answer = await raw("sendMessage", chat_id=PRINCIPAL, text="一")
    assert answer["parameters"] == {"retry_after": 3}
    assert await control("GET", "/control/faults") == []
    await raw("sendMessage", chat_id=PRINCIPAL, text="二")
    calls = await control("GET", f"/control/calls?method=sendmessage&chat_id={PRINCIPAL}")
    assert [(c["fate"], c["code"], c["params"]["text"]) for c in calls] == [("fault", 429, "一"), ("ok", 200, "二")]
    assert await control("GET", f"/control/calls?after={calls[-1]['number']}") == []
    await control("DELETE", "/control/calls")
    await control("DELETE", "/control/faults")
    assert await control("GET", "/control/calls") == []


JUMPS = [
    ("+3600", "2026-09-09T10:30:00+08:00"),
    ("17:00", "2026-09-09T17:00:00+08:00"),
    ("09:00", "2026-09-10T09:00:00+08:00"),
    ("2026-09-24T16:59", "2026-09-24T16:59:00+08:00"),
]


async def test_the_clock_is_driven() -> None:
    clock = DemoClock()
    typed: ClockControl = clock
    server = SandboxServer(clock.now, bots=[BotProfile(TOKEN)], clock=typed)
    await server.start()
    async with aiohttp.ClientSession() as session:
        control = Control(session, server.url)
        for jump, reached in JUMPS:
            clock.at = datetime(2026, 9, 9, 9, 30, tzinfo=SHANGHAI)
            state = await control("POST", "/control/clock", {"jump": jump})
            assert (state["now"], clock.at.astimezone(SHANGHAI).isoformat()) == (reached, reached)
        assert (await control("POST", "/control/clock", {"speed": 600}))["speed"] == 600
        assert clock.speed == 600
        shown = await control("GET", "/control/clock")
        assert shown["shown"] == "9月24日 星期四 16:59"
        for refused in ({"jump": "2026-09-01T09:00"}, {"jump": "明天"}, {"speed": -1}, {"speed": "快"}):
            answer = await control("POST", "/control/clock", refused, status=400)
            assert answer["error"]
    await server.stop()


async def test_a_page_gets_only_what_changed(sandbox: SandboxServer, control: Control, raw: Raw, phone: Phone) -> None:
    sandbox.set_seats([Seat("校长", PRINCIPAL, TOKEN, "王校长")])
    for number in range(100):
        await raw("sendMessage", chat_id=PRINCIPAL, text=f"第{number}条")
    path = f"/stage/chats/7000000001/{PRINCIPAL}"
    first = await control("GET", path)
    assert (len(first["changed"]), len(first["ids"])) == (60, 60)
    await raw("sendMessage", chat_id=PRINCIPAL, text="<新>")
    then = await control("GET", f"{path}?after={first['rev']}")
    assert [row["id"] for row in then["changed"]] == [then["ids"][-1]]
    assert "&lt;新&gt;" in then["changed"][0]["html"]
    assert (await control("GET", f"{path}?after={then['rev']}"))["changed"] == []


async def test_events_name_what_changed(sandbox: SandboxServer, raw: Raw, phone: Phone, control: Control) -> None:
    sandbox.set_seats([Seat("校长", PRINCIPAL, TOKEN, "王校长")])
    async with control.session.get(f"{sandbox.url}/stage/events") as events:
        await raw("sendMessage", chat_id=PRINCIPAL, text="一")
        while b"changed" not in await events.content.readline():
            pass
        assert await events.content.readline() == b'data: {"7000000001/%d": 2}\n' % PRINCIPAL


SHOWN = [
    ("a<b>&", [], "a&lt;b&gt;&amp;"),
    ("𠮷粗", [{"type": "bold", "offset": 2, "length": 1}], "𠮷<b>粗</b>"),
    (
        "粗斜",
        [{"type": "bold", "offset": 0, "length": 2}, {"type": "italic", "offset": 1, "length": 1}],
        "<b>粗<i>斜</i></b>",
    ),
    ("网", [{"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}], "网"),
    (
        "网",
        [{"type": "text_link", "offset": 0, "length": 1, "url": 'https://x.cn/"><script>'}],
        '<a href="https://x.cn/&#34;&gt;&lt;script&gt;" target="_blank" rel="noopener noreferrer">网</a>',
    ),
    ("乱", [{"type": "bold", "offset": 5, "length": 9}, {"type": "script", "offset": 0, "length": 1}], "乱"),
]


@pytest.mark.parametrize(("text", "entities", "html"), SHOWN)
def test_text_is_shown_safely(text: str, entities: list, html: str) -> None:
    assert to_html(text, entities) == html
