"""The evidence of a report, shown back."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons import Verb, encode
from bot.views.parts import message, unit_and_title
from services.pictures import kept_photos
from services.rendering import Button, File, Rendered
from services.sheets import Sheet
from services.showing import PhotosContent

IN_ALBUM = 10
"""What the chat service shows in one set."""


def photos(content: PhotosContent) -> list[Rendered]:
    """Photos first, then documents: they cannot stand in one set."""
    pictures = [file for file in content.files if not file.is_document]
    documents = [file for file in content.files if file.is_document]
    title = unit_and_title(content.sheet)
    sets = [*_sets(f"{title}:照片{len(pictures)}张", pictures), *_sets(f"{title}:文件{len(documents)}个", documents)]
    return [Rendered(message([caption]).text, files=files) for caption, files in sets]


def _sets(caption: str, files: Sequence[File]) -> list[tuple[str, tuple[File, ...]]]:
    return [(caption, tuple(files[at : at + IN_ALBUM])) for at in range(0, len(files), IN_ALBUM)]


def photo_button(sheet: Sheet) -> list[Button]:
    """[看照片], where there are any."""
    return [Button("看照片", encode(Verb.PHOTOS, sheet.key))] if kept_photos(sheet) else []
