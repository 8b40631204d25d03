"""A digest for one audience, and the private chase list. Every number comes from the snapshot."""

from __future__ import annotations

from html import escape

from bot.buttons import Verb, encode
from domain.digest import Audience, digest_lines, missing_lines
from domain.messages import MissingList
from domain.split import split
from services.content import DigestContent, Scene
from services.rendering import Button, Rendered


def digest(content: DigestContent, _scene: Scene) -> list[Rendered]:
    """As many parts as the chat's limit needs; the button stands under the last."""
    message = content.message
    if isinstance(message, MissingList):
        return _parts(missing_lines(content.digest, message.section_id), (), protect=True)
    audience = Audience(message.audience)
    lines = digest_lines(content.digest, audience, message.section_id)
    section = message.section_id
    missing = any(task.outstanding for task in content.digest.tasks if section in (None, task.section_id))
    wants_list = missing and audience is not Audience.DIRECTOR
    buttons = ((Button("未报名单和电话", encode(Verb.MISSING, None, message.digest_id)),),) if wants_list else ()
    return _parts(lines, buttons, protect=False)


def _parts(lines: list[str], buttons: tuple[tuple[Button, ...], ...], *, protect: bool) -> list[Rendered]:
    texts = split("\n".join(escape(line, quote=False) for line in lines))
    last = len(texts) - 1
    return [Rendered(text, buttons if n == last else (), protect=protect) for n, text in enumerate(texts)]
