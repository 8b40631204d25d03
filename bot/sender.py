"""Handing a message to Telegram; what each of its answers means is told by `bot.verdicts`."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from telegram import InputMediaDocument, InputMediaPhoto
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.polling import DubanBot
from bot.verdicts import is_unreadable_html, meaning
from bot.words import REPEATED
from services.evidence_store import EvidenceStore
from services.rendering import Button, Delivered, File, Parcel, Rendered, Result

_log = logging.getLogger(__name__)

Markup = dict[str, Any]
"""A keyboard as the Bot API takes it."""
_NO_PREVIEW = {"is_disabled": True}


class Sender:
    """One call for one parcel; every failure becomes a `Result`, none is raised."""

    def __init__(self, bot: DubanBot, store: EvidenceStore | None = None) -> None:
        self._bot = bot
        self._store = store

    async def __call__(self, parcel: Parcel) -> Result:
        try:
            return Delivered(await self._readably(_marked(parcel)))
        except TelegramError as problem:
            result = meaning(problem)
            if isinstance(result, Delivered):  # "not modified": it already shows what it should
                return Delivered(parcel.message_id or 0)
            extra = {"action": "send_failed", "chat_id": parcel.chat_id, "result": type(result).__name__}
            _log.warning("sending failed: %s", problem, extra=extra)
            return result

    async def _readably(self, parcel: Parcel) -> int:
        """With our HTML; where Telegram cannot read that, which is our mistake, the same words without."""
        try:
            return await self._call(parcel, ParseMode.HTML)
        except BadRequest as problem:
            if not is_unreadable_html(problem):
                raise
            _log.exception("sent as plain text", extra={"action": "bad_html", "chat_id": parcel.chat_id})
            plain = replace(parcel.rendered, text=_plain(parcel.rendered.text))
            return await self._call(replace(parcel, rendered=plain), None)

    async def _call(self, parcel: Parcel, parse_mode: ParseMode | None) -> int:
        rendered = parcel.rendered
        if parcel.method == "send" and rendered.files:
            return await self._show(parcel, parse_mode)
        said = {"text": rendered.text, "parse_mode": parse_mode, "link_preview_options": _NO_PREVIEW}
        if parcel.method == "send":
            message = await self._bot.call(
                "sendMessage", chat_id=parcel.chat_id, **said, reply_markup=_keyboard(rendered),
                protect_content=rendered.protect or None, message_thread_id=parcel.thread_id,
            )  # fmt: skip
            return int(message["message_id"])
        shown = {"chat_id": parcel.chat_id, "message_id": parcel.message_id}
        if parcel.method == "edit":
            await self._bot.call("editMessageText", **shown, **said, reply_markup=_inline(rendered))
        else:
            await self._bot.call("editMessageReplyMarkup", **shown)
        return parcel.message_id or 0

    async def _show(self, parcel: Parcel, parse_mode: ParseMode | None) -> int:
        """By the names Telegram knows; when it has forgotten them, from our own store."""
        rendered = parcel.rendered
        try:
            return await self._send_files(parcel, [file.file_id for file in rendered.files], parse_mode)
        except BadRequest as problem:
            kept = [self._path(file) for file in rendered.files]
            if "file" not in str(problem).lower() or None in kept:
                raise
            return await self._send_files(parcel, [path for path in kept if path is not None], parse_mode)

    def _path(self, file: File) -> Path | None:
        if self._store is None or file.sha256 is None or file.mime is None:
            return None
        path = self._store.path(file.sha256, file.mime)
        return path if path.exists() else None

    async def _send_files(self, parcel: Parcel, media: Sequence[str | Path], parse_mode: ParseMode | None) -> int:
        chat_id, rendered = parcel.chat_id, parcel.rendered
        where: dict[str, Any] = {"protect_content": rendered.protect, "message_thread_id": parcel.thread_id}
        said: dict[str, Any] = {"caption": rendered.text, "parse_mode": parse_mode}
        documents = rendered.files[0].is_document
        if len(media) == 1:
            send = self._bot.send_document if documents else self._bot.send_photo
            return (await send(chat_id, media[0], **where, **said)).message_id
        item = InputMediaDocument if documents else InputMediaPhoto
        items = [item(one, **(said if number == 0 else {})) for number, one in enumerate(media)]
        sent = await self._bot.send_media_group(chat_id, items, **where)
        return sent[0].message_id


def _inline(rendered: Rendered) -> Markup | None:
    if not rendered.buttons:
        return None
    return {"inline_keyboard": [[_button(button) for button in row] for row in rendered.buttons]}


def _button(button: Button) -> dict[str, str]:
    return {"text": button.label} | ({"url": button.url} if button.url else {"callback_data": button.data})


def _keyboard(rendered: Rendered) -> Markup | None:
    if rendered.ask_contact:
        asking = {"text": rendered.ask_contact, "request_contact": True}
        return {"keyboard": [[asking]], "resize_keyboard": True, "one_time_keyboard": True}
    if rendered.keyboard:
        rows = [[{"text": words} for words in row] for row in rendered.keyboard]
        return {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}
    return _inline(rendered)


def _marked(parcel: Parcel) -> Parcel:
    """What may have arrived before says so."""
    rendered = parcel.rendered
    if not rendered.repeated:
        return parcel
    return replace(parcel, rendered=replace(rendered, text=REPEATED + rendered.text))


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", text))
