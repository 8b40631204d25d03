"""Photos as a phone sends them: JPEG, upright, at most 1280 pixels, nothing but the picture, in several sizes."""

from __future__ import annotations

import hashlib
import io
import warnings
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from sandbox.files import Attachment, StoredFile, stored

SIZES = (90, 320, 800, 1280)
_PLAIN = (800, 600)


class NotAPicture(ValueError):
    """Nobody can show it."""


class BadShape(ValueError):
    """A picture, but the server takes none of this shape."""


def photo(data: bytes) -> Attachment:
    """The photo in sizes that are not larger than it is, the largest last; raises NotAPicture or BadShape."""
    picture = _opened(data)
    width, height = picture.size
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise BadShape
    longest = min(max(width, height), SIZES[-1])
    return Attachment("photo", tuple(_sized(picture, side) for side in (*(s for s in SIZES if s < longest), longest)))


@lru_cache(maxsize=64)
def drawn(name: str) -> bytes:
    """A small JPEG for a picture that is only named: the same name is the same picture."""
    tint = hashlib.sha256(name.encode()).digest()
    picture = Image.new("RGB", _PLAIN, (120 + tint[0] // 3, 130 + tint[1] // 3, 120 + tint[2] // 3))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 420, 800, 600), fill=(70 + tint[3] // 4, 110 + tint[4] // 4, 70 + tint[5] // 4))
    for number in range(6):
        left, top = tint[6 + number] * 3, 300 - tint[12 + number]
        pen.rectangle((left, top, left + 90, 430), fill=(tint[18 + number], tint[24 + number], 120))
    return _jpeg(picture)


def _opened(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
            return _on_white(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture from None


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    over = picture.convert("RGBA")
    white = Image.new("RGBA", over.size, "white")
    return Image.alpha_composite(white, over).convert("RGB")


def _sized(picture: Image.Image, side: int) -> StoredFile:
    smaller = ImageOps.contain(picture, (side, side)) if side < max(picture.size) else picture
    width, height = smaller.size
    return stored("photo", _jpeg(smaller), name="photo.jpg", mime="image/jpeg", width=width, height=height)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
