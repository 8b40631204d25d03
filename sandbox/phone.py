"""One person's phone, for tests and for the crowd of the demo: do something, look at the screen, wait for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sandbox.errors import PhoneError
from sandbox.files import StoredFile
from sandbox.model import CallbackAnswer, Chat, Json, Message, User
from sandbox.picks import Document, Photo
from sandbox.world import World

_T = TypeVar("_T")
Wanted = str | Callable[["Bubble"], bool]


class NotSeen(TimeoutError):
    """It did not appear on the phone in time; the text says what did."""


class NoSuchButton(PhoneError):
    """No message on this phone bears that button."""


@dataclass(frozen=True)
class Bubble:
    """A message as it stood on the phone when looked at. `rows` are the labels of its inline buttons.

    `text` is the caption where there is a `file`: the document, or the photo's largest size. Messages of one album
    share `album`.
    """

    id: int
    mine: bool
    text: str
    rows: tuple[tuple[str, ...], ...]
    data: dict[str, str]
    kind: str
    edited: bool
    date: datetime
    reply_to: int | None
    protected: bool
    silent: bool
    entities: tuple[Json, ...]
    file: StoredFile | None
    album: str
    thread: int | None
    rev: int

    @property
    def buttons(self) -> list[str]:
        return [label for row in self.rows for label in row]

    def to_json(self) -> Json:
        shown: Json = {name: getattr(self, name) for name in ("id", "mine", "text", "rows", "data", "kind", "edited")}
        shown |= {name: getattr(self, name) for name in ("reply_to", "protected", "silent", "entities", "rev")}
        shown |= {"file": self.file.to_json() if self.file else None, "album": self.album}
        return shown | {"date": self.date.isoformat()}


def bubble(message: Message) -> Bubble:
    rows = message.inline or []
    return Bubble(
        id=message.id,
        mine=message.mine,
        text=message.text,
        rows=tuple(tuple(str(button["text"]) for button in row) for row in rows),
        data={str(b["text"]): str(b["callback_data"]) for row in rows for b in row if "callback_data" in b},
        kind=message.kind,
        edited=message.edited is not None,
        date=message.date,
        reply_to=message.reply_to,
        protected=message.protected,
        silent=message.silent,
        entities=tuple(message.entities),
        file=message.attachment.main if message.attachment else None,
        album=message.album,
        thread=message.thread,
        rev=message.rev,
    )


class Phone:
    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self.chat = chat
        self._acted = world.rev
        self._pressed = ""

    # the screen

    @property
    def user_id(self) -> int:
        return self.chat.user.id

    @property
    def messages(self) -> list[Bubble]:
        """Both sides, oldest first; deleted ones are gone."""
        return [bubble(message) for message in self.chat.messages.values()]

    @property
    def received(self) -> list[Bubble]:
        return [bubble(message) for message in self.chat.messages.values() if not message.mine]

    def newest(self) -> Iterator[Bubble]:
        """From the bot, the newest first; looked at one by one, however long the chat is."""
        return (bubble(message) for message in self.chat.newest_first if not message.mine)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.received]

    @property
    def last(self) -> Bubble:
        """The newest message from the bot."""
        for message in self.chat.newest_first:
            if not message.mine:
                return bubble(message)
        raise PhoneError("the bot has sent nothing to this phone")

    @property
    def keyboard(self) -> list[list[str]]:
        """The labels of the keyboard at the bottom."""
        return [[str(button["text"]) for button in row] for row in self.chat.keyboard]

    @property
    def answers(self) -> list[CallbackAnswer]:
        """What the bot answered to pressed buttons (toast or alert), oldest first."""
        return list(self.chat.answers)

    @property
    def blocked(self) -> bool:
        return self.chat.blocked

    # the hands

    async def start(self, payload: str = "") -> Bubble:
        return self._sent(lambda: self.world.start(self.chat, payload))

    async def say(self, text: str, reply_to: Bubble | int | None = None) -> Bubble:
        return self._sent(lambda: self.world.say(self.chat, text, _id(reply_to)))

    async def edit(self, message: Bubble | int, text: str) -> Bubble:
        """As a person who corrects a message of his own; the bot gets it as edited."""
        return self._sent(lambda: self.world.rewrite(self.chat, _id(message) or 0, text))

    async def reply(self, message: Bubble | int, text: str) -> Bubble:
        return await self.say(text, reply_to=message)

    async def sticker(self, emoji: str = "👍") -> Bubble:
        return self._sent(lambda: self.world.sticker(self.chat, emoji))

    async def voice(self, seconds: int = 3) -> Bubble:
        return self._sent(lambda: self.world.voice(self.chat, seconds))

    async def share_contact(self, label: str = "") -> Bubble:
        """Taps the keyboard's button that asks for it (`label`: this one), and agrees: one's own number is sent."""
        asked = [button for row in self.chat.keyboard for button in row if button.get("request_contact")]
        if not any(label in ("", button["text"]) for button in asked):
            raise NoSuchButton(f"no button here asks for the phone number; the keyboard has {self.keyboard}")
        return self._sent(lambda: self.world.contact(self.chat, self.chat.user, self.user_id))

    async def send_contact(self, phone: str, name: str, user_id: int | None = None) -> Bubble:
        """A card out of the address book, as anybody may send: `user_id` when its number has an account."""
        card = User(user_id or 0, name, phone=phone)
        return self._sent(lambda: self.world.contact(self.chat, card, user_id))

    async def location(self, latitude: float = 25.0, longitude: float = 102.0) -> Bubble:
        return self._sent(lambda: self.world.location(self.chat, latitude, longitude))

    async def poll(self, question: str, *options: str) -> Bubble:
        return self._sent(lambda: self.world.poll(self.chat, question, options))

    async def photo(
        self, name: str = "操场", caption: str = "", reply_to: Bubble | int | None = None, *, data: bytes | None = None
    ) -> Bubble:
        """The picture in `data`, else one drawn for `name`; sent the way phones do, as a JPEG without EXIF."""
        return self._sent(lambda: self.world.attach(self.chat, Photo(name, data), caption, reply_to=_id(reply_to)))

    async def document(
        self, filename: str, data: bytes = b"", mime: str = "", caption: str = "", *, size: int | None = None
    ) -> Bubble:
        """A file as it is; `size` may pretend to be more than there is."""
        what = Document(filename, data, mime, size)
        return self._sent(lambda: self.world.attach(self.chat, what, caption))

    async def album(self, items: Sequence[Photo | Document | str], caption: str = "") -> list[Bubble]:
        """Photos (a name is enough) or documents, 2 to 10; each reaches the bot as an update of its own."""
        self._acted = self.world.rev
        what = [Photo(item) if isinstance(item, str) else item for item in items]
        return [bubble(message) for message in self.world.album(self.chat, what, caption)]

    async def send_files(self, items: Sequence[Photo | Document], caption: str = "") -> list[Bubble]:
        """What a person chose at once: one alone, or an album."""
        if len(items) != 1:
            return await self.album(items, caption)
        return [self._sent(lambda: self.world.attach(self.chat, items[0], caption))]

    async def press(self, label: str, *, on: Bubble | int | None = None) -> str:
        """Presses the button on the newest message that bears it (exact label, else its beginning); → query id."""
        message, row, column = self._find(label, _id(on))
        self._acted = self.world.rev
        self._pressed = self.world.press(self.chat, message, row, column)
        return self._pressed

    async def press_data(self, data: str, *, on: Bubble | int) -> str:
        """As a stale phone would: a button that need not stand there any more; → query id."""
        self._acted = self.world.rev
        self._pressed = self.world.press_data(self.chat, _id(on) or 0, data)
        return self._pressed

    async def block(self) -> None:
        self.world.block(self.chat)

    async def unblock(self) -> None:
        self.world.unblock(self.chat)

    # patience

    async def wait_for(
        self,
        wanted: Wanted,
        timeout: float = 5.0,  # noqa: ASYNC109
        *,
        since: int | None = None,
    ) -> Bubble:
        """The newest message of the bot that fits, sent or edited since this phone last acted (or was picked up).

        `since=0` looks at the whole history; `since=bubble.rev` at what came after that message. Raises NotSeen.
        """
        after = self._acted if since is None else since
        fits = (lambda b: wanted in b.text) if isinstance(wanted, str) else wanted
        try:
            async with asyncio.timeout(timeout):
                return await self._until(lambda: self._match(fits, after))
        except TimeoutError:
            raise NotSeen(f"waited {timeout:g} s for {wanted!r}; the phone shows:\n{self.dump()}") from None

    async def wait_answer(self, timeout: float = 5.0) -> CallbackAnswer:  # noqa: ASYNC109
        """The answer to the button pressed last."""
        try:
            async with asyncio.timeout(timeout):
                return await self._until(lambda: next((a for a in self.answers if a.query_id == self._pressed), None))
        except TimeoutError:
            raise NotSeen(f"waited {timeout:g} s for the answer to a pressed button") from None

    def dump(self, count: int = 6) -> str:
        shown = self.messages[-count:]
        return (
            "\n".join(f"  {'›' if m.mine else '‹'} {m.text or m.kind} {m.buttons or ''}" for m in shown) or "  (empty)"
        )

    # inside

    async def _until(self, look: Callable[[], _T | None]) -> _T:
        while (found := look()) is None:
            await self.chat.pulse.wait(1.0)
        return found

    def _match(self, fits: Callable[[Bubble], bool], after: int) -> Bubble | None:
        if self.chat.rev <= after:
            return None
        newer = (m for m in self.chat.newest_first if not m.mine and m.rev > after)
        return next((shown for shown in map(bubble, newer) if fits(shown)), None)

    def _sent(self, act: Callable[[], Message]) -> Bubble:
        self._acted = self.world.rev
        return bubble(act())

    def _find(self, label: str, message_id: int | None) -> tuple[Message, int, int]:
        messages = [m for m in self.chat.newest_first if message_id in {None, m.id}]
        for fits in (label.__eq__, lambda text: text.startswith(label)):
            for message in messages:
                if place := _place(message, fits):
                    return message, *place
        raise NoSuchButton(f"no button 「{label}」; the phone shows:\n{self.dump()}")


def _place(message: Message, fits: Callable[[str], Any]) -> tuple[int, int] | None:
    for y, row in enumerate(message.inline or []):
        for x, button in enumerate(row):
            if fits(str(button["text"])) is True:
                return y, x
    return None


def _id(message: Bubble | int | None) -> int | None:
    return message.id if isinstance(message, Bubble) else message
