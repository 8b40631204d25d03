"""The methods of the Bot API that carry files: photos, documents, albums out; getFile in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.entities import Entity
from sandbox.errors import ApiError, bad_request
from sandbox.files import MAX_DOWNLOAD, MAX_FILE, MAX_PHOTO, Attachment, FileKind, stored
from sandbox.formatting import caption_of
from sandbox.keyboards import check_inline, read_markup
from sandbox.model import Bot, Chat, Json, Message
from sandbox.params import Params, Upload
from sandbox.pictures import BadShape, NotAPicture, photo
from sandbox.world import World

Aim = Callable[[Bot, Params], tuple[Chat, int | None]]
"""Where a message goes: the chat, which may be written to, and the message replied to."""

MOST_IN_ALBUM = 10
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{20,}")
_NAMES = {"photo": "Photo", "document": "Document"}


@dataclass(frozen=True)
class Piece:
    attachment: Attachment
    caption: str
    entities: list[Entity]


class MediaMethods:
    def __init__(self, world: World, aim: Aim) -> None:
        self.world = world
        self.aim = aim
        self.all: dict[str, Callable[[Bot, Params], Any]] = {
            "sendphoto": lambda bot, params: self._send(bot, params, "photo"),
            "senddocument": lambda bot, params: self._send(bot, params, "document"),
            "sendmediagroup": self._send_album,
            "getfile": self._get_file,
        }

    def _send(self, bot: Bot, params: Params, kind: FileKind) -> Json:
        given = self._given(bot, params, kind, params.text(kind), kind)
        if given is None:
            raise bad_request(f"there is no {kind} in the request")
        caption, entities = caption_of(params)
        markup = read_markup(params)
        chat, reply_to = self.aim(bot, params)
        check_inline(markup.inline)
        message = self.world.post(chat, caption, entities, markup, reply_to, attachment=given, **marks(params))
        return chat.message_api(message)

    def _send_album(self, bot: Bot, params: Params) -> list[Json]:
        pieces = self._pieces(bot, params)
        chat, reply_to = self.aim(bot, params)
        album = str(secrets.randbits(60)) if len(pieces) > 1 else ""
        sent: list[Message] = [
            self.world.post(
                chat, one.caption, one.entities, read_markup(Params({})), reply_to,
                attachment=one.attachment, album=album, **marks(params),
            )
            for one in pieces
        ]  # fmt: skip
        return [chat.message_api(message) for message in sent]

    def _pieces(self, bot: Bot, params: Params) -> list[Piece]:
        try:
            media = params.value("media")
        except ValueError:
            raise bad_request("can't parse media JSON object") from None
        if not isinstance(media, list):
            raise bad_request("expected an Array of InputMedia")
        pieces = [self._piece(bot, params, item) for item in media]
        if len(pieces) > MOST_IN_ALBUM:
            raise bad_request("too many messages to send as an album")
        if not pieces:
            raise bad_request("there are no messages to send")
        if len({one.attachment.kind for one in pieces}) > 1:
            raise bad_request("document can't be mixed with other media types")
        return pieces

    def _piece(self, bot: Bot, params: Params, item: Any) -> Piece:
        wrong = "can't parse InputMedia: "
        if not isinstance(item, dict):
            raise bad_request(wrong + "expected an Object")
        kind = item.get("type")
        if kind not in _NAMES:
            raise bad_request(wrong + f'type "{kind}" is unsupported')
        given = self._given(bot, params, kind, str(item.get("media") or ""), "")
        if given is None:
            raise bad_request(wrong + "media not found")
        return Piece(given, *caption_of(Params(item)))

    def _given(self, bot: Bot, params: Params, kind: FileKind, said: str, part: str) -> Attachment | None:
        """`said` is a file id or attach://part; else the upload called `part` counts."""
        if said.startswith("attach://"):
            part = said.removeprefix("attach://")
        elif said:
            return self._known(bot, kind, said)
        upload = params.uploads.get(part)
        return _taken(kind, upload) if upload else None

    def _known(self, bot: Bot, kind: FileKind, said: str) -> Attachment:
        if said.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        found = self.world.files.find(bot.profile.id, said)
        if found is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if found[0].kind != kind:
            raise bad_request(f"can't use file of type {_NAMES[found[0].kind]} as {_NAMES[kind]}")
        return found[0]

    def _get_file(self, bot: Bot, params: Params) -> Json:
        wanted = params.text("file_id")
        if not wanted:
            raise bad_request("file_id not specified")
        if not _FILE_ID.fullmatch(wanted):
            raise bad_request("invalid file_id")
        found = self.world.files.find(bot.profile.id, wanted)
        if found is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        file = found[1]
        if file.size > MAX_DOWNLOAD:
            raise bad_request("file is too big")
        ids = {"file_id": wanted, "file_unique_id": file.unique_id, "file_size": file.size}
        return ids | {"file_path": self.world.files.path(bot.profile.id, file)}


def marks(params: Params) -> dict[str, Any]:
    said = {"protected": params.flag("protect_content"), "silent": params.flag("disable_notification")}
    return said | {"thread": params.integer("message_thread_id") or None}


def _taken(kind: FileKind, upload: Upload) -> Attachment:
    """What the server makes of an upload."""
    size = len(upload.content)
    if not size:
        raise bad_request("file must be non-empty")
    if size > MAX_FILE:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "document":
        return Attachment(kind, (stored(kind, upload.content, name=upload.filename, mime=upload.mime),))
    if size > MAX_PHOTO:
        raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes")
    try:
        return photo(upload.content)
    except NotAPicture:
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    except BadShape:
        raise bad_request("PHOTO_INVALID_DIMENSIONS") from None
