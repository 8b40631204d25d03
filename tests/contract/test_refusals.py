"""What the real server refuses, word for word."""

from __future__ import annotations

import pytest

from sandbox import Phone, SandboxServer

from .cast import NOBODY, OTHER_TOKEN, PRINCIPAL, TOKEN
from .conftest import Raw

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


def button(**fields: object) -> dict:
    return {"inline_keyboard": [[fields]]}


SENDS = [
    ({"text": ""}, "message text is empty"),
    ({"text": " \n "}, "text must be non-empty"),
    ({"text": "字" * 4097}, "message is too long"),
    ({"text": "𠮷" * 2049}, "message is too long"),
    ({"text": "字" * 11000}, "text is too long"),
    ({"text": "一", "chat_id": ""}, "chat_id is empty"),
    ({"text": "一", "chat_id": 42}, "chat not found"),
    ({"text": "一", "parse_mode": "Wiki"}, "unsupported parse_mode"),
    ({"text": "一", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
    ({"text": "一", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ({"text": "一", "reply_markup": []}, "object expected as reply markup"),
    ({"text": "一", "reply_markup": button(text="好", callback_data="字" * 22)}, "BUTTON_DATA_INVALID"),
    (
        {"text": "一", "reply_markup": button(text="好")},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (
        {"text": "一", "reply_markup": button(callback_data="x")},
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    (
        {"text": "一", "reply_markup": {"inline_keyboard": [["好"]]}},
        "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
    ),
    (
        {"text": "一", "reply_markup": {"inline_keyboard": [{"text": "好", "callback_data": "x"}]}},
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
]


@pytest.mark.parametrize(("params", "reason"), SENDS)
async def test_send_message_refuses(raw: Raw, phone: Phone, params: dict, reason: str) -> None:
    answer = await raw("sendMessage", **{"chat_id": PRINCIPAL, **params})
    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {reason}"}
    assert phone.received == []


HTML = [
    ("<b>一", 'Can\'t find end tag corresponding to start tag "b"'),
    ("好<b>一</i>", 'Unmatched end tag at byte offset 9, expected "</b>", found "</i>"'),
    ("一</b>", "Unexpected end tag at byte offset 3"),
    ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
    ("一<p>二</p>", 'Unsupported start tag "p" at byte offset 3'),
    ("一<b", "Unclosed start tag at byte offset 3"),
    ("<b>一</b", "Unclosed end tag at byte offset 6"),
    ("<a =x>一</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
    ("<a href", 'Unclosed start tag "a" at byte offset 0'),
    ("<a href=a_b>一</a>", "Unexpected end of name token at byte offset 8"),
    ('<a href="x', "Unclosed start tag at byte offset 0"),
    ("<span>一</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
]


@pytest.mark.parametrize(("html", "reason"), HTML)
async def test_broken_html(raw: Raw, phone: Phone, html: str, reason: str) -> None:
    answer = await raw("sendMessage", chat_id=PRINCIPAL, text=html, parse_mode="HTML")
    assert answer["description"] == f"Bad Request: can't parse entities: {reason}"


async def test_who_cannot_be_written_to(raw: Raw, phone: Phone, sandbox: SandboxServer) -> None:
    sandbox.phone(TOKEN, NOBODY, "没点过开始")
    never = await raw("sendMessage", chat_id=NOBODY, text="一")
    assert (never["error_code"], never["description"]) == (
        403,
        "Forbidden: bot can't initiate conversation with a user",
    )
    other = await raw("sendMessage", token=OTHER_TOKEN, chat_id=PRINCIPAL, text="一")
    assert other["error_code"] == 403
    await phone.block()
    blocked = await raw("sendMessage", chat_id=PRINCIPAL, text="一")
    assert (blocked["error_code"], blocked["description"]) == (403, "Forbidden: bot was blocked by the user")
    await phone.unblock()
    assert (await raw("sendMessage", chat_id=PRINCIPAL, text="一"))["ok"]


async def test_edits(raw: Raw, phone: Phone) -> None:
    keys = button(text="好", callback_data="x")
    sent = (await raw("sendMessage", chat_id=PRINCIPAL, text="一", reply_markup=keys))["result"]
    mine = await phone.say("二")
    here = {"chat_id": PRINCIPAL, "message_id": sent["message_id"]}

    async def refused(method: str, **params: object) -> str:
        answer = await raw(method, **params)
        assert answer["error_code"] == 400
        return str(answer["description"]).removeprefix("Bad Request: ")

    assert await refused("editMessageText", **here, text="一", reply_markup=keys) == NOT_MODIFIED
    assert await refused("editMessageReplyMarkup", **here, reply_markup=keys) == NOT_MODIFIED
    assert await refused("editMessageText", **here, text="") == "message text is empty"
    assert await refused("editMessageText", **here, text="字" * 4097) == "message is too long"
    missing = {"chat_id": PRINCIPAL, "message_id": 999}
    assert await refused("editMessageText", **missing, text="一") == "message to edit not found"
    assert await refused("editMessageReplyMarkup", **missing) == "message to edit not found"
    assert await refused("deleteMessage", **missing) == "message to delete not found"
    assert await refused("deleteMessage", chat_id=PRINCIPAL) == "message identifier is not specified"
    assert await refused("editMessageText", text="一") == "message identifier is not specified"
    assert await refused("editMessageText", chat_id=42, message_id=1, text="一") == "chat not found"
    theirs = {"chat_id": PRINCIPAL, "message_id": mine.id}
    assert await refused("editMessageText", **theirs, text="一") == "message can't be edited"
    reply_keys = {"keyboard": [["待办"]]}
    assert await refused("editMessageText", **here, text="三", reply_markup=reply_keys) == "inline keyboard expected"
    assert phone.last.buttons == ["好"]


async def test_a_query_is_answered_once_and_in_time(raw: Raw, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    await raw("sendMessage", chat_id=PRINCIPAL, text="一", reply_markup=button(text="好", callback_data="x"))
    query = await phone.press("好")
    assert (await raw("answerCallbackQuery", token=OTHER_TOKEN, callback_query_id=query))["description"] == gone
    assert (await raw("answerCallbackQuery", callback_query_id=query))["ok"]
    assert (await raw("answerCallbackQuery", callback_query_id=query))["description"] == gone
    assert (await raw("answerCallbackQuery", callback_query_id="1"))["description"] == gone
    late = await phone.press("好")
    monkeypatch.setattr("sandbox.world.QUERY_LIFETIME", 0.0)
    assert (await raw("answerCallbackQuery", callback_query_id=late))["description"] == gone


async def test_tokens_methods_and_actions(raw: Raw, phone: Phone) -> None:
    unknown = {"ok": False, "error_code": 404, "description": "Not Found: method not found"}
    assert await raw("sendTelegram") == unknown
    assert await raw("getMe", token="7:unknown-token") == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }
    assert await raw("getMe", token="nonsense") == {"ok": False, "error_code": 404, "description": "Not Found"}
    action = await raw("sendChatAction", chat_id=PRINCIPAL, action="dancing")
    assert action["description"] == "Bad Request: wrong parameter action in request"
    assert (await raw("SENDMESSAGE", chat_id=PRINCIPAL, text="字" * 4096))["ok"]
