"""What a phone can be told to do by the page, or by a test in another process."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.errors import PhoneError
from sandbox.model import Json
from sandbox.phone import NoSuchButton, Phone
from sandbox.picks import Document, Photo


async def act(phone: Phone, body: Json) -> Json:
    """`{"do": …}` and what belongs to it; the sent message, or the id of the query.

    start (payload) · say (text, reply_to) · edit (message, text) · press (label, or message and row and column, or
    message and data) · sticker (emoji) · voice (seconds) · photo (name or data, caption) · document (filename, data,
    mime, size, caption) · album (items, caption) · share_contact · contact (phone, name, user_id) · location ·
    poll (question, options) · block · unblock. `data` of files is base64.
    """
    doing = _ACTS.get(str(body.get("do")))
    if doing is None:
        raise PhoneError(f"nobody knows how to do {body.get('do')!r}")
    return await doing(phone, body)


def needed(body: Json, name: str) -> str:
    if body.get(name) in (None, ""):
        raise PhoneError(f"{name!r} is missing")
    return str(body[name])


def picked(kind: str, name: str, data: bytes, mime: str) -> Photo | Document:
    return Document(name, data, mime) if kind == "document" else Photo(name, data)


async def _start(phone: Phone, body: Json) -> Json:
    return (await phone.start(_text(body, "payload"))).to_json()


async def _say(phone: Phone, body: Json) -> Json:
    return (await phone.say(needed(body, "text"), reply_to=body.get("reply_to"))).to_json()


async def _edit(phone: Phone, body: Json) -> Json:
    return (await phone.edit(int(needed(body, "message")), needed(body, "text"))).to_json()


async def _sticker(phone: Phone, body: Json) -> Json:
    return (await phone.sticker(str(body.get("emoji", "👍")))).to_json()


async def _voice(phone: Phone, body: Json) -> Json:
    return (await phone.voice(int(body.get("seconds", 3)))).to_json()


async def _file(phone: Phone, body: Json) -> Json:
    [sent] = await phone.send_files([_item(body["do"], body)], _text(body, "caption"))
    return sent.to_json()


async def _album(phone: Phone, body: Json) -> Json:
    items = [_item("document" if "filename" in item else "photo", item) for item in body.get("items", [])]
    sent = await phone.album(items, _text(body, "caption"))
    return {"album": sent[0].album, "messages": [message.to_json() for message in sent]}


async def _share_contact(phone: Phone, body: Json) -> Json:
    return (await phone.share_contact(_text(body, "label"))).to_json()


async def _contact(phone: Phone, body: Json) -> Json:
    owner = int(body["user_id"]) if body.get("user_id") else None
    return (await phone.send_contact(needed(body, "phone"), needed(body, "name"), owner)).to_json()


async def _location(phone: Phone, _body: Json) -> Json:
    return (await phone.location()).to_json()


async def _poll(phone: Phone, body: Json) -> Json:
    return (await phone.poll(needed(body, "question"), *map(str, body.get("options", ["是", "否"])))).to_json()


async def _block(phone: Phone, _body: Json) -> Json:
    await phone.block()
    return {"blocked": phone.blocked}


async def _unblock(phone: Phone, _body: Json) -> Json:
    await phone.unblock()
    return {"blocked": phone.blocked}


async def _press(phone: Phone, body: Json) -> Json:
    """By `label`, by `data` on `message` (stale buttons too), or by `message`, `row` and `column`."""
    if "label" in body:
        return {"query_id": await phone.press(str(body["label"]), on=body.get("message"))}
    if "data" in body:
        return {"query_id": await phone.press_data(str(body["data"]), on=int(needed(body, "message")))}
    message = phone.chat.messages.get(int(needed(body, "message")))
    row, column = int(needed(body, "row")), int(needed(body, "column"))
    rows = (message.inline if message else None) or []
    if message is None or not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
        raise NoSuchButton("that button stands there no more")
    return {"query_id": phone.world.press(phone.chat, message, row, column)}


def _item(kind: str, said: Any) -> Photo | Document:
    if not isinstance(said, dict):
        raise PhoneError("a file is a JSON object")
    data = base64.b64decode(said["data"], validate=True) if "data" in said else None
    if kind == "photo":
        return Photo(str(said.get("name", "照片")), data)
    size = int(said["size"]) if "size" in said else None
    return Document(needed(said, "filename"), data or b"", _text(said, "mime"), size)


def _text(body: Json, name: str) -> str:
    return str(body.get(name, ""))


_ACTS: dict[str, Callable[[Phone, Json], Awaitable[Json]]] = {
    "start": _start, "say": _say, "edit": _edit, "press": _press, "sticker": _sticker, "voice": _voice,
    "photo": _file, "document": _file, "album": _album, "share_contact": _share_contact,
    "contact": _contact, "location": _location, "poll": _poll, "block": _block, "unblock": _unblock,
}  # fmt: skip
