"""The bytes behind photos and documents: what they are called, where a bot finds them, and for how long."""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any, Literal

FileKind = Literal["photo", "document"]
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_FILE = 50 * 1024 * 1024
_PREFIX = {"photo": ("AgACAgUAAxkBAA", "AQAD"), "document": ("BQACAgUAAxkBAA", "AgAD")}
_FOLDER = {"photo": "photos", "document": "documents"}


@dataclass(frozen=True)
class StoredFile:
    """`content` is None when only the size is pretended. The same bytes have the same `unique_id` everywhere."""

    kind: FileKind
    unique_id: str
    size: int
    content: bytes | None = field(repr=False)
    name: str = ""
    mime: str = ""
    width: int = 0
    height: int = 0

    def to_json(self) -> dict[str, Any]:
        shown = {"unique_id": self.unique_id, "name": self.name, "mime": self.mime, "size": self.size}
        return shown | ({"width": self.width, "height": self.height} if self.width else {})


@dataclass(frozen=True)
class Attachment:
    """What one message carries: a document, or a photo in several sizes, the largest last."""

    kind: FileKind
    files: tuple[StoredFile, ...]

    @property
    def main(self) -> StoredFile:
        return self.files[-1]


def stored(kind: FileKind, content: bytes | None, *, size: int | None = None, **about: Any) -> StoredFile:
    """Named by its content; one without content by its name and size."""
    said = content if content is not None else f"{about.get('name')}:{size}".encode()
    digest = urlsafe_b64encode(hashlib.sha256(said).digest())[:12].decode()
    weight = len(content) if content is not None else size or 0
    return StoredFile(kind, _PREFIX[kind][1] + digest, weight, content, **about)


@dataclass
class Files:
    """`lifetime`: for so many real seconds a path leads to its file."""

    lifetime: float = 3600.0
    _known: dict[tuple[int, str], tuple[Attachment, StoredFile]] = field(default_factory=dict)
    _paths: dict[tuple[int, str], tuple[StoredFile, float]] = field(default_factory=dict)
    _shown: dict[str, StoredFile] = field(default_factory=dict)

    def media(self, bot_id: int, attachment: Attachment) -> Any:
        """As the Bot API shows it to this bot: other bots have other ids for the same file."""
        for file in attachment.files:
            self._known[bot_id, file_id(bot_id, file)] = attachment, file
            self._shown[file.unique_id] = file
        sizes = [_api(bot_id, file) for file in attachment.files]
        return sizes if attachment.kind == "photo" else sizes[0]

    def find(self, bot_id: int, wanted: str) -> tuple[Attachment, StoredFile] | None:
        return self._known.get((bot_id, wanted))

    def path(self, bot_id: int, file: StoredFile) -> str:
        """A new path each time, as the real server gives."""
        end = file.name.rpartition(".")[2] if "." in file.name else ""
        path = f"{_FOLDER[file.kind]}/file_{secrets.token_hex(6)}" + (f".{end}" if end.isalnum() else "")
        self._paths[bot_id, path] = file, time.monotonic()
        return path

    def at(self, bot_id: int, path: str) -> StoredFile | None:
        file, since = self._paths.get((bot_id, path), (None, 0.0))
        return file if time.monotonic() - since < self.lifetime else None

    def shown(self, unique_id: str) -> StoredFile | None:
        """For the page."""
        return self._shown.get(unique_id)


def file_id(bot_id: int, file: StoredFile) -> str:
    return f"{_PREFIX[file.kind][0]}{bot_id:x}-{file.unique_id}"


def _api(bot_id: int, file: StoredFile) -> dict[str, Any]:
    ids = {"file_id": file_id(bot_id, file), "file_unique_id": file.unique_id, "file_size": file.size}
    if file.kind == "photo":
        return ids | {"width": file.width, "height": file.height}
    return ids | {name: value for name, value in (("file_name", file.name), ("mime_type", file.mime)) if value}
