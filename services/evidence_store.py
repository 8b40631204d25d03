"""The files of evidence on disk: by the hash of what is kept, without the metadata that says where it was taken."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image

from services.crashing import Point, passed

PHOTO_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    _OFFICE["word/"]: ".docx",
    _OFFICE["xl/"]: ".xlsx",
}
"""What is taken, and how it is called on disk."""
COMING = "coming-"
"""Begins the name of what is being loaded."""


class NotTaken(ValueError):
    """The content is of no kind that is taken, whatever its name says."""


@dataclass(frozen=True, slots=True)
class Kept:
    sha256: str
    mime: str
    size: int


class EvidenceStore:
    """`root`/ab/cdef….jpg. The same content is there once; a file without a row is harmless."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def room(self) -> Path:
        """An empty file to load into, on the same disk."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=COMING, dir=self.root)
        os.close(handle)
        return Path(name)

    def tidy(self) -> None:
        """Away with what was half loaded when the process before us ended; it is loaded again."""
        for left in self.root.glob(f"{COMING}*"):
            left.unlink(missing_ok=True)

    def keep(self, coming: Path) -> Kept:
        """Take what was loaded into the store, for good: on disk before it is named. Raises NotTaken."""
        raw = coming.read_bytes()
        mime = kind_of(raw)
        content = cleaned(raw) if mime.startswith("image/") else raw
        digest = hashlib.sha256(content).hexdigest()
        target = self.path(digest, mime)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with coming.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            passed(Point.WRITTEN)
            coming.replace(target)
            _sync_folder(target.parent)
        coming.unlink(missing_ok=True)
        return Kept(digest, mime, len(content))

    def path(self, digest: str, mime: str) -> Path:
        return self.root / digest[:2] / f"{digest[2:]}{SUFFIXES[mime]}"


def kind_of(raw: bytes) -> str:
    """The MIME type by content. Raises NotTaken for what is not on the list."""
    if raw.startswith(b"%PDF-"):
        return "application/pdf"
    if raw.startswith(b"PK\x03\x04"):
        return _office_kind(raw)
    try:
        with Image.open(io.BytesIO(raw)) as picture:
            return PHOTO_FORMATS[picture.format or ""]
    except (OSError, SyntaxError, KeyError, Image.DecompressionBombError) as problem:
        raise NotTaken("no picture or document that is taken") from problem


def _office_kind(raw: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    except zipfile.BadZipFile as problem:
        raise NotTaken("a broken archive") from problem
    for folder, mime in _OFFICE.items():
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return mime
    raise NotTaken("an archive")


def cleaned(raw: bytes) -> bytes:
    """The picture alone: position, device, comments and whatever hangs behind it are gone, its orientation stays.

    JPEG keeps its quantisation tables, PNG is lossless anyway. Raises NotTaken for what cannot be decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw)) as picture:
                return _saved(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise NotTaken("a picture that cannot be opened") from problem


def _saved(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    if (turned := picture.getexif().get(ExifTags.Base.Orientation, 1)) != 1:
        exif[ExifTags.Base.Orientation] = turned
    options = {"JPEG": {"quality": "keep"}, "WEBP": {"quality": 90}, "PNG": {"optimize": False}}[picture.format or ""]
    profile = picture.info.get("icc_profile")
    picture.info = {"icc_profile": profile} if profile else {}
    picture.save(out, picture.format, exif=exif.tobytes() if exif else b"", **options)  # type: ignore[arg-type]
    return out.getvalue()


def _sync_folder(folder: Path) -> None:
    """A name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
