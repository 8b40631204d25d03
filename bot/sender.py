"""Handing a message to Telegram, and what each of its answers means. The table is ordered: the first match decides,
because BadRequest and TimedOut are NetworkErrors too (facts A2)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import ExtBot

from services.evidence_store import EvidenceStore
from services.rendering import (
    Button,
    Delivered,
    File,
    Gone,
    Moved,
    NoTopic,
    Parcel,
    Refused,
    Rendered,
    Result,
    TryAgain,
    Unknown,
)

_log = logging.getLogger(__name__)

RETRY_NETWORK = 2.0  # seconds until a call that certainly was not made is tried again
RETRY_TOKEN = 30.0
_NOT_SENT = (httpx.ConnectTimeout, httpx.ConnectError, httpx.PoolTimeout)


class Sender:
    """One call for one parcel; every failure becomes a `Result`, none is raised."""

    def __init__(self, bot: ExtBot[None], store: EvidenceStore | None = None) -> None:
        self._bot = bot
        self._store = store

    async def __call__(self, parcel: Parcel) -> Result:
        try:
            return Delivered(await self._call(parcel))
        except TelegramError as problem:
            result = meaning(problem)
            if isinstance(result, Delivered):  # "not modified": it already shows what it should
                return Delivered(parcel.message_id or 0)
            extra = {"action": "send_failed", "chat_id": parcel.chat_id, "result": type(result).__name__}
            _log.warning("sending failed: %s", problem, extra=extra)
            return result

    async def _call(self, parcel: Parcel) -> int:
        rendered = parcel.rendered
        if parcel.method == "strip":
            await self._bot.edit_message_reply_markup(parcel.chat_id, parcel.message_id)
            return parcel.message_id or 0
        if parcel.method == "edit":
            await self._bot.edit_message_text(
                rendered.text, parcel.chat_id, parcel.message_id, parse_mode=ParseMode.HTML,
                reply_markup=_inline(rendered), link_preview_options=LinkPreviewOptions(is_disabled=True),
            )  # fmt: skip
            return parcel.message_id or 0
        if rendered.files:
            return await self._show(parcel, rendered)
        message = await self._bot.send_message(
            parcel.chat_id, rendered.text, parse_mode=ParseMode.HTML, reply_markup=_keyboard(rendered),
            protect_content=rendered.protect, link_preview_options=LinkPreviewOptions(is_disabled=True),
            message_thread_id=parcel.thread_id,
        )  # fmt: skip
        return message.message_id

    async def _show(self, parcel: Parcel, rendered: Rendered) -> int:
        """By the names Telegram knows; when it has forgotten them, from our own store."""
        try:
            return await self._send_files(parcel, rendered, [file.file_id for file in rendered.files])
        except BadRequest as problem:
            kept = [self._path(file) for file in rendered.files]
            if "file" not in str(problem).lower() or None in kept:
                raise
            return await self._send_files(parcel, rendered, [path for path in kept if path is not None])

    def _path(self, file: File) -> Path | None:
        if self._store is None or file.sha256 is None or file.mime is None:
            return None
        path = self._store.path(file.sha256, file.mime)
        return path if path.exists() else None

    async def _send_files(self, parcel: Parcel, rendered: Rendered, media: Sequence[str | Path]) -> int:
        chat_id = parcel.chat_id
        where: dict[str, Any] = {"protect_content": rendered.protect, "message_thread_id": parcel.thread_id}
        said: dict[str, Any] = {"caption": rendered.text, "parse_mode": ParseMode.HTML}
        documents = rendered.files[0].is_document
        if len(media) == 1:
            send = self._bot.send_document if documents else self._bot.send_photo
            return (await send(chat_id, media[0], **where, **said)).message_id
        item = InputMediaDocument if documents else InputMediaPhoto
        items = [item(one, **(said if number == 0 else {})) for number, one in enumerate(media)]
        sent = await self._bot.send_media_group(chat_id, items, **where)
        return sent[0].message_id


def _inline(rendered: Rendered) -> InlineKeyboardMarkup | None:
    if not rendered.buttons:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in rendered.buttons])


def _button(button: Button) -> InlineKeyboardButton:
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url)
    return InlineKeyboardButton(button.label, callback_data=button.data)


def _keyboard(rendered: Rendered) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    if rendered.ask_contact:
        asking = KeyboardButton(rendered.ask_contact, request_contact=True)
        return ReplyKeyboardMarkup([[asking]], resize_keyboard=True, one_time_keyboard=True)
    if rendered.keyboard:
        return ReplyKeyboardMarkup(rendered.keyboard, resize_keyboard=True, is_persistent=True)
    return _inline(rendered)


def meaning(problem: TelegramError) -> Result:
    """What a failed call means for the message."""
    text = str(problem)
    lowered = text.lower()
    if isinstance(problem, RetryAfter):
        seconds = problem.retry_after
        after = seconds if isinstance(seconds, int) else seconds.total_seconds()
        return TryAgain("flood", float(after), everywhere=True)
    if isinstance(problem, InvalidToken):  # a person must see to it; what is to be said waits
        return TryAgain("token refused", RETRY_TOKEN, everywhere=True)
    if isinstance(problem, ChatMigrated):
        return Moved(problem.new_chat_id)
    if isinstance(problem, Forbidden):
        return Refused(text, unreachable=True)
    if isinstance(problem, BadRequest):
        if "message is not modified" in lowered:
            return Delivered(0)
        if "message to edit not found" in lowered or "message can't be edited" in lowered:
            return Gone()
        if "message thread not found" in lowered or "topic_closed" in lowered:
            return NoTopic()
        return Refused(text, unreachable="chat not found" in lowered)
    if isinstance(problem.__cause__, _NOT_SENT):
        return TryAgain("not sent", RETRY_NETWORK)
    if isinstance(problem, TimedOut | NetworkError):
        return Unknown(type(problem).__name__)
    return Refused(text)
