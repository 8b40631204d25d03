"""What the stand-in remembers: bots, users, private chats and messages, and how each looks in the Bot API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.entities import Entity
from sandbox.errors import bad_request, forbidden
from sandbox.files import Attachment
from sandbox.keyboards import Rows
from sandbox.pulse import Pulse
from sandbox.updates import UpdateQueue

Json = dict[str, Any]
Kind = Literal["text", "sticker", "voice", "photo", "document", "contact", "location", "poll", "service"]


@dataclass(frozen=True)
class BotProfile:
    token: str
    username: str = "duban_bot"
    name: str = "督办"

    @property
    def id(self) -> int:
        return int(self.token.split(":")[0])

    def to_api(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}


@dataclass
class Bot:
    profile: BotProfile
    queue: UpdateQueue
    commands: dict[tuple[tuple[str, int, int], str], list[Json]] = field(default_factory=dict)


@dataclass(frozen=True)
class User:
    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language: str = "zh-hans"
    phone: str = ""

    def to_api(self) -> Json:
        return {"id": self.id, "is_bot": False, **self._names(), "language_code": self.language}

    def chat_api(self) -> Json:
        return {"id": self.id, "type": "private", **self._names()}

    def _names(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in names.items() if value}


@dataclass
class Message:
    """In a group `author` wrote it (None: the bot); `thread` is its topic; of a service message `media` is all."""

    id: int
    mine: bool
    date: datetime
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    kind: Kind = "text"
    media: Any = field(default_factory=dict)
    attachment: Attachment | None = None
    album: str = ""
    inline: Rows | None = None
    edited: datetime | None = None
    reply_to: int | None = None
    protected: bool = False
    silent: bool = False
    author: User | None = None
    thread: int | None = None
    rev: int = 0


@dataclass(frozen=True)
class CallbackAnswer:
    query_id: str
    text: str
    alert: bool
    at: datetime
    rev: int


@dataclass(frozen=True)
class Query:
    """A pressed button the bot has not answered yet; `since` is monotonic seconds."""

    id: str
    chat: Chat
    since: float


@dataclass
class Chat:
    bot: Bot
    user: User
    messages: dict[int, Message] = field(default_factory=dict)
    last_id: int = 0
    started: bool = False
    blocked: bool = False
    keyboard: Rows = field(default_factory=list)
    keyboard_once: bool = False
    answers: list[CallbackAnswer] = field(default_factory=list)
    typing_at: float = 0.0
    rev: int = 0
    pulse: Pulse = field(default_factory=Pulse)

    @property
    def newest_first(self) -> Iterator[Message]:
        return reversed(self.messages.values())

    @property
    def id(self) -> int:
        return self.user.id

    def chat_api(self) -> Json:
        return self.user.chat_api()

    def check_writable(self) -> None:
        """Raises ApiError where the bot may not write."""
        if not self.started:
            raise forbidden("bot can't initiate conversation with a user")
        if self.blocked:
            raise forbidden("bot was blocked by the user")

    def check_thread(self, thread: int) -> None:
        """Raises ApiError where there is no such topic."""
        if thread:
            raise bad_request("message thread not found")

    def message_api(self, message: Message) -> Json:
        shown = self._bare(message)
        if message.reply_to in self.messages:
            shown["reply_to_message"] = self._bare(self.messages[message.reply_to])
        return shown

    def _bare(self, message: Message) -> Json:
        sender = (message.author or self.user).to_api() if message.mine else self.bot.profile.to_api()
        shown: Json = {"message_id": message.id, "from": sender, "chat": self.chat_api()}
        shown["date"] = int(message.date.timestamp())
        shown |= {"edit_date": int(message.edited.timestamp())} if message.edited else {}
        shown |= {"message_thread_id": message.thread, "is_topic_message": True} if message.thread else {}
        shown |= _content(message)
        shown |= {"has_protected_content": True} if message.protected else {}
        return shown | ({"reply_markup": {"inline_keyboard": message.inline}} if message.inline else {})


def _content(message: Message) -> Json:
    if message.kind == "text":
        return {"text": message.text} | ({"entities": message.entities} if message.entities else {})
    if message.kind == "service":
        return dict(message.media)
    shown: Json = {message.kind: message.media} | ({"media_group_id": message.album} if message.album else {})
    shown |= {"caption": message.text} if message.text else {}
    return shown | ({"caption_entities": message.entities} if message.entities else {})
