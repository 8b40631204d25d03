"""Messages as HTML for the stage. Everything of the bot is escaped; only what its entities mean becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from sandbox.entities import Entity
from sandbox.model import Chat, Message
from sandbox.stage import day

SHOWN_MESSAGES = 60
KINDS = {
    "photo": "照片", "document": "文件", "sticker": "贴纸", "voice": "语音", "contact": "名片", "location": "位置",
    "poll": "投票",
}  # fmt: skip
_TAGS = {
    "bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "expandable_blockquote": "blockquote",
}  # fmt: skip
_LINKS = ("https://", "http://", "tg:", "tel:", "mailto:")

templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def to_html(text: str, entities: list[Entity]) -> Markup:
    raw = text.encode("utf-16-le", "surrogatepass")
    return _span(raw, 0, len(raw) // 2, entities)


def _span(raw: bytes, start: int, end: int, entities: list[Entity]) -> Markup:
    parts: list[Markup] = []
    at = start
    for index, entity in enumerate(entities):
        begin, stop = entity["offset"], min(entity["offset"] + entity["length"], end)
        if at <= begin < stop:
            inside = [e for e in entities[index + 1 :] if begin <= e["offset"] < stop]
            parts += [_plain(raw, at, begin), _wrap(entity, _span(raw, begin, stop, inside), raw[begin * 2 : stop * 2])]
            at = stop
    return Markup("").join([*parts, _plain(raw, at, end)])


def _plain(raw: bytes, start: int, end: int) -> Markup:
    return escape(raw[start * 2 : end * 2].decode("utf-16-le", "replace"))


def _wrap(entity: Entity, inner: Markup, raw: bytes) -> Markup:
    kind = str(entity["type"])
    if kind in _TAGS:
        return Markup("<{0}>{1}</{0}>").format(_TAGS[kind], inner)
    if kind == "spoiler":
        return Markup('<span class="spoiler" tabindex="0" role="button" aria-label="显示隐藏的文字">{}</span>').format(
            inner
        )
    if kind == "bot_command":
        said = raw.decode("utf-16-le", "replace")
        return Markup('<button type="button" class="command" data-say="{}">{}</button>').format(said, inner)
    if kind == "text_link" and str(entity["url"]).lower().startswith(_LINKS):
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(entity["url"], inner)
    return inner


def shown(chat: Chat) -> list[Message]:
    """The end of the chat, which is all the stage ever sends."""
    return list(islice(chat.newest_first, SHOWN_MESSAGES))[::-1]


def message_rows(chat: Chat, zone: tzinfo, after: int = 0) -> Iterator[dict[str, Any]]:
    """`{"id", "html"}` of the messages at the end of the chat that changed after revision `after`."""
    before = ""
    for message in shown(chat):
        today = day(message.date.astimezone(zone))
        if message.rev > after:
            yield {"id": message.id, "html": _row(chat, message, zone, today if today != before else "")}
        before = today


def _row(chat: Chat, message: Message, zone: tzinfo, today: str) -> Markup:
    quoted = chat.messages.get(message.reply_to or 0)
    quote = " ".join((quoted.text or KINDS.get(quoted.kind, quoted.kind)).split())[:60] if quoted else ""
    html = templates.get_template("message.html").render(
        message=message,
        body=to_html(message.text, message.entities),
        time=f"{message.date.astimezone(zone):%H:%M}",
        day=today,
        quote=quote,
        file=message.attachment.main if message.attachment else None,
    )
    return Markup(html)  # noqa: S704 - rendered by the auto-escaping template above
