"""Real pictures."""

from __future__ import annotations

import io

from PIL import Image

MB = 1024 * 1024


def picture(width: int = 640, height: int = 480, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 90, 40)).save(out, kind, **more)
    return out.getvalue()


def seen(data: bytes | bytearray) -> tuple[str | None, tuple[int, int]]:
    shown = Image.open(io.BytesIO(data))
    return shown.format, shown.size
