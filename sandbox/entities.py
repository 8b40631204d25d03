"""HTML of a bot → text and entities, the way the real server reads it; its wording for what it cannot read.

Source of the rules and words: td/telegram/MessageEntity.cpp. Offsets are UTF-16 code units, those in errors are bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Entity = dict[str, Any]

_SIMPLE = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler", "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
_KNOWN = {*_SIMPLE, "a"}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8})|#[xX]([0-9a-fA-F]{1,8})|([a-zA-Z]+));?")
_COMMAND = re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")
_MENTION = re.compile(r"(?<![\w@/])@[A-Za-z]\w{2,31}\b", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_USER_LINK = re.compile(r"tg://user\?id=(\d+)$")


class HtmlError(ValueError):
    """The real server's words, without its prefix."""


@dataclass(frozen=True)
class _Open:
    tag: str
    argument: str
    at: int
    chars: int


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(ch > "\uffff" for ch in text)


def commands_in(text: str) -> list[Entity]:
    return [
        {"type": "bot_command", "offset": units(text[: m.start()]), "length": len(m.group())}
        for m in _COMMAND.finditer(text)
    ]


def mentions_in(text: str) -> list[Entity]:
    """Commands, and @names, as a phone marks them in a group."""
    named = [
        {"type": "mention", "offset": units(text[: m.start()]), "length": len(m.group())}
        for m in _MENTION.finditer(text)
    ]
    return sorted([*commands_in(text), *named], key=lambda entity: entity["offset"])


def parse_html(html: str) -> tuple[str, list[Entity]]:
    """Text and entities of `html`; raises HtmlError."""
    return _Reader(html).read()


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without white space at both ends, entities moved and clipped, as the server stores it."""
    text = text.replace("\r", "")
    body = text.strip()
    shift, size = units(text[: len(text) - len(text.lstrip())]), units(body)
    kept = [_clip(entity, shift, size) for entity in entities]
    return body, [entity for entity in kept if entity["length"] > 0]


def _clip(entity: Entity, shift: int, size: int) -> Entity:
    start = max(entity["offset"] - shift, 0)
    end = min(entity["offset"] + entity["length"] - shift, size)
    return {**entity, "offset": start, "length": end - start}


class _Reader:
    def __init__(self, html: str) -> None:
        self.html = html
        self.at = 0
        self.out: list[str] = []
        self.offset = 0
        self.stack: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.html):
            self._step()
        if self.stack:
            raise HtmlError(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        self.entities.sort(key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.out), self.entities

    def _step(self) -> None:
        char = self._peek()
        if char == "<":
            (self._end_tag if self.html.startswith("</", self.at) else self._start_tag)()
            return
        self._emit(self._reference() if char == "&" else self._take())

    def _peek(self) -> str:
        return self.html[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.html[self.at - 1]

    def _emit(self, text: str) -> None:
        self.out.append(text)
        self.offset += units(text)

    def _reference(self) -> str:
        """The character a `&…;` stands for, or the ampersand itself."""
        match = _REFERENCE.match(self.html, self.at)
        char = _referred(match) if match else ""
        if not match or not char:
            return self._take()
        self.at = match.end()
        return char

    def _byte(self, at: int) -> int:
        return len(self.html[:at].encode("utf-8", "surrogatepass"))

    def _run(self, pattern: str) -> str:
        match = re.compile(pattern).match(self.html, self.at)
        found = match.group() if match else ""
        self.at += len(found)
        return found

    def _start_tag(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._run(r"[^\s>]*").lower()
        if not self._peek():
            raise HtmlError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KNOWN:
            raise HtmlError(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = self._attributes(tag, begin)
        if tag == "span" and argument != "spoiler":
            raise HtmlError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.at += 1
        self.stack.append(_Open(tag, argument, self.offset, len(self.out)))

    def _attributes(self, tag: str, begin: int) -> str:
        argument = ""
        while True:
            self._run(r"\s*")
            if self._peek() == ">":
                return argument
            name, value = self._attribute(tag, begin)
            argument = _argument(tag, name, value) or argument

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._run(r"[^\s=>/\"']*")
        if not name:
            raise HtmlError(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
        self._run(r"\s*")
        if self._peek() == "=":
            self.at += 1
            self._run(r"\s*")
            value = self._value() if self._peek() else ""
            if self._peek():
                return name, value
            raise HtmlError(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if self._peek():
            return name, ""
        raise HtmlError(f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}')

    def _value(self) -> str:
        begin, quote = self.at, self._peek()
        if quote in {'"', "'"}:
            return self._quoted(quote)
        token = self._run(r"[A-Za-z0-9.-]*").lower()
        if self._peek() and not self._peek().isspace() and self._peek() != ">":
            raise HtmlError(f"Unexpected end of name token at byte offset {self._byte(begin)}")
        return token

    def _quoted(self, quote: str) -> str:
        self.at += 1
        chars: list[str] = []
        while self._peek() not in {quote, ""}:
            chars.append(self._reference() if self._peek() == "&" else self._take())
        self.at += 1
        return "".join(chars)

    def _end_tag(self) -> None:
        begin = self.at
        if not self.stack:
            raise HtmlError(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 2
        tag = self._run(r"[^\s>]*").lower()
        self._run(r"\s*")
        if self._peek() != ">":
            raise HtmlError(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self.at += 1
        opened = self.stack.pop()
        if tag and tag != opened.tag:
            raise HtmlError(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self.offset - opened.at
        if length > 0:
            base: Entity = {"offset": opened.at, "length": length}
            self._add(opened, base, "".join(self.out[opened.chars :]))

    def _add(self, opened: _Open, base: Entity, inner: str) -> None:
        if opened.tag == "a":
            self.entities += _link(opened.argument or inner, base)
        elif opened.tag in {"pre", "code"} and self._merge_code(opened, base):
            return
        else:
            expandable = opened.tag == "blockquote" and bool(opened.argument)
            self.entities.append({"type": "expandable_blockquote" if expandable else _SIMPLE[opened.tag], **base})

    def _merge_code(self, opened: _Open, base: Entity) -> bool:
        """<pre><code class="language-x"> is one entity."""
        if opened.tag == "code" and opened.argument and self.stack and self.stack[-1].tag == "pre":
            self.entities.append({"type": "pre", **base, "language": opened.argument})
            return True
        last = self.entities[-1] if self.entities else {}
        same = last.get("type") == "pre" and (last["offset"], last["length"]) == (base["offset"], base["length"])
        return opened.tag == "pre" and same


def _referred(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _NAMED.get(name, "")
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF else ""


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) == ("a", "href"):
        return value
    if (tag, name) == ("code", "class"):
        return value.removeprefix("language-") if value.startswith("language-") else ""
    if (tag, name) == ("span", "class"):
        return value.removeprefix("tg-") if value.startswith("tg-") else ""
    return "1" if (tag, name) == ("blockquote", "expandable") else ""


def _link(url: str, base: Entity) -> list[Entity]:
    """A link, a mention, or nothing when the address is none."""
    user = _USER_LINK.match(url)
    if user:
        mentioned = {"id": int(user.group(1)), "is_bot": False, "first_name": ""}
        return [{"type": "text_mention", **base, "user": mentioned}]
    if _SCHEME.match(url):
        return [{"type": "text_link", **base, "url": url}]
    return [{"type": "text_link", **base, "url": f"http://{url}/"}] if re.match(r"[\w-]+(\.[\w-]+)+", url) else []
