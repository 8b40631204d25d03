"""What a person picks on the phone to send: a photo out of the gallery, or a file."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass

from sandbox.errors import PhoneError
from sandbox.files import MAX_DOWNLOAD, Attachment, stored
from sandbox.pictures import BadShape, NotAPicture, drawn, photo


@dataclass(frozen=True)
class Photo:
    """Without `data` a picture is drawn for `name`. The phone sends it as a JPEG of its own, without EXIF."""

    name: str = "操场"
    data: bytes | None = None

    def attachment(self) -> Attachment:
        try:
            return photo(drawn(self.name) if self.data is None else self.data)
        except NotAPicture:
            raise PhoneError("this file is no picture") from None
        except BadShape:
            raise PhoneError("no photo may be as long and narrow as this") from None


@dataclass(frozen=True)
class Document:
    """Sent as it is. `size` may be pretended: filled up with zeros, or beyond 20 MB without any content."""

    filename: str
    data: bytes = b""
    mime: str = ""
    size: int | None = None

    def attachment(self) -> Attachment:
        size = len(self.data) if self.size is None else self.size
        if size < max(len(self.data), 1):
            raise PhoneError(f"「{self.filename}」 is empty, or smaller than what is in it")
        mime = self.mime or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        content = self.data.ljust(size, b"\0") if size <= MAX_DOWNLOAD or size == len(self.data) else None
        return Attachment("document", (stored("document", content, size=size, name=self.filename, mime=mime),))
