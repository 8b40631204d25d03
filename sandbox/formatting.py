"""Texts and captions as a bot gives them: with HTML, with entities, or plain."""

from __future__ import annotations

from sandbox.entities import Entity, HtmlError, commands_in, parse_html, trimmed, units
from sandbox.errors import bad_request
from sandbox.params import Params

MAX_TEXT = 4096
MAX_CAPTION = 1024


def text_of(params: Params) -> tuple[str, list[Entity]]:
    raw = params.text("text")
    if not raw:
        raise bad_request("message text is empty")
    if len(raw.encode()) > 1 << 15:
        raise bad_request("text is too long")
    text, entities = _read(raw, params, "entities")
    if not text:
        raise bad_request("text must be non-empty")
    return text, entities


def check_text(text: str) -> None:
    """What only the far server looks at."""
    if units(text) > MAX_TEXT:
        raise bad_request("message is too long")


def caption_of(params: Params) -> tuple[str, list[Entity]]:
    text, entities = _read(params.text("caption"), params, "caption_entities")
    if units(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def _read(raw: str, params: Params, given: str) -> tuple[str, list[Entity]]:
    text, entities = trimmed(*_parsed(raw, params, given))
    return text, sorted(entities + _commands_outside(text, entities), key=lambda e: (e["offset"], -e["length"]))


def _parsed(raw: str, params: Params, given: str) -> tuple[str, list[Entity]]:
    mode = params.text("parse_mode").lower()
    if mode in {"", "none"}:
        return raw, _given(params, given)
    if mode != "html":
        raise bad_request("unsupported parse_mode")
    try:
        return parse_html(raw)
    except HtmlError as error:
        raise bad_request(f"can't parse entities: {error}") from None


def _given(params: Params, name: str) -> list[Entity]:
    try:
        given = params.value(name)
    except ValueError:
        return []
    return [entity for entity in given if isinstance(entity, dict)] if isinstance(given, list) else []


def _commands_outside(text: str, entities: list[Entity]) -> list[Entity]:
    code = [e for e in entities if e["type"] in {"pre", "code", "text_link"}]
    return [c for c in commands_in(text) if not any(_overlap(c, e) for e in code)]


def _overlap(one: Entity, other: Entity) -> bool:
    ends = one["offset"] + one["length"], other["offset"] + other["length"]
    return bool(one["offset"] < ends[1] and other["offset"] < ends[0])
